//! What generated operators do with calls beside answering them: hold, transfer, consult, merge, hand over, hang up. Pure but for its counts.

use super::super::random::Random;
use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

/// The longest time between two deeds.
const LONGEST_MS: u32 = 4_000;

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Deed {
    Hold,
    Resume,
    Transfer,
    Consult,
    Merge,
    HandOver,
    HangUp,
}

pub const DEEDS: [Deed; 7] = [Deed::Hold, Deed::Resume, Deed::Transfer, Deed::Consult, Deed::Merge, Deed::HandOver, Deed::HangUp];

/// How often each deed was done, and how often it came too late: the call had ended or changed meanwhile.
#[derive(Debug, Default)]
pub struct Deeds {
    done: [AtomicU32; DEEDS.len()],
    late: AtomicU32,
}

impl Deeds {
    pub fn count(&self, deed: Deed) {
        if let Some(count) = self.done.get(deed as usize) {
            count.fetch_add(1, Ordering::Relaxed);
        }
    }

    pub fn count_late(&self) {
        self.late.fetch_add(1, Ordering::Relaxed);
    }

    pub fn done(&self, deed: Deed) -> u32 {
        self.done.get(deed as usize).map_or(0, |count| count.load(Ordering::Relaxed))
    }

    pub fn late(&self) -> u32 {
        self.late.load(Ordering::Relaxed)
    }
}

/// One operator's.
#[derive(Debug)]
pub struct Habits {
    random: Random,
    pub deeds: Arc<Deeds>,
}

impl Habits {
    pub fn new(seed: u64, deeds: Arc<Deeds>) -> Self {
        Self { random: Random::new(seed), deeds }
    }

    /// What is done with a call, each after the one before.
    pub fn plan(&mut self) -> VecDeque<(Duration, Deed)> {
        let deeds: &[Deed] = match self.random.up_to(5) {
            0 => &[],
            1 => &[Deed::Hold, Deed::Resume],
            2 => &[Deed::Transfer],
            3 => &[Deed::Consult, Deed::HandOver],
            _ => &[Deed::Consult, Deed::Merge, Deed::HandOver],
        };
        // What came too late leaves the call with this operator, who ends it.
        let all = deeds.iter().chain(&[Deed::HangUp]);
        all.map(|deed| (Duration::from_millis(self.random.up_to(LONGEST_MS).into()), *deed)).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_deed_comes_about_and_every_plan_ends_the_call() {
        let mut habits = Habits::new(112, Arc::default());
        let plans: Vec<_> = (0..200).map(|_| habits.plan()).collect();
        for deed in DEEDS {
            assert!(plans.iter().flatten().filter(|(_, planned)| *planned == deed).count() > 10, "{deed:?}");
        }
        assert!(plans.iter().all(|plan| plan.back().is_some_and(|(_, deed)| *deed == Deed::HangUp)));
    }
}
