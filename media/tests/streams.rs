//! What surrounds the audio of trunk legs, through the engine: reports, protection, packet lengths, threads.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic)]

mod common;

use common::gateway::{Gateway, sound};
use common::{Under, amplitude, engine, id, loopback, remote};
use media::{Codec, Dropped, Event, RemoteAudio, RtcpAddress, Side, Sound, SrtpKeys, TapItem};
use std::net::SocketAddr;
use std::sync::Arc;

async fn open(under: &Under, number: u128, tap: bool, change: impl FnOnce(&mut RemoteAudio)) -> (Gateway, SocketAddr) {
    let mut gateway = Gateway::new(Codec::Pcma).await;
    let mut remote = remote(gateway.address(), Codec::Pcma);
    change(&mut remote);
    let leg = under.engine.open_trunk(id(number), loopback(), Some(remote), tap).await.unwrap();
    gateway.sends_to(leg);
    (gateway, leg)
}

#[tokio::test]
async fn reports_are_sent_and_taken_on_the_port_after_that_of_rtp() {
    let mut under = engine(31_300..=31_309);
    let mut reports = Gateway::new(Codec::Pcma).await;
    let to = reports.address();
    let (mut caller, leg) = open(&under, 1, false, |remote| remote.rtcp = RtcpAddress::At(to)).await;
    let (mut other, _) = open(&under, 2, false, |remote| remote.rtcp = RtcpAddress::Muxed).await;
    under.engine.connect(id(1), id(2)).await.unwrap();
    let quality = async {
        loop {
            if let Some(Event::Quality { leg, loss_percent, mos, .. }) = under.events.recv().await
                && leg == id(1)
            {
                return (loss_percent, mos);
            }
        }
    };
    let talk = async {
        tokio::join!(caller.talk(440.0, 300), other.talk(440.0, 300));
    };
    let ((loss_percent, mos), ()) = tokio::join!(quality, talk);
    assert!(loss_percent < 5.0 && mos > 3.5, "{loss_percent} {mos}");

    let (report, from) = reports.hear_raw().await;
    assert_eq!((from.port(), report[1]), (leg.port() + 1, 200), "a sender report");
    assert!(!report.windows(9).any(|part| part == b"127.0.0.1"), "no address in the name");
    // An empty receiver report, on its own port and on that of RTP.
    reports.sends_to(from);
    reports.send_raw(&[0x80, 201, 0, 1, 0, 0, 0, 9]).await;
    caller.send_raw(&[0x80, 201, 0, 1, 0, 0, 0, 9]).await;
    caller.send_raw(&[0x80, 201, 0, 7, 0, 0, 0, 9]).await;
    under.engine.disconnect(id(1)).await;
    // A key on the port of RTP is told after what came before it.
    caller.send(101, true, &[1, 10, 0, 160]).await;
    under.expect(Event::Digit { leg: id(1), digit: '1', passed_on: false }).await;
    let statistics = under.engine.close(id(1)).await.unwrap();
    assert!(statistics.mos.is_some_and(|mos| mos > 3.5) && statistics.control_sent >= 1);
    assert_eq!((statistics.control_malformed, statistics.lost), (1, 0));
    assert!(statistics.control_received >= 1);
    loop {
        let (goodbye, _) = reports.hear_raw().await;
        if goodbye.windows(4).any(|part| part == [0x81, 203, 0, 1]) {
            break;
        }
    }
}

#[tokio::test]
async fn a_caller_who_only_sends_reports_and_is_not_heard_is_told() {
    let mut under = engine(31_310..=31_319);
    let (caller, _) = open(&under, 1, false, |_| {}).await;
    let (mut other, _) = open(&under, 2, false, |_| {}).await;
    under.engine.connect(id(1), id(2)).await.unwrap();
    let reporting = async {
        let mut pace = tokio::time::interval(std::time::Duration::from_millis(200));
        loop {
            pace.tick().await;
            caller.send_raw(&[0x80, 201, 0, 1, 0, 0, 0, 9]).await;
        }
    };
    tokio::select! {
        () = under.expect(Event::OneWay { leg: id(1), silent: id(1) }) => {}
        () = reporting => {}
        _ = other.talk(440.0, 1_000) => panic!("one-way audio was not noticed"),
    }
}

#[tokio::test]
async fn a_protected_trunk_and_one_in_clear_hear_each_other() {
    let under = engine(31_320..=31_329);
    let (ours, theirs) = ([3; 30], [4; 30]);
    let inner = engine(31_330..=31_339);
    // The far end of the protected leg is a leg of another engine, which hands the audio on in clear.
    let far = inner.engine.open_trunk(id(8), loopback(), None, false).await.unwrap();
    let mut protected = remote(far, Codec::Pcma);
    protected.srtp = Some(SrtpKeys::new(ours, theirs));
    let near = under.engine.open_trunk(id(1), loopback(), Some(protected), false).await.unwrap();
    let swapped = SrtpKeys::new(theirs, ours);
    inner.engine.set_remote(id(8), RemoteAudio { srtp: Some(swapped), ..remote(near, Codec::Pcma) }).await;
    let (mut caller, _) = open(&inner, 9, false, |_| {}).await;
    let (mut other, _) = open(&under, 2, false, |_| {}).await;
    inner.engine.connect(id(8), id(9)).await.unwrap();
    under.engine.connect(id(1), id(2)).await.unwrap();
    let (to_caller, to_other) = tokio::join!(caller.talk(440.0, 60), other.talk(1_000.0, 60));
    assert!(amplitude(&sound(&to_caller), 1_000.0) > 6_000.0);
    assert!(amplitude(&sound(&to_other), 440.0) > 6_000.0);
    for statistics in [under.engine.close(id(1)).await.unwrap(), inner.engine.close(id(8)).await.unwrap()] {
        assert_eq!((statistics.forged, statistics.replayed, statistics.lost), (0, 0, 0));
        assert!(statistics.received > 50);
    }
}

#[tokio::test]
async fn sounds_and_peers_are_heard_in_packets_of_the_length_that_was_asked_for() {
    let mut under = engine(31_340..=31_349);
    let (caller, _) = open(&under, 1, true, |remote| remote.ptime_ms = 30).await;
    let (mut other, _) = open(&under, 2, false, |_| {}).await;
    let pcm: Arc<[i16]> = common::tone(600.0, 0, 2_400).into();
    under.engine.play(id(1), Sound::Samples { pcm, looped: false }).await.unwrap();
    let played = caller.hear_many(10).await;
    assert!(played.iter().all(|packet| packet.payload.len() == 240));
    assert!(amplitude(&sound(&played), 600.0) > 7_000.0);
    under.expect(Event::Played { leg: id(1) }).await;
    under.engine.connect(id(1), id(2)).await.unwrap();
    other.talk(1_000.0, 31).await;
    let heard = caller.hear_many(20).await;
    assert!(heard.iter().all(|packet| packet.payload.len() == 240));
    for pair in heard.windows(2) {
        assert_eq!(pair[1].timestamp.wrapping_sub(pair[0].timestamp), 240);
        assert_eq!(pair[1].sequence.wrapping_sub(pair[0].sequence), 1);
    }
    assert!(amplitude(&sound(&heard), 1_000.0) > 7_000.0);
    under.engine.close(id(1)).await.unwrap();
    let recorded: usize = under
        .recording()
        .iter()
        .map(|item| match item {
            TapItem::Frame(frame) if frame.side == Side::Operator => frame.pcm.len(),
            _ => 0,
        })
        .sum();
    assert_eq!(recorded, 30 * 240, "what was sent is recorded, no more");
}

#[tokio::test]
async fn legs_that_began_on_different_threads_are_joined_and_recorded_without_a_gap() {
    let mut under = engine(31_350..=31_379);
    let (mut calls, mut items) = (vec![], vec![]);
    for number in (1..=10).step_by(2) {
        let (mut caller, _) = open(&under, number, true, |_| {}).await;
        let (other, _) = open(&under, number + 1, false, |_| {}).await;
        under.engine.play(id(number), Sound::Ringback).await.unwrap();
        caller.hear_many(3).await;
        caller.talk(440.0, 3).await;
        calls.push((number, caller, other));
    }
    for (number, mut caller, mut other) in calls {
        let joined = async {
            under.engine.connect(id(number), id(number + 1)).await.unwrap();
        };
        // What is played goes on, and what is said meanwhile is not lost.
        let (ringing, ()) = tokio::join!(caller.talk(440.0, 10), joined);
        assert!(ringing.len() > 5);
        under.engine.stop_playing(id(number)).await.unwrap();
        let (to_caller, to_other) = tokio::join!(caller.talk(440.0, 50), other.talk(1_000.0, 50));
        assert!(amplitude(&sound(&to_caller[10..]), 1_000.0) > 7_000.0, "call {number}");
        assert!(amplitude(&sound(&to_other), 440.0) > 7_000.0, "call {number}");
        let statistics = under.engine.close(id(number)).await.unwrap();
        assert_eq!((statistics.lost, statistics.refused, statistics.received), (0, 0, 63));
        // Those of the other calls are among them.
        items.extend(under.recording());
        let of_call =
            |item: &&TapItem| matches!(item, TapItem::Frame(frame) if frame.leg == id(number) && frame.side == Side::Caller);
        assert_eq!(items.iter().filter(of_call).count(), 63, "call {number}");
        assert_eq!(items.last(), Some(&TapItem::Ended { leg: id(number), dropped: Dropped::default() }));
        let begin = items.iter().position(|item| matches!(item, TapItem::Started { leg, .. } if *leg == id(number)));
        assert!(begin < items.iter().position(|item| of_call(&item)), "a recording begins before its first frame");
        under.engine.close(id(number + 1)).await.unwrap();
    }
    under.engine.shut_down().await;
    while under.events.recv().await.is_some() {}
}
