//! The state of an operator's leg, without its socket. str0m does ICE, DTLS and SRTP; this adds one outgoing stream that is
//! always in order, the audio level, and a guess at where the browser is now.

use super::incoming::{Incoming, PayloadTypes};
use super::sdp::{Negotiator, audio_line};
use crate::error::AttachError;
use crate::g711::Codec;
use crate::level::audio_level;
use crate::packet::{Content, MAX_AUDIO, Packet, StreamId};
use crate::quality::{Conditions, QualityWatch};
use crate::rewrite::Rewriter;
use crate::sequence::{Order, Sequence};
use crate::statistics::{FarEnd, LegStatistics};
use std::net::SocketAddr;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::time::{Duration, Instant};
use str0m::media::Mid;
use str0m::net::{Protocol, Receive, Transmit};
use str0m::rtp::{ExtensionValues, RtpPacket, RtpWrite, Ssrc};
use str0m::stats::MediaEgressStats;
use str0m::{Event, Input, Rtc};

/// A browser that sends audio is gone when nothing came for this long.
const QUIET_AFTER: Duration = Duration::from_secs(5);
/// One that only answers for its ICE consent does so every four to six seconds (RFC 7675 section 5.1).
const CONSENT_AFTER: Duration = Duration::from_secs(8);
/// Timeouts of str0m that are served at once before the thread goes on to others.
const MAX_TIMEOUTS: u32 = 32;
const TIMEOUT_PAUSE: Duration = Duration::from_millis(1);
/// SRTP and SRTCP are told by their first byte (RFC 7983 section 7).
const RTP_FIRST_BYTES: std::ops::Range<u8> = 128..192;

/// One peer connection.
pub(crate) struct OperatorLeg {
    rtc: Rtc,
    /// Of our candidates.
    locals: Arc<[SocketAddr]>,
    fragment: String,
    mid: Mid,
    payload_types: PayloadTypes,
    opened: Instant,
    rewriter: Rewriter,
    /// Numbers this leg among all sources.
    source: u32,
    run: u32,
    received: Option<(Ssrc, Sequence)>,
    heard: Option<Instant>,
    /// Where the datagram that is being handled came from.
    from: Option<SocketAddr>,
    /// Where the newest audio that passed authentication came from: after a change of network the browser is there at once,
    /// while its old candidate pair would be kept for up to 15 s.
    audio_from: Option<SocketAddr>,
    timeout: Instant,
    timeouts: u32,
    /// What was expected and received of the runs before the current one.
    ended: (u64, u64),
    quality: QualityWatch,
    statistics: LegStatistics,
}

/// What the leg wants done, or brings.
pub(crate) enum Output {
    Transmit {
        to: SocketAddr,
        datagram: Transmit,
    },
    Packet(Incoming),
    /// The browser closed the connection, or it cannot be used any more.
    Closed,
}

impl OperatorLeg {
    /// Accepts a browser's offer; the leg and the answer for the browser. The leg is numbered `source` among all sources.
    pub fn answer(
        now: Instant,
        negotiator: &Negotiator,
        offer: &str,
        source: u32,
        random: u64,
    ) -> Result<(OperatorLeg, String), AttachError> {
        let (mut rtc, answer) = negotiator.answer(now, offer)?;
        let fragment = rtc.direct_api().local_ice_credentials().ufrag;
        let mid = audio_line(&answer).map(Mid::from).ok_or(AttachError::NoAudio)?;
        let payload_types = PayloadTypes::of(&rtc, mid);
        if payload_types.pcma.is_none() && payload_types.pcmu.is_none() {
            return Err(AttachError::NoAudio);
        }
        let leg = OperatorLeg {
            rtc,
            locals: negotiator.addresses(),
            fragment,
            mid,
            payload_types,
            opened: now,
            rewriter: Rewriter::new(random),
            source,
            run: 0,
            received: None,
            heard: None,
            from: None,
            audio_from: None,
            timeout: now,
            timeouts: 0,
            ended: (0, 0),
            quality: QualityWatch::default(),
            statistics: LegStatistics::default(),
        };
        Ok((leg, answer))
    }

    /// What STUN requests for this leg are known by.
    pub fn fragment(&self) -> &str {
        &self.fragment
    }

    /// When `handle_timeout` is to be called.
    pub fn timeout(&self) -> Instant {
        self.timeout
    }

    /// The browser is connected and was heard lately.
    pub fn is_up(&self, now: Instant) -> bool {
        let limit = if self.audio_from.is_some() { QUIET_AFTER } else { CONSENT_AFTER };
        self.rtc.is_connected() && self.heard.is_some_and(|heard| now.saturating_duration_since(heard) < limit)
    }

    /// The codec for what has none yet.
    pub fn codec(&self) -> Codec {
        if self.payload_types.pcma.is_some() { Codec::Pcma } else { Codec::Pcmu }
    }

    pub fn statistics(&self) -> LegStatistics {
        let mut statistics = self.statistics;
        if let Some((_, sequence)) = &self.received {
            statistics.lost += sequence.lost();
            statistics.jitter_ms = sequence.jitter_ms();
        }
        let scores = self.quality.scores();
        (statistics.mos, statistics.worst_mos) = (scores.mean(), scores.worst());
        statistics
    }

    /// How the browser was heard in the last five seconds, and the score of that, if it is time to tell.
    pub fn poll_quality(&mut self, now: Instant, joined: bool) -> Option<(Conditions, f32)> {
        let (mut totals, mut jitter_ms) = (self.ended, 0.0);
        if let Some((_, sequence)) = &self.received {
            let (expected, received) = sequence.expected_and_received();
            totals = (totals.0 + expected, totals.1 + received);
            jitter_ms = sequence.jitter_ms();
        }
        self.quality.poll(now, joined, totals, jitter_ms, self.statistics.round_trip)
    }

    /// What the browser's reports tell.
    fn learn(&mut self, stats: &MediaEgressStats) {
        self.statistics.round_trip = stats.rtt.or(self.statistics.round_trip);
        let far_end = self.statistics.far_end.unwrap_or_default();
        let Some(remote) = &stats.remote else { return };
        self.statistics.far_end = Some(FarEnd {
            lost: remote.packets_lost,
            worst_loss_percent: far_end.worst_loss_percent.max(stats.loss.unwrap_or(0.0) * 100.0),
            jitter_ms: remote.jitter as f32 / 8.0,
        });
    }

    /// Takes a datagram. True if it was a STUN request that proved its source. `poll_output` has to follow.
    pub fn handle_datagram(&mut self, now: Instant, source: SocketAddr, data: &[u8]) -> bool {
        self.timeouts = 0;
        let stun = super::Demux::is_stun(data);
        let local = self.locals.iter().find(|local| local.is_ipv4() == source.is_ipv4());
        let Some(receive) = local.and_then(|local| Receive::new(Protocol::Udp, source, *local, data).ok()) else {
            self.statistics.malformed += 1;
            return false;
        };
        let input = Input::Receive(now, receive);
        if stun && !self.rtc.accepts(&input) {
            self.statistics.refused += 1;
            return false;
        }
        if stun {
            self.heard = Some(now);
        }
        self.from = Some(source);
        self.guarded(|rtc| rtc.handle_input(input));
        stun
    }

    /// Time has come. `poll_output` has to follow.
    pub fn handle_timeout(&mut self, now: Instant) {
        self.timeouts = 0;
        self.guarded(|rtc| rtc.handle_input(Input::Timeout(now)));
    }

    /// Sends a packet to the browser. Events are not sent: a browser would play them as tones. `poll_output` has to follow.
    pub fn send(&mut self, now: Instant, packet: &Packet<'_>) {
        self.timeouts = 0;
        let Content::Audio { codec, payload } = packet.content else { return self.skip(packet.stream, packet.sequence) };
        if !self.rtc.is_connected() {
            return;
        }
        let Some((payload_type, to)) = self.payload_types.for_sending(codec) else { return };
        let Some(stamp) = self.rewriter.place(now, packet) else { return };
        let mut buffer = [0; MAX_AUDIO];
        let length = codec.transcode(to, payload, &mut buffer);
        let Some(payload) = buffer.get(..length) else { return };
        let (level, voice) = audio_level(to, payload);
        let extensions = ExtensionValues { audio_level: Some(level), voice_activity: Some(voice), ..ExtensionValues::default() };
        let write = RtpWrite::new(payload_type, stamp.sequence.into(), stamp.timestamp, now, payload)
            .marker(stamp.marker)
            .ext_vals(extensions);
        let mid = self.mid;
        let written = self.guarded(|rtc| {
            if let Some(stream) = rtc.direct_api().stream_tx_by_mid(mid, None) {
                stream.write_rtp(write);
            }
            Ok(())
        });
        if written {
            self.statistics.sent += 1;
            self.statistics.first_sent.get_or_insert(now.saturating_duration_since(self.opened));
        }
    }

    /// A packet of the source that is heard here is not to be sent, and leaves no hole.
    pub fn skip(&mut self, stream: StreamId, sequence: u16) {
        self.rewriter.skip(stream, sequence);
    }

    /// The numbers of what is sent.
    pub fn rewriter(&mut self) -> &mut Rewriter {
        &mut self.rewriter
    }

    /// Says goodbye. `poll_output` brings what is left to send.
    pub fn close(&mut self) {
        self.timeouts = 0;
        self.guarded(Rtc::close);
    }

    /// What is to be done next, to be asked until `None` after everything that was handed in.
    pub fn poll_output(&mut self, now: Instant) -> Option<Output> {
        loop {
            let polled = catch_unwind(AssertUnwindSafe(|| self.rtc.poll_output()));
            match polled {
                Ok(Ok(str0m::Output::Timeout(at))) if !self.rtc.is_alive() => {
                    self.timeout = at;
                    return None;
                }
                Ok(Ok(str0m::Output::Timeout(at))) if at > now => {
                    self.timeout = at;
                    return None;
                }
                Ok(Ok(str0m::Output::Timeout(_))) => {
                    self.timeouts += 1;
                    if self.timeouts > MAX_TIMEOUTS {
                        metrics::counter!("siaga_media_operator_timeouts_deferred_total").increment(1);
                        self.timeout = now + TIMEOUT_PAUSE;
                        return None;
                    }
                    self.guarded(|rtc| rtc.handle_input(Input::Timeout(now)));
                }
                Ok(Ok(str0m::Output::Transmit(datagram))) => return Some(self.transmit(datagram)),
                Ok(Ok(str0m::Output::Event(Event::RtpPacket(packet)))) => {
                    if let Some(output) = self.take(now, packet) {
                        return Some(output);
                    }
                }
                Ok(Ok(str0m::Output::Event(Event::Connected))) => self.heard = Some(now),
                Ok(Ok(str0m::Output::Event(Event::MediaEgressStats(stats)))) => self.learn(&stats),
                Ok(Ok(str0m::Output::Event(Event::Closed))) => return Some(Output::Closed),
                Ok(Ok(str0m::Output::Event(_))) => {}
                Ok(Err(error)) => {
                    tracing::warn!(%error, "an operator's peer connection failed");
                    self.rtc.disconnect();
                    return Some(Output::Closed);
                }
                Err(_) => {
                    self.broke();
                    return Some(Output::Closed);
                }
            }
        }
    }

    fn transmit(&self, datagram: Transmit) -> Output {
        let audio = datagram.contents.first().is_some_and(|first| RTP_FIRST_BYTES.contains(first));
        let to = self.audio_from.filter(|_| audio).unwrap_or(datagram.destination);
        Output::Transmit { to, datagram }
    }

    fn take(&mut self, now: Instant, packet: RtpPacket) -> Option<Output> {
        self.heard = Some(now);
        self.audio_from = self.from.or(self.audio_from);
        let header = &packet.header;
        let codec = self.payload_types.codec(header.payload_type);
        if codec.is_none() && Some(header.payload_type) != self.payload_types.event {
            self.statistics.unknown_payload += 1;
            return None;
        }
        let order = match &mut self.received {
            Some((ssrc, sequence)) if *ssrc == header.ssrc => sequence.take(header.sequence_number),
            _ => Order::Restarted,
        };
        match order {
            Order::Newest => {}
            Order::Overtaken => self.statistics.reordered += 1,
            Order::Duplicate | Order::Late => {
                self.statistics.late += 1;
                return None;
            }
            Order::Restarted => {
                let begun = (header.ssrc, Sequence::begin(header.sequence_number));
                if let Some((_, ended)) = self.received.replace(begun) {
                    let (expected, received) = ended.expected_and_received();
                    self.ended = (self.ended.0 + expected, self.ended.1 + received);
                    self.statistics.lost += ended.lost();
                    self.run = self.run.wrapping_add(1);
                }
            }
        }
        if let (Some(_), Some((_, sequence))) = (codec, &mut self.received) {
            sequence.measure(crate::clock::samples(now.saturating_duration_since(self.opened)), header.timestamp);
        }
        self.statistics.received += 1;
        self.statistics.empty += u64::from(packet.payload.is_empty());
        self.statistics.first_received.get_or_insert(now.saturating_duration_since(self.opened));
        Some(Output::Packet(Incoming {
            stream: StreamId::new(self.source, self.run),
            sequence: header.sequence_number,
            timestamp: header.timestamp,
            marker: header.marker,
            codec,
            payload: packet.payload,
        }))
    }

    /// Runs str0m so that a fault in it ends one operator's leg and not everybody's calls.
    fn guarded(&mut self, run: impl FnOnce(&mut Rtc) -> Result<(), str0m::RtcError>) -> bool {
        match catch_unwind(AssertUnwindSafe(|| run(&mut self.rtc))) {
            Ok(Ok(())) => true,
            Ok(Err(error)) => {
                tracing::debug!(%error, "an operator's peer connection refused a datagram");
                metrics::counter!("siaga_media_operator_errors_total").increment(1);
                false
            }
            Err(_) => {
                self.broke();
                false
            }
        }
    }

    fn broke(&mut self) {
        tracing::error!("an operator's peer connection broke; it is closed and the browser has to connect anew");
        metrics::counter!("siaga_media_operator_faults_total").increment(1);
        self.rtc.disconnect();
    }

    /// Whether this leg can never work again.
    pub fn is_dead(&self) -> bool {
        !self.rtc.is_alive()
    }
}
