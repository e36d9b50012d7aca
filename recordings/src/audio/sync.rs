//! Syncs files from a few threads, so that a slow disk delays neither the writer nor the other calls.
//!
//! A file that is still being synced when its next sync is due is left to finish: syncs do not pile up.

use crate::{files, threads};
use std::{
    fs::File,
    io,
    path::PathBuf,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, Ordering},
        mpsc::{Receiver, SyncSender, sync_channel},
    },
    time::Duration,
};

/// One recording's place in the pool: at most one sync at a time, and what the last one came to.
#[derive(Clone, Default)]
pub struct Ticket(Arc<State>);

#[derive(Default)]
struct State {
    busy: AtomicBool,
    outcome: Mutex<Option<io::Result<()>>>,
}

impl Ticket {
    /// What the last finished sync came to, once.
    pub fn take_outcome(&self) -> Option<io::Result<()>> {
        self.0.outcome.lock().unwrap_or_else(PoisonError::into_inner).take()
    }
}

pub struct Job {
    pub file: Arc<File>,
    /// Directories whose names are new.
    pub directories: Vec<PathBuf>,
    pub ticket: Ticket,
}

pub struct SyncPool {
    lanes: Vec<SyncSender<Job>>,
    next: usize,
}

impl SyncPool {
    pub fn start(threads: usize) -> io::Result<Self> {
        let mut lanes = Vec::new();
        for n in 0..threads.max(1) {
            let (lane, jobs) = sync_channel(1024);
            threads::spawn(format!("audio-sync-{n}"), move || run(&jobs))?;
            lanes.push(lane);
        }
        Ok(Self { lanes, next: 0 })
    }

    /// Asks for a sync. `false` if the one before is not done: the disk is slower than it should be.
    pub fn request(&mut self, job: Job) -> bool {
        let state = Arc::clone(&job.ticket.0);
        if state.busy.swap(true, Ordering::AcqRel) {
            return false;
        }
        self.next = (self.next + 1) % self.lanes.len().max(1);
        let taken = self.lanes.get(self.next).is_some_and(|lane| lane.try_send(job).is_ok());
        if !taken {
            state.busy.store(false, Ordering::Release);
        }
        taken
    }
}

fn run(jobs: &Receiver<Job>) {
    while let Ok(job) = jobs.recv() {
        let begun = crate::clock::monotonic();
        let outcome = job.file.sync_data().and_then(|()| job.directories.iter().try_for_each(|d| files::sync_directory(d)));
        let took: Duration = crate::clock::monotonic().saturating_duration_since(begun);
        metrics::histogram!("siaga_recordings_sync_seconds").record(took.as_secs_f64());
        *job.ticket.0.outcome.lock().unwrap_or_else(PoisonError::into_inner) = Some(outcome);
        job.ticket.0.busy.store(false, Ordering::Release);
    }
}
