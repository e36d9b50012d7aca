//! Puts the two sides of a call on one time line. Pure: positions and the clock come in, stereo samples go out.
//!
//! It does not know files, and it never loses a side for good: a side whose positions jump to where they cannot be is moved
//! to where it should be, and counted.

use std::collections::VecDeque;

/// Whose voice; also the channel of the WAV file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Side {
    /// What came from the caller; the left channel.
    Caller,
    /// What was sent to the caller: the operator, announcements, ringback; the right channel.
    Operator,
}

/// Of each side, in samples of 8 kHz.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Samples {
    pub caller: u64,
    pub operator: u64,
}

impl Samples {
    pub(super) fn add(&mut self, side: Side, samples: u64) {
        match side {
            Side::Caller => self.caller += samples,
            Side::Operator => self.operator += samples,
        }
    }
}

/// All in samples of 8 kHz.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    /// How long the faster side waits for the slower one.
    pub horizon: u64,
    /// How far before the clock a position is believed.
    pub ahead: u64,
    /// After so many late frames in a row a side is moved instead of dropped.
    pub late_run: u32,
}

/// What became of a frame.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Placed {
    Whole,
    /// A part of it lay where samples were given out already.
    Clipped,
    /// All of it did; dropped.
    Late,
    /// Its position was not believed; it stands at a nearby one, and so will what follows it.
    Moved,
}

/// What was counted over a recording.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Counts {
    pub late_frames: u64,
    pub moves: u64,
    /// Samples of silence filled in.
    pub caller_gap: u64,
    pub operator_gap: u64,
    /// Samples whose time had been given out as silence when they came.
    pub late: Samples,
}

#[derive(Debug, Default)]
struct Lane {
    waiting: VecDeque<(u64, Vec<i16>)>,
    /// End of the last frame taken in.
    end: u64,
    /// Added to incoming positions.
    offset: i64,
    late_run: u32,
    gap: u64,
    late: u64,
}

#[derive(Debug)]
pub struct Aligner {
    limits: Limits,
    caller: Lane,
    operator: Lane,
    given_out: u64,
    late_frames: u64,
    moves: u64,
}

impl Aligner {
    pub fn new(limits: Limits) -> Self {
        let (caller, operator) = (Lane::default(), Lane::default());
        Self { limits, caller, operator, given_out: 0, late_frames: 0, moves: 0 }
    }

    /// Stereo frames given out so far.
    pub fn given_out(&self) -> u64 {
        self.given_out
    }

    pub fn counts(&self) -> Counts {
        Counts {
            late_frames: self.late_frames,
            moves: self.moves,
            caller_gap: self.caller.gap,
            operator_gap: self.operator.gap,
            late: Samples { caller: self.caller.late, operator: self.operator.late },
        }
    }

    /// Takes in samples of one side that begin at `position`; `clock` is the time since the recording began, in samples.
    pub fn push(&mut self, side: Side, position: u64, mut pcm: Vec<i16>, clock: u64) -> Placed {
        if pcm.is_empty() {
            return Placed::Whole;
        }
        let (limits, given_out) = (self.limits, self.given_out);
        let lane = match side {
            Side::Caller => &mut self.caller,
            Side::Operator => &mut self.operator,
        };
        let free_from = lane.end.max(given_out);
        let length = pcm.len() as u64;
        let mut at = position.saturating_add_signed(lane.offset);
        let mut placed = Placed::Whole;

        if at.saturating_add(length) > clock.saturating_add(limits.ahead) {
            at = free_from.max(clock);
            placed = Placed::Moved;
        } else if at.saturating_add(length) <= free_from {
            lane.late_run = lane.late_run.saturating_add(1);
            self.late_frames += 1;
            if lane.late_run <= limits.late_run {
                lane.late += lane.given_out_without(at, length, given_out);
                return Placed::Late;
            }
            at = free_from;
            placed = Placed::Moved;
        } else if at < free_from {
            lane.late += lane.given_out_without(at, length, given_out);
            pcm.drain(..(free_from - at) as usize);
            at = free_from;
            placed = Placed::Clipped;
        }
        if placed == Placed::Moved {
            // Both fit: `at` is bounded by the clock and the frames before it, and a position past i64 only saturates.
            lane.offset = i64::try_from(i128::from(at) - i128::from(position)).unwrap_or(i64::MIN);
            self.moves += 1;
        }
        lane.late_run = 0;
        lane.end = at + pcm.len() as u64;
        lane.waiting.push_back((at, pcm));
        placed
    }

    /// Appends to `out` what is settled at `clock`, as interleaved stereo samples. A side that is ahead of the clock settles nothing of the other,
    /// which has not said yet what it says then.
    pub fn take(&mut self, clock: u64, out: &mut Vec<i16>) {
        let (slower, faster) = (self.caller.end.min(self.operator.end), self.caller.end.max(self.operator.end));
        self.give_out(slower.max(faster.min(clock).saturating_sub(self.limits.horizon)), out);
    }

    /// Appends everything that waits: the call is over.
    pub fn finish(&mut self, out: &mut Vec<i16>) {
        self.give_out(self.caller.end.max(self.operator.end), out);
    }

    fn give_out(&mut self, until: u64, out: &mut Vec<i16>) {
        let from = self.given_out;
        if until <= from {
            return;
        }
        let base = out.len();
        // Bounded: `until` passes neither the clock by more than `ahead` nor what frames have reached.
        out.resize(base + 2 * (until - from) as usize, 0);
        let stereo = out.get_mut(base..).unwrap_or_default();
        let (stereo, _) = stereo.as_chunks_mut();
        self.caller.give_out(from, until, stereo, |[caller, _]| caller);
        self.operator.give_out(from, until, stereo, |[_, operator]| operator);
        self.given_out = until;
    }
}

impl Lane {
    /// For how much of a frame there stands silence in what was given out. What an earlier frame of this side has said is not missing.
    fn given_out_without(&self, at: u64, length: u64, given_out: u64) -> u64 {
        at.saturating_add(length).min(given_out).saturating_sub(at.max(self.end))
    }

    fn give_out(&mut self, from: u64, until: u64, stereo: &mut [[i16; 2]], channel: impl Fn(&mut [i16; 2]) -> &mut i16) {
        let mut covered = 0;
        while let Some((at, mut pcm)) = self.waiting.pop_front() {
            if at >= until {
                self.waiting.push_front((at, pcm));
                break;
            }
            if until - at < pcm.len() as u64 {
                self.waiting.push_front((until, pcm.split_off((until - at) as usize)));
            }
            covered += pcm.len() as u64;
            let slots = stereo.get_mut((at - from) as usize..).unwrap_or_default();
            slots.iter_mut().zip(pcm).for_each(|(slot, sample)| *channel(slot) = sample);
        }
        self.gap += (until - from) - covered;
    }
}
