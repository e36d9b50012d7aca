//! Trunk legs with their sockets: opening, receiving, sending, closing.

use super::keys::Dialling;
use super::last_word::LastWord;
use super::texts::Text;
use super::timers::Timer;
use super::wire::{Nth, Wire};
use super::{DATAGRAMS_PER_TURN, MAX_RECEIVED, Shard, Watched};
use crate::clock;
use crate::error::OpenError;
use crate::event::Event;
use crate::packet::{Content, Packet, RemoteAudio};
use crate::ports::{Claim, Lease};
use crate::room::{Path, Peer, Place};
use crate::sound::Player;
use crate::statistics::LegStatistics;
use crate::tap::{Heard, LegTap, Source};
use crate::trunk::{Arrival, MAX_CONTROL_DATAGRAM, Port, Transmit, TrunkLeg, What};
use ipnet::IpNet;
use mio::{Registry, Token};
use std::io::ErrorKind;
use std::net::SocketAddr;
use std::time::Instant;
use uuid::Uuid;

pub(super) struct Trunk {
    pub leg: TrunkLeg,
    pub place: Option<Place>,
    /// When its last packet came, or it was opened.
    pub heard: Instant,
    pub player: Option<Player>,
    pub dialling: Option<Dialling>,
    pub tap: Option<LegTap>,
    /// Not what was heard already.
    pub last_word: Option<Box<LastWord>>,
    pub text: Option<Text>,
    pub sockets: Sockets,
}

/// A leg's two ports.
pub(super) struct Sockets {
    rtp: Wire,
    rtcp: Wire,
    /// Of RTP's wire; RTCP's has those behind it.
    token: Token,
    /// The even port of the two.
    _port: Lease,
}

impl Trunk {
    /// Something is played or dialled here, and comes before what is said to it.
    pub fn is_busy(&self) -> bool {
        self.player.is_some() || self.dialling.is_some()
    }
}

impl Sockets {
    /// Tokens that a leg's sockets may have.
    const TOKENS: usize = 2 * Wire::TOKENS;

    pub fn tokens(&self) -> impl Iterator<Item = (Token, Port, Nth)> + use<> {
        let rtp = self.rtp.tokens(self.token).map(|(token, nth)| (token, Port::Rtp, nth));
        rtp.chain(self.rtcp.tokens(self.behind()).map(|(token, nth)| (token, Port::Rtcp, nth)))
    }

    pub fn of(&self, port: Port) -> &Wire {
        match port {
            Port::Rtp => &self.rtp,
            Port::Rtcp => &self.rtcp,
        }
    }

    fn behind(&self) -> Token {
        Token(self.token.0 + Wire::TOKENS)
    }

    /// Watches both ports. After an error nothing is watched.
    fn register(&mut self, registry: &Registry) -> std::io::Result<()> {
        self.rtp.register(registry, self.token)?;
        self.rtcp.register(registry, self.behind()).inspect_err(|_| self.rtp.deregister(registry))
    }
}

impl Shard {
    pub(super) fn open_trunk(
        &mut self,
        now: Instant,
        id: Uuid,
        allowed: Vec<IpNet>,
        remote: Option<RemoteAudio>,
        (claim, tap): (Claim, bool),
    ) -> Result<SocketAddr, OpenError> {
        if self.trunks.contains_key(&id) {
            return Err(OpenError::AlreadyOpen);
        }
        let addresses = self.addresses;
        let both = |port: u16| Ok((Wire::bind(addresses, port)?, Wire::bind(addresses, port + 1)?));
        let Some(taken) = self.ports.take(claim, both) else {
            metrics::counter!("siaga_media_ports_exhausted_total").increment(1);
            return Err(OpenError::PortsExhausted);
        };
        let (port, (rtp, rtcp)) = taken?;
        let address = SocketAddr::new(addresses.first, port.port());
        let mut sockets = Sockets { rtp, rtcp, token: Token(self.next_token), _port: port };
        sockets.register(&self.registry)?;
        self.next_token += Sockets::TOKENS;
        let mut leg = TrunkLeg::new(now, self.sources.next(), allowed, std::array::from_fn(|_| clock::random()));
        if let Some(remote) = remote {
            leg.set_remote(now, remote);
        }
        let tap = tap.then(|| LegTap::new(id));
        let trunk =
            Trunk { leg, place: None, heard: now, player: None, dialling: None, tap, last_word: None, text: None, sockets };
        self.watched.extend(trunk.sockets.tokens().map(|(token, port, nth)| (token, Watched::Voice { leg: id, port, nth })));
        self.trunks.insert(id, trunk);
        self.wake_house(now);
        metrics::gauge!("siaga_media_trunk_legs").increment(1.0);
        Ok(address)
    }

    pub(super) fn set_remote(&mut self, now: Instant, id: Uuid, remote: RemoteAudio) {
        let Some(trunk) = self.trunks.get_mut(&id) else { return };
        trunk.leg.set_remote(now, remote);
        let (sends, place) = (trunk.leg.sends(), trunk.place);
        if let Some(room) = place.and_then(|place| self.rooms.get_mut(&place.room)) {
            room.silence.expect(now, id, sends);
        }
    }

    pub(super) fn close_trunk(&mut self, now: Instant, id: Uuid) -> Option<LegStatistics> {
        self.closing(now, id);
        let mut trunk = self.trunks.remove(&id)?;
        let mut report = [0; MAX_CONTROL_DATAGRAM];
        if let Some((port, to, length)) = trunk.leg.goodbye(now, &mut report) {
            send_control(trunk.sockets.of(port), to, report.get(..length));
        }
        self.close_text(now, id, trunk.text.take());
        self.unwatch(&mut trunk.sockets);
        drop(trunk.sockets);
        self.timers.clear(Timer::TrunkSound(id));
        self.timers.clear(Timer::Digits(id));
        if let Some(tap) = trunk.tap {
            tap.finish(now, &mut self.taps);
        }
        metrics::gauge!("siaga_media_trunk_legs").decrement(1.0);
        Some(trunk.leg.statistics())
    }

    pub(super) fn unwatch(&mut self, sockets: &mut Sockets) {
        for (token, ..) in sockets.tokens() {
            self.watched.remove(&token);
        }
        sockets.rtp.deregister(&self.registry);
        sockets.rtcp.deregister(&self.registry);
    }

    /// The leg has come from another thread. What came meanwhile is read now: the poll may not tell of it.
    pub(super) fn watch(&mut self, leg: Uuid, sockets: &mut Sockets) {
        sockets.token = Token(self.next_token);
        self.next_token += Sockets::TOKENS;
        let behind = sockets.behind();
        for (wire, token) in [(&mut sockets.rtp, sockets.token), (&mut sockets.rtcp, behind)] {
            if let Err(error) = wire.register(&self.registry, token) {
                tracing::error!(%error, "a leg's port cannot be watched");
                metrics::counter!("siaga_media_legs_unwatched_total").increment(1);
            }
        }
        for (token, port, nth) in sockets.tokens() {
            self.watched.insert(token, Watched::Voice { leg, port, nth });
            self.backlog.push(token);
        }
    }

    pub(super) fn trunk_readable(&mut self, token: Token, id: Uuid, (which, nth): (Port, Nth), buffer: &mut [u8; MAX_RECEIVED]) {
        for _ in 0..DATAGRAMS_PER_TURN {
            let Some(trunk) = self.trunks.get_mut(&id) else { return };
            match trunk.sockets.of(which).recv_from(nth, buffer) {
                Ok((length, source)) => {
                    let now = clock::now();
                    let data = buffer.get_mut(..length).unwrap_or_default();
                    match which {
                        Port::Rtcp => trunk.leg.handle_control(now, source, data),
                        Port::Rtp => {
                            if let Some(arrival) = trunk.leg.handle_datagram(now, source, data) {
                                self.arrived(now, id, &arrival);
                            }
                        }
                    }
                }
                Err(error) if error.kind() == ErrorKind::WouldBlock => return,
                // An ICMP error of something sent before; the socket goes on.
                Err(_) => metrics::counter!("siaga_media_receive_errors_total").increment(1),
            }
        }
        self.backlog.push(token);
    }

    /// A packet came in on a trunk leg: tell, record, pass on.
    fn arrived(&mut self, now: Instant, id: Uuid, arrival: &Arrival<'_>) {
        if let Some(digit) = arrival.digit {
            let passed_on = self.passes_on(id, &arrival.what);
            self.events.push(Event::Digit { leg: id, digit, passed_on });
        }
        let Some(trunk) = self.trunks.get_mut(&id) else { return };
        if arrival.first {
            self.events.push(Event::FirstPacket { leg: id });
        }
        if let (What::Packet(packet), Some(tap)) = (&arrival.what, &mut trunk.tap)
            && let Content::Audio { codec, payload } = packet.content
        {
            let Packet { stream, sequence, timestamp, .. } = *packet;
            let pcm = codec.decode(payload).collect();
            tap.push(now, Heard { source: Source::Leg, stream: stream.0, sequence, timestamp, pcm }, &mut self.taps);
        }
        trunk.last_word = match (&arrival.what, trunk.place) {
            (What::Packet(packet), None | Some(Place { path: Path::Nowhere, .. })) => LastWord::of(now, packet),
            _ => None,
        };
        trunk.heard = now;
        let Some(Place { room, path }) = trunk.place else { return };
        match (path, &arrival.what) {
            (Path::Direct(Peer::Operator(operator)), What::Packet(packet)) => self.forward_to_operator(now, operator, packet),
            (Path::Direct(Peer::Trunk(other)), What::Packet(packet)) => self.forward_to_trunk(now, other, packet),
            (Path::Direct(Peer::Operator(operator)), What::Skipped { stream, sequence }) => {
                if let Some(leg) = self.operators.get_mut(&operator).and_then(|operator| operator.leg.as_mut()) {
                    leg.skip(*stream, *sequence);
                }
            }
            (Path::Direct(Peer::Trunk(other)), What::Skipped { stream, sequence }) => {
                if let Some(trunk) = self.trunks.get_mut(&other) {
                    trunk.leg.skip(*stream, *sequence);
                }
            }
            (Path::Mixed, What::Packet(packet)) => self.spoken_in_room(now, room, id, packet),
            (Path::Mixed, What::Skipped { .. }) | (Path::Nowhere, _) => {}
        }
    }

    /// Whether a key that came in like this is heard by whoever is joined with the leg: a tone always, an event by who takes such.
    fn passes_on(&self, id: Uuid, what: &What<'_>) -> bool {
        let is_tone = !matches!(what, What::Packet(Packet { content: Content::Event(_), .. }));
        match self.trunks.get(&id).and_then(|trunk| trunk.place).map(|place| place.path) {
            Some(Path::Direct(Peer::Trunk(other))) => {
                is_tone || self.trunks.get(&other).is_some_and(|trunk| trunk.leg.takes_events())
            }
            Some(Path::Direct(Peer::Operator(_)) | Path::Mixed) => is_tone,
            Some(Path::Nowhere) | None => false,
        }
    }

    /// A peer's packet for a trunk leg. What is played or dialled there comes first.
    pub(super) fn forward_to_trunk(&mut self, now: Instant, id: Uuid, packet: &Packet<'_>) {
        if !self.trunks.get(&id).is_none_or(Trunk::is_busy) {
            self.send_to_trunk(now, id, packet);
        }
    }

    pub(super) fn send_to_trunk(&mut self, now: Instant, id: Uuid, packet: &Packet<'_>) {
        self.on_trunk(now, id, |leg, transmit| leg.send(now, packet, transmit));
    }

    /// Sends what is left of a source that has ended.
    pub(super) fn send_rest_to_trunk(&mut self, now: Instant, id: Uuid, packet: &Packet<'_>) {
        self.on_trunk(now, id, |leg, transmit| leg.send_rest(now, packet, transmit));
    }

    /// What the leg is sent next is a new beginning.
    pub(super) fn restart_trunk(&mut self, now: Instant, id: Uuid) {
        self.on_trunk(now, id, |leg, transmit| leg.restart(now, transmit));
    }

    /// Lets a leg send; what it sends is recorded.
    fn on_trunk(&mut self, now: Instant, id: Uuid, send: impl FnOnce(&mut TrunkLeg, Transmit<'_>)) {
        let Some(Trunk { leg, tap, sockets, .. }) = self.trunks.get_mut(&id) else { return };
        let taps = &mut self.taps;
        send(leg, &mut |to, datagram, made| {
            let taken = sockets.rtp.send_to(datagram, to).is_ok();
            if let (Some((codec, payload)), Some(tap)) = (made.audio, &mut *tap) {
                let (sequence, timestamp) = (made.stamp.sequence as u16, made.stamp.timestamp);
                let pcm = codec.decode(payload).collect();
                tap.push(now, Heard { source: Source::Sent, stream: 0, sequence, timestamp, pcm }, taps);
            }
            taken
        });
    }

    pub(super) fn look_after_trunks(&mut self, now: Instant) {
        for (leg, trunk) in &mut self.trunks {
            if let Some(tap) = &mut trunk.tap {
                tap.poll(now, &mut self.taps);
            }
            let mut report = [0; MAX_CONTROL_DATAGRAM];
            if let Some((port, to, length)) = trunk.leg.poll_control(now, &mut report) {
                send_control(trunk.sockets.of(port), to, report.get(..length));
            }
            if let Some((heard, mos)) = trunk.leg.poll_quality(now, trunk.place.is_some()) {
                let (loss_percent, jitter_ms) = (heard.loss_percent, heard.jitter_ms);
                self.events.push(Event::Quality { leg: *leg, loss_percent, jitter_ms, mos });
            }
        }
    }
}

/// Nobody waits for a report; one that the system does not take is followed by the next.
fn send_control(socket: &Wire, to: SocketAddr, report: Option<&[u8]>) {
    if socket.send_to(report.unwrap_or_default(), to).is_err() {
        metrics::counter!("siaga_media_rtcp_unsent_total").increment(1);
    }
}
