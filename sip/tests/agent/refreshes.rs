//! Session refreshes of ours that are not let through: the call goes on until its session is over, and then ends on both sides.

use crate::support::carrier::{Asked, Carrier};
use crate::support::{Desk, OFFER, Peer, audio, desk_with, desk_with_all, talk};
use sip::{Account, EndedBy, Event, LegId, Limits, Outbound, Tls, Trunk};
use std::time::Duration;

const CHALLENGE: &str = "Digest realm=\"carrier.example\", nonce=\"n\", algorithm=MD5, qop=\"auth\"";

/// Sessions may be as short as two seconds, and no request is repeated meanwhile.
fn limits() -> Limits {
    Limits { min_session_s: 2, t1: Duration::from_secs(5), ..Limits::default() }
}

#[tokio::test]
async fn a_callers_proxy_that_asks_who_refreshes_does_not_end_the_call() {
    for (code, asks) in [("401 Unauthorized", "WWW-Authenticate"), ("407 Proxy Authentication Required", "Proxy-Authenticate")] {
        let mut desk = desk_with(limits(), None).await;
        let mut peer = Peer::new("127.0.0.1", desk.udp()).await;
        let lines = [("Supported", "timer"), ("Session-Expires", "4;refresher=uas"), ("Allow", "INVITE, ACK, BYE, UPDATE")];
        let call = talk(&mut desk, &mut peer, &lines).await;
        let refresh = peer.asked("UPDATE").await;
        peer.reply(&refresh, code, &[(asks, CHALLENGE)], "").await;
        let held = OFFER.replace("o=- 1 1", "o=- 1 2") + "a=sendonly\r\n";
        let refreshes = [("Supported", "timer"), ("Session-Expires", "4;refresher=uas")];
        peer.send(&call.request("UPDATE", 2, &refreshes, &held)).await;
        peer.response(200, "UPDATE").await;
        assert!(matches!(desk.next().await, Event::Changed { .. }));

        // That was a refresh of the caller's; ours is refused once more, and then the session is over.
        let refresh = peer.asked("UPDATE").await;
        peer.reply(&refresh, code, &[(asks, CHALLENGE)], "").await;
        let bye = peer.asked("BYE").await;
        peer.reply(&bye, "200 OK", &[], "").await;
        assert_eq!(desk.next().await, Event::Ended { leg: call.leg, by: EndedBy::Timeout });
    }
}

const SESSION: [(&str, &str); 2] = [("Session-Expires", "4;refresher=uac"), ("Require", "timer")];

/// A call of ours that we refresh; where we have no account, by INVITE.
async fn refreshed_by_us(carrier: &Carrier, account: bool) -> (Desk, LegId, Asked) {
    let mut trunk = Trunk::new("telco".into(), vec![], Some(carrier.address()));
    trunk.account = account.then(|| Account::new("siaga112", "rahasia"));
    let mut desk = desk_with_all(&["udp://127.0.0.1:0"], limits(), vec![trunk], Tls::default()).await;
    let to =
        Outbound { trunks: vec!["telco".into()], number: "110".into(), caller: None, media: audio().into(), callback: false };
    let leg = desk.agent.call(to).await.unwrap();
    let invite = carrier.asked("INVITE").await;
    let contact = format!("<sip:callee@{}>", carrier.address());
    let allow = if account { "INVITE, ACK, BYE, UPDATE" } else { "INVITE, ACK, BYE" };
    let lines = [("Contact", contact.as_str()), ("Allow", allow), SESSION[0], SESSION[1]];
    carrier.reply(&invite, "200 OK", &lines, OFFER).await;
    assert!(matches!(desk.next().await, Event::OutboundAnswered { .. }));
    carrier.asked("ACK").await;
    (desk, leg, invite)
}

#[tokio::test]
async fn a_carrier_that_asks_who_refreshes_a_call_of_ours_hears_its_bye() {
    let carrier = Carrier::new("127.0.0.2:0").await;
    let (mut desk, leg, invite) = refreshed_by_us(&carrier, false).await;
    let refresh = carrier.asked("INVITE").await;
    assert!(refresh.field("To").contains("tag=") && !refresh.field("Supported").contains("100rel"), "{}", refresh.text);
    carrier.reply(&refresh, "407 Proxy Authentication Required", &[("Proxy-Authenticate", CHALLENGE)], "").await;
    carrier.asked("ACK").await;
    carrier.ask("carrier", &invite, ("OPTIONS", 1), "").await;
    carrier.response(200).await;
    let bye = carrier.asked("BYE").await;
    carrier.reply(&bye, "200 OK", &[], "").await;
    assert_eq!(desk.next().await, Event::Ended { leg, by: EndedBy::Timeout });
}

#[tokio::test]
async fn a_carrier_where_we_have_an_account_is_told_who_refreshes() {
    let carrier = Carrier::new("127.0.0.2:0").await;
    let (mut desk, leg, _) = refreshed_by_us(&carrier, true).await;
    let refresh = carrier.asked("UPDATE").await;
    carrier.reply(&refresh, "407 Proxy Authentication Required", &[("Proxy-Authenticate", CHALLENGE)], "").await;
    let signed = carrier.asked("UPDATE").await;
    assert_eq!((signed.credential("username"), signed.credential("uri")), (Some("siaga112"), Some(signed.uri())));
    carrier.reply(&signed, "200 OK", &SESSION, "").await;
    let again = carrier.asked("UPDATE").await;
    assert_eq!(again.uri(), format!("sip:callee@{}", carrier.address()), "an answer without a Contact moves no target");
    carrier.reply(&again, "200 OK", &SESSION, "").await;
    desk.agent.hang_up(leg).await;
    assert_eq!(desk.next().await, Event::Ended { leg, by: EndedBy::Local });
}

#[tokio::test]
async fn a_password_that_is_refused_inside_a_call_does_not_end_it() {
    let carrier = Carrier::new("127.0.0.2:0").await;
    let (mut desk, leg, invite) = refreshed_by_us(&carrier, true).await;
    for _ in 0..2 {
        let refresh = carrier.asked("UPDATE").await;
        carrier.reply(&refresh, "407 Proxy Authentication Required", &[("Proxy-Authenticate", CHALLENGE)], "").await;
    }
    carrier.ask("carrier", &invite, ("OPTIONS", 1), "").await;
    carrier.response(200).await;
    let bye = carrier.asked("BYE").await;
    carrier.reply(&bye, "200 OK", &[], "").await;
    assert_eq!(desk.next().await, Event::Ended { leg, by: EndedBy::Timeout });
}
