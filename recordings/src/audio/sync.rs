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
/// A sync of the whole file system that takes longer leaves each file to itself for a minute.
const SLOW: Duration = Duration::from_millis(500);
const APART: Duration = Duration::from_secs(60);
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
    let mut slow_until = None;
    while let Ok(first) = jobs.recv() {
        std::thread::sleep(GATHER);
        let (there, elsewhere): (Vec<Job>, Vec<Job>) =
            std::iter::once(first).chain(jobs.try_iter().take(WAITING)).partition(|job| disk.holds(&job.file));
        let begun = crate::clock::monotonic();
        let together = disk.is_trusted && slow_until.is_none_or(|until| until < begun);
        let mut all_took = Duration::ZERO;
        settle(there, || {
            let outcome = together.then(|| disk.sync());
            all_took = crate::clock::monotonic().saturating_duration_since(begun);
            outcome
        });
        // Somebody else writes so much there that waiting for all of it takes longer than for each of ours.
        if all_took > SLOW {
            metrics::counter!("siaga_recordings_syncs_apart_total").increment(1);
            slow_until = Some(begun + APART);
        }
        for job in elsewhere {
            job.ticket.finish(job.sync());
        }
        let took = crate::clock::monotonic().saturating_duration_since(begun);
        metrics::histogram!("siaga_recordings_sync_seconds").record(took.as_secs_f64());
    }
}

/// Syncs what is on one disk, by `all` at once where that is worth it and can be had. What goes wrong there may be another's file: whose it is,
/// each file tells itself.
fn settle(jobs: Vec<Job>, all: impl FnOnce() -> Option<io::Result<()>>) {
    let all_at_once = jobs.len() >= TOGETHER && matches!(all(), Some(Ok(())));
    for job in jobs {
        job.ticket.finish(if all_at_once { Ok(()) } else { job.sync() });
    }
}

/// The file system of the recordings, by a directory that stays open: an error of any of its files is told to whoever had opened something before.
struct Disk {
    directory: File,
    device: u64,
    /// A sync of all of it tells of errors, and reaches the disk.
    is_trusted: bool,
}

/// Since Linux 5.8 `syncfs` tells that something could not be written.
const TELLS_SINCE: (u32, u32) = (5, 8);
/// A file system of a program (FUSE), which may not hear of it at all.
const FUSE: u64 = 0x6573_5546;

impl Disk {
    fn of(directory: File) -> io::Result<Self> {
        let device = directory.metadata()?.dev();
        let kind = rustix::fs::fstatfs(&directory)?.f_type;
        let release = rustix::system::uname();
        let is_trusted = version(&release.release().to_string_lossy()) >= Some(TELLS_SINCE) && u64::try_from(kind) != Ok(FUSE);
        Ok(Self { directory, device, is_trusted })
    }

    /// A directory below may be another file system.
    fn holds(&self, file: &File) -> bool {
        file.metadata().is_ok_and(|metadata| metadata.dev() == self.device)
    }

    fn sync(&self) -> io::Result<()> {
        Ok(rustix::fs::syncfs(&self.directory)?)
    }
}

/// The first two numbers of a kernel's release, such as `6.1.0-18-amd64`.
fn version(release: &str) -> Option<(u32, u32)> {
    let mut numbers = release.split(|c: char| !c.is_ascii_digit()).map(str::parse);
    Some((numbers.next()?.ok()?, numbers.next()?.ok()?))
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

    #[test]
    fn what_cannot_be_synced_together_is_synced_file_by_file_and_only_its_own_call_is_told() {
        let directory = std::env::temp_dir().join(format!("siaga-sync-apart-{}", std::process::id()));
        std::fs::create_dir_all(&directory).unwrap();
        let outcomes = |all: Option<io::Result<()>>| {
            let mut tickets = Vec::new();
            let jobs = (0..TOGETHER).map(|n| {
                let ticket = Ticket::default();
                tickets.push(ticket.clone());
                // A pipe takes no sync: it stands for a file that could not be written.
                let file = match n {
                    3 => File::from(std::os::fd::OwnedFd::from(io::pipe().unwrap().0)),
                    n => File::create(directory.join(n.to_string())).unwrap(),
                };
                Job { file: Arc::new(file), directories: vec![], ticket }
            });
            settle(jobs.collect(), || all);
            tickets.iter().map(|ticket| ticket.take_outcome().unwrap().is_ok()).collect::<Vec<bool>>()
        };
        assert_eq!(outcomes(Some(Ok(()))), [true; TOGETHER], "nobody is synced again");
        let apart: [bool; TOGETHER] = std::array::from_fn(|n| n != 3);
        assert_eq!(outcomes(Some(Err(io::ErrorKind::Other.into()))), apart);
        assert_eq!(outcomes(None), apart);
        std::fs::remove_dir_all(&directory).unwrap();
    }

    #[test]
    fn kernels_are_known_by_their_releases() {
        assert_eq!(version("6.1.0-18-amd64"), Some((6, 1)));
        assert_eq!(version("5.8-rc1"), Some((5, 8)));
        assert!(version("4.19.0") < Some(TELLS_SINCE) && version("5.10.1") > Some(TELLS_SINCE));
        assert_eq!(version("unknown"), None);
    }
}
