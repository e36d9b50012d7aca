//! Stories of one direction on its way into a mix, on virtual time with seeded chance. A sample's value says when it was
//! spoken, so that what is heard can be told from what is made up.
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

#[derive(Clone)]
struct Sent {
    arrival: u64,
    stream: u64,
    sequence: u16,
    timestamp: u32,
    pcm: Vec<i16>,
}

/// Loud samples that tell the 10 ms in which they were spoken.
fn spoken(at: u64, samples: u64) -> Vec<i16> {
    (at..at + samples).map(|n| 2_000 + (n / 80 % 20_000) as i16).collect()
}

/// Packets of 20 ms from the beginning on, which arrive one millisecond after they were spoken.
fn stream(packets: u64) -> Vec<Sent> {
    let first = 4_294_960_000u32;
    (0..packets)
        .map(|n| Sent {
            arrival: (n + 1) * 160 + 8,
            stream: 1,
            sequence: 65_500u16.wrapping_add(n as u16),
            timestamp: first.wrapping_add(n as u32 * 160),
            pcm: spoken(n * 160, 160),
        })
        .collect()
}

struct Heard {
    buffer: PlayoutBuffer,
    /// For every frame: whether it was said to be sound, and how long ago its middle was spoken if it was not made up.
    frames: Vec<(bool, Option<i64>)>,
    most_held: usize,
    longest_delay: Duration,
}

impl Heard {
    /// The delays from mouth to ear in frames of this stretch, in milliseconds.
    fn delays(&self, frames: std::ops::Range<usize>) -> Vec<i64> {
        self.frames[frames].iter().filter_map(|(_, delay)| delay.map(|samples| samples / 8)).collect()
    }
}

/// Plays what was sent over `frames` frames, pulled a little off the packets' cadence.
fn play(mut sent: Vec<Sent>, frames: u64) -> Heard {
    sent.sort_by_key(|packet| packet.arrival);
    let mut arriving = sent.into_iter().peekable();
    let mut heard = Heard { buffer: PlayoutBuffer::new(), frames: vec![], most_held: 0, longest_delay: Duration::ZERO };
    for n in 0..frames {
        let now = n * 160 + 50;
        while let Some(packet) = arriving.next_if(|packet| packet.arrival <= now) {
            heard.buffer.push(packet.arrival, packet.stream, packet.sequence, packet.timestamp, packet.pcm);
            heard.most_held = heard.most_held.max(heard.buffer.held.len());
        }
        let mut out = [0; FRAME];
        let sound = heard.buffer.pull(now, &mut out);
        // Where samples stand in order they were spoken; what is made up repeats.
        let real = out[40..].windows(2).all(|pair| (0..=1).contains(&(pair[1] - pair[0]))) && out[40] >= 2_000;
        let at = i64::from(out[80] - 2_000) * 80;
        let delay = (now as i64 - at).rem_euclid(20_000 * 80);
        heard.frames.push((sound, real.then_some(delay)));
        if n > 500 {
            heard.longest_delay = heard.longest_delay.max(heard.buffer.delay(now).unwrap_or_default());
        }
    }
    heard
}

#[test]
fn over_an_even_network_everything_is_heard_after_little_more_than_its_packet_took() {
    let heard = play(stream(1_000), 1_000);
    let counts = heard.buffer.counts();
    assert_eq!((counts.late, counts.concealed, counts.dropped, counts.anchored), (0, 0, 0, 0));
    let delays = heard.delays(50..1_000);
    assert_eq!(delays.len(), 950, "nothing is made up");
    // 20 ms of the packet, 20 ms of waiting, and the cadence.
    assert!(delays.iter().all(|delay| (20..=60).contains(delay)), "{:?}", delays.iter().max());
    assert_eq!(heard.buffer.target(160_000), Duration::from_millis(20));
}

#[test]
fn as_many_frames_are_made_up_as_were_lost() {
    let mut chance = Chance(3);
    let mut sent = stream(3_000);
    sent.retain(|packet| packet.arrival < 1_600 || chance.below(100) >= 5);
    let lost = 3_000 - sent.len() as u64;
    let heard = play(sent, 3_000);
    let counts = heard.buffer.counts();
    assert!((110..=190).contains(&lost));
    assert_eq!(counts.late, 0);
    // A loss that is followed by nothing in time is waited out at first; both kinds stand for the lost ones.
    let made_up = counts.concealed + counts.stretched;
    assert!((lost..=lost + lost / 5).contains(&made_up), "{made_up} frames made up for {lost} lost");
    assert!(heard.longest_delay <= Duration::from_millis(80), "{:?}", heard.longest_delay);
}

#[test]
fn delays_that_vary_and_packets_that_overtake_each_other_are_waited_for() {
    let mut chance = Chance(11);
    let mut sent = stream(6_000);
    for packet in &mut sent {
        packet.arrival += chance.below(480);
    }
    let heard = play(sent, 6_000);
    let counts = heard.buffer.counts();
    let target = heard.buffer.target(960_000);
    assert!((Duration::from_millis(50)..=Duration::from_millis(80)).contains(&target), "{target:?}");
    assert!(heard.longest_delay <= Duration::from_millis(110), "{:?}", heard.longest_delay);
    assert!(counts.late < 30, "{} of 6000 came too late", counts.late);
    assert!(counts.concealed + counts.stretched < 60, "{counts:?}");
}

#[test]
fn a_network_that_stalls_and_delivers_at_once_loses_nothing() {
    let mut sent = stream(3_000);
    for packet in &mut sent {
        // Every five seconds the network holds everything back for 120 ms.
        let within = packet.arrival % 40_000;
        if packet.arrival > 40_000 && within < 960 {
            packet.arrival += 960 - within;
        }
    }
    let heard = play(sent, 3_000);
    let counts = heard.buffer.counts();
    assert_eq!((counts.late, counts.concealed, counts.dropped), (0, 0, 0));
    assert!(counts.stretched > 0, "the first stall had to be waited out");
    assert!(heard.longest_delay <= Duration::from_millis(200), "{:?}", heard.longest_delay);
}

#[test]
fn one_packet_that_comes_too_late_makes_the_next_ones_safe_at_once_and_the_delay_falls_again() {
    let mut sent = stream(6_000);
    sent[1_000].arrival += 720;
    let mut again = sent.clone();
    again[1_010].arrival += 720;
    let heard = play(sent, 6_000);
    assert_eq!((heard.buffer.counts().late, heard.buffer.counts().concealed), (1, 1));
    let grown = heard.delays(1_020..1_030);
    assert!(grown.iter().all(|delay| *delay >= 100), "grown at once: {grown:?}");
    let shrunk = heard.delays(4_500..4_600);
    assert!(shrunk.iter().all(|delay| *delay <= 75), "caught up within a minute: {shrunk:?}");
    assert_eq!(play(again, 6_000).buffer.counts().late, 1, "the second one was waited for");
}

#[test]
fn in_silence_catching_up_takes_whole_frames() {
    let mut sent = stream(2_000);
    sent[500].arrival += 1_200;
    for packet in &mut sent {
        packet.pcm.fill(3);
    }
    let heard = play(sent, 2_000);
    let counts = heard.buffer.counts();
    assert!(counts.shrunk >= 160 && counts.shrunk.is_multiple_of(160), "{}", counts.shrunk);
    assert!(heard.buffer.delay(1_999 * 160 + 50).unwrap() <= heard.buffer.target(1_999 * 160) + Duration::from_millis(30));
}

#[test]
fn copies_are_heard_once_even_long_after() {
    let mut sent = stream(500);
    let mut copies = sent.clone();
    for (n, copy) in copies.iter_mut().enumerate() {
        copy.arrival += if n % 2 == 0 { 1 } else { 700 };
    }
    sent.append(&mut copies);
    let heard = play(sent, 480);
    let counts = heard.buffer.counts();
    assert!(counts.duplicate >= 470);
    assert_eq!((counts.late, counts.concealed, counts.stretched), (0, 0, 0));
    assert_eq!(heard.buffer.target(480 * 160), Duration::from_millis(20), "a copy asks for no delay");
}

#[test]
fn clocks_that_drift_for_ten_minutes_neither_fill_nor_empty_the_buffer() {
    for parts_per_million in [-200i64, 200] {
        let mut chance = Chance(200);
        let mut sent = stream(30_000);
        for packet in &mut sent {
            let drifted = packet.arrival as i64 + packet.arrival as i64 * parts_per_million / 1_000_000;
            packet.arrival = drifted as u64 + chance.below(80);
        }
        let heard = play(sent, 29_980);
        let counts = heard.buffer.counts();
        assert_eq!((counts.late, counts.dropped, counts.anchored), (0, 0, 0), "{parts_per_million} ppm");
        assert!(counts.concealed + counts.stretched <= 12, "{parts_per_million} ppm: {counts:?}");
        assert!(heard.longest_delay <= Duration::from_millis(70), "{parts_per_million} ppm: {:?}", heard.longest_delay);
        assert!(heard.most_held <= 6, "{parts_per_million} ppm: {} packets held", heard.most_held);
    }
}

#[test]
fn packets_may_change_their_length_at_any_time() {
    let (mut sent, mut at, mut sequence) = (vec![], 0u64, 0u16);
    for length in [160u64, 480, 80, 240, 320, 160] {
        let until = at + 24_000;
        while at < until {
            let (timestamp, pcm) = (at as u32, spoken(at, length));
            sent.push(Sent { arrival: at + length + 8, stream: 1, sequence, timestamp, pcm });
            at += length;
            sequence = sequence.wrapping_add(1);
        }
    }
    let heard = play(sent, 890);
    let counts = heard.buffer.counts();
    assert_eq!((counts.late, counts.concealed, counts.dropped, counts.anchored), (0, 0, 0, 0));
    // Longer packets come later after they were spoken; that has to be waited out each time it grows.
    assert!(counts.stretched <= 8, "{counts:?}");
    assert!(heard.longest_delay <= Duration::from_millis(120), "{:?}", heard.longest_delay);
}

#[test]
fn a_new_ssrc_is_heard_on_without_a_hole() {
    let mut sent = stream(500);
    for packet in &mut sent[250..] {
        packet.stream = 2;
        packet.sequence = packet.sequence.wrapping_mul(7);
        packet.timestamp = packet.timestamp.wrapping_mul(3);
    }
    for (n, packet) in sent[250..].iter_mut().enumerate() {
        (packet.sequence, packet.timestamp) = (n as u16, 99 + n as u32 * 160);
    }
    let heard = play(sent, 500);
    let counts = heard.buffer.counts();
    assert_eq!((counts.late, counts.concealed, counts.dropped), (0, 0, 0));
    assert!(counts.stretched <= 3, "{counts:?}");
    assert!(heard.frames[5..].iter().all(|(sound, _)| *sound));
}

#[test]
fn a_clock_that_jumps_or_a_sender_that_restarts_is_heard_on() {
    for jump in [3_000_000_000u32, 200_000, 0u32.wrapping_sub(90_000)] {
        let mut sent = stream(500);
        for packet in &mut sent[250..] {
            packet.timestamp = packet.timestamp.wrapping_add(jump);
        }
        let heard = play(sent, 500);
        assert_eq!(heard.buffer.counts().anchored, 1, "jump {jump}");
        assert!(heard.frames[5..].iter().all(|(sound, _)| *sound), "jump {jump}");
        assert_eq!(heard.buffer.counts().dropped, 0, "jump {jump}");
    }
}

#[test]
fn between_spurts_of_speech_there_is_silence_and_every_spurt_is_heard_whole() {
    let mut sent = stream(3_000);
    // One second of speech, three of nothing.
    sent.retain(|packet| (packet.arrival - 8) / 160 % 200 < 50);
    let heard = play(sent, 3_000);
    let counts = heard.buffer.counts();
    assert_eq!((counts.late, counts.concealed, counts.dropped), (0, 0, 0));
    let silent = heard.frames.iter().filter(|(sound, _)| !sound).count();
    assert!((3_000 - 15 * 62..=3_000 - 15 * 49).contains(&silent), "{silent} silent frames");
    let real = heard.frames.iter().filter(|(_, delay)| delay.is_some()).count();
    assert!(real >= 15 * 49, "only {real} of {} frames were heard", 15 * 50);
}

#[test]
fn a_stall_of_a_second_is_not_heard_afterwards_as_a_second_of_delay() {
    let mut sent = stream(1_000);
    for packet in &mut sent[400..450] {
        packet.arrival = 451 * 160;
    }
    let heard = play(sent, 1_000);
    assert!(heard.buffer.counts().dropped > 0);
    let after = heard.delays(470..480);
    assert!(!after.is_empty() && after.iter().all(|delay| *delay <= 420), "{after:?}");
}

#[test]
fn a_way_that_is_longer_for_good_is_followed() {
    let mut sent = stream(2_000);
    for packet in &mut sent[500..] {
        packet.arrival += 2_800;
    }
    let heard = play(sent, 2_000);
    let real = heard.delays(600..2_000);
    assert!(real.len() > 1_350, "only {} frames were heard after the change", real.len());
    assert!(heard.longest_delay <= Duration::from_millis(420), "{:?}", heard.longest_delay);
    assert!(heard.buffer.delay(1_999 * 160 + 50).unwrap() <= Duration::from_millis(260));
}

proptest! {
    /// Whatever comes, memory stays bounded, and samples are never invented out of nothing.
    #[test]
    fn whatever_comes_little_is_held(
        packets in proptest::collection::vec((0u64..400, 0u64..3, any::<u16>(), any::<u32>(), 0usize..1_100, any::<bool>(), any::<bool>()), 0..400)
    ) {
        let mut buffer = PlayoutBuffer::new();
        let mut out = [0; FRAME];
        let (mut now, mut sequence, mut timestamp) = (0u64, 0u16, 0u32);
        for (pause, stream, wild_sequence, wild_timestamp, length, wild, pull) in packets {
            now += pause;
            if wild { (sequence, timestamp) = (wild_sequence, wild_timestamp) } else { sequence = sequence.wrapping_add(1); timestamp = timestamp.wrapping_add(160) }
            buffer.push(now, stream, sequence, timestamp, vec![1_000; length]);
            prop_assert!(buffer.held.len() <= MAX_HELD);
            if pull {
                buffer.pull(now, &mut out);
                prop_assert!(out.iter().all(|sample| (0..=1_000).contains(sample)));
            }
        }
        for n in 0..4_000 {
            buffer.pull(now + n * 160, &mut out);
        }
        prop_assert!(!buffer.pull(now + 4_000 * 160, &mut out));
        prop_assert!(buffer.held.is_empty());
    }
}
