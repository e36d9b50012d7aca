//! Recordings that hold footage in a list, or fail when told to.

use async_trait::async_trait;
use bytes::Bytes;
use dispatch::contract::*;
use dispatch::id::*;
use std::path::PathBuf;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};

#[derive(Default)]
pub struct FakeArchive {
    pub fails: AtomicBool,
    /// Nothing is ever answered, as by a disk that is stuck.
    pub hangs: AtomicBool,
    pub holds: Mutex<Vec<FootageHold>>,
    pub sources: Mutex<Vec<CameraSource>>,
}

impl FakeArchive {
    pub fn holds(&self) -> Vec<FootageHold> {
        self.holds.lock().unwrap().clone()
    }
}

#[async_trait]
impl Archive for FakeArchive {
    async fn call_audio(&self, _: CallId) -> Result<PathBuf, ArchiveError> {
        Err(ArchiveError::NotFound)
    }

    async fn watch(&self, _: CameraId) -> Result<LiveVideo, ArchiveError> {
        Err(ArchiveError::NotFound)
    }

    async fn hold_footage(&self, hold: FootageHold) -> Result<(), ArchiveError> {
        if self.hangs.load(Ordering::SeqCst) {
            std::future::pending::<()>().await;
        }
        if self.fails.load(Ordering::SeqCst) {
            return Err(ArchiveError::Busy);
        }
        self.holds.lock().unwrap().push(hold);
        Ok(())
    }

    async fn footage_index(&self, _: FootageId) -> Result<FootageIndex, ArchiveError> {
        Err(ArchiveError::NotFound)
    }

    async fn footage_segment(&self, _: FootageId, _: u64) -> Result<Bytes, ArchiveError> {
        Err(ArchiveError::NotFound)
    }

    async fn footage_mp4(&self, _: FootageId) -> Result<PathBuf, ArchiveError> {
        Err(ArchiveError::NotFound)
    }

    fn camera_states(&self) -> Vec<(CameraId, CameraState)> {
        self.sources.lock().unwrap().iter().map(|source| (source.id, CameraState::Recording)).collect()
    }

    async fn cameras_changed(&self, cameras: Vec<CameraSource>) {
        *self.sources.lock().unwrap() = cameras;
    }
}
