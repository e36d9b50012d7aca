//! Call audio: one growing stereo WAV per call, sealed with a SHA-256 when the call ends.
//!
//! One thread writes for all calls, one syncs, one seals; whoever sends frames never waits for any of them. See
//! `docs/recordings.md` for the life cycle. Playback, access rights and audit are not here.

mod aligner;
mod layout;
mod recording;
mod recover;
mod seal;
mod sealer;
mod sync;
mod wav_file;
mod writer;

pub use aligner::{Aligner, Counts, Limits, Placed, Samples, Side};
pub use layout::path_of;
pub use recover::{Recovered, recover};
pub use seal::{Gaps, Sealed};

use crate::{files, threads};
use jiff::Timestamp;
use std::{
    io,
    path::{Path, PathBuf},
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, Ordering},
        mpsc::{SyncSender, sync_channel},
    },
    thread::JoinHandle,
    time::{Duration, Instant},
};
use tokio::sync::mpsc;
use uuid::Uuid;

/// How much, how often, how long. `Bounds::default()` is meant for the control room.
#[derive(Debug, Clone)]
pub struct Bounds {
    /// Items between the sender and the writer; a full queue is the sender's to count.
    pub queue: usize,
    /// Calls recorded at once.
    pub recordings: usize,
    /// How long the faster side waits for the slower one.
    pub horizon: Duration,
    /// How far before the clock a frame's position is believed.
    pub ahead: Duration,
    /// Time between writes of a call; with `horizon` it must stay under a second.
    pub flush_every: Duration,
    /// Time between syncs of a call.
    pub sync_every: Duration,
    /// Audio of one call kept in memory while the disk fails.
    pub unwritten: Duration,
    /// Longest recording of a call.
    pub longest: Duration,
    /// How long a call that is over is still tried to be written and sealed.
    pub give_up_after: Duration,
}

impl Default for Bounds {
    fn default() -> Self {
        Self {
            queue: 8192,
            recordings: 1000,
            horizon: Duration::from_millis(300),
            ahead: Duration::from_secs(10),
            flush_every: Duration::from_millis(450),
            sync_every: Duration::from_millis(450),
            unwritten: Duration::from_secs(60),
            longest: Duration::from_secs(12 * 3600),
            give_up_after: Duration::from_secs(60),
        }
    }
}

/// What the store is told. Items of one call must come in order; items of an unknown call are counted and dropped.
#[derive(Debug)]
pub enum AudioItem {
    Begin {
        call: Uuid,
        /// Time of sample 0.
        started_at: Timestamp,
        /// The same moment on the monotonic clock; what begins a call may have waited since.
        begun: Instant,
    },
    Frame {
        call: Uuid,
        side: Side,
        /// Of the first sample, in samples of 8 kHz since the recording began; ascending within a side, gaps allowed.
        position: u64,
        /// When it came from whoever heard it, on the same scale; the sender may have kept it since.
        came: u64,
        pcm: Vec<i16>,
    },
    Finish {
        call: Uuid,
        /// What the sender could not send, for want of room.
        dropped: Samples,
    },
}

#[derive(Debug)]
pub enum AudioEvent {
    /// The file is growing. `path` is the one it will have when sealed.
    Began {
        call: Uuid,
        path: PathBuf,
        started_at: Timestamp,
    },
    Sealed(Sealed),
    /// Audio is not reaching the disk. It is tried again, and `Resumed` follows when it works, unless the error says otherwise.
    Failing {
        call: Uuid,
        error: RecordError,
    },
    Resumed {
        call: Uuid,
    },
}

/// Why a call is not being recorded as it should.
#[derive(Debug, thiserror::Error)]
pub enum RecordError {
    /// A write or sync failed, the disk may be full.
    #[error("the recording cannot be written; free space on the recordings' disk or replace it")]
    Disk(#[source] io::Error),
    /// The call was recorded before; its file is not touched, and this second recording is not made.
    #[error("this call has a recording already, which was left as it is")]
    AlreadyThere,
    /// As many calls as `Bounds::recordings` are being recorded; this one is not.
    #[error("too many calls are being recorded at once")]
    TooMany,
    /// The call has been recorded for `Bounds::longest`; what comes now is not.
    #[error("the recording has reached its longest time")]
    TooLong,
    /// The call is over and its recording could not be sealed; the next start tries again.
    #[error("the recording could not be sealed; it will be when the server starts again")]
    NotSealed(#[source] io::Error),
}

/// A thread could not be started, or the directory cannot be made.
#[derive(Debug, thiserror::Error)]
#[error("the directory for call recordings cannot be used; check that it exists and may be written")]
pub struct StartError(#[from] io::Error);

/// Where a call's recording stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Found {
    Sealed(Sealed),
    /// Still being recorded, or cut short and not yet recovered.
    Growing,
}

/// The running recorder. A cheap clone.
#[derive(Clone)]
pub struct AudioStore {
    shared: Arc<Shared>,
}

struct Shared {
    directory: PathBuf,
    items: SyncSender<AudioItem>,
    stop: Arc<AtomicBool>,
    threads: Mutex<Vec<JoinHandle<()>>>,
}

impl AudioStore {
    /// Starts the threads. Run [`recover`] first.
    pub fn start(directory: PathBuf, bounds: Bounds) -> Result<(Self, mpsc::Receiver<AudioEvent>), StartError> {
        std::fs::create_dir_all(directory.join("calls"))?;
        files::sync_directory(&directory)?;
        let (items, incoming) = sync_channel(bounds.queue);
        let (sender, events) = mpsc::channel(4096);
        let events_out = Events(sender);
        let stop = Arc::new(AtomicBool::new(false));

        let (seal_jobs, jobs) = sync_channel(256);
        let (give_up_after, sealer_events) = (bounds.give_up_after, events_out.clone());
        let syncer = sync::Syncer::start(&directory.join("calls"))?;
        let sealing = threads::spawn("audio-seal", move || sealer::run(&jobs, &sealer_events, give_up_after))?;
        let writer = writer::Writer::new(directory.clone(), bounds, events_out, syncer, seal_jobs);
        let stopped = Arc::clone(&stop);
        let writing = threads::spawn("audio-write", move || writer.run(&incoming, &stopped))?;

        let threads = Mutex::new(vec![writing, sealing]);
        Ok((Self { shared: Arc::new(Shared { directory, items, stop, threads }) }, events))
    }

    /// Where frames go in. A full queue means that the disk or this machine does not keep up: whoever must not wait uses `try_send`.
    pub fn sender(&self) -> SyncSender<AudioItem> {
        self.shared.items.clone()
    }

    /// See [`find`].
    pub fn find(&self, call: Uuid) -> io::Result<Option<Found>> {
        find(&self.shared.directory, call)
    }

    /// See [`delete`].
    pub fn delete(&self, call: Uuid) -> io::Result<bool> {
        delete(&self.shared.directory, call)
    }

    /// Writes what waits, seals every call, and ends the threads. Blocks until then; later items go nowhere.
    pub fn close(&self) {
        self.shared.stop.store(true, Ordering::Release);
        let threads = std::mem::take(&mut *self.shared.threads.lock().unwrap_or_else(PoisonError::into_inner));
        for thread in threads {
            if thread.join().is_err() {
                tracing::error!("a recording thread had failed before it was asked to end");
            }
        }
    }
}

/// A call's recording by its id alone. Reads directories: not for an async task.
///
/// # Errors
/// The disk fails, or the seal beside a recording is missing or unreadable.
pub fn find(directory: &Path, call: Uuid) -> io::Result<Option<Found>> {
    let Some(path) = layout::search(directory, call)? else { return Ok(None) };
    if path.exists() { Ok(Some(Found::Sealed(seal::read_seal(&path)?))) } else { Ok(Some(Found::Growing)) }
}

/// Removes a sealed recording for good; `false` if there is none. One that still grows is not touched.
pub fn delete(directory: &Path, call: Uuid) -> io::Result<bool> {
    let Some(path) = layout::search(directory, call)?.filter(|path| path.exists()) else { return Ok(false) };
    std::fs::remove_file(&path)?;
    files::remove_if_there(&layout::sidecar_of(&path))?;
    files::sync_directory(files::parent(&path))?;
    Ok(true)
}

/// Gives events to the outside without ever waiting for it.
#[derive(Clone)]
struct Events(mpsc::Sender<AudioEvent>);

impl Events {
    fn send(&self, event: AudioEvent) {
        if self.0.try_send(event).is_err() {
            // Nothing is lost but the news: the files say the same, and `find` reads them.
            metrics::counter!("siaga_recordings_events_dropped_total").increment(1);
            tracing::warn!("an event about a recording had no reader");
        }
    }
}
