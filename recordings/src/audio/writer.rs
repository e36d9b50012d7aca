//! The thread that writes all calls' audio. It takes items from the queue, and gives each recording its turn to be written and synced.

use super::{
    AudioEvent, AudioItem, Bounds, Events, Placed, RecordError, layout,
    recording::{Change, Recording, Stage},
    sealer::SealJob,
    sync::{Job, Syncer},
};
use crate::clock;
use jiff::Timestamp;
use std::{
    collections::{HashMap, VecDeque},
    path::PathBuf,
    sync::{
        atomic::{AtomicBool, Ordering},
        mpsc::{Receiver, RecvTimeoutError, SyncSender, TrySendError},
    },
    time::{Duration, Instant},
};
use uuid::Uuid;

/// How often recordings are looked through for what is due.
const TICK: Duration = Duration::from_millis(20);
/// Items are taken this often and not one by one: being woken for every frame of every call costs more than writing it.
const NAP: Duration = Duration::from_millis(5);
/// After a stop, how long what waits is taken, and after how long of nothing there is no more.
const REST: Duration = Duration::from_secs(3);
const NO_MORE: Duration = Duration::from_millis(200);
/// Items that are taken before recordings have their turn.
const BATCH: usize = 2048;

pub struct Writer {
    directory: PathBuf,
    bounds: Bounds,
    events: Events,
    syncer: Syncer,
    sealer: SyncSender<SealJob>,
    recordings: HashMap<Uuid, Recording>,
    /// Written to the end, waiting for room in the sealer's queue; bounded together with `recordings`.
    to_seal: VecDeque<SealJob>,
}

impl Writer {
    pub fn new(directory: PathBuf, bounds: Bounds, events: Events, syncer: Syncer, sealer: SyncSender<SealJob>) -> Self {
        Self { directory, bounds, events, syncer, sealer, recordings: HashMap::new(), to_seal: VecDeque::new() }
    }

    /// Runs until `stop`, or until every sender is gone; then finishes every recording.
    pub fn run(mut self, items: &Receiver<AudioItem>, stop: &AtomicBool) {
        let mut next_tick = clock::monotonic();
        loop {
            let received = items.recv_timeout(TICK);
            let now = clock::monotonic();
            match received {
                Ok(first) => {
                    for item in std::iter::once(first).chain(items.try_iter().take(BATCH)) {
                        self.handle(item, now);
                    }
                    std::thread::sleep(NAP);
                }
                Err(RecvTimeoutError::Timeout) => {}
                Err(RecvTimeoutError::Disconnected) => break,
            }
            if now >= next_tick {
                self.tick(now);
                next_tick = now + TICK;
            }
            if stop.load(Ordering::Acquire) {
                // What was sent before the stop still belongs to its call, and more of it may wait for room in the queue.
                let give_up_at = now + REST;
                while clock::monotonic() < give_up_at
                    && let Ok(item) = items.recv_timeout(NO_MORE)
                {
                    self.handle(item, clock::monotonic());
                }
                break;
            }
        }
        self.close(clock::monotonic());
    }

    fn handle(&mut self, item: AudioItem, now: Instant) {
        match item {
            AudioItem::Begin { call, started_at, begun } => self.begin(call, started_at, (begun, now)),
            AudioItem::Frame { call, side, position, came, pcm } => {
                let longest = self.bounds.longest;
                let Some(recording) = self.recordings.get_mut(&call) else { return unknown_call() };
                match recording.stage {
                    Stage::Growing if now.saturating_duration_since(recording.begun) > longest => {
                        recording.stage = Stage::Full;
                        self.events.send(AudioEvent::Failing { call, error: RecordError::TooLong });
                    }
                    Stage::Growing => match recording.push(side, (position, came), pcm, now) {
                        Placed::Whole => {}
                        Placed::Clipped | Placed::Late => metrics::counter!("siaga_recordings_late_frames_total").increment(1),
                        Placed::Moved => metrics::counter!("siaga_recordings_moved_frames_total").increment(1),
                    },
                    Stage::Full | Stage::Finishing { .. } => {}
                }
            }
            AudioItem::Finish { call, dropped } => match self.recordings.get_mut(&call) {
                Some(recording) => {
                    recording.dropped(dropped);
                    recording.stage = Stage::Finishing { give_up_at: now + self.bounds.give_up_after };
                    self.flush(call, now);
                }
                None => unknown_call(),
            },
        }
    }

    fn begin(&mut self, call: Uuid, started_at: Timestamp, moments: (Instant, Instant)) {
        let path = layout::path_of(&self.directory, call, started_at);
        let refused = if self.recordings.contains_key(&call) || path.exists() || layout::part_of(&path).exists() {
            Some(RecordError::AlreadyThere)
        } else if self.recordings.len() + self.to_seal.len() >= self.bounds.recordings {
            Some(RecordError::TooMany)
        } else {
            None
        };
        if let Some(error) = refused {
            metrics::counter!("siaga_recordings_refused_total").increment(1);
            return self.events.send(AudioEvent::Failing { call, error });
        }
        let (recording, change) = Recording::begin(call, started_at, path.clone(), &self.bounds, moments);
        self.events.send(AudioEvent::Began { call, path, started_at });
        self.tell(call, change);
        self.recordings.insert(call, recording);
        metrics::gauge!("siaga_recordings_growing").set(self.recordings.len() as f64);
    }

    fn tick(&mut self, now: Instant) {
        let due: Vec<Uuid> = self.recordings.values().filter(|r| r.next_flush <= now).map(|r| r.call).collect();
        for call in due {
            self.flush(call, now);
        }
        self.send_seals();
    }

    /// Writes one recording, asks for its sync if that is due, and sends it to be sealed when the call is over.
    fn flush(&mut self, call: Uuid, now: Instant) {
        let Some(recording) = self.recordings.get_mut(&call) else { return };
        recording.next_flush = now + self.bounds.flush_every;
        let written = recording.flush(now);
        let stage = recording.stage;
        let sync_change = recording.synced();
        if now >= recording.next_sync
            && let Some(file) = recording.file()
        {
            recording.next_sync = now + self.bounds.sync_every;
            let (directories, ticket) = (recording.new_directories.clone(), recording.ticket.clone());
            if self.syncer.request(Job { file, directories, ticket }) {
                recording.new_directories.clear();
            } else {
                metrics::counter!("siaga_recordings_syncs_late_total").increment(1);
            }
        }
        match (written, stage) {
            (Ok(change), Stage::Finishing { .. }) => {
                self.tell(call, change);
                if let Some(done) = self.recordings.remove(&call) {
                    self.to_seal.push_back(SealJob { ending: done.ending(), path: done.path });
                }
                metrics::gauge!("siaga_recordings_growing").set(self.recordings.len() as f64);
                self.send_seals();
            }
            (Err(change), Stage::Finishing { give_up_at }) if now >= give_up_at => {
                self.tell(call, change);
                self.give_up(call);
            }
            (Ok(change) | Err(change), _) => self.tell(call, change.or(sync_change)),
        }
    }

    fn give_up(&mut self, call: Uuid) {
        self.recordings.remove(&call);
        let error = RecordError::NotSealed(std::io::Error::other("the disk took no data until the end"));
        self.events.send(AudioEvent::Failing { call, error });
    }

    fn tell(&self, call: Uuid, change: Option<Change>) {
        match change {
            Some(Change::Failing(e)) => {
                metrics::counter!("siaga_recordings_disk_errors_total").increment(1);
                tracing::error!(%call, error = %e, "call audio is not reaching the disk");
                self.events.send(AudioEvent::Failing { call, error: RecordError::Disk(e) });
            }
            Some(Change::Resumed) => self.events.send(AudioEvent::Resumed { call }),
            None => {}
        }
    }

    fn send_seals(&mut self) {
        while let Some(job) = self.to_seal.pop_front() {
            if let Err(TrySendError::Full(job) | TrySendError::Disconnected(job)) = self.sealer.try_send(job) {
                self.to_seal.push_front(job);
                break;
            }
        }
    }

    /// The end: every call is finished with one last write, and the sealer gets the rest, however long its queue.
    fn close(mut self, now: Instant) {
        let calls: Vec<Uuid> = self.recordings.keys().copied().collect();
        for call in calls {
            if let Some(recording) = self.recordings.get_mut(&call) {
                recording.stage = Stage::Finishing { give_up_at: now };
            }
            self.flush(call, now);
        }
        for job in self.to_seal {
            if self.sealer.send(job).is_err() {
                break;
            }
        }
    }
}

fn unknown_call() {
    metrics::counter!("siaga_recordings_unknown_call_total").increment(1);
}
