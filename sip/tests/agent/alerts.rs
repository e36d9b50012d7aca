//! Alerts without a call (RFC 8876), on the wire.

use crate::support::{OFFER, Peer, desk, desk_of_loopback, desk_with, field};
use sip::cap::{Category, MessageType, Status};
use sip::{Limits, Rate, Strangers};

const URI: &str = "urn:service:sos";
const CAP: (&str, &str) = ("Content-Type", "application/EmergencyCallData.cap+xml");

fn alert(identifier: &str) -> String {
    format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?><alert xmlns=\"urn:oasis:names:tc:emergency:cap:1.2\"><identifier>{identifier}</identifier>\
         <sender>sip:sensor@mall.example</sender><sent>2026-11-25T04:00:00+07:00</sent><status>Actual</status><msgType>Alert</msgType><scope>Private</scope>\
         <info><category>Fire</category><event>Kebakaran</event><urgency>Immediate</urgency><severity>Severe</severity><certainty>Likely</certainty>\
         <area><areaDesc>Nagoya Hill</areaDesc><circle>1.1455,104.0140 0.25</circle></area></info></alert>"
    )
}

#[tokio::test]
async fn an_alert_is_answered_and_told_once_however_often_it_comes() {
    let mut desk = desk_of_loopback().await;
    let mut peer = Peer::new("127.0.0.1", desk.udp()).await;
    let request = peer.request("MESSAGE", URI, &[CAP], &alert("1"));
    for _ in 0..3 {
        peer.send(&request).await;
        let (code, text) = peer.final_response().await;
        assert_eq!((code, field(&text, "CSeq")), (200, Some("1 MESSAGE")), "{text}");
    }
    let mut other = Peer::new("127.0.0.3", desk.udp()).await;
    assert_eq!(other.ask("MESSAGE", URI, &[CAP], &alert("1")).await.0, 200, "by another way");
    assert_eq!(other.ask("MESSAGE", URI, &[CAP], &alert("2")).await.0, 200);
    let first = desk.alerted().await;
    assert_eq!(
        (first.cap.identifier.as_str(), first.cap.status, first.cap.message_type),
        ("1", Status::Actual, MessageType::Alert)
    );
    assert_eq!(first.cap.infos[0].categories, [Category::Fire]);
    assert_eq!(first.cap.infos[0].areas[0].centre(), Some(((1.1455, 104.0140), 250.0)));
    assert_eq!((first.trunk.0.as_str(), first.source.ip().to_string().as_str()), ("telco", "127.0.0.1"));
    let second = desk.alerted().await;
    assert_eq!(second.cap.identifier, "2");
    assert!(second.id != first.id && desk.is_quiet());
}

#[tokio::test]
async fn an_alert_that_its_owner_could_not_keep_is_told_again_when_it_comes_again() {
    let mut desk = desk_of_loopback().await;
    let mut peer = Peer::new("127.0.0.1", desk.udp()).await;
    for _ in 0..2 {
        assert_eq!(peer.ask("MESSAGE", URI, &[CAP], &alert("1")).await.0, 200);
        let told = desk.alerted().await.cap;
        assert_eq!((told.sender.as_str(), told.identifier.as_str()), ("sip:sensor@mall.example", "1"));
        assert_eq!(peer.ask("MESSAGE", URI, &[CAP], &alert("1")).await.0, 200);
        assert!(desk.is_quiet(), "told once");
        desk.agent.forget_alert(&told.sender, &told.identifier);
    }
}

#[tokio::test]
async fn a_bad_alert_is_told_what_is_wrong_with_it() {
    let mut desk = desk_of_loopback().await;
    let mut peer = Peer::new("127.0.0.1", desk.udp()).await;
    for (lines, body, code, name, value) in [
        (vec![CAP], "<alert", 425, "AlertMsg-Error", "103 "),
        (vec![CAP], "<alert/>", 425, "AlertMsg-Error", "102 "),
        (
            vec![("Content-Type", "text/plain"), ("Call-Info", "<cid:a@h>;purpose=EmergencyCallData.cap")],
            "help",
            425,
            "AlertMsg-Error",
            "101 ",
        ),
        (vec![("Content-Type", "text/plain")], "help", 415, "Accept", "application/EmergencyCallData.cap+xml"),
        (vec![CAP, ("Content-Encoding", "gzip")], "x", 415, "Accept-Encoding", "identity"),
    ] {
        let (told, text) = peer.ask("MESSAGE", URI, &lines, body).await;
        assert_eq!(told, code, "{text}");
        assert!(field(&text, name).is_some_and(|told| told.starts_with(value)), "{text}");
    }
    assert!(desk.is_quiet());
}

#[tokio::test]
async fn strangers_alert_nobody_and_share_their_few_refusals_with_stranger_calls() {
    let each = Rate { per_second: 1, burst: 3 };
    let strangers = Strangers::Refuse { each, all: Rate { per_second: 1, burst: 100 } };
    let mut desk = desk_with(Limits { take_alerts: true, strangers, ..Limits::default() }, None).await;
    let mut stranger = Peer::new("127.0.0.2", desk.udp()).await;
    assert_eq!(stranger.ask("MESSAGE", URI, &[CAP], &alert("1")).await.0, 403);
    for uri in ["urn:service:test.sos", URI] {
        assert_eq!(stranger.ask("INVITE", uri, &[], OFFER).await.0, 403, "{uri}");
    }
    for number in 0..50 {
        let request = stranger.request("MESSAGE", URI, &[CAP], &alert(&number.to_string()));
        stranger.send(&request).await;
    }
    // A trunk's request after them is answered after them.
    let mut peer = Peer::new("127.0.0.1", desk.udp()).await;
    assert_eq!(peer.ask("OPTIONS", URI, &[], "").await.0, 200);
    // One more a second: half of them would need longer than any reply is waited for.
    assert!(stranger.waiting() < 25, "no more refusals than the rate allows");
    assert!(desk.is_quiet());
}

#[tokio::test]
async fn without_a_listener_no_alert_is_taken_and_strangers_hear_nothing() {
    let mut desk = desk().await;
    let mut stranger = Peer::new("127.0.0.2", desk.udp()).await;
    let request = stranger.request("MESSAGE", URI, &[CAP], &alert("1"));
    stranger.send(&request).await;
    let mut peer = Peer::new("127.0.0.1", desk.udp()).await;
    assert_eq!(peer.ask("MESSAGE", URI, &[CAP], &alert("1")).await.0, 405);
    assert_eq!(stranger.waiting(), 0);
    assert!(desk.is_quiet());
}

#[tokio::test]
async fn an_alert_that_there_is_no_room_for_is_told_to_come_again_and_then_taken() {
    let mut desk = desk_of_loopback().await;
    let mut peer = Peer::new("127.0.0.1", desk.udp()).await;
    let mut taken = 0;
    let refused = loop {
        let identifier = taken.to_string();
        let (code, text) = peer.ask("MESSAGE", URI, &[CAP], &alert(&identifier)).await;
        match code {
            200 => taken += 1,
            _ => break (code, field(&text, "Retry-After").map(str::to_owned)),
        }
        assert!(taken < 2000, "never full");
    };
    assert_eq!(refused, (503, Some("5".to_owned())));
    for told in 0..taken {
        assert_eq!(desk.alerted().await.cap.identifier, told.to_string());
    }
    assert_eq!(peer.ask("MESSAGE", URI, &[CAP], &alert(&taken.to_string())).await.0, 200);
    assert_eq!(desk.alerted().await.cap.identifier, taken.to_string());
}
