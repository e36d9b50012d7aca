//! Trunk legs through the engine, against media gateways on loopback.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, clippy::disallowed_methods)]

mod common;

use common::gateway::{Gateway, Got, sound};
use common::{Under, amplitude, engine, engine_in_both_families, id, loopback, remote};
use media::{Codec, ConnectError, Dropped, Event, OpenError, RemoteText, Side, Sound, TapItem, Text, TextError};
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// Opens a leg for a gateway that announced itself.
async fn open(under: &Under, number: u128, codec: Codec, tap: bool) -> Gateway {
    let mut gateway = Gateway::new(codec).await;
    let remote = remote(gateway.address(), codec);
    let leg = under.engine.open_trunk(id(number), loopback(), Some(remote), tap).await.unwrap();
    assert_eq!(leg.port() % 2, 0);
    gateway.sends_to(leg);
    gateway
}

fn in_order(packets: &[Got]) {
    for pair in packets.windows(2) {
        assert_eq!(pair[1].sequence.wrapping_sub(pair[0].sequence), 1, "numbers go on");
        assert_eq!(pair[1].ssrc, pair[0].ssrc);
    }
}

#[tokio::test]
async fn two_trunk_legs_hear_each_other_each_in_its_own_codec() {
    let mut under = engine(31_000..=31_019);
    let mut caller = open(&under, 1, Codec::Pcma, true).await;
    let mut fallback = open(&under, 2, Codec::Pcmu, false).await;
    under.engine.connect(id(1), id(2)).await.unwrap();
    let (heard_by_caller, heard_by_fallback) = tokio::join!(caller.talk(440.0, 60), fallback.talk(1_000.0, 60));
    under.expect(Event::FirstPacket { leg: id(1) }).await;

    in_order(&heard_by_caller);
    in_order(&heard_by_fallback);
    assert!(heard_by_caller.iter().all(|packet| packet.payload_type == 8));
    assert!(heard_by_fallback.iter().all(|packet| packet.payload_type == 0));
    let (to_caller, to_fallback) = (sound(&heard_by_caller), sound(&heard_by_fallback));
    assert!(to_caller.len() > 50 * 160 && to_fallback.len() > 50 * 160);
    assert!(amplitude(&to_caller, 1_000.0) > 7_000.0 && amplitude(&to_caller, 440.0) < 300.0);
    assert!(amplitude(&to_fallback, 440.0) > 7_000.0 && amplitude(&to_fallback, 1_000.0) < 300.0);

    let statistics = under.engine.close(id(1)).await.unwrap();
    assert_eq!((statistics.received, statistics.lost, statistics.refused), (60, 0, 0));
    assert!(statistics.sent > 50 && statistics.first_received.is_some() && statistics.first_sent.is_some());
    assert!(under.engine.close(id(1)).await.is_none());
}

#[tokio::test]
async fn the_first_packet_after_a_join_is_passed_on_at_once() {
    let under = engine(31_020..=31_039);
    let mut caller = open(&under, 1, Codec::Pcma, false).await;
    let fallback = open(&under, 2, Codec::Pcma, false).await;
    caller.send_tone(440.0).await;
    under.engine.connect(id(1), id(2)).await.unwrap();
    caller.send_tone(440.0).await;
    let heard = fallback.hear().await;
    assert!(heard.marker);
    under.engine.disconnect(id(1)).await;
    caller.send_tone(440.0).await;
    under.engine.connect(id(1), id(2)).await.unwrap();
    caller.send_tone(440.0).await;
    assert_eq!(fallback.hear().await.sequence.wrapping_sub(heard.sequence), 1, "no packet while apart");
}

#[tokio::test]
async fn only_the_trunks_networks_are_heard_and_a_second_source_does_not_take_over() {
    let under = engine(31_040..=31_059);
    let mut caller = open(&under, 1, Codec::Pcma, false).await;
    let mut other_port = Gateway::new(Codec::Pcma).await;
    let mut stranger = Gateway::on("127.0.0.2:0", Codec::Pcma).await;
    let fallback = open(&under, 2, Codec::Pcma, false).await;
    caller.talk(440.0, 1).await;
    let leg = {
        under.engine.play(id(1), Sound::Ringback).await.unwrap();
        caller.hear().await.from
    };
    under.engine.connect(id(1), id(2)).await.unwrap();
    for intruder in [&mut stranger, &mut other_port] {
        intruder.sends_to(leg);
        intruder.talk(1_000.0, 3).await;
    }
    caller.send_raw(b"no rtp at all").await;
    caller.send(96, false, &[1, 2, 3]).await;
    caller.send(8, false, &[]).await;
    caller.sequence = caller.sequence.wrapping_add(1);
    caller.send(8, false, &[0; 1_200]).await;
    caller.send_tone(440.0).await;
    fallback.hear().await;
    let statistics = under.engine.close(id(1)).await.unwrap();
    assert_eq!(statistics.refused, 6);
    assert_eq!((statistics.malformed, statistics.unknown_payload, statistics.empty, statistics.oversized), (1, 1, 1, 1));
    assert!(stranger.try_hear().is_none() && other_port.try_hear().is_none());
}

#[tokio::test]
async fn audio_goes_to_where_it_comes_from_not_to_where_the_sdp_says() {
    let under = engine(31_060..=31_079);
    let announced = Gateway::new(Codec::Pcma).await;
    let mut behind_nat = Gateway::new(Codec::Pcma).await;
    let leg = under.engine.open_trunk(id(1), loopback(), Some(remote(announced.address(), Codec::Pcma)), false).await.unwrap();
    under.engine.play(id(1), Sound::Ringback).await.unwrap();
    announced.hear().await;
    behind_nat.sends_to(leg);
    behind_nat.send_tone(440.0).await;
    behind_nat.hear().await;
    let moved = Gateway::new(Codec::Pcma).await;
    under.engine.set_remote(id(1), remote(moved.address(), Codec::Pcmu)).await;
    assert_eq!(moved.hear().await.payload_type, 0);
}

#[tokio::test]
async fn keys_are_told_once_and_sent_as_events() {
    let mut under = engine(31_080..=31_099);
    let mut caller = open(&under, 1, Codec::Pcma, false).await;
    for (duration, end) in [(160u16, 0u8), (320, 0), (480, 0x80), (480, 0x80), (480, 0x80)] {
        let [high, low] = duration.to_be_bytes();
        caller.send(101, duration == 160, &[11, end | 10, high, low]).await;
        caller.sequence = caller.sequence.wrapping_add(1);
    }
    under.expect(Event::Digit { leg: id(1), digit: '#', passed_on: false }).await;

    under.engine.send_digits(id(1), "1 9".to_owned()).await;
    let train = caller.hear_many(16).await;
    in_order(&train);
    assert!(train.iter().all(|packet| packet.payload_type == 101));
    assert_eq!(train.iter().filter(|packet| packet.marker).count(), 2);
    let keys: Vec<u8> = train.iter().map(|packet| packet.payload[0]).collect();
    assert_eq!(keys, [[1; 8], [9; 8]].concat());
    assert_eq!(train[8].timestamp.wrapping_sub(train[0].timestamp), 1_920);
    assert!(train[..8].iter().all(|packet| packet.timestamp == train[0].timestamp));
    assert_eq!(train.iter().filter(|packet| packet.payload[1] & 0x80 != 0).count(), 6);
    under.engine.shut_down().await;
    while let Some(event) = under.events.recv().await {
        assert!(!matches!(event, Event::Digit { .. }), "told twice");
    }
}

#[tokio::test]
async fn a_far_end_without_events_hears_key_tones() {
    let under = engine(31_100..=31_109);
    let gateway = Gateway::new(Codec::Pcma).await;
    let mut remote = remote(gateway.address(), Codec::Pcma);
    remote.telephone_event = None;
    under.engine.open_trunk(id(1), loopback(), Some(remote), false).await.unwrap();
    under.engine.send_digits(id(1), "5".to_owned()).await;
    let pcm = sound(&gateway.hear_many(5).await);
    assert!(amplitude(&pcm, 770.0) > 7_000.0 && amplitude(&pcm, 1_336.0) > 7_000.0);
}

#[tokio::test]
async fn key_tones_follow_one_another_and_what_is_played_goes_on_behind_them() {
    let under = engine(31_470..=31_479);
    let gateway = Gateway::new(Codec::Pcma).await;
    let mut remote = remote(gateway.address(), Codec::Pcma);
    remote.telephone_event = None;
    under.engine.open_trunk(id(1), loopback(), Some(remote), false).await.unwrap();
    let music = common::tone(500.0, 0, 8_000).into();
    under.engine.play(id(1), Sound::Samples { pcm: music, looped: true }).await.unwrap();
    for key in ["5", "9"] {
        under.engine.send_digits(id(1), key.to_owned()).await;
    }
    // 100 ms each, and 80 ms of silence behind each.
    let heard = gateway.hear_many(40).await;
    in_order(&heard);
    let pcm = sound(&heard);
    let begins = |from: &usize| amplitude(&pcm[*from..(from + 400).min(pcm.len())], 1_336.0) > 5_000.0;
    let keys = (0..pcm.len()).step_by(80).find(begins).unwrap();
    for (from, low, high) in [(keys, 770.0, 1_336.0), (keys + 1_440, 852.0, 1_477.0)] {
        let key = &pcm[from + 160..from + 640];
        assert!(amplitude(key, low) > 6_000.0 && amplitude(key, high) > 6_000.0, "{low}");
    }
    let behind = &pcm[keys + 2 * 1_440 + 320..][..1_600];
    assert!(amplitude(behind, 500.0) > 3_000.0 && amplitude(behind, 852.0) < 500.0);
}

#[tokio::test]
async fn ringback_rings_at_425_hz_every_20_ms_before_anything_is_heard() {
    let under = engine(31_110..=31_119);
    let caller = open(&under, 1, Codec::Pcma, false).await;
    under.engine.play(id(1), Sound::Ringback).await.unwrap();
    let packets = caller.hear_many(75).await;
    in_order(&packets);
    for pair in packets.windows(2) {
        assert_eq!(pair[1].timestamp.wrapping_sub(pair[0].timestamp), 160);
    }
    let took = packets[74].at - packets[0].at;
    assert!(took > Duration::from_millis(1_440) && took < Duration::from_secs(5), "{took:?}");
    let pcm = sound(&packets);
    assert!(amplitude(&pcm[..8_000], 425.0) > 6_000.0);
    assert!(pcm[8_000..].iter().all(|sample| sample.abs() < 16));
    under.engine.stop_playing(id(1)).await.unwrap();
    while caller.try_hear().is_some() {}
    under.engine.play(id(1), Sound::Ringback).await.unwrap();
    let again = caller.hear().await;
    assert!(again.marker);
}

#[tokio::test]
async fn a_sound_played_once_tells_its_end_and_the_peer_is_heard_again() {
    let mut under = engine(31_120..=31_139);
    let caller = open(&under, 1, Codec::Pcma, false).await;
    let mut fallback = open(&under, 2, Codec::Pcma, false).await;
    under.engine.connect(id(1), id(2)).await.unwrap();
    let announcement: Arc<[i16]> = common::tone(600.0, 0, 1_600).into();
    under.engine.play(id(1), Sound::Samples { pcm: announcement, looped: false }).await.unwrap();
    fallback.send_tone(1_000.0).await;
    let packets = caller.hear_many(10).await;
    assert!(amplitude(&sound(&packets), 600.0) > 7_000.0, "the sound comes before the peer");
    under.expect(Event::Played { leg: id(1) }).await;
    fallback.send_tone(1_000.0).await;
    let after = caller.hear().await;
    assert!(amplitude(&after.pcm(), 1_000.0) > 6_000.0);
    assert_eq!(after.sequence.wrapping_sub(packets[9].sequence), 1);
    assert!(after.timestamp.wrapping_sub(packets[9].timestamp) >= 160);
}

#[tokio::test]
async fn ports_run_out_with_a_word_and_come_back() {
    let under = engine(31_141..=31_145);
    open(&under, 1, Codec::Pcma, false).await;
    open(&under, 2, Codec::Pcma, false).await;
    let refused = under.engine.open_trunk(id(3), loopback(), None, false).await;
    assert!(matches!(refused, Err(OpenError::PortsExhausted)));
    assert!(matches!(under.engine.open_trunk(id(1), loopback(), None, false).await, Err(OpenError::AlreadyOpen)));
    under.engine.close(id(1)).await.unwrap();
    under.engine.open_trunk(id(3), loopback(), None, false).await.unwrap();
}

#[tokio::test]
async fn joins_that_cannot_be_are_refused() {
    let under = engine(31_150..=31_159);
    for number in 1..=3 {
        open(&under, number, Codec::Pcma, false).await;
    }
    let connect = |a, b| under.engine.connect(id(a), id(b));
    assert_eq!(connect(9, 1).await, Err(ConnectError::NoLeg));
    assert_eq!(connect(1, 9).await, Err(ConnectError::NoPeer));
    assert_eq!(connect(1, 1).await, Err(ConnectError::NoPeer));
    assert_eq!(connect(1, 2).await, Ok(()));
    assert_eq!(connect(1, 2).await, Ok(()));
    assert_eq!(connect(3, 2).await, Err(ConnectError::Busy));
    under.engine.close(id(1)).await.unwrap();
    assert_eq!(connect(3, 2).await, Ok(()));
    under.engine.shut_down().await;
    assert_eq!(connect(3, 2).await, Err(ConnectError::Unavailable));
}

#[tokio::test]
async fn a_silent_side_is_told_and_its_return_too() {
    let mut under = engine(31_160..=31_169);
    let mut caller = open(&under, 1, Codec::Pcma, false).await;
    let mut fallback = open(&under, 2, Codec::Pcma, false).await;
    under.engine.connect(id(1), id(2)).await.unwrap();
    // For a second, so that who counted from the join would tell too soon.
    tokio::join!(caller.talk(440.0, 50), fallback.talk(440.0, 50));
    let last_spoken = Instant::now();
    fallback.send_tone(440.0).await;
    let one_way = async {
        let told_after = tokio::select! {
            () = under.expect(Event::OneWay { leg: id(1), silent: id(2) }) => last_spoken.elapsed(),
            _ = caller.talk(440.0, 1_000) => panic!("one-way audio was not noticed"),
        };
        tokio::join!(caller.talk(440.0, 20), fallback.talk(440.0, 20));
        under.expect(Event::HeardAgain { leg: id(1), again: id(2) }).await;
        told_after
    };
    let told_after = tokio::time::timeout(common::PATIENCE, one_way).await.unwrap();
    // Three seconds and the tenth at which the engine looks; the rest is for a busy machine.
    assert!((2.9..3.5).contains(&told_after.as_secs_f64()), "told {told_after:?} after the last packet");
}

#[tokio::test]
async fn the_tap_holds_both_sides_on_one_timeline() {
    let under = engine(31_170..=31_179);
    let mut caller = open(&under, 1, Codec::Pcma, true).await;
    under.engine.play(id(1), Sound::Ringback).await.unwrap();
    caller.hear_many(10).await;
    caller.talk(1_000.0, 25).await;
    caller.sequence = caller.sequence.wrapping_add(5);
    caller.pause(5).await;
    caller.talk(1_000.0, 25).await;
    let statistics = under.engine.close(id(1)).await.unwrap();
    assert_eq!(statistics.lost, 5);

    let items = under.recording();
    assert!(matches!(items.first(), Some(TapItem::Started { leg, .. }) if *leg == id(1)));
    assert_eq!(items.last(), Some(&TapItem::Ended { leg: id(1), dropped: Dropped::default() }));
    let side = |wanted: Side| -> Vec<(u64, Vec<i16>)> {
        let frames = items.iter().filter_map(|item| match item {
            TapItem::Frame(frame) if frame.side == wanted => Some((frame.position, frame.pcm.clone())),
            _ => None,
        });
        frames.collect()
    };
    for frames in [side(Side::Caller), side(Side::Operator)] {
        for pair in frames.windows(2) {
            assert!(pair[1].0 >= pair[0].0 + pair[0].1.len() as u64, "frames overlap");
        }
    }
    let (spoken, rung) = (side(Side::Caller), side(Side::Operator));
    assert_eq!(rung[0].0, 0, "the timeline begins with the first packet of either side");
    assert_eq!((spoken.len(), rung.len() as u64), (50, statistics.sent));
    // The caller began after ten packets of ringback.
    assert!((8 * 160..30 * 160).contains(&spoken[0].0), "caller began at {}", spoken[0].0);
    assert_eq!(spoken[25].0 - spoken[24].0, 160 + 800, "a gap is left as a gap");
    let pcm: Vec<i16> = spoken.into_iter().flat_map(|(_, pcm)| pcm).collect();
    assert!(amplitude(&pcm[..4_000], 1_000.0) > 7_000.0);
    let rung: Vec<i16> = rung.into_iter().flat_map(|(_, pcm)| pcm).collect();
    assert!(amplitude(&rung[..4_000], 425.0) > 6_000.0);
}

#[tokio::test]
async fn a_leg_without_an_sdp_answers_whoever_of_the_trunk_is_heard() {
    let under = engine(31_180..=31_189);
    let mut caller = Gateway::new(Codec::Pcmu).await;
    let leg: SocketAddr = under.engine.open_trunk(id(1), loopback(), None, false).await.unwrap();
    under.engine.play(id(1), Sound::Ringback).await.unwrap();
    caller.sends_to(leg);
    caller.send_tone(440.0).await;
    assert_eq!(caller.hear().await.payload_type, 0, "in the codec it speaks");
}

#[tokio::test]
async fn a_far_end_that_holds_the_call_is_sent_nothing_and_hears_no_hole_afterwards() {
    let mut under = engine(31_190..=31_199);
    let caller = open(&under, 1, Codec::Pcma, false).await;
    let mut fallback = open(&under, 2, Codec::Pcma, false).await;
    under.engine.connect(id(1), id(2)).await.unwrap();
    fallback.send_tone(440.0).await;
    let before = caller.hear().await;
    let talking = remote(caller.address(), Codec::Pcma);
    under.engine.set_remote(id(1), media::RemoteAudio { send: false, ..talking }).await;
    for _ in 0..3 {
        fallback.send_tone(440.0).await;
    }
    // A key on the same socket is told after the three packets were taken.
    fallback.send(101, true, &[1, 10, 0, 160]).await;
    fallback.sequence = fallback.sequence.wrapping_add(1);
    under.expect(Event::Digit { leg: id(2), digit: '1', passed_on: true }).await;
    under.engine.set_remote(id(1), talking).await;
    fallback.send_tone(440.0).await;
    let after = caller.hear().await;
    assert_eq!(after.timestamp.wrapping_sub(before.timestamp), 4 * 160);
    assert_eq!(after.sequence.wrapping_sub(before.sequence), 1);
}

#[tokio::test]
async fn a_leg_is_received_and_sent_by_both_families_of_addresses_and_follows_a_far_end_from_one_to_the_other() {
    let mut under = engine_in_both_families(31_700..=31_739);
    let ours = under.engine.other_address().unwrap();
    let mut caller = Gateway::on("[::1]:0", Codec::Pcma).await;
    let of_caller = remote(caller.address(), Codec::Pcma);
    let leg = under.engine.open_trunk(id(1), loopback(), Some(of_caller), false).await.unwrap();
    caller.sends_to(SocketAddr::new(ours, leg.port()));
    let mut fallback = open(&under, 2, Codec::Pcma, false).await;
    // Which brings both onto one thread.
    under.engine.connect(id(1), id(2)).await.unwrap();
    let (to_caller, to_fallback) = tokio::join!(caller.talk(440.0, 40), fallback.talk(1_000.0, 40));
    assert!(to_caller.iter().all(|packet| packet.from == SocketAddr::new(ours, leg.port())));
    assert!(amplitude(&sound(&to_caller), 1_000.0) > 6_000.0 && amplitude(&sound(&to_fallback), 440.0) > 6_000.0);

    let mut moved = Gateway::new(Codec::Pcma).await;
    moved.sends_to(leg);
    (moved.sequence, moved.timestamp) = (caller.sequence, caller.timestamp);
    under.engine.set_remote(id(1), remote(moved.address(), Codec::Pcma)).await;
    let (to_moved, to_fallback) = tokio::join!(moved.talk(700.0, 40), fallback.talk(1_000.0, 40));
    assert!(to_moved.iter().all(|packet| packet.from == leg));
    assert!(amplitude(&sound(&to_moved), 1_000.0) > 6_000.0 && amplitude(&sound(&to_fallback), 700.0) > 6_000.0);
    assert!(caller.try_hear().is_none());

    let mut typist = Gateway::on("[::1]:0", Codec::Pcma).await;
    let place = under.engine.open_text(id(1), loopback()).await.unwrap();
    typist.sends_to(SocketAddr::new(ours, place.port()));
    let remote = RemoteText { address: typist.address(), pt: 98, redundancy_pt: None, srtp: None };
    under.engine.set_text_remote(id(1), Some(remote)).await;
    assert_eq!(typist.hear().await.from, SocketAddr::new(ours, place.port()));
    typist.send(98, true, b"api").await;
    under.expect(Event::Text { leg: id(1), text: Text("api".into()) }).await;
}

#[tokio::test]
async fn a_port_that_is_taken_in_one_family_is_passed_over_in_both() {
    let under = engine_in_both_families(31_740..=31_743);
    let taken = tokio::net::UdpSocket::bind("[::1]:31741").await.unwrap();
    let leg = under.engine.open_trunk(id(1), loopback(), None, false).await.unwrap();
    assert_eq!(leg.port(), 31_742);
    let none = under.engine.open_trunk(id(2), loopback(), None, false).await;
    assert!(matches!(none, Err(OpenError::PortsExhausted)));
    drop(taken);
    assert!(under.engine.open_trunk(id(2), loopback(), None, false).await.is_ok());
}

#[tokio::test]
async fn text_beside_a_leg_goes_both_ways_over_a_port_of_its_own_and_moves_with_the_leg() {
    let mut under = engine(30_900..=30_919);
    let _caller = open(&under, 1, Codec::Pcma, false).await;
    let _fallback = open(&under, 2, Codec::Pcma, false).await;
    assert_eq!(under.engine.send_text(id(1), "hai".into()).await, Err(TextError::NoText));
    let mut typist = Gateway::new(Codec::Pcma).await;
    let place = under.engine.open_text(id(1), loopback()).await.unwrap();
    assert_eq!((place.port() % 2, under.engine.open_text(id(1), loopback()).await.unwrap()), (0, place));
    typist.sends_to(place);
    let remote = RemoteText { address: typist.address(), pt: 98, redundancy_pt: Some(100), srtp: None };
    under.engine.set_text_remote(id(1), Some(remote)).await;
    let opened = typist.hear().await;
    assert_eq!((opened.payload_type, opened.marker, opened.payload.as_slice()), (100, true, "\u{62}\u{feff}".as_bytes()));

    typist.send(98, true, "tolong\u{2028}".as_bytes()).await;
    under.expect(Event::Text { leg: id(1), text: Text("tolong\n".into()) }).await;
    // Caller and fallback come together on one thread; the text comes along.
    under.engine.connect(id(1), id(2)).await.unwrap();
    typist.sequence = typist.sequence.wrapping_add(1);
    typist.send(98, false, b"api").await;
    under.expect(Event::Text { leg: id(1), text: Text("api".into()) }).await;
    under.engine.send_text(id(1), "di mana?\n".into()).await.unwrap();
    let mut seen = String::new();
    while !seen.contains("di mana?\u{2028}") {
        let got = typist.hear().await;
        assert_eq!((got.payload_type, got.ssrc, got.from), (100, opened.ssrc, place));
        seen = String::from_utf8_lossy(&got.payload).into_owned();
    }
    under.engine.set_text_remote(id(1), None).await;
    assert_eq!(under.engine.send_text(id(1), "hai".into()).await, Err(TextError::NoText));
    under.engine.close(id(1)).await.unwrap();
    assert!(matches!(under.engine.open_text(id(1), loopback()).await, Err(OpenError::NoLeg)));
    assert_eq!(under.engine.send_text(id(1), "hai".into()).await, Err(TextError::NoText));
}
