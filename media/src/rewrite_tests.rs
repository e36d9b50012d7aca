//! Stories of one outgoing stream, on virtual time.
#![allow(clippy::unwrap_used, clippy::indexing_slicing)]

use super::*;
use crate::clock;
use crate::g711::Codec;
use crate::packet::Content;
use proptest::prelude::*;
use std::time::Duration;

const FRAME: [u8; 160] = [0xd5; 160];

fn audio(stream: u64, sequence: u16, timestamp: u32) -> Packet<'static> {
    Packet {
        stream: StreamId(stream),
        sequence,
        timestamp,
        marker: false,
        content: Content::Audio { codec: Codec::Pcma, payload: &FRAME },
    }
}

fn event(stream: u64, sequence: u16, timestamp: u32) -> Packet<'static> {
    Packet { stream: StreamId(stream), sequence, timestamp, marker: false, content: Content::Event([1, 0, 0, 160]) }
}

fn ms(milliseconds: u64) -> Duration {
    Duration::from_millis(milliseconds)
}

#[test]
fn loss_and_reordering_inside_a_source_are_kept() {
    let start = clock::now();
    let mut rewriter = Rewriter::new(7 << 32);
    let first = rewriter.place(start, &audio(1, 65_534, 1_000)).unwrap();
    let third = rewriter.place(start + ms(40), &audio(1, 0, 1_320)).unwrap();
    let second = rewriter.place(start + ms(41), &audio(1, 65_535, 1_160)).unwrap();
    let fifth = rewriter.place(start + ms(80), &audio(1, 2, 1_640)).unwrap();
    let of = |stamp: Stamp| (stamp.sequence - first.sequence, stamp.timestamp.wrapping_sub(first.timestamp));
    assert!(first.marker);
    assert_eq!([of(second), of(third), of(fifth)], [(1, 160), (2, 320), (4, 640)]);
    assert_eq!(rewriter.place(start + ms(81), &audio(1, 2, 1_640)), None, "a number is never used twice");
}

#[test]
fn another_source_continues_numbers_and_follows_the_wall_clock() {
    let start = clock::now();
    let mut rewriter = Rewriter::new(0);
    let last = rewriter.place(start, &audio(1, 500, 99)).unwrap();
    let next = rewriter.place(start + ms(3_000), &audio(2, 40_000, 4_000_000_000)).unwrap();
    assert_eq!(next.sequence, last.sequence + 1);
    assert_eq!(next.timestamp.wrapping_sub(last.timestamp), 24_000);
    assert!(next.marker);
    assert_eq!(rewriter.place(start + ms(3_001), &audio(2, 39_999, 3_999_999_840)), None, "older than the switch");
}

#[test]
fn a_clock_that_stood_still_over_a_pause_is_carried_on() {
    let start = clock::now();
    let mut rewriter = Rewriter::new(0);
    let last = rewriter.place(start, &audio(1, 1, 160)).unwrap();
    let next = rewriter.place(start + ms(10_000), &audio(1, 2, 320)).unwrap();
    assert_eq!((next.sequence - last.sequence, next.timestamp.wrapping_sub(last.timestamp)), (1, 80_000));
}

#[test]
fn a_clock_that_jumps_does_not_reach_the_receiver() {
    let start = clock::now();
    let mut rewriter = Rewriter::new(0);
    let last = rewriter.place(start, &audio(1, 1, 160)).unwrap();
    let leapt = rewriter.place(start + ms(20), &audio(1, 2, 900_000)).unwrap();
    let back = rewriter.place(start + ms(40), &audio(1, 3, 320)).unwrap();
    assert_eq!(leapt.timestamp.wrapping_sub(last.timestamp), 160);
    assert_eq!(back.timestamp.wrapping_sub(leapt.timestamp), 160);
    assert_eq!(back.sequence, last.sequence + 2);
}

#[test]
fn a_key_press_keeps_its_timestamp_and_audio_goes_on_behind_it() {
    let start = clock::now();
    let mut rewriter = Rewriter::new(0);
    let before = rewriter.place(start, &audio(1, 1, 160)).unwrap();
    let mut stamps = vec![];
    for n in 0..100u16 {
        stamps.push(rewriter.place(start + ms(20 + 20 * u64::from(n)), &event(1, 2 + n, 320)).unwrap());
    }
    assert!(stamps.iter().all(|stamp| stamp.timestamp == stamps[0].timestamp));
    let after = rewriter.place(start + ms(2_020), &audio(1, 102, 320 + 16_000)).unwrap();
    assert_eq!(after.timestamp.wrapping_sub(before.timestamp), 160 + 16_000);
    assert_eq!(after.sequence, before.sequence + 101);
}

#[test]
fn packets_that_are_kept_back_leave_no_hole() {
    let start = clock::now();
    let mut rewriter = Rewriter::new(0);
    let first = rewriter.place(start, &audio(1, 1, 160)).unwrap();
    rewriter.skip(StreamId(1), 2);
    rewriter.skip(StreamId(1), 3);
    let next = rewriter.place(start + ms(60), &audio(1, 4, 640)).unwrap();
    assert_eq!(next.sequence, first.sequence + 1);
}

#[test]
fn what_a_source_sent_while_apart_is_no_loss() {
    let start = clock::now();
    let mut rewriter = Rewriter::new(0);
    let last = rewriter.place(start, &audio(1, 1, 160)).unwrap();
    rewriter.restart();
    let next = rewriter.place(start + ms(2_000), &audio(1, 101, 16_160)).unwrap();
    assert_eq!((next.sequence - last.sequence, next.timestamp.wrapping_sub(last.timestamp)), (1, 16_000));
}

#[test]
fn what_was_sent_before_its_time_is_made_up_for_in_the_next_gap_between_sources() {
    let start = clock::now();
    let mut rewriter = Rewriter::new(0);
    let first = rewriter.place(start, &audio(1, 1, 160)).unwrap();
    // 40 ms are sent at once, and another source goes on at once too.
    rewriter.place(start, &audio(1, 2, 320)).unwrap();
    rewriter.place(start, &audio(1, 3, 480)).unwrap();
    rewriter.ran_ahead(320);
    let joined = rewriter.place(start + ms(20), &audio(2, 1, 160)).unwrap();
    assert_eq!(joined.timestamp.wrapping_sub(first.timestamp), 480, "no sample is stamped twice");
    assert_eq!(rewriter.ahead(), 320);
    let later = rewriter.place(start + ms(120), &audio(3, 1, 160)).unwrap();
    assert_eq!(later.timestamp.wrapping_sub(first.timestamp), 120 * 8, "it follows the wall clock again");
    assert_eq!((rewriter.ahead(), later.sequence - first.sequence), (0, 4));
}

#[test]
fn what_a_source_leaves_out_at_its_beginning_makes_up_for_what_the_gap_before_it_does_not() {
    let start = clock::now();
    let mut rewriter = Rewriter::new(0);
    assert_eq!(rewriter.still_ahead(start, StreamId(1)), 0, "nothing was sent yet");
    rewriter.place(start, &audio(1, 1, 160)).unwrap();
    rewriter.ran_ahead(240);
    assert_eq!(rewriter.still_ahead(start + ms(20), StreamId(1)), 0, "the source goes on");
    assert_eq!(rewriter.still_ahead(start + ms(60), StreamId(2)), 0, "the gap is long enough");
    assert_eq!(rewriter.still_ahead(start + ms(31), StreamId(2)), 152);
    rewriter.left_out(152);
    rewriter.place(start + ms(31), &audio(2, 1, 160)).unwrap();
    assert_eq!(rewriter.ahead(), 0);
}

#[test]
fn sources_that_come_sooner_than_their_predecessor_would_last_do_not_run_ahead_for_ever() {
    let start = clock::now();
    let mut rewriter = Rewriter::new(0);
    let first = rewriter.place(start, &audio(0, 1, 160)).unwrap();
    for n in 1..=5u64 {
        rewriter.place(start + ms(5 * n), &audio(n, 1, 160)).unwrap();
    }
    assert_eq!(rewriter.ahead(), 5 * 120);
    let later = rewriter.place(start + ms(1_000), &audio(9, 1, 160)).unwrap();
    assert_eq!(later.timestamp.wrapping_sub(first.timestamp), 8_000);
}

proptest! {
    /// Whatever sources do, numbers are never used twice, and timestamps of a new source never go back.
    #[test]
    fn no_number_is_used_twice(
        seed in any::<u64>(),
        packets in proptest::collection::vec((0u64..3, any::<u16>(), -300i32..300, any::<bool>(), 0u64..900), 1..200),
    ) {
        let mut now = clock::now();
        let mut rewriter = Rewriter::new(seed);
        let mut used = std::collections::HashSet::new();
        let mut sequence = [0u16; 3];
        for (stream, wild, step, jump, pause) in packets {
            now += ms(pause);
            let number = &mut sequence[stream as usize];
            *number = if jump { wild } else { number.wrapping_add_signed((step % 5) as i16) };
            let timestamp = u32::from(*number).wrapping_mul(160).wrapping_add_signed(step);
            if let Some(stamp) = rewriter.place(now, &audio(stream, *number, timestamp)) {
                prop_assert!(used.insert(stamp.sequence));
            }
        }
    }
}
