//! Calls through proxies that stay on their way (RFC 3261 sections 12.1, 12.2 and 16.6): every later request takes the same way.

use crate::support::carrier::Carrier;
use crate::support::{OFFER, Peer, audio, calling, desk, field, within};
use sip::{EndedBy, Event};

/// All values of a header field, in order, whether they share a line or not.
fn all(text: &str, name: &str) -> Vec<String> {
    let values = text.lines().filter_map(|line| line.split_once(": ").filter(|(n, _)| n.eq_ignore_ascii_case(name)));
    values.flat_map(|(_, value)| value.split(',')).map(|value| value.trim().to_owned()).collect()
}

#[tokio::test]
async fn a_callers_proxies_are_kept_in_the_answer_and_our_bye_goes_back_through_them() {
    let mut desk = desk().await;
    let mut peer = Peer::new("127.0.0.1", desk.udp()).await;
    let near = Carrier::new("127.0.0.2:0").await;
    let (first, second) = (format!("<sip:{};lr>", near.address()), "<sip:198.51.100.7;lr>");
    let routes = format!("{first}, {second}");
    let invite = peer.request("INVITE", "sip:112@psap.example", &[("Record-Route", &routes)], OFFER);
    peer.send(&invite).await;
    let leg = desk.invited().await.leg;
    desk.agent.answer(leg, audio()).await.unwrap();
    let answered = peer.receive_until("SIP/2.0 200").await;
    assert_eq!(all(&answered, "Record-Route"), [first.as_str(), second]);
    peer.send(&within(&invite, &answered, "ACK", 1)).await;
    assert!(matches!(desk.next().await, Event::Confirmed { .. }));
    desk.agent.hang_up(leg).await;
    let bye = near.asked("BYE").await;
    assert_eq!(all(&bye.text, "Route"), [first.as_str(), second]);
    let contact = field(&invite, "Contact").unwrap();
    assert!(contact.contains(bye.uri()), "the caller itself is asked, by way of them: {} {contact}", bye.uri());
    near.reply(&bye, "200 OK", &[], "").await;
    assert_eq!(desk.next().await, Event::Ended { leg, by: EndedBy::Local });
}

#[tokio::test]
async fn a_call_of_ours_goes_back_the_way_that_its_answer_came() {
    let (carrier, mut desk, leg, invite) = calling(|trunk| trunk).await;
    let (far, near) = ("<sip:198.51.100.7;lr>".to_owned(), format!("<sip:{};lr>", carrier.address()));
    let routes = format!("{far}, {near}");
    carrier.reply(&invite, "200 OK", &[("Contact", "<sip:callee@203.0.113.5>"), ("Record-Route", &routes)], OFFER).await;
    assert!(matches!(desk.next().await, Event::OutboundAnswered { .. }));
    let ack = carrier.asked("ACK").await;
    assert_eq!(all(&ack.text, "Route"), [near.clone(), far.clone()]);
    assert_eq!(ack.uri(), "sip:callee@203.0.113.5");
    desk.agent.hang_up(leg).await;
    let bye = carrier.asked("BYE").await;
    assert_eq!((all(&bye.text, "Route"), bye.uri()), (vec![near, far], "sip:callee@203.0.113.5"));
    carrier.reply(&bye, "200 OK", &[], "").await;
    assert_eq!(desk.next().await, Event::Ended { leg, by: EndedBy::Local });
}
