//! Provisional responses that wait for their PRACK, and UPDATE before the answer, on the wire.

use crate::support::{Desk, OFFER, Peer, audio, desk, desk_reliable, desk_with, field, sipp, within, within_with};
use sip::{Direction, EndedBy, Event, Limits, Reliability};
use std::time::Duration;

const URI: &str = "sip:112@psap.example";

/// Timers a tenth of their usual length.
fn quick() -> Limits {
    Limits { t1: Duration::from_millis(50), ..Limits::default() }
}

fn prack(invite: &str, response: &str, number: u32) -> String {
    prack_with(invite, response, number, "")
}

fn prack_with(invite: &str, response: &str, number: u32, body: &str) -> String {
    let rack = format!("{} 1 INVITE", field(response, "RSeq").unwrap());
    within_with(invite, response, "PRACK", number, &[("RAck", &rack)], body)
}

fn body(text: &str) -> &str {
    text.split_once("\r\n\r\n").unwrap().1
}

async fn ring(peer: &mut Peer, lines: &[(&str, &str)]) -> (String, String) {
    let invite = peer.request("INVITE", URI, lines, OFFER);
    peer.send(&invite).await;
    let ringing = peer.response(180, "INVITE").await;
    (invite, ringing)
}

/// A call with early media that is on its way reliably; returns the INVITE and the first 183.
async fn early(desk: &mut Desk, peer: &mut Peer) -> (sip::LegId, String, String) {
    let (invite, ringing) = ring(peer, &[("Supported", "timer, 100rel")]).await;
    assert_eq!(field(&ringing, "RSeq"), None, "a 180 that nobody requires to be reliable");
    let leg = desk.invited().await.leg;
    desk.agent.progress(leg, audio()).await.unwrap();
    let progress = peer.response(183, "INVITE").await;
    (leg, invite, progress)
}

/// A call without an offer that requires reliable responses and has heard no more than 100; returns the leg and the INVITE.
async fn without_an_offer(desk: &mut Desk, peer: &mut Peer) -> (sip::LegId, String) {
    let invite = peer.request("INVITE", URI, &[("Require", "100rel")], "");
    peer.send(&invite).await;
    let invitation = desk.invited().await;
    assert!(invitation.audio.is_none() && invitation.early);
    let trying = peer.receive().await;
    assert!(trying.starts_with("SIP/2.0 100"), "{trying}");
    (invitation.leg, invite)
}

/// The same call, which was offered early media; returns the leg, the INVITE and the 183 with our offer.
async fn offered(desk: &mut Desk, peer: &mut Peer) -> (sip::LegId, String, String) {
    let (leg, invite) = without_an_offer(desk, peer).await;
    desk.agent.progress(leg, audio()).await.unwrap();
    let offer = peer.receive().await;
    assert!(offer.starts_with("SIP/2.0 183"), "no 180 before it: {offer}");
    assert_eq!(field(&offer, "Require"), Some("100rel"));
    assert!(body(&offer).contains("m=audio 20000 RTP/AVP 8 0 101"), "{offer}");
    (leg, invite, offer)
}

#[tokio::test]
async fn a_required_180_is_repeated_until_its_prack_and_a_stray_prack_gets_481() {
    let mut desk = crate::support::desk_with(quick(), None).await;
    let mut peer = Peer::new("127.0.0.1", desk.udp()).await;
    let (invite, ringing) = ring(&mut peer, &[("Require", "100rel")]).await;
    let leg = desk.invited().await.leg;
    assert_eq!(field(&ringing, "Require"), Some("100rel"));
    let number = field(&ringing, "RSeq").unwrap().to_owned();
    for _ in 0..2 {
        assert_eq!(field(&peer.response(180, "INVITE").await, "RSeq"), Some(number.as_str()));
    }
    let stray = within_with(&invite, &ringing, "PRACK", 2, &[("RAck", &format!("{number} 9 INVITE"))], "");
    peer.send(&stray).await;
    peer.response(481, "PRACK").await;
    let good = prack(&invite, &ringing, 3);
    peer.send(&good).await;
    peer.response(200, "PRACK").await;
    // A repeated PRACK is the same transaction and gets the same reply.
    peer.send(&good).await;
    peer.response(200, "PRACK").await;
    desk.agent.progress(leg, audio()).await.unwrap();
    let progress = peer.response(183, "INVITE").await;
    let next = number.parse::<u32>().unwrap() + 1;
    assert_eq!(field(&progress, "RSeq"), Some(next.to_string().as_str()));
    peer.send(&prack(&invite, &progress, 4)).await;
    peer.response(200, "PRACK").await;
    desk.agent.answer(leg, audio()).await.unwrap();
    let answered = peer.response(200, "INVITE").await;
    peer.send(&within(&invite, &answered, "ACK", 1)).await;
    assert_eq!(desk.next().await, Event::Confirmed { leg, audio: None });
}

#[tokio::test]
async fn a_required_180_does_not_hold_up_the_answer() {
    let mut desk = desk().await;
    let mut peer = Peer::new("127.0.0.1", desk.udp()).await;
    let (invite, ringing) = ring(&mut peer, &[("Require", "100rel")]).await;
    let leg = desk.invited().await.leg;
    desk.agent.progress(leg, audio()).await.unwrap();
    desk.agent.answer(leg, audio()).await.unwrap();
    let answered = peer.response(200, "INVITE").await;
    peer.send(&prack(&invite, &ringing, 2)).await;
    peer.response(200, "PRACK").await;
    peer.send(&within(&invite, &answered, "ACK", 1)).await;
    assert_eq!(desk.next().await, Event::Confirmed { leg, audio: None });
}

#[tokio::test]
async fn the_answer_waits_for_the_prack_of_the_early_description() {
    let mut desk = desk_reliable(quick(), Reliability::WhenSupported).await;
    let mut peer = Peer::new("127.0.0.1", desk.udp()).await;
    let (leg, invite, progress) = early(&mut desk, &mut peer).await;
    assert!(body(&progress).contains("m=audio 20000 RTP/AVP 8 101"));
    desk.agent.answer(leg, audio()).await.unwrap();
    assert_eq!(desk.agent.answer(leg, audio()).await, Err(sip::LegError::WrongState));
    for _ in 0..2 {
        let again = peer.receive().await;
        assert!(again.starts_with("SIP/2.0 183"), "no 200 before the PRACK: {again}");
    }
    peer.send(&prack(&invite, &progress, 2)).await;
    peer.response(200, "PRACK").await;
    let answered = peer.response(200, "INVITE").await;
    assert_eq!(body(&answered), body(&progress));
    peer.send(&within(&invite, &answered, "ACK", 1)).await;
    assert_eq!(desk.next().await, Event::Confirmed { leg, audio: None });
}

#[tokio::test]
async fn a_trunk_that_does_not_ask_for_it_gets_plain_early_media() {
    let mut desk = desk().await;
    let mut peer = Peer::new("127.0.0.1", desk.udp()).await;
    let (_, ringing) = ring(&mut peer, &[("Supported", "100rel")]).await;
    let leg = desk.invited().await.leg;
    desk.agent.progress(leg, audio()).await.unwrap();
    let progress = peer.response(183, "INVITE").await;
    for text in [&ringing, &progress] {
        assert_eq!((field(text, "RSeq"), field(text, "Require")), (None, None));
    }
}

#[tokio::test]
async fn a_caller_that_never_acknowledges_is_refused() {
    let limits = Limits { t1: Duration::from_millis(5), ..Limits::default() };
    let mut desk = crate::support::desk_with(limits, None).await;
    let mut peer = Peer::new("127.0.0.1", desk.udp()).await;
    ring(&mut peer, &[("Require", "100rel")]).await;
    let leg = desk.invited().await.leg;
    assert_eq!(peer.final_response().await.0, 504);
    assert_eq!(desk.next().await, Event::Ended { leg, by: EndedBy::Timeout });
}

#[tokio::test]
async fn without_an_offer_180_is_plain_where_100rel_is_only_supported() {
    let mut desk = desk_reliable(quick(), Reliability::WhenSupported).await;
    let mut peer = Peer::new("127.0.0.1", desk.udp()).await;
    let invite = peer.request("INVITE", URI, &[("Supported", "100rel")], "");
    peer.send(&invite).await;
    assert_eq!(field(&peer.response(180, "INVITE").await, "RSeq"), None);
    let invitation = desk.invited().await;
    assert!(!invitation.early);
    assert_eq!(desk.agent.progress(invitation.leg, audio()).await, Err(sip::LegError::NoOffer));
    desk.agent.answer(invitation.leg, audio()).await.unwrap();
    assert!(body(&peer.response(200, "INVITE").await).contains("m=audio 20000 RTP/AVP 8 0 101"));
}

#[tokio::test]
async fn where_100rel_is_required_without_an_offer_ours_is_answered_by_the_prack_and_not_made_again() {
    let mut desk = desk().await;
    let mut peer = Peer::new("127.0.0.1", desk.udp()).await;
    let (leg, invite, offer) = offered(&mut desk, &mut peer).await;
    desk.agent.progress(leg, audio()).await.unwrap();
    peer.send(&prack_with(&invite, &offer, 2, OFFER)).await;
    assert_eq!(body(&peer.response(200, "PRACK").await), "");
    let Event::Changed { audio: remote, .. } = desk.next().await else { panic!("nobody is told where the caller hears") };
    assert_eq!(remote.address, "127.0.0.1:40000".parse().unwrap());
    desk.agent.progress(leg, audio()).await.unwrap();
    let held = OFFER.replace("o=- 1 1", "o=- 1 2") + "a=sendonly\r\n";
    peer.send(&within_with(&invite, &offer, "UPDATE", 3, &[], &held)).await;
    assert!(body(&peer.response(200, "UPDATE").await).contains("a=recvonly"));
    assert!(matches!(desk.next().await, Event::Changed { .. }));
    desk.agent.answer(leg, audio()).await.unwrap();
    let answered = peer.receive().await;
    assert!(answered.starts_with("SIP/2.0 200"), "{answered}");
    assert_eq!((body(&answered), field(&answered, "Content-Type"), field(&answered, "CSeq")), ("", None, Some("1 INVITE")));
    peer.send(&within(&invite, &answered, "ACK", 1)).await;
    assert_eq!(desk.next().await, Event::Confirmed { leg, audio: None });
}

#[tokio::test]
async fn the_answer_waits_for_the_prack_to_our_offer_and_a_stray_prack_is_none() {
    let mut desk = desk_with(quick(), None).await;
    let mut peer = Peer::new("127.0.0.1", desk.udp()).await;
    let (leg, invite, offer) = offered(&mut desk, &mut peer).await;
    desk.agent.answer(leg, audio()).await.unwrap();
    peer.send(&within_with(&invite, &offer, "PRACK", 2, &[("RAck", "1 9 INVITE")], OFFER)).await;
    peer.response(481, "PRACK").await;
    for _ in 0..2 {
        let again = peer.receive().await;
        assert!(again.starts_with("SIP/2.0 183"), "no 200 before the PRACK: {again}");
    }
    peer.send(&prack_with(&invite, &offer, 3, OFFER)).await;
    peer.response(200, "PRACK").await;
    let answered = peer.response(200, "INVITE").await;
    assert_eq!(body(&answered), "");
    assert!(matches!(desk.next().await, Event::Changed { .. }));
    peer.send(&within(&invite, &answered, "ACK", 1)).await;
    assert_eq!(desk.next().await, Event::Confirmed { leg, audio: None });
}

#[tokio::test]
async fn an_offer_that_the_prack_leaves_unanswered_comes_again_in_the_200_and_the_ack_answers() {
    let mut desk = desk().await;
    let mut peer = Peer::new("127.0.0.1", desk.udp()).await;
    let (leg, invite, offer) = offered(&mut desk, &mut peer).await;
    peer.send(&prack(&invite, &offer, 2)).await;
    peer.response(200, "PRACK").await;
    peer.send(&within_with(&invite, &offer, "UPDATE", 3, &[], OFFER)).await;
    peer.response(491, "UPDATE").await;
    desk.agent.answer(leg, audio()).await.unwrap();
    let answered = peer.response(200, "INVITE").await;
    assert_eq!(body(&answered), body(&offer));
    peer.send(&within_with(&invite, &answered, "ACK", 1, &[], OFFER)).await;
    let Event::Confirmed { audio: Some(remote), .. } = desk.next().await else { panic!("the ACK answers") };
    assert_eq!(remote.address.port(), 40_000);
}

#[tokio::test]
async fn a_caller_that_never_answers_our_offer_is_refused_though_it_was_answered() {
    let mut desk = desk_with(Limits { t1: Duration::from_millis(20), ..Limits::default() }, None).await;
    let mut peer = Peer::new("127.0.0.1", desk.udp()).await;
    let (leg, invite, offer) = offered(&mut desk, &mut peer).await;
    desk.agent.answer(leg, audio()).await.unwrap();
    assert_eq!(peer.final_response().await.0, 504);
    assert_eq!(desk.next().await, Event::Ended { leg, by: EndedBy::Timeout });
    peer.send(&prack_with(&invite, &offer, 2, OFFER)).await;
    peer.response(481, "PRACK").await;
}

#[tokio::test]
async fn who_requires_100rel_and_is_answered_at_once_hears_our_offer_in_the_200() {
    let mut desk = desk().await;
    let mut peer = Peer::new("127.0.0.1", desk.udp()).await;
    let (leg, invite) = without_an_offer(&mut desk, &mut peer).await;
    desk.agent.answer(leg, audio()).await.unwrap();
    let answered = peer.receive().await;
    assert!(answered.starts_with("SIP/2.0 200") && body(&answered).contains("m=audio 20000 RTP/AVP 8 0 101"), "{answered}");
    peer.send(&within_with(&invite, &answered, "ACK", 1, &[], OFFER)).await;
    assert!(matches!(desk.next().await, Event::Confirmed { audio: Some(_), .. }));
}

#[tokio::test]
async fn a_caller_that_has_heard_no_more_than_100_can_cancel() {
    let mut desk = desk().await;
    let mut peer = Peer::new("127.0.0.1", desk.udp()).await;
    let (leg, invite) = without_an_offer(&mut desk, &mut peer).await;
    let cancel = invite.replacen("INVITE sip:", "CANCEL sip:", 1).replace("1 INVITE", "1 CANCEL");
    peer.send(&cancel.replace("Require: 100rel\r\n", "")).await;
    let cancelled = peer.response(200, "CANCEL").await;
    let ended = peer.response(487, "INVITE").await;
    assert!(field(&cancelled, "To").is_some_and(|to| to.contains(";tag=")), "{cancelled}");
    assert_eq!(field(&cancelled, "To"), field(&ended, "To"));
    assert_eq!(desk.next().await, Event::Ended { leg, by: EndedBy::Cancelled });
}

#[tokio::test]
async fn an_update_changes_the_session_before_the_answer_once_early_media_is_agreed() {
    let mut desk = desk_reliable(quick(), Reliability::WhenSupported).await;
    let mut peer = Peer::new("127.0.0.1", desk.udp()).await;
    let (invite, ringing) = ring(&mut peer, &[("Supported", "100rel")]).await;
    let leg = desk.invited().await.leg;
    let held = OFFER.replace("o=- 1 1", "o=- 1 2") + "a=sendonly\r\n";
    peer.send(&within_with(&invite, &ringing, "UPDATE", 2, &[], &held)).await;
    let early = peer.response(500, "UPDATE").await;
    assert!(field(&early, "Retry-After").is_some(), "the INVITE's offer is not answered: {early}");
    desk.agent.progress(leg, audio()).await.unwrap();
    let progress = peer.response(183, "INVITE").await;
    peer.send(&prack(&invite, &progress, 3)).await;
    peer.response(200, "PRACK").await;
    peer.send(&within_with(&invite, &ringing, "UPDATE", 4, &[], &held)).await;
    let updated = peer.response(200, "UPDATE").await;
    assert!(body(&updated).contains("a=recvonly") && field(&updated, "Contact").is_some(), "{updated}");
    let Event::Changed { audio: remote, .. } = desk.next().await else { panic!("no change") };
    assert_eq!(remote.direction, Direction::SendOnly);
    desk.agent.answer(leg, audio()).await.unwrap();
    peer.response(200, "INVITE").await;
}

#[tokio::test]
async fn sipp_acknowledges_early_media_and_the_answer_follows() {
    let mut desk = desk_reliable(Limits::default(), Reliability::WhenSupported).await;
    let caller = sipp("uac_100rel.xml", desk.udp(), &[]);
    let leg = desk.invited().await.leg;
    desk.agent.progress(leg, audio()).await.unwrap();
    desk.answer(leg).await;
    assert_eq!(desk.next().await, Event::Ended { leg, by: EndedBy::RemoteBye });
    caller.succeeded().await;
}
