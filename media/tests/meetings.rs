//! Rooms whose members come from different media threads and differ in all that surrounds their audio: one is protected, one
//! speaks and hears in packets of 40 ms, one is a browser.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic)]

mod common;

use common::browser::Browser;
use common::gateway::{Gateway, Got, sound};
use common::{Under, amplitude, engine, id, loopback, remote};
use media::{Codec, Event, Member, RemoteAudio, Side, Sound, SrtpKeys, TapItem};
use std::ops::RangeInclusive;
use std::time::Duration;

const CALLER: u128 = 1;
const SLOW: u128 = 2;
/// One that is opened for nothing but that the next one begins on another thread.
const NOBODY: u128 = 3;
const THIRD: u128 = 4;
const OPERATOR: u128 = 900;

const CALLERS_TONE: f64 = 440.0;
const SLOW_TONE: f64 = 880.0;
const THIRD_TONE: f64 = 1_320.0;
const OPERATORS_TONE: f64 = 1_760.0;

fn speakers(numbers: &[u128]) -> Vec<Member> {
    numbers.iter().map(|number| Member::speaker(id(*number))).collect()
}

async fn open(under: &Under, number: u128, change: impl FnOnce(&mut RemoteAudio)) -> Gateway {
    let mut gateway = Gateway::new(Codec::Pcma).await;
    let mut remote = remote(gateway.address(), Codec::Pcma);
    change(&mut remote);
    gateway.sends_to(under.engine.open_trunk(id(number), loopback(), Some(remote), false).await.unwrap());
    gateway
}

/// Three trunk legs that began on the three threads of an engine.
struct Meeting {
    under: Under,
    /// The far end of the caller's protected leg, which hands the audio on in clear.
    far: Under,
    caller: Gateway,
    slow: Gateway,
    third: Gateway,
}

impl Meeting {
    async fn new(ports: RangeInclusive<u16>, far_ports: RangeInclusive<u16>) -> Meeting {
        let (under, far) = (engine(ports), engine(far_ports));
        let (ours, theirs) = ([3; 30], [4; 30]);
        let far_leg = far.engine.open_trunk(id(8), loopback(), None, false).await.unwrap();
        let protected = RemoteAudio { srtp: Some(SrtpKeys::new(ours, theirs)), ..remote(far_leg, Codec::Pcma) };
        let leg = under.engine.open_trunk(id(CALLER), loopback(), Some(protected), true).await.unwrap();
        let swapped = SrtpKeys::new(theirs, ours);
        far.engine.set_remote(id(8), RemoteAudio { srtp: Some(swapped), ..remote(leg, Codec::Pcma) }).await;
        let caller = open(&far, 9, |_| {}).await;
        far.engine.connect(id(8), id(9)).await.unwrap();
        let mut slow = open(&under, SLOW, |remote| remote.ptime_ms = 40).await;
        slow.length = 320;
        open(&under, NOBODY, |_| {}).await;
        let third = open(&under, THIRD, |_| {}).await;
        Meeting { under, far, caller, slow, third }
    }

    async fn arrange(&self, members: &[u128]) {
        self.under.engine.arrange(id(CALLER), speakers(members)).await.unwrap();
    }

    /// All three talk for as long as this many packets of 20 ms last.
    async fn talk(&mut self, packets: usize) -> [Vec<Got>; 3] {
        let (caller, slow, third) = tokio::join!(
            self.caller.talk(CALLERS_TONE, packets),
            self.slow.talk(SLOW_TONE, packets / 2),
            self.third.talk(THIRD_TONE, packets)
        );
        [caller, slow, third]
    }
}

/// Which tones were heard in the newest half second.
fn tones(pcm: &[i16]) -> Vec<f64> {
    let newest = &pcm[pcm.len().saturating_sub(4_000)..];
    assert_eq!(newest.len(), 4_000);
    let loud = |hertz: &f64| {
        let pieces: Vec<f64> = newest.chunks_exact(200).map(|piece| amplitude(piece, *hertz)).collect();
        pieces.iter().sum::<f64>() / pieces.len() as f64 > 5_000.0
    };
    [CALLERS_TONE, SLOW_TONE, THIRD_TONE, OPERATORS_TONE].into_iter().filter(loud).collect()
}

fn heard(packets: &[Got]) -> Vec<f64> {
    tones(&sound(packets))
}

#[tokio::test(flavor = "multi_thread")]
async fn a_protected_leg_one_with_long_packets_and_a_browser_confer_and_the_room_moves_while_they_talk() {
    let mut meeting = Meeting::new(31_530..=31_549, 31_550..=31_559).await;
    meeting.arrange(&[CALLER, SLOW, THIRD]).await;
    let [to_caller, to_slow, to_third] = meeting.talk(130).await;
    assert_eq!(heard(&to_caller), [SLOW_TONE, THIRD_TONE]);
    assert_eq!(heard(&to_slow), [CALLERS_TONE, THIRD_TONE]);
    assert_eq!(heard(&to_third), [CALLERS_TONE, SLOW_TONE]);

    // The operators' thread is another one, so all of them go there, in the middle of a word.
    let browser = Browser::open();
    browser.answer(meeting.under.engine.attach_operator(id(OPERATOR), browser.offer.clone()).await.unwrap());
    meeting.under.expect(Event::OperatorConnected { operator: id(OPERATOR) }).await;
    browser.speak(OPERATORS_TONE);
    meeting.talk(20).await;
    let engine = meeting.under.engine.clone();
    let moving = async {
        tokio::time::sleep(Duration::from_millis(400)).await;
        engine.arrange(id(CALLER), speakers(&[CALLER, SLOW, THIRD, OPERATOR])).await.unwrap();
    };
    let ([to_caller, to_slow, to_third], ()) = tokio::join!(meeting.talk(150), moving);
    assert_eq!(heard(&to_caller), [SLOW_TONE, THIRD_TONE, OPERATORS_TONE]);
    assert_eq!(heard(&to_slow), [CALLERS_TONE, THIRD_TONE, OPERATORS_TONE]);
    assert_eq!(heard(&to_third), [CALLERS_TONE, SLOW_TONE, OPERATORS_TONE]);
    let to_browser: Vec<i16> = browser.heard_so_far().into_iter().flat_map(|packet| packet.pcm).collect();
    assert_eq!(tones(&to_browser), [CALLERS_TONE, SLOW_TONE, THIRD_TONE]);
    for (packets, length) in [(&to_slow, 320), (&to_third, 160)] {
        for pair in packets.windows(2) {
            assert_eq!(pair[1].payload.len(), length);
            assert_eq!(pair[1].sequence.wrapping_sub(pair[0].sequence), 1, "numbers go on over the move");
            assert_eq!(pair[1].timestamp.wrapping_sub(pair[0].timestamp), length as u32, "and so does time");
        }
    }

    let mut told = vec![];
    while let Ok(event) = meeting.under.events.try_recv() {
        if let Event::Quality { leg, mos, .. } = event {
            assert!(mos > 3.0, "{mos}");
            told.push(leg);
        }
    }
    for number in [CALLER, SLOW, THIRD] {
        assert!(told.contains(&id(number)), "the quality of {number} is told in a room also");
    }
    let statistics = meeting.under.engine.close(id(CALLER)).await.unwrap();
    assert_eq!((statistics.forged, statistics.replayed, statistics.refused, statistics.lost), (0, 0, 0, 0));
    assert_eq!(meeting.far.engine.close(id(8)).await.unwrap().forged, 0);
    let recorded = meeting.under.recording();
    let side = |side| {
        let of_side = recorded.iter().filter_map(|item| match item {
            TapItem::Frame(frame) if frame.side == side => Some(frame.pcm.clone()),
            _ => None,
        });
        tones(&of_side.flatten().collect::<Vec<i16>>())
    };
    assert_eq!(side(Side::Caller), [CALLERS_TONE]);
    assert_eq!(side(Side::Operator), [SLOW_TONE, THIRD_TONE, OPERATORS_TONE]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_room_that_outlasts_its_caller_is_found_on_its_thread_and_still_grows_and_ends() {
    let mut meeting = Meeting::new(31_560..=31_579, 31_580..=31_589).await;
    meeting.arrange(&[CALLER, SLOW, THIRD]).await;
    meeting.under.engine.close(id(CALLER)).await.unwrap();
    let mut fourth = open(&meeting.under, 5, |_| {}).await;
    open(&meeting.under, 6, |_| {}).await;
    meeting.arrange(&[SLOW, THIRD, 5]).await;
    let (_, to_fourth) = tokio::join!(
        async { tokio::join!(meeting.slow.talk(SLOW_TONE, 30), meeting.third.talk(THIRD_TONE, 60)) },
        fourth.talk(CALLERS_TONE, 60)
    );
    assert_eq!(heard(&to_fourth), [SLOW_TONE, THIRD_TONE]);
    let elsewhere = meeting.under.engine.connect(id(6), id(5)).await;
    assert_eq!(elsewhere, Err(media::ConnectError::Busy), "who is still in it cannot be taken away");
    meeting.under.engine.disconnect(id(CALLER)).await;
    assert_eq!(meeting.under.engine.connect(id(6), id(5)).await, Ok(()), "the room has ended");
    assert_eq!(meeting.under.engine.connect(id(SLOW), id(THIRD)).await, Ok(()));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_leg_with_long_packets_loses_no_word_when_a_conversation_comes_to_be_mixed_and_back() {
    let mut meeting = Meeting::new(31_590..=31_599, 31_600..=31_609).await;
    // In a room that is not recorded: one that is, and whose caller is put aside, is always mixed.
    let arrange = |members: &[u128]| meeting.under.engine.arrange(id(THIRD), speakers(members));
    arrange(&[THIRD, SLOW]).await.unwrap();
    for members in [&[THIRD, SLOW, CALLER][..], &[THIRD, SLOW]].repeat(3) {
        meeting.third.talk(THIRD_TONE, 35).await;
        arrange(members).await.unwrap();
    }
    meeting.third.talk(THIRD_TONE, 30).await;
    let mut heard = meeting.slow.hear_many(100).await;
    heard.extend(std::iter::from_fn(|| meeting.slow.try_hear()));
    for pair in heard.windows(2) {
        assert_eq!(pair[1].sequence.wrapping_sub(pair[0].sequence), 1);
        let step = pair[1].timestamp.wrapping_sub(pair[0].timestamp) as usize;
        assert!((pair[0].payload.len()..=pair[0].payload.len() + 320).contains(&step), "a silence of {step} samples");
    }
    let whole = heard.iter().filter(|packet| packet.payload.len() == 320).count();
    assert!(whole + 2 * 6 >= heard.len(), "only around a switch are packets shorter: {whole} of {}", heard.len());
    let mut said = vec![0; 240 * 160];
    Codec::Pcma.encode(&common::tone(THIRD_TONE, 0, 240 * 160), &mut said);
    let loud = |pcm: &[i16]| pcm.iter().filter(|sample| sample.abs() > 1_000).count();
    let (said, heard) = (loud(&Codec::Pcma.decode(&said).collect::<Vec<_>>()), loud(&sound(&heard)));
    // The last packet may not be full yet, and this machine may keep a voice waiting for longer than a mix waits for it.
    assert!((said.saturating_sub(2 * 320)..=said).contains(&heard), "{heard} samples of {said}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_caller_goes_on_hearing_the_tone_while_brought_to_whoever_may_answer_and_then_is_joined() {
    let mut under = engine(31_610..=31_629);
    let browser = Browser::open();
    browser.answer(under.engine.attach_operator(id(OPERATOR), browser.offer.clone()).await.unwrap());
    under.expect(Event::OperatorConnected { operator: id(OPERATOR) }).await;
    // The first leg begins on another thread than the operators'.
    let mut caller = open(&under, CALLER, |_| {}).await;
    let pcm = common::tone(SLOW_TONE, 0, 1_600).into();
    under.engine.play(id(CALLER), Sound::Samples { pcm, looped: true }).await.unwrap();
    let engine = under.engine.clone();
    let near = async {
        tokio::time::sleep(Duration::from_millis(300)).await;
        engine.draw_near(id(CALLER), id(OPERATOR)).await;
    };
    let (waiting, ()) = tokio::join!(caller.talk(CALLERS_TONE, 60), near);
    assert_eq!(heard(&waiting), [SLOW_TONE]);
    for pair in waiting.windows(2) {
        assert_eq!(pair[1].sequence.wrapping_sub(pair[0].sequence), 1);
        assert_eq!(pair[1].timestamp.wrapping_sub(pair[0].timestamp), 160, "the tone has no gap");
    }
    assert!(browser.has_heard_nothing(), "to be near is not to talk");

    under.engine.stop_playing(id(CALLER)).await.unwrap();
    under.engine.connect(id(CALLER), id(OPERATOR)).await.unwrap();
    browser.speak(OPERATORS_TONE);
    assert_eq!(heard(&caller.talk(CALLERS_TONE, 60).await), [OPERATORS_TONE]);
    let to_browser: Vec<i16> = browser.heard_so_far().into_iter().flat_map(|packet| packet.pcm).collect();
    assert_eq!(tones(&to_browser), [CALLERS_TONE]);
}
