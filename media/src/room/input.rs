//! The voice of one member on its way into a mix: packets in, 20 ms at an exact cadence out.
//!
//! The jitter buffer puts packets in order on the mix's timeline; this reads that timeline a little behind the clock. A
//! packet that comes too late is played all the same and the reading falls behind for good, up to a bound; when there was
//! more to spare for two seconds than is needed, the reading catches up by one sample in every frame, which nobody hears.
//! What is missing is silence, and nothing is ever played twice.

use crate::jitter::JitterBuffer;
use crate::packet::StreamId;
use crate::sound::FRAME;
use std::collections::VecDeque;

/// How far the reading may be behind the clock (150 ms). What comes later than that is not played.
const MAX_DELAY: i64 = 1_200;
/// Samples that wait at most (1.5 s); a sender cannot be further ahead than the second that the jitter buffer allows.
const MAX_WAITING: usize = 12_000;
/// Frames over which the least to spare is sought (2 s).
const WINDOW: u32 = 100;
/// To spare: as much as is kept (30 ms), how much more is left alone (10 ms), and more than is caught up with one by one (100 ms).
const KEPT: i64 = 240;
const TOLERATED: i64 = 80;
const TOO_MUCH: i64 = 800;
/// A sender that paused for longer than this (500 ms), and whose clock stood still for all but this of it (200 ms), begins anew.
const PAUSE: i64 = 4_000;
const STALE: i64 = 1_600;

#[derive(Debug)]
pub(super) struct Input {
    buffer: JitterBuffer,
    newest: Option<Newest>,
    /// Numbers the runs of packets that one clock stamped.
    run: u64,
    /// The timeline from `cursor` on, as far as it is known.
    waiting: VecDeque<i16>,
    cursor: i64,
    spare: i64,
    frames: u32,
    /// Samples to be caught up.
    surplus: i64,
}

#[derive(Debug)]
struct Newest {
    stream: StreamId,
    arrival: i64,
    timestamp: u32,
}

impl Input {
    /// A voice that is read from `cursor` on.
    pub fn new(cursor: i64) -> Input {
        Input {
            buffer: JitterBuffer::new(),
            newest: None,
            run: 0,
            waiting: VecDeque::new(),
            cursor,
            spare: i64::MAX,
            frames: 0,
            surplus: 0,
        }
    }

    /// Takes a packet that came at `now`, in samples since the mix began.
    pub fn push(&mut self, now: u64, stream: StreamId, sequence: u16, timestamp: u32, pcm: Vec<i16>) {
        let arrival = now as i64;
        let (other, step) = match &self.newest {
            Some(newest) => {
                let step = i64::from(timestamp.wrapping_sub(newest.timestamp) as i32);
                let elapsed = arrival - newest.arrival;
                (newest.stream != stream || (step > 0 && elapsed > PAUSE && step < elapsed - STALE), step)
            }
            None => (true, 0),
        };
        if other {
            self.run += 1;
        }
        if other || step > 0 {
            self.newest = Some(Newest { stream, arrival, timestamp });
        }
        self.buffer.push(now, self.run, sequence, timestamp, pcm);
        self.release(now);
    }

    /// The next 20 ms, read at `now`; false if there is nothing to be heard in them.
    pub fn read(&mut self, now: u64, out: &mut [i16; FRAME]) -> bool {
        self.release(now);
        if self.waiting.len() < FRAME {
            // What the jitter buffer still waits for would come too late.
            self.give_up_waiting(now);
        }
        let present = !self.waiting.is_empty();
        if self.surplus > 0 && self.waiting.len() > FRAME {
            self.surplus -= 1;
            self.read_squeezed(out);
        } else {
            out.fill(0);
            for (out, sample) in out.iter_mut().zip(self.waiting.drain(..FRAME.min(self.waiting.len()))) {
                *out = sample;
            }
            self.cursor += FRAME as i64;
        }
        if present {
            self.look_for_spare();
        }
        present
    }

    /// Leaves out what should have been read while the thread was away.
    pub fn skip(&mut self, samples: usize) {
        self.waiting.drain(..samples.min(self.waiting.len()));
        self.cursor += samples as i64;
    }

    /// All there is and has not been read.
    pub fn finish(mut self, now: u64) -> VecDeque<i16> {
        self.give_up_waiting(now);
        self.waiting
    }

    fn give_up_waiting(&mut self, now: u64) {
        self.buffer.flush();
        self.release(now);
    }

    fn release(&mut self, now: u64) {
        while let Some(frame) = self.buffer.poll(now) {
            self.append(now as i64, frame.position as i64, &frame.pcm);
        }
    }

    /// Frames come in order and never overlap, so one that begins before the end of what is known comes after its time was
    /// read as silence.
    fn append(&mut self, now: i64, position: i64, pcm: &[i16]) {
        let end = self.cursor + self.waiting.len() as i64;
        let late = (end - position).max(0);
        let granted = late.min(MAX_DELAY - (now - self.cursor)).max(0);
        self.cursor -= granted;
        let missed = usize::try_from(late - granted).unwrap_or(usize::MAX);
        if missed > 0 {
            metrics::counter!("siaga_media_room_late_frames_total").increment(1);
        }
        let Some(heard) = pcm.get(missed..).filter(|heard| !heard.is_empty()) else { return };
        let gap = usize::try_from(position - end).unwrap_or(0);
        if self.waiting.len().saturating_add(gap).saturating_add(heard.len()) > MAX_WAITING {
            metrics::counter!("siaga_media_room_frames_dropped_total").increment(1);
            return;
        }
        self.waiting.extend(std::iter::repeat_n(0, gap));
        self.waiting.extend(heard);
    }

    /// One sample more than a frame, in a frame, by linear interpolation.
    fn read_squeezed(&mut self, out: &mut [i16; FRAME]) {
        let mut before = i32::from(self.waiting.pop_front().unwrap_or(0));
        for (n, (out, sample)) in (0..).zip(out.iter_mut().zip(self.waiting.drain(..FRAME.min(self.waiting.len())))) {
            let after = i32::from(sample);
            *out = (before + (after - before) * n / FRAME as i32) as i16;
            before = after;
        }
        self.cursor += FRAME as i64 + 1;
    }

    fn look_for_spare(&mut self) {
        self.spare = self.spare.min(self.waiting.len() as i64);
        self.frames += 1;
        if self.frames < WINDOW {
            return;
        }
        let surplus = self.spare - KEPT;
        self.surplus = if surplus > TOLERATED { surplus } else { 0 };
        if surplus > TOO_MUCH {
            self.skip(surplus as usize);
            self.surplus = 0;
        }
        self.spare = i64::MAX;
        self.frames = 0;
    }
}

#[cfg(test)]
#[path = "input_tests.rs"]
mod tests;
