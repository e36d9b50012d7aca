//! What SIP tells of an outbound leg before the line that dialled it has said which call it belongs to: a fast exchange answers while the
//! line's report is still on its way. Kept in order and given back when the report comes.

use std::collections::VecDeque;

/// Events kept; legs are few and reports come within milliseconds, so the oldest are of legs that nobody asks for any more.
const KEPT: usize = 64;

#[derive(Debug, Default)]
pub struct EarlyEvents {
    events: VecDeque<sip::Event>,
}

impl EarlyEvents {
    pub fn keep(&mut self, event: sip::Event) {
        if self.events.len() == KEPT {
            self.events.pop_front();
            metrics::counter!("siaga_early_events_dropped_total").increment(1);
        }
        self.events.push_back(event);
    }

    /// What was heard of this leg, in order.
    pub fn take(&mut self, leg: sip::LegId) -> Vec<sip::Event> {
        let (of_leg, rest) = std::mem::take(&mut self.events).into_iter().partition(|event| event.leg() == Some(leg));
        self.events = rest;
        VecDeque::into(of_leg)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use uuid::Uuid;

    #[test]
    fn a_leg_gets_its_events_back_once_and_in_order() {
        let (one, other) = (sip::LegId(Uuid::from_u128(1)), sip::LegId(Uuid::from_u128(2)));
        let mut early = EarlyEvents::default();
        early.keep(sip::Event::OutboundRinging { leg: one, trunk: "telco".into() });
        early.keep(sip::Event::OutboundFailed { leg: other, code: 503 });
        early.keep(sip::Event::OutboundFailed { leg: one, code: 486 });
        assert_eq!(
            early.take(one),
            [sip::Event::OutboundRinging { leg: one, trunk: "telco".into() }, sip::Event::OutboundFailed { leg: one, code: 486 }]
        );
        assert_eq!(early.take(one), []);
        assert_eq!(early.take(other).len(), 1);
    }

    #[test]
    fn events_that_nobody_asks_for_do_not_pile_up() {
        let mut early = EarlyEvents::default();
        for n in 0..1000 {
            early.keep(sip::Event::OutboundRinging { leg: sip::LegId(Uuid::from_u128(n)), trunk: "telco".into() });
        }
        assert_eq!(early.events.len(), KEPT);
    }
}
