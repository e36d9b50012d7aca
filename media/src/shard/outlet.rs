//! Hands events to whoever holds the engine, without ever waiting for them.

use crate::event::Event;
use std::collections::VecDeque;
use tokio::sync::mpsc::Sender;
use tokio::sync::mpsc::error::TrySendError;

/// Events that wait for room; past it the newest is dropped and counted.
const MAX_WAITING: usize = 8_192;

#[derive(Debug)]
pub(crate) struct EventOutlet {
    sink: Sender<Event>,
    waiting: VecDeque<Event>,
}

impl EventOutlet {
    pub fn new(sink: Sender<Event>) -> EventOutlet {
        EventOutlet { sink, waiting: VecDeque::new() }
    }

    pub fn push(&mut self, event: Event) {
        if self.waiting.len() >= MAX_WAITING {
            metrics::counter!("siaga_media_events_dropped_total").increment(1);
            return;
        }
        self.waiting.push_back(event);
        self.retry();
    }

    /// Sends what waits, as far as there is room.
    pub fn retry(&mut self) {
        while let Some(event) = self.waiting.pop_front() {
            match self.sink.try_send(event) {
                Ok(()) => {}
                Err(TrySendError::Full(event)) => {
                    self.waiting.push_front(event);
                    return;
                }
                Err(TrySendError::Closed(_)) => self.waiting.clear(),
            }
        }
    }
}
