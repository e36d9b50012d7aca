//! What the journal has changed and the consoles shall read again. Told at most once in a second, so that a rush of calls does not make
//! every console ask for every one of them.

use super::LiveHub;
use super::entry_rows::Touched;
use crate::contract::{Audience, Event};
use std::sync::atomic::{AtomicBool, Ordering};

#[derive(Default)]
pub(super) struct Untold {
    callbacks: AtomicBool,
    statistics: AtomicBool,
}

impl Untold {
    pub fn add(&self, touched: Touched) {
        self.callbacks.fetch_or(touched.callbacks, Ordering::Relaxed);
        self.statistics.fetch_or(touched.statistics, Ordering::Relaxed);
    }

    pub fn is_some(&self) -> bool {
        self.callbacks.load(Ordering::Relaxed) || self.statistics.load(Ordering::Relaxed)
    }

    pub fn tell(&self, live: &LiveHub) {
        if self.callbacks.swap(false, Ordering::Relaxed) {
            live.tell(Audience::Everyone, Event::Callbacks);
        }
        if self.statistics.swap(false, Ordering::Relaxed) {
            live.tell(Audience::Everyone, Event::Statistics);
        }
    }
}
