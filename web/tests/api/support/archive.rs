//! An archive of which the tests say what it holds.

use async_trait::async_trait;
use bytes::Bytes;
use dispatch::contract::*;
use dispatch::id::{CallId, CameraId, FootageId};
use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::Mutex;
use tokio::sync::mpsc;

pub struct PretendedArchive {
    directory: PathBuf,
    pub sources: Mutex<Vec<CameraSource>>,
    pub states: Mutex<HashMap<CameraId, CameraState>>,
    /// Pictures of each camera to come.
    pub pictures: Mutex<HashMap<CameraId, mpsc::Receiver<Bytes>>>,
    pub held: Mutex<Vec<FootageHold>>,
}

impl PretendedArchive {
    pub fn new(directory: PathBuf) -> Self {
        let (sources, states, pictures, held) = Default::default();
        Self { directory, sources, states, pictures, held }
    }

    /// Keeps this as the sealed audio of a call.
    pub fn seal(&self, call: CallId, bytes: &[u8]) {
        std::fs::write(self.directory.join(format!("{call}.wav")), bytes).unwrap();
    }
}

#[async_trait]
impl Archive for PretendedArchive {
    async fn call_audio(&self, call: CallId) -> Result<PathBuf, ArchiveError> {
        let path = self.directory.join(format!("{call}.wav"));
        if path.exists() { Ok(path) } else { Err(ArchiveError::NotSealed) }
    }

    async fn watch(&self, camera: CameraId) -> Result<LiveVideo, ArchiveError> {
        let fragments = self.pictures.lock().unwrap().remove(&camera).ok_or(ArchiveError::NotFound)?;
        Ok(LiveVideo { codec: "avc1.640028".into(), init: Bytes::from_static(b"init"), fragments })
    }

    async fn hold_footage(&self, hold: FootageHold) -> Result<(), ArchiveError> {
        self.held.lock().unwrap().push(hold);
        Ok(())
    }

    async fn footage_index(&self, _: FootageId) -> Result<FootageIndex, ArchiveError> {
        Ok(FootageIndex { codec: Some("avc1.640028".into()), segments: Vec::new(), growing: true })
    }

    async fn footage_segment(&self, _: FootageId, n: u64) -> Result<Bytes, ArchiveError> {
        if n == 7 { Ok(Bytes::from_static(b"segment seven")) } else { Err(ArchiveError::NotFound) }
    }

    async fn footage_mp4(&self, footage: FootageId) -> Result<PathBuf, ArchiveError> {
        let path = self.directory.join(format!("{footage}.mp4"));
        std::fs::write(&path, b"an MP4 file").map_err(ArchiveError::Disk)?;
        Ok(path)
    }

    fn camera_states(&self) -> Vec<(CameraId, CameraState)> {
        self.states.lock().unwrap().clone().into_iter().collect()
    }

    async fn cameras_changed(&self, cameras: Vec<CameraSource>) {
        *self.sources.lock().unwrap() = cameras;
    }
}
