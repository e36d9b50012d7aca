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
    /// Dropped, and not told yet.
    dropped: u64,
}

impl EventOutlet {
    pub fn new(sink: Sender<Event>) -> EventOutlet {
        EventOutlet { sink, waiting: VecDeque::new(), dropped: 0 }
    }

    pub fn push(&mut self, event: Event) {
        if self.waiting.len() >= MAX_WAITING {
            metrics::counter!("siaga_media_events_dropped_total").increment(1);
            self.dropped += 1;
            return;
        }
        self.waiting.push_back(event);
        self.retry();
    }

    /// Sends what waits, as far as there is room, and behind it how much is lost.
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
        if self.dropped > 0 && self.sink.try_send(Event::Dropped { events: self.dropped }).is_ok() {
            self.dropped = 0;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use uuid::Uuid;

    #[test]
    fn what_nobody_took_for_long_is_lost_and_told_behind_what_was_kept() {
        let (sink, mut taken) = tokio::sync::mpsc::channel(1);
        let mut outlet = EventOutlet::new(sink);
        let event = Event::Played { leg: Uuid::nil() };
        for _ in 0..MAX_WAITING + 1 + 3 {
            outlet.push(event.clone());
        }
        let mut told = Vec::new();
        while let Ok(next) = taken.try_recv() {
            told.push(next);
            outlet.retry();
        }
        assert_eq!(told.pop(), Some(Event::Dropped { events: 3 }));
        assert!(told.len() == MAX_WAITING + 1 && told.iter().all(|kept| *kept == event));
    }
}
