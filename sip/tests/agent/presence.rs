//! Locations by a SIP reference, against a location server on a real socket.

use crate::support::carrier::{Asked, Carrier};
use crate::support::{Desk, OFFER, Peer, desk_with_all};
use sip::{Account, Followed, Invitation, Limits, Tls, Trunk, Unfetched};
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

const PATIENCE: Duration = Duration::from_secs(20);
const ACTIVE: &str = "active;expires=600";
static BRANCHES: AtomicU32 = AtomicU32::new(0);

fn place(longitude: f64) -> String {
    format!(
        "<presence xmlns=\"urn:ietf:params:xml:ns:pidf\" entity=\"pres:a@h\"><tuple id=\"1\"><status><gp:geopriv xmlns:gp=\"urn:ietf:params:xml:ns:pidf:geopriv10\">\
         <gp:location-info><gml:Point xmlns:gml=\"http://www.opengis.net/gml\"><gml:pos>1.1 {longitude}</gml:pos></gml:Point></gp:location-info>\
         </gp:geopriv></status></tuple></presence>"
    )
}

/// A desk whose trunk calls from 127.0.0.1 and points to these servers.
async fn desk_for(servers: &[&Carrier], change: impl Fn(&mut Trunk)) -> Desk {
    let mut trunk = Trunk::new("telco".into(), vec!["127.0.0.1/32".parse().unwrap()], None);
    trunk.location_servers = servers.iter().map(|server| server.address().to_string().parse().unwrap()).collect();
    change(&mut trunk);
    let limits =
        Limits { t1: Duration::from_millis(20), silence: Duration::from_millis(300), take_alerts: true, ..Limits::default() };
    desk_with_all(&["udp://127.0.0.1:0", "tcp://127.0.0.1:0"], limits, vec![trunk], Tls::default()).await
}

/// A call whose Geolocation is this.
async fn call(desk: &mut Desk, geolocation: &str) -> Invitation {
    let mut peer = Peer::new("127.0.0.1", desk.udp()).await;
    let request = peer.request("INVITE", "sip:112@psap.example", &[("Geolocation", geolocation)], OFFER);
    peer.send(&request).await;
    desk.invited().await
}

/// A call that points to these servers, and what follows it.
async fn followed(desk: &mut Desk, servers: &[&Carrier]) -> Followed {
    let references: Vec<String> = servers.iter().map(|server| format!("<sip:loc-7@{}>", server.address())).collect();
    let call = call(desk, &references.join(", ")).await;
    desk.agent.follow(&call.trunk, &call.location_references).expect("nothing to follow")
}

async fn longitude(followed: &mut Followed) -> Option<f64> {
    let next = tokio::time::timeout(PATIENCE, followed.next()).await.expect("nothing told in time");
    next.and_then(|location| location.latitude_longitude).map(|(_, longitude)| longitude)
}

/// Takes a subscription.
async fn takes(server: &Carrier) -> Asked {
    let asked = server.asked("SUBSCRIBE").await;
    let contact = format!("<sip:lis@{}>", server.address());
    server.reply(&asked, "200 OK", &[("Expires", asked.field("Expires")), ("Contact", &contact)], "").await;
    asked
}

/// A NOTIFY in the dialog of a SUBSCRIBE, or one that looks like it.
fn notify(server: &Carrier, asked: &Asked, number: u32, lines: &[(&str, &str)], body: &str) -> String {
    let to = asked.field("From");
    let from = format!("{};tag=carrier", asked.field("To").split(";tag").next().unwrap());
    let at = server.address();
    let branch = BRANCHES.fetch_add(1, Ordering::Relaxed);
    let mut fields = vec![
        ("Via", format!("SIP/2.0/UDP {at};rport;branch=z9hG4bKnotify{branch}")),
        ("From", from),
        ("To", to.to_owned()),
        ("Call-ID", asked.field("Call-ID").to_owned()),
        ("CSeq", format!("{number} NOTIFY")),
        ("Contact", format!("<sip:lis@{at}>")),
        ("Max-Forwards", "70".to_owned()),
        ("Event", "presence".to_owned()),
        ("Subscription-State", ACTIVE.to_owned()),
        ("Content-Type", "application/pidf+xml".to_owned()),
    ];
    for (name, value) in lines {
        match fields.iter_mut().find(|(known, _)| known == name) {
            Some(known) => known.1 = (*value).to_owned(),
            None => fields.push((name, (*value).to_owned())),
        }
    }
    let fields: String = fields.iter().map(|(name, value)| format!("{name}: {value}\r\n")).collect();
    format!("NOTIFY sip:siaga SIP/2.0\r\n{fields}Content-Length: {}\r\n\r\n{body}", body.len())
}

/// Sends a NOTIFY; what it was answered with.
async fn notifies(desk: &Desk, server: &Carrier, text: &str) -> u16 {
    server.send(text, desk.udp()).await;
    loop {
        let heard = server.heard().await.text;
        if heard.starts_with("SIP/2.0 ") {
            return heard.split(' ').nth(1).unwrap().parse().unwrap();
        }
    }
}

#[tokio::test]
async fn a_place_is_followed_for_as_long_as_the_call_lasts() {
    // The server is of no network of the trunk.
    let server = Carrier::new("127.0.0.3:0").await;
    let mut desk = desk_for(&[&server], |_| {}).await;
    let mut followed = followed(&mut desk, &[&server]).await;
    let asked = takes(&server).await;
    assert_eq!(asked.uri(), format!("sip:loc-7@{}", server.address()));
    assert_eq!(asked.field("To"), format!("<{}>", asked.uri()));
    for (name, value) in [("Event", "presence"), ("Expires", "600"), ("CSeq", "1 SUBSCRIBE")] {
        assert_eq!(asked.field(name), value);
    }
    assert!(asked.field("Accept").starts_with("application/pidf+xml") && asked.field("Allow").contains("NOTIFY"));
    assert!(asked.field("Contact").contains(&desk.udp().to_string()), "{}", asked.text);

    assert_eq!(notifies(&desk, &server, &notify(&server, &asked, 1, &[], &place(104.1))).await, 200);
    assert_eq!(longitude(&mut followed).await, Some(104.1));

    drop(followed);
    let last = server.asked("SUBSCRIBE").await;
    assert_eq!((last.field("Expires"), last.field("CSeq")), ("0", "2 SUBSCRIBE"));
    assert_eq!(last.uri(), format!("sip:lis@{}", server.address()), "the server's own contact");
    assert!(last.field("To").ends_with(";tag=carrier") && last.field("Call-ID") == asked.field("Call-ID"));
    server.reply(&last, "200 OK", &[("Expires", "0")], "").await;
    let goodbye = notify(&server, &asked, 2, &[("Subscription-State", "terminated;reason=timeout")], "");
    assert_eq!(notifies(&desk, &server, &goodbye).await, 200);
}

#[tokio::test]
async fn a_server_that_asks_who_we_are_is_told_the_trunks_account() {
    let server = Carrier::new("127.0.0.1:0").await;
    let account = Account::new("siaga112", "rahasia");
    let mut desk = desk_for(&[&server], |trunk| trunk.account = Some(account.clone())).await;
    let mut followed = followed(&mut desk, &[&server]).await;
    let first = server.asked("SUBSCRIBE").await;
    let challenge = "Digest realm=\"lis.example\", nonce=\"n1\", qop=\"auth\"";
    server.reply(&first, "407 Proxy Authentication Required", &[("Proxy-Authenticate", challenge)], "").await;
    let second = takes(&server).await;
    for (name, value) in [("username", "siaga112"), ("realm", "lis.example"), ("uri", second.uri())] {
        assert_eq!(second.credential(name), Some(value), "{name}");
    }
    assert_eq!(second.field("Call-ID"), first.field("Call-ID"));
    assert_eq!(notifies(&desk, &server, &notify(&server, &second, 1, &[], &place(104.1))).await, 200);
    assert_eq!(longitude(&mut followed).await, Some(104.1));
}

#[tokio::test]
async fn a_notify_of_nobodys_or_of_another_event_changes_nothing() {
    let server = Carrier::new("127.0.0.3:0").await;
    let mut desk = desk_for(&[&server], |_| {}).await;
    let mut followed = followed(&mut desk, &[&server]).await;
    let asked = takes(&server).await;
    let forged = place(100.0);
    for lines in [
        &[("Call-ID", "another@siaga")][..],
        &[("To", "<sip:siaga@127.0.0.1>;tag=guessed")],
        &[("From", "<sip:loc-7@127.0.0.3>;tag=forked")],
    ] {
        let number = if lines[0].0 == "From" { 3 } else { 2 };
        assert_eq!(notifies(&desk, &server, &notify(&server, &asked, number, lines, &forged)).await, 481, "{lines:?}");
    }
    assert_eq!(notifies(&desk, &server, &notify(&server, &asked, 4, &[("Event", "dialog")], &forged)).await, 489);
    // A guest is no trunk.
    let invite = notify(&server, &asked, 5, &[], &forged).replace("NOTIFY", "INVITE");
    assert_eq!(notifies(&desk, &server, &invite).await, 403);
    assert_eq!(notifies(&desk, &server, &notify(&server, &asked, 6, &[], &place(104.1))).await, 200);
    assert_eq!(longitude(&mut followed).await, Some(104.1));
    assert!(desk.is_quiet());
}

#[tokio::test]
async fn a_notify_with_the_right_tags_from_elsewhere_is_of_nobody_we_know() {
    let (server, other, stranger) =
        (Carrier::new("127.0.0.3:0").await, Carrier::new("127.0.0.4:0").await, Carrier::new("127.0.0.5:0").await);
    let mut one = Trunk::new("telco".into(), vec!["127.0.0.1/32".parse().unwrap()], None);
    one.location_servers = vec![server.address().to_string().parse().unwrap()];
    let two = Trunk::new("other".into(), vec!["127.0.0.4/32".parse().unwrap()], None);
    let mut desk = desk_with_all(&["udp://127.0.0.1:0"], Limits::default(), vec![one, two], Tls::default()).await;
    let mut followed = followed(&mut desk, &[&server]).await;
    let asked = takes(&server).await;
    assert_eq!(notifies(&desk, &other, &notify(&other, &asked, 1, &[], &place(100.0))).await, 481);
    stranger.send(&notify(&stranger, &asked, 1, &[], &place(100.0)), desk.udp()).await;
    assert_eq!(notifies(&desk, &server, &notify(&server, &asked, 1, &[], &place(104.1))).await, 200);
    assert_eq!(longitude(&mut followed).await, Some(104.1));
    assert!(!stranger.was_asked("SIP/2.0"));
}

#[tokio::test]
async fn where_one_server_leads_nowhere_the_next_is_asked() {
    for refusal in [Some("403 Forbidden"), Some("489 Bad Event"), Some("503 Service Unavailable"), None] {
        let (bad, good) = (Carrier::new("127.0.0.4:0").await, Carrier::new("127.0.0.3:0").await);
        let mut desk = desk_for(&[&bad, &good], |_| {}).await;
        let mut followed = followed(&mut desk, &[&bad, &good]).await;
        let asked = bad.asked("SUBSCRIBE").await;
        if let Some(refusal) = refusal {
            bad.reply(&asked, refusal, &[], "").await;
        }
        let asked = takes(&good).await;
        assert_eq!(notifies(&desk, &good, &notify(&good, &asked, 1, &[], &place(104.1))).await, 200, "{refusal:?}");
        assert_eq!(longitude(&mut followed).await, Some(104.1), "{refusal:?}");
    }
}

#[tokio::test]
async fn why_nothing_came_of_any_server_is_told_when_all_are_asked() {
    let server = Carrier::new("127.0.0.3:0").await;
    let mut desk = desk_for(&[&server], |_| {}).await;
    for (refusal, fault) in [(Some("403 Forbidden"), Unfetched::Refused), (None, Unfetched::Silent)] {
        let mut followed = followed(&mut desk, &[&server]).await;
        assert_eq!(followed.fault(), None, "it is not over yet");
        if let Some(refusal) = refusal {
            let asked = server.asked("SUBSCRIBE").await;
            server.reply(&asked, refusal, &[], "").await;
        }
        assert_eq!(longitude(&mut followed).await, None);
        assert_eq!(followed.fault(), Some(fault));
    }
}

#[tokio::test]
async fn a_server_that_accepts_and_never_notifies_is_left_for_the_next() {
    let (mute, good) = (Carrier::new("127.0.0.4:0").await, Carrier::new("127.0.0.3:0").await);
    let mut desk = desk_for(&[&mute, &good], |_| {}).await;
    let mut followed = followed(&mut desk, &[&mute, &good]).await;
    takes(&mute).await;
    assert_eq!(takes(&mute).await.field("Expires"), "0");
    let asked = takes(&good).await;
    assert_eq!(notifies(&desk, &good, &notify(&good, &asked, 1, &[], &place(104.1))).await, 200);
    assert_eq!(longitude(&mut followed).await, Some(104.1));
}

#[tokio::test]
async fn a_host_that_is_not_found_is_asked_for_by_the_trunks_proxy() {
    let proxy = Carrier::new("127.0.0.2:0").await;
    let mut desk = desk_for(&[], |trunk| {
        trunk.location_servers = vec!["lis.carrier.invalid".parse().unwrap()];
        trunk.proxy = Some(proxy.address().into());
    })
    .await;
    let call = call(&mut desk, "<sip:loc-7@lis.carrier.invalid>").await;
    let mut followed = desk.agent.follow(&call.trunk, &call.location_references).unwrap();
    let asked = takes(&proxy).await;
    assert_eq!(asked.uri(), "sip:loc-7@lis.carrier.invalid");
    assert_eq!(notifies(&desk, &proxy, &notify(&proxy, &asked, 1, &[], &place(104.1))).await, 200);
    assert_eq!(longitude(&mut followed).await, Some(104.1));
}

#[tokio::test]
async fn broken_empty_and_too_large_documents_hurt_nothing_and_the_next_place_is_told() {
    let server = Carrier::new("127.0.0.3:0").await;
    let mut desk = desk_for(&[&server], |_| {}).await;
    let mut followed = followed(&mut desk, &[&server]).await;
    let asked = takes(&server).await;
    let deep = "<a>".repeat(15_000);
    for (number, body) in ["<presence", "", "<presence/>", deep.as_str()].into_iter().enumerate() {
        let number = u32::try_from(number).unwrap() + 1;
        assert_eq!(notifies(&desk, &server, &notify(&server, &asked, number, &[], body)).await, 200, "{number}");
    }
    // What no datagram holds comes by a connection.
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    let socket = tokio::net::TcpSocket::new_v4().unwrap();
    socket.bind("127.0.0.3:0".parse().unwrap()).unwrap();
    let mut stream = socket.connect(desk.tcp()).await.unwrap();
    let large = notify(&server, &asked, 8, &[], &" ".repeat(80_000)).replace("SIP/2.0/UDP", "SIP/2.0/TCP");
    let _ = stream.write_all(large.as_bytes()).await;
    let mut reply = vec![0; 4096];
    let length = tokio::time::timeout(PATIENCE, stream.read(&mut reply)).await.expect("no reply in time").unwrap();
    assert!(String::from_utf8_lossy(&reply[..length]).starts_with("SIP/2.0 513 "));

    assert_eq!(notifies(&desk, &server, &notify(&server, &asked, 9, &[], &place(104.1))).await, 200);
    assert_eq!(longitude(&mut followed).await, Some(104.1));
}

#[tokio::test]
async fn too_many_notifications_are_told_to_come_later() {
    let server = Carrier::new("127.0.0.3:0").await;
    let mut desk = desk_for(&[&server], |_| {}).await;
    let mut followed = followed(&mut desk, &[&server]).await;
    let asked = takes(&server).await;
    let mut codes = Vec::new();
    for number in 1..=60 {
        codes.push(notifies(&desk, &server, &notify(&server, &asked, number, &[], &place(104.1))).await);
    }
    assert!(codes.starts_with(&[200; 20]) && codes.contains(&503), "{codes:?}");
    assert_eq!(longitude(&mut followed).await, Some(104.1));
}

#[tokio::test]
async fn what_leads_anywhere_else_is_not_followed() {
    let server = Carrier::new("127.0.0.3:0").await;
    let mut desk = desk_for(&[&server], |_| {}).await;
    let at = server.address();
    let geolocation = format!("<sip:a@127.0.0.4>, <sip:a@{at};maddr=127.0.0.4>, <sip:a@127.0.0.3:1>, <https://{at}/1>");
    let call = call(&mut desk, &geolocation).await;
    assert_eq!(call.location_references.len(), 4);
    assert!(desk.agent.follow(&call.trunk, &call.location_references).is_none());
    assert!(!server.was_asked("SUBSCRIBE"));
}

#[tokio::test]
async fn a_stop_of_the_server_takes_subscriptions_back() {
    let server = Carrier::new("127.0.0.3:0").await;
    let mut desk = desk_for(&[&server], |_| {}).await;
    let _followed = followed(&mut desk, &[&server]).await;
    let asked = takes(&server).await;
    assert_eq!(notifies(&desk, &server, &notify(&server, &asked, 1, &[], &place(104.1))).await, 200);
    let leaving = async {
        let last = takes(&server).await;
        assert_eq!(last.field("Expires"), "0");
        server.send(&notify(&server, &asked, 2, &[("Subscription-State", "terminated")], ""), desk.udp()).await;
    };
    tokio::join!(desk.agent.shut_down(), leaving);
}
