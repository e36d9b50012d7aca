//! What `web` and `dispatch` need of the recordings on disk. The binary implements it; neither crate sees the other.

use super::view::{CameraState, FootageIndex};
use crate::id::*;
use async_trait::async_trait;
use bytes::Bytes;
use jiff::Timestamp;
use std::path::PathBuf;
use tokio::sync::mpsc;

/// The recordings, as far as the outside needs them.
#[async_trait]
pub trait Archive: Send + Sync + 'static {
    /// The sealed WAV file of a call.
    async fn call_audio(&self, call: CallId) -> Result<PathBuf, ArchiveError>;

    /// Live pictures of a camera. The receiver is bounded; a viewer that does not keep up is closed and may come back.
    async fn watch(&self, camera: CameraId) -> Result<LiveVideo, ArchiveError>;

    /// Keeps a camera's footage of a time range, part of which may lie in the future. Keeping the same id again changes nothing.
    async fn hold_footage(&self, hold: FootageHold) -> Result<(), ArchiveError>;

    async fn footage_index(&self, footage: FootageId) -> Result<FootageIndex, ArchiveError>;

    /// One segment: an initialisation segment followed by its media fragments (ISO BMFF), its own timeline starting at zero.
    async fn footage_segment(&self, footage: FootageId, n: u64) -> Result<Bytes, ArchiveError>;

    /// The footage as one MP4 file that starts playing before it is whole ("fast start").
    async fn footage_mp4(&self, footage: FootageId) -> Result<PathBuf, ArchiveError>;

    /// What each camera's recorder is doing.
    fn camera_states(&self) -> Vec<(CameraId, CameraState)>;

    /// The list of cameras changed: start, stop and restart recorders to match.
    async fn cameras_changed(&self, cameras: Vec<CameraSource>);
}

/// A camera's address, known only to the store and the recorder.
#[derive(Clone, PartialEq, Eq)]
pub struct CameraSource {
    pub id: CameraId,
    pub url: String,
    pub username: Option<String>,
    pub password: Option<String>,
}

impl std::fmt::Debug for CameraSource {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("CameraSource").field("id", &self.id).finish_non_exhaustive()
    }
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FootageHold {
    pub footage: FootageId,
    pub camera: CameraId,
    pub from: Timestamp,
    pub to: Timestamp,
}

/// A camera's live pictures as fragmented MP4.
#[derive(Debug)]
pub struct LiveVideo {
    /// RFC 6381 codec string.
    pub codec: String,
    /// The initialisation segment.
    pub init: Bytes,
    /// Media fragments, each beginning with `moof`; the first begins with a key frame.
    pub fragments: mpsc::Receiver<Bytes>,
}

#[derive(Debug, thiserror::Error)]
pub enum ArchiveError {
    /// No such recording, footage or camera, or nothing of it is on disk.
    #[error("nothing is kept under this name")]
    NotFound,
    /// The recording is still growing and is not served yet.
    #[error("the call is still being recorded; try again after it has ended")]
    NotSealed,
    /// The camera sends no pictures now.
    #[error("the camera sends no pictures: {0}")]
    CameraDown(String),
    /// Too many viewers or exports at once.
    #[error("too many viewers at once; close another picture first")]
    Busy,
    /// The disk or a file failed.
    #[error("the recording cannot be read")]
    Disk(#[source] std::io::Error),
}
