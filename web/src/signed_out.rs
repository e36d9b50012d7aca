//! Tells long-lived sockets that a session has ended, so that they close at once and not at their next look at the store.

use dispatch::id::{SessionId, UserId};
use tokio::sync::broadcast;

/// Endings kept for the slowest socket; one that misses some looks at the store.
const KEPT: usize = 64;

/// Whose sessions ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Ended {
    /// One person signed out in one browser.
    Session(SessionId),
    /// A person was changed: each session has to be looked at again.
    Person(UserId),
}

#[derive(Debug)]
pub(crate) struct SignedOut(broadcast::Sender<Ended>);

impl Default for SignedOut {
    fn default() -> Self {
        Self(broadcast::Sender::new(KEPT))
    }
}

impl SignedOut {
    pub(crate) fn tell(&self, ended: Ended) {
        // With no socket open there is nobody to tell.
        let _ = self.0.send(ended);
    }

    pub(crate) fn subscribe(&self) -> broadcast::Receiver<Ended> {
        self.0.subscribe()
    }
}
