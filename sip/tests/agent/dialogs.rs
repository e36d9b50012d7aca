//! The odd moments of a call: requests out of order, several addresses, many calls at once.

use crate::support::{Desk, OFFER, Peer, audio, desk, desk_on, field, sipp, within, within_with};
use sip::{Direction, EndedBy, Event, LegId, Limits};
use std::collections::HashSet;
use std::net::SocketAddr;

const URI: &str = "sip:112@psap.example";

/// Rings at the desk; returns the INVITE and its 180.
async fn ring(peer: &mut Peer) -> (String, String) {
    let invite = peer.request("INVITE", URI, &[], OFFER);
    peer.send(&invite).await;
    let ringing = peer.receive_until("SIP/2.0 180").await;
    (invite, ringing)
}

/// Rings at the desk, which answers; returns the INVITE, its 200 and the leg.
async fn is_answered(peer: &mut Peer, desk: &mut Desk) -> (String, String, LegId) {
    let (invite, _) = ring(peer).await;
    let leg = desk.invited().await.leg;
    desk.agent.answer(leg, audio()).await.unwrap();
    let answered = peer.receive_until("SIP/2.0 200").await;
    (invite, answered, leg)
}

fn is_final(message: &str, cseq: &str) -> bool {
    field(message, "CSeq") == Some(cseq) && !message.starts_with("SIP/2.0 100")
}

/// Returns when a request with this CSeq has been looked at and waits: what was sent behind it is answered before it.
async fn is_looked_at(peer: &mut Peer, cseq: &str) {
    let options = peer.request("OPTIONS", URI, &[], "");
    peer.send(&options).await;
    loop {
        let message = peer.receive().await;
        assert!(!is_final(&message, cseq), "answered before the ACK: {message}");
        if field(&message, "CSeq").is_some_and(|cseq| cseq.ends_with("OPTIONS")) {
            return;
        }
    }
}

async fn finally(peer: &mut Peer, cseq: &str) -> String {
    loop {
        let message = peer.receive().await;
        if is_final(&message, cseq) {
            return message;
        }
    }
}

#[tokio::test]
async fn a_gateway_that_is_not_among_the_carriers_addresses_speaks_for_its_call_and_for_no_other() {
    let mut desk = desk().await;
    let mut proxy = Peer::new("127.0.0.1", desk.udp()).await;
    let (invite, answered, leg) = is_answered(&mut proxy, &mut desk).await;
    let gateway = Peer::new("127.0.0.9", desk.udp()).await;
    let to = field(&answered, "To").unwrap();
    gateway.send(&within(&invite, &answered.replace(to, &format!("{to}x")), "BYE", 2)).await;
    gateway.send(&within(&invite, &answered, "ACK", 1)).await;
    assert!(matches!(desk.next().await, Event::Confirmed { leg: of, .. } if of == leg));
    gateway.send(&within(&invite, &answered, "BYE", 3)).await;
    let (code, text) = gateway.final_response().await;
    assert_eq!((code, field(&text, "CSeq")), (200, Some("3 BYE")), "who guesses hears nothing");
    assert_eq!(desk.next().await, Event::Ended { leg, by: EndedBy::RemoteBye });
}

#[tokio::test]
async fn a_bye_before_the_answer_ends_the_call_and_the_invite() {
    let mut desk = desk().await;
    let mut peer = Peer::new("127.0.0.1", desk.udp()).await;
    let (invite, ringing) = ring(&mut peer).await;
    let leg = desk.invited().await.leg;
    peer.send(&within(&invite, &ringing, "BYE", 2)).await;
    let answers = [peer.final_response().await.0, peer.final_response().await.0];
    assert_eq!(answers.into_iter().collect::<HashSet<_>>(), HashSet::from([200, 487]));
    assert_eq!(desk.next().await, Event::Ended { leg, by: EndedBy::Cancelled });
}

#[tokio::test]
async fn requests_before_the_answer_are_never_left_without_a_reply() {
    let mut desk = desk().await;
    let mut peer = Peer::new("127.0.0.1", desk.udp()).await;
    let (invite, ringing) = ring(&mut peer).await;
    let leg = desk.invited().await.leg;
    for (method, number, expected) in
        [("INFO", 2, 200), ("OPTIONS", 3, 200), ("UPDATE", 4, 200), ("INVITE", 5, 500), ("PRACK", 6, 481)]
    {
        peer.send(&within(&invite, &ringing, method, number)).await;
        let (code, text) = peer.final_response().await;
        assert_eq!((code, field(&text, "CSeq").unwrap().contains(method)), (expected, true), "{text}");
        if method == "INVITE" {
            let ack = within(&invite, &text, "ACK", number).replace("z9hG4bKACK", "z9hG4bKINVITE");
            peer.send(&ack).await;
        }
    }
    desk.agent.answer(leg, audio()).await.unwrap();
    let answered = peer.receive_until("SIP/2.0 200").await;
    peer.send(&within(&invite, &answered, "ACK", 1)).await;
    assert_eq!(desk.next().await, Event::Confirmed { leg, audio: None });
    peer.send(&within(&invite, &answered, "INFO", 7)).await;
    assert_eq!(peer.final_response().await.0, 200);
    peer.send(&within(&invite, &answered, "NOTIFY", 8)).await;
    assert_eq!(peer.final_response().await.0, 405);
    // Nobody gives an emergency call away but who answers it.
    peer.send(&within_with(&invite, &answered, "REFER", 9, &[("Refer-To", "<sip:119@elsewhere.example>")], "")).await;
    assert_eq!(peer.final_response().await.0, 405);
    peer.send(&within(&invite, &answered, "OPTIONS", 6)).await;
    assert_eq!(peer.final_response().await.0, 500, "older than the last request");
    peer.send(&within(&invite, &answered, "BYE", 10)).await;
    assert_eq!(peer.final_response().await.0, 200);
    assert_eq!(desk.next().await, Event::Ended { leg, by: EndedBy::RemoteBye });
}

#[tokio::test]
async fn a_request_that_crosses_our_bye_is_told_that_the_call_is_over() {
    for method in ["INVITE", "UPDATE", "INFO"] {
        let mut desk = desk().await;
        let mut peer = Peer::new("127.0.0.1", desk.udp()).await;
        let (invite, answered, leg) = is_answered(&mut peer, &mut desk).await;
        peer.send(&within(&invite, &answered, "ACK", 1)).await;
        assert_eq!(desk.next().await, Event::Confirmed { leg, audio: None });
        desk.agent.hang_up(leg).await;
        let bye = peer.asked("BYE").await;
        peer.send(&within_with(&invite, &answered, method, 2, &[], OFFER)).await;
        assert_eq!(peer.response_to(method).await, 481, "{method}");
        peer.reply(&bye, "200 OK", &[], "").await;
        assert_eq!(desk.next().await, Event::Ended { leg, by: EndedBy::Local });
    }
}

#[tokio::test]
async fn early_media_is_offered_and_the_answer_repeats_it() {
    let mut desk = desk().await;
    let mut peer = Peer::new("127.0.0.1", desk.udp()).await;
    ring(&mut peer).await;
    let leg = desk.invited().await.leg;
    desk.agent.progress(leg, audio()).await.unwrap();
    let early = peer.receive_until("SIP/2.0 183").await;
    assert_eq!(field(&early, "Content-Type"), Some("application/sdp"));
    desk.agent.answer(leg, audio()).await.unwrap();
    let answered = peer.receive_until("SIP/2.0 200").await;
    let body = |text: &str| text.split_once("\r\n\r\n").unwrap().1.to_owned();
    assert!(body(&early).contains("m=audio 20000 RTP/AVP 8 101\r\n"));
    assert_eq!(body(&early), body(&answered));
    assert_eq!(desk.agent.answer(leg, audio()).await, Err(sip::LegError::WrongState));
}

#[tokio::test]
async fn hanging_up_before_the_ack_waits_for_it() {
    let mut desk = desk().await;
    let mut peer = Peer::new("127.0.0.1", desk.udp()).await;
    let (invite, _) = ring(&mut peer).await;
    let leg = desk.invited().await.leg;
    desk.agent.answer(leg, audio()).await.unwrap();
    desk.agent.hang_up(leg).await;
    assert_eq!(desk.next().await, Event::Ended { leg, by: EndedBy::Local });
    let answered = peer.receive_until("SIP/2.0 200").await;
    // The 200 comes again while there is no ACK; the BYE only after it.
    peer.receive_until("SIP/2.0 200").await;
    peer.send(&within(&invite, &answered, "ACK", 1)).await;
    let bye = peer.receive_until("BYE").await;
    assert!(bye.starts_with("BYE sip:peer@127.0.0.1:"), "{bye}");
}

/// One of some nine thousand holds of a soak was answered with 500.
#[tokio::test]
async fn a_re_invite_that_overtakes_the_ack_is_answered_and_not_put_off() {
    let mut desk = desk().await;
    let mut peer = Peer::new("127.0.0.1", desk.udp()).await;
    let (invite, answered, _) = is_answered(&mut peer, &mut desk).await;
    peer.send(&within_with(&invite, &answered, "INVITE", 2, &[], OFFER)).await;
    is_looked_at(&mut peer, "2 INVITE").await;
    peer.send(&within(&invite, &answered, "ACK", 1)).await;
    let again = finally(&mut peer, "2 INVITE").await;
    assert!(again.starts_with("SIP/2.0 200"), "{again}");
}

/// A carrier that asked for our offer, and then sent one of its own right behind its answer, was told 491.
#[tokio::test]
async fn a_re_invite_that_overtakes_the_answer_to_our_offer_is_answered_and_not_put_off() {
    let mut desk = desk().await;
    let mut peer = Peer::new("127.0.0.1", desk.udp()).await;
    let (invite, answered, leg) = is_answered(&mut peer, &mut desk).await;
    peer.send(&within(&invite, &answered, "ACK", 1)).await;
    assert_eq!(desk.next().await, Event::Confirmed { leg, audio: None });
    peer.send(&within(&invite, &answered, "INVITE", 2)).await;
    peer.receive_until("SIP/2.0 200").await;
    peer.send(&within_with(&invite, &answered, "INVITE", 3, &[], OFFER)).await;
    is_looked_at(&mut peer, "3 INVITE").await;
    let answer = OFFER.replace("40000", "40100");
    peer.send(&within_with(&invite, &answered, "ACK", 2, &[], &answer)).await;
    let again = finally(&mut peer, "3 INVITE").await;
    assert!(again.starts_with("SIP/2.0 200"), "{again}");
    for port in [40100, 40000] {
        let Event::Changed { audio, .. } = desk.next().await else { panic!("the answer and then the offer are to be told") };
        assert_eq!(audio.address.port(), port);
    }
}

#[tokio::test]
async fn each_call_stays_on_the_address_it_came_to() {
    let mut desk = desk_on(&["udp://127.0.0.1:0", "udp://127.0.0.1:0", "udp://[::]:0"], Limits::default(), None).await;
    for listen in desk.agent.local_addresses() {
        let target = SocketAddr::from(([127, 0, 0, 1], listen.address.port()));
        // This peer hears nothing from any other address.
        let mut peer = Peer::new("127.0.0.1", target).await;
        let (invite, ringing) = ring(&mut peer).await;
        assert!(field(&ringing, "Contact").unwrap().contains(&target.to_string()), "{ringing}");
        let leg = desk.invited().await.leg;
        desk.agent.answer(leg, audio()).await.unwrap();
        let answered = peer.receive_until("SIP/2.0 200").await;
        peer.send(&within(&invite, &answered, "ACK", 1)).await;
        assert_eq!(desk.next().await, Event::Confirmed { leg, audio: None });
        desk.agent.hang_up(leg).await;
        peer.receive_until("BYE").await;
        assert_eq!(desk.next().await, Event::Ended { leg, by: EndedBy::Local });
    }
}

#[tokio::test]
async fn three_hundred_calls_come_and_go_and_leave_nothing_behind() {
    let limits = Limits { max_calls: 300, ..Limits::default() };
    let mut desk = crate::support::desk_with(limits, None).await;
    let callers = sipp("uac_basic.xml", desk.udp(), &["-key", "ruri", URI, "-m", "300", "-l", "300", "-r", "150"]);
    let (mut ringing, mut ended) = (0, 0);
    while ended < 300 {
        match desk.next().await {
            Event::Invited(invitation) => {
                ringing += 1;
                desk.agent.answer(invitation.leg, audio()).await.unwrap();
            }
            Event::Ended { by, .. } => {
                assert_eq!(by, EndedBy::RemoteBye);
                ended += 1;
            }
            _ => {}
        }
    }
    callers.succeeded().await;
    assert_eq!(ringing, 300);
    // Every place is free again: as many calls fit as before.
    let mut peer = Peer::new("127.0.0.1", desk.udp()).await;
    for _ in 0..300 {
        ring(&mut peer).await;
        desk.invited().await;
    }
}

/// A telephone system puts a call with video on hold in each of the ways there are, and takes it up by asking for our offer.
#[tokio::test]
async fn a_call_with_video_is_held_and_taken_up_by_a_re_invite_without_an_offer() {
    let mut desk = desk().await;
    let mut peer = Peer::new("127.0.0.1", desk.udp()).await;
    let video = "m=video 40002 RTP/AVP 97\r\na=rtpmap:97 H264/90000\r\n";
    let with_video = |audio: &str| audio.replace("m=audio", &format!("{video}m=audio"));
    let invite = peer.request("INVITE", URI, &[], &with_video(OFFER));
    peer.send(&invite).await;
    let leg = desk.invited().await.leg;
    desk.agent.answer(leg, audio()).await.unwrap();
    let answered = peer.receive_until("SIP/2.0 200").await;
    peer.send(&within(&invite, &answered, "ACK", 1)).await;
    assert_eq!(desk.next().await, Event::Confirmed { leg, audio: None });

    let older = OFFER.replace("c=IN IP4 127.0.0.1", "c=IN IP4 0.0.0.0");
    let held = [
        (2, format!("{OFFER}a=inactive\r\n"), "a=inactive"),
        (3, older, "a=recvonly"),
        (4, format!("{OFFER}a=sendonly\r\n"), "a=recvonly"),
    ];
    for (number, offer, expected) in held {
        peer.send(&within_with(&invite, &answered, "INVITE", number, &[], &with_video(&offer))).await;
        let ok = peer.receive_until("SIP/2.0 200").await;
        assert!(ok.contains("m=video 0 RTP/AVP 97") && ok.contains(expected), "{ok}");
        peer.send(&within(&invite, &answered, "ACK", number)).await;
        let Event::Changed { audio, .. } = desk.next().await else { panic!("no change by {offer}") };
        assert!(matches!(audio.direction, Direction::Inactive | Direction::SendOnly), "{audio:?}");
    }

    peer.send(&within_with(&invite, &answered, "INVITE", 5, &[], "")).await;
    let ok = peer.receive_until("SIP/2.0 200").await;
    let lines: Vec<&str> = ok.lines().filter(|line| line.starts_with("m=")).collect();
    assert!(
        lines.len() == 2 && lines[0].starts_with("m=video 0 ") && lines[1].starts_with("m=audio 20000 RTP/AVP 8 0 101"),
        "{ok}"
    );
    assert!(ok.contains("a=sendrecv"), "{ok}");
    peer.send(&within_with(&invite, &answered, "ACK", 5, &[], &OFFER.replace("m=audio", "m=video 0 RTP/AVP 97\r\nm=audio")))
        .await;
    let Event::Changed { audio, .. } = desk.next().await else { panic!("not taken up") };
    assert_eq!((audio.direction, audio.address), (Direction::SendRecv, "127.0.0.1:40000".parse().unwrap()));
}

#[tokio::test]
async fn a_caller_who_hears_announcements_goes_on_hearing_them_when_the_call_is_confirmed_to_proxies() {
    let limits = Limits { ring_again: std::time::Duration::from_millis(200), ..Limits::default() };
    let mut desk = crate::support::desk_with(limits, None).await;
    let mut peer = Peer::new("127.0.0.1", desk.udp()).await;
    for gated in [true, false] {
        let more: &[_] = if gated { &[("P-Early-Media", "supported")] } else { &[] };
        let invite = peer.request("INVITE", URI, more, OFFER);
        peer.send(&invite).await;
        let leg = desk.invited().await.leg;
        // Before there is anything to hear it is 180 that comes again.
        for _ in 0..2 {
            peer.receive_until("SIP/2.0 180").await;
        }
        desk.agent.progress(leg, audio()).await.unwrap();
        let body = |message: &str| message.split("\r\n\r\n").nth(1).map(str::to_owned);
        let early = peer.receive_until("SIP/2.0 183").await;
        let again = peer.receive().await;
        assert!(again.starts_with("SIP/2.0 183") && body(&again) == body(&early), "{again}");
        assert_eq!(field(&early, "P-Early-Media"), gated.then_some("sendrecv"));
        desk.agent.reject(leg, sip::Reject::Busy).await;
        peer.receive_until("SIP/2.0 486").await;
        assert!(matches!(desk.next().await, Event::Ended { .. }));
    }
}
