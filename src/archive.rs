//! The recordings as `dispatch` and `web` see them: the `Archive` port on top of the crate `recordings`.

use crate::config::Config;
use crate::taps;
use anyhow::Context;
use async_trait::async_trait;
use bytes::Bytes;
use dispatch::contract::{
    Archive, ArchiveError, CameraSource, CameraState, Event, FootageHold, FootageIndex, FootageSegment, LiveVideo,
};
use dispatch::contract::{Audience, Live};
use dispatch::desk::{Desk, DeskError, Entry};
use dispatch::id::{CallId, CameraId, FootageId};
use recordings::audio::{AudioEvent, AudioItem, AudioStore, Bounds, Found};
use recordings::footage::{self, Footage, FootageError, Settings};
use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::mpsc::SyncSender;
use std::time::Duration;
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

/// How often the consoles are told of cameras that failed or came back.
const CAMERA_LOOK: Duration = Duration::from_secs(2);

pub struct RecordingArchive {
    directory: PathBuf,
    audio: AudioStore,
    footage: Footage,
}

/// A recorder at work.
pub struct Started {
    pub archive: RecordingArchive,
    pub audio: mpsc::Receiver<AudioEvent>,
    /// What a crash had cut short and is whole again, for the journal.
    pub repaired: Vec<Entry>,
}

impl RecordingArchive {
    /// Repairs what a crash left, and starts to record. The database is not needed.
    pub async fn start(config: &Config) -> anyhow::Result<Started> {
        let directory = config.recordings.directory.clone();
        let name = directory.display().to_string();
        let made = directory.clone();
        let recovered = tokio::task::spawn_blocking(move || {
            std::fs::create_dir_all(&made)?;
            recordings::audio::recover(&made)
        })
        .await?
        .with_context(|| {
            format!("setting `recordings.directory`: {name} cannot be used; name a directory that siaga may write")
        })?;
        let mut repaired = Vec::new();
        for recovered in recovered {
            match recovered.outcome {
                Ok(sealed) => {
                    tracing::warn!(call = %recovered.call, "a recording that was cut short has been repaired");
                    repaired.push(taps::sealed_entry(&sealed));
                }
                Err(error) => {
                    tracing::error!(call = %recovered.call, %error, "a recording that was cut short cannot be repaired")
                }
            }
        }
        let (audio, events) = AudioStore::start(directory.clone(), Bounds::default())?;
        let settings = Settings {
            ring_age: Duration::from_secs(u64::from(config.cctv.ring_minutes) * 60),
            ring_bytes: config.cctv.ring_gigabytes << 30,
            ..Settings::default()
        };
        let footage = Footage::start(directory.clone(), settings).await?;
        Ok(Started { archive: Self { directory, audio, footage }, audio: events, repaired })
    }

    /// Where the taps deliver.
    pub fn audio_sender(&self) -> SyncSender<AudioItem> {
        self.audio.sender()
    }

    /// Reads the list of cameras again.
    pub async fn reload_cameras(&self, desk: &Desk) -> Result<(), DeskError> {
        self.cameras_changed(desk.camera_sources().await?).await;
        Ok(())
    }

    /// Tells the consoles whenever a camera fails or comes back.
    pub fn follow_cameras(&self, desk: Desk, stop: CancellationToken) {
        let footage = self.footage.clone();
        tokio::spawn(async move {
            let mut told: HashMap<CameraId, CameraState> = HashMap::new();
            while stop.run_until_cancelled(tokio::time::sleep(CAMERA_LOOK)).await.is_some() {
                let states: HashMap<_, _> = states(&footage).into_iter().collect();
                for (camera, state) in &states {
                    if told.get(camera) != Some(state) {
                        let event = Event::Camera { camera: *camera, state: state.clone() };
                        desk.live().publish(Live { audience: Audience::Everyone, event });
                    }
                }
                told = states;
            }
        });
    }

    /// A crash after a seal and before the journal wrote it leaves a sealed file that the database does not know.
    pub async fn tell_missed_seals(&self, desk: &Desk) -> Result<(), DeskError> {
        desk.journal().flush().await;
        for call in desk.unsealed_recordings().await? {
            let audio = self.audio.clone();
            match tokio::task::spawn_blocking(move || audio.find(call.0)).await {
                Ok(Ok(Some(Found::Sealed(sealed)))) => desk.journal().record(taps::sealed_entry(&sealed)),
                Ok(Ok(Some(Found::Growing))) => {
                    tracing::warn!(%call, "a recording of an earlier run is not sealed; the next start tries again")
                }
                Ok(Ok(None)) => tracing::error!(%call, "a recording that had begun is not on the disk"),
                Ok(Err(error)) => tracing::error!(%call, %error, "a recording cannot be looked for"),
                Err(error) => tracing::error!(%call, %error, "a recording could not be looked for"),
            }
        }
        Ok(())
    }

    /// Whether the disk takes a new file.
    pub async fn can_write(&self) -> bool {
        let probe = self.directory.join(format!(".writable-{}", crate::clock::new_id()));
        tokio::task::spawn_blocking(move || std::fs::write(&probe, b"112").and_then(|()| std::fs::remove_file(&probe)).is_ok())
            .await
            .unwrap_or(false)
    }

    /// Seals the calls that were being recorded and ends the cameras' recorders.
    pub async fn close(&self) {
        let audio = self.audio.clone();
        let _ = tokio::task::spawn_blocking(move || audio.close()).await;
        self.footage.shut_down().await;
    }
}

#[async_trait]
impl Archive for RecordingArchive {
    async fn call_audio(&self, call: CallId) -> Result<PathBuf, ArchiveError> {
        let audio = self.audio.clone();
        let found = tokio::task::spawn_blocking(move || audio.find(call.0)).await.map_err(|_| ArchiveError::Busy)?;
        match found.map_err(ArchiveError::Disk)? {
            Some(Found::Sealed(sealed)) => Ok(sealed.path),
            Some(Found::Growing) => Err(ArchiveError::NotSealed),
            None => Err(ArchiveError::NotFound),
        }
    }

    async fn watch(&self, camera: CameraId) -> Result<LiveVideo, ArchiveError> {
        let video = self.footage.watch(footage::CameraId(camera.0)).map_err(refused)?;
        Ok(LiveVideo { codec: video.codec, init: video.init, fragments: video.fragments })
    }

    async fn hold_footage(&self, hold: FootageHold) -> Result<(), ArchiveError> {
        let hold = footage::Hold {
            footage: footage::FootageId(hold.footage.0),
            camera: footage::CameraId(hold.camera.0),
            from: hold.from,
            to: hold.to,
        };
        self.footage.hold(hold).await.map_err(refused)
    }

    async fn footage_index(&self, footage: FootageId) -> Result<FootageIndex, ArchiveError> {
        let index = self.footage.index(footage::FootageId(footage.0)).await.map_err(refused)?;
        let segments = index
            .segments
            .into_iter()
            .map(|segment| FootageSegment { n: segment.n, start: segment.start, duration_ms: segment.duration_ms })
            .collect();
        Ok(FootageIndex { codec: index.codec, segments, growing: index.growing })
    }

    async fn footage_segment(&self, footage: FootageId, n: u64) -> Result<Bytes, ArchiveError> {
        self.footage.segment(footage::FootageId(footage.0), n).await.map_err(refused)
    }

    async fn footage_mp4(&self, footage: FootageId) -> Result<PathBuf, ArchiveError> {
        self.footage.export_mp4(footage::FootageId(footage.0)).await.map_err(refused)
    }

    fn camera_states(&self) -> Vec<(CameraId, CameraState)> {
        states(&self.footage)
    }

    async fn cameras_changed(&self, cameras: Vec<CameraSource>) {
        let sources = cameras
            .into_iter()
            .map(|camera| footage::Source {
                camera: footage::CameraId(camera.id.0),
                url: camera.url,
                username: camera.username,
                password: camera.password,
            })
            .collect();
        self.footage.cameras_changed(sources).await;
    }
}

fn states(footage: &Footage) -> Vec<(CameraId, CameraState)> {
    let state = |state| match state {
        footage::State::Recording => CameraState::Recording,
        footage::State::Connecting => CameraState::Connecting,
        footage::State::Failing { why } => CameraState::Failing { why },
    };
    footage.states().into_iter().map(|(camera, now)| (CameraId(camera.0), state(now))).collect()
}

fn refused(error: FootageError) -> ArchiveError {
    match error {
        FootageError::NotFound | FootageError::BadRange => ArchiveError::NotFound,
        FootageError::CameraDown(why) => ArchiveError::CameraDown(why),
        FootageError::Busy | FootageError::Closed => ArchiveError::Busy,
        FootageError::Disk(error) => ArchiveError::Disk(error),
        FootageError::Damaged(what) => ArchiveError::Disk(std::io::Error::new(std::io::ErrorKind::InvalidData, what)),
    }
}
