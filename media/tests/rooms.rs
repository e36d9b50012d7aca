//! Conversations of more than two, through the engine: who hears whom, told by frequencies.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, clippy::disallowed_methods)]

mod common;

use common::browser::{Browser, Played};
use common::gateway::{Gateway, Got, sound};
use common::{Under, amplitude, engine, id, loopback, remote};
use media::{Codec, ConnectError, Event, Member, RemoteAudio, Role, Side, Sound, TapItem};
use std::collections::BTreeMap;
use std::time::{Duration, Instant};

const CALLER: u128 = 1;
const PARTY: u128 = 2;
const OPERATOR: u128 = 900;
const SUPERVISOR: u128 = 901;

const CALLERS_TONE: f64 = 440.0;
const OPERATORS_TONE: f64 = 880.0;
const THIRD_TONE: f64 = 1_320.0;

fn speaker(number: u128) -> Member {
    Member { leg: id(number), role: Role::Speaker }
}

fn listener(number: u128) -> Member {
    Member { leg: id(number), role: Role::Listener }
}

fn coach(number: u128, of: u128) -> Member {
    Member { leg: id(number), role: Role::Coach { of: id(of) } }
}

async fn open(under: &Under, number: u128, codec: Codec, tap: bool) -> Gateway {
    let mut gateway = Gateway::new(codec).await;
    let remote = remote(gateway.address(), codec);
    gateway.sends_to(under.engine.open_trunk(id(number), loopback(), Some(remote), tap).await.unwrap());
    gateway
}

async fn attach(under: &mut Under, number: u128, tone: f64) -> Browser {
    let browser = Browser::open();
    let answer = under.engine.attach_operator(id(number), browser.offer.clone()).await.unwrap();
    browser.answer(answer);
    under.expect(Event::OperatorConnected { operator: id(number) }).await;
    browser.speak(tone);
    browser
}

/// A caller and an operator who talk directly.
struct Conversation {
    under: Under,
    caller: Gateway,
    operator: Browser,
}

impl Conversation {
    async fn new(rtp_ports: std::ops::RangeInclusive<u16>) -> Conversation {
        let mut under = engine(rtp_ports);
        let operator = attach(&mut under, OPERATOR, OPERATORS_TONE).await;
        let caller = open(&under, CALLER, Codec::Pcmu, true).await;
        under.engine.connect(id(CALLER), id(OPERATOR)).await.unwrap();
        Conversation { under, caller, operator }
    }

    async fn arrange(&self, members: Vec<Member>) {
        self.under.engine.arrange(id(CALLER), members).await.unwrap();
    }

    /// One side of the caller's recording. The call is over then.
    async fn recorded(&self, side: Side) -> Vec<i16> {
        self.under.engine.close(id(CALLER)).await.unwrap();
        let of_side = |item| match item {
            TapItem::Frame(frame) if frame.side == side => Some(frame.pcm),
            _ => None,
        };
        self.under.recording().into_iter().filter_map(of_side).flatten().collect()
    }
}

/// The newest half second.
fn newest(packets: &[Got]) -> Vec<i16> {
    in_order(packets);
    sound(&packets[packets.len().saturating_sub(25)..])
}

fn in_order(packets: &[Got]) {
    for pair in packets.windows(2) {
        assert_eq!(pair[1].sequence.wrapping_sub(pair[0].sequence), 1, "numbers go on");
        assert_eq!(pair[1].ssrc, pair[0].ssrc);
    }
}

/// The newest half second of what a browser has heard so far.
fn heard(browser: &Browser) -> Vec<i16> {
    let packets = browser.heard_so_far();
    for pair in packets.windows(2) {
        assert_eq!(pair[1].sequence - pair[0].sequence, 1, "numbers go on");
    }
    packets[packets.len().saturating_sub(25)..].iter().flat_map(|packet: &Played| packet.pcm.clone()).collect()
}

/// Which of the three tones are heard.
fn tones(pcm: &[i16]) -> Vec<f64> {
    assert!(pcm.len() >= 20 * 160, "{} samples are heard", pcm.len());
    let loud = |hertz: &f64| {
        // In pieces that hold whole waves of all three, short enough for a voice that is caught up with.
        let pieces: Vec<f64> = pcm.chunks_exact(200).map(|piece| amplitude(piece, *hertz)).collect();
        let amplitude = pieces.iter().sum::<f64>() / pieces.len() as f64;
        assert!(!(600.0..6_000.0).contains(&amplitude), "{hertz} Hz are half there: {amplitude}");
        amplitude > 6_000.0
    };
    [CALLERS_TONE, OPERATORS_TONE, THIRD_TONE].into_iter().filter(loud).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn in_a_conference_each_hears_exactly_the_two_others() {
    let mut talk = Conversation::new(31_400..=31_409).await;
    let mut party = open(&talk.under, PARTY, Codec::Pcma, false).await;
    talk.caller.talk(CALLERS_TONE, 20).await;
    talk.arrange(vec![speaker(CALLER), speaker(OPERATOR), speaker(PARTY)]).await;
    let (to_caller, to_party) = tokio::join!(talk.caller.talk(CALLERS_TONE, 60), party.talk(THIRD_TONE, 60));
    assert_eq!(tones(&newest(&to_caller)), [OPERATORS_TONE, THIRD_TONE]);
    assert_eq!(tones(&heard(&talk.operator)), [CALLERS_TONE, THIRD_TONE]);
    assert_eq!(tones(&newest(&to_party)), [CALLERS_TONE, OPERATORS_TONE]);
    assert!(to_caller.iter().all(|packet| packet.payload_type == 0) && to_party.iter().all(|packet| packet.payload_type == 8));

    let recorded = talk.recorded(Side::Operator).await;
    assert_eq!(tones(&recorded[recorded.len() - 4_000..]), [OPERATORS_TONE, THIRD_TONE], "as the caller heard it");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_supervisor_listens_and_whispers_and_the_caller_never_knows() {
    let mut talk = Conversation::new(31_410..=31_419).await;
    let supervisor = attach(&mut talk.under, SUPERVISOR, THIRD_TONE).await;
    talk.arrange(vec![speaker(CALLER), speaker(OPERATOR), listener(SUPERVISOR)]).await;
    let to_caller = talk.caller.talk(CALLERS_TONE, 60).await;
    assert_eq!(tones(&newest(&to_caller)), [OPERATORS_TONE]);
    assert_eq!(tones(&heard(&talk.operator)), [CALLERS_TONE]);
    assert_eq!(tones(&heard(&supervisor)), [CALLERS_TONE, OPERATORS_TONE]);

    talk.arrange(vec![speaker(CALLER), speaker(OPERATOR), coach(SUPERVISOR, OPERATOR)]).await;
    let to_caller = talk.caller.talk(CALLERS_TONE, 60).await;
    assert_eq!(tones(&newest(&to_caller)), [OPERATORS_TONE]);
    assert_eq!(tones(&heard(&talk.operator)), [CALLERS_TONE, THIRD_TONE]);
    assert_eq!(tones(&heard(&supervisor)), [CALLERS_TONE, OPERATORS_TONE]);

    let recorded = talk.recorded(Side::Operator).await;
    assert!(amplitude(&recorded, THIRD_TONE) < 200.0, "a whisper is not in the recording");
    assert_eq!(tones(&recorded[recorded.len() - 4_000..]), [OPERATORS_TONE]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_supervisor_who_barges_in_is_heard_by_all_and_leaves_without_a_trace() {
    let mut talk = Conversation::new(31_420..=31_429).await;
    let supervisor = attach(&mut talk.under, SUPERVISOR, THIRD_TONE).await;
    talk.arrange(vec![speaker(CALLER), speaker(OPERATOR), coach(SUPERVISOR, OPERATOR)]).await;
    talk.caller.talk(CALLERS_TONE, 10).await;
    talk.arrange(vec![speaker(CALLER), speaker(OPERATOR), speaker(SUPERVISOR)]).await;
    let to_caller = talk.caller.talk(CALLERS_TONE, 60).await;
    assert_eq!(tones(&newest(&to_caller)), [OPERATORS_TONE, THIRD_TONE]);
    assert_eq!(tones(&heard(&talk.operator)), [CALLERS_TONE, THIRD_TONE]);
    assert_eq!(tones(&heard(&supervisor)), [CALLERS_TONE, OPERATORS_TONE]);

    talk.arrange(vec![speaker(CALLER), speaker(OPERATOR)]).await;
    let to_caller = talk.caller.talk(CALLERS_TONE, 60).await;
    assert_eq!(tones(&newest(&to_caller)), [OPERATORS_TONE]);
    assert_eq!(tones(&heard(&talk.operator)), [CALLERS_TONE]);
    supervisor.heard_so_far();
    talk.caller.talk(CALLERS_TONE, 10).await;
    assert!(supervisor.has_heard_nothing());
    talk.under.engine.test_operator(id(SUPERVISOR)).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_held_caller_hears_the_announcement_while_the_operator_asks_somebody_else() {
    let mut talk = Conversation::new(31_430..=31_439).await;
    let mut party = open(&talk.under, PARTY, Codec::Pcma, false).await;
    let pcm = common::tone(600.0, 0, 1_600).into();
    talk.arrange(vec![speaker(OPERATOR), speaker(PARTY)]).await;
    talk.under.engine.play(id(CALLER), Sound::Samples { pcm, looped: true }).await.unwrap();
    // The caller says nothing for longer than silence would be told after.
    let (to_party, to_caller) = tokio::join!(party.talk(THIRD_TONE, 180), talk.caller.hear_many(180));
    assert_eq!(tones(&newest(&to_party)), [OPERATORS_TONE]);
    assert_eq!(tones(&heard(&talk.operator)), [THIRD_TONE]);
    let held = newest(&to_caller);
    assert!(tones(&held).is_empty() && amplitude(&held, 600.0) > 6_000.0);

    talk.arrange(vec![speaker(CALLER), speaker(OPERATOR)]).await;
    talk.under.engine.stop_playing(id(CALLER)).await.unwrap();
    let to_caller = talk.caller.talk(CALLERS_TONE, 60).await;
    assert_eq!(tones(&newest(&to_caller)), [OPERATORS_TONE]);
    assert_eq!(tones(&heard(&talk.operator)), [CALLERS_TONE]);
    while let Ok(event) = talk.under.events.try_recv() {
        assert!(!matches!(event, Event::OneWay { .. }), "who is held may be silent");
    }
    // What the two said meanwhile is evidence; the announcement is not.
    let recorded = talk.recorded(Side::Operator).await;
    let (aside, after) = (&recorded[16_000..24_000], &recorded[recorded.len() - 4_000..]);
    assert_eq!(tones(aside), [OPERATORS_TONE, THIRD_TONE]);
    assert!(amplitude(aside, 600.0) < 200.0);
    assert_eq!(tones(after), [OPERATORS_TONE]);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_operator_and_agency_say_while_the_callers_telephone_holds_a_conference_is_recorded() {
    let mut talk = Conversation::new(31_790..=31_799).await;
    let mut party = open(&talk.under, PARTY, Codec::Pcma, false).await;
    talk.arrange(vec![speaker(CALLER), speaker(OPERATOR), speaker(PARTY)]).await;
    tokio::join!(talk.caller.talk(CALLERS_TONE, 60), party.talk(THIRD_TONE, 60));
    let announced = remote(talk.caller.address(), Codec::Pcmu);
    talk.under.engine.set_remote(id(CALLER), RemoteAudio { send: false, ..announced }).await;
    let to_party = party.talk(THIRD_TONE, 100).await;
    assert_eq!(tones(&newest(&to_party)), [OPERATORS_TONE]);
    talk.under.engine.set_remote(id(CALLER), announced).await;
    let (to_caller, _) = tokio::join!(talk.caller.talk(CALLERS_TONE, 60), party.talk(THIRD_TONE, 60));
    assert_eq!(tones(&newest(&to_caller)), [OPERATORS_TONE, THIRD_TONE]);
    let recorded = talk.recorded(Side::Operator).await;
    let (talked, held) = (&recorded[recorded.len() - 4_000..], &recorded[14_000..22_000]);
    for piece in [held, talked] {
        assert_eq!(tones(piece), [OPERATORS_TONE, THIRD_TONE]);
    }
}

/// What a codec makes of a sound.
fn through(codec: Codec, pcm: Vec<i16>) -> Vec<i16> {
    let mut payload = vec![0; pcm.len()];
    codec.encode(&pcm, &mut payload);
    codec.decode(&payload).collect()
}

/// What is heard at every moment, by RTP timestamps.
fn timeline(packets: &[Got]) -> BTreeMap<u32, i16> {
    let mut line = BTreeMap::new();
    for packet in packets {
        let begin = packet.timestamp.wrapping_sub(packets[0].timestamp);
        for (at, sample) in (begin..).zip(packet.pcm()) {
            assert_eq!(line.insert(at, sample), None, "two samples for one moment");
        }
    }
    line
}

#[tokio::test(flavor = "multi_thread")]
async fn a_tone_goes_on_from_direct_to_mixed_and_back_without_a_gap_or_a_repetition() {
    let under = engine(31_440..=31_449);
    let mut caller = open(&under, CALLER, Codec::Pcma, false).await;
    let party = open(&under, PARTY, Codec::Pcmu, false).await;
    let _third = open(&under, 3, Codec::Pcmu, false).await;
    let pair = || vec![speaker(CALLER), speaker(PARTY)];
    under.engine.arrange(id(CALLER), pair()).await.unwrap();
    let mut pace = tokio::time::interval(Duration::from_millis(20));
    let (mut stall, mut sent) = (Duration::ZERO, Instant::now());
    let mut heard = vec![];
    for n in 0..300u32 {
        pace.tick().await;
        heard.extend(std::iter::from_fn(|| party.try_hear()));
        stall = stall.max(sent.elapsed());
        sent = Instant::now();
        caller.send_tone(CALLERS_TONE).await;
        let members = match n % 75 {
            25 => [pair(), vec![listener(3)]].concat(),
            70 => pair(),
            _ => continue,
        };
        under.engine.arrange(id(CALLER), members).await.unwrap();
    }
    heard.push(party.hear().await);
    heard.extend(std::iter::from_fn(|| party.try_hear()));
    in_order(&heard);
    let line = timeline(&heard);
    let loud: Vec<u32> = line.iter().filter(|(_, sample)| sample.abs() > 1_000).map(|(at, _)| *at).collect();
    let silence = loud.windows(2).map(|pair| pair[1] - pair[0]).max().unwrap();
    // Where this machine kept the tone itself waiting, that is heard too.
    let stalled = stall.saturating_sub(Duration::from_millis(20)).as_micros() as u32 / 125;
    assert!(silence <= 320 + stalled, "{silence} samples of silence, {stalled} of them stalled");
    let tone = through(Codec::Pcmu, through(Codec::Pcma, common::tone(CALLERS_TONE, 0, 300 * 160)));
    let said = tone.iter().filter(|sample| sample.abs() > 1_000).count();
    assert!(loud.len() <= said + 200, "{} samples of {said}: something is heard twice", loud.len());
    assert!(loud.len() + 4 * 160 >= said, "{} samples of {said}: something is lost", loud.len());
}

/// Two who are joined directly get each other's keys; a mix has none.
async fn are_joined_directly(from: &mut Gateway, to: &Gateway) -> bool {
    from.send(101, true, &[5, 10, 0, 160]).await;
    from.sequence = from.sequence.wrapping_add(1);
    from.timestamp = from.timestamp.wrapping_add(160);
    // What came before it, and the rest of a mix, may still be waiting.
    for _ in 0..100 {
        if to.hear().await.payload_type == 101 {
            return true;
        }
    }
    false
}

#[tokio::test(flavor = "multi_thread")]
async fn who_is_closed_leaves_and_the_others_go_on() {
    let mut talk = Conversation::new(31_450..=31_459).await;
    let mut party = open(&talk.under, PARTY, Codec::Pcma, false).await;
    let mut third = open(&talk.under, 3, Codec::Pcma, false).await;
    let all = vec![speaker(CALLER), speaker(OPERATOR), speaker(PARTY), speaker(3), coach(SUPERVISOR, OPERATOR)];
    let supervisor = attach(&mut talk.under, SUPERVISOR, 600.0).await;
    talk.arrange(all).await;
    tokio::join!(talk.caller.talk(CALLERS_TONE, 10), party.talk(THIRD_TONE, 10), third.talk(700.0, 10));

    // The caller hangs up first, then the operator's position is closed: whoever coached it is heard by nobody.
    talk.under.engine.close(id(CALLER)).await.unwrap();
    talk.under.engine.close(id(OPERATOR)).await.unwrap();
    let (to_party, _) = tokio::join!(party.talk(THIRD_TONE, 60), third.talk(CALLERS_TONE, 60));
    assert_eq!(tones(&newest(&to_party)), [CALLERS_TONE]);
    assert!(amplitude(&newest(&to_party), 600.0) < 300.0, "a coach without a pupil is heard by nobody");
    assert_eq!(tones(&heard(&supervisor)), [CALLERS_TONE, THIRD_TONE]);

    talk.under.engine.close(id(SUPERVISOR)).await.unwrap();
    assert!(are_joined_directly(&mut third, &party).await);
    talk.under.engine.close(id(PARTY)).await.unwrap();
    let _other = open(&talk.under, 4, Codec::Pcma, false).await;
    assert_eq!(talk.under.engine.connect(id(4), id(3)).await, Ok(()), "nobody stays in a room alone");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_be_is_refused_and_changes_nothing() {
    let mut under = engine(31_460..=31_499);
    let mut caller = open(&under, CALLER, Codec::Pcma, false).await;
    let party = open(&under, PARTY, Codec::Pcma, false).await;
    for number in 3..=18 {
        open(&under, number, Codec::Pcma, false).await;
    }
    let arrange = |call, members| under.engine.arrange(id(call), members);
    let pair = || vec![speaker(CALLER), speaker(PARTY)];
    assert_eq!(arrange(99, pair()).await, Err(ConnectError::NoLeg));
    assert_eq!(arrange(CALLER, pair()).await, Ok(()));
    assert_eq!(arrange(3, vec![speaker(3), speaker(4), speaker(5)]).await, Ok(()));

    let with = |more| [pair(), vec![more]].concat();
    assert_eq!(arrange(CALLER, with(speaker(PARTY))).await, Err(ConnectError::Twice));
    assert_eq!(arrange(CALLER, with(listener(99))).await, Err(ConnectError::NoPeer));
    assert_eq!(arrange(CALLER, with(coach(6, 99))).await, Err(ConnectError::NoPupil));
    assert_eq!(arrange(CALLER, with(speaker(4))).await, Err(ConnectError::Busy));
    assert_eq!(arrange(CALLER, (1..=17).map(speaker).collect()).await, Err(ConnectError::Full));
    assert!(are_joined_directly(&mut caller, &party).await);

    // A leg goes from another room into its own.
    assert_eq!(arrange(4, vec![speaker(4), speaker(6)]).await, Ok(()));
    assert_eq!(arrange(CALLER, with(speaker(5))).await, Err(ConnectError::Busy));
    assert_eq!(arrange(3, vec![]).await, Ok(()));
    assert_eq!(arrange(CALLER, with(speaker(5))).await, Ok(()));

    let browser = attach(&mut under, OPERATOR, 600.0).await;
    browser.vanish();
    under.expect(Event::OperatorDisconnected { operator: id(OPERATOR) }).await;
    assert_eq!(under.engine.arrange(id(CALLER), with(listener(OPERATOR))).await, Err(ConnectError::NotConnected));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_operator_who_reloads_the_page_is_back_in_the_conference() {
    let mut talk = Conversation::new(31_500..=31_509).await;
    let mut party = open(&talk.under, PARTY, Codec::Pcma, false).await;
    talk.arrange(vec![speaker(CALLER), speaker(OPERATOR), speaker(PARTY)]).await;
    tokio::join!(talk.caller.talk(CALLERS_TONE, 20), party.talk(THIRD_TONE, 20));
    talk.under.engine.detach_operator(id(OPERATOR)).await;
    let (to_caller, _) = tokio::join!(talk.caller.talk(CALLERS_TONE, 60), party.talk(THIRD_TONE, 60));
    assert_eq!(tones(&newest(&to_caller)), [THIRD_TONE], "the two others are not disturbed");
    // Who is away still belongs to the conversation, and it can be arranged anew.
    talk.arrange(vec![speaker(OPERATOR), speaker(CALLER), speaker(PARTY)]).await;

    let reloaded = attach(&mut talk.under, OPERATOR, OPERATORS_TONE).await;
    let (to_caller, _) = tokio::join!(talk.caller.talk(CALLERS_TONE, 60), party.talk(THIRD_TONE, 60));
    assert_eq!(tones(&newest(&to_caller)), [OPERATORS_TONE, THIRD_TONE]);
    assert_eq!(tones(&heard(&reloaded)), [CALLERS_TONE, THIRD_TONE]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_pressed_in_a_conference_is_told_and_not_heard_and_a_sound_comes_before_the_others() {
    let mut talk = Conversation::new(31_510..=31_519).await;
    let party = open(&talk.under, PARTY, Codec::Pcma, false).await;
    talk.arrange(vec![speaker(CALLER), listener(OPERATOR), speaker(PARTY)]).await;
    let mut to_party = vec![];
    for n in 1..=50u16 {
        let [high, low] = (n * 160).to_be_bytes();
        talk.caller.send(101, n == 1, &[7, 10, high, low]).await;
        talk.caller.sequence = talk.caller.sequence.wrapping_add(1);
        to_party.push(party.hear().await);
    }
    talk.under.expect(Event::Digit { leg: id(CALLER), digit: '7', passed_on: false }).await;
    assert!(to_party.iter().all(|packet| packet.payload_type == 8 && packet.pcm().iter().all(|sample| sample.abs() <= 8)));

    talk.under.engine.play(id(PARTY), Sound::Ringback).await.unwrap();
    while party.try_hear().is_some() {}
    let (_, to_party) = tokio::join!(talk.caller.talk(CALLERS_TONE, 40), party.hear_many(40));
    let to_party = newest(&to_party);
    assert!(amplitude(&to_party, 425.0) > 5_000.0 && amplitude(&to_party, CALLERS_TONE) < 2_000.0);
    talk.under.engine.stop_playing(id(PARTY)).await.unwrap();
    while party.try_hear().is_some() {}
    let (_, to_party) = tokio::join!(talk.caller.talk(CALLERS_TONE, 40), party.hear_many(40));
    assert_eq!(tones(&newest(&to_party)), [CALLERS_TONE]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_caller_who_is_not_heard_in_a_conference_is_told_and_a_listener_is_not_missed() {
    let mut talk = Conversation::new(31_520..=31_529).await;
    let mut party = open(&talk.under, PARTY, Codec::Pcma, false).await;
    talk.arrange(vec![speaker(CALLER), speaker(OPERATOR), listener(PARTY)]).await;
    talk.caller.talk(CALLERS_TONE, 5).await;
    let silence = Event::OneWay { leg: id(CALLER), silent: id(CALLER) };
    let told = async {
        while let Some(event) = talk.under.events.recv().await {
            assert!(!matches!(event, Event::OneWay { silent, .. } if silent != id(CALLER)));
            if event == silence {
                return;
            }
        }
        panic!("the engine ended");
    };
    tokio::time::timeout(common::PATIENCE, told).await.unwrap();
    talk.caller.talk(CALLERS_TONE, 20).await;
    talk.under.expect(Event::HeardAgain { leg: id(CALLER), again: id(CALLER) }).await;

    // As soon as the party may speak, it is missed as well.
    talk.arrange(vec![speaker(CALLER), speaker(OPERATOR), speaker(PARTY)]).await;
    tokio::select! {
        () = talk.under.expect(Event::OneWay { leg: id(CALLER), silent: id(PARTY) }) => {}
        _ = talk.caller.talk(CALLERS_TONE, 1_000) => panic!("nobody missed the party"),
    }
    party.talk(THIRD_TONE, 5).await;
}
