//! Notices that one side of a joined pair is not heard: the most common fault of telephony, and the least reported.

use crate::event::Side;
use std::time::{Duration, Instant};

/// A side that sent no packet for this long counts as silent.
const SILENT_AFTER: Duration = Duration::from_secs(3);

/// Watches both sides of one joined leg.
#[derive(Debug)]
pub(crate) struct SilenceWatch {
    caller: Ear,
    operator: Ear,
    one_way: bool,
}

#[derive(Debug)]
struct Ear {
    heard: Instant,
    expected: bool,
    silent: bool,
}

/// What changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Hearing {
    OneWay { silent: Side },
    TwoWay,
}

impl SilenceWatch {
    /// Both sides have three seconds from `now` to be heard. `caller_sends`: whether the caller's side is expected to send
    /// (it is not while it has the call on hold).
    pub fn new(now: Instant, caller_sends: bool) -> Self {
        let ear = |expected| Ear { heard: now, expected, silent: false };
        SilenceWatch { caller: ear(caller_sends), operator: ear(true), one_way: false }
    }

    /// A packet came from this side.
    pub fn heard(&mut self, now: Instant, side: Side) {
        self.ear(side).heard = now;
    }

    /// Whether a side is expected to send; if it newly is, it gets three seconds.
    pub fn expect(&mut self, now: Instant, side: Side, expected: bool) {
        let ear = self.ear(side);
        if expected && !ear.expected {
            ear.heard = now;
        }
        ear.expected = expected;
    }

    /// What changed, to be asked until `None`.
    pub fn poll(&mut self, now: Instant) -> Option<Hearing> {
        for side in [Side::Caller, Side::Operator] {
            let ear = self.ear(side);
            let silent = ear.expected && now.saturating_duration_since(ear.heard) >= SILENT_AFTER;
            let newly = silent && !ear.silent;
            ear.silent = silent;
            if newly {
                self.one_way = true;
                return Some(Hearing::OneWay { silent: side });
            }
        }
        if self.one_way && !self.caller.silent && !self.operator.silent {
            self.one_way = false;
            return Some(Hearing::TwoWay);
        }
        None
    }

    fn ear(&mut self, side: Side) -> &mut Ear {
        match side {
            Side::Caller => &mut self.caller,
            Side::Operator => &mut self.operator,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock;

    fn seconds(n: f32) -> Duration {
        Duration::from_secs_f32(n)
    }

    #[test]
    fn a_side_that_falls_silent_is_told_once_and_so_is_its_return() {
        let start = clock::now();
        let mut watch = SilenceWatch::new(start, true);
        watch.heard(start + seconds(2.9), Side::Caller);
        watch.heard(start + seconds(2.0), Side::Operator);
        assert_eq!(watch.poll(start + seconds(4.9)), None);
        assert_eq!(watch.poll(start + seconds(5.0)), Some(Hearing::OneWay { silent: Side::Operator }));
        assert_eq!(watch.poll(start + seconds(5.1)), None);
        watch.heard(start + seconds(5.2), Side::Operator);
        watch.heard(start + seconds(5.2), Side::Caller);
        assert_eq!(watch.poll(start + seconds(5.3)), Some(Hearing::TwoWay));
        assert_eq!(watch.poll(start + seconds(5.4)), None);
    }

    #[test]
    fn two_silent_sides_are_both_told_and_one_return_is_not_enough() {
        let start = clock::now();
        let mut watch = SilenceWatch::new(start, true);
        let late = start + seconds(3.0);
        assert_eq!(watch.poll(late), Some(Hearing::OneWay { silent: Side::Caller }));
        assert_eq!(watch.poll(late), Some(Hearing::OneWay { silent: Side::Operator }));
        watch.heard(late, Side::Caller);
        assert_eq!(watch.poll(late), None);
        watch.heard(late, Side::Operator);
        assert_eq!(watch.poll(late), Some(Hearing::TwoWay));
    }

    #[test]
    fn a_caller_who_holds_the_call_may_be_silent() {
        let start = clock::now();
        let mut watch = SilenceWatch::new(start, false);
        watch.heard(start + seconds(9.0), Side::Operator);
        assert_eq!(watch.poll(start + seconds(10.0)), None);
        watch.expect(start + seconds(10.0), Side::Caller, true);
        watch.heard(start + seconds(13.0), Side::Operator);
        assert_eq!(watch.poll(start + seconds(12.9)), None);
        assert_eq!(watch.poll(start + seconds(13.0)), Some(Hearing::OneWay { silent: Side::Caller }));
    }

    #[test]
    fn a_hold_in_between_gives_both_sides_three_seconds_of_their_own() {
        let start = clock::now();
        let mut watch = SilenceWatch::new(start, true);
        watch.heard(start + seconds(1.0), Side::Caller);
        watch.expect(start + seconds(2.0), Side::Caller, false);
        for n in 2..60 {
            watch.heard(start + seconds(n as f32), Side::Operator);
            assert_eq!(watch.poll(start + seconds(n as f32)), None, "held");
        }
        watch.expect(start + seconds(60.0), Side::Caller, true);
        watch.heard(start + seconds(62.0), Side::Operator);
        assert_eq!(watch.poll(start + seconds(62.9)), None);
        assert_eq!(watch.poll(start + seconds(63.0)), Some(Hearing::OneWay { silent: Side::Caller }));
    }
}
