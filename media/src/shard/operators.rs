//! Operators with their newest peer connections, on the one WebRTC socket.

use super::timers::Timer;
use super::{DATAGRAMS_PER_TURN, MAX_RECEIVED, Shard, WEBRTC};
use crate::clock;
use crate::error::ConnectError;
use crate::event::{Event, MediaTest};
use crate::level::LoudestWindow;
use crate::operator::{Incoming, OperatorLeg, Output};
use crate::packet::{Content, Packet};
use crate::room::{Path, Peer, Place};
use crate::sound::Player;
use crate::statistics::LegStatistics;
use mio::Token;
use std::io::ErrorKind;
use std::time::Instant;
use tokio::sync::oneshot;
use uuid::Uuid;

/// An operator, with or without a peer connection.
#[derive(Default)]
pub(super) struct Operator {
    pub leg: Option<Box<OperatorLeg>>,
    /// What was last told by an event.
    pub connected: bool,
    pub player: Option<Player>,
    pub test: Option<HeadsetTest>,
    pub place: Option<Place>,
    /// When its last packet came.
    pub heard: Option<Instant>,
}

pub(super) struct HeadsetTest {
    pub microphone: LoudestWindow,
    pub reply: oneshot::Sender<Result<MediaTest, ConnectError>>,
}

impl Operator {
    /// Whether there is something to come back to: others in a room, or a sound that plays, as while somebody is called.
    fn is_expected(&self) -> bool {
        self.place.is_some() || self.player.is_some()
    }
}

impl Shard {
    /// Takes an operator's new peer connection in place of the one before. The operator stays in the room.
    pub(super) fn attach(&mut self, now: Instant, id: Uuid, leg: Box<OperatorLeg>) {
        self.drop_leg(now, id);
        self.demux.add(leg.fragment(), id);
        self.operators.entry(id).or_default().leg = Some(leg);
        self.wake_house(now);
        self.pump(now, id);
    }

    /// Closes an operator's peer connection. Who is in a room stays there and what plays goes on, in case the operator attaches again.
    pub(super) fn detach(&mut self, now: Instant, id: Uuid) {
        self.stop_test(id);
        self.drop_leg(now, id);
        if self.operators.get(&id).is_some_and(|operator| !operator.is_expected()) {
            self.forget_operator(now, id);
        }
    }

    /// Forgets an operator altogether.
    pub(super) fn forget_operator(&mut self, now: Instant, id: Uuid) -> Option<LegStatistics> {
        self.stop_test(id);
        self.operators.get(&id)?;
        self.leave(now, id);
        let statistics = self.drop_leg(now, id);
        self.timers.clear(Timer::OperatorSound(id));
        self.operators.remove(&id);
        Some(statistics.unwrap_or_default())
    }

    fn drop_leg(&mut self, now: Instant, id: Uuid) -> Option<LegStatistics> {
        let operator = self.operators.get_mut(&id)?;
        let mut leg = operator.leg.take()?;
        let was_connected = std::mem::take(&mut operator.connected);
        self.demux.remove(leg.fragment(), id);
        self.timers.clear(Timer::PeerConnection(id));
        // The browser is told, so that a tab that was replaced does not go on believing in its connection.
        leg.close();
        while let Some(output) = leg.poll_output(now) {
            if let Output::Transmit { to, datagram } = output {
                self.transmit(to, &datagram.contents);
            }
        }
        if was_connected {
            self.events.push(Event::OperatorDisconnected { operator: id });
        }
        Some(leg.statistics())
    }

    pub(super) fn webrtc_readable(&mut self, token: Token, buffer: &mut [u8; MAX_RECEIVED]) {
        let Some((_, nth)) = self.webrtc.tokens(WEBRTC).find(|(known, _)| *known == token) else { return };
        for _ in 0..DATAGRAMS_PER_TURN {
            match self.webrtc.recv_from(nth, buffer) {
                Ok((length, source)) => {
                    let now = clock::now();
                    let data = buffer.get(..length).unwrap_or_default();
                    let Some(id) = self.demux.owner(source, data) else {
                        metrics::counter!("siaga_media_webrtc_unowned_total").increment(1);
                        continue;
                    };
                    let Some(leg) = self.operators.get_mut(&id).and_then(|operator| operator.leg.as_mut()) else { continue };
                    if leg.handle_datagram(now, source, data) {
                        self.demux.proved(source, id);
                    }
                    self.pump(now, id);
                }
                Err(error) if error.kind() == ErrorKind::WouldBlock => return,
                Err(_) => metrics::counter!("siaga_media_receive_errors_total").increment(1),
            }
        }
        self.backlog.push(token);
    }

    pub(super) fn peer_connection_due(&mut self, now: Instant, id: Uuid) {
        if let Some(leg) = self.operators.get_mut(&id).and_then(|operator| operator.leg.as_mut()) {
            leg.handle_timeout(now);
            self.pump(now, id);
        }
    }

    /// Does what the leg wants done. Has to follow everything that is handed to it.
    pub(super) fn pump(&mut self, now: Instant, id: Uuid) {
        loop {
            let Some(leg) = self.operators.get_mut(&id).and_then(|operator| operator.leg.as_mut()) else { return };
            match leg.poll_output(now) {
                None if leg.is_dead() => {
                    self.drop_leg(now, id);
                    return;
                }
                None => {
                    let timeout = leg.timeout();
                    self.timers.set(Timer::PeerConnection(id), timeout);
                    break;
                }
                Some(Output::Transmit { to, datagram }) => self.transmit(to, &datagram.contents),
                Some(Output::Packet(incoming)) => self.operator_spoke(now, id, &incoming),
                Some(Output::Closed) => {
                    self.drop_leg(now, id);
                    return;
                }
            }
        }
        self.tell_connection(now, id);
    }

    /// A peer's packet for an operator. What is played there comes first.
    pub(super) fn forward_to_operator(&mut self, now: Instant, id: Uuid, packet: &Packet<'_>) {
        let Some(operator) = self.operators.get_mut(&id).filter(|operator| operator.player.is_none()) else { return };
        let Some(leg) = &mut operator.leg else { return };
        leg.send(now, packet);
        self.pump(now, id);
    }

    fn operator_spoke(&mut self, now: Instant, id: Uuid, incoming: &Incoming) {
        let Some(operator) = self.operators.get_mut(&id) else { return };
        let packet = incoming.packet();
        if let (Some(test), Some(Packet { content: Content::Audio { codec, payload }, .. })) = (&mut operator.test, &packet) {
            test.microphone.push(codec.decode(payload));
        }
        operator.heard = Some(now);
        let Some(Place { room, path }) = operator.place else { return };
        match (path, packet) {
            (Path::Direct(Peer::Trunk(trunk)), Some(packet)) => self.forward_to_trunk(now, trunk, &packet),
            (Path::Direct(Peer::Trunk(trunk)), None) => {
                let (stream, sequence) = incoming.number();
                if let Some(trunk) = self.trunks.get_mut(&trunk) {
                    trunk.leg.skip(stream, sequence);
                }
            }
            (Path::Mixed, Some(packet)) => self.spoken_in_room(now, room, id, &packet),
            (Path::Direct(Peer::Operator(_)) | Path::Mixed | Path::Nowhere, _) => {}
        }
    }

    fn transmit(&mut self, to: std::net::SocketAddr, datagram: &[u8]) {
        if self.webrtc.send_to(datagram, to).is_err() {
            metrics::counter!("siaga_media_webrtc_unsent_total").increment(1);
        }
    }

    fn tell_connection(&mut self, now: Instant, id: Uuid) {
        let Some(operator) = self.operators.get_mut(&id) else { return };
        let up = operator.leg.as_ref().is_some_and(|leg| leg.is_up(now));
        if up == operator.connected {
            return;
        }
        operator.connected = up;
        self.events.push(match up {
            true => Event::OperatorConnected { operator: id },
            false => Event::OperatorDisconnected { operator: id },
        });
    }

    pub(super) fn look_after_operators(&mut self, now: Instant) {
        for id in self.operators.keys().copied().collect::<Vec<_>>() {
            self.tell_connection(now, id);
            let Some(operator) = self.operators.get_mut(&id) else { continue };
            let joined = operator.place.is_some();
            if let Some((heard, mos)) = operator.leg.as_mut().and_then(|leg| leg.poll_quality(now, joined)) {
                let (loss_percent, jitter_ms) = (heard.loss_percent, heard.jitter_ms);
                self.events.push(Event::Quality { leg: id, loss_percent, jitter_ms, mos });
            }
        }
        self.operators.retain(|_, operator| operator.leg.is_some() || operator.is_expected());
    }
}
