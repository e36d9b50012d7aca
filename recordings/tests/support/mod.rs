//! What several tests need: a directory that goes away, and a bounded wait for events.
#![allow(dead_code, clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::disallowed_methods)]

use recordings::audio::AudioEvent;
use std::{
    path::{Path, PathBuf},
    time::{Duration, Instant},
};
use tokio::sync::mpsc;
use uuid::Uuid;

pub struct TempDir(PathBuf);

impl TempDir {
    pub fn new() -> Self {
        let path = std::env::temp_dir().join(format!("siaga-recordings-{}", Uuid::new_v4()));
        std::fs::create_dir_all(&path).unwrap();
        Self(path)
    }

    pub fn path(&self) -> &Path {
        &self.0
    }
}

impl Drop for TempDir {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

pub fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap()
}

/// The next event that `pick` takes, within 20 s.
pub fn next_event<T>(events: &mut mpsc::Receiver<AudioEvent>, mut pick: impl FnMut(AudioEvent) -> Option<T>) -> T {
    runtime().block_on(async {
        tokio::time::timeout(Duration::from_secs(20), async {
            loop {
                if let Some(found) = pick(events.recv().await.expect("the store still runs")) {
                    return found;
                }
            }
        })
        .await
        .expect("the event comes in time")
    })
}

/// Polls `probe` until it gives something; for states that have no event.
pub async fn eventually<T>(what: &str, within: Duration, mut probe: impl AsyncFnMut() -> Option<T>) -> T {
    let begun = Instant::now();
    let mut every = tokio::time::interval(Duration::from_millis(50));
    while begun.elapsed() < within {
        if let Some(found) = probe().await {
            return found;
        }
        every.tick().await;
    }
    panic!("not within {within:?}: {what}");
}

pub fn read_wav(path: &Path) -> Vec<i16> {
    let mut reader = hound::WavReader::open(path).unwrap();
    let spec = reader.spec();
    assert_eq!((spec.channels, spec.sample_rate, spec.bits_per_sample), (2, 8000, 16));
    reader.samples::<i16>().map(|s| s.unwrap()).collect()
}

/// A sound whose every sample tells its side and position.
pub fn tone(caller: bool, position: u64, length: usize) -> Vec<i16> {
    (position..position + length as u64)
        .map(|p| if caller { 1 + (p % 15_000) as i16 } else { -1 - (p % 15_000) as i16 })
        .collect()
}
