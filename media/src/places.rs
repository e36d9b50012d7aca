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
}

impl Places {
    pub fn new(threads: usize) -> Places {
        Places { legs: HashMap::new(), load: vec![0; threads.max(1)] }
    }

    /// Where a leg is, or an operator, or whom nobody knows.
    pub fn of(&self, leg: Uuid) -> usize {
        self.known(leg).unwrap_or(OPERATORS)
    }

    /// Where a trunk leg is, if it is open.
    pub fn known(&self, leg: Uuid) -> Option<usize> {
        self.legs.get(&leg).copied()
    }

    /// The thread for a new leg: where the leg `beside` is; else the one with the fewest, and of equals the one furthest from the operators.
    pub fn for_new(&self, leg: Uuid, beside: Uuid) -> usize {
        let free = || self.load.iter().enumerate().rev().min_by_key(|(_, load)| **load).map_or(OPERATORS, |(shard, _)| shard);
        self.known(leg).or_else(|| self.known(beside)).unwrap_or_else(free)
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

    /// Where the room of a call can be, and who has to go there. The room is where the call's leg is, or at `room` if that is
    /// closed. Whoever is no trunk leg is an operator, and what is where the operators are stays there.
    pub fn meeting(&self, call: Uuid, room: usize, members: impl Iterator<Item = Uuid>) -> (usize, Vec<Uuid>) {
        let at = |leg: Uuid| if leg == call { self.known(call).unwrap_or(room) } else { self.of(leg) };
        let legs: Vec<Uuid> = [call].into_iter().chain(members.filter(|leg| *leg != call)).collect();
        let home = if legs.iter().any(|leg| at(*leg) == OPERATORS) { OPERATORS } else { at(call) };
        (home, legs.into_iter().filter(|leg| at(*leg) != home).collect())
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
            places.put(id(n), places.for_new(id(n), id(n)));
        }
        assert_eq!(places.load, [2, 2, 2]);
        assert_eq!(places.for_new(id(1), id(2)), places.of(id(1)), "one that is there stays there");
        let freed = places.of(id(4));
        places.remove(id(4));
        places.remove(id(4));
        assert_eq!(places.for_new(id(7), id(99)), freed);
        for other in 1..=3 {
            assert_eq!(places.for_new(id(7), id(other)), places.of(id(other)), "beside whom it will talk with");
        }
    }

    #[test]
    fn legs_meet_where_the_caller_is_or_where_the_operators_are() {
        let mut places = Places::new(3);
        for (leg, shard) in [(1, 1), (2, 2), (3, OPERATORS)] {
            places.put(id(leg), shard);
        }
        let meeting = |call, room, members: &[u128]| places.meeting(id(call), room, members.iter().copied().map(id));
        assert_eq!(meeting(1, 1, &[1, 2]), (1, vec![id(2)]));
        assert_eq!(meeting(1, 1, &[1, 99]), (OPERATORS, vec![id(1)]));
        assert_eq!(meeting(1, 1, &[1, 3]), (OPERATORS, vec![id(1)]));
        assert_eq!(meeting(1, 1, &[99, 2]), (OPERATORS, vec![id(1), id(2)]), "a held caller comes along");
        assert_eq!(meeting(3, OPERATORS, &[3, 99]), (OPERATORS, vec![]));
        assert_eq!(meeting(7, 2, &[2, 1]), (2, vec![id(1)]), "the caller has hung up, and the room is where it was");
        assert_eq!(meeting(7, 2, &[2, 99]), (OPERATORS, vec![id(7), id(2)]));
    }
}
