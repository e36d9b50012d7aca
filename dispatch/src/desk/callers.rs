//! What is known of callers' numbers at the moment of a call: who gave up lately, whose place is lowered, and who types. In memory, so that
//! the call path never waits; filled from the store at the start and every minute, and by the journal's entries as they are told.

use super::entry::Entry;
use super::{Desk, DeskError, check};
use crate::clock;
use crate::contract::{CallDirection, CallPriority, EndedBy};
use crate::id::CallId;
use jiff::{SignedDuration, Timestamp};
use std::collections::HashMap;
use std::hash::Hash;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// Numbers, and calls that have not ended, that are remembered; past that the oldest are forgotten, and count as unknown.
const REMEMBERED: usize = 10_000;
/// So many at once: whoever looks for one looks at all, which no call of a crowd can wait for.
const FORGOTTEN: usize = REMEMBERED / 8;
/// The same, as the store counts.
const READ: i64 = 10_000;
/// Who could type so lately is called back by a call that offers text.
const TYPED_LATELY: SignedDuration = SignedDuration::from_hours(24);

/// A cheap clone.
#[derive(Clone, Default)]
pub(super) struct Callers(Arc<Mutex<Known>>);

#[derive(Default)]
struct Known {
    /// Calls that have not ended, each with its number and since when it is known.
    up: HashMap<CallId, (Up, Timestamp)>,
    /// Who gave up or was cut off, and when.
    gave_up: HashMap<String, Timestamp>,
    /// Whose place is lowered, and until when.
    lowered: HashMap<String, Timestamp>,
    /// Who could type in a call, and when that was last so.
    types: HashMap<String, Timestamp>,
}

struct Up {
    number: String,
    direction: CallDirection,
    answered: bool,
    /// Of a call out: whom it reaches was to be called back.
    calls_back: bool,
}

impl Up {
    /// Whether the number is to be called back after such an end.
    fn is_cut_short(&self, by: EndedBy) -> bool {
        match self.direction {
            CallDirection::Inbound => !self.answered || by.cut_off(),
            CallDirection::Outbound => self.calls_back && self.answered && by.cut_off(),
        }
    }
}

impl Callers {
    fn lock(&self) -> MutexGuard<'_, Known> {
        // Each statement leaves the maps whole.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Follows what the switchboard tells.
    pub fn note(&self, entry: &Entry) {
        let mut known = self.lock();
        match entry {
            Entry::Arrived(call) => {
                if let Some(number) = call.number.as_deref().map(key) {
                    let call_up = Up { number, direction: CallDirection::Inbound, answered: false, calls_back: false };
                    keep(&mut known.up, call.call, (call_up, call.at), |(_, at)| *at, "calls");
                }
            }
            Entry::OutboundDialled(call) => {
                let (number, calls_back) = (key(&call.number), call.callback_of.is_some());
                let call_up = Up { number, direction: CallDirection::Outbound, answered: false, calls_back };
                keep(&mut known.up, call.call, (call_up, call.at), |(_, at)| *at, "calls");
            }
            Entry::Answered { call, .. } | Entry::FallbackAnswered { call, .. } | Entry::OutboundAnswered { call, .. } => {
                let Known { up, gave_up, .. } = &mut *known;
                if let Some((up, _)) = up.get_mut(call) {
                    up.answered = true;
                    // Also of a number that was written by hand.
                    up.calls_back |= gave_up.remove(&up.number).is_some();
                }
            }
            Entry::PartyJoined { number: Some(number), .. } => {
                known.gave_up.remove(&key(number));
            }
            // Nobody speaks with the caller in this call any more, however long it goes on.
            Entry::CallerGone { call, by, at } => {
                if let Some((up, _)) = known.up.remove(call)
                    && by.cut_off()
                    && up.is_cut_short(*by)
                {
                    keep(&mut known.gave_up, up.number, *at, |at| *at, "gave_up");
                }
            }
            Entry::Ended { call, by, at, .. } => {
                if let Some((up, arrived)) = known.up.remove(call)
                    && up.is_cut_short(*by)
                    && !known.up.values().any(|(other, at)| {
                        let on_another_line = !up.answered && other.direction == CallDirection::Inbound;
                        other.answered && other.number == up.number && (*at > arrived || on_another_line)
                    })
                {
                    keep(&mut known.gave_up, up.number, *at, |at| *at, "gave_up");
                }
            }
            _ => {}
        }
    }

    pub fn lower(&self, number: &str, until: Option<Timestamp>) {
        let mut known = self.lock();
        match until {
            Some(until) => keep(&mut known.lowered, key(number), until, |until| *until, "lowered"),
            None => {
                known.lowered.remove(&key(number));
            }
        }
    }

    /// The number is to be called back after all.
    pub fn gave_up(&self, number: &str, at: Timestamp) {
        keep(&mut self.lock().gave_up, key(number), at, |at| *at, "gave_up");
    }

    /// Somebody has seen to the number.
    pub fn seen_to(&self, number: &str) {
        self.lock().gave_up.remove(&key(number));
    }

    /// What the store knows beside what is known here.
    fn merge_types(&self, stored: Vec<(String, Timestamp)>, since: Timestamp) {
        let mut known = self.lock();
        known.types.retain(|_, at| *at >= since);
        for (number, at) in stored {
            keep(&mut known.types, key(&number), at, |at| *at, "types");
        }
    }

    fn replace_lowered(&self, lowered: HashMap<String, Timestamp>) {
        self.lock().lowered = lowered;
    }

    /// What the store knows beside what is known here; what is older than `since` is forgotten.
    fn merge_gave_up(&self, stored: Vec<(String, Timestamp)>, since: Timestamp) {
        let mut known = self.lock();
        known.gave_up.retain(|_, at| *at >= since);
        for (number, at) in stored {
            keep(&mut known.gave_up, key(&number), at, |at| *at, "gave_up");
        }
    }
}

/// As the store keeps numbers.
fn key(number: &str) -> String {
    check::cut(number, check::CALLER_NUMBER)
}

/// Keeps the newest; where there is no room, the oldest go together.
fn keep<K: Hash + Eq, V>(map: &mut HashMap<K, V>, key: K, value: V, age: impl Fn(&V) -> Timestamp, kind: &'static str) {
    if map.len() >= REMEMBERED && !map.contains_key(&key) {
        let mut ages: Vec<Timestamp> = map.values().map(&age).collect();
        let (_, youngest, _) = ages.select_nth_unstable(FORGOTTEN - 1);
        let mut left = FORGOTTEN;
        map.retain(|_, value| {
            let goes = left > 0 && age(value) <= *youngest;
            left -= usize::from(goes);
            !goes
        });
        metrics::counter!("siaga_callers_forgotten_total", "kind" => kind).increment(FORGOTTEN as u64);
    }
    map.insert(key, value);
}

impl Desk {
    /// The place of a new call from this number: [`CallPriority::Low`] while the number's reputation says so, else
    /// [`CallPriority::Normal`]. Never waits.
    pub fn priority_of(&self, number: Option<&str>) -> CallPriority {
        let Some(number) = number else { return CallPriority::Normal };
        let until = self.callers.lock().lowered.get(&key(number)).copied();
        if until.is_some_and(|until| until > clock::now()) { CallPriority::Low } else { CallPriority::Normal }
    }

    /// Whether a caller with this number gave up lately and was not reached since. Never waits.
    pub fn called_before(&self, number: Option<&str>) -> bool {
        let Some(number) = number else { return false };
        let at = self.callers.lock().gave_up.get(&key(number)).copied();
        at.is_some_and(|at| clock::now().duration_since(at) <= self.settings.gave_up_lately)
    }

    /// The other side of a call with this number can type.
    pub fn note_typist(&self, number: &str, at: Timestamp) {
        keep(&mut self.callers.lock().types, key(number), at, |at| *at, "types");
    }

    /// Whether the other side could type when it was last spoken with, a day ago or less. Never waits.
    pub fn could_type(&self, number: &str) -> bool {
        let at = self.callers.lock().types.get(&key(number)).copied();
        at.is_some_and(|at| clock::now().duration_since(at) <= TYPED_LATELY)
    }

    /// Reads what is known of numbers from the store: what other nodes have written, and what was known before a restart.
    pub(super) async fn learn_callers(&self, now: Timestamp) -> Result<(), DeskError> {
        let since = now - self.settings.gave_up_lately;
        let mut reader = self.store.read().await?;
        let lowered = reader.db().reputations(now, READ).await?;
        let gave_up = reader.db().abandoned_numbers(since, READ).await?;
        let types = reader.db().numbers_that_type(now - TYPED_LATELY, READ).await?;
        self.callers.replace_lowered(lowered.into_iter().map(|row| (key(&row.number), row.expires_at)).collect());
        self.callers.merge_gave_up(gave_up, since);
        self.callers.merge_types(types, now - TYPED_LATELY);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use uuid::Uuid;

    fn remember(map: &mut HashMap<CallId, Timestamp>, n: usize, second: usize) {
        let at = Timestamp::UNIX_EPOCH + SignedDuration::from_secs(second as i64);
        keep(map, CallId(Uuid::from_u128(n as u128)), at, |at| *at, "test");
    }

    #[test]
    fn memory_stays_bounded_and_forgets_the_oldest() {
        let mut map = HashMap::new();
        for n in 0..3 * REMEMBERED {
            remember(&mut map, n, n);
            assert!(map.len() <= REMEMBERED);
        }
        let kept = |n: usize| map.contains_key(&CallId(Uuid::from_u128(n as u128)));
        assert!(map.len() >= REMEMBERED - FORGOTTEN && (3 * REMEMBERED - map.len()..3 * REMEMBERED).all(kept));
    }

    #[test]
    fn of_those_that_are_equally_old_no_more_are_forgotten() {
        let mut map = HashMap::new();
        (0..=REMEMBERED).for_each(|n| remember(&mut map, n, 0));
        assert_eq!(map.len(), REMEMBERED - FORGOTTEN + 1);
    }
}
