//! Packets that wait to be played, in the order of their positions, never overlapping.

use crate::sound::FRAME;
use std::collections::VecDeque;

/// Packets held at most; the oldest give way.
pub(super) const MAX_HELD: usize = 128;
/// A frame whose samples are all quieter than this (about -42 dBFS) may be left out or played twice.
const QUIET: u16 = 256;

#[derive(Debug, Default)]
pub(super) struct Shelf {
    held: VecDeque<Held>,
}

#[derive(Debug)]
struct Held {
    position: i64,
    pcm: Vec<i16>,
}

impl Held {
    fn end(&self) -> i64 {
        self.position + self.pcm.len() as i64
    }
}

impl Shelf {
    pub fn is_empty(&self) -> bool {
        self.held.is_empty()
    }

    /// Packets that are held.
    #[cfg(test)]
    pub fn len(&self) -> usize {
        self.held.len()
    }

    /// Where what is held begins.
    pub fn begin(&self) -> Option<i64> {
        self.held.front().map(|held| held.position)
    }

    /// Where what is held ends.
    pub fn end(&self) -> Option<i64> {
        self.held.back().map(Held::end)
    }

    /// Puts a packet where it belongs; false if its place is taken. What overlaps comes from a sender whose clock stumbled: it
    /// gets what is left between its neighbours.
    pub fn put(&mut self, position: i64, mut pcm: Vec<i16>) -> bool {
        let at = self.held.partition_point(|held| held.position < position);
        let before = at.checked_sub(1).and_then(|before| self.held.get(before)).map_or(i64::MIN, Held::end);
        let after = self.held.get(at).map_or(i64::MAX, |held| held.position);
        let (begin, end) = (position.max(before), (position + pcm.len() as i64).min(after));
        if begin >= end {
            return false;
        }
        pcm.truncate(usize::try_from(end - position).unwrap_or(0));
        pcm.drain(..usize::try_from(begin - position).unwrap_or(0).min(pcm.len()));
        self.held.insert(at, Held { position: begin, pcm });
        true
    }

    /// Gives up the oldest packet if there are too many: its samples and its end.
    pub fn overflow(&mut self) -> Option<(usize, i64)> {
        let oldest = if self.held.len() > MAX_HELD { self.held.pop_front()? } else { return None };
        Some((oldest.pcm.len(), oldest.end()))
    }

    /// Forgets what lies before a position, as far as whole packets do.
    pub fn discard_before(&mut self, cursor: i64) {
        while self.held.front().is_some_and(|held| held.end() <= cursor) {
            self.held.pop_front();
        }
    }

    /// Samples that are held between two positions.
    pub fn between(&self, from: i64, to: i64) -> u64 {
        let part = |held: &Held| u64::try_from(held.end().min(to) - held.position.max(from)).unwrap_or(0);
        self.held.iter().map(part).sum()
    }

    /// Samples from `cursor` on without a hole, up to two frames.
    pub fn contiguous(&self, cursor: i64) -> usize {
        let mut end = cursor;
        for held in &self.held {
            if held.position > end || end - cursor >= 2 * FRAME as i64 {
                break;
            }
            end = end.max(held.end());
        }
        usize::try_from(end - cursor).unwrap_or(0)
    }

    pub fn is_quiet(&self, cursor: i64) -> bool {
        let frame = cursor..cursor + FRAME as i64;
        frame.into_iter().all(|at| self.sample(at).is_none_or(|sample| sample.unsigned_abs() < QUIET))
    }

    /// The frame at `cursor`; what is missing of its end is silence.
    pub fn copy(&self, cursor: i64, out: &mut [i16; FRAME]) {
        for (at, out) in (cursor..).zip(out.iter_mut()) {
            *out = self.sample(at).unwrap_or(0);
        }
    }

    /// One sample more than a frame, in a frame, by linear interpolation.
    pub fn squeeze(&self, cursor: i64, out: &mut [i16; FRAME]) {
        let mut before = i32::from(self.sample(cursor).unwrap_or(0));
        for (n, out) in (0..).zip(out.iter_mut()) {
            let after = i32::from(self.sample(cursor + 1 + i64::from(n)).unwrap_or(0));
            *out = (before + (after - before) * n / FRAME as i32) as i16;
            before = after;
        }
    }

    pub fn sample(&self, position: i64) -> Option<i16> {
        let held = self.held.iter().find(|held| position < held.end())?;
        held.pcm.get(usize::try_from(position - held.position).ok()?).copied()
    }
}
