//! Real-time text beside trunk legs, with its sockets.

use super::timers::Timer;
use super::wire::{Nth, Wire};
use super::{DATAGRAMS_PER_TURN, MAX_RECEIVED, Shard, Watched};
use crate::clock;
use crate::error::{OpenError, TextError};
use crate::event::{self, Event};
use crate::ports::{Claim, Lease};
use crate::text::{MAX_DATAGRAM, RemoteText, TextLeg};
use ipnet::IpNet;
use mio::Token;
use std::io::ErrorKind;
use std::net::SocketAddr;
use std::time::Instant;
use uuid::Uuid;

pub(super) struct Text {
    leg: TextLeg,
    wire: Wire,
    token: Token,
    /// The even port of a pair whose other one nobody uses: text has no RTCP of its own here.
    port: Lease,
}

impl Text {
    /// Sends what is due.
    fn transmit(&mut self, now: Instant) {
        let mut datagram = [0; MAX_DATAGRAM];
        if let Some((to, length)) = self.leg.poll_transmit(now, &mut datagram)
            && self.wire.send_to(datagram.get(..length).unwrap_or_default(), to).is_err()
        {
            // What does not leave is repeated by the next two packets.
            metrics::counter!("siaga_media_text_unsent_total").increment(1);
        }
    }
}

impl Shard {
    pub(super) fn open_text(&mut self, now: Instant, id: Uuid, allowed: Vec<IpNet>) -> Result<SocketAddr, OpenError> {
        let addresses = self.addresses;
        let Some(trunk) = self.trunks.get_mut(&id) else { return Err(OpenError::NoLeg) };
        if let Some(text) = &trunk.text {
            return Ok(SocketAddr::new(addresses.first, text.port.port()));
        }
        let Some(taken) = self.ports.take(Claim::Caller, |port| Wire::bind(addresses, port)) else {
            metrics::counter!("siaga_media_ports_exhausted_total").increment(1);
            return Err(OpenError::PortsExhausted);
        };
        let (port, mut wire) = taken?;
        let token = Token(self.next_token);
        wire.register(&self.registry, token)?;
        self.next_token += Wire::TOKENS;
        self.watched.extend(wire.tokens(token).map(|(token, nth)| (token, Watched::Text { leg: id, nth })));
        let address = SocketAddr::new(addresses.first, port.port());
        trunk.text = Some(Text { leg: TextLeg::new(now, allowed, clock::random()), wire, token, port });
        Ok(address)
    }

    pub(super) fn set_text_remote(&mut self, now: Instant, id: Uuid, remote: Option<RemoteText>) {
        if let Some(text) = self.text(id) {
            text.leg.set_remote(now, remote);
            self.text_due(now, id);
        }
    }

    pub(super) fn send_text(&mut self, now: Instant, id: Uuid, letters: &str) -> Result<(), TextError> {
        let text = self.text(id).ok_or(TextError::NoText)?;
        text.leg.send(now, letters)?;
        self.text_due(now, id);
        Ok(())
    }

    pub(super) fn text_readable(&mut self, token: Token, id: Uuid, nth: Nth, buffer: &mut [u8; MAX_RECEIVED]) {
        let (mut read, mut more) = (String::new(), true);
        let Some(text) = self.text(id) else { return };
        for _ in 0..DATAGRAMS_PER_TURN {
            match text.wire.recv_from(nth, buffer) {
                Ok((length, source)) => {
                    text.leg.handle_datagram(clock::now(), source, buffer.get_mut(..length).unwrap_or_default(), &mut read);
                }
                Err(error) if error.kind() == ErrorKind::WouldBlock => {
                    more = false;
                    break;
                }
                Err(_) => metrics::counter!("siaga_media_receive_errors_total").increment(1),
            }
        }
        if more {
            self.backlog.push(token);
        }
        self.tell_text(id, read);
        self.text_due(clock::now(), id);
    }

    /// Does what the time has come for, and is woken again for what comes next.
    pub(super) fn text_due(&mut self, now: Instant, id: Uuid) {
        let mut read = String::new();
        let Some(text) = self.text(id) else { return };
        text.leg.poll(now, &mut read);
        text.transmit(now);
        match text.leg.deadline() {
            Some(at) => self.timers.set(Timer::Text(id), at),
            None => self.timers.clear(Timer::Text(id)),
        }
        self.tell_text(id, read);
    }

    pub(super) fn close_text(&mut self, now: Instant, id: Uuid, text: Option<Text>) {
        let Some(mut text) = text else { return };
        self.unwatch_text(id, Some(&mut text));
        let mut read = String::new();
        text.leg.finish(now, &mut read);
        text.transmit(now);
        self.tell_text(id, read);
        let counts = text.leg.counts;
        for (what, count) in [
            ("received", counts.received),
            ("recovered", counts.recovered),
            ("gap", counts.gaps),
            ("refused", counts.refused),
            ("distrusted", counts.distrusted),
            ("malformed", counts.malformed),
        ] {
            metrics::counter!("siaga_media_text_packets_total", "what" => what).increment(count);
        }
        metrics::counter!("siaga_media_text_flooded_total").increment(counts.flooded);
    }

    /// The leg goes to another thread, or is closed.
    pub(super) fn unwatch_text(&mut self, id: Uuid, text: Option<&mut Text>) {
        let Some(text) = text else { return };
        text.wire.deregister(&self.registry);
        for (token, _) in text.wire.tokens(text.token) {
            self.watched.remove(&token);
        }
        self.timers.clear(Timer::Text(id));
    }

    /// The leg has come from another thread. What came meanwhile is read now, and what is due is sent.
    pub(super) fn adopt_text(&mut self, id: Uuid, text: Option<&mut Text>) {
        let Some(text) = text else { return };
        text.token = Token(self.next_token);
        self.next_token += Wire::TOKENS;
        if let Err(error) = text.wire.register(&self.registry, text.token) {
            tracing::error!(%error, "a leg's text cannot be watched");
            metrics::counter!("siaga_media_legs_unwatched_total").increment(1);
        }
        for (token, nth) in text.wire.tokens(text.token) {
            self.watched.insert(token, Watched::Text { leg: id, nth });
            self.backlog.push(token);
        }
    }

    fn text(&mut self, id: Uuid) -> Option<&mut Text> {
        self.trunks.get_mut(&id)?.text.as_mut()
    }

    fn tell_text(&mut self, leg: Uuid, read: String) {
        if !read.is_empty() {
            self.events.push(Event::Text { leg, text: event::Text(read) });
        }
    }
}
