//! The two sides of a call on one time line: whatever the order of arrival, each sample stands at its place.
#![allow(clippy::unwrap_used, clippy::indexing_slicing)]

use proptest::prelude::*;
use recordings::audio::{Aligner, Limits, Placed, Samples, Side};

const LIMITS: Limits = Limits { horizon: 2400, ahead: 8000, late_run: 25 };

#[derive(Debug, Clone)]
struct Frame {
    side: Side,
    at: u64,
    pcm: Vec<i16>,
    /// When it arrives: its place plus a delay, never before what its side sent earlier.
    arrives: u64,
}

fn side_of_call(side: Side) -> impl Strategy<Value = Vec<Frame>> {
    let frame = (prop_oneof![4 => Just(0u64), 1 => 1u64..3000], 1usize..400, 0u64..2000);
    prop::collection::vec(frame, 0..60).prop_map(move |frames| {
        let (mut at, mut arrives, mut sample) = (0, 0, 0i16);
        let mut made = Vec::new();
        for (gap, length, delay) in frames {
            at += gap;
            arrives = arrives.max(at + delay);
            let pcm = (0..length)
                .map(|_| {
                    sample = sample % 9000 + 1;
                    sample
                })
                .collect();
            made.push(Frame { side, at, pcm, arrives });
            at += length as u64;
        }
        made
    })
}

proptest! {
    #[test]
    fn given_gaps_and_delays_within_the_horizon_then_every_sample_stands_at_its_place(
        caller in side_of_call(Side::Caller), operator in side_of_call(Side::Operator), take_every in 1usize..8,
    ) {
        let length = [&caller, &operator].iter().filter_map(|f| f.last()).map(|f| f.at + f.pcm.len() as u64).max().unwrap_or(0);
        let mut expected = vec![0i16; 2 * length as usize];
        let mut frames: Vec<Frame> = caller.into_iter().chain(operator).collect();
        for frame in &frames {
            for (i, sample) in frame.pcm.iter().enumerate() {
                expected[2 * (frame.at as usize + i) + usize::from(frame.side == Side::Operator)] = *sample;
            }
        }
        let spoken = |side| frames.iter().filter(|f| f.side == side).map(|f| f.pcm.len() as u64).sum::<u64>();
        let gaps = (length - spoken(Side::Caller), length - spoken(Side::Operator));

        frames.sort_by_key(|f| f.arrives);
        let mut aligner = Aligner::new(LIMITS);
        let mut out = Vec::new();
        for (n, frame) in frames.iter().enumerate() {
            prop_assert_eq!(aligner.push(frame.side, frame.at, frame.pcm.clone(), frame.arrives + 400), Placed::Whole);
            if n % take_every == 0 { aligner.take(frame.arrives + 400, &mut out); }
        }
        aligner.finish(&mut out);

        prop_assert_eq!(aligner.given_out(), length);
        prop_assert_eq!((aligner.counts().caller_gap, aligner.counts().operator_gap), gaps);
        prop_assert!(out == expected);
    }

    #[test]
    fn given_any_positions_then_what_is_given_out_is_bounded_by_the_clock_and_by_what_came_in(
        frames in prop::collection::vec((any::<bool>(), prop_oneof![any::<u64>(), 0u64..100_000, Just(u64::MAX)], 1usize..400), 0..200),
    ) {
        let mut aligner = Aligner::new(LIMITS);
        let (mut out, mut clock, mut came) = (Vec::new(), 0, 0);
        for (caller, position, length) in frames {
            clock += 160;
            came += length as u64;
            let side = if caller { Side::Caller } else { Side::Operator };
            aligner.push(side, position, vec![1; length], clock);
            aligner.take(clock, &mut out);
            prop_assert!(aligner.given_out() <= clock + LIMITS.ahead + came);
        }
        aligner.finish(&mut out);
        prop_assert_eq!(out.len() as u64, 2 * aligner.given_out());
    }
}

#[test]
fn given_one_silent_side_then_the_other_waits_no_longer_than_the_horizon() {
    let mut aligner = Aligner::new(LIMITS);
    let mut out = Vec::new();
    aligner.push(Side::Caller, 0, vec![7; 8000], 8000);
    aligner.take(8000, &mut out);
    assert_eq!(aligner.given_out(), 8000 - LIMITS.horizon);
}

#[test]
fn given_a_frame_for_a_time_that_is_written_then_it_is_dropped_and_counted() {
    let mut aligner = Aligner::new(LIMITS);
    let mut out = Vec::new();
    aligner.push(Side::Caller, 0, vec![7; 8000], 8000);
    aligner.take(8000, &mut out);
    assert_eq!(aligner.push(Side::Operator, 0, vec![9; 160], 8000), Placed::Late);
    assert_eq!(aligner.push(Side::Operator, 5520, vec![9; 160], 8000), Placed::Clipped);
    assert_eq!(aligner.counts().late_frames, 1);
    // The caller's own word of that time stands there.
    assert_eq!(aligner.push(Side::Caller, 0, vec![7; 160], 8000), Placed::Late);
    assert_eq!(aligner.counts().late, Samples { caller: 0, operator: 160 + 80 });
    aligner.finish(&mut out);
    assert_eq!((out[2 * 5599 + 1], out[2 * 5600 + 1], out[2 * 5679 + 1], out[2 * 5680 + 1]), (0, 9, 9, 0));
}

#[test]
fn given_a_side_that_is_late_for_good_then_it_is_moved_and_heard_again() {
    let mut aligner = Aligner::new(LIMITS);
    let mut out = Vec::new();
    let mut heard = 0;
    for n in 0..500u64 {
        aligner.push(Side::Caller, n * 160, vec![1; 160], n * 160);
        // The operator's clock stands a whole second behind.
        let placed = aligner.push(Side::Operator, (n * 160).saturating_sub(8000), vec![2; 160], n * 160);
        heard += u32::from(placed != Placed::Late);
        aligner.take(n * 160, &mut out);
    }
    assert!(heard > 400, "{heard} of 500 frames heard");
    assert!(aligner.counts().moves >= 1);
}

#[test]
fn given_a_side_that_is_ahead_of_the_clock_then_no_frame_of_the_other_is_lost() {
    let mut aligner = Aligner::new(LIMITS);
    let mut out = Vec::new();
    for n in 0..500u64 {
        let clock = (n + 1) * 160;
        // Laid half a second later than it came, as after a delay that is over.
        assert_eq!(aligner.push(Side::Caller, n * 160 + 4000, vec![1; 160], clock), Placed::Whole);
        assert_eq!(aligner.push(Side::Operator, n * 160, vec![2; 160], clock), Placed::Whole);
        if n % 22 == 0 {
            aligner.take(clock, &mut out);
        }
    }
    aligner.finish(&mut out);
    assert_eq!(aligner.counts().late_frames, 0);
    assert!(out.iter().skip(1).step_by(2).take(500 * 160).all(|sample| *sample == 2));
}

#[test]
fn given_positions_that_jump_years_ahead_then_the_voice_goes_on_at_the_present() {
    let mut aligner = Aligner::new(LIMITS);
    let mut out = Vec::new();
    aligner.push(Side::Caller, 0, vec![1; 160], 160);
    assert_eq!(aligner.push(Side::Caller, u64::MAX / 2, vec![2; 160], 320), Placed::Moved);
    assert_eq!(aligner.push(Side::Caller, u64::MAX / 2 + 160, vec![3; 160], 480), Placed::Whole);
    aligner.finish(&mut out);
    assert_eq!((out.len(), out[2 * 320], out[2 * 480]), (2 * 640, 2, 3));
}
