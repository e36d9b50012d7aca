//! Sessions that end unless somebody refreshes them, and what happens where requests cross, on the wire.

use crate::support::{Desk, OFFER, Peer, audio, desk_with, field, free_port, sipp, talk, within_with};
use sip::{Direction, EndedBy, Event, Limits, Outbound};
use std::time::Duration;

const URI: &str = "sip:112@psap.example";
const ALLOW: (&str, &str) = ("Allow", "INVITE, ACK, BYE, UPDATE");
const TIMER: (&str, &str) = ("Supported", "timer");

/// Sessions may be as short as two seconds, and no request is repeated meanwhile.
async fn desk() -> Desk {
    desk_with(Limits { min_session_s: 2, t1: Duration::from_secs(5), ..Limits::default() }, None).await
}

fn body(text: &str) -> &str {
    text.split_once("\r\n\r\n").unwrap().1
}

#[tokio::test]
async fn a_session_too_short_is_told_the_shortest_one() {
    let mut desk = desk_with(Limits::default(), None).await;
    let mut peer = Peer::new("127.0.0.1", desk.udp()).await;
    let (code, text) = peer.ask("INVITE", URI, &[TIMER, ("Session-Expires", "60")], OFFER).await;
    assert_eq!((code, field(&text, "Min-SE")), (422, Some("90")));
    assert!(desk.is_quiet());
    let lines = [("Require", "timer"), ("Session-Expires", "90;refresher=uas"), ALLOW];
    let call = talk(&mut desk, &mut peer, &lines).await;
    assert_eq!(field(&call.answered, "Session-Expires"), Some("90;refresher=uas"));
    assert_eq!(field(&call.answered, "Require"), Some("timer"));
}

#[tokio::test]
async fn a_caller_that_asks_for_no_timer_gets_none() {
    let mut desk = desk().await;
    let mut peer = Peer::new("127.0.0.1", desk.udp()).await;
    let call = talk(&mut desk, &mut peer, &[TIMER, ALLOW]).await;
    assert_eq!((field(&call.answered, "Session-Expires"), field(&call.answered, "Require")), (None, None));
}

#[tokio::test]
async fn the_callers_refreshes_keep_the_call_and_their_absence_ends_it() {
    let mut desk = desk().await;
    let mut peer = Peer::new("127.0.0.1", desk.udp()).await;
    let session = ("Session-Expires", "3;refresher=uac");
    let call = talk(&mut desk, &mut peer, &[TIMER, session]).await;
    assert_eq!(field(&call.answered, "Session-Expires"), Some("3;refresher=uac"));
    for number in 2..4 {
        // The second refresh comes when the session would be over without the first.
        tokio::time::sleep(Duration::from_millis(1200)).await;
        peer.send(&call.request("UPDATE", number, &[TIMER, session], "")).await;
        let text = peer.response(200, "UPDATE").await;
        assert_eq!(field(&text, "Session-Expires"), Some("3;refresher=uac"));
    }
    let bye = peer.asked("BYE").await;
    peer.reply(&bye, "200 OK", &[], "").await;
    assert_eq!(desk.next().await, Event::Ended { leg: call.leg, by: EndedBy::Timeout });
}

#[tokio::test]
async fn we_refresh_by_update_and_try_again_after_a_crossing() {
    let mut desk = desk().await;
    let mut peer = Peer::new("127.0.0.1", desk.udp()).await;
    let call = talk(&mut desk, &mut peer, &[TIMER, ("Session-Expires", "13;refresher=uas"), ALLOW]).await;
    assert_eq!(field(&call.answered, "Session-Expires"), Some("13;refresher=uas"));
    let first = peer.asked("UPDATE").await;
    assert_eq!(field(&first, "Session-Expires"), Some("13;refresher=uac"), "we stay the refresher");
    assert_eq!(body(&first), "");
    peer.reply(&first, "491 Request Pending", &[], "").await;
    let second = peer.asked("UPDATE").await;
    assert_ne!(field(&first, "CSeq"), field(&second, "CSeq"));
    peer.reply(&second, "422 Session Interval Too Small", &[("Min-SE", "14")], "").await;
    let third = peer.asked("UPDATE").await;
    assert_eq!((field(&third, "Session-Expires"), field(&third, "Min-SE")), (Some("14;refresher=uac"), Some("14")));
    peer.reply(&third, "200 OK", &[("Session-Expires", "14;refresher=uac"), ("Require", "timer")], "").await;
    desk.agent.hang_up(call.leg).await;
    peer.asked("BYE").await;
    assert_eq!(desk.next().await, Event::Ended { leg: call.leg, by: EndedBy::Local });
}

#[tokio::test]
async fn a_caller_without_update_is_refreshed_by_an_invite_that_changes_nothing() {
    let mut desk = desk().await;
    let mut peer = Peer::new("127.0.0.1", desk.udp()).await;
    let session = ("Session-Expires", "4;refresher=uas");
    let call = talk(&mut desk, &mut peer, &[TIMER, session, ("Allow", "INVITE, ACK, BYE")]).await;
    let refresh = peer.asked("INVITE").await;
    assert_eq!(body(&refresh), body(&call.answered));
    // An offer of the caller's crosses ours.
    peer.send(&call.request("UPDATE", 2, &[], OFFER)).await;
    peer.response(491, "UPDATE").await;
    peer.send(&call.request("INVITE", 3, &[], OFFER)).await;
    let crossed = peer.response(491, "INVITE").await;
    peer.send(&call.request("ACK", 3, &[], "").replace("z9hG4bKACK", "z9hG4bKINVITE")).await;
    assert!(field(&crossed, "To").is_some());
    let held = OFFER.replace("o=- 1 1", "o=- 1 2") + "a=sendonly\r\n";
    peer.reply(&refresh, "200 OK", &[("Session-Expires", "4;refresher=uac"), ("Require", "timer")], &held).await;
    let ack = peer.asked("ACK").await;
    assert_eq!(field(&ack, "CSeq").unwrap().split(' ').next(), field(&refresh, "CSeq").unwrap().split(' ').next());
    let Event::Changed { audio: remote, .. } = desk.next().await else { panic!("no change") };
    assert_eq!(remote.direction, Direction::SendOnly);
    // The crossing is over: the caller's offer is taken now.
    peer.send(&call.request("UPDATE", 4, &[], OFFER)).await;
    assert!(body(&peer.response(200, "UPDATE").await).contains("a=sendrecv"));
}

#[tokio::test]
async fn a_caller_that_does_not_know_the_call_any_more_loses_it() {
    let mut desk = desk().await;
    let mut peer = Peer::new("127.0.0.1", desk.udp()).await;
    let call = talk(&mut desk, &mut peer, &[TIMER, ("Session-Expires", "3;refresher=uas"), ALLOW]).await;
    let refresh = peer.asked("UPDATE").await;
    peer.reply(&refresh, "481 Call/Transaction Does Not Exist", &[], "").await;
    peer.asked("BYE").await;
    assert_eq!(desk.next().await, Event::Ended { leg: call.leg, by: EndedBy::Timeout });
}

#[tokio::test]
async fn an_offer_that_crosses_our_delayed_one_gets_491() {
    let mut desk = desk().await;
    let mut peer = Peer::new("127.0.0.1", desk.udp()).await;
    let invite = peer.request("INVITE", URI, &[], "");
    peer.send(&invite).await;
    let leg = desk.invited().await.leg;
    desk.agent.answer(leg, audio()).await.unwrap();
    let answered = peer.response(200, "INVITE").await;
    peer.send(&within_with(&invite, &answered, "UPDATE", 2, &[], OFFER)).await;
    peer.response(491, "UPDATE").await;
    peer.send(&within_with(&invite, &answered, "ACK", 1, &[], OFFER)).await;
    assert!(matches!(desk.next().await, Event::Confirmed { audio: Some(_), .. }));
    peer.send(&within_with(&invite, &answered, "UPDATE", 3, &[], OFFER)).await;
    peer.response(200, "UPDATE").await;
}

#[tokio::test]
async fn a_called_party_may_ask_us_to_refresh() {
    let port = free_port();
    let limits = Limits { min_session_s: 2, ..Limits::default() };
    let mut desk = desk_with(limits, Some(([127, 0, 0, 1], port).into())).await;
    let called = sipp("uas_session_timer.xml", desk.udp(), &["-p", &port.to_string()]);
    let to =
        Outbound { trunks: vec!["telco".into()], number: "110".into(), caller: None, media: audio().into(), callback: false };
    let leg = desk.agent.call(to).await.unwrap();
    assert_eq!(desk.next().await, Event::OutboundRinging { leg, trunk: "telco".into() });
    assert!(matches!(desk.next().await, Event::OutboundAnswered { .. }));
    assert_eq!(desk.next().await, Event::Ended { leg, by: EndedBy::RemoteBye });
    called.succeeded().await;
}

#[tokio::test]
async fn a_far_end_that_is_asked_whether_it_has_the_call_keeps_it_and_one_that_has_it_no_more_ends_it() {
    let mut desk = desk_with(Limits { t1: Duration::from_millis(20), ..Limits::default() }, None).await;
    for allow in [ALLOW, ("Allow", "INVITE, ACK, BYE")] {
        let mut peer = Peer::new("127.0.0.1", desk.udp()).await;
        let (method, answer) = if allow == ALLOW { ("UPDATE", "") } else { ("INVITE", OFFER) };
        let call = talk(&mut desk, &mut peer, &[allow]).await;
        desk.agent.probe(call.leg);
        let asked = peer.asked(method).await;
        assert_eq!(field(&asked, "Session-Expires"), None);
        peer.reply(&asked, "200 OK", &[], answer).await;
        if method == "INVITE" {
            peer.asked("ACK").await;
        }
        assert!(desk.is_quiet(), "nothing has changed");
        // Until its answer has come home the question is not put again.
        let asked = loop {
            desk.agent.probe(call.leg);
            let heard = peer.heard_within(Duration::from_millis(50)).await;
            if let Some(asked) = heard.filter(|text| text.starts_with(method)) {
                break asked;
            }
        };
        peer.reply(&asked, "481 Call Does Not Exist", &[], "").await;
        let bye = peer.asked("BYE").await;
        peer.reply(&bye, "200 OK", &[], "").await;
        assert_eq!(desk.next().await, Event::Ended { leg: call.leg, by: EndedBy::Timeout });
    }
    // One that has vanished altogether.
    let mut peer = Peer::new("127.0.0.1", desk.udp()).await;
    let call = talk(&mut desk, &mut peer, &[ALLOW]).await;
    let ended = loop {
        desk.agent.probe(call.leg);
        if let Ok(event) = tokio::time::timeout(Duration::from_millis(100), desk.next()).await {
            break event;
        }
    };
    assert_eq!(ended, Event::Ended { leg: call.leg, by: EndedBy::Timeout });
    let mut asked = std::collections::BTreeSet::new();
    while let Some(heard) = peer.heard_within(Duration::from_millis(10)).await {
        asked.extend(field(&heard, "CSeq").filter(|number| number.ends_with("UPDATE")).map(str::to_owned));
    }
    assert_eq!(asked.len(), 2, "one question may be lost: {asked:?}");
}
