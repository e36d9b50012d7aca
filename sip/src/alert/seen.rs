//! Which alerts were told already: a sender repeats an alert until it is answered, and a second way may bring it again. Pure.

use std::collections::{HashSet, VecDeque};
use std::hash::{BuildHasher, RandomState};

/// Alerts remembered; the oldest is forgotten first.
const MAX_SEEN: usize = 4096;

/// Remembers by a hash of sender and identifier, whose key is this process's own.
#[derive(Debug, Default)]
pub(crate) struct Seen {
    hasher: RandomState,
    known: HashSet<u64>,
    order: VecDeque<u64>,
}

impl Seen {
    pub(crate) fn has(&self, sender: &str, identifier: &str) -> bool {
        self.known.contains(&self.hash(sender, identifier))
    }

    pub(crate) fn remember(&mut self, sender: &str, identifier: &str) {
        let hash = self.hash(sender, identifier);
        if !self.known.insert(hash) {
            return;
        }
        self.order.push_back(hash);
        if self.order.len() > MAX_SEEN
            && let Some(oldest) = self.order.pop_front()
        {
            self.known.remove(&oldest);
        }
    }

    pub(crate) fn forget(&mut self, sender: &str, identifier: &str) {
        let hash = self.hash(sender, identifier);
        if self.known.remove(&hash) {
            self.order.retain(|known| *known != hash);
        }
    }

    fn hash(&self, sender: &str, identifier: &str) -> u64 {
        self.hasher.hash_one((sender, identifier))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_alert_is_known_by_sender_and_identifier() {
        let mut seen = Seen::default();
        seen.remember("a", "1");
        assert!(seen.has("a", "1"));
        assert!(!seen.has("a", "2") && !seen.has("b", "1") && !seen.has("", "a1"));
    }

    #[test]
    fn what_is_forgotten_is_new_again_and_leaves_no_place_taken() {
        let mut seen = Seen::default();
        ["1", "2"].into_iter().for_each(|identifier| seen.remember("a", identifier));
        seen.forget("a", "1");
        seen.forget("a", "never seen");
        assert!(!seen.has("a", "1") && seen.has("a", "2"));
        seen.remember("a", "1");
        assert_eq!((seen.known.len(), seen.order.len()), (2, 2));
    }

    #[test]
    fn the_memory_is_bounded_and_forgets_the_oldest() {
        let mut seen = Seen::default();
        (0..=MAX_SEEN).for_each(|n| seen.remember("a", &n.to_string()));
        seen.remember("a", "1");
        assert!(!seen.has("a", "0") && seen.has("a", "1") && seen.has("a", &MAX_SEEN.to_string()));
        assert_eq!((seen.known.len(), seen.order.len()), (MAX_SEEN, MAX_SEEN));
    }
}
