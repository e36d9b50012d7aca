//! The operator's WebRTC leg through the engine, against a browser made of str0m.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic)]

mod common;

use common::browser::{Browser, Played};
use common::gateway::{Gateway, sound};
use common::{Under, amplitude, engine, engine_in_both_families, id, loopback, remote};
use media::{AttachError, Codec, ConnectError, Event, Side, Sound, TapItem};
use std::time::Duration;

const CALLER: u128 = 1;
const OPERATOR: u128 = 900;

async fn attach(under: &mut Under) -> Browser {
    attach_from(under, Browser::open()).await
}

async fn attach_from(under: &mut Under, browser: Browser) -> Browser {
    let answer = under.engine.attach_operator(id(OPERATOR), browser.offer.clone()).await.unwrap();
    assert!(answer.contains("a=ice-lite") && answer.contains("PCMA") && answer.contains("telephone-event"));
    assert!(!answer.contains("CN/8000"));
    browser.answer(answer);
    under.expect(Event::OperatorConnected { operator: id(OPERATOR) }).await;
    browser
}

async fn call(under: &Under, codec: Codec) -> Gateway {
    let mut caller = Gateway::new(codec).await;
    let remote = remote(caller.address(), codec);
    caller.sends_to(under.engine.open_trunk(id(CALLER), loopback(), Some(remote), true).await.unwrap());
    caller
}

fn heard(packets: &[Played]) -> Vec<i16> {
    packets.iter().flat_map(|packet| packet.pcm.clone()).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn caller_and_operator_hear_each_other_and_nothing_is_sent_while_idle() {
    let mut under = engine(31_200..=31_209);
    let browser = attach(&mut under).await;
    browser.speak(1_000.0);
    let mut caller = call(&under, Codec::Pcmu).await;
    caller.talk(440.0, 20).await;
    assert!(browser.has_heard_nothing(), "the leg is silent until it is joined");
    assert!(caller.try_hear().is_none());

    under.engine.connect(id(CALLER), id(OPERATOR)).await.unwrap();
    let to_caller = caller.talk(440.0, 60).await;
    let to_operator = browser.hear_many(60);
    assert!(amplitude(&heard(&to_operator), 440.0) > 7_000.0);
    assert!(amplitude(&sound(&to_caller), 1_000.0) > 7_000.0);
    assert!(to_caller.iter().all(|packet| packet.payload_type == 0), "written in the trunk's codec");
    assert!(to_operator.iter().all(|packet| packet.payload_type == 0), "not transcoded without need");
    assert!(to_operator.iter().all(|packet| packet.level.is_some_and(|level| (-20..-5).contains(&level))));
    for pair in to_operator.windows(2) {
        assert_eq!(pair[1].sequence - pair[0].sequence, 1);
        assert_eq!(pair[1].timestamp.wrapping_sub(pair[0].timestamp), 160);
    }

    under.engine.disconnect(id(CALLER)).await;
    under.engine.close(id(CALLER)).await.unwrap();
    let items = under.recording();
    for (side, hertz) in [(Side::Caller, 440.0), (Side::Operator, 1_000.0)] {
        let pcm: Vec<i16> = items
            .iter()
            .filter_map(|item| match item {
                TapItem::Frame(frame) if frame.side == side => Some(frame.pcm.clone()),
                _ => None,
            })
            .flatten()
            .collect();
        assert!(amplitude(&pcm, hertz) > 7_000.0, "{side:?} is recorded");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_browser_that_has_only_the_other_family_of_addresses_is_heard_too() {
    let mut under = engine_in_both_families(31_750..=31_759);
    let browser = attach_from(&mut under, Browser::on("[::1]:0")).await;
    browser.speak(1_000.0);
    let mut caller = call(&under, Codec::Pcma).await;
    under.engine.connect(id(CALLER), id(OPERATOR)).await.unwrap();
    let to_caller = caller.talk(440.0, 60).await;
    assert!(amplitude(&heard(&browser.hear_many(60)), 440.0) > 7_000.0);
    assert!(amplitude(&sound(&to_caller), 1_000.0) > 7_000.0);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_caller_said_just_before_the_join_is_heard_without_waiting_for_the_next_packet() {
    let mut under = engine(31_190..=31_199);
    let browser = attach(&mut under).await;
    // A machine that stands still for as long as the word is fresh may miss one, but not ten.
    for _ in 0..10 {
        let mut caller = call(&under, Codec::Pcma).await;
        caller.send_tone(440.0).await;
        under.expect(Event::FirstPacket { leg: id(CALLER) }).await;
        under.engine.connect(id(CALLER), id(OPERATOR)).await.unwrap();
        let heard = browser.hear_within(Duration::from_millis(200));
        under.engine.close(id(CALLER)).await.unwrap();
        if let Some(heard) = heard {
            assert!(amplitude(&heard.pcm, 440.0) > 7_000.0);
            return;
        }
    }
    panic!("the caller's last word is lost");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_second_call_goes_on_in_the_same_stream_along_the_wall_clock() {
    let mut under = engine(31_210..=31_219);
    let browser = attach(&mut under).await;
    let mut caller = call(&under, Codec::Pcma).await;
    under.engine.connect(id(CALLER), id(OPERATOR)).await.unwrap();
    caller.talk(440.0, 5).await;
    let last = browser.hear_many(5)[4].clone();
    under.engine.close(id(CALLER)).await.unwrap();
    caller.pause(30).await;
    let mut caller = call(&under, Codec::Pcma).await;
    under.engine.connect(id(CALLER), id(OPERATOR)).await.unwrap();
    caller.talk(440.0, 2).await;
    let next = browser.hear();
    assert_eq!(next.sequence, last.sequence + 1);
    let step = next.timestamp.wrapping_sub(last.timestamp);
    assert!((4_800..40_000).contains(&step), "{step}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_reload_in_the_middle_of_a_call_keeps_the_call() {
    let mut under = engine(31_220..=31_229);
    let old = attach(&mut under).await;
    old.speak(1_000.0);
    let mut caller = call(&under, Codec::Pcma).await;
    under.engine.connect(id(CALLER), id(OPERATOR)).await.unwrap();
    caller.talk(440.0, 10).await;
    old.hear_many(5);

    let new = attach(&mut under).await;
    old.wait_closed();
    new.speak(700.0);
    let to_caller = caller.talk(440.0, 60).await;
    let to_operator = new.hear_many(30);
    assert!(amplitude(&heard(&to_operator), 440.0) > 7_000.0);
    let late = &to_caller[to_caller.len() - 30..];
    assert!(amplitude(&sound(late), 700.0) > 6_000.0);
    assert!(to_caller.iter().all(|packet| packet.ssrc == to_caller[0].ssrc));
}

#[tokio::test(flavor = "multi_thread")]
async fn keys_pressed_in_the_browser_reach_the_trunk_as_events() {
    let mut under = engine(31_230..=31_239);
    let browser = attach(&mut under).await;
    browser.speak(1_000.0);
    let mut caller = call(&under, Codec::Pcma).await;
    under.engine.connect(id(CALLER), id(OPERATOR)).await.unwrap();
    caller.talk(440.0, 10).await;
    browser.press(7);
    let packets = caller.talk(440.0, 40).await;
    let events: Vec<_> = packets.iter().filter(|packet| packet.payload_type == 101).collect();
    assert_eq!(events.len(), 8);
    assert!(events[0].marker && events.iter().all(|event| event.payload[0] == 7 && event.timestamp == events[0].timestamp));
    for pair in packets.windows(2) {
        assert_eq!(pair[1].sequence.wrapping_sub(pair[0].sequence), 1);
    }
    // The caller's own key is told, but not sent to the browser, where it would be heard as a tone.
    while !browser.has_heard_nothing() {}
    caller.send(101, true, &[3, 10, 0, 160]).await;
    caller.sequence = caller.sequence.wrapping_add(1);
    under.expect(Event::Digit { leg: id(CALLER), digit: '3', passed_on: false }).await;
    let before = browser.has_heard_nothing();
    caller.talk(440.0, 3).await;
    let next = browser.hear_many(3);
    assert!(before && next.windows(2).all(|pair| pair[1].sequence - pair[0].sequence == 1));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_headset_test_plays_a_tone_and_hears_the_microphone() {
    let mut under = engine(31_240..=31_249);
    assert_eq!(under.engine.test_operator(id(OPERATOR)).await, Err(ConnectError::NoPeer));
    let browser = attach(&mut under).await;
    let silent = under.engine.test_operator(id(OPERATOR)).await.unwrap();
    assert_eq!(silent.microphone_dbfs, None);
    // Its first packets may come before the browser has its keys.
    let tone = browser.hear_many(90);
    assert!((amplitude(&heard(&tone), 1_000.0) - 8_231.0).abs() < 400.0);
    browser.speak(300.0);
    let level = under.engine.test_operator(id(OPERATOR)).await.unwrap().microphone_dbfs.unwrap();
    // A peak of 8000 is -12.2 dBFS, 3 dB less by RMS.
    assert!((level + 15.3).abs() < 0.5, "{level}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_sound_can_be_played_to_an_operator() {
    let mut under = engine(31_250..=31_259);
    let browser = attach(&mut under).await;
    let pcm = common::tone(600.0, 0, 1_600).into();
    under.engine.play(id(OPERATOR), Sound::Samples { pcm, looped: false }).await.unwrap();
    under.expect(Event::Played { leg: id(OPERATOR) }).await;
    assert!(amplitude(&heard(&browser.hear_many(10)), 600.0) > 7_000.0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_browser_that_is_gone_is_noticed_and_nobody_is_joined_to_it() {
    let mut under = engine(31_260..=31_269);
    let browser = attach(&mut under).await;
    browser.speak(300.0);
    let caller = call(&under, Codec::Pcma).await;
    under.engine.connect(id(CALLER), id(OPERATOR)).await.unwrap();
    caller.hear().await;
    under.engine.disconnect(id(CALLER)).await;
    browser.vanish();
    under.expect(Event::OperatorDisconnected { operator: id(OPERATOR) }).await;
    assert_eq!(under.engine.connect(id(CALLER), id(OPERATOR)).await, Err(ConnectError::NotConnected));
    attach(&mut under).await;
    assert_eq!(under.engine.connect(id(CALLER), id(OPERATOR)).await, Ok(()));
    under.engine.detach_operator(id(OPERATOR)).await;
    under.expect(Event::OperatorDisconnected { operator: id(OPERATOR) }).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_operator_who_reloads_the_page_while_it_rings_hears_it_ring_again() {
    let mut under = engine(31_780..=31_789);
    attach(&mut under).await;
    under.engine.play(id(OPERATOR), Sound::Ringback).await.unwrap();
    under.engine.detach_operator(id(OPERATOR)).await;
    // For longer than it takes until somebody of whom nothing is left is forgotten.
    let caller = call(&under, Codec::Pcma).await;
    under.engine.play(id(CALLER), Sound::Ringback).await.unwrap();
    caller.hear_many(20).await;
    let reloaded = attach(&mut under).await;
    // It rings for a second in five.
    let rings = (0..12).any(|_| amplitude(&heard(&reloaded.hear_many(25)), 425.0) > 5_000.0);
    assert!(rings, "it goes on ringing");
}

#[tokio::test(flavor = "multi_thread")]
async fn offers_that_cannot_be_answered_are_refused() {
    let under = engine(31_270..=31_279);
    let attach = |offer: String| under.engine.attach_operator(id(OPERATOR), offer);
    assert!(matches!(attach("hello".to_owned()).await, Err(AttachError::BadOffer(_))));
    assert!(matches!(attach("v=0\r\n".repeat(20_000)).await, Err(AttachError::BadOffer(_))));
    let video_only = Browser::open().offer.replace("m=audio", "m=video");
    assert!(matches!(attach(video_only).await, Err(AttachError::NoAudio | AttachError::BadOffer(_))));
    let opus_only = Browser::open().offer.replace("PCMA/8000", "opus/48000/2").replace("PCMU/8000", "G722/8000");
    assert!(matches!(attach(opus_only).await, Err(AttachError::NoAudio | AttachError::BadOffer(_))));
}
