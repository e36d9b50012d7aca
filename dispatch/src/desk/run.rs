//! What began in this run of the server: the rest that stands open in the database was left by an earlier one. The time of day alone cannot say
//! so, for a machine may start with its clock behind, and be put right while calls are up.

use jiff::Timestamp;
use std::collections::HashSet;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use uuid::Uuid;

/// More than begins while a database is away. Past that the time of day has to do for the rest.
const REMEMBERED: usize = 100_000;

/// A cheap clone.
#[derive(Clone)]
pub(super) struct Run {
    started_at: Timestamp,
    begun: Arc<Mutex<Begun>>,
}

#[derive(Default)]
struct Begun {
    /// Calls and alarms, by their ids.
    ids: HashSet<Uuid>,
    is_full: bool,
    /// What earlier runs left is taken up: there is nothing to tell apart any more.
    is_over: bool,
}

impl Run {
    pub fn new(started_at: Timestamp) -> Self {
        Self { started_at, begun: Arc::default() }
    }

    fn lock(&self) -> MutexGuard<'_, Begun> {
        // Each statement leaves it whole.
        self.begun.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// To be told before anything of it can be in the database.
    pub fn began(&self, id: Uuid) {
        let mut begun = self.lock();
        if begun.is_over {
            return;
        }
        if begun.ids.len() < REMEMBERED {
            begun.ids.insert(id);
        } else {
            begun.is_full = true;
            metrics::counter!("siaga_beginnings_forgotten_total").increment(1);
        }
    }

    /// Whether what stands in the database, as of this moment, was left by an earlier run.
    pub fn is_earlier(&self, id: Uuid, at: Timestamp) -> bool {
        let begun = self.lock();
        !begun.is_over && !begun.ids.contains(&id) && (!begun.is_full || at < self.started_at)
    }

    /// Nothing of an earlier run is left.
    pub fn nothing_is_left(&self) {
        *self.lock() = Begun { is_over: true, ..Begun::default() };
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(1_800_000_000 + second).unwrap()
    }

    #[test]
    fn what_began_here_is_not_of_an_earlier_run_whatever_the_clock_says() {
        let run = Run::new(at(0));
        let (ours, theirs) = (Uuid::from_u128(1), Uuid::from_u128(2));
        run.began(ours);
        for second in [-3_600, 3_600] {
            assert_eq!([ours, theirs].map(|id| run.is_earlier(id, at(second))), [false, true]);
        }
        run.nothing_is_left();
        assert!(!run.is_earlier(theirs, at(-3_600)));
    }

    #[test]
    fn memory_is_bounded_and_what_it_does_not_hold_is_judged_by_the_time_of_day() {
        let run = Run::new(at(0));
        (0..=REMEMBERED as u128).for_each(|n| run.began(Uuid::from_u128(n)));
        assert_eq!(run.lock().ids.len(), REMEMBERED);
        assert!(!run.is_earlier(Uuid::from_u128(0), at(-1)), "this one is known");
        let unknown = Uuid::from_u128(u128::MAX);
        assert_eq!([-1, 1].map(|second| run.is_earlier(unknown, at(second))), [true, false]);
    }
}
