//! What is refused before any call exists, on the wire.

use crate::support::{OFFER, Peer, desk, desk_of, desk_with, field, trunk};
use sip::{EndedBy, Event, Limits, OfferTrouble, Rate, Strangers};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::UdpSocket;

const URI: &str = "sip:112@psap.example";

#[tokio::test]
async fn a_strangers_call_gets_403_and_nothing_else_of_a_strangers_gets_a_word() {
    let mut desk = desk().await;
    let mut stranger = Peer::new("127.0.0.2", desk.udp()).await;
    for method in ["OPTIONS", "REGISTER", "BYE", "MESSAGE", "NEWMETHOD"] {
        let request = stranger.request(method, URI, &[], "");
        stranger.send(&request).await;
    }
    let broken = stranger.request("INVITE", URI, &[("Call-ID", "")], OFFER);
    for text in ["\r\n\r\n", "nonsense", &broken] {
        stranger.send(text).await;
    }
    let (code, text) = stranger.ask("INVITE", URI, &[], OFFER).await;
    assert_eq!((code, field(&text, "CSeq")), (403, Some("1 INVITE")), "the first thing that it hears");
    assert!(["Server", "User-Agent", "Allow", "Supported"].iter().all(|name| field(&text, name).is_none()), "{text}");
    assert!(desk.is_quiet());
}

#[tokio::test]
async fn a_network_of_strangers_hears_few_refusals() {
    let each = Rate { per_second: 1, burst: 3 };
    let limits = Limits { strangers: Strangers::Refuse { each, all: Rate { per_second: 1, burst: 5 } }, ..Limits::default() };
    let desk = desk_with(limits, None).await;
    let mut heard = Vec::new();
    for stranger in ["127.1.0.1", "127.1.0.2", "127.2.0.1", "127.3.0.1"] {
        let mut peer = Peer::new(stranger, desk.udp()).await;
        for _ in 0..4 {
            let invite = peer.request("INVITE", URI, &[], OFFER);
            peer.send(&invite).await;
        }
        heard.push(peer);
    }
    // What was sent before is judged before: once the trunk is answered, the strangers have got all that they get.
    let mut trunk = Peer::new("127.0.0.1", desk.udp()).await;
    assert_eq!(trunk.ask("OPTIONS", URI, &[], "").await.0, 200);
    let counts: Vec<usize> = heard.iter().map(Peer::waiting).collect();
    assert_eq!(counts, [3, 0, 2, 0], "each network has its own share, and all together have one");
}

#[tokio::test]
async fn silent_means_silent() {
    let desk = desk_with(Limits { strangers: Strangers::Silent, ..Limits::default() }, None).await;
    let mut stranger = Peer::new("127.0.0.2", desk.udp()).await;
    let invite = stranger.request("INVITE", URI, &[], OFFER);
    stranger.send(&invite).await;
    let mut trunk = Peer::new("127.0.0.1", desk.udp()).await;
    assert_eq!(trunk.ask("OPTIONS", URI, &[], "").await.0, 200);
    assert_eq!(stranger.waiting(), 0);
    // From this machine's other address a connection is not even kept.
    let socket = tokio::net::TcpSocket::new_v4().unwrap();
    socket.bind("127.0.0.2:0".parse().unwrap()).unwrap();
    let mut stream = socket.connect(desk.tcp()).await.unwrap();
    let read = tokio::time::timeout(std::time::Duration::from_secs(10), stream.read(&mut [0; 16])).await.expect("closed in time");
    assert!(matches!(read, Ok(0) | Err(_)), "{read:?}");
}

#[tokio::test]
async fn what_a_limit_sheds_is_told_once_and_the_trunk_is_told_when_to_come_back() {
    let rate = Rate { per_second: 1, burst: 2 };
    let mut telco = trunk("telco", "127.0.0.1/32");
    telco.rate = rate;
    let mut desk =
        desk_of(&["udp://127.0.0.1:0", "tcp://127.0.0.1:0"], Limits { max_calls: 1, ..Limits::default() }, telco).await;
    let mut peer = Peer::new("127.0.0.1", desk.udp()).await;
    let first = peer.request("INVITE", URI, &[], OFFER);
    peer.send(&first).await;
    desk.invited().await;
    let codes: Vec<u16> = [peer.ask("INVITE", URI, &[], OFFER).await, peer.ask("INVITE", URI, &[], OFFER).await]
        .into_iter()
        .map(|(code, text)| {
            assert!(field(&text, "Retry-After").is_some(), "{text}");
            code
        })
        .collect();
    assert_eq!(codes, [503, 503]);
    assert_eq!(desk.news().await, Event::Limited { limit: "calls" });
    assert_eq!(desk.news().await, Event::Limited { limit: "rate" });
    peer.ask("INVITE", URI, &[], OFFER).await;
    assert!(desk.is_quiet(), "not again so soon");
}

#[tokio::test]
async fn requests_that_only_say_they_belong_to_a_call_cost_no_memory_without_bound() {
    let mut desk = desk_with(Limits { max_transactions: 4, ..Limits::default() }, None).await;
    let mut peer = Peer::new("127.0.0.1", desk.udp()).await;
    let mut codes = Vec::new();
    for _ in 0..10 {
        codes.push(peer.ask("BYE", URI, &[("To", "<sip:112@psap.example>;tag=nobody")], "").await.0);
    }
    assert_eq!(codes, [vec![481; 8], vec![503; 2]].concat());
    assert_eq!(desk.news().await, Event::Limited { limit: "transactions" });
}

#[tokio::test]
async fn strangers_cannot_take_the_trunks_connections() {
    let desk = desk_with(Limits { max_connections: 8, ..Limits::default() }, None).await;
    let mut held = Vec::new();
    for _ in 0..20 {
        let socket = tokio::net::TcpSocket::new_v4().unwrap();
        socket.bind("127.0.0.2:0".parse().unwrap()).unwrap();
        held.push(socket.connect(desk.tcp()).await.unwrap());
    }
    let mut trunk = Vec::new();
    for _ in 0..8 {
        let mut stream = tokio::net::TcpStream::connect(desk.tcp()).await.unwrap();
        stream.write_all(b"\r\n\r\n").await.unwrap();
        let mut answer = [0; 2];
        stream.read_exact(&mut answer).await.unwrap();
        assert_eq!(&answer, b"\r\n");
        trunk.push(stream);
    }
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
async fn the_owner_is_told_once_in_a_while_which_carriers_calls_are_refused_for_what_they_offer() {
    let mut desk = desk().await;
    let mut peer = Peer::new("127.0.0.1", desk.udp()).await;
    let g729 = "v=0\r\nc=IN IP4 127.0.0.1\r\nm=audio 4000 RTP/AVP 18\r\n";
    let refused = [(g729, OfferTrouble::NoCodec), ("what?", OfferTrouble::Unreadable)];
    for (offer, _) in refused.into_iter().cycle().take(6) {
        assert_eq!(peer.ask("INVITE", URI, &[], offer).await.0, 488);
    }
    for (_, why) in refused {
        assert_eq!(desk.news().await, Event::Incompatible { trunk: "telco".into(), why });
    }
    assert!(desk.events.try_recv().is_err(), "each is told once in a while");
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
async fn a_trunk_that_keeps_its_way_open_by_stun_hears_where_it_came_from_and_a_stranger_nothing() {
    let desk = desk().await;
    let request = [&[0, 1, 0, 0, 0x21, 0x12, 0xa4, 0x42][..], &[7; 12]].concat();
    let stranger = UdpSocket::bind("127.0.0.9:0").await.unwrap();
    stranger.send_to(&request, desk.udp()).await.unwrap();
    let gateway = UdpSocket::bind("127.0.0.1:0").await.unwrap();
    gateway.send_to(&request, desk.udp()).await.unwrap();
    let mut answer = [0; 64];
    let told = gateway.recv_from(&mut answer);
    let (length, _) = tokio::time::timeout(std::time::Duration::from_secs(10), told).await.expect("an answer in time").unwrap();
    assert_eq!((length, &answer[..2], &answer[4..20]), (32, &[1, 1][..], &request[4..]));
    let port = gateway.local_addr().unwrap().port() ^ 0x2112;
    assert_eq!(answer[26..28], port.to_be_bytes());
    // It was read before the gateway's.
    assert!(stranger.try_recv_from(&mut answer).is_err());
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
