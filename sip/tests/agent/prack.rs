//! Calls of ours that are heard reliably before they are answered, and changed before they are answered, on the wire.

use crate::support::carrier::{Asked, Carrier};
use crate::support::{Desk, OFFER, audio, calling, desk_reliable, desk_with, field};
use sip::{Account, Direction, EndedBy, Event, LegId, Limits, Outbound, Reliability, Trunk};

async fn reliably() -> (Carrier, Desk, LegId, Asked) {
    calling(|trunk| trunk.with_reliability(Reliability::WhenSupported)).await
}

fn at(port: u16) -> String {
    OFFER.replace("40000", &port.to_string())
}

/// CSeq number.
fn number(asked: &Asked) -> u32 {
    asked.field("CSeq").split(' ').next().unwrap().parse().unwrap()
}

async fn early(desk: &mut Desk) -> sip::RemoteAudio {
    match desk.next().await {
        Event::OutboundEarly { audio: Some(audio), .. } => audio,
        other => panic!("{other:?}"),
    }
}

async fn answered(desk: &mut Desk) -> sip::RemoteAudio {
    match desk.next().await {
        Event::OutboundAnswered { audio, .. } => audio,
        other => panic!("{other:?}"),
    }
}

/// Says this reliably, and takes the PRACK for it.
async fn progress(carrier: &Carrier, invite: &Asked, rseq: &str, body: &str) -> Asked {
    let contact = format!("<sip:callee@{}>", carrier.address());
    let lines = [("Require", "100rel"), ("RSeq", rseq), ("Contact", contact.as_str())];
    carrier.reply(invite, "183 Session Progress", &lines, body).await;
    let prack = carrier.asked("PRACK").await;
    carrier.reply(&prack, "200 OK", &[], "").await;
    assert_eq!(prack.field("RAck"), format!("{rseq} {}", invite.field("CSeq")));
    prack
}

#[tokio::test]
async fn a_reliable_response_is_acknowledged_within_its_dialog_and_along_its_route() {
    let (carrier, mut desk, leg, invite) = reliably().await;
    assert!(invite.field("Supported").split(", ").any(|tag| tag == "100rel"), "{}", invite.text);
    let near = format!("<sip:{};lr>", carrier.address());
    let routes = format!("<sip:198.51.100.7;lr>, {near}");
    let lines = [("Require", "100rel"), ("RSeq", "4711"), ("Contact", "<sip:%23callee@203.0.113.5>"), ("Record-Route", &routes)];
    carrier.reply(&invite, "183 Session Progress", &lines, OFFER).await;
    let prack = carrier.asked("PRACK").await;
    assert_eq!(prack.field("RAck"), format!("4711 {}", invite.field("CSeq")));
    assert_eq!(prack.uri(), "sip:%23callee@203.0.113.5");
    let route: Vec<&str> = prack.text.lines().filter_map(|line| line.strip_prefix("Route: ")).collect();
    assert_eq!(route, [near.as_str(), "<sip:198.51.100.7;lr>"]);
    assert_eq!(
        (prack.field("To"), prack.field("From")),
        (format!("{};tag=carrier", invite.field("To")).as_str(), invite.field("From"))
    );
    assert_eq!((prack.field("Call-ID"), number(&prack)), (invite.field("Call-ID"), number(&invite) + 1));
    assert!(!prack.text.contains("siaga-target") && !prack.text.contains("X-Siaga"), "{}", prack.text);
    carrier.reply(&prack, "200 OK", &[], "").await;
    assert_eq!(desk.next().await, Event::OutboundRinging { leg, trunk: "telco".into() });
    assert_eq!(early(&mut desk).await.address.port(), 40_000);

    // The answer is given already, and the dialog goes on behind the PRACK.
    carrier.answer(&invite, "").await;
    assert_eq!(answered(&mut desk).await.address.port(), 40_000);
    carrier.asked("ACK").await;
    desk.agent.hang_up(leg).await;
    assert_eq!(number(&carrier.asked("BYE").await), number(&prack) + 1);
}

#[tokio::test]
async fn what_is_sent_again_or_out_of_order_is_neither_acknowledged_nor_told() {
    let (carrier, mut desk, leg, invite) = reliably().await;
    progress(&carrier, &invite, "7", OFFER).await;
    let lines = |rseq| [("Require", "100rel"), ("RSeq", rseq)];
    carrier.reply(&invite, "183 Session Progress", &lines("7"), OFFER).await;
    carrier.reply(&invite, "180 Ringing", &lines("9"), "").await;
    carrier.reply(&invite, "183 Session Progress", &lines("7"), OFFER).await;
    let next = progress(&carrier, &invite, "8", "").await;
    assert_eq!(number(&next), number(&invite) + 2, "nothing was acknowledged meanwhile");
    carrier.answer(&invite, OFFER).await;
    assert!(carrier.heard().await.text.starts_with("ACK "));
    assert_eq!(desk.next().await, Event::OutboundRinging { leg, trunk: "telco".into() });
    assert_eq!(early(&mut desk).await.address.port(), 40_000);
    answered(&mut desk).await;
    assert!(desk.is_quiet());
}

#[tokio::test]
async fn each_branch_of_a_forked_call_is_acknowledged_in_its_own_dialog() {
    let (carrier, mut desk, _, invite) = reliably().await;
    let contact = |branch| format!("<sip:{branch}@{}>", carrier.address());
    for branch in ["one", "two", "three"] {
        let contact = contact(branch);
        let lines = [("Require", "100rel"), ("RSeq", "1"), ("Contact", contact.as_str())];
        carrier.reply_as(branch, &invite, "180 Ringing", &lines, "").await;
    }
    for branch in ["one", "two", "three"] {
        let prack = carrier.asked("PRACK").await;
        assert!(
            prack.field("To").ends_with(&format!(";tag={branch}")) && contact(branch).contains(prack.uri()),
            "{}",
            prack.text
        );
        carrier.reply(&prack, "200 OK", &[], "").await;
    }
    carrier.reply_as("two", &invite, "200 OK", &[("Contact", &contact("two"))], OFFER).await;
    assert!(matches!(desk.next().await, Event::OutboundRinging { .. }));
    answered(&mut desk).await;
    assert!(carrier.asked("ACK").await.uri().starts_with("sip:two@"));
}

#[tokio::test]
async fn two_user_agents_agree_on_early_media_and_the_answer_waits_for_that() {
    let mut desk = desk_reliable(Limits::default(), Reliability::WhenSupported).await;
    let mut caller = desk_with(Limits::default(), Some(desk.udp())).await;
    let to =
        Outbound { trunks: vec!["telco".into()], number: "112".into(), caller: None, media: audio().into(), callback: false };
    let out = caller.agent.call(to).await.unwrap();
    let leg = desk.invited().await.leg;
    desk.agent.progress(leg, audio()).await.unwrap();
    desk.answer(leg).await;
    assert_eq!(caller.next().await, Event::OutboundRinging { leg: out, trunk: "telco".into() });
    let heard = early(&mut caller).await;
    assert_eq!(answered(&mut caller).await, heard);
    caller.agent.hang_up(out).await;
    assert_eq!(desk.next().await, Event::Ended { leg, by: EndedBy::RemoteBye });
}

#[tokio::test]
async fn a_far_end_that_insists_on_reliable_responses_is_reached() {
    let (carrier, mut desk, leg, invite) = calling(|trunk| trunk).await;
    assert!(!invite.field("Supported").contains("100rel"), "asked for only where the carrier is known to want it");
    carrier.reply(&invite, "421 Extension Required", &[("Require", "100rel")], "").await;
    carrier.asked("ACK").await;
    let invite = carrier.asked("INVITE").await;
    assert!(invite.field("Supported").contains("100rel"), "{}", invite.text);
    carrier.answer(&invite, OFFER).await;
    answered(&mut desk).await;
    desk.agent.hang_up(leg).await;
    assert_eq!(desk.next().await, Event::Ended { leg, by: EndedBy::Local });
}

#[tokio::test]
async fn a_prack_that_is_not_let_through_costs_no_call() {
    let (carrier, mut desk, _, invite) = reliably().await;
    carrier.reply(&invite, "183 Session Progress", &[("Require", "100rel"), ("RSeq", "7")], OFFER).await;
    let prack = carrier.asked("PRACK").await;
    let challenge = "Digest realm=\"carrier.example\", nonce=\"n\", algorithm=MD5";
    carrier.reply(&prack, "407 Proxy Authentication Required", &[("Proxy-Authenticate", challenge)], "").await;
    carrier.reply(&invite, "180 Ringing", &[], "").await;
    carrier.answer(&invite, OFFER).await;
    assert!(matches!(desk.next().await, Event::OutboundRinging { .. }));
    early(&mut desk).await;
    answered(&mut desk).await;
}

/// The second of two PRACKs that were challenged together was taken for one whose credentials were refused.
#[tokio::test]
async fn every_prack_that_is_challenged_is_sent_with_credentials_and_one_that_is_refused_costs_no_call() {
    let with_account = |trunk| Trunk { account: Some(Account::new("siaga112", "rahasia")), ..trunk };
    let (carrier, mut desk, _, invite) = calling(|trunk| with_account(trunk.with_reliability(Reliability::WhenSupported))).await;
    for branch in ["one", "two"] {
        carrier.reply_as(branch, &invite, "180 Ringing", &[("Require", "100rel"), ("RSeq", "1")], "").await;
    }
    let challenge = [("Proxy-Authenticate", "Digest realm=\"carrier.example\", nonce=\"n\", algorithm=MD5")];
    let plain = [carrier.asked("PRACK").await, carrier.asked("PRACK").await];
    for prack in &plain {
        carrier.reply(prack, "407 Proxy Authentication Required", &challenge, "").await;
    }
    let mut signed = Vec::new();
    for _ in &plain {
        let prack = carrier.asked("PRACK").await;
        assert!(prack.field("Proxy-Authorization").contains("username=\"siaga112\""), "{}", prack.text);
        signed.push(prack);
    }
    let to = |all: &[Asked]| all.iter().map(|prack| prack.field("To").to_owned()).collect::<std::collections::BTreeSet<_>>();
    assert_eq!(to(&signed), to(&plain), "each in its branch");
    for prack in &signed {
        carrier.reply(prack, "407 Proxy Authentication Required", &challenge, "").await;
    }
    carrier.reply_as("two", &invite, "200 OK", &[("Contact", &format!("<sip:two@{}>", carrier.address()))], OFFER).await;
    assert!(matches!(desk.next().await, Event::OutboundRinging { .. }));
    answered(&mut desk).await;
}

#[tokio::test]
async fn an_update_before_the_answer_is_answered_once_ours_is_reliably() {
    let (carrier, mut desk, leg, invite) = reliably().await;
    carrier.reply(&invite, "183 Session Progress", &[], OFFER).await;
    assert_eq!(desk.next().await, Event::OutboundRinging { leg, trunk: "telco".into() });
    assert_eq!(early(&mut desk).await.address.port(), 40_000);
    carrier.ask("carrier", &invite, ("UPDATE", 1), &at(41_000)).await;
    carrier.response(491).await;
    carrier.ask("carrier", &invite, ("UPDATE", 2), "").await;
    let empty = carrier.response(200).await;
    assert!(empty.ends_with("\r\n\r\n") && field(&empty, "Contact").is_some(), "{empty}");

    progress(&carrier, &invite, "7", &at(42_000)).await;
    assert_eq!(early(&mut desk).await.address.port(), 42_000);
    carrier.ask("carrier", &invite, ("UPDATE", 3), &(at(43_000) + "a=sendonly\r\n")).await;
    let updated = carrier.response(200).await;
    assert!(updated.contains("m=audio 20000 RTP/AVP 8 101\r\n") && updated.contains("a=recvonly"), "{updated}");
    assert_eq!(field(&updated, "CSeq"), Some("3 UPDATE"));
    let held = early(&mut desk).await;
    assert_eq!((held.address.port(), held.direction), (43_000, Direction::SendOnly));

    // Many say in the 2xx once more what they said first.
    carrier.answer(&invite, &at(42_000)).await;
    assert_eq!(answered(&mut desk).await, held);
    carrier.asked("ACK").await;
    carrier.ask("carrier", &invite, ("UPDATE", 4), &at(44_000)).await;
    carrier.response(200).await;
    let Event::Changed { audio, .. } = desk.next().await else { panic!("no change") };
    assert_eq!(audio.address.port(), 44_000);
}

#[tokio::test]
async fn what_else_is_asked_before_the_answer_hears_what_it_can_do_about_it() {
    let (carrier, mut desk, leg, invite) = reliably().await;
    carrier.reply(&invite, "180 Ringing", &[], "").await;
    assert_eq!(desk.next().await, Event::OutboundRinging { leg, trunk: "telco".into() });
    for (method, branch, code) in
        [("INVITE", "carrier", 491), ("OPTIONS", "carrier", 200), ("BYE", "carrier", 481), ("UPDATE", "other", 481)]
    {
        carrier.ask(branch, &invite, (method, 1), "").await;
        carrier.response(code).await;
    }
    carrier.reply(&invite, "486 Busy Here", &[], "").await;
    assert_eq!(desk.next().await, Event::OutboundFailed { leg, code: 486 });
    carrier.ask("carrier", &invite, ("UPDATE", 2), "").await;
    carrier.response(481).await;
}
