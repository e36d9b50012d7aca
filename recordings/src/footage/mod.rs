//! CCTV footage: cameras recorded into a ring on disk, holds that outlive it, live pictures, and downloads.
//!
//! Each camera is a task of its own, one thread writes, and reading is left to tokio's blocking threads; call audio is touched
//! by none of them. See `docs/recordings.md` for the life cycle. Who may see what, and the audit of it, are not here.

mod backoff;
mod camera;
mod disk;
mod export;
#[cfg(test)]
mod fixture;
mod fmp4;
mod gop;
mod hold;
mod live;
mod ring;
mod segment_writer;
mod states;
mod supervisor;
mod track;
mod types;

pub use types::{CameraId, FootageError, FootageId, Hold, Index, IndexEntry, LiveVideo, Source, State};

use crate::clock;
use bytes::Bytes;
use camera::Patience;
use disk::{Command, Disk, DiskSettings};
use hold::HoldFile;
use jiff::Timestamp;
use live::{Live, Seats};
use states::States;
use std::{
    collections::HashMap,
    io,
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};
use supervisor::Supervisor;
use tokio::{
    sync::{Mutex, Semaphore, oneshot},
    task::JoinHandle,
};
use tokio_util::sync::CancellationToken;
use track::Track;

/// The longest range of a hold.
const LONGEST_HOLD: Duration = Duration::from_secs(24 * 3600);

/// `Settings::default()` is meant for the control room.
#[derive(Debug, Clone, Copy)]
pub struct Settings {
    /// Length of a segment; it ends with the first key frame after it.
    pub segment: Duration,
    pub connect_timeout: Duration,
    /// A camera that sends no frame for so long is failing.
    pub no_frame_timeout: Duration,
    pub no_key_frame_timeout: Duration,
    /// Footage older than this leaves the ring.
    pub ring_age: Duration,
    /// The ring never grows past this; holds are not counted.
    pub ring_bytes: u64,
    /// Viewers of live pictures, of all cameras together.
    pub viewers: usize,
    /// Downloads made at once.
    pub exports: usize,
    /// How often retention and holds are looked after.
    pub tick: Duration,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            segment: Duration::from_secs(10),
            connect_timeout: Duration::from_secs(5),
            no_frame_timeout: Duration::from_secs(5),
            no_key_frame_timeout: Duration::from_secs(30),
            ring_age: Duration::from_secs(3600),
            ring_bytes: 50 << 30,
            viewers: 64,
            exports: 2,
            tick: Duration::from_secs(2),
        }
    }
}

/// The directories cannot be used, or the thread cannot be started.
#[derive(Debug, thiserror::Error)]
#[error("the directory for footage cannot be used; check that it exists and may be written")]
pub struct StartError(#[from] io::Error);

/// The running recorder of all cameras. A cheap clone.
#[derive(Clone)]
pub struct Footage {
    shared: Arc<Shared>,
}

struct Shared {
    /// Where holds stand.
    kept: PathBuf,
    settings: Settings,
    disk: Disk,
    states: States,
    seats: Arc<Seats>,
    exports: Semaphore,
    cameras: Mutex<HashMap<CameraId, Running>>,
    /// Read by `watch`, apart from `cameras` so that no viewer waits for a camera that is being stopped.
    stages: std::sync::Mutex<HashMap<CameraId, Live>>,
    stop: CancellationToken,
}

struct Running {
    source: Source,
    stop: CancellationToken,
    task: JoinHandle<()>,
}

impl Footage {
    /// Finishes what a crash left, continues the holds, and is ready for cameras. Needs a tokio runtime with time and network.
    pub async fn start(directory: PathBuf, settings: Settings) -> Result<Self, StartError> {
        let (ring, kept) = (directory.join("ring"), directory.join("footage"));
        let age_ms = i64::try_from(settings.ring_age.as_millis()).unwrap_or(i64::MAX);
        let disk_settings =
            DiskSettings { segment: settings.segment, limits: ring::Limits { age_ms, bytes: settings.ring_bytes } };
        let states = States::default();
        let disk = Disk::start(ring, kept.clone(), disk_settings, states.clone()).await?;
        let stop = CancellationToken::new();
        tokio::spawn(tick(disk.clone(), settings.tick, stop.clone()));
        let shared = Shared {
            kept,
            settings,
            disk,
            states,
            seats: Seats::new(settings.viewers),
            exports: Semaphore::new(settings.exports),
            cameras: Mutex::default(),
            stages: std::sync::Mutex::default(),
            stop,
        };
        Ok(Self { shared: Arc::new(shared) })
    }

    /// Starts, stops and restarts cameras so that exactly these are recorded.
    pub async fn cameras_changed(&self, sources: Vec<Source>) {
        let shared = &self.shared;
        let mut running = shared.cameras.lock().await;
        if shared.stop.is_cancelled() {
            return;
        }
        let wanted: HashMap<CameraId, Source> = sources.into_iter().map(|s| (s.camera, s)).collect();
        let leaving: Vec<CameraId> =
            running.iter().filter(|(id, r)| wanted.get(id) != Some(&r.source)).map(|(id, _)| *id).collect();
        let stopped: Vec<Running> = leaving.iter().filter_map(|id| running.remove(id)).collect();
        end(stopped).await;
        leaving.iter().filter(|id| !wanted.contains_key(id)).for_each(|id| shared.forget(*id));
        for (camera, source) in wanted {
            if running.contains_key(&camera) {
                continue;
            }
            let live = Live::new(Arc::clone(&shared.seats));
            shared.stages().insert(camera, live.clone());
            let supervisor = Supervisor {
                source: source.clone(),
                patience: shared.patience(),
                states: shared.states.clone(),
                live,
                disk: shared.disk.clone(),
            };
            let stop = shared.stop.child_token();
            let task = tokio::spawn(supervisor.run(stop.clone()));
            running.insert(camera, Running { source, stop, task });
        }
    }

    /// What each camera's recorder is doing. Cameras that are not recorded are not named.
    pub fn states(&self) -> Vec<(CameraId, State)> {
        self.shared.states.all()
    }

    /// Live pictures of a camera, beginning with the key frame that is being shown.
    pub fn watch(&self, camera: CameraId) -> Result<LiveVideo, FootageError> {
        let live = self.shared.stages().get(&camera).cloned().ok_or(FootageError::NotFound)?;
        live.watch().unwrap_or_else(|| {
            Err(FootageError::CameraDown(match self.shared.states.get(camera) {
                Some(State::Failing { why }) => why,
                _ => "it is being connected".into(),
            }))
        })
    }

    /// Keeps a camera's footage of a range, part of which may lie in the future. When it returns, what there is is kept durably.
    /// Holding the same footage again changes nothing.
    pub async fn hold(&self, hold: Hold) -> Result<(), FootageError> {
        let length = hold.to.as_millisecond().saturating_sub(hold.from.as_millisecond());
        if length <= 0 || length.unsigned_abs() > LONGEST_HOLD.as_millis() as u64 {
            return Err(FootageError::BadRange);
        }
        self.ask(|done| Command::Hold { hold, done }).await
    }

    /// Ends a hold and removes what only it kept; `false` if there is none.
    pub async fn release(&self, footage: FootageId) -> Result<bool, FootageError> {
        self.ask(|done| Command::Release { footage, done }).await
    }

    /// What of a hold is on disk.
    pub async fn index(&self, footage: FootageId) -> Result<Index, FootageError> {
        let directory = hold::directory(&self.shared.kept, footage);
        blocking(move || index(&directory)).await
    }

    /// One segment by its number: an initialisation segment and its fragments, on a time line that starts at zero.
    pub async fn segment(&self, footage: FootageId, n: u64) -> Result<Bytes, FootageError> {
        let directory = hold::directory(&self.shared.kept, footage);
        blocking(move || {
            let spans = hold::spans(&directory)?;
            let span = spans.into_iter().find(|s| number(s.start_ms) == n).ok_or(FootageError::NotFound)?;
            export::read_segment(&directory, span).map(Bytes::from)
        })
        .await
    }

    /// The hold as one MP4 file, made when it is first asked for and again when segments came. The path is good for opening at once.
    pub async fn export_mp4(&self, footage: FootageId) -> Result<PathBuf, FootageError> {
        let directory = hold::directory(&self.shared.kept, footage);
        let _permit = self.shared.exports.try_acquire().map_err(|_| FootageError::Busy)?;
        blocking(move || export::export(&directory)).await
    }

    /// Stops every camera and finishes every segment.
    pub async fn shut_down(&self) {
        let shared = &self.shared;
        shared.stop.cancel();
        let running: Vec<Running> = shared.cameras.lock().await.drain().map(|(_, running)| running).collect();
        end(running).await;
        let (done, stopped) = oneshot::channel();
        shared.disk.send(Command::Stop { done }).await;
        let _ = stopped.await;
    }

    async fn ask<T>(&self, command: impl FnOnce(oneshot::Sender<Result<T, FootageError>>) -> Command) -> Result<T, FootageError> {
        let (done, answer) = oneshot::channel();
        self.shared.disk.send(command(done)).await;
        answer.await.unwrap_or(Err(FootageError::Closed))
    }
}

impl Shared {
    fn patience(&self) -> Patience {
        Patience {
            connect: self.settings.connect_timeout,
            frames: self.settings.no_frame_timeout,
            key_frames: self.settings.no_key_frame_timeout,
        }
    }

    fn stages(&self) -> std::sync::MutexGuard<'_, HashMap<CameraId, Live>> {
        self.stages.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
    }

    fn forget(&self, camera: CameraId) {
        self.stages().remove(&camera);
        self.states.remove(camera);
    }
}

/// Stops cameras together and waits until what they sent is on its way to disk.
async fn end(cameras: Vec<Running>) {
    cameras.iter().for_each(|camera| camera.stop.cancel());
    for camera in cameras {
        if camera.task.await.is_err() {
            tracing::error!(camera = %camera.source.camera, "a camera's recorder had failed before it was asked to end");
        }
    }
}

async fn tick(disk: Disk, every: Duration, stop: CancellationToken) {
    let mut interval = tokio::time::interval(every);
    interval.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    while stop.run_until_cancelled(interval.tick()).await.is_some() {
        // A thread too busy to take the tick gets the next one.
        let _ = disk.try_send(Command::Tick { now_ms: clock::now().as_millisecond() });
    }
}

async fn blocking<T: Send + 'static>(work: impl FnOnce() -> Result<T, FootageError> + Send + 'static) -> Result<T, FootageError> {
    tokio::task::spawn_blocking(work).await.unwrap_or(Err(FootageError::Closed))
}

fn index(directory: &Path) -> Result<Index, FootageError> {
    let file = HoldFile::read(directory).map_err(export::not_found)?;
    let spans = hold::spans(directory)?;
    let codec = match spans.first() {
        Some(first) => {
            let segment =
                fmp4::read(&export::read_segment(directory, *first)?).map_err(|e| FootageError::Damaged(format!("{e:?}")))?;
            Some(Track::new(segment.entry).map_err(|e| FootageError::Damaged(format!("{e:?}")))?.codec)
        }
        None => None,
    };
    let segments = spans
        .into_iter()
        .filter_map(|span| {
            let start = Timestamp::from_millisecond(span.start_ms).ok()?;
            Some(IndexEntry { n: number(span.start_ms), start, duration_ms: span.duration_ms })
        })
        .collect();
    Ok(Index { codec, segments, growing: !file.complete, camera_clock_offset_ms: file.camera_clock_offset_ms })
}

/// A segment's stable number: its start, which no other segment of the camera has.
fn number(start_ms: i64) -> u64 {
    start_ms.unsigned_abs()
}
