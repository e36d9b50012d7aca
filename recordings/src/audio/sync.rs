//! Syncs files from a thread of its own, so that a slow disk does not delay the writer.
//!
//! What is asked for within a moment is synced together: a disk's flush takes as long for one file as for all, and a disk without a cache of its
//! own that keeps through a power cut does a hundred of them a second and no more. A file that is still being synced when its next sync is due
//! is left to finish: syncs do not pile up.

use crate::{files, threads};
use std::{
    fs::File,
    io,
    os::unix::fs::MetadataExt,
    path::{Path, PathBuf},
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, Ordering},
        mpsc::{Receiver, SyncSender, sync_channel},
    },
    time::Duration,
};

/// How long the first one waits for others.
const GATHER: Duration = Duration::from_millis(150);
/// From so many files on the whole file system is synced at once, with whatever else was written to it.
const TOGETHER: usize = 6;
/// Syncs that wait: more than there are recordings.
const WAITING: usize = 4096;

/// One recording's place with the syncer: at most one sync at a time, and what the last one came to.
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

    fn finish(&self, outcome: io::Result<()>) {
        *self.0.outcome.lock().unwrap_or_else(PoisonError::into_inner) = Some(outcome);
        self.0.busy.store(false, Ordering::Release);
    }
}

pub struct Job {
    pub file: Arc<File>,
    /// Directories whose names are new.
    pub directories: Vec<PathBuf>,
    pub ticket: Ticket,
}

impl Job {
    fn sync(&self) -> io::Result<()> {
        self.file.sync_data()?;
        self.directories.iter().try_for_each(|directory| files::sync_directory(directory))
    }
}

pub struct Syncer(SyncSender<Job>);

impl Syncer {
    /// `directory` is where the files are, or those above them.
    pub fn start(directory: &Path) -> io::Result<Self> {
        let (sender, jobs) = sync_channel(WAITING);
        let disk = Disk::of(File::open(directory)?)?;
        threads::spawn("audio-sync", move || run(&jobs, &disk))?;
        Ok(Self(sender))
    }

    /// Asks for a sync. `false` if the one before is not done: the disk is slower than it should be.
    pub fn request(&self, job: Job) -> bool {
        let state = Arc::clone(&job.ticket.0);
        if state.busy.swap(true, Ordering::AcqRel) {
            return false;
        }
        let taken = self.0.try_send(job).is_ok();
        if !taken {
            state.busy.store(false, Ordering::Release);
        }
        taken
    }
}

fn run(jobs: &Receiver<Job>, disk: &Disk) {
    while let Ok(first) = jobs.recv() {
        std::thread::sleep(GATHER);
        let (there, elsewhere): (Vec<Job>, Vec<Job>) =
            std::iter::once(first).chain(jobs.try_iter().take(WAITING)).partition(|job| disk.holds(&job.file));
        let begun = crate::clock::monotonic();
        // What went wrong there may be another's: whose it is, each file tells itself.
        let all_at_once = there.len() >= TOGETHER && disk.sync().is_ok();
        for job in there {
            job.ticket.finish(if all_at_once { Ok(()) } else { job.sync() });
        }
        for job in elsewhere {
            job.ticket.finish(job.sync());
        }
        let took = crate::clock::monotonic().saturating_duration_since(begun);
        metrics::histogram!("siaga_recordings_sync_seconds").record(took.as_secs_f64());
    }
}

/// The file system of the recordings, by a directory that stays open: an error of any of its files is told to whoever had opened something before.
struct Disk {
    directory: File,
    device: u64,
}

impl Disk {
    fn of(directory: File) -> io::Result<Self> {
        let device = directory.metadata()?.dev();
        Ok(Self { directory, device })
    }

    /// A directory below may be another file system.
    fn holds(&self, file: &File) -> bool {
        file.metadata().is_ok_and(|metadata| metadata.dev() == self.device)
    }

    fn sync(&self) -> io::Result<()> {
        Ok(rustix::fs::syncfs(&self.directory)?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn many_files_and_few_are_synced_and_each_is_told_so() {
        let directory = std::env::temp_dir().join(format!("siaga-sync-{}", std::process::id()));
        std::fs::create_dir_all(&directory).unwrap();
        let syncer = Syncer::start(&directory).unwrap();
        for count in [1, TOGETHER - 1, TOGETHER, 40] {
            let tickets: Vec<Ticket> = (0..count)
                .map(|n| {
                    let ticket = Ticket::default();
                    let file = Arc::new(File::create(directory.join(format!("{count}-{n}"))).unwrap());
                    let job = |ticket: &Ticket| Job {
                        file: file.clone(),
                        directories: vec![directory.clone()],
                        ticket: ticket.clone(),
                    };
                    assert!(syncer.request(job(&ticket)));
                    assert!(!syncer.request(job(&ticket)), "one at a time");
                    ticket
                })
                .collect();
            let deadline = crate::clock::monotonic() + Duration::from_secs(20);
            for ticket in tickets {
                let outcome = std::iter::from_fn(|| {
                    std::thread::yield_now();
                    (crate::clock::monotonic() < deadline).then(|| ticket.take_outcome())
                });
                assert!(matches!(outcome.flatten().next(), Some(Ok(()))), "{count} files");
            }
        }
        std::fs::remove_dir_all(&directory).unwrap();
    }
}
