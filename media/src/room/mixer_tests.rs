//! Stories of one room's mix, on virtual time.
#![allow(clippy::unwrap_used, clippy::indexing_slicing)]

use super::*;
use crate::clock;
use crate::packet::{Content, Packet};
use crate::rewrite::Rewriter;
use crate::room::Members;
use proptest::prelude::*;
use std::collections::BTreeMap;

fn id(number: u128) -> Uuid {
    Uuid::from_u128(number)
}

fn ms(milliseconds: u64) -> Duration {
    Duration::from_millis(milliseconds)
}

fn listener(number: u128) -> Member {
    Member { leg: id(number), role: Role::Listener }
}

fn coach(number: u128, of: u128) -> Member {
    Member { leg: id(number), role: Role::Coach { of: id(of) } }
}

/// A room under test: everybody's packets come every 20 ms, and what each hears is kept.
struct Table {
    now: Instant,
    mixer: Mixer,
    streams: u64,
    sent: BTreeMap<u128, u16>,
    heard: BTreeMap<u128, Vec<Mixed>>,
}

impl Table {
    fn new(members: &[Member]) -> Table {
        let now = clock::now();
        let mut table = Table { now, mixer: Mixer::new(now), streams: 1_000, sent: BTreeMap::new(), heard: BTreeMap::new() };
        table.seat(members);
        table
    }

    fn seat(&mut self, members: &[Member]) {
        let streams = &mut self.streams;
        self.mixer.seat(Members::new(members.to_vec()).unwrap().iter().copied(), || {
            *streams += 1;
            StreamId(*streams)
        });
    }

    /// For 20 ms: those named say these samples, and whatever is due is heard.
    fn turn(&mut self, voices: &[(u128, i16)]) {
        for (number, sample) in voices {
            let sequence = self.sent.entry(*number).or_default();
            let mut payload = [0; FRAME];
            Codec::Pcma.encode(&[*sample; FRAME], &mut payload);
            let (stream, timestamp) = (StreamId(*number as u64), u32::from(*sequence) * 160);
            let spoken = Spoken { stream, sequence: *sequence, timestamp, codec: Codec::Pcma, payload: &payload };
            self.mixer.push(self.now, id(*number), &spoken);
            *sequence += 1;
        }
        self.now += ms(20);
        let mut out = vec![];
        while self.mixer.poll(self.now, &mut out) {}
        for mixed in out {
            self.heard.entry(mixed.leg.as_u128()).or_default().push(mixed);
        }
    }

    fn last(&self, number: u128) -> &[i16] {
        self.heard[&number].last().unwrap().pcm()
    }
}

/// What A-law makes of a sample.
fn coded(sample: i16) -> i32 {
    let mut payload = [0];
    Codec::Pcma.encode(&[sample], &mut payload);
    Codec::Pcma.decode(&payload).map(i32::from).sum()
}

#[test]
fn a_whisper_reaches_only_the_one_it_is_meant_for() {
    let mut table = Table::new(&[Member::speaker(id(1)), Member::speaker(id(2)), coach(3, 2), listener(4)]);
    for _ in 0..10 {
        table.turn(&[(1, 100), (2, 1_000), (3, 10_000), (4, 20_000)]);
    }
    let [caller, operator, whisper] = [100, 1_000, 10_000].map(coded);
    let all = |number: u128, sum: i32| table.last(number).iter().all(|sample| i32::from(*sample) == sum);
    assert!(all(1, operator), "the caller hears the operator only");
    assert!(all(2, caller + whisper));
    assert!(all(3, caller + operator) && all(4, caller + operator), "and a listener is heard by nobody");
}

#[test]
fn a_role_that_changes_takes_effect_at_once_and_lets_nothing_of_before_through() {
    let mut table = Table::new(&[Member::speaker(id(1)), Member::speaker(id(2)), coach(3, 2)]);
    for _ in 0..10 {
        table.turn(&[(1, 0), (2, 0), (3, 5_000)]);
    }
    table.seat(&[Member::speaker(id(1)), Member::speaker(id(2)), Member::speaker(id(3))]);
    for _ in 0..5 {
        table.turn(&[(1, 0), (2, 0), (3, 9_000)]);
    }
    let to_caller: Vec<i32> = table.heard[&1].iter().flat_map(|mixed| mixed.pcm().to_vec()).map(i32::from).collect();
    let beside_silence = |sample| coded(sample) + coded(0);
    assert!(!to_caller.contains(&beside_silence(5_000)), "what was whispered is not said aloud afterwards");
    assert!(to_caller.contains(&beside_silence(9_000)));
    table.seat(&[Member::speaker(id(1)), Member::speaker(id(2))]);
    table.turn(&[(1, 0), (2, 0), (3, 9_000)]);
    assert!(table.last(1).iter().all(|sample| i32::from(*sample) == coded(0)));
}

#[test]
fn somebody_who_is_not_heard_is_silence_and_everybody_hears_on() {
    let mut table = Table::new(&[Member::speaker(id(1)), Member::speaker(id(2)), Member::speaker(id(3))]);
    for _ in 0..10 {
        table.turn(&[(1, 100), (2, 1_000), (3, 10_000)]);
    }
    for _ in 0..10 {
        table.turn(&[(1, 100), (3, 10_000)]);
    }
    assert!(table.last(1).iter().all(|sample| i32::from(*sample) == coded(10_000)));
    assert!(table.last(2).iter().all(|sample| i32::from(*sample) == coded(100) + coded(10_000)));
    assert_eq!(table.heard[&1].len(), table.heard[&2].len());
    for pair in table.heard[&2].windows(2) {
        assert_eq!(pair[1].sequence, pair[0].sequence + 1);
        assert_eq!(pair[1].timestamp, pair[0].timestamp + 160);
    }
}

#[test]
fn a_thread_that_was_away_does_not_say_everything_in_a_rush() {
    let mut table = Table::new(&[Member::speaker(id(1)), Member::speaker(id(2)), listener(3)]);
    for _ in 0..5 {
        table.turn(&[(1, 100), (2, 1_000)]);
    }
    let before = table.heard[&3].len();
    table.now += ms(5_000);
    table.turn(&[]);
    let after: Vec<_> = table.heard[&3][before..].iter().map(|mixed| mixed.timestamp).collect();
    assert_eq!(after.len(), 1);
    assert!(after[0] > 5_000 * 8, "its timestamps follow the wall clock");
}

/// The samples of the n-th packet: eight levels that A-law keeps apart, in turn.
fn level(n: u64) -> i16 {
    coded(2_000 + (n % 8) as i16 * 256) as i16
}

/// A caller's numbered packets are forwarded directly, mixed for a while, and forwarded directly again, `rounds` times.
/// Gives the hearer's timeline by RTP timestamps: what is heard where.
fn switched(rounds: u64, phase: u64, direct: u64, mixed: u64) -> BTreeMap<i64, i16> {
    let members = Members::new(vec![Member::speaker(id(1)), Member::speaker(id(2)), Member::speaker(id(3))]).unwrap();
    let mut line = BTreeMap::new();
    let mut rewriter = Rewriter::new(0);
    let mut begin = None;
    let mut hear = |rewriter: &mut Rewriter, now, stream, sequence, timestamp, pcm: &[i16]| {
        let payload = vec![0; pcm.len()];
        let content = Content::Audio { codec: Codec::Pcma, payload: &payload };
        let stamp = rewriter.place(now, &Packet { stream, sequence, timestamp, marker: false, content }).unwrap();
        let base = *begin.get_or_insert(stamp.timestamp);
        for (n, sample) in pcm.iter().enumerate() {
            let was = line.insert(i64::from(stamp.timestamp.wrapping_sub(base)) + n as i64, *sample);
            assert_eq!(was, None, "two samples for one moment");
        }
    };
    let start = clock::now();
    let (mut mixer, mut streams) = (None::<Mixer>, 10);
    let mut out = vec![];
    for tick in 0..rounds * (direct + mixed) * 20 {
        let now = start + ms(tick);
        let at = tick % ((direct + mixed) * 20);
        if at == direct * 20 - phase {
            let mut begun = Mixer::new(now);
            begun.seat(members.iter().copied(), || {
                streams += 1;
                StreamId(streams)
            });
            mixer = Some(begun);
        }
        if at == (direct + mixed) * 20 - phase - 1
            && let Some(mut ended) = mixer.take()
        {
            let most = usize::try_from(640 - rewriter.ahead()).unwrap_or(0);
            let (pieces, ahead) = ended.rest(now, id(1), id(2), most);
            for piece in &pieces {
                hear(&mut rewriter, now, piece.stream, piece.sequence, piece.timestamp, piece.pcm());
            }
            rewriter.ran_ahead(ahead);
            rewriter.restart();
        }
        if tick % 20 == 0 {
            let n = tick / 20;
            let sample = level(n);
            let mut payload = [0; FRAME];
            Codec::Pcma.encode(&[sample; FRAME], &mut payload);
            let (stream, sequence, timestamp) = (StreamId(1), n as u16, n as u32 * 160);
            match &mut mixer {
                Some(mixer) => {
                    mixer.push(now, id(1), &Spoken { stream, sequence, timestamp, codec: Codec::Pcma, payload: &payload })
                }
                None => hear(&mut rewriter, now, stream, sequence, timestamp, &[sample; FRAME]),
            }
        }
        if let Some(mixer) = &mut mixer {
            while mixer.poll(now, &mut out) {}
            for mut mixed in out.drain(..).filter(|mixed| mixed.leg == id(2)) {
                if !mixed.make_up(now, &mut rewriter) {
                    continue;
                }
                hear(&mut rewriter, now, mixed.stream, mixed.sequence, mixed.timestamp, mixed.pcm());
            }
        }
    }
    line
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    /// However often a call goes from direct to mixed and back: silences are short, and every packet is heard once.
    #[test]
    fn no_switch_is_a_gap_over_40_ms_or_a_word_twice(
        rounds in 1u64..20, phase in 1u64..20, direct in 3u64..9, mixed in 5u64..30,
    ) {
        let line = switched(rounds, phase, direct, mixed);
        let sounding: Vec<(i64, i16)> = line.iter().map(|(at, sample)| (*at, *sample)).filter(|(_, sample)| *sample != 0).collect();
        for pair in sounding.windows(2) {
            prop_assert!(pair[1].0 - pair[0].0 <= 320, "{} samples of silence", pair[1].0 - pair[0].0);
        }
        let mut runs: Vec<(i16, usize)> = vec![];
        for (_, sample) in &sounding {
            match runs.last_mut() {
                Some((last, count)) if last == sample => *count += 1,
                _ => runs.push((*sample, 1)),
            }
        }
        let cut = runs.iter().filter(|(_, count)| *count < 152).count();
        for (n, (sample, count)) in runs.iter().enumerate() {
            prop_assert_eq!(*sample, level(n as u64), "packet {} of {}", n, runs.len());
            prop_assert!(*count <= 160, "packet {} is heard {} samples long", n, count);
        }
        prop_assert!(cut as u64 <= rounds + 1, "{} packets are cut in {} rounds", cut, rounds);
        let ahead = sounding.last().map_or(0, |(at, _)| *at) - (rounds * (direct + mixed) * 160) as i64;
        prop_assert!(ahead <= 640 + 160, "timestamps ran {ahead} samples ahead of the clock");
    }

    /// Each hears the sum of all others, exactly, so long as it fits.
    #[test]
    fn everybody_hears_exactly_everybody_else(voices in proptest::collection::vec(-1_900i16..1_900, 2..16)) {
        let numbered: Vec<(u128, i16)> = (1..).zip(voices).collect();
        let members: Vec<Member> = numbered.iter().map(|(number, _)| Member::speaker(id(*number))).collect();
        let mut table = Table::new(&members);
        for _ in 0..4 {
            table.turn(&numbered);
        }
        let total: i32 = numbered.iter().map(|(_, sample)| coded(*sample)).sum();
        for (number, own) in &numbered {
            prop_assert!(table.last(*number).iter().all(|sample| i32::from(*sample) == total - coded(*own)));
        }
    }

    /// Sixteen who shout do not turn a sample over.
    #[test]
    fn a_sum_that_does_not_fit_is_as_loud_as_can_be(voices in proptest::collection::vec(20_000i16..32_000, 4..16)) {
        let numbered: Vec<(u128, i16)> = (1..).zip(voices).collect();
        let members: Vec<Member> = numbered.iter().map(|(number, _)| Member::speaker(id(*number))).collect();
        let mut table = Table::new(&members);
        for _ in 0..6 {
            table.turn(&numbered);
        }
        for (number, _) in &numbered {
            prop_assert!(table.last(*number).iter().all(|sample| *sample > 32_000));
        }
    }
}
