//! Cameras and what they recorded.

use super::Position;
use crate::id::{CameraId, FootageId, IncidentId};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct CameraView {
    pub id: CameraId,
    pub name: String,
    pub position: Position,
    pub active: bool,
    pub state: CameraState,
    /// Metres from the place asked about, in answers to a search.
    pub distance_m: Option<f64>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(tag = "state", rename_all = "snake_case")]
pub enum CameraState {
    /// Frames are arriving and being kept.
    Recording,
    Connecting,
    /// No frames; `why` says what was last seen.
    Failing {
        why: String,
    },
    Off,
}

/// A camera as an administrator writes it. The address is never given back by the API.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct SaveCamera {
    pub name: String,
    pub position: Position,
    /// `rtsp://host:port/path` without credentials; `None` keeps the stored one.
    pub url: Option<String>,
    pub username: Option<String>,
    pub password: Option<String>,
    pub active: bool,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct FootageView {
    pub id: FootageId,
    pub incident: IncidentId,
    pub camera: CameraId,
    pub camera_name: String,
    pub distance_m: f64,
    pub from: Timestamp,
    pub to: Timestamp,
}

/// What of a footage range is on disk, for a player.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct FootageIndex {
    /// RFC 6381 codec string for Media Source Extensions, `avc1.640028`; `None` until the first segment.
    pub codec: Option<String>,
    pub segments: Vec<FootageSegment>,
    /// Whether footage is still being added.
    pub growing: bool,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct FootageSegment {
    /// Stable number of the segment, ascending in time.
    pub n: u64,
    pub start: Timestamp,
    pub duration_ms: u64,
}
