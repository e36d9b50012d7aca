//! The words of the footage half: ids, sources, holds, and what callers get.

use bytes::Bytes;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use std::{fmt, io};
use tokio::sync::mpsc;
use uuid::Uuid;

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct CameraId(pub Uuid);

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct FootageId(pub Uuid);

impl fmt::Display for CameraId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl fmt::Display for FootageId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// Where a camera is reached. Credentials stand apart from the address, which never carries any.
#[derive(Clone, PartialEq, Eq)]
pub struct Source {
    pub camera: CameraId,
    /// `rtsp://host:port/path`
    pub url: String,
    pub username: Option<String>,
    pub password: Option<String>,
}

impl fmt::Debug for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Source").field("camera", &self.camera).finish_non_exhaustive()
    }
}

/// What a camera's recorder is doing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum State {
    /// Frames are arriving and being kept.
    Recording,
    Connecting,
    /// No pictures, or none that reach the disk; `why` says what was last seen and what to do. Tried again all the while.
    Failing {
        why: String,
    },
}

/// A range of a camera's footage that is kept past retention. Part of it may lie in the future.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Hold {
    pub footage: FootageId,
    pub camera: CameraId,
    pub from: Timestamp,
    pub to: Timestamp,
}

/// What of a hold is on disk.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Index {
    /// RFC 6381 codec string; `None` until the first segment.
    pub codec: Option<String>,
    pub segments: Vec<IndexEntry>,
    /// Whether segments may still be added.
    pub growing: bool,
    /// The camera's clock less the server's, where the camera told its own.
    pub camera_clock_offset_ms: Option<i64>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct IndexEntry {
    /// Stable, ascending in time.
    pub n: u64,
    pub start: Timestamp,
    pub duration_ms: u64,
}

/// A camera's live pictures as fragmented MP4.
#[derive(Debug)]
pub struct LiveVideo {
    /// RFC 6381 codec string.
    pub codec: String,
    pub init: Bytes,
    /// Each begins with `moof`, the first with a key frame; the time line starts at zero. Closed when the camera fails, changes
    /// its picture format, or the viewer does not keep up: watch again.
    pub fragments: mpsc::Receiver<Bytes>,
}

#[derive(Debug, thiserror::Error)]
pub enum FootageError {
    /// No such footage, segment or camera, or nothing of it is on disk.
    #[error("nothing is kept under this name")]
    NotFound,
    /// The camera sends no pictures now.
    #[error("the camera sends no pictures: {0}")]
    CameraDown(String),
    /// Too many viewers, exports or holds at once.
    #[error("too many at once; close another picture first")]
    Busy,
    /// The range ends before it begins or is longer than a day.
    #[error("footage is kept from a beginning to a later end, a day at most")]
    BadRange,
    /// The disk or a file failed.
    #[error("the footage cannot be read or written")]
    Disk(#[from] io::Error),
    /// A segment is not what this crate writes: the file was damaged.
    #[error("a segment of the footage is damaged")]
    Damaged(String),
    /// The recorder was shut down.
    #[error("the recorder has been shut down")]
    Closed,
}
