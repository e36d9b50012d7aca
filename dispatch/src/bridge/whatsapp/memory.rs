//! What the bridge remembers while it runs: who wrote to us within the last 24 hours, which free-form dispatches left a moment ago,
//! and which presses were answered. All of it bounded, and none of it needed for a message to arrive.

use jiff::{SignedDuration, Timestamp};
use std::collections::{HashMap, HashSet, VecDeque};
use std::sync::{Mutex, MutexGuard, PoisonError};

/// Numbers remembered; teams are far fewer.
const NUMBERS_MAX: usize = 10_000;

/// Free-form dispatches and presses remembered.
const RECENT_MAX: usize = 2_000;

/// The 24 hours, less what a message and clocks may lose on the way.
const WINDOW: SignedDuration = SignedDuration::from_mins(24 * 60 - 10);

/// A dispatch that left is marked in the store within this, or sent again.
const MARKED_WITHIN: SignedDuration = SignedDuration::from_secs(60);

#[derive(Debug, Default)]
pub struct Memory {
    inner: Mutex<Inner>,
}

#[derive(Debug, Default)]
struct Inner {
    heard: HashMap<String, Timestamp>,
    free_form: VecDeque<(String, Timestamp)>,
    answered: HashSet<String>,
    answered_order: VecDeque<String>,
}

impl Memory {
    fn inner(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Somebody wrote from this number at `at`; an older time changes nothing.
    pub fn heard(&self, number: &str, at: Timestamp, now: Timestamp) {
        let at = at.min(now);
        let mut inner = self.inner();
        if !inner.heard.contains_key(number) && inner.heard.len() >= NUMBERS_MAX {
            inner.heard.retain(|_, last| within(*last, now));
            if inner.heard.len() >= NUMBERS_MAX {
                return;
            }
        }
        let last = inner.heard.entry(number.to_owned()).or_insert(at);
        *last = (*last).max(at);
    }

    /// Whether a free-form message to this number is allowed, as far as we know.
    pub fn window_open(&self, number: &str, now: Timestamp) -> bool {
        self.inner().heard.get(number).is_some_and(|last| within(*last, now))
    }

    /// WhatsApp says that the window is closed.
    pub fn window_closed(&self, number: &str) {
        self.inner().heard.remove(number);
    }

    /// A dispatch went out free-form under this id.
    pub fn sent_free_form(&self, id: &str, now: Timestamp) {
        let mut inner = self.inner();
        if inner.free_form.len() >= RECENT_MAX {
            inner.free_form.pop_front();
        }
        inner.free_form.push_back((id.to_owned(), now));
    }

    /// The dispatch that left under this id goes again, and the store knows it.
    pub fn came_back(&self, id: &str) {
        self.inner().free_form.retain(|(known, _)| known != id);
    }

    /// Whether a free-form dispatch left under this id so lately that the store may not know it yet.
    pub fn left_lately(&self, id: &str, now: Timestamp) -> bool {
        let lately = |at: Timestamp| now.duration_since(at) < MARKED_WITHIN;
        self.inner().free_form.iter().any(|(known, at)| known == id && lately(*at))
    }

    /// Whether this press is new; says so once.
    pub fn first_answer(&self, press: &str) -> bool {
        let mut inner = self.inner();
        if !inner.answered.insert(press.to_owned()) {
            return false;
        }
        inner.answered_order.push_back(press.to_owned());
        if inner.answered_order.len() > RECENT_MAX
            && let Some(oldest) = inner.answered_order.pop_front()
        {
            inner.answered.remove(&oldest);
        }
        true
    }
}

fn within(last: Timestamp, now: Timestamp) -> bool {
    now.duration_since(last) < WINDOW
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(hours: i64) -> Timestamp {
        Timestamp::from_second(1_800_000_000 + hours * 3600).unwrap()
    }

    #[test]
    fn the_window_stays_open_for_less_than_24_hours_after_the_last_message() {
        let memory = Memory::default();
        assert!(!memory.window_open("62811", at(0)));
        memory.heard("62811", at(0), at(0));
        memory.heard("62811", at(-5), at(1));
        assert!(memory.window_open("62811", at(23)));
        assert!(!memory.window_open("62811", at(24)));
    }

    #[test]
    fn a_time_in_the_future_counts_as_now() {
        let memory = Memory::default();
        memory.heard("62811", at(1000), at(0));
        assert!(!memory.window_open("62811", at(24)));
    }

    #[test]
    fn a_press_is_answered_once() {
        let memory = Memory::default();
        assert!(memory.first_answer("wamid.1"));
        assert!(!memory.first_answer("wamid.1"));
    }

    #[test]
    fn what_left_lately_is_known_for_a_minute() {
        let memory = Memory::default();
        memory.sent_free_form("wamid.1", at(0));
        assert!(memory.left_lately("wamid.1", at(0) + SignedDuration::from_secs(59)));
        assert!(!memory.left_lately("wamid.1", at(0) + SignedDuration::from_secs(60)));
        assert!(!memory.left_lately("wamid.2", at(0)));
        memory.came_back("wamid.1");
        assert!(!memory.left_lately("wamid.1", at(0)));
    }

    #[test]
    fn memory_does_not_grow_past_its_bounds() {
        let memory = Memory::default();
        for n in 0..3 * RECENT_MAX {
            memory.first_answer(&n.to_string());
            memory.sent_free_form(&n.to_string(), at(0));
        }
        for n in 0..2 * NUMBERS_MAX {
            memory.heard(&n.to_string(), at(0), at(0));
        }
        let inner = memory.inner();
        assert_eq!((inner.answered.len(), inner.free_form.len()), (RECENT_MAX, RECENT_MAX));
        assert_eq!(inner.heard.len(), NUMBERS_MAX);
    }
}
