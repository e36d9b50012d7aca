//! Cuts a stream into packets of the length that the far end asked for, where it comes in others.
//!
//! Nothing is decoded and nothing waits longer than the longer of the two lengths. A packet leaves as soon as its samples are
//! there; one that has lost some of them leaves with silence in their place when the next one is whole, and one that has lost
//! all of them leaves a hole in the numbers, so that the far end conceals it.

use crate::g711::Codec;
use crate::packet::{Content, Packet, StreamId};
use std::time::{Duration, Instant};

/// The longest packets that are made: 60 ms.
pub(super) const LONGEST: usize = 480;
pub(super) const SHORTEST: usize = 80;
/// A stream whose timestamps leave a gap longer than this (1 s), or that pauses for longer, is cut anew.
const GAP: i64 = 8_000;
const PAUSE: Duration = Duration::from_millis(500);

/// Cuts one stream at a time.
#[derive(Debug)]
pub(super) struct Packetiser {
    /// Numbers the leg among all sources; what it cuts are streams of its own.
    source: u32,
    run: u32,
    cut: Option<Cut>,
}

#[derive(Debug)]
struct Cut {
    from: StreamId,
    to: StreamId,
    codec: Codec,
    length: usize,
    /// The source's timestamp at the beginning of the packet in front, and that packet's number.
    timestamp: u32,
    sequence: u16,
    at: Instant,
    /// The packet in front, and the one behind it, which may be whole sooner.
    parts: [Part; 2],
}

#[derive(Debug)]
struct Part {
    payload: [u8; LONGEST],
    filled: usize,
    /// Where the last sample that is there ends.
    end: usize,
    marker: bool,
}

impl Part {
    fn empty(codec: Codec) -> Part {
        Part { payload: [codec.silence(); LONGEST], filled: 0, end: 0, marker: false }
    }
}

impl Packetiser {
    /// For a leg numbered `source`.
    pub fn new(source: u32) -> Packetiser {
        Packetiser { source, run: 0, cut: None }
    }

    /// Whether packets of this stream are being cut.
    pub fn cuts(&self, stream: StreamId) -> bool {
        self.cut.as_ref().is_some_and(|cut| cut.from == stream)
    }

    /// Cuts nothing until told so again.
    pub fn stop(&mut self) {
        self.cut = None;
    }

    /// Takes audio, in packets of any length, and gives it in packets of `length` samples. False if it came too late to be
    /// sent.
    pub fn audio(
        &mut self,
        now: Instant,
        packet: &Packet<'_>,
        codec: Codec,
        payload: &[u8],
        length: usize,
        mut emit: impl FnMut(&Packet<'_>),
    ) -> bool {
        let mut cut = match self.cut.take() {
            Some(cut) if cut.goes_on(now, packet, codec, length) => cut,
            _ => self.begin(now, packet, codec, length),
        };
        cut.at = now;
        let mut taken = false;
        let mut rest = payload;
        let mut timestamp = packet.timestamp;
        while !rest.is_empty() {
            let ahead = i64::from(timestamp.wrapping_sub(cut.timestamp) as i32);
            let Ok(ahead) = usize::try_from(ahead) else {
                // Its packet has left: what is behind the front is given up.
                let late = usize::try_from(-ahead).unwrap_or(0).min(rest.len());
                rest = rest.get(late..).unwrap_or_default();
                timestamp = timestamp.wrapping_add(late as u32);
                continue;
            };
            if ahead >= 2 * length {
                cut.advance(&mut emit);
                continue;
            }
            let (part, offset) = (ahead / length, ahead % length);
            let (now_in, later) = rest.split_at(rest.len().min(length - offset));
            cut.fill(part, offset, now_in, packet.marker && timestamp == packet.timestamp);
            cut.release(&mut emit);
            taken = true;
            rest = later;
            timestamp = timestamp.wrapping_add(now_in.len() as u32);
        }
        self.cut = Some(cut);
        taken
    }

    /// Cuts nothing until told so again. What was begun leaves as it is, in shorter packets, unless the source has long paused.
    pub fn finish(&mut self, now: Instant, mut emit: impl FnMut(&Packet<'_>)) {
        let Some(mut cut) = self.cut.take() else { return };
        if now.saturating_duration_since(cut.at) > PAUSE {
            return;
        }
        while let Some(end) = cut.parts.iter().rposition(|part| part.filled > 0) {
            // Behind the last sample there is nothing to wait for.
            cut.length = if end == 0 { cut.parts[0].end } else { cut.length };
            cut.advance(&mut emit);
        }
    }

    /// Takes a key press of the stream that is cut; what was begun before it leaves first.
    pub fn event(&mut self, packet: &Packet<'_>, mut emit: impl FnMut(&Packet<'_>)) {
        let Some(cut) = &mut self.cut else { return };
        while cut.parts.iter().any(|part| part.filled > 0) {
            cut.advance(&mut emit);
        }
        emit(&Packet { stream: cut.to, sequence: cut.sequence, ..*packet });
        cut.sequence = cut.sequence.wrapping_add(1);
    }

    fn begin(&mut self, now: Instant, packet: &Packet<'_>, codec: Codec, length: usize) -> Cut {
        // The runs of what the leg receives are numbered upwards from 0, these downwards.
        self.run = self.run.wrapping_sub(1);
        Cut {
            from: packet.stream,
            to: StreamId::new(self.source, self.run),
            codec,
            length: length.clamp(SHORTEST, LONGEST),
            timestamp: packet.timestamp,
            sequence: 0,
            at: now,
            parts: [Part::empty(codec), Part::empty(codec)],
        }
    }
}

impl Cut {
    fn goes_on(&self, now: Instant, packet: &Packet<'_>, codec: Codec, length: usize) -> bool {
        let ahead = i64::from(packet.timestamp.wrapping_sub(self.timestamp) as i32);
        let same = self.from == packet.stream && self.codec == codec && self.length == length;
        same && ahead.abs() <= GAP && now.saturating_duration_since(self.at) <= PAUSE
    }

    fn fill(&mut self, part: usize, offset: usize, payload: &[u8], marker: bool) {
        let Some(part) = self.parts.get_mut(part) else { return };
        for (to, from) in part.payload.iter_mut().skip(offset).zip(payload) {
            *to = *from;
        }
        part.filled += payload.len();
        part.end = part.end.max(offset + payload.len());
        part.marker |= marker;
    }

    /// Gives whatever is whole, in order.
    fn release(&mut self, emit: &mut impl FnMut(&Packet<'_>)) {
        while self.parts.iter().any(|part| part.filled >= self.length) {
            self.advance(emit);
        }
    }

    /// Gives the packet in front as it is; an empty one only takes its number.
    fn advance(&mut self, emit: &mut impl FnMut(&Packet<'_>)) {
        let [front, behind] = &mut self.parts;
        if front.filled > 0 {
            let content = Content::Audio { codec: self.codec, payload: front.payload.get(..self.length).unwrap_or_default() };
            let Cut { to: stream, sequence, timestamp, .. } = *self;
            emit(&Packet { stream, sequence, timestamp, marker: front.marker, content });
        }
        self.sequence = self.sequence.wrapping_add(1);
        self.timestamp = self.timestamp.wrapping_add(self.length as u32);
        std::mem::swap(front, behind);
        *behind = Part::empty(self.codec);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock;
    use proptest::prelude::*;

    #[derive(Debug, PartialEq)]
    struct Out {
        sequence: u16,
        timestamp: u32,
        payload: Vec<u8>,
    }

    fn push(packetiser: &mut Packetiser, sequence: u16, from: usize, samples: usize, length: usize) -> Vec<Out> {
        let payload: Vec<u8> = (from..from + samples).map(|n| (n % 200) as u8).collect();
        let content = Content::Audio { codec: Codec::Pcma, payload: &payload };
        let packet = Packet { stream: StreamId(9), sequence, timestamp: (from as u32).wrapping_sub(100), marker: false, content };
        let mut out = vec![];
        packetiser.audio(clock::now(), &packet, Codec::Pcma, &payload, length, |packet| {
            let Content::Audio { payload, .. } = packet.content else { panic!("not audio") };
            out.push(Out { sequence: packet.sequence, timestamp: packet.timestamp, payload: payload.to_vec() });
        });
        out
    }

    #[test]
    fn every_length_is_made_of_every_other_without_losing_or_moving_a_sample() {
        for source in [80, 160, 240, 320, 480, 960] {
            for length in [80, 160, 240, 320, 480] {
                let mut packetiser = Packetiser::new(1);
                let (mut out, mut at, mut sequence) = (vec![], 0, 0);
                while at < 9_600 {
                    out.extend(push(&mut packetiser, sequence, at, source, length));
                    at += source;
                    sequence += 1;
                    let sent: usize = out.iter().map(|out| out.payload.len()).sum();
                    assert!(at - sent < length, "{source} to {length}: what is whole leaves at once");
                }
                let sound: Vec<u8> = out.iter().flat_map(|out| out.payload.clone()).collect();
                assert!(sound.iter().enumerate().all(|(n, byte)| usize::from(*byte) == n % 200), "{source} to {length}");
                for (pair, n) in out.windows(2).zip(0u16..) {
                    assert_eq!((pair[0].sequence, pair[1].sequence), (n, n + 1));
                    assert_eq!(pair[1].timestamp.wrapping_sub(pair[0].timestamp), length as u32);
                    assert_eq!(pair[0].payload.len(), length);
                }
            }
        }
    }

    #[test]
    fn a_lost_packet_leaves_silence_or_a_hole_in_the_numbers() {
        let mut packetiser = Packetiser::new(1);
        let mut out = push(&mut packetiser, 0, 0, 80, 160);
        // The second half of the first packet is lost, and all of the second.
        out.extend(push(&mut packetiser, 4, 320, 80, 160));
        out.extend(push(&mut packetiser, 5, 400, 80, 160));
        assert_eq!(out.iter().map(|out| out.sequence).collect::<Vec<_>>(), [0, 2]);
        assert_eq!(out[0].payload[79..81], [79, Codec::Pcma.silence()]);
        assert_eq!(out[1].payload[0], (320 % 200) as u8);
    }

    #[test]
    fn what_was_begun_when_a_source_ends_leaves_in_a_shorter_packet() {
        let mut packetiser = Packetiser::new(1);
        let mut out = push(&mut packetiser, 0, 0, 160, 320);
        out.extend(push(&mut packetiser, 1, 160, 160, 320));
        out.extend(push(&mut packetiser, 2, 320, 160, 320));
        let mut rest = vec![];
        packetiser.finish(clock::now(), |packet| {
            let Content::Audio { payload, .. } = packet.content else { panic!("not audio") };
            rest.push(Out { sequence: packet.sequence, timestamp: packet.timestamp, payload: payload.to_vec() });
        });
        let sound: Vec<u8> = out.iter().chain(&rest).flat_map(|out| out.payload.clone()).collect();
        assert_eq!(sound, (0..480).map(|n| (n % 200) as u8).collect::<Vec<u8>>());
        assert_eq!((rest.len(), rest[0].sequence, rest[0].timestamp), (1, 1, 220));
        assert!(!packetiser.cuts(StreamId(9)));
        packetiser.finish(clock::now(), |_| panic!("it has left already"));
    }

    #[test]
    fn what_was_begun_before_a_long_pause_is_not_heard_after_it() {
        let mut packetiser = Packetiser::new(1);
        assert_eq!(push(&mut packetiser, 0, 0, 160, 320), []);
        packetiser.finish(clock::now() + Duration::from_secs(1), |_| panic!("old sound"));
        assert!(!packetiser.cuts(StreamId(9)));
    }

    #[test]
    fn packets_that_overtook_each_other_are_put_in_order() {
        let mut packetiser = Packetiser::new(1);
        let mut out = vec![];
        for n in [0usize, 2, 1, 3, 4, 5] {
            out.extend(push(&mut packetiser, n as u16, n * 80, 80, 160));
        }
        let sound: Vec<u8> = out.iter().flat_map(|out| out.payload.clone()).collect();
        assert_eq!(out.len(), 3);
        assert!(sound.iter().enumerate().all(|(n, byte)| usize::from(*byte) == n % 200));
        assert_eq!(push(&mut packetiser, 1, 80, 80, 160), [], "too late");
    }

    #[test]
    fn a_key_press_keeps_its_time_and_comes_after_what_was_begun() {
        let mut packetiser = Packetiser::new(1);
        push(&mut packetiser, 0, 0, 80, 240);
        let event =
            Packet { stream: StreamId(9), sequence: 1, timestamp: 77, marker: true, content: Content::Event([1, 10, 0, 160]) };
        let mut out = vec![];
        packetiser.event(&event, |packet| out.push((packet.sequence, packet.timestamp, packet.content.duration())));
        assert_eq!(out, [(0, 0u32.wrapping_sub(100), 240), (1, 77, 0)]);
    }

    proptest! {
        #[test]
        fn whatever_comes_packets_have_their_length_and_numbers_go_up(
            packets in proptest::collection::vec((any::<u16>(), 0usize..20_000, 1usize..961, 80usize..481), 0..100),
        ) {
            let mut packetiser = Packetiser::new(1);
            for (sequence, from, samples, length) in packets {
                let out = push(&mut packetiser, sequence, from, samples, length);
                prop_assert!(out.iter().all(|out| out.payload.len() == length));
                prop_assert!(out.windows(2).all(|pair| pair[1].sequence.wrapping_sub(pair[0].sequence) < 200));
                prop_assert!(out.len() <= 16);
            }
        }
    }
}
