//! The only door through which time and randomness enter this crate.
#![allow(clippy::disallowed_methods)]

use jiff::Timestamp;
use uuid::Uuid;

/// The time now, cut to the milliseconds that the store keeps, so that what was written reads back equal.
pub fn now() -> Timestamp {
    let now = Timestamp::now();
    Timestamp::from_millisecond(now.as_millisecond()).unwrap_or(now)
}

/// A new identity, ascending in time.
pub fn new_id() -> Uuid {
    Uuid::now_v7()
}

/// Bytes nobody can guess, for tokens.
///
/// # Errors
/// The operating system has no randomness to give; nothing that needs a secret can be done then.
pub fn secret<const N: usize>() -> Result<[u8; N], getrandom::Error> {
    let mut bytes = [0; N];
    getrandom::fill(&mut bytes)?;
    Ok(bytes)
}
