//! When calls begin: evenly, and never sooner than asked for. What was due while nobody looked is due at once.

use std::time::{Duration, Instant};

#[derive(Debug, Clone)]
pub struct Schedule {
    start: Instant,
    per_second: f64,
    total: u32,
    begun: u32,
}

impl Schedule {
    pub fn new(start: Instant, per_second: u32, total: u32) -> Self {
        Self { start, per_second: f64::from(per_second.max(1)), total, begun: 0 }
    }

    /// The numbers of the calls that are due and were not told before.
    pub fn due(&mut self, now: Instant) -> std::ops::Range<u32> {
        let elapsed = now.saturating_duration_since(self.start).as_secs_f64();
        let due = ((elapsed * self.per_second) as u32).saturating_add(1).min(self.total);
        let from = self.begun;
        self.begun = due.max(from);
        from..self.begun
    }

    pub fn is_over(&self) -> bool {
        self.begun == self.total
    }

    /// How long all of it takes.
    pub fn length(&self) -> Duration {
        Duration::from_secs_f64(f64::from(self.total) / self.per_second)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock;

    #[test]
    fn calls_are_spread_evenly_and_each_is_told_once() {
        let start = clock::instant();
        let ms = |n| start + Duration::from_millis(n);
        let mut schedule = Schedule::new(start, 100, 10);
        assert_eq!(schedule.due(ms(0)), 0..1);
        assert_eq!(schedule.due(ms(9)), 1..1);
        assert_eq!(schedule.due(ms(10)), 1..2);
        assert_eq!(schedule.due(ms(45)), 2..5);
        assert!(!schedule.is_over());
        assert_eq!(schedule.due(ms(9_000)), 5..10);
        assert_eq!(schedule.due(ms(9_001)), 10..10);
        assert!(schedule.is_over());
        assert_eq!(schedule.length(), Duration::from_millis(100));
    }
}
