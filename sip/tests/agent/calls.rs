//! Calls by `sipp`, from the first INVITE to the last BYE.

use crate::support::{OFFER, Peer, audio, desk, desk_with, field, sipp, within};
use sip::{Codec, Direction, EndedBy, Event, Limits, Reject};
use std::time::Duration;

#[tokio::test]
async fn a_call_is_answered_and_the_caller_hangs_up() {
    let mut desk = desk().await;
    let caller = sipp("uac_basic.xml", desk.udp(), &["-key", "ruri", "sip:112@psap.example"]);
    let invitation = desk.invited().await;
    assert_eq!((invitation.trunk.0.as_str(), invitation.dialled.as_str()), ("telco", "112"));
    assert_eq!(invitation.identity.number.as_deref(), Some("+62811234567"));
    assert_eq!(invitation.identity.name.as_deref(), Some("Budi Santoso"));
    assert!(invitation.identity.asserted);
    let offered = invitation.audio.unwrap();
    assert_eq!(offered.codecs.iter().map(|c| c.codec).collect::<Vec<_>>(), [Codec::Pcma, Codec::Pcmu]);
    assert_eq!((offered.telephone_event, offered.ptime_ms, offered.direction), (Some(101), 20, Direction::SendRecv));
    let leg = invitation.leg;
    assert_eq!(desk.answer(leg).await, None, "the offer was in the INVITE");
    assert_eq!(desk.next().await, Event::Ended { leg, by: EndedBy::RemoteBye });
    caller.succeeded().await;
}

#[tokio::test]
async fn emergency_and_telephone_uris_ring_like_any_other() {
    let mut desk = desk().await;
    for (uri, dialled) in [
        ("urn:service:sos", "urn:service:sos"),
        ("urn:service:sos.fire", "urn:service:sos.fire"),
        ("urn:emergency:service:sos.psap", "urn:emergency:service:sos.psap"),
        ("tel:112", "112"),
    ] {
        let caller = sipp("uac_basic.xml", desk.udp(), &["-key", "ruri", uri]);
        let invitation = desk.invited().await;
        assert_eq!(invitation.dialled, dialled);
        desk.answer(invitation.leg).await;
        assert_eq!(desk.next().await, Event::Ended { leg: invitation.leg, by: EndedBy::RemoteBye });
        caller.succeeded().await;
    }
}

#[tokio::test]
async fn a_call_over_tcp_goes_the_same_way() {
    let mut desk = desk().await;
    let caller = sipp("uac_basic.xml", desk.tcp(), &["-t", "t1", "-key", "ruri", "sip:112@psap.example"]);
    let invitation = desk.invited().await;
    desk.answer(invitation.leg).await;
    assert_eq!(desk.next().await, Event::Ended { leg: invitation.leg, by: EndedBy::RemoteBye });
    caller.succeeded().await;
}

#[tokio::test]
async fn we_hang_up_over_tcp_on_the_callers_own_connection() {
    let mut desk = desk().await;
    let caller = sipp("uac_behind_nat.xml", desk.tcp(), &["-t", "t1"]);
    let leg = desk.invited().await.leg;
    desk.answer(leg).await;
    desk.agent.hang_up(leg).await;
    assert_eq!(desk.next().await, Event::Ended { leg, by: EndedBy::Local });
    caller.succeeded().await;
}

#[tokio::test]
async fn a_caller_who_gives_up_while_it_rings_is_cancelled() {
    let mut desk = desk().await;
    let caller = sipp("uac_cancel.xml", desk.udp(), &[]);
    let leg = desk.invited().await.leg;
    assert_eq!(desk.next().await, Event::Ended { leg, by: EndedBy::Cancelled });
    caller.succeeded().await;
    assert!(desk.agent.answer(leg, audio()).await.is_err(), "a cancelled call cannot be answered");
}

#[tokio::test]
async fn without_an_offer_ours_is_sent_and_the_ack_answers() {
    let mut desk = desk().await;
    let caller = sipp("uac_delayed_offer.xml", desk.udp(), &[]);
    let invitation = desk.invited().await;
    let leg = invitation.leg;
    assert_eq!(invitation.audio, None);
    assert_eq!(desk.agent.progress(leg, audio()).await, Err(sip::LegError::NoOffer));
    let remote = desk.answer(leg).await.expect("the ACK answers");
    assert_eq!(remote.codecs[0].codec, Codec::Pcma);
    desk.agent.hang_up(leg).await;
    assert_eq!(desk.next().await, Event::Ended { leg, by: EndedBy::Local });
    caller.succeeded().await;
}

#[tokio::test]
async fn behind_nat_our_bye_comes_back_to_the_source_with_the_contact_unharmed() {
    let mut desk = desk().await;
    let caller = sipp("uac_behind_nat.xml", desk.udp(), &[]);
    let invitation = desk.invited().await;
    assert_eq!(invitation.identity.number, None, "anonymous");
    desk.agent.progress(invitation.leg, audio()).await.unwrap();
    desk.answer(invitation.leg).await;
    desk.agent.hang_up(invitation.leg).await;
    assert_eq!(desk.next().await, Event::Ended { leg: invitation.leg, by: EndedBy::Local });
    caller.succeeded().await;
}

#[tokio::test]
async fn a_call_that_is_never_acknowledged_ends() {
    // 64 * T1 is 1.3 s here.
    let mut desk = desk_with(Limits { t1: Duration::from_millis(20), ..Limits::default() }, None).await;
    let caller = sipp("uac_no_ack.xml", desk.udp(), &[]);
    let leg = desk.invited().await.leg;
    desk.agent.answer(leg, audio()).await.unwrap();
    assert_eq!(desk.next().await, Event::Ended { leg, by: EndedBy::NoAck });
    caller.succeeded().await;
}

#[tokio::test]
async fn hold_keys_and_resume_are_told_in_order() {
    let mut desk = desk().await;
    let caller = sipp("uac_hold.xml", desk.udp(), &[]);
    let leg = desk.invited().await.leg;
    desk.answer(leg).await;
    let Event::Changed { audio: held, .. } = desk.next().await else { panic!("no hold") };
    assert_eq!(held.direction, Direction::SendOnly);
    assert_eq!(desk.next().await, Event::Digit { leg, digit: '5' });
    let Event::Changed { audio: resumed, .. } = desk.next().await else { panic!("no resume") };
    assert_eq!(resumed.direction, Direction::SendRecv);
    assert_eq!(desk.next().await, Event::Ended { leg, by: EndedBy::RemoteBye });
    caller.succeeded().await;
}

#[tokio::test]
async fn a_call_nobody_answers_ends_by_itself() {
    let mut desk = desk_with(Limits { max_ring: Duration::from_millis(300), ..Limits::default() }, None).await;
    let mut peer = crate::support::Peer::new("127.0.0.1", desk.udp()).await;
    let (code, _) = peer.ask("INVITE", "sip:112@psap.example", &[], crate::support::OFFER).await;
    assert_eq!(code, 480);
    let leg = desk.invited().await.leg;
    assert_eq!(desk.next().await, Event::Ended { leg, by: EndedBy::Timeout });
}

#[tokio::test]
async fn a_rejected_caller_hears_why_and_when_to_come_back() {
    let mut desk = desk().await;
    let mut peer = crate::support::Peer::new("127.0.0.1", desk.udp()).await;
    for (why, expected) in [(Reject::Busy, 486), (Reject::NotFound, 404), (Reject::Unavailable { retry_after_s: 7 }, 503)] {
        let invite = peer.request("INVITE", "sip:112@psap.example", &[], crate::support::OFFER);
        peer.send(&invite).await;
        let leg = desk.invited().await.leg;
        desk.agent.reject(leg, why).await;
        let (code, text) = peer.final_response().await;
        assert_eq!(code, expected);
        assert_eq!(crate::support::field(&text, "Retry-After"), (code == 503).then_some("7"));
        assert_eq!(desk.next().await, Event::Ended { leg, by: EndedBy::Local });
    }
}

#[tokio::test]
async fn an_invite_that_is_sent_again_while_the_trunk_is_too_fast_is_not_refused() {
    let mut desk = desk_slow(1).await;
    let mut peer = crate::support::Peer::new("127.0.0.1", desk.udp()).await;
    let invite = peer.request("INVITE", "sip:112@psap.example", &[], crate::support::OFFER);
    peer.send(&invite).await;
    desk.invited().await;
    peer.receive_until("SIP/2.0 180").await;
    // One a second is all that the trunk may send.
    for _ in 0..20 {
        let more = peer.request("INVITE", "sip:112@psap.example", &[], crate::support::OFFER);
        peer.send(&more).await;
    }
    peer.receive_until("SIP/2.0 503").await;
    peer.send(&invite).await;
    let of_the_first = |message: &str| crate::support::field(message, "Call-ID") == crate::support::field(&invite, "Call-ID");
    let again = loop {
        let message = peer.receive().await;
        if of_the_first(&message) {
            break message;
        }
    };
    assert!(again.starts_with("SIP/2.0 1"), "{again}");
}

/// RFC 6026 section 7.1: the transaction lives on after a 2xx, so that an INVITE that was under way meanwhile meets it.
#[tokio::test]
async fn an_invite_that_comes_again_after_its_answer_begins_no_new_call() {
    let mut desk = desk().await;
    let mut peer = Peer::new("127.0.0.1", desk.udp()).await;
    let invite = peer.request("INVITE", "sip:112@psap.example", &[], OFFER);
    peer.send(&invite).await;
    let leg = desk.invited().await.leg;
    desk.agent.answer(leg, audio()).await.unwrap();
    let answered = peer.response(200, "INVITE").await;

    are_the_answer(&comes_again(&mut peer, &invite).await, &answered);
    // At the latest because there is no ACK.
    are_the_answer(&[peer.response(200, "INVITE").await], &answered);
    assert!(desk.is_quiet(), "a second call before the ACK");

    peer.send(&within(&invite, &answered, "ACK", 1)).await;
    assert_eq!(desk.next().await, Event::Confirmed { leg, audio: None });
    are_the_answer(&comes_again(&mut peer, &invite).await, &answered);
    assert!(desk.is_quiet(), "a second call after the ACK");
    peer.send(&within(&invite, &answered, "BYE", 2)).await;
    peer.response(200, "BYE").await;
    assert_eq!(desk.next().await, Event::Ended { leg, by: EndedBy::RemoteBye });
}

/// Sends a request once more; gives what came until one behind it was answered.
async fn comes_again(peer: &mut Peer, request: &str) -> Vec<String> {
    peer.send(request).await;
    let behind = peer.request("OPTIONS", "sip:112@psap.example", &[], "");
    peer.send(&behind).await;
    let mut came = vec![];
    loop {
        let message = peer.receive().await;
        if field(&message, "Call-ID") == field(&behind, "Call-ID") {
            return came;
        }
        came.push(message);
    }
}

/// All of these are the 200 that is known, of the same dialog.
fn are_the_answer(messages: &[String], answered: &str) {
    for message in messages {
        assert!(message.starts_with("SIP/2.0 200"), "{message}");
        for name in ["To", "CSeq", "Call-ID"] {
            assert_eq!(field(message, name), field(answered, name), "{message}");
        }
    }
}

/// A desk whose trunk may send so many calls at once, and one a second.
async fn desk_slow(burst: u32) -> crate::support::Desk {
    let rate = sip::Rate { per_second: 1, burst };
    let trunk = sip::Trunk { rate, ..crate::support::trunk("telco", "127.0.0.0/8") };
    crate::support::desk_of(&["udp://127.0.0.1:0"], Limits::default(), trunk).await
}
