//! Plays the packets of one direction at an exact cadence, as little behind them as the network allows. For whoever has to
//! mix; recordings are laid out by `jitter`, which waits longer and loses nothing.
//!
//! Everything is counted in samples at 8 kHz. A position is played one target delay after the fastest packets would bring it,
//! and the target follows the network (`delay`). Play falls behind at once, by sound that is made up, when nothing has come or
//! something came too late; it catches up slowly, by a frame where it is quiet and by a sample in every frame where it is not.

mod conceal;
mod delay;
mod shelf;
mod source;

use crate::sound::FRAME;
use conceal::Concealer;
use delay::{DelayEstimate, MOST};
use shelf::{MAX_HELD, Shelf};
use source::{Order, Source};
use std::time::Duration;

const FRAME_SAMPLES: i64 = FRAME as i64;
/// The longest packet that is taken (120 ms).
const MAX_PACKET: usize = 960;
/// Sound is made up for this long without any packet (200 ms), then there is silence until one comes.
const MAX_MADE_UP: i64 = 1_600;
/// Play may be further behind than its target by what the cadence rounds up (20 ms) and a little, and catches up to this.
const TOLERATED: i64 = 240;
const CAUGHT_UP: i64 = 80;
/// It falls behind on purpose when it is ahead of its target by this (10 ms).
const TOO_EARLY: i64 = -80;
/// Beyond the target and this (200 ms), what waits is not heard any more.
const MAX_BEHIND: i64 = 1_600;

/// One direction on its way into a mix.
#[derive(Debug)]
pub struct PlayoutBuffer {
    source: Option<Source>,
    held: Shelf,
    /// The position that is played next.
    cursor: i64,
    play: Play,
    catching_up: bool,
    /// Something came too late, and play has not fallen behind to its new target yet.
    falling_behind: bool,
    concealer: Concealer,
    counts: PlayoutCounts,
}

/// What happened to the sound on its way.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct PlayoutCounts {
    /// Packets that came before.
    pub duplicate: u64,
    /// Packets that came after their time had been played.
    pub late: u64,
    /// Frames made up in place of packets that had not come.
    pub concealed: u64,
    /// Frames made up, or played twice, to wait for what is to come.
    pub stretched: u64,
    /// Samples left out to catch up.
    pub shrunk: u64,
    /// Samples that were given up because they were too far behind, or too many.
    pub dropped: u64,
    /// Times the sender's clock was laid on the timeline anew.
    pub anchored: u64,
}

#[derive(Debug, PartialEq, Eq)]
enum Play {
    /// Nothing has been heard lately; what comes is played when its time has come.
    Idle,
    Running,
    /// Everything there was has been played; so many samples were made up since.
    Starved(i64),
}

impl Default for PlayoutBuffer {
    fn default() -> Self {
        PlayoutBuffer {
            source: None,
            held: Shelf::default(),
            cursor: 0,
            play: Play::Idle,
            catching_up: false,
            falling_behind: false,
            concealer: Concealer::default(),
            counts: PlayoutCounts::default(),
        }
    }
}

impl PlayoutBuffer {
    pub fn new() -> Self {
        Self::default()
    }

    pub fn counts(&self) -> PlayoutCounts {
        self.counts
    }

    /// How long after the fastest packets sound is to be played, as the network is at `now`.
    pub fn target(&self, now: u64) -> Duration {
        let target = self.source.as_ref().map_or(delay::LEAST, |source| source.delay.target(clamped(now)));
        Duration::from_micros(u64::try_from(target).unwrap_or(0) * 125)
    }

    /// How long sound is waiting here, beyond what the fastest packets take: what the buffer adds to the network's delay.
    pub fn delay(&self, now: u64) -> Option<Duration> {
        let behind = self.behind(clamped(now)).filter(|_| self.play == Play::Running)?;
        Some(Duration::from_micros(u64::try_from(behind).unwrap_or(0) * 125))
    }

    /// Takes a packet that arrived `arrival` samples after the timeline began. `stream` changes with the SSRC; `sequence` and
    /// `timestamp` are the packet's. An empty packet, and one longer than 120 ms, is ignored.
    pub fn push(&mut self, arrival: u64, stream: u64, sequence: u16, timestamp: u32, pcm: Vec<i16>) {
        if pcm.is_empty() || pcm.len() > MAX_PACKET {
            return;
        }
        let arrival = clamped(arrival);
        let mut source = match self.source.take() {
            Some(mut source) if source.id == stream => match source.order(arrival, sequence, timestamp) {
                Order::Newest | Order::Older => source,
                Order::Anew => {
                    self.counts.anchored += 1;
                    self.lay_on(arrival, stream, sequence, timestamp, Some(source.delay))
                }
                copy @ (Order::Copy | Order::Ancient) => {
                    self.counts.duplicate += u64::from(copy == Order::Copy);
                    self.counts.late += u64::from(copy == Order::Ancient);
                    self.source = Some(source);
                    return;
                }
            },
            other => self.lay_on(arrival, stream, sequence, timestamp, other.map(|source| source.delay)),
        };
        let position = source.position(timestamp);
        source.delay.take(arrival, arrival - position);
        self.insert(&mut source, arrival, position, pcm);
        self.source = Some(source);
    }

    /// The next 20 ms, to be asked for at every 20 ms of the timeline; false if they are silence because nothing is said.
    pub fn pull(&mut self, now: u64, out: &mut [i16; FRAME]) -> bool {
        let now = clamped(now);
        self.give_up_the_past(now);
        match self.play {
            Play::Idle => self.begin(now, out),
            Play::Starved(made_up) if self.held.is_empty() => self.starve(made_up, out),
            Play::Starved(made_up) => {
                // What was made up stands for what was lost meanwhile; what only came late is played all the same.
                let begin = self.held.begin().unwrap_or(self.cursor);
                self.cursor = begin.min(self.cursor + made_up);
                self.play = Play::Running;
                self.go_on(now, out)
            }
            Play::Running => self.go_on(now, out),
        }
    }

    /// Leaves out what should have been asked for while the thread was away.
    pub fn skip(&mut self, samples: usize) {
        if self.play == Play::Running {
            self.advance(i64::try_from(samples.min(MAX_PACKET * MAX_HELD)).unwrap_or(0));
        }
    }

    /// All that has come and was not played, with silence for what is missing between.
    pub fn finish(self) -> Vec<i16> {
        let Some((begin, end)) = self.held.begin().zip(self.held.end()) else { return Vec::new() };
        let begin = if self.play == Play::Running { self.cursor } else { begin };
        (begin.max(end - MAX_BEHIND)..end).map(|at| self.held.sample(at).unwrap_or(0)).collect()
    }

    fn begin(&mut self, now: i64, out: &mut [i16; FRAME]) -> bool {
        let (Some(begin), Some(source)) = (self.held.begin(), &self.source) else {
            out.fill(0);
            return false;
        };
        // The cadence may be up to a frame late for it, so half a frame early is the nearest.
        if now < begin + source.delay.fastest() + source.delay.target(now) - FRAME_SAMPLES / 2 {
            out.fill(0);
            return false;
        }
        self.cursor = begin;
        self.concealer.forget();
        self.play = Play::Running;
        self.go_on(now, out)
    }

    fn go_on(&mut self, now: i64, out: &mut [i16; FRAME]) -> bool {
        let surplus = self.surplus(now);
        self.falling_behind &= surplus < 0;
        if self.falling_behind || surplus <= TOO_EARLY * 2 {
            self.counts.stretched += 1;
            self.concealer.conceal(out);
            return true;
        }
        let there = self.held.contiguous(self.cursor);
        if there == 0 {
            return match self.held.begin().map(|begin| begin - self.cursor) {
                None => self.starve(0, out),
                Some(gap) => self.bridge(gap, out),
            };
        }
        self.catching_up = if self.catching_up { surplus > CAUGHT_UP } else { surplus > TOLERATED };
        let quiet = (self.catching_up || surplus <= TOO_EARLY) && self.held.is_quiet(self.cursor);
        if self.catching_up && quiet && surplus >= FRAME_SAMPLES && there >= 2 * FRAME {
            self.counts.shrunk += FRAME as u64;
            self.advance(FRAME_SAMPLES);
        } else if self.catching_up && !quiet && there > FRAME {
            self.counts.shrunk += 1;
            self.held.squeeze(self.cursor, out);
            self.concealer.heard(out);
            self.advance(FRAME_SAMPLES + 1);
            return true;
        }
        self.held.copy(self.cursor, out);
        self.concealer.heard(out);
        if surplus <= TOO_EARLY && quiet && there >= FRAME {
            self.counts.stretched += 1;
        } else {
            self.advance(FRAME_SAMPLES);
        }
        true
    }

    /// Nothing is there any more.
    fn starve(&mut self, made_up: i64, out: &mut [i16; FRAME]) -> bool {
        if made_up >= MAX_MADE_UP {
            self.play = Play::Idle;
            self.concealer.forget();
            out.fill(0);
            return false;
        }
        self.counts.stretched += 1;
        self.concealer.conceal(out);
        self.play = Play::Starved(made_up + FRAME_SAMPLES);
        true
    }

    /// What should be played now has not come, but what follows has.
    fn bridge(&mut self, gap: i64, out: &mut [i16; FRAME]) -> bool {
        if gap > MAX_MADE_UP {
            // A pause of the sender, not a loss.
            self.play = Play::Idle;
            self.starve(MAX_MADE_UP, out);
            return false;
        }
        self.counts.concealed += 1;
        self.concealer.conceal(out);
        self.cursor += gap.min(FRAME_SAMPLES);
        true
    }

    fn advance(&mut self, samples: i64) {
        self.cursor += samples;
        self.held.discard_before(self.cursor);
    }

    /// How far play is behind the fastest packets.
    fn behind(&self, now: i64) -> Option<i64> {
        let source = self.source.as_ref()?;
        Some(now - source.delay.fastest() - self.cursor)
    }

    /// How far play is behind its target.
    fn surplus(&self, now: i64) -> i64 {
        let target = self.source.as_ref().map_or(0, |source| source.delay.target(now));
        self.behind(now).map_or(0, |behind| behind - target)
    }

    /// Gives up what waits beyond all bounds: after a stall of the network, nobody wants to hear it.
    fn give_up_the_past(&mut self, now: i64) {
        let Some(source) = &self.source else { return };
        let newest_heard = now - source.delay.fastest() - source.delay.target(now);
        let bound = newest_heard - MAX_BEHIND;
        let (Some(begin), Some(end)) = (self.held.begin(), self.held.end()) else { return };
        let next = if self.play == Play::Idle { begin } else { self.cursor.max(begin) };
        if next >= bound {
            return;
        }
        self.cursor = newest_heard.min(end);
        self.counts.dropped += self.held.between(next, self.cursor);
        self.held.discard_before(self.cursor);
    }

    fn insert(&mut self, source: &mut Source, now: i64, position: i64, pcm: Vec<i16>) {
        if self.play != Play::Idle && position + pcm.len() as i64 <= self.cursor {
            self.counts.late += 1;
            source.delay.came_late(now, now - position);
            self.falling_behind = true;
            return;
        }
        if !self.held.put(position, pcm) {
            self.counts.duplicate += 1;
        }
        if let Some((samples, end)) = self.held.overflow() {
            self.counts.dropped += samples as u64;
            self.cursor = self.cursor.max(end);
        }
    }

    /// Lays a source on the timeline behind what is there already. What was learnt about the network stays.
    fn lay_on(&mut self, now: i64, id: u64, sequence: u16, timestamp: u32, learnt: Option<DelayEstimate>) -> Source {
        let end = self.held.end().unwrap_or(self.cursor).max(self.cursor);
        let position = if self.play == Play::Idle && self.held.is_empty() { now } else { end };
        let offset = now - position;
        let delay = match learnt {
            Some(mut delay) => {
                delay.moved(now, offset);
                delay
            }
            None => DelayEstimate::new(now, offset),
        };
        Source::new(now, id, sequence, timestamp, position, delay)
    }
}

fn clamped(samples: u64) -> i64 {
    i64::try_from(samples).unwrap_or(i64::MAX / 2)
}

#[cfg(test)]
#[path = "tests.rs"]
mod tests;

const _: () = assert!(MOST <= MAX_BEHIND);
