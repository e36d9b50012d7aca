//! The only door by which time and randomness enter this crate.
#![allow(clippy::disallowed_methods)]

use jiff::Timestamp;
use std::time::Instant;

/// The monotonic clock, for limits and time-outs.
pub(crate) fn now() -> Instant {
    Instant::now()
}

/// The system's time of day, for consoles whose own clock may be wrong.
pub(crate) fn time_of_day() -> Timestamp {
    Timestamp::now()
}

/// A new id by which one request can be found in the log.
pub(crate) fn request_id() -> uuid::Uuid {
    uuid::Uuid::now_v7()
}
