//! What telephones say of where they are (Advanced Mobile Location), joined to calls by the caller's number. A message that is faster than its call
//! waits for it.

use super::{Switchboard, tick};
use dispatch::contract::{CallDirection, CallerLocation};
use dispatch::id::CallId;
use jiff::{SignedDuration, Timestamp};
use std::collections::VecDeque;

/// A message belongs to a call that arrives within this time.
const WAITS: SignedDuration = SignedDuration::from_mins(2);
/// Messages that wait for their call; past that the oldest is forgotten.
const MOST: usize = 1_000;

/// Messages whose call has not arrived yet, oldest first. Pure.
#[derive(Debug, Default)]
pub struct EarlyPlaces(VecDeque<(Timestamp, String, CallerLocation)>);

impl EarlyPlaces {
    /// Gives back how many were forgotten for it.
    fn keep(&mut self, now: Timestamp, number: String, location: CallerLocation) -> usize {
        self.0.retain(|(at, known, _)| *at + WAITS > now && digits(known) != digits(&number));
        let forgotten = (self.0.len() + 1).saturating_sub(MOST);
        self.0.drain(..forgotten);
        self.0.push_back((now, number, location));
        forgotten
    }

    fn take(&mut self, now: Timestamp, number: &str) -> Option<CallerLocation> {
        self.0.retain(|(at, _, _)| *at + WAITS > now);
        let index = self.0.iter().position(|(_, known, _)| digits(known) == digits(number))?;
        self.0.remove(index).map(|(_, _, location)| location)
    }
}

/// Without a country that is set, a network may leave out the plus that a telephone says.
fn digits(number: &str) -> &str {
    number.strip_prefix('+').unwrap_or(number)
}

impl Switchboard {
    pub(super) fn locate_caller(&mut self, number: &str, location: CallerLocation) {
        let number = self.country.as_ref().map_or_else(|| number.to_owned(), |country| country.international(number));
        let of_caller = self.calls.values().filter(|found| {
            let is_same = found.view.number.as_deref().is_some_and(|other| digits(other) == digits(&number));
            found.view.direction == CallDirection::Inbound && found.view.caller_gone_at.is_none() && is_same
        });
        let calls: Vec<CallId> = of_caller.map(|found| found.view.id).collect();
        let outcome = if calls.is_empty() { "early" } else { "joined" };
        metrics::counter!("siaga_aml_total", "outcome" => outcome).increment(1);
        if calls.is_empty() {
            let forgotten = self.early_places.keep(tick(), number, location);
            metrics::counter!("siaga_aml_total", "outcome" => "forgotten").increment(forgotten as u64);
            return;
        }
        for call in calls {
            self.located(call, Some(location.clone()), Vec::new());
        }
    }

    /// The telephone of a call that has just arrived may have said already where it is.
    pub(super) fn was_located(&mut self, call: CallId) {
        let Some(number) = self.calls.get(&call).and_then(|found| found.view.number.as_deref()) else { return };
        if let Some(location) = self.early_places.take(tick(), number) {
            self.located(call, Some(location), Vec::new());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn second(n: i64) -> Timestamp {
        Timestamp::from_second(n).unwrap()
    }

    fn place(radius_m: f64) -> CallerLocation {
        CallerLocation { radius_m: Some(radius_m), ..CallerLocation::default() }
    }

    #[test]
    fn a_message_waits_for_its_call_and_the_newest_counts() {
        let mut early = EarlyPlaces::default();
        early.keep(second(0), "+62811".into(), place(90.0));
        early.keep(second(1), "+62812".into(), place(7.0));
        early.keep(second(2), "+62811".into(), place(20.0));
        assert_eq!(early.take(second(3), "62811"), Some(place(20.0)), "with or without the plus");
        assert_eq!(early.take(second(3), "+62811"), None, "one message, one call");
        assert_eq!(early.take(second(121), "+62812"), None, "too late");
    }

    #[test]
    fn no_flood_of_messages_fills_the_memory() {
        let mut early = EarlyPlaces::default();
        let forgotten: usize = (0..MOST + 5).map(|n| early.keep(second(0), n.to_string(), place(1.0))).sum();
        assert_eq!((forgotten, early.0.len()), (5, MOST));
        assert_eq!(early.keep(second(120), "+62811".into(), place(1.0)), 0, "what is too old makes room");
        assert_eq!(early.0.len(), 1);
    }
}
