//! What is refused before any call exists, on the wire.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod support;

use sip::{EndedBy, Event, Limits};
use support::{OFFER, Peer, desk, desk_with, field};
use tokio::io::{AsyncReadExt, AsyncWriteExt};

const URI: &str = "sip:112@psap.example";

#[tokio::test]
async fn a_stranger_gets_403_and_nothing_happens() {
    let mut desk = desk().await;
    let mut stranger = Peer::new("127.0.0.2", desk.udp()).await;
    for method in ["INVITE", "OPTIONS", "REGISTER", "BYE"] {
        assert_eq!(stranger.ask(method, URI, &[], "").await.0, 403, "{method}");
    }
    assert!(desk.is_quiet());
}

#[tokio::test]
async fn each_bad_request_gets_its_code() {
    let mut desk = desk().await;
    let mut peer = Peer::new("127.0.0.1", desk.udp()).await;
    for (method, uri, lines, expected) in [
        ("INVITE", URI, &[("Call-ID", "")][..], 400),
        ("INVITE", URI, &[("CSeq", "1 BYE")], 400),
        ("INVITE", URI, &[("Content-Length", "9999")], 400),
        ("INVITE", URI, &[("From", "<sip:a@b>")], 400),
        ("INVITE", URI, &[("Require", "100rel, precondition, timer")], 420),
        ("INVITE", "http://psap.example", &[], 416),
        ("REGISTER", URI, &[], 405),
        ("SUBSCRIBE", URI, &[], 405),
        ("NEWMETHOD", URI, &[], 501),
        ("BYE", URI, &[("To", "<sip:112@psap.example>;tag=unknown")], 481),
        ("INVITE", URI, &[("To", "<sip:112@psap.example>;tag=unknown")], 481),
        ("BYE", URI, &[], 481),
        ("CANCEL", URI, &[], 481),
        ("OPTIONS", URI, &[], 200),
    ] {
        let (code, text) = peer.ask(method, uri, lines, OFFER).await;
        assert_eq!(code, expected, "{method} {uri} {lines:?}\n{text}");
        match expected {
            405 | 501 => assert!(field(&text, "Allow").is_some_and(|allow| allow.contains("INVITE"))),
            420 => assert_eq!(field(&text, "Unsupported"), Some("precondition")),
            200 => assert!(
                field(&text, "Accept").is_some() && field(&text, "Allow").is_some() && field(&text, "Supported").is_some()
            ),
            _ => {}
        }
    }
    let opus = "v=0\r\nc=IN IP4 127.0.0.1\r\nm=audio 4000 RTP/AVP 96\r\na=rtpmap:96 opus/48000/2\r\n";
    assert_eq!(peer.ask("INVITE", URI, &[], opus).await.0, 488);
    assert!(desk.is_quiet());
}

#[tokio::test]
async fn latin1_and_a_missing_length_do_not_hurt_the_call() {
    let mut desk = desk().await;
    let mut peer = Peer::new("127.0.0.1", desk.udp()).await;
    let text =
        peer.request("INVITE", URI, &[("From", "\"Jos@\" <sip:+62811@h>;tag=1"), ("Content-Length", ""), ("Contact", "")], OFFER);
    let at = text.find("Jos@").unwrap() + 3;
    let mut wanted = text.into_bytes();
    wanted[at] = 0xe9;
    peer.send_octets(&wanted).await;
    let invitation = desk.invited().await;
    assert_eq!(invitation.identity.name.as_deref(), Some("José"));
    assert!(invitation.audio.is_some());
}

#[tokio::test]
async fn a_large_invite_with_a_location_arrives_whole() {
    let mut desk = desk().await;
    let mut peer = Peer::new("127.0.0.1", desk.udp()).await;
    let filler = "x".repeat(20_000);
    let body = format!(
        "--b\r\nContent-Type: application/sdp\r\n\r\n{OFFER}\r\n--b\r\nContent-Type: application/pidf+xml\r\nContent-ID: <loc@h>\r\n\r\n\
         <presence xmlns=\"urn:ietf:params:xml:ns:pidf\"><!-- {filler} --><tuple><status><geopriv><location-info><Circle><pos>1.13 104.05</pos>\
         <radius>50</radius></Circle></location-info></geopriv></status></tuple></presence>\r\n--b--\r\n"
    );
    let lines =
        [("Content-Type", "multipart/mixed;boundary=b"), ("Geolocation", "<cid:loc@h>"), ("Resource-Priority", "esnet.1")];
    let request = peer.request("INVITE", URI, &lines, &body);
    peer.send(&request).await;
    let invitation = desk.invited().await;
    let location = invitation.location.unwrap();
    assert_eq!((location.latitude_longitude, location.radius_m), (Some((1.13, 104.05)), Some(50.0)));
    assert_eq!(invitation.priority.as_deref(), Some("esnet.1"));
    assert!(invitation.audio.is_some());
}

#[tokio::test]
async fn the_same_invite_by_another_way_is_merged_and_a_retransmission_is_not() {
    let mut desk = desk().await;
    let mut peer = Peer::new("127.0.0.1", desk.udp()).await;
    let invite = peer.request("INVITE", URI, &[], OFFER);
    peer.send(&invite).await;
    let leg = desk.invited().await.leg;
    peer.send(&invite).await;
    peer.send(&invite.replace("branch=z9hG4bK", "branch=z9hG4bKother")).await;
    assert_eq!(peer.final_response().await.0, 482);
    assert!(desk.is_quiet(), "a retransmission is no second call");
    desk.agent.hang_up(leg).await;
    assert_eq!(desk.next().await, Event::Ended { leg, by: EndedBy::Local });
}

#[tokio::test]
async fn past_the_limit_callers_are_told_when_to_come_back() {
    let mut desk = desk_with(Limits { max_calls: 1, retry_after_s: 9, ..Limits::default() }, None).await;
    let mut peer = Peer::new("127.0.0.1", desk.udp()).await;
    let first = peer.request("INVITE", URI, &[], OFFER);
    peer.send(&first).await;
    desk.invited().await;
    let (code, text) = peer.ask("INVITE", URI, &[], OFFER).await;
    assert_eq!((code, field(&text, "Retry-After")), (503, Some("9")));
}

#[tokio::test]
async fn while_the_owner_is_behind_new_calls_are_refused_and_running_ones_are_heard() {
    let mut desk = desk_with(Limits { events: 8, reserved_events: 4, ..Limits::default() }, None).await;
    let mut peer = Peer::new("127.0.0.1", desk.udp()).await;
    let mut refused = 0;
    for _ in 0..6 {
        let invite = peer.request("INVITE", URI, &[], OFFER);
        peer.send(&invite).await;
        let answer = loop {
            let text = peer.receive().await;
            if !text.starts_with("SIP/2.0 100") {
                break text;
            }
        };
        refused += usize::from(answer.starts_with("SIP/2.0 503"));
    }
    assert_eq!(refused, 2);
    let mut legs = Vec::new();
    for _ in 0..4 {
        legs.push(desk.invited().await.leg);
    }
    for leg in &legs {
        desk.agent.hang_up(*leg).await;
    }
    for _ in &legs {
        assert!(matches!(desk.next().await, Event::Ended { by: EndedBy::Local, .. }));
    }
}

#[tokio::test]
async fn keepalives_are_answered_on_both_transports() {
    let desk = desk().await;
    let peer = Peer::new("127.0.0.1", desk.udp()).await;
    peer.send("\r\n\r\n").await;
    assert_eq!(peer.receive().await, "\r\n");
    let mut stream = tokio::net::TcpStream::connect(desk.tcp()).await.unwrap();
    stream.write_all(b"\r\n\r\n").await.unwrap();
    let mut answer = [0; 2];
    stream.read_exact(&mut answer).await.unwrap();
    assert_eq!(&answer, b"\r\n");
}

#[tokio::test]
async fn over_tcp_a_bad_request_is_answered_before_the_stream_is_given_up() {
    let desk = desk().await;
    let mut peer = Peer::new("127.0.0.1", desk.udp()).await;
    let good = peer.request("OPTIONS", URI, &[], "").replace("SIP/2.0/UDP", "SIP/2.0/TCP");
    let bad = peer.request("OPTIONS", URI, &[("Content-Length", "")], "").replace("SIP/2.0/UDP", "SIP/2.0/TCP");
    let mut stream = tokio::net::TcpStream::connect(desk.tcp()).await.unwrap();
    let (first, second) = good.split_at(40);
    stream.write_all(first.as_bytes()).await.unwrap();
    stream.flush().await.unwrap();
    stream.write_all(format!("{second}{good}{bad}").as_bytes()).await.unwrap();
    let mut told = String::new();
    tokio::time::timeout(std::time::Duration::from_secs(10), stream.read_to_string(&mut told))
        .await
        .expect("closed in time")
        .unwrap();
    assert_eq!(told.matches("SIP/2.0 200 OK").count(), 2, "{told}");
    assert_eq!(told.matches("SIP/2.0 400 ").count(), 1, "{told}");
}
