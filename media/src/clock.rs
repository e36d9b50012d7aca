//! The one door through which time and randomness enter this crate.
#![allow(clippy::disallowed_methods)]

use std::time::{Duration, Instant};

/// The monotonic time now.
pub(crate) fn now() -> Instant {
    Instant::now()
}

/// Unpredictable bits, for SSRCs and first sequence numbers and timestamps (RFC 3550 section 5.1).
pub(crate) fn random() -> u64 {
    let bits = uuid::Uuid::new_v4().as_u128();
    // The version and variant bits of a UUID are fixed; folding the halves together leaves every bit random.
    (bits as u64) ^ ((bits >> 64) as u64)
}

/// A duration in samples of the 8 kHz clock.
pub(crate) fn samples(duration: Duration) -> i64 {
    i64::try_from(duration.as_micros() / 125).unwrap_or(i64::MAX)
}
