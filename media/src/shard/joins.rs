//! Who hears whom: the rooms of this shard.

use super::Shard;
use super::timers::Timer;
use crate::error::ConnectError;
use crate::event::Event;
use crate::g711::Codec;
use crate::packet::{Content, Packet};
use crate::rewrite::Rewriter;
use crate::room::{Member, Members, Mixed, Mixer, Path, Peer, Place, Role, Room, Spoken, Way};
use crate::silence::Hearing;
use crate::sound::FRAME;
use std::time::Instant;
use uuid::Uuid;

/// How far a leg's timestamps may run ahead of the clock (80 ms) for what was said before a mix ended. Further, and a phone
/// with a small buffer would not know where to put it.
const MAX_AHEAD: i64 = 640;

impl Shard {
    /// Puts these and nobody else into the room of `call`. Whoever stays is heard on without a break.
    pub(super) fn arrange(&mut self, now: Instant, call: Uuid, members: Members) -> Result<(), ConnectError> {
        if members.len() == 0 {
            self.dissolve(call);
            return Ok(());
        }
        self.admit(call, &members)?;
        if members.hold(call) && self.place(call).is_some_and(|place| place.room != call) {
            self.leave(now, call);
        }
        let room = self.rooms.entry(call).or_default();
        let before = std::mem::replace(&mut room.members, members.clone());
        for gone in before.iter().filter(|member| !members.hold(member.leg)) {
            self.put(gone.leg, None);
        }
        self.settle(now, call);
        Ok(())
    }

    /// Takes a leg out of its room and dissolves the room that is its own.
    pub(super) fn part(&mut self, now: Instant, leg: Uuid) {
        self.dissolve(leg);
        self.leave(now, leg);
    }

    /// Takes a leg out of its room. The others go on, unless one would be left alone.
    pub(super) fn leave(&mut self, now: Instant, leg: Uuid) {
        let Some(Place { room: call, .. }) = self.place(leg) else { return };
        self.put(leg, None);
        let Some(room) = self.rooms.get_mut(&call) else { return };
        room.members.remove(leg);
        if room.members.len() < 2 {
            self.dissolve(call);
        } else {
            self.settle(now, call);
        }
    }

    /// A trunk leg is about to be closed. Its own room outlasts it only for those who talk there.
    pub(super) fn closing(&mut self, now: Instant, leg: Uuid) {
        self.leave(now, leg);
        if self.rooms.get(&leg).is_some_and(|room| room.members.len() < 2) {
            self.dissolve(leg);
        }
    }

    /// A member of a mixed room spoke, or pressed a key, which nobody is to hear.
    pub(super) fn spoken_in_room(&mut self, now: Instant, call: Uuid, leg: Uuid, packet: &Packet<'_>) {
        let Content::Audio { codec, payload } = packet.content else { return };
        let Packet { stream, sequence, timestamp, .. } = *packet;
        if let Some(Room { way: Way::Mixed(mixer), .. }) = self.rooms.get_mut(&call) {
            mixer.push(now, leg, &Spoken { stream, sequence, timestamp, codec, payload });
        }
    }

    /// Mixes a room and sends each member what it is to hear.
    pub(super) fn mix(&mut self, now: Instant, call: Uuid) {
        let mut mixed = std::mem::take(&mut self.mixed);
        while let Some(Room { way: Way::Mixed(mixer), .. }) = self.rooms.get_mut(&call) {
            if !mixer.poll(now, &mut mixed) {
                self.timers.set(Timer::Room(call), mixer.due());
                break;
            }
            for frame in mixed.drain(..) {
                let of_call = frame.leg == call;
                if of_call && self.is_aside(call) {
                    self.record_room(now, &frame);
                    continue;
                }
                if of_call && self.is_deaf(call) {
                    self.record_room(now, &frame);
                }
                // Also to whom nothing is sent now: what is left out leaves no hole in the numbers.
                self.send_frame(now, frame);
            }
        }
        self.mixed = mixed;
    }

    pub(super) fn look_after_rooms(&mut self, now: Instant) {
        let last_heard = |leg| match self.trunks.get(&leg) {
            Some(trunk) => Some(trunk.heard),
            None => self.operators.get(&leg)?.heard,
        };
        for (call, room) in &mut self.rooms {
            room.silence.listen(last_heard);
            while let Some(hearing) = room.silence.poll(now) {
                let leg = *call;
                self.events.push(match hearing {
                    Hearing::Silent { leg: silent } => Event::OneWay { leg, silent },
                    Hearing::HeardAgain { leg: again } => Event::HeardAgain { leg, again },
                });
            }
        }
    }

    /// Whether all these can be in the room of `call`.
    fn admit(&self, call: Uuid, members: &Members) -> Result<(), ConnectError> {
        if !self.rooms.contains_key(&call) && !self.trunks.contains_key(&call) {
            return Err(ConnectError::NoLeg);
        }
        for member in members.iter() {
            let elsewhere = |place: Option<Place>| place.is_some_and(|place| place.room != call);
            if let Some(trunk) = self.trunks.get(&member.leg) {
                if elsewhere(trunk.place) && member.leg != call {
                    return Err(ConnectError::Busy);
                }
            } else if let Some(operator) = self.operators.get(&member.leg) {
                // Who is in the room already may be away for a moment: the browser attaches again.
                if !operator.connected && operator.place.is_none_or(|place| place.room != call) {
                    return Err(ConnectError::NotConnected);
                }
                if elsewhere(operator.place) {
                    return Err(ConnectError::Busy);
                }
            } else {
                return Err(if member.leg == call { ConnectError::NoLeg } else { ConnectError::NoPeer });
            }
        }
        Ok(())
    }

    /// Lets sound go the way that the members of a room need.
    fn settle(&mut self, now: Instant, call: Uuid) {
        let Some(room) = self.rooms.get(&call) else { return };
        // Two operators among themselves are mixed: packets go straight only to and from trunk legs.
        // So is a conversation that is recorded without being heard by the leg that it is recorded with.
        let aside = self.is_aside(call);
        let pair = room.members.pair().filter(|pair| !aside && pair.iter().any(|leg| self.trunks.contains_key(leg)));
        match pair {
            Some(pair) => self.join(now, call, pair),
            None if room.members.converse() => self.open_mix(now, call, aside),
            None => self.hush(now, call),
        }
        self.set_aside(call, aside);
        self.watch_speakers(now, call);
    }

    fn join(&mut self, now: Instant, call: Uuid, pair: [Uuid; 2]) {
        let [one, other] = pair;
        let Some(room) = self.rooms.get_mut(&call) else { return };
        if let Way::Direct(joined) = room.way
            && (joined == pair || joined == [other, one])
        {
            return;
        }
        if let Way::Mixed(mut mixer) = std::mem::replace(&mut room.way, Way::Direct(pair)) {
            self.close_mix(call);
            self.send_rest(now, &mut mixer, one, other);
            self.send_rest(now, &mut mixer, other, one);
        }
        for (leg, peer) in [(one, other), (other, one)] {
            let peer = if self.trunks.contains_key(&peer) { Peer::Trunk(peer) } else { Peer::Operator(peer) };
            self.put(leg, Some(Place { room: call, path: Path::Direct(peer) }));
            // What the peer sent before was not meant for this leg.
            self.restart(now, leg);
        }
        for (speaker, hearer) in [(one, other), (other, one)] {
            let word = self.trunks.get_mut(&speaker).and_then(|trunk| trunk.last_word.take());
            let Some(packet) = word.as_ref().and_then(|word| word.packet(now)) else { continue };
            if self.trunks.contains_key(&hearer) {
                self.forward_to_trunk(now, hearer, &packet);
            } else {
                self.forward_to_operator(now, hearer, &packet);
            }
        }
    }

    /// `aside`: the recording listens too.
    fn open_mix(&mut self, now: Instant, call: Uuid, aside: bool) {
        self.finish_direct(now, call);
        let Some(room) = self.rooms.get_mut(&call) else { return };
        if !matches!(room.way, Way::Mixed(_)) {
            let mixer = Mixer::new(now);
            self.timers.set(Timer::Room(call), mixer.due());
            room.way = Way::Mixed(Box::new(mixer));
            metrics::gauge!("siaga_media_rooms_mixed").increment(1.0);
        }
        if let Way::Mixed(mixer) = &mut room.way {
            let recording = aside.then_some(Member { leg: call, role: Role::Listener });
            mixer.seat(room.members.iter().copied().chain(recording), || self.sources.next_stream());
        }
        self.put_all(call, Path::Mixed);
    }

    fn hush(&mut self, now: Instant, call: Uuid) {
        self.finish_direct(now, call);
        let Some(room) = self.rooms.get_mut(&call) else { return };
        if let Way::Mixed(_) = std::mem::take(&mut room.way) {
            self.close_mix(call);
        }
        self.put_all(call, Path::Nowhere);
    }

    fn dissolve(&mut self, call: Uuid) {
        self.set_aside(call, false);
        let Some(room) = self.rooms.remove(&call) else { return };
        if let Way::Mixed(_) = room.way {
            self.close_mix(call);
        }
        for member in room.members.iter() {
            self.put(member.leg, None);
        }
    }

    /// What those who were joined directly were sent in part leaves, before they hear something else.
    fn finish_direct(&mut self, now: Instant, call: Uuid) {
        let Some(Room { way: Way::Direct(pair), .. }) = self.rooms.get(&call) else { return };
        for leg in *pair {
            self.restart(now, leg);
        }
    }

    fn close_mix(&mut self, call: Uuid) {
        self.timers.clear(Timer::Room(call));
        metrics::gauge!("siaga_media_rooms_mixed").decrement(1.0);
    }

    fn watch_speakers(&mut self, now: Instant, call: Uuid) {
        let Some(room) = self.rooms.get_mut(&call) else { return };
        let speaks = room.members.iter().filter(|member| member.role == Role::Speaker).map(|member| member.leg);
        let sends = |leg| self.trunks.get(&leg).is_none_or(|trunk| trunk.leg.sends());
        let speakers: Vec<(Uuid, bool)> = speaks.map(|leg| (leg, sends(leg))).collect();
        room.silence.seat(now, &speakers);
    }

    /// Sends `hearer` at once what `speaker` said in a mix that has ended.
    fn send_rest(&mut self, now: Instant, mixer: &mut Mixer, speaker: Uuid, hearer: Uuid) {
        let Some(rewriter) = self.rewriter(hearer) else { return };
        let most = usize::try_from(MAX_AHEAD - rewriter.ahead()).unwrap_or(0);
        let (pieces, ahead) = mixer.rest(now, speaker, hearer, most);
        let mut sent = false;
        for piece in &pieces {
            sent = self.send_mixed(now, piece, Shard::send_rest_to_trunk);
        }
        if let Some(rewriter) = self.rewriter(hearer).filter(|_| sent) {
            rewriter.ran_ahead(ahead);
        }
    }

    /// Sends a member the next frame of a mix, the first one without the quiet that the member need not hear.
    fn send_frame(&mut self, now: Instant, mut frame: Mixed) {
        let listens = self.listens(frame.leg);
        let Some(rewriter) = self.rewriter(frame.leg).filter(|_| listens) else { return };
        if frame.make_up(now, rewriter) {
            // What begins with less than a frame does not wait to be filled up.
            let short = frame.pcm().len() < FRAME;
            self.send_mixed(now, &frame, if short { Shard::send_rest_to_trunk } else { Shard::send_to_trunk });
        }
    }

    /// Sends a member what it is to hear, unless something else is played or dialled there; false if nothing is sent.
    fn send_mixed(&mut self, now: Instant, mixed: &Mixed, to_trunk: fn(&mut Shard, Instant, Uuid, &Packet<'_>)) -> bool {
        let id = mixed.leg;
        let Some(codec) = self.codec(id).filter(|_| self.listens(id)) else { return false };
        let mut payload = [0; FRAME];
        let length = codec.encode(mixed.pcm(), &mut payload);
        let content = Content::Audio { codec, payload: payload.get(..length).unwrap_or_default() };
        let Mixed { stream, sequence, timestamp, .. } = *mixed;
        let packet = Packet { stream, sequence, timestamp, marker: false, content };
        if self.trunks.contains_key(&id) {
            to_trunk(self, now, id, &packet);
        } else {
            self.forward_to_operator(now, id, &packet);
        }
        true
    }

    /// Whether a member hears its room: nothing else is played or dialled there.
    fn listens(&self, leg: Uuid) -> bool {
        match self.trunks.get(&leg) {
            Some(trunk) => !trunk.is_busy(),
            None => self.operators.get(&leg).is_some_and(|operator| operator.player.is_none()),
        }
    }

    fn codec(&self, leg: Uuid) -> Option<Codec> {
        match self.trunks.get(&leg) {
            Some(trunk) => Some(trunk.leg.codec()),
            None => Some(self.operators.get(&leg)?.leg.as_ref()?.codec()),
        }
    }

    fn restart(&mut self, now: Instant, leg: Uuid) {
        if let Some(leg) = self.operators.get_mut(&leg).and_then(|operator| operator.leg.as_mut()) {
            leg.rewriter().restart();
        }
        self.restart_trunk(now, leg);
    }

    fn rewriter(&mut self, leg: Uuid) -> Option<&mut Rewriter> {
        if let Some(trunk) = self.trunks.get_mut(&leg) {
            return Some(trunk.leg.rewriter());
        }
        Some(self.operators.get_mut(&leg)?.leg.as_mut()?.rewriter())
    }

    fn place(&self, leg: Uuid) -> Option<Place> {
        match self.trunks.get(&leg) {
            Some(trunk) => trunk.place,
            None => self.operators.get(&leg)?.place,
        }
    }

    fn put_all(&mut self, call: Uuid, path: Path) {
        let Some(room) = self.rooms.get(&call) else { return };
        for member in room.members.clone().iter() {
            self.put(member.leg, Some(Place { room: call, path }));
        }
    }

    /// Whoever comes into a room is not tested any more.
    fn put(&mut self, leg: Uuid, place: Option<Place>) {
        if let Some(trunk) = self.trunks.get_mut(&leg) {
            trunk.place = place;
        } else if let Some(operator) = self.operators.get_mut(&leg) {
            operator.place = place;
            if place.is_some() {
                self.stop_test(leg);
            }
        }
    }
}
