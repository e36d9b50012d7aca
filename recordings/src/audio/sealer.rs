//! The thread that seals recordings of calls that are over. Hashing an hour of audio would otherwise hold up the writer.

use super::{
    AudioEvent, Events, RecordError,
    seal::{self, Ending},
};
use crate::clock;
use std::{
    collections::VecDeque,
    path::PathBuf,
    sync::mpsc::{Receiver, RecvTimeoutError},
    time::{Duration, Instant},
};

/// Between tries of a seal that failed.
const RETRY: Duration = Duration::from_secs(1);
/// Failed seals held for another try; past it new ones wait in the queue.
const MOST_WAITING: usize = 1024;

pub struct SealJob {
    pub path: PathBuf,
    pub ending: Ending,
}

struct Waiting {
    job: SealJob,
    retry_at: Instant,
    give_up_at: Instant,
}

/// Seals until the writer is gone, then tries what failed once more.
pub fn run(jobs: &Receiver<SealJob>, events: &Events, give_up_after: Duration) {
    let mut waiting: VecDeque<Waiting> = VecDeque::new();
    loop {
        let received = if waiting.len() < MOST_WAITING {
            jobs.recv_timeout(if waiting.is_empty() { Duration::from_secs(60) } else { RETRY })
        } else {
            std::thread::sleep(RETRY);
            Err(RecvTimeoutError::Timeout)
        };
        let now = clock::monotonic();
        match received {
            Ok(job) => try_seal(Waiting { job, retry_at: now, give_up_at: now + give_up_after }, now, &mut waiting, events),
            Err(RecvTimeoutError::Timeout) => {}
            Err(RecvTimeoutError::Disconnected) => {
                let mut rest = std::mem::take(&mut waiting);
                rest.drain(..).for_each(|w| try_seal(Waiting { give_up_at: now, ..w }, now, &mut waiting, events));
                return;
            }
        }
        for _ in 0..waiting.len() {
            match waiting.pop_front() {
                Some(due) if due.retry_at <= now => try_seal(due, now, &mut waiting, events),
                Some(later) => waiting.push_back(later),
                None => break,
            }
        }
    }
}

fn try_seal(attempt: Waiting, now: Instant, waiting: &mut VecDeque<Waiting>, events: &Events) {
    let call = attempt.job.ending.call;
    match seal::seal(&attempt.job.path, &attempt.job.ending) {
        Ok(sealed) => events.send(AudioEvent::Sealed(sealed)),
        Err(e) if now >= attempt.give_up_at => events.send(AudioEvent::Failing { call, error: RecordError::NotSealed(e) }),
        Err(e) => {
            metrics::counter!("siaga_recordings_seal_retries_total").increment(1);
            tracing::warn!(%call, error = %e, "a recording could not be sealed and is tried again");
            waiting.push_back(Waiting { retry_at: now + RETRY, ..attempt });
        }
    }
}
