//! The only door through which time and randomness enter this crate. Timers of a call are relative (`tokio::time::sleep`), so no more is needed.
#![allow(clippy::disallowed_methods)]

use crate::event::LegId;
use uuid::Uuid;

/// A new leg's id; sorted by time.
pub(crate) fn new_leg_id() -> LegId {
    LegId(Uuid::now_v7())
}
