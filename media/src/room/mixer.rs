//! The mix of a room: packets of those who speak in, every 20 ms a frame for each member out. Each hears everybody who is
//! meant for them except themselves.
//!
//! It knows no sockets and no codec of what is sent. Key presses (RFC 4733) are not handed in, so they are never heard as
//! noise; while one is sent there is silence.

use super::input::Input;
use super::limiter::Limiter;
use super::members::{Member, Role};
use crate::clock::samples;
use crate::g711::Codec;
use crate::packet::StreamId;
use crate::rewrite::Rewriter;
use crate::sound::FRAME;
use std::time::{Duration, Instant};
use uuid::Uuid;

const FRAME_TIME: Duration = Duration::from_millis(20);
/// How much later a voice is heard through a mix than directly, so long as its packets come evenly. Whoever comes from
/// direct forwarding hears this much silence, and no more.
const DELAY: Duration = Duration::from_millis(30);
/// A thread that was away for longer than this leaves out what should have been heard meanwhile.
const MAX_BACKLOG: Duration = Duration::from_millis(200);
/// What is quieter than this (about -42 dBFS) need not be heard for a moment.
const QUIET: u16 = 256;
/// Packets are cut at whole milliseconds.
const MILLISECOND: usize = 8;

#[derive(Debug)]
pub(crate) struct Mixer {
    began: Instant,
    /// When the next frames are to be sent.
    due: Instant,
    seats: Vec<Seat>,
}

/// A member at the mixer.
#[derive(Debug)]
struct Seat {
    member: Member,
    /// `None` for one whom nobody hears.
    input: Option<Input>,
    /// The 20 ms that are being mixed; `None` if there is nothing to be heard in them.
    voice: Option<[i16; FRAME]>,
    limiter: Limiter,
    stream: StreamId,
    sequence: u16,
    timestamp: u32,
}

/// An audio packet of a member.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Spoken<'a> {
    pub stream: StreamId,
    pub sequence: u16,
    pub timestamp: u32,
    pub codec: Codec,
    pub payload: &'a [u8],
}

/// What a member is to hear, numbered for that member.
#[derive(Debug, Clone)]
pub(crate) struct Mixed {
    pub leg: Uuid,
    pub stream: StreamId,
    pub sequence: u16,
    pub timestamp: u32,
    pcm: [i16; FRAME],
    length: usize,
}

impl Mixed {
    pub fn pcm(&self) -> &[i16] {
        self.pcm.get(..self.length).unwrap_or(&self.pcm)
    }

    /// Makes up for what the hearer's stream is ahead of the clock: the quiet in which a mix begins, while its first packets
    /// are waited for, need not be heard. False if nothing is left to be heard.
    pub fn make_up(&mut self, now: Instant, rewriter: &mut Rewriter) -> bool {
        let ahead = rewriter.still_ahead(now, self.stream);
        let quiet = self.pcm().iter().take_while(|sample| sample.unsigned_abs() < QUIET).count();
        if ahead > 0 && quiet == self.length {
            // The gap becomes longer, and makes up for more.
            return false;
        }
        let left_out = ahead.min(quiet) / MILLISECOND * MILLISECOND;
        rewriter.left_out(left_out);
        self.pcm.copy_within(left_out.., 0);
        self.length -= left_out;
        self.timestamp = self.timestamp.wrapping_add(left_out as u32);
        true
    }
}

impl Mixer {
    /// An empty mix that begins now.
    pub fn new(now: Instant) -> Mixer {
        Mixer { began: now, due: now + DELAY, seats: vec![] }
    }

    /// Whoever stays in the same role is heard on without a break. `stream` gives a new stream for a newcomer.
    pub fn seat(&mut self, members: impl IntoIterator<Item = Member>, mut stream: impl FnMut() -> StreamId) {
        let mut before = std::mem::take(&mut self.seats);
        for member in members {
            let kept = before.iter().position(|seat| seat.member.leg == member.leg).map(|at| before.swap_remove(at));
            let input = || (member.role != Role::Listener).then(Input::default);
            self.seats.push(match kept {
                Some(seat) if seat.member == member => seat,
                Some(seat) => Seat { member, input: input(), ..seat },
                None => Seat {
                    member,
                    input: input(),
                    voice: None,
                    limiter: Limiter::new(),
                    stream: stream(),
                    sequence: 0,
                    timestamp: 0,
                },
            });
        }
    }

    /// A member spoke.
    pub fn push(&mut self, now: Instant, leg: Uuid, spoken: &Spoken<'_>) {
        let at = self.position(now);
        let Some(input) = self.seats.iter_mut().find(|seat| seat.member.leg == leg).and_then(|seat| seat.input.as_mut()) else {
            return;
        };
        let pcm = spoken.codec.decode(spoken.payload).collect();
        input.push(at, spoken.stream, spoken.sequence, spoken.timestamp, pcm);
    }

    pub fn due(&self) -> Instant {
        self.due
    }

    /// Mixes what is due into `out`, one frame for each member; to be asked until false.
    pub fn poll(&mut self, now: Instant, out: &mut Vec<Mixed>) -> bool {
        if now < self.due {
            return false;
        }
        if now.saturating_duration_since(self.due) > MAX_BACKLOG {
            self.skip_to(now);
        }
        // The cadence is the timeline's, however late the thread wakes.
        let at = self.position(self.due);
        let mut total = [0; FRAME];
        for seat in &mut self.seats {
            seat.voice = seat.input.as_mut().and_then(|input| {
                let mut voice = [0; FRAME];
                input.read(at, &mut voice).then_some(voice)
            });
            if let (Role::Speaker, Some(voice)) = (seat.member.role, &seat.voice) {
                add(&mut total, voice);
            }
        }
        for index in 0..self.seats.len() {
            let sum = self.heard_at(index, total);
            if let Some(seat) = self.seats.get_mut(index) {
                let pcm = seat.limiter.limit(&sum);
                out.push(seat.next(&pcm));
            }
        }
        self.due += FRAME_TIME;
        true
    }

    /// What `speaker` said and `hearer` has not heard yet, for the moment at which the two go on directly: it is sent at once,
    /// so that not a word is lost. Past `most` samples the oldest are left out. Also tells by how many samples the hearer's
    /// stream is then ahead of the clock.
    pub fn rest(&mut self, now: Instant, speaker: Uuid, hearer: Uuid, most: usize) -> (Vec<Mixed>, i64) {
        let mut said = self
            .seats
            .iter_mut()
            .find(|seat| seat.member == Member::speaker(speaker))
            .and_then(|seat| seat.input.take())
            .map(Input::finish)
            .unwrap_or_default();
        let Some(seat) = self.seats.iter_mut().find(|seat| seat.member.leg == hearer) else { return (vec![], 0) };
        said.drain(..said.len().saturating_sub(most));
        said.truncate(said.len() / MILLISECOND * MILLISECOND);
        let pieces: Vec<Mixed> = said.chunks(FRAME).map(|piece| seat.next(piece)).collect();
        let before_last = (pieces.len().saturating_sub(1) * FRAME) as i64;
        let ahead = before_last + samples(self.due.saturating_duration_since(now));
        (pieces, ahead)
    }

    /// Everybody who is meant for this seat, except the one who sits there.
    fn heard_at(&self, index: usize, total: [i32; FRAME]) -> [i32; FRAME] {
        let mut sum = total;
        let Some(seat) = self.seats.get(index) else { return sum };
        if let (Role::Speaker, Some(own)) = (seat.member.role, &seat.voice) {
            for (sum, own) in sum.iter_mut().zip(own) {
                *sum -= i32::from(*own);
            }
        }
        for other in &self.seats {
            if let (Role::Coach { of }, Some(voice)) = (other.member.role, &other.voice)
                && of == seat.member.leg
            {
                add(&mut sum, voice);
            }
        }
        sum
    }

    /// In samples since the mix began.
    fn position(&self, now: Instant) -> u64 {
        u64::try_from(samples(now.saturating_duration_since(self.began))).unwrap_or(0)
    }

    fn skip_to(&mut self, now: Instant) {
        let frames = now.saturating_duration_since(self.due).as_millis() / FRAME_TIME.as_millis();
        let frames = u32::try_from(frames).unwrap_or(u32::MAX / FRAME as u32);
        metrics::counter!("siaga_media_room_frames_skipped_total").increment(u64::from(frames));
        let left_out = frames as usize * FRAME;
        for seat in &mut self.seats {
            seat.timestamp = seat.timestamp.wrapping_add(left_out as u32);
            if let Some(input) = &mut seat.input {
                input.skip(left_out);
            }
        }
        self.due += FRAME_TIME * frames;
    }
}

impl Seat {
    /// The next packet for this member, of at most a frame.
    fn next(&mut self, heard: &[i16]) -> Mixed {
        let length = heard.len().min(FRAME);
        let mut pcm = [0; FRAME];
        for (to, from) in pcm.iter_mut().zip(heard) {
            *to = *from;
        }
        let Seat { member, stream, sequence, timestamp, .. } = *self;
        self.sequence = sequence.wrapping_add(1);
        self.timestamp = timestamp.wrapping_add(length as u32);
        Mixed { leg: member.leg, stream, sequence, timestamp, pcm, length }
    }
}

fn add(sum: &mut [i32; FRAME], voice: &[i16; FRAME]) {
    for (sum, sample) in sum.iter_mut().zip(voice) {
        *sum += i32::from(*sample);
    }
}

#[cfg(test)]
#[path = "mixer_tests.rs"]
mod tests;
