//! The binary's only door to time and randomness.
#![allow(clippy::disallowed_methods)]

use jiff::{SignedDuration, Timestamp};
use std::sync::OnceLock;
use std::time::Instant;
use uuid::Uuid;

static START: OnceLock<(Instant, Timestamp)> = OnceLock::new();

/// The time of day for timers of calls: it starts from the system's clock and from then on only runs forward, so that a
/// step of the system's clock neither ends a ring early nor keeps a call waiting.
pub fn steady() -> Timestamp {
    let (instant, timestamp) = START.get_or_init(|| (Instant::now(), Timestamp::now()));
    let elapsed = SignedDuration::try_from(instant.elapsed()).unwrap_or(SignedDuration::ZERO);
    timestamp.checked_add(elapsed).unwrap_or(*timestamp)
}

/// The system's time of day.
pub fn now() -> Timestamp {
    Timestamp::now()
}

/// How far the system's clock was set since the start. A time of `steady` is the time of day with this added: without it the console
/// would count from a time that was never on any clock.
pub fn set_by() -> SignedDuration {
    now().duration_since(steady())
}

/// The monotonic clock, for what is measured.
pub fn instant() -> Instant {
    Instant::now()
}

/// The clock by which tasks wait; it runs as fast as a test wants.
pub fn timer_now() -> tokio::time::Instant {
    tokio::time::Instant::now()
}

/// A new id, ascending with time.
pub fn new_id() -> Uuid {
    Uuid::now_v7()
}
