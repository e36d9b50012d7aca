//! The ways by which messages come and go: large datagrams, IPv6, TLS with and without client certificates, connections that break.

use crate::support::authority::Authority;
use crate::support::carrier::Carrier;
use crate::support::{Desk, OFFER, Peer, audio, desk_of, desk_with_all, field, trunk};
use sip::{
    Config, EndedBy, Event, Limits, LocalAudio, LocalMedia, Outbound, Pem, Roots, StartError, Target, Tls, Trunk, UserAgent,
};
use std::net::SocketAddr;

fn with_proxy(proxy: &str) -> Trunk {
    let mut trunk = trunk("telco", "127.0.0.1/32");
    trunk.peers.push("::1/128".parse().unwrap());
    trunk.proxy = Some(proxy.parse().unwrap());
    trunk
}

async fn agent(listen: &[&str], trunk: Trunk, tls: Tls) -> Desk {
    desk_with_all(listen, Limits::default(), vec![trunk], tls).await
}

fn to() -> Outbound {
    Outbound {
        trunks: vec!["telco".into()],
        number: "112".into(),
        caller: Some("+62778112".into()),
        media: audio().into(),
        callback: false,
    }
}

/// A call from one to the other, ended by each side in turn.
async fn talk(caller: &mut Desk, desk: &mut Desk) {
    for desk_ends in [true, false] {
        let out = caller.agent.call(to()).await.unwrap();
        let leg = desk.invited().await.leg;
        assert_eq!(caller.next().await, Event::OutboundRinging { leg: out, trunk: "telco".into() });
        desk.answer(leg).await;
        assert!(matches!(caller.next().await, Event::OutboundAnswered { .. }));
        let (by_desk, by_caller) = if desk_ends {
            desk.agent.hang_up(leg).await;
            (EndedBy::Local, EndedBy::RemoteBye)
        } else {
            caller.agent.hang_up(out).await;
            (EndedBy::RemoteBye, EndedBy::Local)
        };
        assert_eq!(desk.next().await, Event::Ended { leg, by: by_desk });
        assert_eq!(caller.next().await, Event::Ended { leg: out, by: by_caller });
    }
}

#[tokio::test]
async fn an_invite_of_sixty_kilobytes_arrives_whole_over_ipv4_and_ipv6() {
    for (listen, from) in [("udp://127.0.0.1:0", "127.0.0.1"), ("udp://[::1]:0", "::1")] {
        let mut desk = agent(&[listen], with_proxy("127.0.0.1"), Tls::default()).await;
        let mut peer = Peer::new(from, desk.udp()).await;
        for size in [20_000, 60_000] {
            let body = format!(
                "--b\r\nContent-Type: text/plain\r\n\r\n{}\r\n--b\r\nContent-Type: application/sdp\r\n\r\n{OFFER}\r\n--b--\r\n",
                "x".repeat(size)
            );
            let request =
                peer.request("INVITE", "sip:112@psap.example", &[("Content-Type", "multipart/mixed;boundary=b")], &body);
            peer.send(&request).await;
            assert!(desk.invited().await.audio.is_some(), "the offer after {size} octets");
        }
    }
}

#[tokio::test]
async fn an_ipv6_caller_hears_addresses_in_brackets() {
    let mut desk = agent(&["udp://127.0.0.1:0", "udp://[::1]:0"], with_proxy("127.0.0.1"), Tls::default()).await;
    let at = desk.tcp();
    let mut peer = Peer::new("::1", at).await;
    let invite = peer.request("INVITE", &format!("sip:112@{at}"), &[], OFFER);
    peer.send(&invite).await;
    let invitation = desk.invited().await;
    assert!(invitation.source.is_ipv6());
    let ringing = peer.receive_until("SIP/2.0 180").await;
    assert_eq!(field(&ringing, "Contact"), Some(format!("<sip:{at}>").as_str()), "{ringing}");
    desk.answer_unheard(invitation.leg).await;
    let answered = peer.receive_until("SIP/2.0 200").await;
    peer.send(&crate::support::within(&invite, &answered, "ACK", 1)).await;
    assert!(matches!(desk.next().await, Event::Confirmed { .. }));
    desk.agent.hang_up(invitation.leg).await;
    let bye = peer.asked("BYE").await;
    assert!(field(&bye, "Via").unwrap().starts_with(&format!("SIP/2.0/UDP {at};")), "{bye}");
}

#[tokio::test]
async fn calls_go_by_ipv6_over_udp_and_tcp() {
    for scheme in ["udp", "tcp"] {
        let mut desk = agent(&[&format!("{scheme}://[::1]:0")], with_proxy("127.0.0.1"), Tls::default()).await;
        let proxy = format!("{scheme}://{}", desk.tcp());
        let mut caller = agent(&["udp://127.0.0.1:0", &format!("{scheme}://[::1]:0")], with_proxy(&proxy), Tls::default()).await;
        talk(&mut caller, &mut desk).await;
    }
}

#[tokio::test]
async fn who_has_addresses_of_both_families_is_called_and_answered_by_the_one_of_the_far_end() {
    let media = LocalMedia::from(LocalAudio { other: Some("::1".parse().unwrap()), ..audio() });
    for (at, named) in [("[::1]:0", "c=IN IP6 ::1"), ("127.0.0.2:0", "c=IN IP4 127.0.0.1")] {
        let carrier = Carrier::new(at).await;
        let proxy = Trunk { proxy: Some(Target::from(carrier.address())), ..with_proxy("127.0.0.1") };
        let mut desk = agent(&["udp://127.0.0.1:0", "udp://[::1]:0"], proxy, Tls::default()).await;
        let leg = desk.agent.call(Outbound { media, ..to() }).await.unwrap();
        let invite = carrier.asked("INVITE").await;
        assert!(invite.text.contains(named), "{}", invite.text);
        desk.agent.hang_up(leg).await;
        assert_eq!(desk.next().await, Event::Ended { leg, by: EndedBy::Local });

        let six = carrier.address().is_ipv6();
        let listener = desk.agent.local_addresses().iter().find(|listen| listen.address.is_ipv6() == six).unwrap().address;
        let (own, offer) = if six { ("::1", OFFER.replace("IP4 127.0.0.1", "IP6 ::1")) } else { ("127.0.0.1", OFFER.to_owned()) };
        let mut peer = Peer::new(own, listener).await;
        let invite = peer.request("INVITE", "sip:112@psap.example", &[], &offer);
        peer.send(&invite).await;
        let leg = desk.invited().await.leg;
        desk.agent.answer(leg, media).await.unwrap();
        let answered = peer.receive_until("SIP/2.0 200").await;
        assert!(answered.contains(named), "{answered}");
    }
}

#[tokio::test]
async fn both_families_share_a_port() {
    let port = crate::support::free_port();
    for scheme in ["udp", "tcp"] {
        let listen = [format!("{scheme}://0.0.0.0:{port}"), format!("{scheme}://[::]:{port}")];
        let desk = desk_of(&[&listen[0], &listen[1]], Limits::default(), trunk("telco", "127.0.0.1/32")).await;
        assert_eq!(desk.agent.local_addresses().len(), 2);
        desk.agent.shut_down().await;
    }
}

#[tokio::test]
async fn calls_go_over_tls_to_a_server_whose_certificate_is_good() {
    let authority = Authority::new();
    let served = Tls { identity: Some(authority.identity(&["127.0.0.1", "localhost"])), ..Tls::default() };
    let mut desk = agent(&["tls://127.0.0.1:0"], with_proxy("127.0.0.1"), served).await;
    let port = desk.tcp().port();
    for (proxy, listen) in [
        (format!("tls://127.0.0.1:{port}"), &["udp://127.0.0.1:0"][..]),
        (format!("sip:localhost:{port};transport=tls"), &["udp://127.0.0.1:0", "tcp://127.0.0.1:0"]),
    ] {
        let tls = Tls { roots: Roots::Only(authority.pem()), ..Tls::default() };
        let mut caller = agent(listen, with_proxy(&proxy), tls).await;
        talk(&mut caller, &mut desk).await;
        caller.agent.shut_down().await;
    }
}

#[tokio::test]
async fn a_server_with_another_certificate_gets_no_call() {
    let (authority, other) = (Authority::new(), Authority::new());
    for (identity, roots) in
        [(authority.identity(&["127.0.0.1"]), other.pem()), (authority.identity(&["sbc.carrier.example"]), authority.pem())]
    {
        let desk =
            agent(&["tls://127.0.0.1:0"], with_proxy("127.0.0.1"), Tls { identity: Some(identity), ..Tls::default() }).await;
        let tls = Tls { roots: Roots::Only(roots), ..Tls::default() };
        let mut caller = agent(&["udp://127.0.0.1:0"], with_proxy(&format!("tls://{}", desk.tcp())), tls).await;
        let leg = caller.agent.call(to()).await.unwrap();
        assert_eq!(caller.next().await, Event::OutboundFailed { leg, code: 503 });
    }
}

#[tokio::test]
async fn where_clients_must_show_a_certificate_only_those_that_do_get_through() {
    let authority = Authority::new();
    let served =
        Tls { identity: Some(authority.identity(&["127.0.0.1"])), client_ca: Some(authority.pem()), roots: Roots::System };
    let mut desk = agent(&["tls://127.0.0.1:0"], with_proxy("127.0.0.1"), served).await;
    let proxy = format!("tls://{}", desk.tcp());
    let tls = |identity| Tls { identity, roots: Roots::Only(authority.pem()), client_ca: None };
    let limits = || Limits { silence: std::time::Duration::from_millis(500), ..Limits::default() };
    let stranger = Authority::new().identity(&["127.0.0.1"]);
    for identity in [None, Some(stranger)] {
        // With TLS 1.3 a client learns of its refusal only after it has sent something: silence, and another trunk.
        let mut trunks = vec![with_proxy(&proxy), trunk("other", "192.0.2.1/32")];
        trunks[1].proxy = Some(format!("tcp://127.0.0.1:{}", crate::support::free_port()).parse().unwrap());
        let mut caller = desk_with_all(&["udp://127.0.0.1:0"], limits(), trunks, tls(identity)).await;
        let to = Outbound { trunks: vec!["telco".into(), "other".into()], ..to() };
        let leg = caller.agent.call(to).await.unwrap();
        assert_eq!(caller.next().await, Event::OutboundFailed { leg, code: 503 });
    }
    assert!(desk.is_quiet());
    let mut caller = agent(&["udp://127.0.0.1:0"], with_proxy(&proxy), tls(Some(authority.identity(&["siaga.example"])))).await;
    talk(&mut caller, &mut desk).await;
}

#[tokio::test]
async fn a_connection_that_broke_is_opened_again_for_the_next_call() {
    let authority = Authority::new();
    let identity = authority.identity(&["127.0.0.1"]);
    let served = || Tls { identity: Some(identity.clone()), ..Tls::default() };
    let mut desk = agent(&["tls://127.0.0.1:0"], with_proxy("127.0.0.1"), served()).await;
    let at = desk.tcp();
    let tls = Tls { roots: Roots::Only(authority.pem()), ..Tls::default() };
    let mut caller = agent(&["udp://127.0.0.1:0"], with_proxy(&format!("tls://{at}")), tls).await;
    talk(&mut caller, &mut desk).await;
    desk.agent.shut_down().await;
    let mut desk = again(at, with_proxy("127.0.0.1"), served()).await;
    talk(&mut caller, &mut desk).await;
}

/// Listens where another has just stopped to.
async fn again(at: SocketAddr, trunk: Trunk, tls: Tls) -> Desk {
    let listen = vec![format!("tls://{at}").parse().unwrap()];
    let config = || Config { tls: tls.clone(), ..Config::new(listen.clone(), vec![trunk.clone()], "siaga/test") };
    let starting = async {
        loop {
            match UserAgent::start(config()).await {
                Ok((agent, events)) => return Desk { agent, events },
                Err(_) => tokio::task::yield_now().await,
            }
        }
    };
    tokio::time::timeout(std::time::Duration::from_secs(10), starting).await.expect("the port is free again")
}

#[tokio::test]
async fn tls_that_cannot_work_is_said_at_start() {
    let start = |tls: Tls| {
        let listen = vec!["tls://127.0.0.1:0".parse().unwrap()];
        UserAgent::start(Config { tls, ..Config::new(listen, vec![], "siaga/test") })
    };
    assert!(matches!(start(Tls::default()).await.err(), Some(StartError::NoCertificate(_))));
    let authority = Authority::new();
    let (certificate, key) = authority.identity(&["127.0.0.1"]);
    let nothing = Pem::Octets(b"nothing".to_vec());
    let missing = Pem::File("/nowhere/siaga.pem".into());
    for (tls, words) in [
        (Tls { identity: Some((nothing.clone(), key.clone())), ..Tls::default() }, "no certificate"),
        (Tls { identity: Some((certificate.clone(), missing)), ..Tls::default() }, "/nowhere/siaga.pem"),
        (
            Tls { identity: Some((certificate.clone(), key.clone())), client_ca: Some(nothing), ..Tls::default() },
            "no certificate",
        ),
        (Tls { identity: Some((certificate, authority.identity(&["x"]).1)), ..Tls::default() }, ""),
    ] {
        let Some(StartError::Tls(problem)) = start(tls).await.err() else { panic!("{words}") };
        assert!(problem.contains(words), "{problem}");
    }
}
