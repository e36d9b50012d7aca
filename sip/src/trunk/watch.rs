//! Whether a trunk's proxy is there: asked by OPTIONS, answered by anything the trunk says. Pure: time in, a state out.
//!
//! It takes two signs in a row to change an opinion, so that one lost datagram alarms nobody; the very first sign of life is believed at once.

use crate::config::Limits;
use crate::event::TrunkTrouble;
use serde::{Deserialize, Serialize};
use std::time::Duration;
use tokio::time::Instant;

/// How a trunk's signalling is doing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TrunkState {
    /// Nothing heard yet, or not watched.
    #[default]
    Unknown,
    Up,
    Down,
}

/// Signs in a row that change the state.
const SIGNS: u8 = 2;

/// What came of asking.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Sign {
    /// A final response, with its code.
    Response(u16),
    /// None in time.
    Silence,
    /// It could not even be asked.
    Unreachable,
    /// The trunk asked something of us.
    Heard,
}

impl Sign {
    /// A proxy that says 503 takes no calls, and a 408 comes from something in front of it.
    fn is_alive(self) -> bool {
        match self {
            Sign::Response(code) => !matches!(code, 408 | 503),
            Sign::Heard => true,
            Sign::Silence | Sign::Unreachable => false,
        }
    }

    /// What is wrong by it, if anything is.
    pub(crate) fn trouble(self) -> Option<TrunkTrouble> {
        match self {
            _ if self.is_alive() => None,
            Sign::Response(code) => Some(TrunkTrouble::Refuses(code)),
            Sign::Unreachable => Some(TrunkTrouble::Unreachable),
            Sign::Silence | Sign::Heard => Some(TrunkTrouble::Silent),
        }
    }

    pub(crate) fn detail(self) -> String {
        match self {
            Sign::Response(code) => format!("OPTIONS answered with {code}"),
            Sign::Silence => "OPTIONS not answered in time".to_owned(),
            Sign::Unreachable => "the proxy cannot be reached".to_owned(),
            Sign::Heard => "the trunk sends requests".to_owned(),
        }
    }
}

pub(crate) struct Watch {
    every: Duration,
    state: TrunkState,
    /// Signs in a row that speak against `state`.
    against: u8,
    ask_at: Instant,
    asked: bool,
}

impl Watch {
    /// The first question is due at `now`.
    pub(crate) fn new(every: Duration, now: Instant) -> Self {
        Watch { every, state: TrunkState::Unknown, against: 0, ask_at: now, asked: false }
    }

    /// How long an answer may take: 64 T1 as of any request, but never into the next question.
    pub(crate) fn patience(every: Duration, limits: &Limits) -> Duration {
        (limits.t1 * 64).min(every / 2)
    }

    /// When to ask; `None` while a question is under way.
    pub(crate) fn deadline(&self) -> Option<Instant> {
        (!self.asked).then_some(self.ask_at)
    }

    /// Whether OPTIONS is to be sent now.
    pub(crate) fn poll(&mut self, now: Instant) -> bool {
        let due = !self.asked && now >= self.ask_at;
        if due {
            self.asked = true;
            self.ask_at = now + self.every;
        }
        due
    }

    /// Takes a sign; the new state if it changed. What speaks against the state is asked about again soon.
    pub(crate) fn handle(&mut self, sign: Sign, now: Instant) -> Option<TrunkState> {
        if sign != Sign::Heard {
            self.asked = false;
        }
        let seen = if sign.is_alive() { TrunkState::Up } else { TrunkState::Down };
        if seen == self.state {
            self.against = 0;
            return None;
        }
        self.against += 1;
        let first_sign_of_life = self.state == TrunkState::Unknown && seen == TrunkState::Up;
        if self.against < SIGNS && !first_sign_of_life {
            self.ask_at = self.ask_at.min(now + self.every / 4);
            return None;
        }
        self.against = 0;
        self.state = seen;
        Some(seen)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const EVERY: Duration = Duration::from_secs(30);

    /// A watch and its clock.
    struct World {
        watch: Watch,
        now: Instant,
    }

    impl World {
        fn new() -> World {
            let now = crate::clock::now();
            World { watch: Watch::new(EVERY, now), now }
        }

        /// Goes on to the next question and answers it; says after how long.
        fn next(&mut self, sign: Sign) -> (Duration, Option<TrunkState>) {
            let before = self.now;
            self.now = self.watch.deadline().unwrap();
            assert!(self.watch.poll(self.now));
            assert!(!self.watch.poll(self.now), "one question at a time");
            (self.now - before, self.watch.handle(sign, self.now))
        }
    }

    #[test]
    fn the_first_answer_is_believed_and_then_it_is_asked_every_interval() {
        let mut world = World::new();
        assert_eq!(world.next(Sign::Response(200)), (Duration::ZERO, Some(TrunkState::Up)));
        assert_eq!(world.next(Sign::Response(404)), (EVERY, None), "any final response is a sign of life");
        assert_eq!(world.next(Sign::Response(501)), (EVERY, None));
    }

    #[test]
    fn one_silence_alarms_nobody_two_do_and_two_answers_give_the_all_clear() {
        let mut world = World::new();
        world.next(Sign::Response(200));
        assert_eq!(world.next(Sign::Silence), (EVERY, None));
        assert_eq!(world.next(Sign::Response(200)), (EVERY / 4, None), "doubt is cleared up soon");
        assert_eq!(world.next(Sign::Response(503)), (EVERY, None));
        assert_eq!(world.next(Sign::Unreachable), (EVERY / 4, Some(TrunkState::Down)));
        assert_eq!(world.next(Sign::Response(408)).1, None);
        assert_eq!(world.next(Sign::Response(200)).1, None);
        assert_eq!(world.next(Sign::Response(200)), (EVERY / 4, Some(TrunkState::Up)));
    }

    #[test]
    fn a_proxy_that_was_never_heard_is_down_after_two_silences() {
        let mut world = World::new();
        assert_eq!(world.next(Sign::Silence).1, None);
        assert_eq!(world.next(Sign::Silence).1, Some(TrunkState::Down));
    }

    #[test]
    fn a_trunk_that_calls_us_is_there_although_it_answers_no_options() {
        let mut world = World::new();
        assert_eq!(world.watch.handle(Sign::Heard, world.now), Some(TrunkState::Up));
        world.next(Sign::Silence);
        assert_eq!(world.watch.handle(Sign::Heard, world.now), None);
        assert_eq!(world.next(Sign::Silence).1, None, "what was heard between counts");
    }
}
