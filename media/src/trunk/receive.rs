//! Makes packets of what arrives on a trunk leg, whoever sent it: parsing, payload types, order, counts.

use crate::clock::samples;
use crate::g711::Codec;
use crate::packet::{Content, MAX_AUDIO, Packet, StreamId};
use crate::sequence::{Order, Sequence};
use crate::statistics::LegStatistics;
use rtp_rs::RtpReader;
use std::time::{Duration, Instant};

/// Comfort noise (RFC 3389): not passed on, but it says that the sender is there.
const COMFORT_NOISE: u8 = 13;
/// Samples of 10 ms: what telephones send in clear is as long as one or some of these.
const CLEAR: usize = 80;
/// Packets of an SSRC that was replaced are dropped for this long.
const STRAGGLE: Duration = Duration::from_millis(500);

/// Which payload types mean what, as negotiated. PCMA and PCMU always have their static ones too.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct PayloadTypes {
    /// `None`: the far end's SDP is yet to come.
    pub audio: Option<(u8, Codec)>,
    pub telephone_event: Option<u8>,
}

/// A packet that parsed. It counts only once its source is admitted.
#[derive(Debug)]
pub(crate) struct Parsed<'a> {
    ssrc: u32,
    sequence: u16,
    timestamp: u32,
    marker: bool,
    kind: Kind<'a>,
}

#[derive(Debug)]
enum Kind<'a> {
    Content(Content<'a>),
    /// Known, and nothing to pass on.
    Nothing,
}

/// What an admitted packet is.
#[derive(Debug, PartialEq)]
pub(crate) enum Taken<'a> {
    Packet(Packet<'a>),
    /// The sender is there, but this is not passed on.
    Skipped {
        stream: StreamId,
        sequence: u16,
    },
    /// A copy, or too old.
    Dropped,
}

/// The receiving half of a trunk leg.
#[derive(Debug)]
pub(crate) struct Receiver {
    /// Numbers the leg among all sources.
    source: u32,
    run: u32,
    opened: Instant,
    current: Option<(u32, Sequence)>,
    replaced: Option<(u32, Instant)>,
    /// Loss of the runs before the current one, and what was expected and received of them.
    lost: u64,
    ended: (u64, u64),
}

/// What is received from the current SSRC, as receiver reports tell it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Reception {
    pub ssrc: u32,
    pub expected: u64,
    pub received: u64,
    pub highest: u32,
    pub jitter: u32,
}

impl Receiver {
    pub fn new(now: Instant, source: u32) -> Receiver {
        Receiver { source, run: 0, opened: now, current: None, replaced: None, lost: 0, ended: (0, 0) }
    }

    /// Reads a datagram; what is wrong with it is counted.
    pub fn parse<'a>(data: &'a [u8], types: PayloadTypes, counts: &mut LegStatistics) -> Option<Parsed<'a>> {
        let Ok(rtp) = RtpReader::new(data) else {
            counts.malformed += 1;
            return None;
        };
        let payload_type = rtp.payload_type();
        let payload = rtp.payload();
        let codec = match types.audio {
            Some((negotiated, codec)) if negotiated == payload_type => Some(codec),
            _ => Codec::from_static(payload_type),
        };
        let kind = if Some(payload_type) == types.telephone_event {
            let Some(event) = payload.first_chunk::<4>() else {
                counts.malformed += 1;
                return None;
            };
            Kind::Content(Content::Event(*event))
        } else if payload_type == COMFORT_NOISE {
            Kind::Nothing
        } else if let Some(codec) = codec {
            match payload.len() {
                0 => {
                    counts.empty += 1;
                    Kind::Nothing
                }
                // Nobody knows before the SDP whether the far end encrypts (RFC 4568). Its key is yet to come, and without that
                // its packets would be heard and recorded as noise. Their tag of 10 or 4 bytes gives them away.
                1..=MAX_AUDIO if types.audio.is_none() && !payload.len().is_multiple_of(CLEAR) => {
                    counts.enciphered += 1;
                    Kind::Nothing
                }
                1..=MAX_AUDIO => Kind::Content(Content::Audio { codec, payload }),
                _ => {
                    counts.oversized += 1;
                    return None;
                }
            }
        } else {
            counts.unknown_payload += 1;
            return None;
        };
        Some(Parsed {
            ssrc: rtp.ssrc(),
            sequence: rtp.sequence_number().into(),
            timestamp: rtp.timestamp(),
            marker: rtp.mark(),
            kind,
        })
    }

    /// Takes a packet whose source is admitted.
    pub fn take<'a>(&mut self, now: Instant, parsed: Parsed<'a>, counts: &mut LegStatistics) -> Taken<'a> {
        let straggler = self.is_straggler(now, parsed.ssrc);
        let order = match &mut self.current {
            Some((ssrc, sequence)) if *ssrc == parsed.ssrc => sequence.take(parsed.sequence),
            _ if straggler => Order::Late,
            _ => Order::Restarted,
        };
        match order {
            Order::Newest => {}
            Order::Overtaken => counts.reordered += 1,
            Order::Duplicate => {
                counts.duplicate += 1;
                return Taken::Dropped;
            }
            Order::Late => {
                counts.late += 1;
                return Taken::Dropped;
            }
            Order::Restarted => self.restart(now, parsed.ssrc, parsed.sequence),
        }
        counts.received += 1;
        let stream = StreamId::new(self.source, self.run);
        if let (Some((_, sequence)), Kind::Content(Content::Audio { .. })) = (&mut self.current, &parsed.kind) {
            sequence.measure(samples(now.saturating_duration_since(self.opened)), parsed.timestamp);
        }
        match parsed.kind {
            Kind::Nothing => Taken::Skipped { stream, sequence: parsed.sequence },
            Kind::Content(content) => Taken::Packet(Packet {
                stream,
                sequence: parsed.sequence,
                timestamp: parsed.timestamp,
                marker: parsed.marker,
                content,
            }),
        }
    }

    /// Adds what is only known at the end.
    pub fn finish(&self, counts: &mut LegStatistics) {
        let (lost, jitter) = self.current.as_ref().map_or((0, 0.0), |(_, sequence)| (sequence.lost(), sequence.jitter_ms()));
        counts.lost = self.lost + lost;
        counts.jitter_ms = jitter;
    }

    /// The SSRC that is heard; `None` before the first packet.
    pub fn reception(&self) -> Option<Reception> {
        let (ssrc, sequence) = self.current.as_ref()?;
        let (expected, received) = sequence.expected_and_received();
        let (highest, jitter) = (sequence.extended_highest(), sequence.jitter());
        Some(Reception { ssrc: *ssrc, expected, received, highest, jitter })
    }

    /// Packets expected and received over all SSRCs.
    pub fn totals(&self) -> (u64, u64) {
        let (expected, received) = self.current.as_ref().map_or((0, 0), |(_, sequence)| sequence.expected_and_received());
        (self.ended.0 + expected, self.ended.1 + received)
    }

    pub fn jitter_ms(&self) -> f32 {
        self.current.as_ref().map_or(0.0, |(_, sequence)| sequence.jitter_ms())
    }

    fn is_straggler(&self, now: Instant, ssrc: u32) -> bool {
        self.replaced.is_some_and(|(old, at)| old == ssrc && now.saturating_duration_since(at) < STRAGGLE)
    }

    fn restart(&mut self, now: Instant, ssrc: u32, first: u16) {
        if let Some((old, sequence)) = self.current.replace((ssrc, Sequence::begin(first))) {
            let (expected, received) = sequence.expected_and_received();
            self.lost += sequence.lost();
            self.ended = (self.ended.0 + expected, self.ended.1 + received);
            self.run = self.run.wrapping_add(1);
            self.replaced = (old != ssrc).then_some((old, now));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock;
    use proptest::prelude::*;

    const TYPES: PayloadTypes = PayloadTypes { audio: Some((97, Codec::Pcmu)), telephone_event: Some(101) };

    fn rtp(payload_type: u8, ssrc: u32, sequence: u16, payload: &[u8]) -> Vec<u8> {
        rtp_rs::RtpPacketBuilder::new()
            .payload_type(payload_type)
            .ssrc(ssrc)
            .sequence(sequence.into())
            .timestamp(u32::from(sequence) * 160)
            .payload(payload)
            .build()
            .unwrap()
    }

    fn take(receiver: &mut Receiver, counts: &mut LegStatistics, now: Instant, data: &[u8]) -> Option<StreamId> {
        let parsed = Receiver::parse(data, TYPES, counts)?;
        match receiver.take(now, parsed, counts) {
            Taken::Packet(packet) => Some(packet.stream),
            _ => None,
        }
    }

    #[test]
    fn what_is_wrong_with_a_packet_is_counted() {
        let mut counts = LegStatistics::default();
        let cases: [(&[u8], bool); 8] = [
            (&rtp(8, 1, 1, &[0; 80]), true),
            (&rtp(97, 1, 1, &[0; 480]), true),
            (&rtp(13, 1, 1, &[0; 1]), true),
            (&rtp(8, 1, 1, &[]), true),
            (&rtp(8, 1, 1, &[0; 961]), false),
            (&rtp(96, 1, 1, &[0; 160]), false),
            (&rtp(101, 1, 1, &[0; 3]), false),
            (b"\x80\x08 short", false),
        ];
        for (data, good) in cases {
            assert_eq!(Receiver::parse(data, TYPES, &mut counts).is_some(), good, "{} bytes", data.len());
        }
        assert_eq!((counts.empty, counts.oversized, counts.unknown_payload, counts.malformed), (1, 1, 1, 2));
    }

    #[test]
    fn before_the_sdp_is_known_only_audio_as_long_as_in_clear_is_heard() {
        let mut counts = LegStatistics::default();
        for (length, types, clear) in [
            (80, PayloadTypes::default(), true),
            (160, PayloadTypes::default(), true),
            (164, PayloadTypes::default(), false),
            (170, PayloadTypes::default(), false),
            (250, PayloadTypes::default(), false),
            (170, TYPES, true),
        ] {
            let data = rtp(8, 1, 1, &vec![0x3c; length]);
            let parsed = Receiver::parse(&data, types, &mut counts).unwrap();
            assert_eq!(matches!(parsed.kind, Kind::Content(_)), clear, "{length} bytes");
        }
        assert_eq!((counts.enciphered, counts.empty, counts.malformed), (3, 0, 0));
    }

    #[test]
    fn a_new_ssrc_is_a_new_stream_and_its_predecessor_does_not_come_back_at_once() {
        let now = clock::now();
        let mut counts = LegStatistics::default();
        let mut receiver = Receiver::new(now, 7);
        let first = take(&mut receiver, &mut counts, now, &rtp(8, 1, 10, &[0; 160])).unwrap();
        let second = take(&mut receiver, &mut counts, now, &rtp(8, 2, 900, &[0; 160])).unwrap();
        assert_ne!(first, second);
        assert_eq!(take(&mut receiver, &mut counts, now, &rtp(8, 1, 11, &[0; 160])), None);
        let later = now + STRAGGLE;
        let third = take(&mut receiver, &mut counts, later, &rtp(8, 1, 12, &[0; 160])).unwrap();
        assert!(third != second && third != first);
        receiver.finish(&mut counts);
        assert_eq!((counts.received, counts.late, counts.lost), (3, 1, 0));
    }

    proptest! {
        #[test]
        fn no_datagram_breaks_the_parser(data in proptest::collection::vec(any::<u8>(), 0..1_600), version in any::<bool>()) {
            let mut data = data;
            if let (true, Some(first)) = (version, data.first_mut()) {
                *first = 0x80 | (*first & 0x3f);
            }
            let now = clock::now();
            let mut counts = LegStatistics::default();
            let mut receiver = Receiver::new(now, 1);
            if let Some(parsed) = Receiver::parse(&data, TYPES, &mut counts) {
                receiver.take(now, parsed, &mut counts);
            }
        }
    }
}
