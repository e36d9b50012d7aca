//! Hands tap items to the recorder without ever waiting for it.

use super::{TapFrame, TapItem};
use std::collections::VecDeque;
use std::sync::mpsc::{SyncSender, TrySendError};

/// Beginnings and ends that wait for room. Only a recorder that has stood still for thousands of calls lets it overflow.
const MAX_WAITING: usize = 8_192;

/// Frames that find no room are dropped and counted; beginnings and ends wait.
#[derive(Debug)]
pub(crate) struct TapOutlet {
    sink: SyncSender<TapItem>,
    waiting: VecDeque<TapItem>,
}

impl TapOutlet {
    pub fn new(sink: SyncSender<TapItem>) -> TapOutlet {
        TapOutlet { sink, waiting: VecDeque::new() }
    }

    /// A frame; false if it was dropped.
    pub fn frame(&mut self, frame: TapFrame) -> bool {
        self.retry();
        let sent = self.waiting.is_empty() && self.sink.try_send(TapItem::Frame(frame)).is_ok();
        if !sent {
            metrics::counter!("siaga_media_tap_frames_dropped_total").increment(1);
        }
        sent
    }

    /// A beginning or an end.
    pub fn mark(&mut self, item: TapItem) {
        self.retry();
        if self.waiting.len() >= MAX_WAITING {
            metrics::counter!("siaga_media_tap_marks_dropped_total").increment(1);
            return;
        }
        self.waiting.push_back(item);
        self.retry();
    }

    /// Sends what waits, as far as there is room.
    pub fn retry(&mut self) {
        while let Some(item) = self.waiting.pop_front() {
            match self.sink.try_send(item) {
                Ok(()) => {}
                Err(TrySendError::Full(item)) => {
                    self.waiting.push_front(item);
                    return;
                }
                Err(TrySendError::Disconnected(_)) => self.waiting.clear(),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event::Side;
    use uuid::Uuid;

    #[test]
    fn a_recorder_that_stands_still_loses_frames_but_no_beginnings_and_ends() {
        let (sink, items) = std::sync::mpsc::sync_channel(2);
        let leg = Uuid::nil();
        let frame = || TapFrame { leg, side: Side::Caller, position: 0, pcm: vec![0] };
        let mut outlet = TapOutlet::new(sink);
        outlet.mark(TapItem::Started { leg });
        assert!(outlet.frame(frame()));
        assert!(!outlet.frame(frame()));
        outlet.mark(TapItem::Ended { leg, dropped: 1 });
        assert_eq!(items.try_iter().count(), 2);
        outlet.retry();
        assert_eq!(items.try_recv(), Ok(TapItem::Ended { leg, dropped: 1 }));
    }
}
