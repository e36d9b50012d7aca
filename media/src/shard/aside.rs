//! What is said in a call's room while the leg of the call is put aside, as in a consultation, or holds the call itself. The recording listens to
//! it as a member of the mix that is sent nothing.

use super::Shard;
use crate::room::Mixed;
use crate::tap::{Heard, Source};
use std::time::Instant;
use uuid::Uuid;

impl Shard {
    /// Whether others talk in the room of a recorded leg that does not take part.
    pub(super) fn is_aside(&self, call: Uuid) -> bool {
        self.rooms.get(&call).is_some_and(|room| !room.members.hold(call) && room.members.converse())
            && self.trunks.get(&call).is_some_and(|trunk| trunk.tap.is_some())
    }

    /// Whether the far end of a leg holds the call, and is sent nothing though it is in a room.
    pub(super) fn is_deaf(&self, call: Uuid) -> bool {
        self.trunks.get(&call).is_some_and(|trunk| !trunk.leg.listens())
    }

    pub(super) fn set_aside(&mut self, call: Uuid, aside: bool) {
        if let Some(tap) = self.trunks.get_mut(&call).and_then(|trunk| trunk.tap.as_mut()) {
            tap.set_aside(aside);
        }
    }

    /// The next frame of what everybody in the room says.
    pub(super) fn record_room(&mut self, now: Instant, said: &Mixed) {
        let Some(tap) = self.trunks.get_mut(&said.leg).and_then(|trunk| trunk.tap.as_mut()) else { return };
        let Mixed { stream, sequence, timestamp, .. } = *said;
        let heard = Heard { source: Source::Room, stream: stream.0, sequence, timestamp, pcm: said.pcm().to_vec() };
        tap.push(now, heard, &mut self.taps);
    }
}
