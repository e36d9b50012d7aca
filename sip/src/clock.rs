//! The only door through which time and randomness enter this crate.
#![allow(clippy::disallowed_methods)]

use crate::event::LegId;
use tokio::time::Instant;
use uuid::Uuid;

/// A new leg's id; sorted by time.
pub(crate) fn new_leg_id() -> LegId {
    LegId(Uuid::now_v7())
}

pub(crate) fn now() -> Instant {
    Instant::now()
}

pub(crate) fn random() -> u32 {
    Uuid::new_v4().as_fields().0
}

/// A text that was never used before.
pub(crate) fn nonce() -> String {
    Uuid::new_v4().simple().to_string()
}

/// Secret octets: a key with its salt.
pub(crate) fn secret<const LENGTH: usize>() -> Result<[u8; LENGTH], getrandom::Error> {
    let mut octets = [0; LENGTH];
    getrandom::fill(&mut octets)?;
    Ok(octets)
}
