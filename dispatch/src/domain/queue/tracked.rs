//! A map that knows which of its entries may have changed, so that of a thousand calls only those are shown again that an event was about.

use std::collections::btree_map::Values;
use std::collections::{BTreeMap, BTreeSet};

#[derive(Debug)]
pub(super) struct Tracked<K, V> {
    entries: BTreeMap<K, V>,
    touched: BTreeSet<K>,
}

impl<K: Ord + Copy, V> Tracked<K, V> {
    pub fn new() -> Self {
        Self { entries: BTreeMap::new(), touched: BTreeSet::new() }
    }

    pub fn get(&self, key: &K) -> Option<&V> {
        self.entries.get(key)
    }

    /// Whoever asks for it so is taken to change it.
    pub fn get_mut(&mut self, key: &K) -> Option<&mut V> {
        let found = self.entries.get_mut(key)?;
        self.touched.insert(*key);
        Some(found)
    }

    pub fn contains_key(&self, key: &K) -> bool {
        self.entries.contains_key(key)
    }

    pub fn insert(&mut self, key: K, value: V) {
        self.touched.insert(key);
        self.entries.insert(key, value);
    }

    pub fn remove(&mut self, key: &K) -> Option<V> {
        self.touched.remove(key);
        self.entries.remove(key)
    }

    pub fn values(&self) -> Values<'_, K, V> {
        self.entries.values()
    }

    /// Those that may have changed since this was asked last, in the order of their keys.
    pub fn take_touched(&mut self) -> impl Iterator<Item = &V> {
        let touched = std::mem::take(&mut self.touched);
        touched.into_iter().filter_map(|key| self.entries.get(&key))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_may_have_changed_is_told_once_and_what_is_gone_never() {
        let mut map = Tracked::new();
        for key in [3, 1, 2] {
            map.insert(key, key * 10);
        }
        assert_eq!(map.take_touched().copied().collect::<Vec<_>>(), [10, 20, 30]);
        assert_eq!(map.take_touched().count(), 0);
        map.get(&1);
        map.get_mut(&9);
        if let Some(value) = map.get_mut(&2) {
            *value = 21;
        }
        map.get_mut(&3);
        map.remove(&3);
        assert_eq!(map.take_touched().copied().collect::<Vec<_>>(), [21]);
    }
}
