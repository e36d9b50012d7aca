//! Puts the packets of one direction in order on the recording's timeline. Nothing that is heard live waits for it.
//!
//! Everything is counted in samples at 8 kHz. The timeline is the wall clock; RTP timestamps are laid on it where their
//! first packet arrived. Two clocks never run alike, so the least delayed packets of every two seconds tell how far the
//! sender's clock has drifted, and frames are stretched or shrunk by one sample until it is made up: both sides of a call
//! stay aligned over hours without a click. A sender whose clock jumps is laid on anew.

use std::collections::VecDeque;

/// A missing packet is waited for this long (100 ms).
const HOLD: i64 = 800;
/// Frames held at once; more release the oldest.
const MAX_HELD: usize = 32;
/// RTP time and arrival may differ by more than 200 ms for this many packets in a row and this long (200 ms) before the stream
/// is laid on anew, which leaves a gap. A burst after a stall is over sooner, and what a busy machine reads late is late by less:
/// the voice stays whole, a little behind the other side's until drift has made it up.
const MAX_DEVIATION: i64 = 1_600;
const SUSTAINED_PACKETS: u32 = 10;
const SUSTAINED_TIME: i64 = 1_600;
/// Sequence numbers that go back further than this mean a restart.
const MAX_MISORDER: i16 = 100;
/// A timestamp this far ahead of its arrival is a jump of the sender's clock (1 s).
const LEAP: i64 = 8_000;
/// Packets over which the smallest delay is sought, and the drift that is left alone (8 ms): nobody hears it between two sides, and
/// frames that are not stretched are kept bit by bit.
const WINDOW: u32 = 100;
const TOLERATED_DRIFT: i64 = 64;
/// Frames shorter than this are not stretched.
const MIN_STRETCHED: usize = 80;

/// One direction's packets on their way into a recording.
#[derive(Debug, Default)]
pub struct JitterBuffer {
    stream: Option<Stream>,
    held: VecDeque<Held>,
    /// Where the last released frame ended.
    end: i64,
    /// Held frames that end up to here are released without waiting.
    flush_to: i64,
    counts: JitterCounts,
}

/// Samples in order: no frame begins before the end of the one before.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Frame {
    /// Samples since the timeline began.
    pub position: u64,
    pub pcm: Vec<i16>,
}

/// What happened to packets that were not simply passed on.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct JitterCounts {
    /// The same packet was held already.
    pub duplicate: u64,
    /// The time of the packet had been released.
    pub late: u64,
    /// The sender's clock was laid on the timeline anew.
    pub anchored: u64,
    /// The packet's time lay more than a second in the future.
    pub refused: u64,
}

#[derive(Debug)]
struct Stream {
    id: u64,
    sequence: u16,
    /// Extended over roll-overs.
    timestamp: i64,
    arrival: i64,
    /// Position of timestamp 0.
    origin: i64,
    /// Packets in a row that deviate by more than the bound, and when the first of them came; negative ones are early.
    deviating: i32,
    deviating_since: i64,
    window: u32,
    least_delay: i64,
    drift: i64,
}

#[derive(Debug)]
struct Held {
    position: i64,
    arrival: i64,
    pcm: Vec<i16>,
}

impl Held {
    fn end(&self) -> i64 {
        self.position + self.pcm.len() as i64
    }
}

impl JitterBuffer {
    pub fn new() -> Self {
        Self::default()
    }

    pub fn counts(&self) -> JitterCounts {
        self.counts
    }

    /// Takes a packet that arrived `arrival` samples after the timeline began. `stream` changes with the SSRC; `sequence`
    /// and `timestamp` are the packet's. An empty packet is ignored.
    pub fn push(&mut self, arrival: u64, stream: u64, sequence: u16, timestamp: u32, mut pcm: Vec<i16>) {
        let arrival = i64::try_from(arrival).unwrap_or(i64::MAX / 2);
        if pcm.is_empty() {
            return;
        }
        let (mut current, mut newest) = match self.stream.take() {
            Some(current) if current.id == stream => (current, false),
            _ => (self.lay_on(arrival, stream, sequence, i64::from(timestamp)), true),
        };
        let step = i64::from(timestamp.wrapping_sub(current.timestamp as u32) as i32);
        let mut extended = current.timestamp + step;
        let ahead = sequence.wrapping_sub(current.sequence) as i16;

        let restarted = ahead < -MAX_MISORDER;
        let jumped = ahead > 0 && (step < 0 || step > (arrival - current.arrival).max(0) + LEAP);
        let deviation = arrival - (extended + current.origin);
        // One that was overtaken says nothing about its stream, and belongs before what is there.
        let deviates = ahead > 0 && current.deviates(arrival, deviation);
        if restarted || jumped || deviation < -LEAP || deviates {
            let anew = self.lay_on(arrival, stream, sequence, i64::from(timestamp));
            // Behind frames that lie in the future there is no better place than the one it has; drift will make it up.
            let moved = (anew.origin + i64::from(timestamp)) - (current.origin + extended);
            if restarted || jumped || moved.abs() > MAX_DEVIATION / 2 {
                current = anew;
                extended = i64::from(timestamp);
                newest = true;
                self.counts.anchored += 1;
            }
        }

        let position = extended + current.origin;
        if position > arrival + LEAP {
            self.counts.refused += 1;
        } else {
            if newest || ahead > 0 {
                current.sequence = sequence;
                current.timestamp = extended;
                current.arrival = arrival;
                current.measure(arrival - position);
                current.correct(&mut pcm);
            }
            self.insert(Held { position, arrival, pcm });
        }
        self.stream = Some(current);
    }

    /// The next frame that is due, if any; to be asked until `None`. `now` is in samples since the timeline began.
    pub fn poll(&mut self, now: u64) -> Option<Frame> {
        let now = i64::try_from(now).unwrap_or(i64::MAX / 2);
        loop {
            let head = self.held.front()?;
            let due = head.position <= self.end
                || head.end() <= self.flush_to
                || now - head.arrival >= HOLD
                || self.held.len() > MAX_HELD;
            if !due {
                return None;
            }
            let Held { mut position, mut pcm, .. } = self.held.pop_front()?;
            let overlap = self.end - position;
            if overlap > 0 {
                let overlap = usize::try_from(overlap).unwrap_or(usize::MAX);
                if overlap >= pcm.len() {
                    self.counts.late += 1;
                    continue;
                }
                pcm.drain(..overlap);
                position = self.end;
            }
            self.end = position + pcm.len() as i64;
            return Some(Frame { position: u64::try_from(position).unwrap_or(0), pcm });
        }
    }

    /// Makes everything that is held due.
    pub fn flush(&mut self) {
        self.flush_to = self.held_end();
    }

    fn held_end(&self) -> i64 {
        self.held.iter().map(Held::end).max().unwrap_or(0).max(self.end)
    }

    /// Lays a stream on the timeline where this packet arrived, but not over what is there already.
    fn lay_on(&mut self, arrival: i64, id: u64, sequence: u16, timestamp: i64) -> Stream {
        let end = self.held_end();
        self.flush_to = end;
        Stream {
            id,
            sequence,
            timestamp,
            arrival,
            origin: arrival.max(end) - timestamp,
            deviating: 0,
            deviating_since: arrival,
            window: 0,
            least_delay: i64::MAX,
            drift: 0,
        }
    }

    fn insert(&mut self, frame: Held) {
        if frame.end() <= self.end {
            self.counts.late += 1;
            return;
        }
        let at = self.held.partition_point(|held| held.position < frame.position);
        if self.held.get(at).is_some_and(|held| held.position == frame.position) {
            self.counts.duplicate += 1;
            return;
        }
        self.held.insert(at, frame);
    }
}

impl Stream {
    /// Whether RTP time and arrival have differed in the same direction for long enough.
    fn deviates(&mut self, arrival: i64, deviation: i64) -> bool {
        self.deviating = match deviation {
            d if d > MAX_DEVIATION => self.deviating.max(0) + 1,
            d if d < -MAX_DEVIATION => self.deviating.min(0) - 1,
            _ => 0,
        };
        if self.deviating.unsigned_abs() <= 1 {
            self.deviating_since = arrival;
        }
        let sustained = self.deviating.unsigned_abs() >= SUSTAINED_PACKETS && arrival - self.deviating_since >= SUSTAINED_TIME;
        if sustained {
            self.deviating = 0;
        }
        sustained
    }

    fn measure(&mut self, delay: i64) {
        self.least_delay = self.least_delay.min(delay);
        self.window += 1;
        if self.window >= WINDOW {
            let drift = self.least_delay;
            self.drift = if drift.abs() > TOLERATED_DRIFT { drift } else { 0 };
            self.window = 0;
            self.least_delay = i64::MAX;
        }
    }

    /// Makes up for drift by one sample, which nobody hears; what follows moves by as much.
    fn correct(&mut self, pcm: &mut Vec<i16>) {
        if self.drift == 0 || pcm.len() < MIN_STRETCHED {
            return;
        }
        let by = self.drift.signum();
        *pcm = stretched(pcm, pcm.len().saturating_add_signed(by as isize));
        self.origin += by;
        self.drift -= by;
    }
}

/// The same sound in `length` samples, by linear interpolation.
fn stretched(pcm: &[i16], length: usize) -> Vec<i16> {
    let scale = (pcm.len().saturating_sub(1)) as f32 / (length.saturating_sub(1).max(1)) as f32;
    let at = |index: usize| pcm.get(index).or(pcm.last()).copied().map_or(0.0, f32::from);
    (0..length)
        .map(|n| {
            let place = n as f32 * scale;
            let low = at(place as usize);
            let high = at(place as usize + 1);
            (low + (high - low) * place.fract()).round() as i16
        })
        .collect()
}

#[cfg(test)]
#[path = "jitter_tests.rs"]
mod tests;
