//! Desk phones on the wire: they register, are called, and call feature codes; strangers learn nothing of it.

use crate::support::{Desk, OFFER, Peer, audio, field, within, within_with};
use md5::{Digest, Md5};
use sha2::Sha256;
use sip::{
    Config, EndedBy, Event, LegError, LegId, Lift, Limits, Phone, PhoneCall, PhoneName, Phones, Referral, Reject, Secret, Trunk,
    UserAgent,
};
use std::time::Duration;

const REGISTRAR: &str = "sip:siaga.example";
const HERE: &str = "127.0.0.9";

/// Phones at 127.0.0.9, a carrier at 127.0.0.1.
async fn desk() -> Desk {
    desk_asking(Duration::from_secs(300)).await
}

async fn desk_asking(options: Duration) -> Desk {
    let phone = |name: &str| Phone { name: name.into(), password: Secret("rahasia".into()) };
    let phones = Phones {
        networks: vec![format!("{HERE}/32").parse().unwrap()],
        phones: vec![phone("meja-1"), phone("meja-2")],
        options,
        ..Phones::default()
    };
    let trunks = vec![Trunk::new("telco".into(), vec!["127.0.0.1/32".parse().unwrap()], None)];
    let limits = Limits { silence: Duration::from_millis(300), ..Limits::default() };
    let listen = vec!["udp://127.0.0.1:0".parse().unwrap()];
    let config = Config { limits, phones, ..Config::new(listen, trunks, "siaga/test") };
    let (agent, events) = UserAgent::start(config).await.unwrap();
    Desk { agent, events }
}

fn hex(octets: &[u8]) -> String {
    octets.iter().map(|octet| format!("{octet:02x}")).collect()
}

/// Credentials that answer the challenge of `response` with this algorithm.
fn credentials(response: &str, algorithm: &str, user: &str, password: &str, method: &str, uri: &str) -> String {
    let challenge = response
        .lines()
        .find(|line| line.starts_with("WWW-Authenticate:") && line.contains(&format!("algorithm={algorithm}")))
        .unwrap_or_else(|| panic!("no challenge with {algorithm}: {response}"));
    let nonce = challenge.split("nonce=\"").nth(1).and_then(|rest| rest.split('"').next()).unwrap();
    let hash = |text: String| match algorithm {
        "MD5" => hex(&Md5::digest(text.as_bytes())),
        _ => hex(&Sha256::digest(text.as_bytes())),
    };
    let secret = hash(format!("{user}:siaga:{password}"));
    let request = hash(format!("{method}:{uri}"));
    let answer = hash(format!("{secret}:{nonce}:00000001:c:auth:{request}"));
    format!(
        "Digest username=\"{user}\", realm=\"siaga\", nonce=\"{nonce}\", uri=\"{uri}\", response=\"{answer}\", \
         algorithm={algorithm}, qop=auth, nc=00000001, cnonce=\"c\""
    )
}

/// Asks, and asks again with credentials; what came of that.
async fn proved(peer: &mut Peer, method: &str, uri: &str, lines: &[(&str, &str)], password: &str, body: &str) -> (u16, String) {
    let (code, text) = peer.ask(method, uri, lines, body).await;
    assert_eq!(code, 401, "{text}");
    let credentials = credentials(&text, "SHA-256", "meja-1", password, method, uri);
    let lines: Vec<(&str, &str)> = lines.iter().copied().chain([("Authorization", credentials.as_str())]).collect();
    let request = peer.request(method, uri, &lines, body);
    peer.send(&request).await;
    loop {
        let (code, text) = peer.final_response().await;
        if code != 401 {
            return (code, text);
        }
    }
}

const TO: (&str, &str) = ("To", "<sip:meja-1@siaga.example>");

async fn registered(desk: &mut Desk) -> Peer {
    let mut peer = Peer::new(HERE, desk.udp()).await;
    let (code, text) = proved(&mut peer, "REGISTER", REGISTRAR, &[TO, ("Expires", "600")], "rahasia", "").await;
    assert_eq!(code, 200, "{text}");
    assert!(field(&text, "Contact").unwrap().ends_with(";expires=600"), "{text}");
    assert_eq!(phone_news(desk).await, ("meja-1".into(), true));
    peer
}

async fn phone_news(desk: &mut Desk) -> (String, bool) {
    loop {
        if let Event::Phone { phone, registered, .. } = desk.news().await {
            return (phone.0, registered);
        }
    }
}

fn call(phone: &str) -> PhoneCall {
    PhoneCall { phone: phone.into(), caller: Some("+628117701234".into()), audio: audio(), lift: Lift::Person }
}

#[tokio::test]
async fn a_phone_registers_with_its_password_and_signs_off() {
    let mut desk = desk().await;
    let mut phone = registered(&mut desk).await;
    let (code, text) = proved(&mut phone, "REGISTER", REGISTRAR, &[TO, ("Contact", "*"), ("Expires", "0")], "rahasia", "").await;
    assert_eq!((code, field(&text, "Contact")), (200, None));
    assert_eq!(phone_news(&mut desk).await, ("meja-1".into(), false));
}

#[tokio::test]
async fn the_older_digest_is_as_good() {
    let desk = desk().await;
    let mut peer = Peer::new(HERE, desk.udp()).await;
    let (_, text) = peer.ask("REGISTER", REGISTRAR, &[TO], "").await;
    let credentials = credentials(&text, "MD5", "meja-1", "rahasia", "REGISTER", REGISTRAR);
    assert_eq!(peer.ask("REGISTER", REGISTRAR, &[TO, ("Authorization", &credentials)], "").await.0, 200);
}

#[tokio::test]
async fn a_wrong_password_is_refused_and_soon_slowed_down() {
    let mut desk = desk().await;
    let mut peer = Peer::new(HERE, desk.udp()).await;
    for _ in 0..5 {
        assert_eq!(proved(&mut peer, "REGISTER", REGISTRAR, &[TO], "salah", "").await.0, 403);
    }
    let (code, text) = peer.ask("REGISTER", REGISTRAR, &[TO], "").await;
    assert!(code == 503 && field(&text, "Retry-After").is_some(), "{text}");
    assert!(desk.is_quiet());
}

#[tokio::test]
async fn strangers_and_carriers_find_no_registrar() {
    let mut desk = desk().await;
    let mut stranger = Peer::new("127.0.0.2", desk.udp()).await;
    let register = stranger.request("REGISTER", REGISTRAR, &[TO], "");
    stranger.send(&register).await;
    assert_eq!(stranger.ask("INVITE", "sip:*11@siaga.example", &[], OFFER).await.0, 403, "the first thing that it hears");
    let mut carrier = Peer::new("127.0.0.1", desk.udp()).await;
    assert_eq!(carrier.ask("REGISTER", REGISTRAR, &[TO], "").await.0, 405);
    assert!(desk.is_quiet());
}

/// Calls the phone, which answers; the leg and its INVITE.
async fn called(desk: &mut Desk, phone: &Peer) -> (LegId, String) {
    let leg = desk.agent.call_phone(call("meja-1")).await.unwrap();
    let invite = phone.asked("INVITE").await;
    let tagged = invite.replace("\r\nTo: ", "\r\nTo-Before: ");
    let tagged = format!("{tagged}To: {}\r\n", tagged_to(&invite));
    phone.reply(&tagged, "180 Ringing", &[], "").await;
    assert!(matches!(desk.next().await, Event::OutboundRinging { leg: rings, .. } if rings == leg));
    phone.reply(&tagged, "200 OK", &[], OFFER).await;
    assert!(matches!(desk.next().await, Event::OutboundAnswered { leg: answered, .. } if answered == leg));
    phone.asked("ACK").await;
    (leg, invite)
}

fn tagged_to(invite: &str) -> String {
    format!("{};tag=phone", field(invite, "To").unwrap())
}

/// A request of the phone in the call that this INVITE began.
fn from_the_phone(desk: &Desk, invite: &str, method: &str) -> String {
    format!(
        "{method} sip:siaga@{} SIP/2.0\r\nVia: SIP/2.0/UDP {HERE};rport;branch=z9hG4bK{method}\r\nFrom: {}\r\nTo: {}\r\nCall-ID: {}\r\n\
         CSeq: 1 {method}\r\nMax-Forwards: 70\r\nContent-Length: 0\r\n\r\n",
        desk.udp(),
        tagged_to(invite),
        field(invite, "From").unwrap(),
        field(invite, "Call-ID").unwrap(),
    )
}

#[tokio::test]
async fn a_registered_phone_is_called_where_it_is_answers_and_hangs_up() {
    let mut desk = desk().await;
    let phone = registered(&mut desk).await;
    let (leg, invite) = called(&mut desk, &phone).await;
    assert!(field(&invite, "From").unwrap().contains("sip:+628117701234@"), "{invite}");
    assert!(field(&invite, "Alert-Info").is_some(), "{invite}");
    phone.send(&from_the_phone(&desk, &invite, "BYE")).await;
    assert_eq!(desk.next().await, Event::Ended { leg, by: EndedBy::RemoteBye });
}

#[tokio::test]
async fn a_phone_is_asked_to_lift_itself_where_its_person_has_asked_for_the_call_and_there_only() {
    let mut desk = desk().await;
    let phone = registered(&mut desk).await;
    for (lift, asked) in [(Lift::Phone, true), (Lift::Person, false)] {
        desk.agent.call_phone(PhoneCall { lift, ..call("meja-1") }).await.unwrap();
        let invite = phone.asked("INVITE").await;
        assert_eq!(field(&invite, "Answer-Mode").is_some(), asked);
        assert_eq!(field(&invite, "Call-Info").is_some_and(|info| info.ends_with(";answer-after=0")), asked);
        assert_eq!(field(&invite, "Alert-Info").is_some_and(|info| info.contains("info=alert-autoanswer")), asked);
        assert_eq!(field(&invite, "Alert-Info") == Some("<urn:alert:priority:high>"), !asked);
        let tagged = format!("{}To: {}\r\n", invite.replace("\r\nTo: ", "\r\nTo-Before: "), tagged_to(&invite));
        phone.reply(&tagged, "486 Busy Here", &[], "").await;
        phone.asked("ACK").await;
    }
}

#[tokio::test]
async fn a_phone_behind_a_nat_stops_ringing_when_somebody_else_has_answered() {
    let mut desk = desk().await;
    let mut phone = Peer::new(HERE, desk.udp()).await;
    let behind = "sip:meja-1@192.168.77.9:5062;ob";
    let lines = [TO, ("Contact", &format!("<{behind}>")), ("Expires", "600")];
    assert_eq!(proved(&mut phone, "REGISTER", REGISTRAR, &lines, "rahasia", "").await.0, 200);
    let leg = desk.agent.call_phone(call("meja-1")).await.unwrap();
    let invite = phone.asked("INVITE").await;
    assert!(invite.starts_with(&format!("INVITE {behind} SIP/2.0\r\n")), "{invite}");
    assert_eq!(field(&invite, "To"), Some(format!("<{behind}>").as_str()));
    let tagged = format!("{}To: {}\r\n", invite.replace("\r\nTo: ", "\r\nTo-Before: "), tagged_to(&invite));
    phone.reply(&tagged, "180 Ringing", &[], "").await;
    while !matches!(desk.news().await, Event::OutboundRinging { .. }) {}
    desk.agent.hang_up(leg).await;
    let cancel = phone.asked("CANCEL").await;
    assert!(cancel.starts_with(&format!("CANCEL {behind} SIP/2.0\r\n")), "{cancel}");
    assert_eq!((field(&cancel, "Via"), field(&cancel, "To")), (field(&invite, "Via"), field(&invite, "To")));
}

#[tokio::test]
async fn what_a_phone_asks_while_our_bye_is_under_way_is_answered_as_the_call_stands() {
    for (method, code) in [("INVITE", 481), ("BYE", 200)] {
        let mut desk = desk().await;
        let phone = registered(&mut desk).await;
        let (leg, invite) = called(&mut desk, &phone).await;
        desk.agent.hang_up(leg).await;
        let bye = phone.asked("BYE").await;
        phone.send(&from_the_phone(&desk, &invite, method)).await;
        assert_eq!(phone.response_to(method).await, code, "{method}");
        phone.reply(&bye, "200 OK", &[], "").await;
        assert_eq!(desk.next().await, Event::Ended { leg, by: EndedBy::Local });
    }
}

#[tokio::test]
async fn a_phone_that_does_not_answer_an_invite_at_all_is_lost() {
    let mut desk = desk().await;
    let _silent = registered(&mut desk).await;
    let leg = desk.agent.call_phone(call("meja-1")).await.unwrap();
    let mut failed = false;
    let mut lost = false;
    while !(failed && lost) {
        match desk.news().await {
            Event::OutboundFailed { leg: of, code } => {
                assert_eq!((of, code), (leg, 408));
                failed = true;
            }
            Event::Phone { registered: false, .. } => lost = true,
            other => panic!("{other:?}"),
        }
    }
    let away = LegError::PhoneAway(PhoneName::from("meja-1"));
    assert_eq!(desk.agent.call_phone(call("meja-1")).await, Err(away));
    assert_eq!(desk.agent.call_phone(call("meja-9")).await, Err(LegError::NoPhone("meja-9".into())));
}

#[tokio::test]
async fn a_phone_that_leaves_two_questions_without_an_answer_is_lost_and_one_that_answers_is_not() {
    let mut desk = desk_asking(Duration::from_secs(2)).await;
    let phone = registered(&mut desk).await;
    let options = phone.asked("OPTIONS").await;
    phone.reply(&options, "200 OK", &[], "").await;
    phone.asked("OPTIONS").await;
    assert_eq!(phone_news(&mut desk).await, ("meja-1".into(), false));
}

/// A phone that calls, and is answered: the leg, its INVITE, and the 200.
async fn calls(desk: &mut Desk, phone: &mut Peer, uri: &str) -> (LegId, String, String) {
    let (code, text) = phone.ask("INVITE", uri, &[TO], OFFER).await;
    assert_eq!(code, 401, "{text}");
    let credentials = credentials(&text, "SHA-256", "meja-1", "rahasia", "INVITE", uri);
    let invite = phone.request("INVITE", uri, &[TO, ("Authorization", &credentials)], OFFER);
    phone.send(&invite).await;
    let Event::PhoneInvited { leg, phone: name, dialled, audio: offer } = desk.next().await else { panic!("no call of a phone") };
    assert_eq!((name.0.as_str(), offer.is_some()), ("meja-1", true));
    assert!(uri.contains(&format!(":{dialled}@")), "{dialled}");
    desk.agent.answer(leg, audio()).await.unwrap();
    let ok = phone.response(200, "INVITE").await;
    phone.send(&within(&invite, &ok, "ACK", 1)).await;
    assert_eq!(desk.next().await, Event::Confirmed { leg, audio: None });
    (leg, invite, ok)
}

#[tokio::test]
async fn a_phone_calls_a_feature_code_with_its_password_alone() {
    let mut desk = desk().await;
    let mut phone = Peer::new(HERE, desk.udp()).await;
    let (_, _, ok) = calls(&mut desk, &mut phone, "sip:*11@siaga.example").await;
    assert!(ok.contains("m=audio"), "{ok}");
    assert!(field(&ok, "Allow").unwrap().contains("REFER"), "phones hide the transfer key without it: {ok}");
}

#[tokio::test]
async fn a_phone_gives_its_call_away_and_hears_what_became_of_it_before_the_call_ends() {
    let mut desk = desk().await;
    let mut phone = Peer::new(HERE, desk.udp()).await;
    let (leg, invite, ok) = calls(&mut desk, &mut phone, "sip:119@siaga.example").await;
    let refer = |number, to: &str| within_with(&invite, &ok, "REFER", number, &[("Refer-To", to)], "");
    phone.send(&refer(2, "<sip:@siaga.example>")).await;
    assert_eq!(phone.final_response().await.0, 400);

    phone.send(&refer(3, "<sip:118@siaga.example>")).await;
    assert_eq!(phone.final_response().await.0, 202);
    assert_eq!(desk.next().await, Event::Referred { leg, to: Referral::Number("118".into()) });
    let under_way = phone.asked("NOTIFY").await;
    assert!(under_way.ends_with("SIP/2.0 100 Trying\r\n") && field(&under_way, "Event") == Some("refer"), "{under_way}");
    assert!(field(&under_way, "Subscription-State").unwrap().starts_with("active"), "{under_way}");
    phone.send(&refer(4, "<sip:118@siaga.example>")).await;
    assert_eq!(phone.final_response().await.0, 491, "one at a time");
    phone.reply(&under_way, "200 OK", &[], "").await;
    desk.agent.refer_over(leg, Err(Reject::Busy));
    let refused = phone.asked("NOTIFY").await;
    assert!(refused.contains("\r\n\r\nSIP/2.0 486 Busy Here"), "{refused}");
    assert!(field(&refused, "Subscription-State").unwrap().starts_with("terminated"), "{refused}");
    phone.reply(&refused, "200 OK", &[], "").await;

    // The call goes on, and can be given to whom the phone has consulted.
    let mut number = 5;
    loop {
        phone.send(&refer(number, "<sip:118@siaga.example?Replaces=a%40b%3Bto-tag%3Dc%3Bfrom-tag%3Dd>")).await;
        match phone.final_response().await.0 {
            // The answer to the NOTIFY is still on its way.
            491 => number += 1,
            code => break assert_eq!(code, 202),
        }
    }
    assert_eq!(desk.next().await, Event::Referred { leg, to: Referral::OtherCall });
    desk.agent.refer_over(leg, Ok(()));
    desk.agent.hang_up(leg).await;
    for expected in ["SIP/2.0 100", "SIP/2.0 200"] {
        let notify = phone.receive().await;
        assert_eq!(field(&notify, "Event"), Some(format!("refer;id={number}").as_str()), "{notify}");
        assert!(notify.starts_with("NOTIFY") && notify.contains(&format!("\r\n\r\n{expected}")), "{notify}");
        phone.reply(&notify, "200 OK", &[], "").await;
    }
    let bye = phone.receive().await;
    assert!(bye.starts_with("BYE"), "{bye}");
}
