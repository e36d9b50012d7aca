//! Where changes are told to every console: a bounded broadcast. A receiver that lags reads its snapshot again.

use crate::contract::{Audience, Event, Live};
use tokio::sync::broadcast;

/// A cheap clone of the sending end.
#[derive(Debug, Clone)]
pub struct LiveHub {
    sender: broadcast::Sender<Live>,
}

impl LiveHub {
    /// `capacity` events are kept for the slowest receiver before it misses some.
    pub fn new(capacity: usize) -> Self {
        Self { sender: broadcast::Sender::new(capacity.max(1)) }
    }

    pub fn subscribe(&self) -> broadcast::Receiver<Live> {
        self.sender.subscribe()
    }

    /// Tells everyone who listens; with nobody listening the event is gone, which is right: a console begins with a snapshot.
    pub fn publish(&self, live: Live) {
        let _ = self.sender.send(live);
    }

    pub fn tell(&self, audience: Audience, event: Event) {
        self.publish(Live { audience, event });
    }
}

impl Default for LiveHub {
    fn default() -> Self {
        Self::new(4096)
    }
}
