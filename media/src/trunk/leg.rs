//! The state of a trunk leg, without its socket: datagrams go in and packets come out, and the other way round.

use super::control::{self, Control, MAX_CONTROL};
use super::dtmf::{DigitReceiver, KeyLimit};
use super::in_band::ToneReceiver;
use super::latch::{Latch, RTCP_HOLDS, RTP_HOLDS};
use super::packetise::{LONGEST, SHORTEST};
use super::receive::{PayloadTypes, Receiver, Taken};
use super::send::{Made, Sender, Wish};
use crate::g711::Codec;
use crate::packet::{Content, Packet, RemoteAudio, RtcpAddress, StreamId};
use crate::quality::{Conditions, QualityWatch};
use crate::rewrite::Rewriter;
use crate::srtp::{self, Protection, Refused};
use crate::statistics::LegStatistics;
use ipnet::IpNet;
use std::net::SocketAddr;
use std::time::Instant;

/// Room for the longest datagram of RTCP.
pub(crate) const MAX_CONTROL_DATAGRAM: usize = MAX_CONTROL + srtp::OVERHEAD;

/// Sends a datagram to where it belongs, and says whether the operating system took it.
pub(crate) type Transmit<'a> = &'a mut dyn FnMut(SocketAddr, &[u8], &Made<'_>) -> bool;

/// One leg to a trunk.
#[derive(Debug)]
pub(crate) struct TrunkLeg {
    opened: Instant,
    latch: Latch,
    control_latch: Latch,
    protection: Protection,
    receiver: Receiver,
    digits: DigitReceiver,
    /// Of a far end that has not negotiated telephone-events.
    tones: Option<Box<ToneReceiver>>,
    key_limit: KeyLimit,
    deaf_until: Option<Instant>,
    sender: Sender,
    control: Control,
    quality: QualityWatch,
    remote: Option<RemoteAudio>,
    /// What the far end was last heard in, for sending before its SDP is known.
    heard: Option<Codec>,
    statistics: LegStatistics,
    /// The next packet with sound in it is told as the first.
    awaits_first: bool,
}

/// Which of a leg's two ports.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Port {
    Rtp,
    Rtcp,
}

/// What an admitted datagram brought.
#[derive(Debug, PartialEq)]
pub(crate) struct Arrival<'a> {
    /// It was the leg's first with sound in it. What says only that the sender is there (comfort noise, a packet without payload,
    /// a key) does not count: our own ringing would end before anything else is heard (RFC 3960 section 3.2).
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
    pub fn new(now: Instant, source: u32, allowed: Vec<IpNet>, random: [u64; 4]) -> TrunkLeg {
        let [ssrc, stream, name @ ..] = random;
        TrunkLeg {
            opened: now,
            latch: Latch::new(allowed.clone(), RTP_HOLDS),
            control_latch: Latch::new(allowed, RTCP_HOLDS),
            protection: Protection::CLEAR,
            receiver: Receiver::new(now, source),
            digits: DigitReceiver::default(),
            tones: None,
            key_limit: KeyLimit::default(),
            deaf_until: None,
            sender: Sender::new(source, ssrc, stream),
            control: Control::new(now, name),
            quality: QualityWatch::default(),
            remote: None,
            heard: None,
            statistics: LegStatistics::default(),
            awaits_first: true,
        }
    }

    /// The far end's newest SDP.
    pub fn set_remote(&mut self, now: Instant, remote: RemoteAudio) {
        self.latch.announce(now, remote.address);
        self.control_latch.announce(now, remote.rtcp_destination());
        self.protection.set(remote.srtp);
        self.remote = Some(remote);
    }

    /// Another far end is to be heard, whose first sound is told again.
    pub fn await_first(&mut self) {
        self.awaits_first = true;
    }

    /// Our own keys are heard as tones until then, and may come back as an echo.
    pub fn deafen(&mut self, until: Instant) {
        self.deaf_until = Some(until);
    }

    /// Whether the far end is expected to send.
    pub fn sends(&self) -> bool {
        self.remote.is_none_or(|remote| remote.receive)
    }

    /// Whether the far end wants to be sent anything: it does not while it has the call on hold.
    pub fn listens(&self) -> bool {
        self.remote.is_none_or(|remote| remote.send && remote.address.port() != 0)
    }

    /// Whether key presses can be sent as events.
    pub fn takes_events(&self) -> bool {
        self.remote.is_some_and(|remote| remote.telephone_event.is_some())
    }

    /// The codec of what is sent.
    pub fn codec(&self) -> Codec {
        self.remote.map(|remote| remote.codec).or(self.heard).unwrap_or(Codec::Pcma)
    }

    /// Takes a datagram of the RTP port. `None`: it was refused, unreadable, a copy or too old, and is counted, or it was RTCP.
    pub fn handle_datagram<'a>(&mut self, now: Instant, source: SocketAddr, data: &'a mut [u8]) -> Option<Arrival<'a>> {
        if !self.latch.permits(source) {
            self.refuse();
            return None;
        }
        if control::is_control(data) {
            self.take_control(now, data);
            return None;
        }
        let data = self.protection.unprotect(data).map_err(|refused| self.distrust(refused)).ok()?;
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
                Content::Audio { codec, payload } => {
                    self.heard = Some(codec);
                    let deaf = self.deaf_until.is_some_and(|until| now < until);
                    if self.remote.is_some_and(|remote| remote.telephone_event.is_none()) && !deaf {
                        digit = self.tones.get_or_insert_default().push(codec.decode(payload));
                    }
                }
                Content::Event(payload) => digit = self.digits.take(packet, payload),
            }
        }
        let digit = digit.filter(|_| self.key_limit.admit(now));
        let sound = matches!(what, What::Packet(Packet { content: Content::Audio { .. }, .. }));
        let first = sound && std::mem::take(&mut self.awaits_first);
        self.statistics.first_received.get_or_insert_with(|| now.saturating_duration_since(self.opened));
        Some(Arrival { first, digit, what })
    }

    /// Takes a datagram of the RTCP port. It never moves where RTP goes.
    pub fn handle_control(&mut self, now: Instant, source: SocketAddr, data: &mut [u8]) {
        if !self.control_latch.permits(source) && !self.latch.permits(source) {
            return self.refuse();
        }
        if self.take_control(now, data) && !self.control_latch.admit(now, source) {
            self.refuse();
        }
    }

    /// Reads RTCP; false if it was none.
    fn take_control(&mut self, now: Instant, data: &mut [u8]) -> bool {
        match self.protection.unprotect_control(data) {
            Ok(data) => self.control.take(now, data, self.sender.transmission().ssrc, &mut self.statistics),
            Err(refused) => {
                self.distrust(refused);
                false
            }
        }
    }

    /// Makes the datagrams for a packet and gives each to `transmit`. None: the far end does not want it or nobody knows where
    /// it is.
    pub fn send(&mut self, now: Instant, packet: &Packet<'_>, transmit: Transmit<'_>) {
        let in_time = self.make(now, transmit, |sender, wish, made| sender.make(now, packet, wish, made));
        self.count_sent(packet, in_time);
    }

    /// As `send`, for what is left of a source that has ended.
    pub fn send_rest(&mut self, now: Instant, packet: &Packet<'_>, transmit: Transmit<'_>) {
        let in_time = self.make(now, transmit, |sender, wish, made| sender.make_rest(now, packet, wish, made));
        self.count_sent(packet, in_time);
    }

    /// What comes next is a new beginning, even of the same source. What was begun of a packet leaves first.
    pub fn restart(&mut self, now: Instant, transmit: Transmit<'_>) {
        let finished = self.make(now, transmit, |sender, wish, made| sender.restart(now, wish, made));
        if finished.is_none() {
            self.sender.rewriter().restart();
        }
    }

    /// Has datagrams made and sent; `None` if there is nowhere to send them. A far end without an address is sent to once the
    /// latch has let it be heard; port 0 says that it wants nothing.
    fn make<T>(
        &mut self,
        now: Instant,
        transmit: Transmit<'_>,
        make: impl FnOnce(&mut Sender, Wish, &mut dyn FnMut(Made<'_>)) -> T,
    ) -> Option<T> {
        let wish = Wish { types: self.payload_types(), codec: self.codec(), length: self.packet_length() };
        let destination = self.latch.destination().filter(|_| self.listens())?;
        let (protection, statistics, opened) = (&mut self.protection, &mut self.statistics, self.opened);
        let mut send = |made: Made<'_>| {
            let protected = protection.protect(made.datagram, made.length, made.stamp.sequence);
            let datagram = protected.and_then(|length| made.datagram.get(..length));
            if datagram.is_some_and(|datagram| transmit(destination, datagram, &made)) {
                statistics.sent += 1;
                statistics.first_sent.get_or_insert(now.saturating_duration_since(opened));
            } else {
                statistics.unsent += 1;
            }
        };
        Some(make(&mut self.sender, wish, &mut send))
    }

    fn count_sent(&mut self, packet: &Packet<'_>, in_time: Option<bool>) {
        match in_time {
            Some(in_time) => self.statistics.unpacketised += u64::from(!in_time),
            None => self.sender.skip(packet.stream, packet.sequence),
        }
    }

    /// The report for the far end, if its time has come: from which port, where to, and how many bytes of `out` it is.
    pub fn poll_control(&mut self, now: Instant, out: &mut [u8; MAX_CONTROL_DATAGRAM]) -> Option<(Port, SocketAddr, usize)> {
        let (port, destination) = self.control_destination()?;
        let length = self.control.poll(now, self.sender.transmission(), self.receiver.reception().as_ref(), out)?;
        self.control_made(port, destination, length, out)
    }

    /// The last report, with a goodbye.
    pub fn goodbye(&mut self, now: Instant, out: &mut [u8; MAX_CONTROL_DATAGRAM]) -> Option<(Port, SocketAddr, usize)> {
        let (port, destination) = self.control_destination()?;
        let length = self.control.goodbye(now, self.sender.transmission(), self.receiver.reception().as_ref(), out)?;
        self.control_made(port, destination, length, out)
    }

    fn control_made(
        &mut self,
        port: Port,
        destination: SocketAddr,
        length: usize,
        out: &mut [u8; MAX_CONTROL_DATAGRAM],
    ) -> Option<(Port, SocketAddr, usize)> {
        let length = self.protection.protect_control(out, length)?;
        self.statistics.control_sent += 1;
        Some((port, destination, length))
    }

    fn control_destination(&self) -> Option<(Port, SocketAddr)> {
        match self.remote?.rtcp {
            RtcpAddress::Muxed => Some((Port::Rtp, self.latch.destination()?)),
            RtcpAddress::NextPort | RtcpAddress::At(_) => Some((Port::Rtcp, self.control_latch.destination()?)),
        }
    }

    /// How the far end was heard in the last five seconds, and the score of that, if it is time to tell.
    pub fn poll_quality(&mut self, now: Instant, joined: bool) -> Option<(Conditions, f32)> {
        let (totals, jitter_ms) = (self.receiver.totals(), self.receiver.jitter_ms());
        self.quality.poll(now, joined, totals, jitter_ms, self.control.round_trip())
    }

    /// A packet of the source that plays here is not to be sent, and leaves no hole.
    pub fn skip(&mut self, stream: StreamId, sequence: u16) {
        self.sender.skip(stream, sequence);
    }

    /// The numbers of what is sent.
    pub fn rewriter(&mut self) -> &mut Rewriter {
        self.sender.rewriter()
    }

    pub fn statistics(&self) -> LegStatistics {
        let mut statistics = self.statistics;
        self.receiver.finish(&mut statistics);
        let scores = self.quality.scores();
        (statistics.mos, statistics.worst_mos) = (scores.mean(), scores.worst());
        (statistics.round_trip, statistics.far_end) = (self.control.round_trip(), self.control.far_end());
        statistics
    }

    fn refuse(&mut self) {
        self.statistics.refused += 1;
        metrics::counter!("siaga_media_rtp_refused_total").increment(1);
    }

    fn distrust(&mut self, refused: Refused) {
        let (count, reason) = match refused {
            Refused::Forged => (&mut self.statistics.forged, "forged"),
            Refused::Replayed => (&mut self.statistics.replayed, "replayed"),
        };
        *count += 1;
        metrics::counter!("siaga_media_srtp_refused_total", "reason" => reason).increment(1);
    }

    fn payload_types(&self) -> PayloadTypes {
        PayloadTypes {
            audio: self.remote.map(|remote| (remote.pt, remote.codec)),
            telephone_event: self.remote.and_then(|remote| remote.telephone_event),
        }
    }

    /// Samples in the packets that the far end prefers.
    fn packet_length(&self) -> Option<usize> {
        self.remote.map(|remote| (usize::from(remote.ptime_ms) * 8).clamp(SHORTEST, LONGEST))
    }
}

#[cfg(test)]
#[path = "leg_tests.rs"]
mod tests;
