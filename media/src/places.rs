//! Which media thread has which trunk leg. Operators are all on the first one, where their one port is received.

use std::collections::HashMap;
use uuid::Uuid;

/// The thread of all operators, and of every leg that talks with one.
pub(crate) const OPERATORS: usize = 0;

#[derive(Debug)]
pub(crate) struct Places {
    legs: HashMap<Uuid, usize>,
    /// Legs on each thread.
    load: Vec<usize>,
    /// Legs are on their way from one thread to another: nobody is told where they are until they have arrived.
    pub moving: bool,
}

impl Places {
    pub fn new(threads: usize) -> Places {
        Places { legs: HashMap::new(), load: vec![0; threads.max(1)], moving: false }
    }

    /// Where a leg is, or an operator, or whom nobody knows.
    pub fn of(&self, leg: Uuid) -> usize {
        self.legs.get(&leg).copied().unwrap_or(OPERATORS)
    }

    /// The thread for a new leg: the one with the fewest; of equals the one furthest from the operators.
    pub fn for_new(&self, leg: Uuid) -> usize {
        let free = || self.load.iter().enumerate().rev().min_by_key(|(_, load)| **load).map_or(OPERATORS, |(shard, _)| shard);
        self.legs.get(&leg).copied().unwrap_or_else(free)
    }

    pub fn put(&mut self, leg: Uuid, shard: usize) {
        self.remove(leg);
        self.legs.insert(leg, shard);
        if let Some(load) = self.load.get_mut(shard) {
            *load += 1;
        }
    }

    pub fn remove(&mut self, leg: Uuid) {
        if let Some(load) = self.legs.remove(&leg).and_then(|shard| self.load.get_mut(shard)) {
            *load = load.saturating_sub(1);
        }
    }

    /// Where all of these can meet, and which of them have to go there. Whoever is no trunk leg is an operator, and what
    /// talks with an operator stays.
    pub fn meeting(&self, legs: &[Uuid]) -> (usize, Vec<Uuid>) {
        let home = match legs.first() {
            Some(first) if legs.iter().all(|leg| self.of(*leg) != OPERATORS) => self.of(*first),
            _ => OPERATORS,
        };
        (home, legs.iter().copied().filter(|leg| self.of(*leg) != home && self.legs.contains_key(leg)).collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn id(n: u128) -> Uuid {
        Uuid::from_u128(n)
    }

    #[test]
    fn new_legs_are_spread_and_leave_room_again() {
        let mut places = Places::new(3);
        for n in 1..=6 {
            places.put(id(n), places.for_new(id(n)));
        }
        assert_eq!(places.load, [2, 2, 2]);
        assert_eq!(places.for_new(id(1)), places.of(id(1)), "one that is there stays there");
        let freed = places.of(id(4));
        places.remove(id(4));
        places.remove(id(4));
        assert_eq!(places.for_new(id(7)), freed);
    }

    #[test]
    fn legs_meet_where_the_first_one_is_or_where_the_operators_are() {
        let mut places = Places::new(3);
        for (leg, shard) in [(1, 1), (2, 2), (3, OPERATORS)] {
            places.put(id(leg), shard);
        }
        assert_eq!(places.meeting(&[id(1), id(2)]), (1, vec![id(2)]));
        assert_eq!(places.meeting(&[id(1), id(99)]), (OPERATORS, vec![id(1)]));
        assert_eq!(places.meeting(&[id(1), id(3)]), (OPERATORS, vec![id(1)]));
        assert_eq!(places.meeting(&[id(3), id(99)]), (OPERATORS, vec![]));
    }
}
