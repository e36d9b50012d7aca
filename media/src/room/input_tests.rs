//! Stories of one voice on its way into a mix, on virtual time with seeded chance.
#![allow(clippy::unwrap_used, clippy::indexing_slicing)]

use super::*;
use proptest::prelude::*;

const STREAM: StreamId = StreamId(1);
/// Where the count of samples begins anew.
const COUNTED: u32 = 32_000;

/// Reads frame after frame while packets come in, as a mix does: the first frame 30 ms after its beginning.
struct Listening {
    input: Input,
    next: u64,
    heard: Vec<i16>,
}

impl Listening {
    fn new() -> Listening {
        Listening { input: Input::new(0), next: 240, heard: vec![] }
    }

    fn until(&mut self, now: u64) {
        while self.next <= now {
            let mut frame = [0; FRAME];
            self.input.read(self.next, &mut frame);
            self.heard.extend(frame);
            self.next += FRAME as u64;
        }
    }

    /// The n-th packet of a sender that counts its samples, come at `now`.
    fn counted(&mut self, now: u64, n: u32) {
        self.until(now);
        let pcm = (0..160).map(|sample| ((n * 160 + sample) % COUNTED + 1) as i16).collect();
        self.input.push(now, STREAM, n as u16, n * 160, pcm);
    }

    fn delay(&self) -> i64 {
        self.next as i64 - self.input.cursor
    }
}

/// The runs of silence between what was heard.
fn gaps(heard: &[i16]) -> Vec<usize> {
    let begun: Vec<i16> = heard.iter().copied().skip_while(|sample| *sample == 0).collect();
    let end = begun.iter().rposition(|sample| *sample != 0).map_or(0, |last| last + 1);
    begun[..end].split(|sample| *sample != 0).map(<[i16]>::len).filter(|length| *length > 0).collect()
}

/// Whether samples only ever follow samples that were said before them.
fn counted_in_order(heard: &[i16]) -> bool {
    let sounding: Vec<i16> = heard.iter().copied().filter(|sample| *sample != 0).collect();
    sounding.windows(2).all(|pair| pair[1] > pair[0] || pair[0].abs_diff(pair[1]) > 5_000)
}

#[test]
fn even_packets_are_heard_whole_and_30_ms_later() {
    let mut listening = Listening::new();
    for n in 0..50 {
        listening.counted(50 + u64::from(n) * 160, n);
    }
    listening.until(9_000);
    let first = listening.heard.iter().position(|sample| *sample != 0).unwrap();
    assert_eq!(first, 50, "at its place, and all of that is 30 ms behind the clock");
    let sounding: Vec<i16> = listening.heard.iter().copied().filter(|sample| *sample != 0).collect();
    assert_eq!(sounding, (1..=8_000).collect::<Vec<i16>>());
    assert_eq!(gaps(&listening.heard), [0usize; 0]);
}

#[test]
fn a_lost_packet_is_20_ms_of_silence_and_holds_nothing_up() {
    let mut listening = Listening::new();
    for n in (0..20).filter(|n| *n != 7 && *n != 12) {
        listening.counted(u64::from(n) * 160, n);
    }
    listening.until(4_000);
    assert_eq!(gaps(&listening.heard), [160, 160]);
    assert!(counted_in_order(&listening.heard));
    assert_eq!(listening.heard.iter().max(), Some(&3_200));
}

#[test]
fn an_overtaken_packet_is_heard_in_its_place() {
    let mut listening = Listening::new();
    for (at, n) in [(0, 0), (160, 1), (330, 3), (340, 2), (640, 4)] {
        listening.counted(at, n);
    }
    listening.until(1_600);
    let sounding: Vec<i16> = listening.heard.iter().copied().filter(|sample| *sample != 0).collect();
    assert_eq!(sounding, (1..=800).collect::<Vec<i16>>());
}

#[test]
fn packets_that_come_late_are_heard_all_the_same_and_the_reading_catches_up_afterwards() {
    let mut listening = Listening::new();
    let late = |n: u32| if (20..24).contains(&n) { 640 } else { 0 };
    for n in 0..24 {
        listening.counted(u64::from(n) * 160 + late(n), n);
    }
    let behind = listening.delay();
    assert!((640..900).contains(&behind), "{behind}");
    for n in 24..800 {
        listening.counted((u64::from(n) * 160).max(23 * 160 + 640), n);
    }
    assert_eq!(gaps(&listening.heard).len(), 1, "one silence, where they were waited for");
    assert!(counted_in_order(&listening.heard));
    assert!(listening.delay() <= 480, "{}", listening.delay());
}

#[test]
fn a_network_that_never_gets_better_is_not_followed_for_ever() {
    let mut listening = Listening::new();
    for n in 0..200u32 {
        let delay = if n > 50 { 4_000 } else { 0 };
        listening.counted(u64::from(n) * 160 + delay, n);
    }
    assert!(listening.delay() <= MAX_DELAY + 160, "{}", listening.delay());
    let last = listening.heard.iter().rev().find(|sample| **sample != 0).copied().unwrap();
    assert!(last > 190 * 160, "whoever is late for good is heard late, and heard: {last}");
}

#[test]
fn a_sender_whose_clock_stood_still_over_a_pause_is_heard_at_once() {
    let mut listening = Listening::new();
    for n in 0..10 {
        listening.counted(u64::from(n) * 160, n);
    }
    for n in 10..20 {
        listening.counted(24_000 + u64::from(n) * 160, n);
    }
    listening.until(30_000);
    let sounding: Vec<i16> = listening.heard.iter().copied().filter(|sample| *sample != 0).collect();
    assert_eq!(sounding, (1..=3_200).collect::<Vec<i16>>());
}

#[test]
fn a_packet_that_was_overtaken_before_a_pause_is_not_heard_after_it() {
    let mut listening = Listening::new();
    for n in [0, 1, 2, 4] {
        listening.counted(u64::from(n) * 160, n);
    }
    // Nothing is said for a second, and then what was stuck comes.
    listening.counted(8_000, 3);
    for n in 5..10 {
        listening.counted(8_000 + u64::from(n) * 160, n);
    }
    listening.until(12_000);
    assert!(counted_in_order(&listening.heard));
    assert_eq!(listening.heard.iter().filter(|sample| **sample != 0).count(), 9 * 160, "all but the one that was stuck");
}

#[test]
fn an_overtaken_packet_is_not_heard_after_its_successor_when_a_delay_stays() {
    let mut listening = Listening::new();
    for n in 0..10 {
        listening.counted(u64::from(n) * 160, n);
    }
    for n in (10..60).step_by(2) {
        let at = u64::from(n + 1) * 160 + 800 + u64::from(n == 10) * 20;
        listening.counted(at, n + 1);
        listening.counted(at + 40, n);
    }
    listening.until(14_000);
    assert!(counted_in_order(&listening.heard));
}

#[test]
fn a_new_source_begins_where_it_comes() {
    let mut listening = Listening::new();
    for n in 0..10 {
        listening.counted(u64::from(n) * 160, n);
    }
    for n in 0..10u16 {
        let now = 1_700 + u64::from(n) * 160;
        listening.until(now);
        listening.input.push(now, StreamId(2), 900 + n, 77 + u32::from(n) * 160, vec![9_000; 160]);
    }
    listening.until(5_000);
    assert_eq!(listening.heard.iter().filter(|sample| **sample == 9_000).count(), 1_600);
}

#[test]
fn what_was_not_read_yet_can_be_had_at_the_end() {
    let mut listening = Listening::new();
    for n in 0..10 {
        listening.counted(u64::from(n) * 160, n);
    }
    let rest = listening.input.finish(9 * 160);
    let heard = listening.heard.iter().copied().filter(|sample| *sample != 0);
    assert_eq!(heard.chain(rest).collect::<Vec<i16>>(), (1..=1_600).collect::<Vec<i16>>());
}

proptest! {
    /// Whatever a network does within what the jitter buffer takes for one clock: order is kept and nothing is heard twice.
    #[test]
    fn no_network_turns_the_order_around(
        packets in proptest::collection::vec((0u64..470, prop::bool::weighted(0.1)), 1..150),
    ) {
        let mut listening = Listening::new();
        let mut arrivals: Vec<(u64, u32)> = vec![];
        for (n, (jitter, lost)) in (0..).zip(packets) {
            let at = u64::from(n) * 160 + jitter;
            arrivals.extend((!lost).then_some((at, n)));
        }
        arrivals.sort_unstable();
        for (at, n) in arrivals {
            listening.counted(at, n);
            prop_assert!(listening.input.waiting.len() <= MAX_WAITING);
        }
        listening.until(40_000);
        prop_assert!(counted_in_order(&listening.heard));
    }
}
