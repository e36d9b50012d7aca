//! Sounds played on a leg, in packets of 20 ms at an exact cadence. Where the sound comes from is not decided here.

use crate::packet::StreamId;
use crate::tone;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// Samples in a packet of a sound: 20 ms.
pub(crate) const FRAME: usize = 160;
const FRAME_TIME: Duration = Duration::from_millis(20);
/// A thread that was away for longer than this skips what should have been heard meanwhile.
const MAX_BACKLOG: Duration = Duration::from_millis(200);

/// What a leg is to hear.
#[derive(Debug, Clone)]
pub enum Sound {
    /// 425 Hz, one second on, four seconds off, until stopped.
    Ringback,
    /// Linear samples at 8 kHz. Once played, they end with `Event::Played`; looped, they play until stopped.
    Samples { pcm: Arc<[i16]>, looped: bool },
}

/// Plays one sound.
#[derive(Debug)]
pub(crate) struct Player {
    pcm: Arc<[i16]>,
    looped: bool,
    announced: bool,
    cursor: usize,
    stream: StreamId,
    frame: u32,
    due: Instant,
}

/// The next thing a player wants done.
#[derive(Debug, PartialEq, Eq)]
#[expect(clippy::large_enum_variant, reason = "it lives on the stack for one frame; a box would be an allocation every 20 ms")]
pub(crate) enum Play {
    /// Send these samples with this number and timestamp.
    Frame { pcm: [i16; FRAME], stream: StreamId, sequence: u16, timestamp: u32 },
    /// The sound is over. `announced`: somebody waits for `Event::Played`.
    Finished { announced: bool },
}

impl Player {
    /// Plays `sound` from `now` on.
    pub fn new(now: Instant, sound: Sound, stream: StreamId) -> Player {
        let (pcm, looped) = match sound {
            Sound::Ringback => (tone::ringback(), true),
            Sound::Samples { pcm, looped } => (pcm, looped),
        };
        Player { pcm, looped, announced: !looped, cursor: 0, stream, frame: 0, due: now }
    }

    /// Plays samples once without anybody waiting for their end.
    pub fn unannounced(now: Instant, pcm: Arc<[i16]>, stream: StreamId) -> Player {
        Player { announced: false, ..Player::new(now, Sound::Samples { pcm, looped: false }, stream) }
    }

    /// Plays these behind what it plays.
    pub fn append(&mut self, more: &[i16]) {
        let rest = self.pcm.get(self.cursor..).unwrap_or_default();
        self.pcm = rest.iter().chain(more).copied().collect();
        self.cursor = 0;
    }

    /// When what is not looped is over.
    pub fn ends(&self) -> Instant {
        let left = self.pcm.len().saturating_sub(self.cursor).div_ceil(FRAME);
        self.due + FRAME_TIME * u32::try_from(left).unwrap_or(u32::MAX)
    }

    /// When the next frame is to be sent.
    pub fn due(&self) -> Instant {
        self.due
    }

    /// The frame that is due, to be asked until `None`. The last frame is filled up with silence.
    pub fn poll(&mut self, now: Instant) -> Option<Play> {
        if now < self.due {
            return None;
        }
        if now.saturating_duration_since(self.due) > MAX_BACKLOG {
            self.skip_to(now);
        }
        if self.pcm.is_empty() || (!self.looped && self.cursor >= self.pcm.len()) {
            return Some(Play::Finished { announced: self.announced });
        }
        let mut pcm = [0; FRAME];
        for sample in &mut pcm {
            if self.looped && self.cursor >= self.pcm.len() {
                self.cursor = 0;
            }
            *sample = self.pcm.get(self.cursor).copied().unwrap_or(0);
            self.cursor += 1;
        }
        let play = Play::Frame {
            pcm,
            stream: self.stream,
            sequence: self.frame as u16,
            timestamp: self.frame.wrapping_mul(FRAME as u32),
        };
        self.frame = self.frame.wrapping_add(1);
        self.due += FRAME_TIME;
        Some(play)
    }

    fn skip_to(&mut self, now: Instant) {
        let frames = now.saturating_duration_since(self.due).as_millis() / FRAME_TIME.as_millis();
        let frames = u32::try_from(frames).unwrap_or(u32::MAX / FRAME as u32);
        metrics::counter!("siaga_media_sound_frames_skipped_total").increment(u64::from(frames));
        self.frame = self.frame.wrapping_add(frames);
        self.due += FRAME_TIME * frames;
        self.cursor = self.cursor.saturating_add(frames as usize * FRAME);
        if self.looped {
            self.cursor %= self.pcm.len().max(1);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock;

    fn samples(play: Option<Play>) -> Option<[i16; FRAME]> {
        match play {
            Some(Play::Frame { pcm, .. }) => Some(pcm),
            _ => None,
        }
    }

    #[test]
    fn samples_played_once_end_with_silence_and_a_word() {
        let start = clock::now();
        let pcm: Arc<[i16]> = vec![7; 200].into();
        let mut player = Player::new(start, Sound::Samples { pcm, looped: false }, StreamId(1));
        assert_eq!(samples(player.poll(start)), Some([7; FRAME]));
        assert_eq!(player.poll(start), None, "the second frame is not due yet");
        let last = samples(player.poll(start + FRAME_TIME)).unwrap();
        assert_eq!((last[39], last[40]), (7, 0));
        assert_eq!(player.poll(start + FRAME_TIME * 2), Some(Play::Finished { announced: true }));
    }

    #[test]
    fn looped_samples_go_on_without_a_seam_at_20_ms() {
        let start = clock::now();
        let pcm: Arc<[i16]> = (0..100).collect::<Vec<i16>>().into();
        let mut player = Player::new(start, Sound::Samples { pcm, looped: true }, StreamId(1));
        for n in 0..50u32 {
            assert_eq!(player.due(), start + FRAME_TIME * n);
            let pcm = samples(player.poll(start + FRAME_TIME * n)).unwrap();
            assert_eq!(i32::from(pcm[0]), (n as i32 * 160) % 100);
        }
    }

    #[test]
    fn a_player_that_was_held_up_catches_up_or_skips() {
        let start = clock::now();
        let mut player = Player::new(start, Sound::Ringback, StreamId(1));
        let frames = std::iter::from_fn(|| player.poll(start + Duration::from_millis(100))).count();
        assert_eq!(frames, 6);
        let late = start + Duration::from_secs(3);
        let frames = std::iter::from_fn(|| player.poll(late)).count();
        assert_eq!(frames, 1, "what was missed is not heard in a rush");
        assert!(player.due() > late);
    }

    #[test]
    fn an_empty_sound_is_over_at_once() {
        let start = clock::now();
        let mut player = Player::new(start, Sound::Samples { pcm: Arc::new([]), looped: true }, StreamId(1));
        assert!(matches!(player.poll(start), Some(Play::Finished { .. })));
    }
}
