//! The only door by which time and randomness enter this crate.
#![allow(clippy::disallowed_methods)]

use std::time::Instant;

/// The monotonic clock, for limits and time-outs.
pub(crate) fn now() -> Instant {
    Instant::now()
}

/// A new id by which one request can be found in the log.
pub(crate) fn request_id() -> uuid::Uuid {
    uuid::Uuid::now_v7()
}
