//! What a button in a chat carries: which dispatch, and what the team says about it. Pure.
//!
//! The payload is `d:<short_id>:<ack|go|arr|done>`, well under the 64 bytes that Telegram allows.

use crate::contract::Progress;

/// Longest short id that is believed; ours have ten characters.
const SHORT_ID_MAX: usize = 32;

/// The states that a team reports, in their order.
pub const STEPS: [Progress; 4] = [Progress::Acknowledged, Progress::EnRoute, Progress::Arrived, Progress::Done];

/// One button of one dispatch.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Button {
    pub short_id: String,
    /// One of [`STEPS`].
    pub progress: Progress,
}

impl Button {
    pub fn new(short_id: &str, progress: Progress) -> Self {
        Self { short_id: short_id.to_owned(), progress }
    }

    pub fn payload(&self) -> String {
        format!("d:{}:{}", self.short_id, code(self.progress))
    }

    /// Reads a payload that came from outside; `None` if it is not one of ours.
    pub fn parse(payload: &str) -> Option<Self> {
        let (short_id, word) = payload.strip_prefix("d:")?.split_once(':')?;
        let plausible = !short_id.is_empty()
            && short_id.len() <= SHORT_ID_MAX
            && short_id.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_');
        let progress = STEPS.into_iter().find(|step| code(*step) == word)?;
        plausible.then(|| Self::new(short_id, progress))
    }
}

/// The steps that are still ahead of a team.
pub fn remaining(progress: Progress) -> impl Iterator<Item = Progress> {
    STEPS.into_iter().filter(move |step| *step > progress)
}

fn code(progress: Progress) -> &'static str {
    match progress {
        Progress::EnRoute => "go",
        Progress::Arrived => "arr",
        Progress::Done => "done",
        // No button says that a message is pending, sent or read; the nearest that a team can say is that it has it.
        Progress::Pending | Progress::Sent | Progress::Delivered | Progress::Read | Progress::Acknowledged => "ack",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn every_step_survives_the_way_through_a_chat_and_fits_in_64_bytes() {
        for step in STEPS {
            let button = Button::new("ab12CD34ef", step);
            assert!(button.payload().len() <= 64);
            assert_eq!(Button::parse(&button.payload()), Some(button));
        }
    }

    #[test]
    fn what_is_not_ours_is_not_read() {
        for payload in ["", "d:", "d::ack", "d:abc", "d:abc:nope", "x:abc:ack", "d:a b:ack", "d:abc:ack:ack", "d:'--:ack"] {
            assert_eq!(Button::parse(payload), None, "{payload}");
        }
        assert_eq!(Button::parse(&format!("d:{}:ack", "x".repeat(33))), None);
    }

    #[test]
    fn only_what_is_ahead_remains() {
        assert_eq!(remaining(Progress::Sent).count(), 4);
        assert_eq!(remaining(Progress::EnRoute).collect::<Vec<_>>(), [Progress::Arrived, Progress::Done]);
        assert_eq!(remaining(Progress::Done).count(), 0);
    }

    proptest! {
        #[test]
        fn hostile_payloads_never_panic(payload in ".*") {
            let _ = Button::parse(&payload);
        }
    }
}
