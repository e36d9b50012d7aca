//! By which trunk a call of ours goes, and by which next when that one cannot carry it. Pure: outcomes in, the next attempt out.
//!
//! Another trunk is tried where a trunk failed, never where the called party refused: a busy line is busy by every way.

use super::watch::TrunkState;
use crate::config::{Srtp, TrunkName};
use tokio::time::Instant;

/// One trunk, as it stands when the call begins.
#[derive(Debug, Clone)]
pub(crate) struct Candidate {
    pub trunk: TrunkName,
    pub state: TrunkState,
    /// It asked for rest until then (503 with Retry-After).
    pub resting: Option<Instant>,
    pub srtp: Srtp,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Attempt {
    pub trunk: TrunkName,
    /// Voice is offered encrypted.
    pub secure: bool,
    /// Another way is left, so that silence need not be waited out.
    pub may_hurry: bool,
}

pub(crate) struct Route {
    /// Still to be tried, the next one last.
    waiting: Vec<Candidate>,
    current: Option<(Candidate, bool)>,
    /// What the last attempt ended with.
    code: u16,
}

impl Route {
    /// The order is the owner's; trunks that are down or at rest go last, for a wrong opinion must not lose the call.
    pub(crate) fn new(mut candidates: Vec<Candidate>, now: Instant) -> Self {
        let is_last =
            |candidate: &Candidate| candidate.state == TrunkState::Down || candidate.resting.is_some_and(|until| now < until);
        candidates.sort_by_key(is_last);
        candidates.reverse();
        Route { waiting: candidates, current: None, code: 503 }
    }

    /// The first attempt. `None`: there is no trunk.
    pub(crate) fn begin(&mut self) -> Option<Attempt> {
        let next = self.waiting.pop()?;
        let secure = next.srtp != Srtp::Off;
        Some(self.attempt(next, secure))
    }

    /// The attempt ended with this code before an answer; `rang`: at whoever was called. `Err`: with what the call ends.
    pub(crate) fn refused(&mut self, code: u16, rang: bool) -> Result<Attempt, u16> {
        self.code = code;
        let current = self.current.take();
        if let (488 | 606, Some((candidate, true))) = (code, &current)
            && candidate.srtp == Srtp::Offered
        {
            return Ok(self.attempt(candidate.clone(), false));
        }
        if !another_may_do_better(code) || rang && is_word_of_the_called(code) {
            return Err(code);
        }
        self.begin().ok_or(self.code)
    }

    fn attempt(&mut self, candidate: Candidate, secure: bool) -> Attempt {
        let attempt = Attempt { trunk: candidate.trunk.clone(), secure, may_hurry: !self.waiting.is_empty() };
        self.current = Some((candidate, secure));
        attempt
    }
}

/// Whether a code speaks of the trunk rather than of the called party. 401 and 407 are left when the trunk does not take our credentials; 403 is what
/// carriers say of an account or a caller number that they do not let through; a redirection is left when it is not followed.
pub(crate) fn another_may_do_better(code: u16) -> bool {
    matches!(code, 300..=399 | 401 | 403 | 407 | 408 | 500..=599)
}

/// Whether a code says, once it has rung, that whoever was called did not answer or did not want to: by another way it would ring again.
fn is_word_of_the_called(code: u16) -> bool {
    matches!(code, 403 | 408)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock;
    use std::time::Duration;

    fn candidate(name: &str) -> Candidate {
        Candidate { trunk: name.into(), state: TrunkState::Up, resting: None, srtp: Srtp::Off }
    }

    fn order(candidates: Vec<Candidate>) -> Vec<String> {
        let mut route = Route::new(candidates, clock::now());
        let mut tried: Vec<_> = route.begin().into_iter().collect();
        while let Ok(next) = route.refused(503, false) {
            tried.push(next);
        }
        assert!(tried.iter().rev().skip(1).all(|attempt| attempt.may_hurry));
        assert!(tried.last().is_none_or(|attempt| !attempt.may_hurry));
        tried.into_iter().map(|attempt| attempt.trunk.0).collect()
    }

    #[test]
    fn trunks_are_tried_in_the_owners_order() {
        assert_eq!(order(vec![candidate("a"), candidate("b"), candidate("c")]), ["a", "b", "c"]);
        assert_eq!(order(vec![]), [""; 0]);
    }

    #[test]
    fn one_that_is_down_or_at_rest_is_tried_last_but_is_tried() {
        let now = clock::now();
        let down = Candidate { state: TrunkState::Down, ..candidate("down") };
        let resting = Candidate { resting: Some(now + Duration::from_secs(60)), ..candidate("resting") };
        let rested = Candidate { resting: Some(now - Duration::from_secs(1)), ..candidate("rested") };
        let unknown = Candidate { state: TrunkState::Unknown, ..candidate("unknown") };
        assert_eq!(order(vec![down, resting, rested, unknown]), ["rested", "unknown", "down", "resting"]);
    }

    #[test]
    fn only_the_trunks_own_failures_lead_to_another() {
        for code in [302, 380, 401, 403, 407, 408, 500, 502, 503, 504, 513, 580] {
            let mut route = Route::new(vec![candidate("a"), candidate("b")], clock::now());
            route.begin();
            assert_eq!(route.refused(code, false).map(|attempt| attempt.trunk), Ok("b".into()), "{code}");
            assert_eq!(route.refused(code, false), Err(code));
        }
        for code in [404, 480, 484, 486, 487, 488, 600, 603, 604, 607] {
            let mut route = Route::new(vec![candidate("a"), candidate("b")], clock::now());
            route.begin();
            assert_eq!(route.refused(code, false), Err(code), "{code}");
        }
    }

    #[test]
    fn who_has_let_it_ring_is_not_rung_again_by_another_trunk() {
        for (code, goes_on) in [(403, false), (408, false), (500, true), (503, true)] {
            let mut route = Route::new(vec![candidate("a"), candidate("b")], clock::now());
            route.begin();
            assert_eq!(route.refused(code, true).is_ok(), goes_on, "{code}");
        }
    }

    #[test]
    fn a_trunk_that_refuses_encryption_is_asked_again_without_unless_that_is_required() {
        let offered = Candidate { srtp: Srtp::Offered, ..candidate("a") };
        let mut route = Route::new(vec![offered, candidate("b")], clock::now());
        assert!(route.begin().unwrap().secure);
        let plain = route.refused(488, false).unwrap();
        assert_eq!((plain.trunk, plain.secure), ("a".into(), false));
        assert_eq!(route.refused(488, false), Err(488), "once");

        let required = Candidate { srtp: Srtp::Required, ..candidate("a") };
        let mut route = Route::new(vec![required], clock::now());
        assert!(route.begin().unwrap().secure);
        assert_eq!(route.refused(488, false), Err(488));
    }
}
