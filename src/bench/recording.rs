//! Whether a recording has all that was said: the stamps of both sides are looked for in its samples.

use super::voice::stamp::{FRAME, STAMP, Stamp};
use anyhow::Context;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// Samples below this are silence; the stamped tone never is for a whole frame.
const SILENCE: u16 = 64;
const RATE: u64 = 8_000;

/// What one side of a recording holds from its first stamp to its last.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Side {
    /// Whose voice it is.
    pub leg: u16,
    pub frames: u64,
    /// Frames of silence where there was voice.
    pub gaps: u64,
    /// Frames that are there but not bit by bit: a sample was put in or left out to follow a clock.
    pub bent: u64,
    /// Where the voice jumps: frames that do not stand where they belong.
    pub jumps: u64,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Recording {
    pub length: Duration,
    pub caller: Option<Side>,
    pub far_end: Option<Side>,
}

/// What lies in the server's directory of recordings.
#[derive(Debug, Default)]
pub struct Found {
    pub sealed: Vec<PathBuf>,
    /// Recordings that are not sealed (yet).
    pub open: usize,
}

pub fn find(directory: &Path) -> anyhow::Result<Found> {
    let mut found = Found::default();
    let mut directories = vec![directory.join("calls")];
    while let Some(directory) = directories.pop() {
        let entries = match std::fs::read_dir(&directory) {
            Ok(entries) => entries,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => continue,
            Err(error) => return Err(error).context("the recordings cannot be listed"),
        };
        for entry in entries {
            let path = entry?.path();
            match path.extension().and_then(|extension| extension.to_str()) {
                _ if path.is_dir() => directories.push(path),
                Some("wav") => found.sealed.push(path),
                Some("part") => found.open += 1,
                _ => {}
            }
        }
    }
    Ok(found)
}

pub fn read(path: &Path) -> anyhow::Result<Recording> {
    let samples = hound::WavReader::open(path)?.into_samples::<i16>().collect::<Result<Vec<_>, _>>()?;
    let side = |first: usize| examine(&samples.iter().copied().skip(first).step_by(2).collect::<Vec<_>>());
    let frames = samples.len() as u64 / 2;
    Ok(Recording { length: Duration::from_millis(frames * 1_000 / RATE), caller: side(0), far_end: side(1) })
}

/// Follows the stamps through one side; `None` if there is none.
fn examine(samples: &[i16]) -> Option<Side> {
    let (mut at, first) = next_stamp(samples, 0)?;
    let mut last = first;
    let mut side = Side { leg: first.leg, frames: 1, gaps: 0, bent: 0, jumps: 0 };
    let mut from = at + STAMP;
    while let Some((found, stamp)) = next_stamp(samples, from) {
        from = found + STAMP;
        // Nothing can be said of what lies between two stamps that do not follow one another.
        let onward = stamp.number.wrapping_sub(last.number);
        let follows = stamp.leg == last.leg && (1..=u32::MAX / 2).contains(&onward);
        let missing = if follows { u64::from(onward - 1) } else { 0 };
        let between = samples.get(at + FRAME..found).unwrap_or_default();
        let silent = between.chunks_exact(FRAME).filter(|frame| is_silent(frame)).count() as u64;
        side.gaps += silent;
        side.bent += missing.saturating_sub(silent);
        let expected = (missing as usize + 1) * FRAME;
        // A clock that is followed moves a frame by one sample. Another's voice has no place here at all.
        side.jumps += u64::from(!follows || (found - at).abs_diff(expected) > 1 + missing as usize);
        side.frames += 1;
        (at, last) = (found, stamp);
    }
    Some(side)
}

fn is_silent(samples: &[i16]) -> bool {
    samples.iter().all(|sample| sample.unsigned_abs() < SILENCE)
}

fn next_stamp(samples: &[i16], from: usize) -> Option<(usize, Stamp)> {
    let rest = samples.get(from..)?;
    rest.windows(STAMP).enumerate().find_map(|(at, window)| Some((from + at, Stamp::of_samples(window)?)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn frame(number: u32) -> Vec<i16> {
        media::Codec::Pcma.decode(&Stamp { leg: 3, number, micros: number.wrapping_mul(20_000) }.payload()).collect()
    }

    fn side(parts: &[Vec<i16>]) -> Side {
        examine(&parts.concat()).unwrap()
    }

    fn silence(samples: usize) -> Vec<i16> {
        vec![8; samples]
    }

    #[test]
    fn a_voice_without_a_gap_is_whole_wherever_it_begins() {
        let voice = [silence(37), frame(5), frame(6), frame(7), silence(500)];
        assert_eq!(side(&voice), Side { leg: 3, frames: 3, gaps: 0, bent: 0, jumps: 0 });
        assert_eq!(examine(&silence(1_000)), None);
    }

    #[test]
    fn lost_frames_are_gaps() {
        let voice = [frame(5), silence(320), frame(8)];
        assert_eq!(side(&voice), Side { leg: 3, frames: 2, gaps: 2, bent: 0, jumps: 0 });
    }

    #[test]
    fn silence_that_was_put_in_is_a_jump_and_a_gap() {
        let voice = [frame(5), silence(160), frame(6)];
        assert_eq!(side(&voice), Side { leg: 3, frames: 2, gaps: 1, bent: 0, jumps: 1 });
        assert_eq!(side(&[frame(5), silence(40), frame(6)]).jumps, 1);
    }

    #[test]
    fn a_frame_that_comes_again_is_a_jump_and_bends_nothing() {
        let voice = [frame(5), frame(6), frame(5), frame(4), frame(5)];
        assert_eq!(side(&voice), Side { leg: 3, frames: 5, gaps: 0, bent: 0, jumps: 2 });
    }

    #[test]
    fn another_s_voice_in_between_is_two_jumps() {
        let other = media::Codec::Pcma.decode(&Stamp { leg: 4, number: 6, micros: 0 }.payload()).collect();
        assert_eq!(side(&[frame(5), other, frame(7)]).jumps, 2);
    }

    #[test]
    fn a_frame_that_was_stretched_by_a_sample_is_no_gap() {
        let mut stretched: Vec<i16> = frame(6).iter().map(|sample| sample / 2).collect();
        stretched.push(100);
        let voice = [frame(5), stretched, frame(7)];
        assert_eq!(side(&voice), Side { leg: 3, frames: 2, gaps: 0, bent: 1, jumps: 0 });
    }
}
