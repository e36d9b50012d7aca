//! The state of a trunk leg, without its socket: datagrams go in and packets come out, and the other way round.

use super::dtmf::DigitReceiver;
use super::latch::Latch;
use super::receive::{PayloadTypes, Receiver, Taken};
use super::send::{MAX_DATAGRAM, Made, Sender};
use crate::g711::Codec;
use crate::packet::{Content, Packet, RemoteAudio, StreamId};
use crate::rewrite::Rewriter;
use crate::statistics::LegStatistics;
use ipnet::IpNet;
use std::net::SocketAddr;
use std::time::Instant;

/// One leg to a trunk.
#[derive(Debug)]
pub(crate) struct TrunkLeg {
    opened: Instant,
    latch: Latch,
    receiver: Receiver,
    digits: DigitReceiver,
    sender: Sender,
    remote: Option<RemoteAudio>,
    /// What the far end was last heard in, for sending before its SDP is known.
    heard: Option<Codec>,
    statistics: LegStatistics,
}

/// What an admitted datagram brought.
#[derive(Debug, PartialEq)]
pub(crate) struct Arrival<'a> {
    /// It was the leg's first.
    pub first: bool,
    /// It began a key press.
    pub digit: Option<char>,
    pub what: What<'a>,
}

#[derive(Debug, PartialEq)]
pub(crate) enum What<'a> {
    Packet(Packet<'a>),
    /// Not to be passed on, but it takes a number of the stream.
    Skipped {
        stream: StreamId,
        sequence: u16,
    },
}

impl TrunkLeg {
    /// A leg numbered `source` among all sources; `random` are unpredictable numbers.
    pub fn new(now: Instant, source: u32, allowed: Vec<IpNet>, random: [u64; 2]) -> TrunkLeg {
        let [ssrc, stream] = random;
        TrunkLeg {
            opened: now,
            latch: Latch::new(allowed),
            receiver: Receiver::new(now, source),
            digits: DigitReceiver::default(),
            sender: Sender::new(ssrc, stream),
            remote: None,
            heard: None,
            statistics: LegStatistics::default(),
        }
    }

    /// The far end's newest SDP.
    pub fn set_remote(&mut self, now: Instant, remote: RemoteAudio) {
        self.latch.announce(now, remote.address);
        self.remote = Some(remote);
    }

    /// Whether the far end is expected to send.
    pub fn sends(&self) -> bool {
        self.remote.is_none_or(|remote| remote.receive)
    }

    /// Whether key presses can be sent as events.
    pub fn takes_events(&self) -> bool {
        self.remote.is_some_and(|remote| remote.telephone_event.is_some())
    }

    /// The codec of what is sent.
    pub fn codec(&self) -> Codec {
        self.remote.map(|remote| remote.codec).or(self.heard).unwrap_or(Codec::Pcma)
    }

    /// Takes a datagram. `None`: it was refused, unreadable, a copy or too old, and is counted.
    pub fn handle_datagram<'a>(&mut self, now: Instant, source: SocketAddr, data: &'a [u8]) -> Option<Arrival<'a>> {
        if !self.latch.permits(source) {
            self.refuse();
            return None;
        }
        let parsed = Receiver::parse(data, self.payload_types(), &mut self.statistics)?;
        if !self.latch.admit(now, source) {
            self.refuse();
            return None;
        }
        let what = match self.receiver.take(now, parsed, &mut self.statistics) {
            Taken::Packet(packet) => What::Packet(packet),
            Taken::Skipped { stream, sequence } => What::Skipped { stream, sequence },
            Taken::Dropped => return None,
        };
        let mut digit = None;
        if let What::Packet(packet) = &what {
            match packet.content {
                Content::Audio { codec, .. } => self.heard = Some(codec),
                Content::Event(payload) => digit = self.digits.take(packet, payload),
            }
        }
        let first = self.statistics.first_received.is_none();
        if first {
            self.statistics.first_received = Some(now.saturating_duration_since(self.opened));
        }
        Some(Arrival { first, digit, what })
    }

    /// Makes the datagram for a packet; `None` if the far end does not want it or nobody knows where it is.
    pub fn send(&mut self, now: Instant, packet: &Packet<'_>, out: &mut [u8; MAX_DATAGRAM]) -> Option<(SocketAddr, Made<'_>)> {
        let types = self.payload_types();
        let codec = self.codec();
        let somewhere = |address: SocketAddr| !address.ip().is_unspecified() && address.port() != 0;
        let wanted = self.remote.is_none_or(|remote| remote.send && somewhere(remote.address));
        let Some(destination) = self.latch.destination().filter(|_| wanted) else {
            self.sender.skip(packet.stream, packet.sequence);
            return None;
        };
        let made = self.sender.make(now, packet, types, codec, out)?;
        Some((destination, made))
    }

    /// A packet of the source that plays here is not to be sent, and leaves no hole.
    pub fn skip(&mut self, stream: StreamId, sequence: u16) {
        self.sender.skip(stream, sequence);
    }

    /// The numbers of what is sent.
    pub fn rewriter(&mut self) -> &mut Rewriter {
        self.sender.rewriter()
    }

    /// The operating system took, or did not take, what `send` made.
    pub fn sent(&mut self, now: Instant, taken: bool) {
        if !taken {
            self.statistics.unsent += 1;
            return;
        }
        self.statistics.sent += 1;
        self.statistics.first_sent.get_or_insert(now.saturating_duration_since(self.opened));
    }

    pub fn statistics(&self) -> LegStatistics {
        let mut statistics = self.statistics;
        self.receiver.finish(&mut statistics);
        statistics
    }

    fn refuse(&mut self) {
        self.statistics.refused += 1;
        metrics::counter!("siaga_media_rtp_refused_total").increment(1);
    }

    fn payload_types(&self) -> PayloadTypes {
        PayloadTypes {
            audio: self.remote.map(|remote| (remote.pt, remote.codec)),
            telephone_event: self.remote.and_then(|remote| remote.telephone_event),
        }
    }
}
