//! How long to wait before the next attempt. Pure: randomness comes in as a number.

use std::time::Duration;

/// An exponential back-off with full jitter, so that messages that failed together do not come back together.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Backoff {
    /// The upper end of the first wait.
    pub base: Duration,
    /// The upper end of every later wait.
    pub cap: Duration,
}

impl Default for Backoff {
    fn default() -> Self {
        Self { base: Duration::from_secs(1), cap: Duration::from_secs(60) }
    }
}

impl Backoff {
    /// A wait between nothing and `base * 2^(attempt - 1)`, but never more than `cap`. `attempt` counts from 1, `random` is
    /// in `[0, 1)`; what lies outside counts as the nearest end.
    pub fn wait(&self, attempt: u32, random: f64) -> Duration {
        let doublings = attempt.saturating_sub(1).min(31);
        let ceiling = self.base.saturating_mul(1_u32 << doublings).min(self.cap);
        let share = if random.is_finite() { random.clamp(0.0, 1.0) } else { 1.0 };
        ceiling.mul_f64(share)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const SECOND: Duration = Duration::from_secs(1);

    #[test]
    fn the_ceiling_doubles_with_each_attempt_up_to_the_cap() {
        let backoff = Backoff { base: SECOND, cap: 10 * SECOND };
        let ceilings: Vec<u64> = (1..=6).map(|attempt| backoff.wait(attempt, 1.0).as_secs()).collect();
        assert_eq!(ceilings, [1, 2, 4, 8, 10, 10]);
    }

    #[test]
    fn the_jitter_reaches_down_to_nothing() {
        assert_eq!(Backoff::default().wait(5, 0.0), Duration::ZERO);
    }

    proptest! {
        #[test]
        fn whatever_comes_in_the_wait_is_within_bounds(attempt: u32, random: f64, base in 0_u64..1_000_000, cap in 0_u64..1_000_000) {
            let backoff = Backoff { base: Duration::from_millis(base), cap: Duration::from_millis(cap) };
            prop_assert!(backoff.wait(attempt, random) <= backoff.cap);
        }
    }
}
