//! What waits for the recorder while the recorder waits for the disk. Neither knows files nor drops anything: where this is full, the voice
//! engine's queue fills up, which counts what it has no room for.

use recordings::audio::AudioItem;
use std::collections::VecDeque;
use std::sync::mpsc::{SyncSender, TrySendError};

/// In octets, for a far end chooses how long its packets are: five seconds of 500 calls, or a minute of 40, in both directions at 20 ms.
const MOST: usize = 100_000_000;
/// Room for so many is kept where nothing waits any more.
const KEPT: usize = 4_096;

#[derive(Debug, Default)]
pub struct Backlog {
    waiting: VecDeque<AudioItem>,
    /// What those who wait take of memory.
    octets: usize,
}

/// The recorder has ended.
#[derive(Debug, PartialEq, Eq)]
pub struct Gone;

impl Backlog {
    pub fn is_empty(&self) -> bool {
        self.waiting.is_empty()
    }

    pub fn has_room(&self) -> bool {
        self.octets < MOST
    }

    /// Gives the recorder as much as it takes now.
    pub fn hand_over(&mut self, recorder: &SyncSender<AudioItem>) -> Result<(), Gone> {
        let handed = self.give(recorder);
        metrics::gauge!("siaga_tap_backlog_frames").set(self.waiting.len() as f64);
        handed
    }

    fn give(&mut self, recorder: &SyncSender<AudioItem>) -> Result<(), Gone> {
        while let Some(item) = self.waiting.pop_front() {
            let octets = octets(&item);
            match recorder.try_send(item) {
                Ok(()) => self.octets -= octets,
                Err(TrySendError::Full(item)) => {
                    self.waiting.push_front(item);
                    return Ok(());
                }
                Err(TrySendError::Disconnected(_)) => return Err(Gone),
            }
        }
        self.waiting.shrink_to(KEPT);
        Ok(())
    }
}

impl Extend<AudioItem> for Backlog {
    fn extend<T: IntoIterator<Item = AudioItem>>(&mut self, items: T) {
        for item in items {
            self.octets += octets(&item);
            self.waiting.push_back(item);
        }
    }
}

fn octets(item: &AudioItem) -> usize {
    let samples = match item {
        AudioItem::Frame { pcm, .. } => pcm.len(),
        AudioItem::Begin { .. } | AudioItem::Finish { .. } => 0,
    };
    size_of::<AudioItem>() + samples * size_of::<i16>()
}

#[cfg(test)]
mod tests {
    use super::*;
    use recordings::audio::Side;
    use std::sync::mpsc::sync_channel;
    use uuid::Uuid;

    fn frame(samples: usize) -> AudioItem {
        AudioItem::Frame { call: Uuid::nil(), side: Side::Caller, position: 0, came: 0, pcm: vec![1; samples] }
    }

    fn filled_with(samples: usize) -> Backlog {
        let mut backlog = Backlog::default();
        while backlog.has_room() {
            backlog.extend([frame(samples)]);
        }
        backlog
    }

    #[test]
    fn five_seconds_of_500_calls_have_room_and_the_longest_packets_take_no_more_memory() {
        assert!(filled_with(160).waiting.len() >= 250_000);
        assert!(filled_with(2_000).waiting.len() <= MOST / 4_000);
    }

    #[test]
    fn what_is_handed_over_makes_room_and_what_is_not_taken_stays() {
        let (recorder, recorded) = sync_channel(2);
        let mut backlog = filled_with(2_000);
        let waiting = backlog.waiting.len();
        assert_eq!(backlog.hand_over(&recorder), Ok(()));
        assert!(backlog.has_room());
        assert_eq!((backlog.waiting.len(), recorded.try_iter().count()), (waiting - 2, 2));
        while !backlog.is_empty() {
            assert_eq!(backlog.hand_over(&recorder), Ok(()));
            assert!(recorded.try_iter().count() > 0);
        }
        assert_eq!(backlog.octets, 0);
        drop(recorded);
        backlog.extend([frame(160)]);
        assert_eq!(backlog.hand_over(&recorder), Err(Gone));
    }
}
