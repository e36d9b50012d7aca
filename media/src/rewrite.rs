//! One outgoing RTP stream made of many sources: callers, sounds, key presses, each with its own numbering.
//!
//! A receiver must see one SSRC whose sequence numbers never jump and whose timestamps follow the wall clock over gaps:
//! browsers answer a stale timestamp with a second of delay and a sequence number that goes back with silence. Loss and
//! reordering inside one source are kept, so that the receiver can conceal and reorder.

use crate::clock::samples;
use crate::packet::{Packet, Stamp, StreamId};
use std::time::Instant;

/// A source that jumps by more packets than this has restarted (about 20 s of 20 ms packets).
const MAX_DROPOUT: i16 = 1_000;
/// Packets older than this are not sent on: half the memory of numbers used.
const MAX_MISORDER: i16 = 64;
/// A pause longer than this is a gap in which the source's clock may have stood still (500 ms).
const GAP: i64 = 4_000;
/// How far a source's clock may be behind the wall clock after a gap (200 ms).
const STALE: i64 = 1_600;
/// How far a source's clock may leap ahead of the wall clock between two packets (1 s).
const LEAP: i64 = 8_000;
/// How far the stream may be ahead of the wall clock (1 s).
const MAX_AHEAD: i64 = 8_000;

/// Gives every packet its place in the outgoing stream.
#[derive(Debug)]
pub(crate) struct Rewriter {
    next: Stamp,
    anchor: Option<Anchor>,
    /// Samples by which timestamps are ahead of the wall clock, because a source was sent sooner than it would last. It is
    /// made up for in the next gap between two sources.
    ahead: i64,
}

/// The newest packet sent, in the source's numbering and in ours.
#[derive(Debug)]
struct Anchor {
    stream: StreamId,
    source_sequence: u16,
    source_timestamp: u32,
    sequence: u64,
    timestamp: u32,
    /// The first number of this source; older ones belong to the source before.
    floor: u64,
    /// Which of the 64 numbers up to `sequence` were used, bit 0 the newest. A number used twice would repeat SRTP keystream.
    used: u64,
    /// When `timestamp` was first sent.
    at: Instant,
    duration: u32,
}

impl Rewriter {
    /// A stream that starts at random numbers, of which the first 16 bits are kept below the roll-over (RFC 3711 section
    /// 3.3.1 wants a roll-over counter of 0 at the start, and a low start keeps the first loss from confusing it).
    pub fn new(random: u64) -> Self {
        let next = Stamp { sequence: (random >> 32) & 0x7fff, timestamp: random as u32, marker: true };
        Rewriter { next, anchor: None, ahead: 0 }
    }

    /// The place of `packet`, sent `now`; `None` if it is older than what can be sent on, or was sent already.
    pub fn place(&mut self, now: Instant, packet: &Packet<'_>) -> Option<Stamp> {
        let duration = packet.content.duration();
        let Some(anchor) = &mut self.anchor else {
            let stamp = self.next;
            self.anchor = Some(Anchor::at(now, packet, stamp, 0));
            return Some(stamp);
        };
        let elapsed = samples(now.saturating_duration_since(anchor.at));
        let ahead = packet.sequence.wrapping_sub(anchor.source_sequence) as i16;
        let step = i64::from(packet.timestamp.wrapping_sub(anchor.source_timestamp) as i32);

        let other_source = anchor.stream != packet.stream;
        if !other_source && ahead <= 0 && ahead > -MAX_MISORDER {
            return anchor.place_older(ahead, step, packet.marker);
        }
        let restarted = !(0..=MAX_DROPOUT).contains(&ahead);
        // Events carry the timestamp of their beginning, so theirs may lie behind that of audio sent meanwhile.
        let went_back = step < 0 && duration > 0;
        let stale = elapsed > GAP && step < elapsed - STALE && duration > 0;
        let leapt = step > elapsed + LEAP;
        if other_source || restarted || went_back || stale || leapt {
            let shortest = i64::from(anchor.duration);
            let made_up = self.ahead.min(elapsed - shortest).max(0);
            let gap = (elapsed - made_up).max(shortest);
            self.ahead = (self.ahead + gap - elapsed).clamp(0, MAX_AHEAD);
            let stamp =
                Stamp { sequence: anchor.sequence + 1, timestamp: anchor.timestamp.wrapping_add(gap as u32), marker: true };
            self.anchor = Some(Anchor::at(now, packet, stamp, anchor.used));
            return Some(stamp);
        }

        anchor.advance(ahead as u64);
        anchor.used |= 1;
        anchor.source_sequence = packet.sequence;
        let timestamp = anchor.timestamp.wrapping_add(step as u32);
        if step > 0 {
            anchor.source_timestamp = packet.timestamp;
            anchor.timestamp = timestamp;
            anchor.at = now;
            anchor.duration = duration;
        }
        Some(Stamp { sequence: anchor.sequence, timestamp, marker: packet.marker })
    }

    /// What comes next is a new beginning, even of the same source: what it sent meanwhile was not meant for this stream.
    pub fn restart(&mut self) {
        if let Some(anchor) = &mut self.anchor {
            anchor.stream = StreamId::NONE;
        }
    }

    /// The packets just sent were sent before their time, by this many samples in all.
    pub fn ran_ahead(&mut self, samples: i64) {
        self.ahead = self.ahead.saturating_add(samples).clamp(0, MAX_AHEAD);
    }

    /// By how many samples the stream will still be ahead of the clock when a new source begins now; 0 if it is no new one.
    pub fn still_ahead(&self, now: Instant, stream: StreamId) -> usize {
        let Some(anchor) = self.anchor.as_ref().filter(|anchor| anchor.stream != stream) else { return 0 };
        let gap = samples(now.saturating_duration_since(anchor.at)) - i64::from(anchor.duration);
        usize::try_from(self.ahead - gap.max(0)).unwrap_or(0)
    }

    /// The packet that comes next begins later than its source would, by this many samples.
    pub fn left_out(&mut self, samples: usize) {
        self.ahead = self.ahead.saturating_sub(i64::try_from(samples).unwrap_or(MAX_AHEAD)).max(0);
    }

    /// By how many samples timestamps are ahead of the wall clock.
    pub fn ahead(&self) -> i64 {
        self.ahead
    }

    /// A packet of the source that is not sent on leaves no hole in the numbers.
    pub fn skip(&mut self, stream: StreamId, sequence: u16) {
        let Some(anchor) = self.anchor.as_mut().filter(|anchor| anchor.stream == stream) else { return };
        let ahead = sequence.wrapping_sub(anchor.source_sequence) as i16;
        if (1..=MAX_DROPOUT).contains(&ahead) {
            anchor.source_sequence = sequence;
            anchor.advance(ahead as u64 - 1);
        }
    }
}

impl Anchor {
    fn at(now: Instant, packet: &Packet<'_>, stamp: Stamp, used_before: u64) -> Anchor {
        Anchor {
            stream: packet.stream,
            source_sequence: packet.sequence,
            source_timestamp: packet.timestamp,
            sequence: stamp.sequence,
            timestamp: stamp.timestamp,
            floor: stamp.sequence,
            used: (used_before << 1) | 1,
            at: now,
            duration: packet.content.duration(),
        }
    }

    fn advance(&mut self, numbers: u64) {
        self.sequence += numbers;
        self.used = u32::try_from(numbers).ok().and_then(|n| self.used.checked_shl(n)).unwrap_or(0);
    }

    /// A packet that was overtaken: it gets the number that was left free for it.
    fn place_older(&mut self, ahead: i16, step: i64, marker: bool) -> Option<Stamp> {
        let behind = u64::from(ahead.unsigned_abs());
        let bit = u32::try_from(behind).ok().and_then(|n| 1u64.checked_shl(n))?;
        let sequence = self.sequence.checked_sub(behind)?;
        if sequence < self.floor || self.used & bit != 0 {
            return None;
        }
        self.used |= bit;
        Some(Stamp { sequence, timestamp: self.timestamp.wrapping_add(step as u32), marker })
    }
}

#[cfg(test)]
#[path = "rewrite_tests.rs"]
mod tests;
