//! What time a console was told that it is, with everything else that counts from the server's clock. Pure.

use jiff::{SignedDuration, Timestamp};
use std::time::{Duration, Instant};

/// A clock that was set by less than this is right enough for whoever reads seconds.
const SET: Duration = Duration::from_secs(1);

/// Both clocks of the server at one moment.
#[derive(Debug, Clone, Copy)]
pub(super) struct Told {
    pub(super) at: Timestamp,
    read: Instant,
}

impl Told {
    pub(super) fn new(at: Timestamp, read: Instant) -> Self {
        Self { at, read }
    }

    /// Whether the system's clock was set between this moment and that one: since when somebody does something was told by the old time then.
    pub(super) fn was_set_until(&self, then: &Self) -> bool {
        let passed = then.read.saturating_duration_since(self.read);
        let passed = SignedDuration::try_from(passed).unwrap_or(SignedDuration::MAX);
        then.at.duration_since(self.at).saturating_sub(passed).unsigned_abs() >= SET
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_clock_that_runs_is_not_set_and_one_that_jumps_either_way_is() {
        let (at, read) = (Timestamp::UNIX_EPOCH, crate::clock::now());
        let told = Told::new(at, read);
        let later = |shown_ms: i64| Told::new(at + SignedDuration::from_millis(shown_ms), read + Duration::from_secs(10));
        assert!(!told.was_set_until(&later(10_000)));
        assert!(!told.was_set_until(&later(10_400)) && !told.was_set_until(&later(9_600)));
        assert!(told.was_set_until(&later(3_610_000)), "time came over the network at last");
        assert!(told.was_set_until(&later(-50_000)));
    }
}
