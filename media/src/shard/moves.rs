//! Trunk legs that go from one media thread to another, because those who talk with each other have to be on the same one.
//!
//! Whoever is in a room with a leg comes along, and so does the room. What they hear and what is played on them goes on: their
//! datagrams wait in their sockets for the two commands that it takes.

use super::Shard;
use super::timers::Timer;
use super::trunks::Trunk;
use crate::room::{Room, Way};
use std::time::Instant;
use uuid::Uuid;

/// Legs between two threads, with all rooms that they are in.
pub(crate) struct Moved {
    trunks: Vec<(Uuid, Trunk)>,
    rooms: Vec<(Uuid, Room)>,
}

impl Moved {
    pub fn legs(&self) -> impl Iterator<Item = Uuid> + '_ {
        self.trunks.iter().map(|(leg, _)| *leg)
    }
}

impl Shard {
    pub(super) fn has_room(&self, call: Uuid) -> bool {
        self.rooms.contains_key(&call)
    }

    /// Lets a leg, or the room of a call, go. `None`: it is not here, or an operator is in the room, who stays.
    pub(super) fn release(&mut self, leg: Uuid) -> Option<Box<Moved>> {
        let (legs, calls) = self.company(leg)?;
        let mut trunks = Vec::new();
        for leg in legs {
            let Some(mut trunk) = self.trunks.remove(&leg) else { continue };
            self.unwatch(&mut trunk.sockets);
            self.unwatch_text(leg, trunk.text.as_mut());
            self.timers.clear(Timer::TrunkSound(leg));
            self.timers.clear(Timer::Digits(leg));
            trunks.push((leg, trunk));
        }
        let mut rooms = Vec::new();
        for call in calls {
            self.timers.clear(Timer::Room(call));
            rooms.extend(self.rooms.remove_entry(&call));
        }
        Some(Box::new(Moved { trunks, rooms }))
    }

    /// Takes legs over. One whose sockets cannot be watched here goes on without being heard, which is told as one-way audio.
    pub(super) fn adopt(&mut self, now: Instant, moved: Moved) {
        for (call, room) in moved.rooms {
            if let Way::Mixed(mixer) = &room.way {
                self.timers.set(Timer::Room(call), mixer.due());
            }
            self.rooms.insert(call, room);
        }
        for (leg, mut trunk) in moved.trunks {
            self.watch(leg, &mut trunk.sockets);
            if let Some(player) = &trunk.player {
                self.timers.set(Timer::TrunkSound(leg), player.due());
            }
            if let Some(dialling) = &trunk.dialling {
                self.timers.set(Timer::Digits(leg), dialling.due());
            }
            self.adopt_text(leg, trunk.text.as_mut());
            self.trunks.insert(leg, trunk);
            metrics::counter!("siaga_media_legs_moved_total").increment(1);
        }
        self.wake_house(now);
    }

    /// All legs that have to stay together with this one, and the calls whose rooms they are in: the members of its room and
    /// of its own, if that is another one, and the callers whose rooms these are, though they may be held.
    fn company(&self, leg: Uuid) -> Option<(Vec<Uuid>, Vec<Uuid>)> {
        if !self.trunks.contains_key(&leg) && !self.has_room(leg) {
            return None;
        }
        let (mut legs, mut calls) = (vec![leg], Vec::new());
        let mut next = 0;
        while let Some(leg) = legs.get(next).copied() {
            next += 1;
            if self.operators.contains_key(&leg) {
                return None;
            }
            let place = self.trunks.get(&leg).and_then(|trunk| trunk.place);
            for call in [Some(leg), place.map(|place| place.room)].into_iter().flatten() {
                let Some(room) = self.rooms.get(&call).filter(|_| !calls.contains(&call)) else { continue };
                calls.push(call);
                for member in room.members.iter().map(|member| member.leg).chain([call]) {
                    if !legs.contains(&member) {
                        legs.push(member);
                    }
                }
            }
        }
        Some((legs, calls))
    }
}
