//! Calls of ours that a carrier sends elsewhere. Against carriers on real sockets.

use crate::support::carrier::{Asked, Carrier};
use crate::support::{Desk, OFFER, audio, desk_with_all, field};
use sip::{Event, LegId, Limits, Outbound, Redirected, Tls, Trunk};

async fn two() -> (Carrier, Carrier, Desk) {
    let (first, second) = (Carrier::new("127.0.0.2:0").await, Carrier::new("127.0.0.3:0").await);
    let way = |name: &str, carrier: &Carrier| Trunk {
        redirections: Redirected::Followed,
        ..Trunk::new(name.into(), vec![], Some(carrier.address()))
    };
    let trunks = vec![way("first", &first), way("second", &second)];
    let desk = desk_with_all(&["udp://127.0.0.1:0"], Limits::default(), trunks, Tls::default()).await;
    (first, second, desk)
}

async fn call(desk: &Desk, trunks: &[&str]) -> LegId {
    let trunks = trunks.iter().map(|name| (*name).into()).collect();
    let to = Outbound { trunks, number: "+62778110".into(), caller: None, media: audio().into(), callback: false };
    desk.agent.call(to).await.unwrap()
}

/// The INVITE that comes next, to this number.
async fn called(carrier: &Carrier, number: &str) -> Asked {
    let invite = carrier.asked("INVITE").await;
    assert_eq!(invite.uri(), format!("sip:{number}@{}", carrier.address()));
    invite
}

async fn redirect(carrier: &Carrier, invite: &Asked, status: &str, contact: &str) {
    carrier.reply(invite, status, &[("Contact", contact)], "").await;
}

async fn is_answered(desk: &mut Desk, leg: LegId, (trunk, carrier): (&str, &Carrier), invite: &Asked) {
    carrier.answer(invite, OFFER).await;
    let Event::OutboundAnswered { leg: answered, trunk: by, .. } = desk.next().await else { panic!("not answered") };
    assert_eq!((answered, by.0.as_str()), (leg, trunk));
}

#[tokio::test]
async fn a_redirection_to_a_number_is_followed_through_the_same_trunk() {
    for status in ["301 Moved Permanently", "302 Moved Temporarily"] {
        let (first, second, mut desk) = two().await;
        let leg = call(&desk, &["first", "second"]).await;
        let invite = called(&first, "+62778110").await;
        // Another host, where somebody listens: it is not asked.
        let elsewhere = format!("<sip:+62811999@{};user=phone>", second.address());
        redirect(&first, &invite, status, &elsewhere).await;
        let next = called(&first, "+62811999").await;
        assert_ne!(next.field("Call-ID"), invite.field("Call-ID"));
        assert_eq!(next.field("To"), format!("<sip:+62811999@{}>", first.address()));
        is_answered(&mut desk, leg, ("first", &first), &next).await;
        assert!(!second.was_asked("INVITE"));
    }
}

#[tokio::test]
async fn nobody_who_is_called_sends_us_to_another_number_unless_the_trunk_may() {
    let carrier = Carrier::new("127.0.0.2:0").await;
    let trunk = Trunk::new("first".into(), vec![], Some(carrier.address()));
    let mut desk = desk_with_all(&["udp://127.0.0.1:0"], Limits::default(), vec![trunk], Tls::default()).await;
    let leg = call(&desk, &["first"]).await;
    let invite = called(&carrier, "+62778110").await;
    redirect(&carrier, &invite, "302 Moved Temporarily", "<sip:+8821300000@h>").await;
    assert_eq!(desk.next().await, Event::OutboundFailed { leg, code: 302 });
    assert!(!carrier.was_asked("INVITE"));
}

#[tokio::test]
async fn a_redirection_that_leads_nowhere_is_left_to_the_next_trunk_which_gets_the_wished_number() {
    for (status, contact) in [
        ("302 Moved Temporarily", "<sip:damkar@198.51.100.7>"),
        ("302 Moved Temporarily", "<sip:+62778110@198.51.100.7>"),
        ("305 Use Proxy", "<sip:+62811999@198.51.100.7>"),
        ("380 Alternative Service", "<urn:service:sos>"),
    ] {
        let (first, second, mut desk) = two().await;
        let leg = call(&desk, &["first", "second"]).await;
        let invite = called(&first, "+62778110").await;
        redirect(&first, &invite, "302 Moved Temporarily", "<sip:+62811000@h>").await;
        let invite = called(&first, "+62811000").await;
        redirect(&first, &invite, status, contact).await;
        let other = called(&second, "+62778110").await;
        is_answered(&mut desk, leg, ("second", &second), &other).await;
    }
}

#[tokio::test]
async fn there_is_an_end_to_redirections_and_the_last_code_is_told() {
    let (first, _, mut desk) = two().await;
    let leg = call(&desk, &["first"]).await;
    let mut invite = called(&first, "+62778110").await;
    for number in ["+62811001", "+62811002", "+62811003"] {
        redirect(&first, &invite, "302 Moved Temporarily", &format!("<sip:{number}@h>")).await;
        invite = called(&first, number).await;
    }
    redirect(&first, &invite, "302 Moved Temporarily", "<sip:+62811004@h>").await;
    assert_eq!(desk.next().await, Event::OutboundFailed { leg, code: 302 });
    assert!(!first.was_asked("INVITE"));
}

#[tokio::test]
async fn a_call_given_up_while_it_is_redirected_goes_no_further() {
    let (first, _, mut desk) = two().await;
    let leg = call(&desk, &["first"]).await;
    let invite = called(&first, "+62778110").await;
    first.reply(&invite, "180 Ringing", &[], "").await;
    assert_eq!(desk.next().await, Event::OutboundRinging { leg, trunk: "first".into() });
    desk.agent.hang_up(leg).await;
    let cancel = first.asked("CANCEL").await;
    first.reply(&cancel, "200 OK", &[], "").await;
    redirect(&first, &invite, "302 Moved Temporarily", "<sip:+62811001@h>").await;
    assert!(field(&first.asked("ACK").await.text, "Call-ID").is_some());
    assert!(matches!(desk.next().await, Event::Ended { .. }));
    assert!(desk.is_quiet() && !first.was_asked("INVITE"));
}
