//! Carriers' lines as the SIP user agent sees them, and the limits that shed what comes.

use super::{Switchboard, now};
use dispatch::contract::{AlarmKind, TrunkState, TrunkTrouble};

impl Switchboard {
    pub(super) fn trunk_changed(
        &mut self,
        trunk: &sip::TrunkName,
        state: sip::TrunkState,
        registered: Option<bool>,
        detail: String,
    ) {
        let (name, detail) = (trunk.to_string(), (!detail.is_empty()).then_some(detail));
        let state = match state {
            sip::TrunkState::Unknown => TrunkState::Unknown,
            sip::TrunkState::Up => TrunkState::Up,
            sip::TrunkState::Down => TrunkState::Down,
        };
        let down = (state == TrunkState::Down || registered == Some(false)).then(|| {
            let (why, code) = trouble(state, detail.as_deref().unwrap_or_default());
            AlarmKind::TrunkDown { trunk: name.clone(), why, code }
        });
        let of_this = |kind: &AlarmKind| matches!(kind, AlarmKind::TrunkDown { trunk, .. } if *trunk == name);
        self.desk.clear_alarms(|kind| of_this(kind) && Some(kind) != down.as_ref());
        if let Some(down) = down {
            self.desk.raise_alarm(down, now());
        }
        self.board.trunk(name, state, registered, detail);
    }

    /// A bound sheds what comes; its alarm ends by itself.
    pub(super) fn limited(&self, limit: &str) {
        self.desk.raise_alarm(AlarmKind::LimitReached { limit: limit.to_owned() }, now());
    }
}

/// What is wrong with a line that is down, or not registered, and the SIP status that says so. The state tells most of it; of what SIP says
/// beside it in English, only the rest is taken.
fn trouble(state: TrunkState, detail: &str) -> (TrunkTrouble, Option<u16>) {
    let code = |said: &str| detail.split_once(said)?.1.parse::<u16>().ok();
    match (state, code("OPTIONS answered with ")) {
        (TrunkState::Up | TrunkState::Unknown, _) => (TrunkTrouble::NotRegistered, code("the registrar answered ")),
        (TrunkState::Down, Some(code)) => (TrunkTrouble::Refuses, Some(code)),
        (TrunkState::Down, None) if detail.contains("cannot be reached") => (TrunkTrouble::Unreachable, None),
        (TrunkState::Down, None) => (TrunkTrouble::Silent, None),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_sip_says_of_a_line_becomes_what_a_console_can_say_in_its_language() {
        for (state, detail, trouble_and_code) in [
            (TrunkState::Down, "OPTIONS answered with 503", (TrunkTrouble::Refuses, Some(503))),
            (TrunkState::Down, "OPTIONS not answered in time", (TrunkTrouble::Silent, None)),
            (TrunkState::Down, "the proxy cannot be reached", (TrunkTrouble::Unreachable, None)),
            (TrunkState::Down, "sip:carrier.example: the registrar answered 403", (TrunkTrouble::Silent, None)),
            (TrunkState::Up, "sip:carrier.example: the registrar answered 403", (TrunkTrouble::NotRegistered, Some(403))),
            (TrunkState::Unknown, "sip:carrier.example: the registrar does not answer", (TrunkTrouble::NotRegistered, None)),
            (TrunkState::Up, "OPTIONS answered with 200", (TrunkTrouble::NotRegistered, None)),
            (TrunkState::Down, "", (TrunkTrouble::Silent, None)),
        ] {
            assert_eq!(trouble(state, detail), trouble_and_code, "{detail}");
        }
    }
}
