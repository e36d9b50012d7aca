//! From frames to groups of pictures. Pure: arrival times come with the frames.
//!
//! `Timer` gives frames their durations, `GopBuilder` gathers them; both are bounded whatever a camera sends.

use super::track::Track;
use bytes::Bytes;
use jiff::Timestamp;
use std::sync::Arc;

/// Ticks of a frame whose successor never came: a fifteenth of a second.
const USUAL_DURATION: u32 = 6_000;
/// A longer step of the camera's time is not believed; the time of arrival counts instead.
const LONGEST_STEP: i64 = 10 * 90_000;

/// A frame as it arrived.
#[derive(Debug, Clone)]
pub struct Arrived {
    /// The camera's time in ticks of 90 kHz.
    pub ticks: i64,
    pub at: Timestamp,
    pub key: bool,
    pub data: Bytes,
}

#[derive(Debug, Clone)]
pub struct Frame {
    /// Server time of arrival.
    pub at: Timestamp,
    pub key: bool,
    /// In ticks of 90 kHz.
    pub duration: u32,
    /// Length-prefixed NAL units.
    pub data: Bytes,
}

/// Holds back one frame, because how long it stands is known when the next one arrives.
#[derive(Debug, Default)]
pub struct Timer {
    last: Option<Arrived>,
    duration: Option<u32>,
}

impl Timer {
    pub fn push(&mut self, next: Arrived) -> Option<Frame> {
        let (ticks, at) = (next.ticks, next.at);
        let last = self.last.replace(next)?;
        let by_camera = ticks.checked_sub(last.ticks).filter(|step| (1..=LONGEST_STEP).contains(step));
        let by_arrival = || (at.as_millisecond() - last.at.as_millisecond()).saturating_mul(90).clamp(1, LONGEST_STEP);
        let duration = u32::try_from(by_camera.unwrap_or_else(by_arrival)).unwrap_or(USUAL_DURATION);
        self.duration = Some(duration);
        Some(Frame { at: last.at, key: last.key, duration, data: last.data })
    }

    /// The frame that is held back, for as long as the one before it.
    pub fn finish(&mut self) -> Option<Frame> {
        let last = self.last.take()?;
        Some(Frame { at: last.at, key: last.key, duration: self.duration.unwrap_or(USUAL_DURATION), data: last.data })
    }
}

/// A group of pictures, or a part of one that grew too large.
#[derive(Debug, Clone)]
pub struct Gop {
    pub track: Arc<Track>,
    /// Never empty.
    pub frames: Vec<Frame>,
    /// The camera's clock less the server's, from its last RTCP sender report.
    pub clock_offset_ms: Option<i64>,
}

impl Gop {
    pub fn begins_with_key(&self) -> bool {
        self.frames.first().is_some_and(|f| f.key)
    }

    pub fn start(&self) -> Option<Timestamp> {
        self.frames.first().map(|f| f.at)
    }

    pub fn ticks(&self) -> u64 {
        self.frames.iter().map(|f| u64::from(f.duration)).sum()
    }
}

#[derive(Debug, Clone, Copy)]
pub struct GopLimits {
    pub bytes: usize,
    pub frames: usize,
    pub ticks: u64,
}

impl Default for GopLimits {
    fn default() -> Self {
        Self { bytes: 16 << 20, frames: 2_000, ticks: 10 * 90_000 }
    }
}

/// Gathers the frames of one picture format.
#[derive(Debug)]
pub struct GopBuilder {
    limits: GopLimits,
    track: Arc<Track>,
    frames: Vec<Frame>,
    bytes: usize,
    ticks: u64,
    begun: bool,
}

impl GopBuilder {
    pub fn new(track: Arc<Track>, limits: GopLimits) -> Self {
        Self { limits, track, frames: Vec::new(), bytes: 0, ticks: 0, begun: false }
    }

    /// Takes a frame; gives the frames before it when they are a group, or as many as one write may hold. Frames before the first
    /// key frame show nothing and are dropped.
    pub fn push(&mut self, frame: Frame) -> Option<Gop> {
        self.begun |= frame.key;
        if !self.begun {
            return None;
        }
        let full = self.bytes + frame.data.len() > self.limits.bytes
            || self.frames.len() >= self.limits.frames
            || self.ticks >= self.limits.ticks;
        let done = if frame.key || full { self.finish() } else { None };
        self.bytes += frame.data.len();
        self.ticks += u64::from(frame.duration);
        self.frames.push(frame);
        done
    }

    pub fn finish(&mut self) -> Option<Gop> {
        (self.bytes, self.ticks) = (0, 0);
        let frames = std::mem::take(&mut self.frames);
        (!frames.is_empty()).then(|| Gop { track: Arc::clone(&self.track), frames, clock_offset_ms: None })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::footage::fixture;
    use proptest::prelude::*;

    fn arrived(ticks: i64, ms: i64, key: bool) -> Arrived {
        Arrived { ticks, at: Timestamp::from_millisecond(ms).unwrap(), key, data: Bytes::from_static(b"x") }
    }

    #[test]
    fn a_frame_stands_until_the_next_by_the_camera_s_time_or_by_arrival_where_that_makes_no_sense() {
        let mut timer = Timer::default();
        let frames = [(0, 0), (9000, 130), (9000, 230), (i64::MAX, 330), (i64::MAX - 5, 60_000), (0, 60_001)];
        let durations: Vec<u32> =
            frames.iter().filter_map(|&(ticks, ms)| timer.push(arrived(ticks, ms, true))).map(|f| f.duration).collect();
        assert_eq!(durations, [9000, 9000, 9000, 900_000, 90]);
        assert_eq!(timer.finish().map(|f| f.duration), Some(90));
        assert!(timer.finish().is_none());
    }

    proptest! {
        #[test]
        fn groups_are_bounded_and_hold_every_frame_from_the_first_key_frame_on_in_order(
            frames in prop::collection::vec((prop::bool::weighted(0.1), 0usize..300, 1u32..5000), 0..200),
        ) {
            let limits = GopLimits { bytes: 1000, frames: 30, ticks: 50_000 };
            let mut builder = GopBuilder::new(fixture::track(), limits);
            let made: Vec<Frame> = frames.iter().enumerate().map(|(n, (key, size, duration))| {
                Frame { at: Timestamp::from_millisecond(n as i64).unwrap(), key: *key, duration: *duration, data: vec![0; *size].into() }
            }).collect();
            let mut gops: Vec<Gop> = made.iter().filter_map(|frame| builder.push(frame.clone())).collect();
            gops.extend(builder.finish());
            for gop in &gops {
                prop_assert!(!gop.frames.is_empty() && gop.frames.len() <= 30);
                prop_assert!(gop.frames.iter().map(|f| f.data.len()).sum::<usize>() <= 1000);
                prop_assert!(gop.frames.iter().skip(1).all(|f| !f.key));
            }
            let kept: Vec<Timestamp> = gops.iter().flat_map(|g| g.frames.iter().map(|f| f.at)).collect();
            let expected: Vec<Timestamp> = made.iter().skip_while(|f| !f.key).map(|f| f.at).collect();
            prop_assert_eq!(kept, expected);
        }
    }
}
