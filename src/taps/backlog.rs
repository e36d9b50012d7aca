//! What waits for the recorder while the recorder waits for the disk. Neither knows files nor drops anything: where this is full, the voice
//! engine's queue fills up, which counts what it has no room for.

use recordings::audio::AudioItem;
use std::collections::VecDeque;
use std::sync::mpsc::{SyncSender, TrySendError};

/// Five seconds of 500 calls, or a minute of 40, in both directions at 20 ms; some hundred megabytes while a disk stands still for so long.
pub const MOST: usize = 250_000;
/// Room for so many is kept where nothing waits any more.
const KEPT: usize = 4_096;

#[derive(Debug, Default)]
pub struct Backlog(VecDeque<AudioItem>);

/// The recorder has ended.
#[derive(Debug, PartialEq, Eq)]
pub struct Gone;

impl Backlog {
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub fn has_room(&self) -> bool {
        self.0.len() < MOST
    }

    /// Gives the recorder as much as it takes now.
    pub fn hand_over(&mut self, recorder: &SyncSender<AudioItem>) -> Result<(), Gone> {
        let handed = self.give(recorder);
        metrics::gauge!("siaga_tap_backlog_frames").set(self.0.len() as f64);
        handed
    }

    fn give(&mut self, recorder: &SyncSender<AudioItem>) -> Result<(), Gone> {
        while let Some(item) = self.0.pop_front() {
            match recorder.try_send(item) {
                Ok(()) => {}
                Err(TrySendError::Full(item)) => {
                    self.0.push_front(item);
                    return Ok(());
                }
                Err(TrySendError::Disconnected(_)) => return Err(Gone),
            }
        }
        self.0.shrink_to(KEPT);
        Ok(())
    }
}

impl Extend<AudioItem> for Backlog {
    fn extend<T: IntoIterator<Item = AudioItem>>(&mut self, items: T) {
        self.0.extend(items);
    }
}
