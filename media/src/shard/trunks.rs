//! Trunk legs with their sockets: opening, receiving, sending, closing.

use super::timers::Timer;
use super::{DATAGRAMS_PER_TURN, MAX_RECEIVED, Shard, bind};
use crate::clock;
use crate::error::OpenError;
use crate::event::{Event, Side};
use crate::packet::{Content, Packet, RemoteAudio};
use crate::room::{Path, Peer, Place};
use crate::sound::Player;
use crate::statistics::LegStatistics;
use crate::tap::{Heard, LegTap};
use crate::trunk::{Arrival, DigitTrain, MAX_DATAGRAM, TrunkLeg, What};
use ipnet::IpNet;
use mio::net::UdpSocket;
use mio::{Interest, Token};
use std::io::ErrorKind;
use std::net::SocketAddr;
use std::time::Instant;
use uuid::Uuid;

pub(super) struct Trunk {
    pub leg: TrunkLeg,
    pub place: Option<Place>,
    pub player: Option<Player>,
    pub digits: Option<DigitTrain>,
    tap: Option<LegTap>,
    socket: UdpSocket,
    token: Token,
    port: u16,
}

impl Trunk {
    /// Something is played or dialled here, and comes before what is said to it.
    pub fn is_busy(&self) -> bool {
        self.player.is_some() || self.digits.is_some()
    }
}

impl Shard {
    pub(super) fn open_trunk(
        &mut self,
        now: Instant,
        id: Uuid,
        allowed: Vec<IpNet>,
        remote: Option<RemoteAudio>,
        tap: bool,
    ) -> Result<SocketAddr, OpenError> {
        if self.trunks.contains_key(&id) {
            return Err(OpenError::AlreadyOpen);
        }
        let address = self.address;
        let Some(taken) = self.ports.take(|port| bind(SocketAddr::new(address, port))) else {
            metrics::counter!("siaga_media_ports_exhausted_total").increment(1);
            return Err(OpenError::PortsExhausted);
        };
        let (port, mut socket) = taken?;
        let token = Token(self.next_token);
        if let Err(error) = self.registry.register(&mut socket, token, Interest::READABLE) {
            self.ports.give_back(port);
            return Err(error.into());
        }
        self.next_token += 1;
        let mut leg = TrunkLeg::new(now, self.sources.next(), allowed, [clock::random(), clock::random()]);
        if let Some(remote) = remote {
            leg.set_remote(now, remote);
        }
        let tap = tap.then(|| LegTap::new(id));
        self.tokens.insert(token, id);
        self.trunks.insert(id, Trunk { leg, place: None, player: None, digits: None, tap, socket, token, port });
        self.wake_house(now);
        metrics::gauge!("siaga_media_trunk_legs").increment(1.0);
        Ok(SocketAddr::new(address, port))
    }

    pub(super) fn set_remote(&mut self, now: Instant, id: Uuid, remote: RemoteAudio) {
        let Some(trunk) = self.trunks.get_mut(&id) else { return };
        trunk.leg.set_remote(now, remote);
        let (sends, place) = (trunk.leg.sends(), trunk.place);
        if let Some(watch) = place.and_then(|place| self.rooms.get_mut(&place.room)?.watch.as_mut()) {
            watch.expect(now, id, sends);
        }
    }

    pub(super) fn close_trunk(&mut self, now: Instant, id: Uuid) -> Option<LegStatistics> {
        self.closing(now, id);
        let mut trunk = self.trunks.remove(&id)?;
        if let Err(error) = self.registry.deregister(&mut trunk.socket) {
            tracing::debug!(%error, "a closed leg's socket was not watched");
        }
        self.tokens.remove(&trunk.token);
        drop(trunk.socket);
        self.ports.give_back(trunk.port);
        self.timers.clear(Timer::TrunkSound(id));
        self.timers.clear(Timer::Digits(id));
        if let Some(tap) = trunk.tap {
            tap.finish(now, &mut self.taps);
        }
        metrics::gauge!("siaga_media_trunk_legs").decrement(1.0);
        Some(trunk.leg.statistics())
    }

    pub(super) fn trunk_readable(&mut self, token: Token) {
        let Some(id) = self.tokens.get(&token).copied() else { return };
        let mut buffer = [0; MAX_RECEIVED];
        for _ in 0..DATAGRAMS_PER_TURN {
            let Some(trunk) = self.trunks.get_mut(&id) else { return };
            match trunk.socket.recv_from(&mut buffer) {
                Ok((length, source)) => {
                    let now = clock::now();
                    let data = buffer.get(..length).unwrap_or_default();
                    if let Some(arrival) = trunk.leg.handle_datagram(now, source, data) {
                        self.arrived(now, id, &arrival);
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
        let Some(trunk) = self.trunks.get_mut(&id) else { return };
        if arrival.first {
            self.events.push(Event::FirstPacket { leg: id });
        }
        if let Some(digit) = arrival.digit {
            self.events.push(Event::Digit { leg: id, digit });
        }
        if let (What::Packet(packet), Some(tap)) = (&arrival.what, &mut trunk.tap)
            && let Content::Audio { codec, payload } = packet.content
        {
            let Packet { stream, sequence, timestamp, .. } = *packet;
            tap.push(now, Heard { side: Side::Caller, stream: stream.0, sequence, timestamp, codec, payload }, &mut self.taps);
        }
        let Some(Place { room, path }) = trunk.place else { return };
        self.heard_in_room(now, room, id);
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

    /// A peer's packet for a trunk leg. What is played or dialled there comes first.
    pub(super) fn forward_to_trunk(&mut self, now: Instant, id: Uuid, packet: &Packet<'_>) {
        if !self.trunks.get(&id).is_none_or(Trunk::is_busy) {
            self.send_to_trunk(now, id, packet);
        }
    }

    pub(super) fn send_to_trunk(&mut self, now: Instant, id: Uuid, packet: &Packet<'_>) {
        let Some(trunk) = self.trunks.get_mut(&id) else { return };
        let mut datagram = [0; MAX_DATAGRAM];
        let Some((to, made)) = trunk.leg.send(now, packet, &mut datagram) else { return };
        let taken = trunk.socket.send_to(datagram.get(..made.length).unwrap_or_default(), to).is_ok();
        if let (Some((codec, payload)), Some(tap)) = (made.audio, &mut trunk.tap) {
            let (sequence, timestamp) = (made.stamp.sequence as u16, made.stamp.timestamp);
            tap.push(now, Heard { side: Side::Operator, stream: 0, sequence, timestamp, codec, payload }, &mut self.taps);
        }
        trunk.leg.sent(now, taken);
    }

    pub(super) fn look_after_trunks(&mut self, now: Instant) {
        for trunk in self.trunks.values_mut() {
            if let Some(tap) = &mut trunk.tap {
                tap.poll(now, &mut self.taps);
            }
        }
    }
}
