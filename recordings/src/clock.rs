//! The only place of this crate that reads the clock or randomness; everywhere else time comes in as a parameter.
#![allow(clippy::disallowed_methods)]

use jiff::Timestamp;
use std::time::{Duration, Instant};
use uuid::Uuid;

pub fn now() -> Timestamp {
    Timestamp::now()
}

pub fn monotonic() -> Instant {
    Instant::now()
}

/// For deadlines of tokio's timers.
pub fn after(wait: Duration) -> tokio::time::Instant {
    tokio::time::Instant::now() + wait
}

/// Evenly spread in 0.0..1.0; for jitter only.
pub fn random_fraction() -> f64 {
    f64::from(Uuid::new_v4().as_fields().0) / (f64::from(u32::MAX) + 1.0)
}
