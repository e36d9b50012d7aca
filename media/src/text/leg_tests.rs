//! Two text legs over a network that loses, doubles and reorders, by a seed.

use super::*;
use crate::clock;
use crate::srtp::SrtpKeys;
use proptest::prelude::*;
use std::collections::BTreeMap;
use std::time::Duration;

const ALONG: Duration = Duration::from_millis(10);

fn address(text: &str) -> SocketAddr {
    text.parse().unwrap()
}

fn leg(now: Instant, redundant: bool) -> TextLeg {
    let mut leg = TextLeg::new(now, vec!["10.0.0.0/24".parse().unwrap()], 0x9e37_79b9_7f4a_7c15);
    let redundancy_pt = redundant.then_some(100);
    leg.set_remote(now, Some(RemoteText { address: address("10.0.0.9:4000"), pt: 98, redundancy_pt, srtp: None }));
    leg
}

/// What the network does with a packet.
#[derive(Debug, Clone, Copy)]
enum Fate {
    Comes,
    Lost,
    Twice,
    /// This many milliseconds late.
    Late(u64),
}

/// Types letter by letter and tells what is read at the far end once all is quiet.
fn carried(words: &str, redundant: bool, mut fate: impl FnMut(usize) -> Fate) -> String {
    let start = clock::now();
    let (mut typist, mut reader) = (leg(start, redundant), leg(start, redundant));
    let (mut on_its_way, mut text) = (BTreeMap::<(Instant, usize), Vec<u8>>::new(), String::new());
    let (mut letters, mut number) = (words.chars(), 0);
    for step in 0..(words.chars().count() as u64 * 12 + 1_000) {
        let now = start + ALONG * u32::try_from(step).unwrap();
        if step % 12 == 5
            && let Some(letter) = letters.next()
        {
            typist.send(now, &letter.to_string()).unwrap();
        }
        let mut out = [0; MAX_DATAGRAM];
        if let Some((_, length)) = typist.poll_transmit(now, &mut out) {
            let late = match fate(number) {
                Fate::Lost => vec![],
                Fate::Comes => vec![0],
                Fate::Twice => vec![0, 400],
                Fate::Late(ms) => vec![ms],
            };
            for ms in late {
                number += 1_000_000;
                on_its_way.insert((now + Duration::from_millis(ms), number), out[..length].to_vec());
            }
            number = number % 1_000_000 + 1;
        }
        while let Some(entry) = on_its_way.first_entry().filter(|entry| entry.key().0 <= now) {
            reader.handle_datagram(now, address("10.0.0.9:4000"), &mut entry.remove(), &mut text);
        }
        if reader.deadline().is_some_and(|at| at <= now) {
            reader.poll(now, &mut text);
        }
    }
    reader.finish(start + Duration::from_secs(3_600), &mut text);
    text
}

const WORDS: &str = "Tolong, kebakaran di Pasar Jodoh 🚒\nKios nomor 20, sebelah toko emas. Ada dua orang di lantai atas.\n";

#[test]
fn a_good_network_carries_every_letter() {
    assert_eq!(carried(WORDS, true, |_| Fate::Comes), WORDS);
    assert_eq!(carried(WORDS, false, |_| Fate::Comes), WORDS);
}

#[test]
fn two_of_three_packets_may_be_lost_and_nothing_is_missed() {
    assert_eq!(carried(WORDS, true, |n| if n % 3 == 2 { Fate::Comes } else { Fate::Lost }), WORDS);
}

#[test]
fn three_lost_in_a_row_are_one_mark() {
    let read = carried(WORDS, true, |n| if (12..16).contains(&n) { Fate::Lost } else { Fate::Comes });
    assert_eq!(read.matches(LOST).count(), 1, "{read}");
    let (before, after) = read.split_once(LOST).unwrap();
    assert!(WORDS.starts_with(before) && WORDS.ends_with(after) && before.len() + after.len() < WORDS.len(), "{read}");
}

#[test]
fn without_redundancy_each_loss_is_a_mark() {
    let read = carried(WORDS, false, |n| if n == 6 || n == 12 { Fate::Lost } else { Fate::Comes });
    assert_eq!(read.matches(LOST).count(), 2, "{read}");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    /// Losses of at most two in a row, copies, and packets that are late: all of it is told, in order, and nothing is marked.
    #[test]
    fn a_bad_network_that_redundancy_covers_loses_no_letter(seed in proptest::collection::vec(0u8..10, 400)) {
        let mut lost = 0;
        let read = carried(WORDS, true, |n| {
            // The first comes, for nobody can know of one before it; the last ones as well, for nothing follows that would repeat them.
            let fate = match seed.get(n).copied().filter(|_| (1..30).contains(&n)) {
                Some(0..=3) if lost < 2 => Fate::Lost,
                Some(4) => Fate::Twice,
                Some(5) => Fate::Late(150),
                Some(6) => Fate::Late(650),
                _ => Fate::Comes,
            };
            lost = if matches!(fate, Fate::Lost) { lost + 1 } else { 0 };
            fate
        });
        prop_assert_eq!(read, WORDS);
    }

    /// Whatever is lost, what is read is what was typed but for marked gaps.
    #[test]
    fn whatever_is_lost_the_rest_is_read_in_order(seed in proptest::collection::vec(any::<bool>(), 400), redundant in any::<bool>()) {
        let read = carried(WORDS, redundant, |n| if seed.get(n).copied().unwrap_or(true) { Fate::Comes } else { Fate::Lost });
        let mut typed = WORDS.chars();
        for letter in read.chars().filter(|letter| *letter != LOST) {
            prop_assert!(typed.any(|one| one == letter), "{:?} is not in order in {}", letter, read);
        }
        prop_assert!(!read.contains(&String::from_iter([LOST, LOST])));
    }

    #[test]
    fn no_datagram_breaks_a_leg(datagrams in proptest::collection::vec(proptest::collection::vec(any::<u8>(), 0..60), 0..20)) {
        let now = clock::now();
        let mut leg = leg(now, true);
        let mut text = String::new();
        for mut data in datagrams {
            if let [first, second, ..] = data.as_mut_slice() {
                (*first, *second) = (0x80, 100);
            }
            leg.handle_datagram(now, address("10.0.0.9:4000"), &mut data.clone(), &mut text);
        }
        leg.finish(now, &mut text);
    }
}

#[test]
fn strangers_are_not_read_and_text_goes_to_where_it_comes_from() {
    let now = clock::now();
    let (mut typist, mut reader) = (leg(now, true), leg(now, true));
    typist.send(now, "hai").unwrap();
    let mut out = [0; MAX_DATAGRAM];
    let (to, length) = typist.poll_transmit(now, &mut out).unwrap();
    assert_eq!(to, address("10.0.0.9:4000"));
    let mut text = String::new();
    reader.handle_datagram(now, address("192.0.2.1:4000"), &mut out[..length], &mut text);
    reader.handle_datagram(now, address("10.0.0.9:4000"), &mut b"no rtp at all".to_vec(), &mut text);
    assert_eq!((text.as_str(), reader.counts.refused, reader.counts.malformed), ("", 1, 1));
    reader.handle_datagram(now, address("10.0.0.7:61000"), &mut out[..length], &mut text);
    assert_eq!(text, "hai");
    assert_eq!(reader.poll_transmit(now, &mut out).map(|(to, _)| to), Some(address("10.0.0.7:61000")));
    reader.handle_datagram(now, address("10.0.0.8:5000"), &mut out[..length], &mut text);
    assert_eq!(reader.counts.refused, 2, "a second source does not take over");
}

#[test]
fn who_types_faster_than_anybody_reads_is_cut_short_with_a_mark() {
    let now = clock::now();
    let mut reader = leg(now, false);
    let mut text = String::new();
    for n in 0..10u16 {
        let rtp =
            rtp_rs::RtpPacketBuilder::new().payload_type(98).ssrc(1).sequence(n.into()).payload(&[b'x'; 1_000]).build().unwrap();
        reader.handle_datagram(now, address("10.0.0.9:4000"), &mut rtp.clone(), &mut text);
    }
    assert_eq!((text.chars().filter(|letter| *letter == 'x').count(), reader.counts.flooded), (4_000, 6_000));
    assert!(text.ends_with(LOST));
}

#[test]
fn text_that_has_ended_takes_no_letters_and_goes_on_when_it_is_back() {
    let now = clock::now();
    let mut typist = leg(now, true);
    typist.set_remote(now, None);
    assert_eq!(typist.send(now, "hai"), Err(TextError::NoText));
    assert_eq!(typist.poll_transmit(now, &mut [0; MAX_DATAGRAM]), None);
    typist.set_remote(now, Some(RemoteText { address: address("10.0.0.9:4002"), pt: 98, redundancy_pt: None, srtp: None }));
    assert_eq!(typist.send(now, "hai"), Ok(()));
    assert_eq!(typist.poll_transmit(now, &mut [0; MAX_DATAGRAM]).map(|(to, _)| to), Some(address("10.0.0.9:4002")));
}

#[test]
fn what_waits_for_the_far_end_goes_out_before_the_leg_is_closed() {
    let now = clock::now();
    let mut typist = leg(now, true);
    let mut out = [0; MAX_DATAGRAM];
    typist.send(now, "kami").unwrap();
    typist.poll_transmit(now, &mut out).unwrap();
    typist.send(now, " datang").unwrap();
    assert_eq!(typist.poll_transmit(now, &mut out), None, "gathered with what may follow");
    typist.finish(now, &mut String::new());
    let (_, length) = typist.poll_transmit(now, &mut out).unwrap();
    assert!(out[..length].ends_with(b" datang"));
}

#[test]
fn encrypted_text_is_read_with_the_key_alone_and_nobody_elses_is() {
    let now = clock::now();
    let keys = |send, receive| Some(SrtpKeys::new([send; 30], [receive; 30]));
    let with = |srtp| {
        let mut leg = leg(now, true);
        leg.set_remote(now, Some(RemoteText { address: address("10.0.0.9:4000"), pt: 98, redundancy_pt: Some(100), srtp }));
        leg
    };
    let (mut typist, mut reader, mut stranger) = (with(keys(1, 2)), with(keys(2, 1)), with(None));
    typist.send(now, "api di lantai dua").unwrap();
    let (mut out, mut text) = ([0; MAX_DATAGRAM], String::new());
    let (_, length) = typist.poll_transmit(now, &mut out).unwrap();
    assert!(!out[..length].windows(3).any(|octets| octets == b"api"), "nothing goes in clear");
    let (mut again, mut changed) = (out, out);
    changed[length - 1] ^= 1;
    let from = address("10.0.0.9:4000");
    reader.handle_datagram(now, from, &mut changed[..length], &mut text);
    assert_eq!((text.as_str(), reader.counts.distrusted), ("", 1));
    reader.handle_datagram(now, from, &mut out[..length], &mut text);
    assert_eq!(text, "api di lantai dua");
    reader.handle_datagram(now, from, &mut again[..length], &mut text);
    assert_eq!(reader.counts.distrusted, 2, "it came before");

    stranger.send(now, "in clear").unwrap();
    let (_, length) = stranger.poll_transmit(now, &mut out).unwrap();
    reader.handle_datagram(now, from, &mut out[..length], &mut text);
    assert_eq!((text.as_str(), reader.counts.distrusted), ("api di lantai dua", 3));
}
