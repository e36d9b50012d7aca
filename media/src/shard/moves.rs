//! Trunk legs that go from one media thread to another, because those who talk with each other have to be on the same one.
//!
//! What they are joined to and what is played on them goes on: their datagrams wait in their sockets for the few microseconds
//! that it takes.

use super::timers::Timer;
use super::trunks::Trunk;
use super::{Shard, Token};
use crate::bridge::Peer;
use mio::Interest;
use std::time::Instant;
use uuid::Uuid;

/// Legs between two threads.
pub(crate) struct Moved {
    trunks: Vec<(Uuid, Trunk)>,
}

impl Moved {
    pub fn legs(&self) -> impl Iterator<Item = Uuid> + '_ {
        self.trunks.iter().map(|(leg, _)| *leg)
    }
}

impl Shard {
    /// Lets a leg go, and with it the one it is joined to. `None`: it is not here, or it talks with an operator, who stays.
    pub(super) fn release(&mut self, leg: Uuid) -> Option<Box<Moved>> {
        let peer = match self.trunks.get(&leg)?.bridge.as_ref().map(|bridge| bridge.peer) {
            Some(Peer::Operator(_)) => return None,
            Some(Peer::Trunk(peer)) => Some(peer),
            None => None,
        };
        let mut trunks = Vec::new();
        for leg in [Some(leg), peer].into_iter().flatten() {
            let Some(mut trunk) = self.trunks.remove(&leg) else { continue };
            self.unwatch(&mut trunk.sockets);
            self.timers.clear(Timer::TrunkSound(leg));
            self.timers.clear(Timer::Digits(leg));
            trunks.push((leg, trunk));
        }
        Some(Box::new(Moved { trunks }))
    }

    /// Takes legs over. One whose sockets cannot be watched here goes on without being heard, which is told as one-way audio.
    pub(super) fn adopt(&mut self, now: Instant, moved: Moved) {
        for (leg, mut trunk) in moved.trunks {
            trunk.sockets.token = Token(self.next_token);
            self.next_token += 2;
            for (token, port) in trunk.sockets.tokens() {
                if let Err(error) = self.registry.register(trunk.sockets.of(port), token, Interest::READABLE) {
                    tracing::error!(%error, "a leg's socket cannot be watched");
                    metrics::counter!("siaga_media_legs_unwatched_total").increment(1);
                }
                self.tokens.insert(token, (leg, port));
            }
            if let Some(player) = &trunk.player {
                self.timers.set(Timer::TrunkSound(leg), player.due());
            }
            if let Some(digits) = &trunk.digits {
                self.timers.set(Timer::Digits(leg), digits.due());
            }
            // What came meanwhile is read now: the poll may not tell of it.
            self.backlog.extend(trunk.sockets.tokens().map(|(token, _)| token));
            self.trunks.insert(leg, trunk);
            metrics::counter!("siaga_media_legs_moved_total").increment(1);
        }
        self.wake_house(now);
    }
}
