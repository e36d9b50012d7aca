//! Hands tap items to the recorder without ever waiting for it.

use super::{TapFrame, TapItem};
use std::collections::VecDeque;
use std::sync::mpsc::{SyncSender, TrySendError};
use std::sync::{Arc, Mutex, PoisonError};

/// Beginnings and ends that wait for room. Only a recorder that has stood still for thousands of calls lets it overflow.
const MAX_WAITING: usize = 8_192;

/// Frames that find no room are dropped and counted; beginnings and ends wait. Clones share what waits: a leg may begin on one
/// thread and go on on another, and its beginning comes first all the same.
#[derive(Debug, Clone)]
pub(crate) struct TapOutlet {
    sink: SyncSender<TapItem>,
    waiting: Arc<Mutex<VecDeque<TapItem>>>,
}

impl TapOutlet {
    pub fn new(sink: SyncSender<TapItem>) -> TapOutlet {
        TapOutlet { sink, waiting: Arc::default() }
    }

    /// A frame; false if it was dropped.
    pub fn frame(&mut self, frame: TapFrame) -> bool {
        let sent = self.with_waiting(|sink, waiting| {
            retry(sink, waiting);
            waiting.is_empty() && sink.try_send(TapItem::Frame(frame)).is_ok()
        });
        if !sent {
            metrics::counter!("siaga_media_tap_frames_dropped_total").increment(1);
        }
        sent
    }

    /// A beginning or an end.
    pub fn mark(&mut self, item: TapItem) {
        self.with_waiting(|sink, waiting| {
            retry(sink, waiting);
            if waiting.len() >= MAX_WAITING {
                metrics::counter!("siaga_media_tap_marks_dropped_total").increment(1);
                return;
            }
            waiting.push_back(item);
            retry(sink, waiting);
        });
    }

    /// Sends what waits, as far as there is room.
    pub fn retry(&mut self) {
        self.with_waiting(retry);
    }

    fn with_waiting<T>(&self, work: impl FnOnce(&SyncSender<TapItem>, &mut VecDeque<TapItem>) -> T) -> T {
        // The queue is whole at any moment, whatever became of another thread.
        work(&self.sink, &mut self.waiting.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

fn retry(sink: &SyncSender<TapItem>, waiting: &mut VecDeque<TapItem>) {
    while let Some(item) = waiting.pop_front() {
        match sink.try_send(item) {
            Ok(()) => {}
            Err(TrySendError::Full(item)) => {
                waiting.push_front(item);
                return;
            }
            Err(TrySendError::Disconnected(_)) => waiting.clear(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event::Side;
    use crate::tap::Dropped;
    use uuid::Uuid;

    #[test]
    fn a_recorder_that_stands_still_loses_frames_but_no_beginnings_and_ends() {
        let (sink, items) = std::sync::mpsc::sync_channel(2);
        let leg = Uuid::nil();
        let frame = || TapFrame { leg, side: Side::Caller, position: 0, came: 0, pcm: vec![0] };
        let mut outlet = TapOutlet::new(sink);
        outlet.mark(TapItem::Started { leg, at: crate::clock::now() });
        assert!(outlet.frame(frame()));
        assert!(!outlet.frame(frame()));
        let dropped = Dropped { frames: 1, caller: 1, operator: 0 };
        outlet.mark(TapItem::Ended { leg, dropped });
        assert_eq!(items.try_iter().count(), 2);
        outlet.retry();
        assert_eq!(items.try_recv(), Ok(TapItem::Ended { leg, dropped }));
    }
}
