//! What was to be heard by the other side and found no way, or came too late: no caller is lost by it, and no place.

use crate::support::carrier::{Asked, Carrier};
use crate::support::{Desk, OFFER, Peer, audio, calling, desk_of, desk_on, desk_with_all, field, trunk};
use sip::{EndedBy, Event, LegError, LegId, Limits, Outbound, Tls, Trunk};
use std::net::SocketAddr;
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

fn to(trunks: &[&str]) -> Outbound {
    let trunks = trunks.iter().map(|name| (*name).into()).collect();
    Outbound { trunks, number: "110".into(), caller: None, media: audio().into(), callback: false }
}

async fn desk_by(limits: Limits, carriers: &[&Carrier]) -> Desk {
    let names = ["first", "second"];
    let trunks = names.iter().zip(carriers).map(|(name, carrier)| Trunk::new((*name).into(), vec![], Some(carrier.address())));
    desk_with_all(&["udp://127.0.0.1:0"], limits, trunks.collect(), Tls::default()).await
}

#[tokio::test]
async fn requests_whose_replies_lead_nowhere_keep_no_place_from_a_caller() {
    let limits = Limits { max_transactions: 4, ..Limits::default() };
    let mut desk = desk_of(&["udp://127.0.0.1:0"], limits, trunk("telco", "127.0.0.1/32")).await;
    let mut peer = Peer::new("127.0.0.1", desk.udp()).await;
    for n in 0..12 {
        let via = format!("SIP/2.0/UDP 10.0.0.9:0;branch=z9hG4bKnowhere{n}");
        let lines = [("Via", via.as_str()), ("To", "<sip:112@psap.example>;tag=gone")];
        let bye = peer.request("BYE", "sip:112@psap.example", &lines, "");
        peer.send(&bye).await;
    }
    let invite = peer.request("INVITE", "sip:112@psap.example", &[], OFFER);
    peer.send(&invite).await;
    desk.invited().await;
    peer.receive_until("SIP/2.0 180").await;
}

/// Reads from a stream until these words have come.
async fn read_until(stream: &mut TcpStream, words: &str) -> String {
    let mut text = String::new();
    let reading = async {
        let mut buffer = [0; 4096];
        while !text.contains(words) {
            let length = stream.read(&mut buffer).await.unwrap();
            assert_ne!(length, 0, "the connection ended: {text}");
            text.push_str(&String::from_utf8_lossy(&buffer[..length]));
        }
    };
    tokio::time::timeout(Duration::from_secs(20), reading).await.expect("heard in time");
    text
}

/// A call by TCP whose Via leads to `at`, ringing; its connection is closed by its caller, and by us.
async fn rings_and_breaks(desk: &mut Desk, name: &str, at: SocketAddr) -> LegId {
    let mut stream = TcpStream::connect(desk.tcp()).await.unwrap();
    let invite = format!(
        "INVITE sip:112@psap.example SIP/2.0\r\nVia: SIP/2.0/TCP {at};branch=z9hG4bK{name}\r\nFrom: <sip:peer@{at}>;tag=p\r\n\
         To: <sip:112@psap.example>\r\nCall-ID: {name}\r\nCSeq: 1 INVITE\r\nContact: <sip:peer@{at};transport=tcp>\r\nMax-Forwards: 70\r\n\
         Content-Type: application/sdp\r\nContent-Length: {}\r\n\r\n{OFFER}",
        OFFER.len()
    );
    stream.write_all(invite.as_bytes()).await.unwrap();
    let leg = desk.invited().await.leg;
    read_until(&mut stream, "SIP/2.0 180").await;
    stream.shutdown().await.unwrap();
    stream.read_to_end(&mut Vec::new()).await.unwrap();
    leg
}

/// Where nobody listens.
const NOWHERE: &str = "127.0.0.1:1";

#[tokio::test]
async fn a_caller_whose_connection_broke_while_it_rang_hears_the_answer_by_another() {
    let mut desk = desk_on(&["tcp://127.0.0.1:0"], Limits::default(), None).await;
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let at = listener.local_addr().unwrap();
    let leg = rings_and_breaks(&mut desk, "broken", at).await;
    desk.answer_unheard(leg).await;
    let accepted = tokio::time::timeout(Duration::from_secs(20), listener.accept()).await;
    let (mut again, _) = accepted.expect("connected in time").unwrap();
    let answer = read_until(&mut again, "a=sendrecv").await;
    assert!(answer.starts_with("SIP/2.0 200"), "{answer}");
    let ack = format!(
        "ACK sip:112@psap.example SIP/2.0\r\nVia: SIP/2.0/TCP {at};branch=z9hG4bKack\r\nFrom: <sip:peer@{at}>;tag=p\r\nTo: {}\r\n\
         Call-ID: broken\r\nCSeq: 1 ACK\r\nMax-Forwards: 70\r\nContent-Length: 0\r\n\r\n",
        field(&answer, "To").unwrap()
    );
    again.write_all(ack.as_bytes()).await.unwrap();
    assert_eq!(desk.next().await, Event::Confirmed { leg, audio: None });
    desk.agent.hang_up(leg).await;
    assert_eq!(desk.next().await, Event::Ended { leg, by: EndedBy::Local });
    read_until(&mut again, "BYE ").await;
}

#[tokio::test]
async fn a_carrier_that_cannot_be_reached_hears_the_answer_by_the_connection_that_it_has_opened_anew() {
    let mut desk = desk_on(&["tcp://127.0.0.1:0"], Limits::default(), None).await;
    let leg = rings_and_breaks(&mut desk, "deaf", NOWHERE.parse().unwrap()).await;
    let mut again = TcpStream::connect(desk.tcp()).await.unwrap();
    // The answer to a ping says that it is known.
    again.write_all(b"\r\n\r\n").await.unwrap();
    read_until(&mut again, "\r\n").await;
    desk.answer_unheard(leg).await;
    assert!(read_until(&mut again, "a=sendrecv").await.starts_with("SIP/2.0 200"));
}

#[tokio::test]
async fn an_answer_that_nobody_can_hear_ends_the_call_and_frees_its_place() {
    let limits = Limits { t1: Duration::from_millis(20), max_calls: 1, ..Limits::default() };
    let mut desk = desk_on(&["tcp://127.0.0.1:0"], limits, None).await;
    let leg = rings_and_breaks(&mut desk, "deaf", NOWHERE.parse().unwrap()).await;
    desk.answer_unheard(leg).await;
    assert_eq!(desk.next().await, Event::Ended { leg, by: EndedBy::NoAck });
    rings_and_breaks(&mut desk, "next", NOWHERE.parse().unwrap()).await;
}

/// Calls until there is a place for it.
async fn place_for_another(desk: &Desk, trunks: &[&str]) -> LegId {
    let calling = async {
        loop {
            match desk.agent.call(to(trunks)).await {
                Ok(leg) => return leg,
                Err(LegError::Full) => tokio::task::yield_now().await,
                Err(other) => panic!("{other}"),
            }
        }
    };
    tokio::time::timeout(Duration::from_secs(20), calling).await.expect("the place is free in time")
}

#[tokio::test]
async fn a_call_of_which_only_100_was_heard_gives_its_place_back_though_its_cancel_is_never_answered() {
    let carrier = Carrier::new("127.0.0.2:0").await;
    let limits = Limits { t1: Duration::from_millis(10), max_calls: 1, ..Limits::default() };
    let mut desk = desk_by(limits, &[&carrier]).await;
    let leg = desk.agent.call(to(&["first"])).await.unwrap();
    let invite = carrier.asked("INVITE").await;
    carrier.reply(&invite, "100 Trying", &[], "").await;
    carrier.is_looked_at(&invite).await;
    desk.agent.hang_up(leg).await;
    assert_eq!(desk.next().await, Event::Ended { leg, by: EndedBy::Local });
    carrier.asked("CANCEL").await;
    place_for_another(&desk, &["first"]).await;
}

/// Two carriers, and a call that the first of them is asked for.
async fn asks_the_first(limits: Limits) -> (Carrier, Carrier, Desk, LegId, Asked) {
    let (first, second) = (Carrier::new("127.0.0.2:0").await, Carrier::new("127.0.0.3:0").await);
    let desk = desk_by(limits, &[&first, &second]).await;
    let leg = desk.agent.call(to(&["first", "second"])).await.unwrap();
    let invite = first.asked("INVITE").await;
    (first, second, desk, leg, invite)
}

#[tokio::test]
async fn a_front_end_that_says_100_and_nothing_else_is_cancelled_and_passed_over() {
    let limits = Limits { silence: Duration::from_millis(50), ..Limits::default() };
    let (first, second, mut desk, leg, late) = asks_the_first(limits).await;
    first.reply(&late, "100 Trying", &[], "").await;
    let invite = second.asked("INVITE").await;
    let cancel = first.asked("CANCEL").await;
    first.reply(&cancel, "200 OK", &[], "").await;
    second.answer(&invite, OFFER).await;
    assert!(matches!(desk.next().await, Event::OutboundAnswered { leg: answered, .. } if answered == leg));
    // The answer crossed the CANCEL.
    first.answer(&late, OFFER).await;
    first.asked("ACK").await;
    first.asked("BYE").await;
}

#[tokio::test]
async fn a_call_that_nobody_takes_is_cancelled_and_not_dialled_again() {
    let limits = Limits { max_calling: Duration::from_millis(200), ..Limits::default() };
    let (first, second, mut desk, leg, invite) = asks_the_first(limits).await;
    first.reply(&invite, "180 Ringing", &[], "").await;
    assert_eq!(desk.next().await, Event::OutboundRinging { leg, trunk: "first".into() });
    assert_eq!(desk.next().await, Event::OutboundFailed { leg, code: 408 });
    let cancel = first.asked("CANCEL").await;
    first.reply(&cancel, "200 OK", &[], "").await;
    first.reply(&invite, "487 Request Terminated", &[], "").await;
    first.asked("ACK").await;
    assert!(!second.was_asked("INVITE"));
}

/// How often a response is acknowledged, when it is sent twice.
async fn acknowledged_again(carrier: &Carrier, invite: &Asked, status: &str, body: &str) {
    let contact = format!("<sip:callee@{}>", carrier.address());
    for _ in 0..2 {
        carrier.reply(invite, status, &[("Contact", &contact)], body).await;
        while !carrier.heard().await.text.starts_with("ACK ") {}
    }
}

#[tokio::test]
async fn a_final_response_that_is_repeated_because_our_ack_was_lost_is_acknowledged_again() {
    for (status, body) in [("200 OK", OFFER), ("503 Service Unavailable", ""), ("603 Decline", ""), ("486 Busy Here", "")] {
        let (carrier, _desk, _, invite) = calling(|trunk| trunk).await;
        acknowledged_again(&carrier, &invite, status, body).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whoever_answers_in_the_moment_we_hang_up_is_not_left_in_a_dead_call() {
    let carrier = Carrier::new("127.0.0.2:0").await;
    let mut desk = desk_by(Limits::default(), &[&carrier]).await;
    for _ in 0..50 {
        let leg = desk.agent.call(to(&["first"])).await.unwrap();
        let invite = carrier.asked("INVITE").await;
        carrier.reply(&invite, "180 Ringing", &[], "").await;
        assert!(matches!(desk.next().await, Event::OutboundRinging { .. }));
        tokio::join!(carrier.answer(&invite, OFFER), desk.agent.hang_up(leg));
        let bye = carrier.asked("BYE").await;
        carrier.reply(&bye, "200 OK", &[], "").await;
        while !matches!(desk.next().await, Event::Ended { .. }) {}
    }
}

#[tokio::test]
async fn a_caller_whose_name_has_signs_of_the_grammar_is_released_by_a_whole_bye() {
    let mut desk = desk_of(&["udp://127.0.0.1:0"], Limits::default(), trunk("telco", "127.0.0.1/32")).await;
    let mut peer = Peer::new("127.0.0.1", desk.udp()).await;
    let from: SocketAddr = "127.0.0.1:5060".parse().unwrap();
    for (name, shown) in [(r#""<unknown>""#, "unknown"), (r#""PT \"Maju\"""#, "PT Maju")] {
        let value = format!("{name} <sip:+62811@{from}>;tag=t{}", shown.len());
        let talk = crate::support::talk(&mut desk, &mut peer, &[("From", &value)]).await;
        desk.agent.hang_up(talk.leg).await;
        assert_eq!(desk.next().await, Event::Ended { leg: talk.leg, by: EndedBy::Local });
        let bye = peer.asked("BYE").await;
        assert_eq!(field(&bye, "To"), Some(format!("\"{shown}\" <sip:+62811@{from}>;tag=t{}", shown.len()).as_str()));
        peer.reply(&bye, "200 OK", &[], "").await;
    }
}
