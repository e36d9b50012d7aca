//! Stories of one direction on its way into a recording, on virtual time with seeded chance.
#![allow(clippy::unwrap_used, clippy::indexing_slicing)]

use super::*;
use proptest::prelude::*;

/// A small generator, so that every run sees the same network.
struct Chance(u64);

impl Chance {
    fn below(&mut self, bound: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % bound
    }
}

fn frame(value: i16) -> Vec<i16> {
    vec![value; 160]
}

fn drained(buffer: &mut JitterBuffer, now: u64) -> Vec<Frame> {
    std::iter::from_fn(|| buffer.poll(now)).collect()
}

fn positions(frames: &[Frame]) -> Vec<u64> {
    frames.iter().map(|frame| frame.position).collect()
}

#[test]
fn packets_in_order_pass_at_once() {
    let mut buffer = JitterBuffer::new();
    for n in 0..5u16 {
        let at = u64::from(n) * 160;
        buffer.push(at, 1, 100 + n, 5_000 + u32::from(n) * 160, frame(n as i16));
        assert_eq!(drained(&mut buffer, at), [Frame { position: at, pcm: frame(n as i16) }]);
    }
}

#[test]
fn overtaken_packets_are_put_in_order_and_copies_dropped() {
    let mut buffer = JitterBuffer::new();
    buffer.push(0, 1, 0, 0, frame(0));
    buffer.push(320, 1, 2, 320, frame(2));
    buffer.push(330, 1, 2, 320, frame(2));
    assert_eq!(positions(&drained(&mut buffer, 330)), [0]);
    buffer.push(340, 1, 1, 160, frame(1));
    let frames = drained(&mut buffer, 340);
    assert_eq!(positions(&frames), [160, 320]);
    assert_eq!(frames[0].pcm[0], 1);
    assert_eq!(buffer.counts().duplicate, 1);
}

#[test]
fn a_lost_packet_leaves_a_gap_and_a_late_one_is_counted() {
    let mut buffer = JitterBuffer::new();
    buffer.push(0, 1, 0, 0, frame(0));
    buffer.push(320, 1, 2, 320, frame(2));
    assert_eq!(positions(&drained(&mut buffer, 320 + 799)), [0]);
    assert_eq!(positions(&drained(&mut buffer, 320 + 800)), [320]);
    buffer.push(1_200, 1, 1, 160, frame(1));
    assert_eq!(drained(&mut buffer, 2_200), []);
    assert_eq!(buffer.counts().late, 1);
}

#[test]
fn a_new_ssrc_goes_on_where_it_arrived() {
    let mut buffer = JitterBuffer::new();
    buffer.push(0, 1, 0, 0, frame(0));
    buffer.push(8_000, 2, 30_000, 4_000_000_000, frame(1));
    assert_eq!(positions(&drained(&mut buffer, 9_000)), [0, 8_000]);
}

#[test]
fn a_clock_that_jumps_does_not_move_the_recording() {
    for jump in [3_000_000_000u32, 200_000, 0u32.wrapping_sub(90_000)] {
        let mut buffer = JitterBuffer::new();
        let mut frames = vec![];
        for n in 0..100u16 {
            let at = u64::from(n) * 160;
            let offset = if n < 50 { 0 } else { jump };
            buffer.push(at, 1, n, (u32::from(n) * 160).wrapping_add(offset), frame(1));
            frames.extend(drained(&mut buffer, at));
        }
        assert_eq!(positions(&frames), (0..100).map(|n| n * 160).collect::<Vec<_>>(), "jump {jump}");
    }
}

#[test]
fn a_delay_that_stays_moves_the_stream_to_when_it_is_heard() {
    let mut buffer = JitterBuffer::new();
    let mut last = 0;
    for n in 0..200u16 {
        let at = u64::from(n) * 160 + if n < 100 { 0 } else { 2_400 };
        buffer.push(at, 1, n, u32::from(n) * 160, frame(1));
        for frame in drained(&mut buffer, at) {
            last = frame.position;
        }
    }
    assert_eq!(last, 199 * 160 + 2_400);
}

#[test]
fn a_smaller_delay_that_stays_is_made_up_without_a_gap() {
    let mut buffer = JitterBuffer::new();
    let (mut end, mut behind) = (0, 0);
    for n in 0..2_000u16 {
        // From packet 100 on everything takes 150 ms longer.
        let at = u64::from(n) * 160 + if n < 100 { 0 } else { 1_200 };
        buffer.push(at, 1, n, u32::from(n) * 160, frame(1));
        for frame in drained(&mut buffer, at) {
            assert_eq!(frame.position, end);
            end += frame.pcm.len() as u64;
            behind = at - frame.position;
        }
    }
    assert!(behind <= 64, "both sides are together again but for {behind} samples");
    assert_eq!(buffer.counts().anchored, 0);
}

#[test]
fn an_overtaken_packet_is_not_heard_after_its_successor_when_a_delay_stays() {
    let mut buffer = JitterBuffer::new();
    let mut frames = vec![];
    let mut push = |buffer: &mut JitterBuffer, at, n: u16| {
        buffer.push(at, 1, n, u32::from(n) * 160, frame(n as i16));
        frames.extend(drained(buffer, at));
    };
    for n in 0..10 {
        push(&mut buffer, u64::from(n) * 160, n);
    }
    // From here on everything takes 300 ms longer, and whichever packet makes the buffer believe it, every other one is overtaken.
    for n in (10..40).step_by(2) {
        let at = u64::from(n + 1) * 160 + 2_400 + u64::from(n == 10) * 20;
        push(&mut buffer, at, n + 1);
        push(&mut buffer, at + 40, n);
    }
    buffer.flush();
    frames.extend(drained(&mut buffer, 40 * 160 + 2_600));
    let values: Vec<i16> = frames.iter().map(|frame| frame.pcm[0]).collect();
    assert!(values.is_sorted(), "{values:?}");
    assert!(values.len() >= 39, "at most the one that was overtaken at the moment of belief is missing: {values:?}");
    assert_eq!(buffer.counts().anchored, 1);
}

#[test]
fn a_machine_that_is_late_for_half_a_second_leaves_no_gap_in_what_was_said() {
    let mut buffer = JitterBuffer::new();
    let mut end = 0;
    for n in 0..400u16 {
        let late = if (100..125).contains(&n) { 1_200 } else { 0 };
        let at = u64::from(n) * 160 + late;
        buffer.push(at, 1, n, u32::from(n) * 160, frame(n as i16 + 1));
        for frame in drained(&mut buffer, at) {
            assert_eq!(frame.position, end, "frame {}", frame.pcm[0]);
            end += frame.pcm.len() as u64;
        }
    }
    assert_eq!((end, buffer.counts().anchored), (400 * 160, 0));
}

#[test]
fn a_burst_after_a_stall_keeps_its_own_time() {
    let mut buffer = JitterBuffer::new();
    let mut frames = vec![];
    for n in 0..100u16 {
        let sent = u64::from(n) * 160;
        // From packet 40 to 60 the network holds everything back, then delivers it at once.
        let at = if (40..60).contains(&n) { 60 * 160 } else { sent };
        buffer.push(at, 1, n, u32::from(n) * 160, frame(1));
        frames.extend(drained(&mut buffer, at));
    }
    assert_eq!(positions(&frames)[..40], (0..40).map(|n| n * 160).collect::<Vec<_>>()[..]);
    let last = frames.last().unwrap();
    assert!((last.position as i64 - 99 * 160).abs() <= 160, "ends at {}", last.position);
}

/// An hour of a caller whose clock is wrong, over a network that delays, loses, reorders and doubles.
fn hour_with_drift(parts_per_million: i64) -> i64 {
    let mut chance = Chance(112);
    let mut buffer = JitterBuffer::new();
    let mut network: Vec<(u64, u16, u32, u64)> = vec![];
    for n in 0..180_000u64 {
        let spoken = (n as i64 * 160 + n as i64 * 160 * parts_per_million / 1_000_000) as u64;
        let delay = chance.below(160) + if chance.below(200) == 0 { 600 } else { 0 };
        if chance.below(100) > 0 {
            network.push((spoken + delay, n as u16, (n as u32).wrapping_mul(160).wrapping_add(4_294_000_000), spoken));
        }
        if chance.below(500) == 0 {
            network.push((spoken + delay + 10, n as u16, (n as u32).wrapping_mul(160).wrapping_add(4_294_000_000), spoken));
        }
    }
    network.sort_unstable();
    let (mut worst, mut end, mut heard) = (0i64, 0u64, 0u64);
    for (at, sequence, timestamp, spoken) in network {
        // The value of a frame's samples says when it was spoken.
        buffer.push(at, 1, sequence, timestamp, frame((spoken % 30_000) as i16));
        while let Some(frame) = buffer.poll(at) {
            assert!(frame.position >= end, "frames overlap");
            end = frame.position + frame.pcm.len() as u64;
            heard += 1;
            let spoken = i64::from(frame.pcm[80]);
            let off = (frame.position as i64 % 30_000) - spoken;
            if off.abs() < 15_000 && heard > 1_000 {
                worst = worst.max(off.abs());
            }
        }
    }
    assert!(heard > 176_000, "only {heard} frames were kept");
    worst
}

#[test]
fn both_sides_stay_aligned_within_20_ms_over_an_hour() {
    for drift in [-200, -50, 0, 50, 200] {
        let worst = hour_with_drift(drift);
        assert!(worst <= 160, "a drift of {drift} ppm left frames {worst} samples off");
    }
}

proptest! {
    /// Whatever comes, frames never overlap, never go back, and never lie more than a second and the held in the future.
    #[test]
    fn frames_never_overlap(packets in proptest::collection::vec((0u64..400, 0u64..3, any::<u16>(), any::<u32>(), 0usize..500, any::<bool>()), 0..300)) {
        let mut buffer = JitterBuffer::new();
        let (mut now, mut end) = (0u64, 0u64);
        let (mut sequence, mut timestamp) = (0u16, 0u32);
        for (pause, stream, wild_sequence, wild_timestamp, length, wild) in packets {
            now += pause;
            if wild { (sequence, timestamp) = (wild_sequence, wild_timestamp) } else { sequence = sequence.wrapping_add(1); timestamp = timestamp.wrapping_add(160) }
            buffer.push(now, stream, sequence, timestamp, vec![1; length]);
            while let Some(frame) = buffer.poll(now) {
                prop_assert!(frame.position >= end);
                prop_assert!(frame.position < now + 8_000 + 33 * 500);
                end = frame.position + frame.pcm.len() as u64;
            }
        }
    }
}
