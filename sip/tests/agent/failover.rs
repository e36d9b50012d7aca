//! Calls of ours by several trunks, and trunks that ask who we are. Against carriers on real sockets.

use crate::support::carrier::{Asked, Carrier};
use crate::support::{Desk, OFFER, audio, desk_with_all, field};
use sip::{Account, CallerId, EndedBy, Event, LegId, Limits, LocalAudio, LocalMedia, LocalText, Outbound, Srtp, Tls, Trunk};
use std::time::Duration;

fn way(name: &str, carrier: &Carrier) -> Trunk {
    Trunk::new(name.into(), vec![], Some(carrier.address()))
}

async fn desk_by(trunks: Vec<Trunk>) -> Desk {
    let limits = Limits { silence: Duration::from_millis(300), ..Limits::default() };
    desk_with_all(&["udp://127.0.0.1:0"], limits, trunks, Tls::default()).await
}

async fn call(desk: &Desk, trunks: &[&str]) -> LegId {
    let trunks = trunks.iter().map(|name| (*name).into()).collect();
    let to =
        Outbound { trunks, number: "+62778110".into(), caller: Some("+62778112".into()), media: audio().into(), callback: false };
    desk.agent.call(to).await.unwrap()
}

async fn two() -> (Carrier, Carrier, Desk) {
    let (first, second) = (Carrier::new("127.0.0.2:0").await, Carrier::new("127.0.0.3:0").await);
    let desk = desk_by(vec![way("first", &first), way("second", &second)]).await;
    (first, second, desk)
}

async fn is_answered(desk: &mut Desk, leg: LegId, (trunk, carrier): (&str, &Carrier), invite: &Asked) {
    carrier.answer(invite, OFFER).await;
    let Event::OutboundAnswered { leg: answered, trunk: by, .. } = desk.next().await else { panic!("not answered") };
    assert_eq!((answered, by.0.as_str()), (leg, trunk));
    desk.agent.hang_up(leg).await;
    assert_eq!(desk.next().await, Event::Ended { leg, by: EndedBy::Local });
    let bye = carrier.asked("BYE").await;
    carrier.reply(&bye, "200 OK", &[], "").await;
}

#[tokio::test]
async fn a_trunk_that_cannot_carry_the_call_is_passed_over_and_the_owner_hears_one_call() {
    for status in ["503 Service Unavailable", "500 Server Internal Error", "502 Bad Gateway"] {
        let (first, second, mut desk) = two().await;
        let leg = call(&desk, &["first", "second"]).await;
        let invite = first.asked("INVITE").await;
        first.reply(&invite, status, &[], "").await;
        let other = second.asked("INVITE").await;
        assert_ne!(other.field("Call-ID"), invite.field("Call-ID"), "a call of its own");
        is_answered(&mut desk, leg, ("second", &second), &other).await;
    }
}

#[tokio::test]
async fn what_a_carrier_lets_be_heard_before_the_answer_is_told_and_is_over_with_that_carrier() {
    let (first, second, mut desk) = two().await;
    let leg = call(&desk, &["first", "second"]).await;
    let invite = first.asked("INVITE").await;
    let early = async |desk: &mut Desk| match desk.next().await {
        Event::OutboundEarly { leg: of, audio } if of == leg => audio.map(|audio| audio.address.port()),
        other => panic!("{other:?}"),
    };
    first.reply(&invite, "183 Session Progress", &[], OFFER).await;
    assert_eq!(desk.next().await, Event::OutboundRinging { leg, trunk: "first".into() });
    assert_eq!(early(&mut desk).await, Some(40_000));
    first.reply(&invite, "183 Session Progress", &[], OFFER).await;
    first.reply(&invite, "503 Service Unavailable", &[], "").await;
    assert_eq!(early(&mut desk).await, None);
    let other = second.asked("INVITE").await;
    second.reply(&other, "183 Session Progress", &[], &OFFER.replace("40000", "42000")).await;
    assert_eq!(early(&mut desk).await, Some(42_000));
    // The answer may leave out what is said already.
    second.reply(&other, "200 OK", &[], "").await;
    let Event::OutboundAnswered { audio, .. } = desk.next().await else { panic!("not answered") };
    assert_eq!(audio.address.port(), 42_000);
    second.asked("ACK").await;
}

#[tokio::test]
async fn what_the_called_party_refuses_is_refused_by_every_way() {
    for (status, code) in [("486 Busy Here", 486), ("404 Not Found", 404), ("603 Decline", 603)] {
        let (first, second, mut desk) = two().await;
        let leg = call(&desk, &["first", "second"]).await;
        let invite = first.asked("INVITE").await;
        first.reply(&invite, "180 Ringing", &[], "").await;
        assert_eq!(desk.next().await, Event::OutboundRinging { leg, trunk: "first".into() });
        first.reply(&invite, status, &[], "").await;
        assert_eq!(desk.next().await, Event::OutboundFailed { leg, code });
        assert!(!second.was_asked("INVITE"));
    }
}

#[tokio::test]
async fn a_silent_trunk_is_not_waited_out_and_a_late_answer_of_its_is_ended() {
    let (first, second, mut desk) = two().await;
    let leg = call(&desk, &["first", "second"]).await;
    let late = first.asked("INVITE").await;
    let invite = second.asked("INVITE").await;
    second.reply(&invite, "180 Ringing", &[], "").await;
    assert_eq!(desk.next().await, Event::OutboundRinging { leg, trunk: "second".into() });
    first.answer(&late, OFFER).await;
    first.asked("ACK").await;
    let bye = first.asked("BYE").await;
    first.reply(&bye, "200 OK", &[], "").await;
    is_answered(&mut desk, leg, ("second", &second), &invite).await;
}

#[tokio::test]
async fn a_trunk_that_says_anything_at_all_is_waited_for() {
    let (first, second, mut desk) = two().await;
    let leg = call(&desk, &["first", "second"]).await;
    let invite = first.asked("INVITE").await;
    first.reply(&invite, "100 Trying", &[], "").await;
    let waited = tokio::time::timeout(Duration::from_secs(1), second.asked("INVITE")).await;
    assert!(waited.is_err(), "the silence is over");
    is_answered(&mut desk, leg, ("first", &first), &invite).await;
}

#[tokio::test]
async fn a_trunk_that_asks_for_rest_is_the_last_choice_until_then() {
    let (first, second, mut desk) = two().await;
    let leg = call(&desk, &["first", "second"]).await;
    let invite = first.asked("INVITE").await;
    first.reply(&invite, "503 Service Unavailable", &[("Retry-After", "60")], "").await;
    let other = second.asked("INVITE").await;
    is_answered(&mut desk, leg, ("second", &second), &other).await;

    let leg = call(&desk, &["first", "second"]).await;
    let other = second.asked("INVITE").await;
    second.reply(&other, "503 Service Unavailable", &[], "").await;
    let invite = first.asked("INVITE").await;
    is_answered(&mut desk, leg, ("first", &first), &invite).await;
}

#[tokio::test]
async fn a_proxy_that_refuses_connections_is_passed_over() {
    let second = Carrier::new("127.0.0.3:0").await;
    let mut first = Trunk::new("first".into(), vec![], None);
    first.proxy = Some(format!("tcp://127.0.0.2:{}", crate::support::free_port()).parse().unwrap());
    let mut desk = desk_by(vec![first, way("second", &second)]).await;
    let leg = call(&desk, &["first", "second"]).await;
    let invite = second.asked("INVITE").await;
    is_answered(&mut desk, leg, ("second", &second), &invite).await;
}

#[tokio::test]
async fn when_no_trunk_carries_the_call_the_last_code_is_told() {
    let (first, second, mut desk) = two().await;
    let leg = call(&desk, &["first", "second"]).await;
    let invite = first.asked("INVITE").await;
    first.reply(&invite, "503 Service Unavailable", &[], "").await;
    let invite = second.asked("INVITE").await;
    second.reply(&invite, "500 Server Internal Error", &[], "").await;
    assert_eq!(desk.next().await, Event::OutboundFailed { leg, code: 500 });
}

#[tokio::test]
async fn a_call_given_up_between_two_trunks_goes_no_further() {
    let (first, second, mut desk) = two().await;
    let leg = call(&desk, &["first", "second"]).await;
    let invite = first.asked("INVITE").await;
    first.reply(&invite, "180 Ringing", &[], "").await;
    assert_eq!(desk.next().await, Event::OutboundRinging { leg, trunk: "first".into() });
    desk.agent.hang_up(leg).await;
    assert_eq!(desk.next().await, Event::Ended { leg, by: EndedBy::Local });
    let cancel = first.asked("CANCEL").await;
    first.reply(&cancel, "200 OK", &[], "").await;
    first.reply(&invite, "503 Service Unavailable", &[], "").await;
    first.asked("ACK").await;
    assert!(desk.is_quiet() && !second.was_asked("INVITE"));
}

fn with_account(name: &str, carrier: &Carrier) -> Trunk {
    let mut trunk = way(name, carrier);
    trunk.account = Some(Account::new("siaga112", "rahasia"));
    trunk
}

const CHALLENGE: &str = "Digest realm=\"carrier.example\", nonce=\"n1\", qop=\"auth,auth-int\", algorithm=MD5, opaque=\"o\"";
const UNKNOWN: &str = "Digest realm=\"carrier.example\", nonce=\"n0\", algorithm=SHA-512-256, qop=\"auth\"";

#[tokio::test]
async fn a_proxy_that_asks_who_we_are_is_told_and_so_is_it_at_the_bye() {
    let carrier = Carrier::new("127.0.0.2:0").await;
    let mut desk = desk_by(vec![with_account("telco", &carrier)]).await;
    let leg = call(&desk, &["telco"]).await;
    let first = carrier.asked("INVITE").await;
    carrier
        .reply(
            &first,
            "407 Proxy Authentication Required",
            &[("Proxy-Authenticate", UNKNOWN), ("Proxy-Authenticate", CHALLENGE)],
            "",
        )
        .await;
    carrier.asked("ACK").await;
    let second = carrier.asked("INVITE").await;
    assert_eq!(second.field("Call-ID"), first.field("Call-ID"));
    for (name, value) in
        [("username", "siaga112"), ("nonce", "n1"), ("uri", second.uri()), ("qop", "auth"), ("nc", "00000001"), ("opaque", "o")]
    {
        assert_eq!(second.credential(name), Some(value), "{name}: {}", second.text);
    }
    carrier.answer(&second, OFFER).await;
    assert!(matches!(desk.next().await, Event::OutboundAnswered { .. }));
    carrier.asked("ACK").await;
    desk.agent.hang_up(leg).await;
    let bye = carrier.asked("BYE").await;
    assert_eq!(bye.uri(), format!("sip:callee@{}", carrier.address()));
    carrier.reply(&bye, "407 Proxy Authentication Required", &[("Proxy-Authenticate", CHALLENGE)], "").await;
    let signed = carrier.asked("BYE").await;
    assert_eq!(signed.credential("uri"), Some(signed.uri()), "the credentials cover the URI that is sent: {}", signed.text);
    assert!(!signed.text.contains("siaga-target"), "{}", signed.text);
    carrier.reply(&signed, "200 OK", &[], "").await;
}

#[tokio::test]
async fn a_trunk_that_does_not_take_our_password_is_passed_over() {
    let (first, second) = (Carrier::new("127.0.0.2:0").await, Carrier::new("127.0.0.3:0").await);
    let mut desk = desk_by(vec![with_account("first", &first), way("second", &second)]).await;
    let leg = call(&desk, &["first", "second"]).await;
    for _ in 0..2 {
        let invite = first.asked("INVITE").await;
        first.reply(&invite, "401 Unauthorized", &[("WWW-Authenticate", CHALLENGE)], "").await;
        first.asked("ACK").await;
    }
    let invite = second.asked("INVITE").await;
    is_answered(&mut desk, leg, ("second", &second), &invite).await;
}

#[tokio::test]
async fn the_callers_number_stands_where_the_trunk_wants_it() {
    let carrier = Carrier::new("127.0.0.2:0").await;
    for (caller_id, from, asserted) in [
        (CallerId::From, "<sip:+62778112@127.0.0.2>", None),
        (CallerId::Asserted, "<sip:+62778112@127.0.0.2>", Some("<sip:+62778112@127.0.0.2>")),
        (CallerId::Account, "<sip:siaga112@127.0.0.2>", Some("<sip:+62778112@127.0.0.2>")),
    ] {
        let mut trunk = with_account("telco", &carrier);
        trunk.caller_id = caller_id;
        let mut desk = desk_by(vec![trunk]).await;
        let leg = call(&desk, &["telco"]).await;
        let invite = carrier.asked("INVITE").await;
        assert_eq!(invite.field("From").split(";tag").next(), Some(from), "{caller_id:?}");
        assert_eq!(field(&invite.text, "P-Asserted-Identity"), asserted, "{caller_id:?}");
        carrier.reply(&invite, "486 Busy Here", &[], "").await;
        assert_eq!(desk.next().await, Event::OutboundFailed { leg, code: 486 });
    }
}

const SECURE_ANSWER: &str = "v=0\r\no=- 1 1 IN IP4 127.0.0.2\r\ns=-\r\nc=IN IP4 127.0.0.2\r\nt=0 0\r\nm=audio 40000 RTP/SAVP 8\r\n\
                             a=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:AQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEB\r\n";

#[tokio::test]
async fn encrypted_voice_is_offered_with_a_key_and_the_answer_brings_the_other() {
    let carrier = Carrier::new("127.0.0.2:0").await;
    let mut trunk = way("telco", &carrier);
    trunk.srtp = Srtp::Required;
    let mut desk = desk_by(vec![trunk]).await;
    call(&desk, &["telco"]).await;
    let invite = carrier.asked("INVITE").await;
    assert!(invite.text.contains(" RTP/SAVP 8 0 101\r\n") && invite.text.contains("a=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:"));
    carrier.answer(&invite, SECURE_ANSWER).await;
    let Event::OutboundAnswered { audio, .. } = desk.next().await else { panic!("not answered") };
    let keys = audio.srtp.expect("keys");
    assert_eq!(keys.receive, [1; 30]);
    assert_ne!(keys.send, [0; 30]);
}

#[tokio::test]
async fn a_trunk_that_refuses_encryption_is_called_again_without_unless_it_is_required() {
    let carrier = Carrier::new("127.0.0.2:0").await;
    for (srtp, again) in [(Srtp::Offered, true), (Srtp::Required, false)] {
        let mut trunk = way("telco", &carrier);
        trunk.srtp = srtp;
        let mut desk = desk_by(vec![trunk]).await;
        let leg = call(&desk, &["telco"]).await;
        let invite = carrier.asked("INVITE").await;
        carrier.reply(&invite, "488 Not Acceptable Here", &[], "").await;
        if again {
            let plain = carrier.asked("INVITE").await;
            assert!(plain.text.contains(" RTP/AVP ") && !plain.text.contains("a=crypto"), "{}", plain.text);
            is_answered(&mut desk, leg, ("telco", &carrier), &plain).await;
        } else {
            assert_eq!(desk.next().await, Event::OutboundFailed { leg, code: 488 });
        }
    }
}

#[tokio::test]
async fn a_trunk_that_refuses_a_call_for_its_text_is_called_again_with_voice_alone() {
    let carrier = Carrier::new("127.0.0.2:0").await;
    for status in ["488 Not Acceptable Here", "415 Unsupported Media Type"] {
        let mut desk = desk_by(vec![way("telco", &carrier)]).await;
        let media = LocalMedia::from(audio()).with_text(LocalText { address: "127.0.0.1:20002".parse().unwrap() });
        let to = Outbound { trunks: vec!["telco".into()], number: "+62778110".into(), caller: None, media, callback: false };
        let leg = desk.agent.call(to).await.unwrap();
        let invite = carrier.asked("INVITE").await;
        assert!(invite.text.contains("m=text 20002 "), "{}", invite.text);
        carrier.reply(&invite, status, &[], "").await;
        let again = carrier.asked("INVITE").await;
        assert!(again.text.contains("m=audio ") && !again.text.contains("m=text"), "{}", again.text);
        is_answered(&mut desk, leg, ("telco", &carrier), &again).await;
    }
}

#[tokio::test]
async fn a_trunk_that_speaks_by_another_family_of_addresses_than_it_signals_is_called_again_with_that() {
    let carrier = Carrier::new("127.0.0.2:0").await;
    let mut desk = desk_by(vec![way("telco", &carrier)]).await;
    let media = LocalMedia::from(LocalAudio { other: Some("::1".parse().unwrap()), ..audio() });
    let to = || Outbound { trunks: vec!["telco".into()], number: "+62778110".into(), caller: None, media, callback: false };
    let leg = desk.agent.call(to()).await.unwrap();
    let invite = carrier.asked("INVITE").await;
    assert!(invite.text.contains("c=IN IP4 127.0.0.1"), "{}", invite.text);
    carrier.reply(&invite, "488 Not Acceptable Here", &[], "").await;
    let again = carrier.asked("INVITE").await;
    assert!(again.text.contains("c=IN IP6 ::1"), "{}", again.text);
    is_answered(&mut desk, leg, ("telco", &carrier), &again).await;

    let leg = desk.agent.call(to()).await.unwrap();
    for _ in 0..2 {
        let invite = carrier.asked("INVITE").await;
        carrier.reply(&invite, "488 Not Acceptable Here", &[], "").await;
    }
    assert_eq!(desk.next().await, Event::OutboundFailed { leg, code: 488 }, "once");
}
