//! The one thread that writes footage: segments, the ring, and holds. Having one owner, none of them needs a lock.

use super::{
    gop::Gop,
    hold::{Holds, Refused},
    ring::{Kept, Limits, Ring},
    segment_writer::SegmentWriter,
    states::States,
    types::{CameraId, FootageError, FootageId, Hold},
};
use crate::threads;
use std::{collections::HashMap, io, path::PathBuf, time::Duration};
use tokio::sync::{mpsc, oneshot};

/// Groups of pictures that may wait for the disk: several seconds of a hundred cameras.
const QUEUE: usize = 512;
const FULL: &str = "the disk refuses footage; free space on the recordings' disk or replace it";

pub enum Command {
    Gop {
        camera: CameraId,
        gop: Gop,
    },
    /// No more groups of this session.
    Ended {
        camera: CameraId,
    },
    Hold {
        hold: Hold,
        done: oneshot::Sender<Result<(), FootageError>>,
    },
    Release {
        footage: FootageId,
        done: oneshot::Sender<Result<bool, FootageError>>,
    },
    Tick {
        now_ms: i64,
    },
    Stop {
        done: oneshot::Sender<()>,
    },
}

#[derive(Debug, Clone, Copy)]
pub struct DiskSettings {
    pub segment: Duration,
    pub limits: Limits,
}

/// The way to the thread. A cheap clone.
#[derive(Clone)]
pub struct Disk(mpsc::Sender<Command>);

impl Disk {
    /// Starts the thread; it first finishes what a crash left, and then says that it is ready.
    pub async fn start(ring: PathBuf, footage: PathBuf, settings: DiskSettings, states: States) -> io::Result<Self> {
        let (sender, commands) = mpsc::channel(QUEUE);
        let (ready, opened) = oneshot::channel();
        threads::spawn("footage-disk", move || {
            let worker = Worker::open(ring, footage, settings, states);
            match worker {
                Ok(worker) => {
                    if ready.send(Ok(())).is_ok() {
                        worker.run(commands);
                    }
                }
                Err(e) => drop(ready.send(Err(e))),
            }
        })?;
        opened.await.map_err(|_| io::Error::other("the footage thread ended"))??;
        Ok(Self(sender))
    }

    pub fn try_send(&self, command: Command) -> Result<(), ()> {
        self.0.try_send(command).map_err(|_| ())
    }

    /// Waits for room. Does nothing when the thread has ended.
    pub async fn send(&self, command: Command) {
        let _ = self.0.send(command).await;
    }
}

struct Worker {
    settings: DiskSettings,
    states: States,
    ring: Ring,
    holds: Holds,
    cameras: HashMap<CameraId, Camera>,
}

struct Camera {
    writer: SegmentWriter,
    clock_offset_ms: Option<i64>,
}

impl Worker {
    fn open(ring: PathBuf, footage: PathBuf, settings: DiskSettings, states: States) -> io::Result<Self> {
        let ring = Ring::open(ring)?;
        let holds = Holds::open(footage, &ring)?;
        Ok(Self { settings, states, ring, holds, cameras: HashMap::new() })
    }

    fn run(mut self, mut commands: mpsc::Receiver<Command>) {
        while let Some(command) = commands.blocking_recv() {
            match command {
                Command::Gop { camera, gop } => self.write(camera, &gop),
                Command::Ended { camera } => self.end(camera),
                Command::Hold { hold, done } => {
                    let made = self.holds.create(hold, &self.ring).map_err(|refused| match refused {
                        Refused::TooMany => FootageError::Busy,
                        Refused::Disk(e) => FootageError::Disk(e),
                    });
                    let _ = done.send(made);
                }
                Command::Release { footage, done } => drop(done.send(self.holds.release(footage).map_err(FootageError::Disk))),
                Command::Tick { now_ms } => self.tick(now_ms),
                Command::Stop { done } => {
                    self.finish_all();
                    let _ = done.send(());
                    return;
                }
            }
        }
        self.finish_all();
    }

    fn write(&mut self, id: CameraId, gop: &Gop) {
        let (folder, target) = (self.ring.folder(id), self.target());
        let camera = self
            .cameras
            .entry(id)
            .or_insert_with(|| Camera { writer: SegmentWriter::new(id, folder, target), clock_offset_ms: None });
        let offset = camera.clock_offset_ms;
        camera.clock_offset_ms = gop.clock_offset_ms.or(offset);
        let (finished, mut written) = camera.writer.write(gop);
        if let Some(kept) = finished {
            self.keep(kept, offset);
        }
        if written.as_ref().is_err_and(|e| e.kind() == io::ErrorKind::StorageFull) {
            let holds = &self.holds;
            self.ring.give_way(|kept| holds.pins(kept));
            if gop.begins_with_key()
                && let Some(camera) = self.cameras.get_mut(&id)
            {
                written = camera.writer.write(gop).1;
            }
        }
        match written {
            Ok(()) => self.states.set_disk(id, None),
            Err(e) => {
                metrics::counter!("siaga_footage_disk_errors_total").increment(1);
                tracing::error!(camera = %id, error = %e, "footage is not reaching the disk");
                self.states.set_disk(id, Some(FULL));
                // What follows the group that is missing could not be shown.
                self.end(id);
            }
        }
    }

    fn end(&mut self, id: CameraId) {
        let Some(mut camera) = self.cameras.remove(&id) else { return };
        match camera.writer.finish() {
            Ok(Some(kept)) => self.keep(kept, camera.clock_offset_ms),
            Ok(None) => {}
            Err(e) => tracing::error!(camera = %id, error = %e, "a segment could not be finished; the next start will"),
        }
    }

    fn keep(&mut self, kept: Kept, clock_offset_ms: Option<i64>) {
        self.ring.add(kept);
        self.holds.offer(kept, clock_offset_ms, &self.ring);
    }

    fn tick(&mut self, now_ms: i64) {
        let cameras = &self.cameras;
        self.holds.tick(now_ms, &self.ring, |id| cameras.get(&id).and_then(|camera| camera.writer.open_since()));
        let holds = &self.holds;
        self.ring.expire(now_ms, self.settings.limits, |kept| holds.pins(kept));
    }

    fn finish_all(&mut self) {
        let ids: Vec<CameraId> = self.cameras.keys().copied().collect();
        ids.into_iter().for_each(|id| self.end(id));
    }

    fn target(&self) -> u64 {
        u64::try_from(self.settings.segment.as_millis()).unwrap_or(u64::MAX / 90).saturating_mul(90)
    }
}
