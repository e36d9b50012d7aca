//! When to ping a socket and when to give it up. Pure.

use std::time::{Duration, Instant};

pub(super) const PING_EVERY: Duration = Duration::from_secs(10);
/// Two pings and a half without any sign of life.
const GIVE_UP_AFTER: Duration = Duration::from_secs(25);

/// What to do at a tick.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Beat {
    Ping,
    GiveUp,
}

/// Remembers when the other side was last heard.
#[derive(Debug)]
pub(super) struct Heartbeat {
    heard_at: Instant,
}

impl Heartbeat {
    pub(super) fn new(now: Instant) -> Self {
        Self { heard_at: now }
    }

    /// Anything came from the other side.
    pub(super) fn heard(&mut self, now: Instant) {
        self.heard_at = now;
    }

    pub(super) fn tick(&self, now: Instant) -> Beat {
        if now.saturating_duration_since(self.heard_at) >= GIVE_UP_AFTER { Beat::GiveUp } else { Beat::Ping }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_browser_that_answers_stays_and_a_silent_one_is_given_up_at_the_third_tick() {
        let t0 = crate::clock::now();
        let mut heartbeat = Heartbeat::new(t0);
        assert_eq!(heartbeat.tick(t0 + PING_EVERY), Beat::Ping);
        heartbeat.heard(t0 + PING_EVERY);
        assert_eq!(heartbeat.tick(t0 + 2 * PING_EVERY), Beat::Ping);
        assert_eq!(heartbeat.tick(t0 + 3 * PING_EVERY), Beat::Ping);
        assert_eq!(heartbeat.tick(t0 + 4 * PING_EVERY), Beat::GiveUp);
    }
}
