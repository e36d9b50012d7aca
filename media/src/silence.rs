//! Notices that somebody who talks with others is not heard: the most common fault of telephony, and the least reported.

use std::time::{Duration, Instant};
use uuid::Uuid;

/// Who sent no packet for this long counts as silent.
const SILENT_AFTER: Duration = Duration::from_secs(3);

/// Watches everybody who speaks in one room. Who is alone there is not missed.
#[derive(Debug, Default)]
pub(crate) struct SilenceWatch {
    speakers: Vec<Speaker>,
}

#[derive(Debug)]
struct Speaker {
    leg: Uuid,
    heard: Instant,
    expected: bool,
    told: Told,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Told {
    /// It is heard, as far as anybody knows.
    Nothing,
    Silent,
    /// The same among others, who may not know.
    SilentToOthers,
}

/// What changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Hearing {
    Silent { leg: Uuid },
    HeardAgain { leg: Uuid },
}

impl SilenceWatch {
    /// These speak from now on, each with whether it is expected to send: it is not while it has the call on hold. Who comes anew has three
    /// seconds to be heard. Who was there goes on; one who is silent is told again where there are others now.
    pub fn seat(&mut self, now: Instant, speakers: &[(Uuid, bool)]) {
        let (before, alone) = (self.speakers.len(), self.speakers.len() < 2);
        self.speakers.retain(|known| speakers.iter().any(|(leg, _)| *leg == known.leg));
        let mut changed = self.speakers.len() != before;
        for (leg, expected) in speakers {
            if self.speakers.iter().all(|known| known.leg != *leg) {
                self.speakers.push(Speaker { leg: *leg, heard: now, expected: *expected, told: Told::Nothing });
                changed = true;
            }
        }
        for speaker in self.speakers.iter_mut().filter(|_| changed) {
            match speaker.told {
                Told::Nothing if alone => speaker.heard = now,
                Told::Nothing => {}
                Told::Silent | Told::SilentToOthers => speaker.told = Told::SilentToOthers,
            }
        }
    }

    /// When a packet of each speaker came last, to be told before `poll`. Speakers are asked for it now and then, because a look into the room
    /// for every packet is more than all the rest that a packet needs.
    pub fn listen(&mut self, last_heard: impl Fn(Uuid) -> Option<Instant>) {
        for speaker in &mut self.speakers {
            speaker.heard = last_heard(speaker.leg).map_or(speaker.heard, |at| at.max(speaker.heard));
        }
    }

    /// Whether a leg is expected to send; if it newly is, it gets three seconds.
    pub fn expect(&mut self, now: Instant, leg: Uuid, expected: bool) {
        let Some(speaker) = self.speaker(leg) else { return };
        if expected && !speaker.expected {
            speaker.heard = now;
        }
        speaker.expected = expected;
    }

    /// What changed, to be asked until `None`.
    pub fn poll(&mut self, now: Instant) -> Option<Hearing> {
        let together = self.speakers.len() > 1;
        for Speaker { leg, heard, expected, told } in &mut self.speakers {
            let silent = *expected && now.saturating_duration_since(*heard) >= SILENT_AFTER;
            if silent && together && *told != Told::Silent {
                *told = Told::Silent;
                return Some(Hearing::Silent { leg: *leg });
            }
            if !silent && *told != Told::Nothing {
                *told = Told::Nothing;
                return Some(Hearing::HeardAgain { leg: *leg });
            }
        }
        None
    }

    fn speaker(&mut self, leg: Uuid) -> Option<&mut Speaker> {
        self.speakers.iter_mut().find(|speaker| speaker.leg == leg)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock;

    const CALLER: Uuid = Uuid::from_u128(1);
    const OPERATOR: Uuid = Uuid::from_u128(2);
    const AGENCY: Uuid = Uuid::from_u128(3);

    impl SilenceWatch {
        /// A packet came from this leg, and from nobody else.
        fn heard(&mut self, at: Instant, leg: Uuid) {
            self.listen(|speaker| (speaker == leg).then_some(at));
        }
    }

    fn seconds(n: f32) -> Duration {
        Duration::from_secs_f32(n)
    }

    fn watch(start: Instant, caller_sends: bool) -> SilenceWatch {
        let mut watch = SilenceWatch::default();
        watch.seat(start, &[(CALLER, caller_sends), (OPERATOR, true)]);
        watch
    }

    #[test]
    fn a_side_that_falls_silent_is_told_once_and_so_is_its_return() {
        let start = clock::now();
        let mut watch = watch(start, true);
        watch.heard(start + seconds(2.9), CALLER);
        watch.heard(start + seconds(2.0), OPERATOR);
        assert_eq!(watch.poll(start + seconds(4.9)), None);
        assert_eq!(watch.poll(start + seconds(5.0)), Some(Hearing::Silent { leg: OPERATOR }));
        assert_eq!(watch.poll(start + seconds(5.1)), None);
        watch.heard(start + seconds(5.2), OPERATOR);
        watch.heard(start + seconds(5.2), CALLER);
        assert_eq!(watch.poll(start + seconds(5.3)), Some(Hearing::HeardAgain { leg: OPERATOR }));
        assert_eq!(watch.poll(start + seconds(5.4)), None);
    }

    #[test]
    fn two_silent_sides_are_both_told_and_each_return_is_its_own() {
        let start = clock::now();
        let mut watch = watch(start, true);
        let late = start + seconds(3.0);
        assert_eq!(watch.poll(late), Some(Hearing::Silent { leg: CALLER }));
        assert_eq!(watch.poll(late), Some(Hearing::Silent { leg: OPERATOR }));
        watch.heard(late, CALLER);
        assert_eq!(watch.poll(late), Some(Hearing::HeardAgain { leg: CALLER }));
        assert_eq!(watch.poll(late), None);
        watch.heard(late, OPERATOR);
        assert_eq!(watch.poll(late), Some(Hearing::HeardAgain { leg: OPERATOR }));
    }

    #[test]
    fn who_comes_into_a_conference_has_three_seconds_and_is_missed_like_everybody() {
        let start = clock::now();
        let mut watch = watch(start, true);
        let joined = start + seconds(2.0);
        watch.heard(joined, CALLER);
        watch.heard(joined, OPERATOR);
        watch.seat(joined, &[(CALLER, true), (OPERATOR, true), (AGENCY, true)]);
        watch.heard(joined + seconds(2.9), CALLER);
        watch.heard(joined + seconds(2.9), OPERATOR);
        assert_eq!(watch.poll(joined + seconds(2.9)), None);
        assert_eq!(watch.poll(joined + seconds(3.0)), Some(Hearing::Silent { leg: AGENCY }));
        // The operator hands over: the caller alone has to do with it now.
        watch.seat(joined + seconds(3.5), &[(CALLER, true), (AGENCY, true)]);
        assert_eq!(watch.poll(joined + seconds(3.5)), Some(Hearing::Silent { leg: AGENCY }), "told again");
        assert_eq!(watch.poll(joined + seconds(3.5)), None);
        watch.heard(joined + seconds(4.0), AGENCY);
        assert_eq!(watch.poll(joined + seconds(4.0)), Some(Hearing::HeardAgain { leg: AGENCY }));
    }

    #[test]
    fn one_who_is_heard_again_among_others_is_told_so() {
        let start = clock::now();
        let mut watch = watch(start, true);
        watch.heard(start + seconds(3.0), OPERATOR);
        assert_eq!(watch.poll(start + seconds(3.0)), Some(Hearing::Silent { leg: CALLER }));
        watch.seat(start + seconds(4.0), &[(CALLER, true), (OPERATOR, true), (AGENCY, true)]);
        watch.heard(start + seconds(4.0), CALLER);
        watch.heard(start + seconds(4.0), OPERATOR);
        assert_eq!(watch.poll(start + seconds(4.1)), Some(Hearing::HeardAgain { leg: CALLER }));
        assert_eq!(watch.poll(start + seconds(4.1)), None);
    }

    #[test]
    fn who_is_left_alone_is_not_missed() {
        let start = clock::now();
        let mut watch = watch(start, true);
        watch.seat(start, &[(OPERATOR, true)]);
        assert_eq!(watch.poll(start + seconds(60.0)), None);
        // Whoever comes then has three seconds, and so has the other one.
        let together = start + seconds(60.0);
        watch.seat(together, &[(OPERATOR, true), (AGENCY, true)]);
        assert_eq!(watch.poll(together + seconds(2.9)), None);
        assert_eq!(watch.poll(together + seconds(3.0)), Some(Hearing::Silent { leg: OPERATOR }));
    }

    #[test]
    fn a_caller_who_holds_the_call_may_be_silent() {
        let start = clock::now();
        let mut watch = watch(start, false);
        watch.heard(start + seconds(9.0), OPERATOR);
        assert_eq!(watch.poll(start + seconds(10.0)), None);
        watch.expect(start + seconds(10.0), CALLER, true);
        watch.heard(start + seconds(13.0), OPERATOR);
        assert_eq!(watch.poll(start + seconds(12.9)), None);
        assert_eq!(watch.poll(start + seconds(13.0)), Some(Hearing::Silent { leg: CALLER }));
    }

    #[test]
    fn what_was_heard_before_the_room_began_does_not_count_against_a_speaker() {
        let start = clock::now();
        let mut watch = watch(start + seconds(10.0), true);
        watch.heard(start, CALLER);
        watch.heard(start + seconds(12.9), OPERATOR);
        assert_eq!(watch.poll(start + seconds(12.9)), None);
        assert_eq!(watch.poll(start + seconds(13.0)), Some(Hearing::Silent { leg: CALLER }));
    }

    #[test]
    fn a_hold_in_between_gives_both_sides_three_seconds_of_their_own() {
        let start = clock::now();
        let mut watch = watch(start, true);
        watch.heard(start + seconds(1.0), CALLER);
        watch.expect(start + seconds(2.0), CALLER, false);
        for n in 2..60 {
            watch.heard(start + seconds(n as f32), OPERATOR);
            assert_eq!(watch.poll(start + seconds(n as f32)), None, "held");
        }
        watch.expect(start + seconds(60.0), CALLER, true);
        watch.heard(start + seconds(62.0), OPERATOR);
        assert_eq!(watch.poll(start + seconds(62.9)), None);
        assert_eq!(watch.poll(start + seconds(63.0)), Some(Hearing::Silent { leg: CALLER }));
    }
}
