//! Tells the owner that something is refused again and again: a counter alone wakes nobody. At most once in ten seconds for each cause.

use crate::clock::now;
use crate::config::TrunkName;
use crate::event::{Event, OfferTrouble};
use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;
use tokio::sync::mpsc;
use tokio::time::Instant;

const PAUSE: Duration = Duration::from_secs(10);

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Limit {
    /// `Limits::max_calls`
    Calls,
    /// `Limits::max_transactions`
    Transactions,
    /// The owner is behind with events.
    Events,
    /// `Limits::max_connections`
    Connections,
    /// `Trunk::rate`
    Rate,
    /// The SIP stack does not take a message.
    Stack,
}

impl Limit {
    pub(crate) fn word(self) -> &'static str {
        match self {
            Limit::Calls => "calls",
            Limit::Transactions => "transactions",
            Limit::Events => "events",
            Limit::Connections => "connections",
            Limit::Rate => "rate",
            Limit::Stack => "stack",
        }
    }
}

pub(crate) struct Alarms {
    events: mpsc::Sender<Event>,
    quiet: Mutex<Quiet>,
}

/// Why something is refused. As many as there are limits, and two for each trunk.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
enum Cause {
    Limit(Limit),
    Offer(TrunkName, OfferTrouble),
}

/// When each cause was told last.
#[derive(Debug, Default)]
struct Quiet(HashMap<Cause, Instant>);

impl Quiet {
    fn may_tell(&self, cause: &Cause, now: Instant) -> bool {
        self.0.get(cause).is_none_or(|told| now >= *told + PAUSE)
    }
}

impl Alarms {
    pub(crate) fn new(events: mpsc::Sender<Event>) -> Self {
        Alarms { events, quiet: Mutex::default() }
    }

    pub(crate) fn tell(&self, limit: Limit) {
        self.tell_once(Cause::Limit(limit), || Event::Limited { limit: limit.word() });
    }

    /// A call of this trunk is refused for what it offers.
    pub(crate) fn incompatible(&self, trunk: &TrunkName, why: OfferTrouble) {
        self.tell_once(Cause::Offer(trunk.clone(), why), || Event::Incompatible { trunk: trunk.clone(), why });
    }

    fn tell_once(&self, cause: Cause, event: impl FnOnce() -> Event) {
        let now = now();
        let mut quiet = self.quiet.lock().unwrap_or_else(PoisonError::into_inner);
        // Where there is no room for the event, the next one shed says it.
        if quiet.may_tell(&cause, now) && self.events.try_send(event()).is_ok() {
            quiet.0.insert(cause, now);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_limit_is_told_at_most_once_in_ten_seconds() {
        let (start, mut quiet, calls) = (now(), Quiet::default(), Cause::Limit(Limit::Calls));
        let mut told = Vec::new();
        for second in 0..25 {
            let now = start + Duration::from_secs(second);
            if quiet.may_tell(&calls, now) {
                quiet.0.insert(calls.clone(), now);
                told.push(second);
            }
        }
        assert_eq!(told, [0, 10, 20]);
        assert!(quiet.may_tell(&Cause::Limit(Limit::Rate), start), "each limit by itself");
    }

    #[test]
    fn what_found_no_room_is_told_with_the_next() {
        let (events, mut heard) = mpsc::channel(1);
        let alarms = Alarms::new(events);
        alarms.tell(Limit::Calls);
        alarms.tell(Limit::Events);
        assert_eq!(heard.try_recv(), Ok(Event::Limited { limit: "calls" }));
        alarms.tell(Limit::Calls);
        alarms.tell(Limit::Events);
        assert_eq!(heard.try_recv(), Ok(Event::Limited { limit: "events" }));
    }
}
