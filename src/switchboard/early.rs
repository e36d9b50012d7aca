//! What SIP tells of an outbound leg before the line that dialled it has said which call it belongs to: a fast exchange answers while the
//! line's report is still on its way. Kept in order and given back when the report comes. What is told of a leg that its call has let go
//! of already looks the same, and is forgotten after a while.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

/// Events kept: legs are few, and their reports come within milliseconds.
const KEPT: usize = 64;
/// A line reports long before this.
const ASKED_WITHIN: Duration = Duration::from_secs(10);

#[derive(Debug, Default)]
pub struct EarlyEvents {
    events: VecDeque<(Instant, sip::Event)>,
}

impl EarlyEvents {
    /// False if the oldest was forgotten for it.
    pub fn keep(&mut self, event: sip::Event, now: Instant) -> bool {
        while self.events.front().is_some_and(|(since, _)| now.duration_since(*since) > ASKED_WITHIN) {
            self.events.pop_front();
        }
        // A leg that has been answered, or it could not have ended so: this is one that its call has let go of.
        if matches!(event, sip::Event::Ended { .. }) && !self.events.iter().any(|(_, kept)| kept.leg() == event.leg()) {
            return true;
        }
        let is_full = self.events.len() == KEPT;
        if is_full {
            self.events.pop_front();
            metrics::counter!("siaga_early_events_dropped_total").increment(1);
        }
        self.events.push_back((now, event));
        !is_full
    }

    /// What was heard of this leg, in order.
    pub fn take(&mut self, leg: sip::LegId) -> Vec<sip::Event> {
        let (of_leg, rest) = std::mem::take(&mut self.events).into_iter().partition(|(_, event)| event.leg() == Some(leg));
        self.events = rest;
        VecDeque::into_iter(of_leg).map(|(_, event)| event).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use sip::{EndedBy, Event, LegId};
    use uuid::Uuid;

    fn leg(n: u128) -> LegId {
        LegId(Uuid::from_u128(n))
    }

    fn ringing(leg: LegId) -> Event {
        Event::OutboundRinging { leg, trunk: "telco".into() }
    }

    #[test]
    fn a_leg_gets_its_events_back_once_and_in_order() {
        let now = crate::clock::instant();
        let mut early = EarlyEvents::default();
        let failed = |leg, code| Event::OutboundFailed { leg, code };
        for event in [ringing(leg(1)), failed(leg(2), 503), failed(leg(1), 486)] {
            early.keep(event, now);
        }
        assert_eq!(early.take(leg(1)), [ringing(leg(1)), failed(leg(1), 486)]);
        assert_eq!(early.take(leg(1)), []);
        assert_eq!(early.take(leg(2)).len(), 1);
    }

    #[test]
    fn events_that_nobody_asks_for_do_not_pile_up() {
        let now = crate::clock::instant();
        let mut early = EarlyEvents::default();
        let kept = (0..1000).filter(|n| early.keep(ringing(leg(*n)), now)).count();
        assert_eq!((kept, early.events.len()), (KEPT, KEPT), "each one past that is told to cost another");
        early.keep(ringing(leg(1000)), now + ASKED_WITHIN + Duration::from_millis(1));
        assert_eq!(early.events.len(), 1);
    }

    #[test]
    fn the_end_of_a_leg_that_its_call_has_let_go_of_takes_nobodys_place() {
        let now = crate::clock::instant();
        let mut early = EarlyEvents::default();
        let ended = |leg| Event::Ended { leg, by: EndedBy::Local };
        early.keep(ringing(leg(1)), now);
        early.keep(ended(leg(2)), now);
        early.keep(ended(leg(1)), now);
        assert_eq!(early.take(leg(2)), []);
        assert_eq!(early.take(leg(1)), [ringing(leg(1)), ended(leg(1))]);
    }
}
