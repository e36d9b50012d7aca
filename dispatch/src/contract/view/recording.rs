//! Recordings of calls.

use crate::id::CallId;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct RecordingView {
    pub call: CallId,
    pub started_at: Timestamp,
    /// `None` while the call is being recorded.
    pub sealed: Option<SealView>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct SealView {
    pub sealed_at: Timestamp,
    pub duration_ms: u64,
    /// Hexadecimal SHA-256 of the WAV file.
    pub sha256: String,
    /// Whether the recording was cut short by a crash and repaired.
    pub repaired: bool,
}
