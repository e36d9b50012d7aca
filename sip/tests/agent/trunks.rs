//! Trunks over time: whether they are there, and where we are registered. Against a carrier on a real socket.

use crate::support::carrier::{Asked, Carrier};
use crate::support::{Desk, OFFER, audio, desk_with_all, field};
use sip::{Account, Config, Country, Event, Limits, NumberForm, Numbers, Outbound, Tls, Trunk, TrunkState, UserAgent};
use std::time::Duration;

async fn desk_for(trunk: Trunk) -> Desk {
    desk_with_all(&["udp://127.0.0.1:0"], Limits::default(), vec![trunk], Tls::default()).await
}

fn watched(carrier: &Carrier) -> Trunk {
    let mut trunk = Trunk::new("telco".into(), vec![], Some(carrier.address()));
    trunk.options = Some(Duration::from_millis(200));
    trunk
}

fn registering(registrars: &[&Carrier]) -> Trunk {
    let mut trunk = Trunk::new("telco".into(), vec![], None);
    trunk.account = Some(Account::new("siaga112", "rahasia"));
    trunk.registrars = registrars.iter().map(|carrier| carrier.address().into()).collect();
    trunk
}

#[tokio::test]
async fn a_trunk_that_falls_silent_is_down_and_up_again_when_it_answers() {
    let carrier = Carrier::new("127.0.0.2:0").await;
    let mut desk = desk_for(watched(&carrier)).await;
    let asked = carrier.asked("OPTIONS").await;
    assert!(asked.field("Accept").contains("application/sdp"));
    carrier.reply(&asked, "200 OK", &[], "").await;
    let (state, registered, detail) = desk.trunk_news().await;
    assert_eq!((state, registered), (TrunkState::Up, None));
    assert!(detail.contains("200"), "{detail}");

    let (state, _, detail) = desk.trunk_news().await;
    assert_eq!(state, TrunkState::Down, "{detail}");
    // Answers to old questions count for nothing, so each is answered.
    let answering = async {
        loop {
            let asked = carrier.asked("OPTIONS").await;
            carrier.reply(&asked, "405 Method Not Allowed", &[], "").await;
        }
    };
    tokio::select! {
        () = answering => {}
        (state, _, detail) = desk.trunk_news() => assert_eq!((state, detail.contains("405")), (TrunkState::Up, true)),
    }
}

#[tokio::test]
async fn a_trunk_that_only_calls_us_is_there() {
    let carrier = Carrier::new("127.0.0.2:0").await;
    let mut trunk = watched(&carrier);
    trunk.options = Some(Duration::from_secs(600));
    let mut desk = desk_for(trunk).await;
    let request = format!(
        "OPTIONS sip:112@psap.example SIP/2.0\r\nVia: SIP/2.0/UDP {0};rport;branch=z9hG4bK1\r\nFrom: <sip:a@{0}>;tag=1\r\n\
         To: <sip:112@psap.example>\r\nCall-ID: 1\r\nCSeq: 1 OPTIONS\r\nMax-Forwards: 70\r\nContent-Length: 0\r\n\r\n",
        carrier.address()
    );
    carrier.send(&request, desk.udp()).await;
    assert_eq!(desk.trunk_news().await.0, TrunkState::Up);
}

/// Challenges the first REGISTER and takes the second.
async fn register(carrier: &Carrier, expires: &str) -> Asked {
    let first = carrier.asked("REGISTER").await;
    assert_eq!(first.credential("response"), None);
    let challenge = "Digest realm=\"carrier.example\", nonce=\"n1\", algorithm=SHA-256, qop=\"auth\"";
    let unknown = "Digest realm=\"carrier.example\", nonce=\"n1\", algorithm=SHA-512-256, qop=\"auth\"";
    carrier.reply(&first, "401 Unauthorized", &[("WWW-Authenticate", unknown), ("WWW-Authenticate", challenge)], "").await;
    let second = carrier.asked("REGISTER").await;
    assert_eq!(second.field("Call-ID"), first.field("Call-ID"));
    assert_eq!(second.field("From"), first.field("From"));
    assert_eq!(second.field("CSeq"), "2 REGISTER");
    let contact = format!("{};expires={expires}", second.field("Contact"));
    carrier.reply(&second, "200 OK", &[("Contact", &contact)], "").await;
    second
}

#[tokio::test]
async fn an_account_is_registered_with_digest_kept_up_and_taken_back_at_the_end() {
    let carrier = Carrier::new("127.0.0.2:0").await;
    let mut desk = desk_for(registering(&[&carrier])).await;
    let asked = register(&carrier, "2").await;
    let at = carrier.address();
    assert_eq!(asked.uri(), format!("sip:{at}"));
    assert_eq!(asked.field("To"), "<sip:siaga112@127.0.0.2>");
    assert_eq!(asked.field("Contact"), format!("<sip:siaga112@{}>", desk.udp()));
    for (name, value) in [("username", "siaga112"), ("realm", "carrier.example"), ("uri", asked.uri()), ("nc", "00000001")] {
        assert_eq!(asked.credential(name), Some(value), "{name}");
    }
    assert_eq!(asked.credential("response").map(str::len), Some(64), "SHA-256");
    assert_eq!(desk.trunk_news().await.1, Some(true));

    let refresh = carrier.asked("REGISTER").await;
    assert_eq!((refresh.credential("nonce"), refresh.credential("nc")), (Some("n1"), Some("00000002")), "the nonce serves on");
    carrier.reply(&refresh, "200 OK", &[("Expires", "3600")], "").await;

    let leaving = desk.agent.shut_down();
    let taking = async {
        let last = carrier.asked("REGISTER").await;
        assert_eq!((last.field("Expires"), last.credential("nc")), ("0", Some("00000003")));
        carrier.reply(&last, "200 OK", &[], "").await;
    };
    tokio::join!(leaving, taking);
}

#[tokio::test]
async fn an_account_may_have_a_domain_and_a_login_other_than_where_it_is_registered() {
    let carrier = Carrier::new("127.0.0.2:0").await;
    let mut trunk = registering(&[&carrier]);
    trunk.proxy = Some(carrier.address().into());
    let account = Account::new("+62778112", "rahasia");
    let (login, domain) = (Some("siaga@ims.carrier.example".into()), Some("ims.carrier.example".into()));
    trunk.account = Some(Account { login, domain, ..account });
    let desk = desk_for(trunk).await;
    let asked = register(&carrier, "3600").await;
    assert_eq!(asked.uri(), "sip:ims.carrier.example");
    assert_eq!(asked.field("To"), "<sip:+62778112@ims.carrier.example>");
    assert_eq!(asked.credential("username"), Some("siaga@ims.carrier.example"));
    let to = Outbound {
        trunks: vec!["telco".into()],
        number: "110".into(),
        caller: Some("+62778112".into()),
        media: audio().into(),
        callback: false,
    };
    desk.agent.call(to).await.unwrap();
    let invite = carrier.asked("INVITE").await;
    assert_eq!(invite.uri(), "sip:110@ims.carrier.example");
    assert_eq!(invite.field("To"), "<sip:110@ims.carrier.example>");
    assert!(invite.field("From").contains("<sip:+62778112@ims.carrier.example>"), "{}", invite.text);
}

#[tokio::test]
async fn a_call_that_is_given_up_is_cancelled_where_its_invite_went_also_when_the_domain_leads_elsewhere() {
    let carrier = Carrier::new("127.0.0.2:0").await;
    let mut trunk = Trunk::new("telco".into(), vec![], Some(carrier.address()));
    trunk.account = Some(Account { domain: Some("ims.carrier.example".into()), ..Account::new("siaga112", "rahasia") });
    let mut desk = desk_for(trunk).await;
    let to =
        Outbound { trunks: vec!["telco".into()], number: "110".into(), caller: None, media: audio().into(), callback: false };
    let leg = desk.agent.call(to).await.unwrap();
    let first = carrier.asked("INVITE").await;
    let challenge = "Digest realm=\"carrier.example\", nonce=\"n1\", qop=\"auth\", algorithm=MD5";
    carrier.reply(&first, "407 Proxy Authentication Required", &[("Proxy-Authenticate", challenge)], "").await;
    carrier.asked("ACK").await;
    let invite = carrier.asked("INVITE").await;
    assert_eq!(invite.credential("uri"), Some("sip:110@ims.carrier.example"));
    carrier.reply(&invite, "180 Ringing", &[], "").await;
    while !matches!(desk.news().await, Event::OutboundRinging { .. }) {}
    desk.agent.hang_up(leg).await;
    let cancel = carrier.asked("CANCEL").await;
    assert_eq!(cancel.uri(), "sip:110@ims.carrier.example");
    assert_eq!((cancel.field("Via"), cancel.field("Call-ID")), (invite.field("Via"), invite.field("Call-ID")));
}

#[tokio::test]
async fn a_caller_who_is_called_back_is_said_to_be_one_and_nobody_else() {
    let carrier = Carrier::new("127.0.0.2:0").await;
    let desk = desk_for(Trunk::new("telco".into(), vec![], Some(carrier.address()))).await;
    for (callback, priority) in [(true, Some("psap-callback")), (false, None)] {
        let to = Outbound { trunks: vec!["telco".into()], number: "110".into(), caller: None, media: audio().into(), callback };
        desk.agent.call(to).await.unwrap();
        let invite = carrier.asked("INVITE").await;
        assert_eq!(field(&invite.text, "Priority"), priority);
        carrier.reply(&invite, "486 Busy Here", &[], "").await;
        carrier.asked("ACK").await;
    }
}

#[tokio::test]
async fn behind_a_nat_a_carrier_is_told_the_address_that_it_sees() {
    let carrier = Carrier::new("127.0.0.2:0").await;
    let mut trunk = registering(&[&carrier]);
    trunk.proxy = Some(carrier.address().into());
    trunk.public_address = Some("198.51.100.9".parse().unwrap());
    let mut desk = desk_for(trunk).await;
    let (at, public) = (carrier.address(), format!("198.51.100.9:{}", desk.udp().port()));
    let asked = register(&carrier, "3600").await;
    assert_eq!(asked.field("Contact"), format!("<sip:siaga112@{public}>"));
    assert_eq!(desk.trunk_news().await.1, Some(true));
    let to =
        Outbound { trunks: vec!["telco".into()], number: "110".into(), caller: None, media: audio().into(), callback: false };
    desk.agent.call(to).await.unwrap();
    let out = carrier.asked("INVITE").await;
    assert!(out.field("Contact").contains(&public) && out.text.contains("c=IN IP4 198.51.100.9"), "{}", out.text);
    let invite = format!(
        "INVITE sip:112@{public} SIP/2.0\r\nVia: SIP/2.0/UDP {at};rport;branch=z9hG4bK1\r\nFrom: <sip:+62811@{at}>;tag=1\r\n\
         To: <sip:112@carrier.example>\r\nCall-ID: 1\r\nCSeq: 1 INVITE\r\nContact: <sip:{at}>\r\nMax-Forwards: 70\r\n\
         Content-Type: application/sdp\r\nContent-Length: {}\r\n\r\n{OFFER}",
        OFFER.len()
    );
    carrier.send(&invite, desk.udp()).await;
    let leg = desk.invited().await.leg;
    desk.agent.answer(leg, audio()).await.unwrap();
    let answered = carrier.response(200).await;
    assert!(field(&answered, "Contact").unwrap().contains(&public) && answered.contains("c=IN IP4 198.51.100.9"), "{answered}");
}

#[tokio::test]
async fn each_registrar_stands_for_itself_and_its_calls_are_the_trunks() {
    let (good, bad) = (Carrier::new("127.0.0.2:0").await, Carrier::new("127.0.0.3:0").await);
    let mut desk = desk_for(registering(&[&bad, &good])).await;
    let refused = bad.asked("REGISTER").await;
    bad.reply(&refused, "403 Forbidden", &[], "").await;
    let (_, registered, detail) = desk.trunk_news().await;
    assert_eq!((registered, detail.contains("403")), (Some(false), true), "{detail}");
    register(&good, "3600").await;
    assert_eq!(desk.trunk_news().await.1, Some(true));

    let at = good.address();
    let invite = format!(
        "INVITE sip:siaga112@{} SIP/2.0\r\nVia: SIP/2.0/UDP {at};rport;branch=z9hG4bK1\r\nFrom: <sip:+62811@{at}>;tag=1\r\n\
         To: <sip:112@carrier.example>\r\nCall-ID: 1\r\nCSeq: 1 INVITE\r\nContact: <sip:{at}>\r\nMax-Forwards: 70\r\n\
         Content-Type: application/sdp\r\nContent-Length: {}\r\n\r\n{OFFER}",
        desk.udp(),
        OFFER.len()
    );
    good.send(&invite, desk.udp()).await;
    let invitation = desk.invited().await;
    assert_eq!((invitation.trunk, invitation.source), ("telco".into(), at));

    // Some carriers ask who we are inside their own calls, too.
    desk.agent.answer(invitation.leg, audio()).await.unwrap();
    let answered = good.response(200).await;
    let ack = format!(
        "ACK sip:siaga112@{} SIP/2.0\r\nVia: SIP/2.0/UDP {at};rport;branch=z9hG4bK2\r\nFrom: <sip:+62811@{at}>;tag=1\r\n\
         To: {}\r\nCall-ID: 1\r\nCSeq: 1 ACK\r\nMax-Forwards: 70\r\nContent-Length: 0\r\n\r\n",
        desk.udp(),
        field(&answered, "To").unwrap()
    );
    good.send(&ack, desk.udp()).await;
    desk.agent.hang_up(invitation.leg).await;
    let bye = good.asked("BYE").await;
    let challenge = "Digest realm=\"carrier.example\", nonce=\"n2\", algorithm=MD5, qop=\"auth\"";
    good.reply(&bye, "407 Proxy Authentication Required", &[("Proxy-Authenticate", challenge)], "").await;
    let signed = good.asked("BYE").await;
    assert_eq!((signed.credential("username"), signed.credential("nonce")), (Some("siaga112"), Some("n2")), "{}", signed.text);
    good.reply(&signed, "200 OK", &[], "").await;
}

#[tokio::test]
async fn too_brief_a_registration_is_asked_for_again_with_what_the_registrar_wants() {
    let carrier = Carrier::new("127.0.0.2:0").await;
    let mut desk = desk_for(registering(&[&carrier])).await;
    let first = carrier.asked("REGISTER").await;
    assert_eq!(first.field("Expires"), "3600");
    carrier.reply(&first, "423 Interval Too Brief", &[("Min-Expires", "7200")], "").await;
    let second = carrier.asked("REGISTER").await;
    assert_eq!(second.field("Expires"), "7200");
    carrier.reply(&second, "200 OK", &[], "").await;
    assert_eq!(desk.trunk_news().await.1, Some(true));
}

#[tokio::test]
async fn a_name_that_is_not_found_leaves_a_trunk_unregistered_and_is_told() {
    let mut trunk = registering(&[]);
    trunk.registrars = vec!["registrar.invalid".parse().unwrap()];
    let mut desk = desk_for(trunk).await;
    let (_, registered, detail) = desk.trunk_news().await;
    assert_eq!(registered, Some(false));
    assert!(detail.contains("registrar.invalid"), "{detail}");
}

#[tokio::test]
async fn over_tcp_a_lost_connection_is_opened_again_and_the_account_registered_again() {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    let listener = tokio::net::TcpListener::bind("127.0.0.2:0").await.unwrap();
    let mut trunk = registering(&[]);
    trunk.registrars = vec![format!("tcp://{}", listener.local_addr().unwrap()).parse().unwrap()];
    let config = Config::new(vec!["udp://127.0.0.1:0".parse().unwrap()], vec![trunk], "siaga/test");
    let (_agent, _events) = UserAgent::start(config).await.unwrap();
    for connection in 1..=3 {
        let (mut stream, _) =
            tokio::time::timeout(Duration::from_secs(20), listener.accept()).await.expect("no connection").unwrap();
        let mut buffer = vec![0; 4096];
        let length = stream.read(&mut buffer).await.unwrap();
        let text = String::from_utf8_lossy(&buffer[..length]).into_owned();
        assert!(text.starts_with("REGISTER ") && field(&text, "Via").unwrap().starts_with("SIP/2.0/TCP "), "{text}");
        assert_eq!(field(&text, "CSeq"), Some(format!("{connection} REGISTER").as_str()));
        assert!(field(&text, "Contact").unwrap().to_lowercase().contains(";transport=tcp"), "{text}");
        let mut reply = "SIP/2.0 200 OK\r\n".to_owned();
        for name in ["Via", "From", "To", "Call-ID", "CSeq"] {
            reply.push_str(&format!("{name}: {}\r\n", field(&text, name).unwrap()));
        }
        stream.write_all(format!("{reply}Expires: 3600\r\nContent-Length: 0\r\n\r\n").as_bytes()).await.unwrap();
        // The carrier restarts once its answer is read.
        stream.shutdown().await.unwrap();
        while stream.read(&mut buffer).await.is_ok_and(|length| length > 0) {}
    }
}

#[tokio::test]
async fn the_first_call_of_a_carrier_that_is_known_by_its_name_only_is_no_strangers() {
    let carrier = Carrier::new("127.0.0.1:0").await;
    let name = format!("sip:localhost:{}", carrier.address().port());
    let trunk = Trunk { proxy: Some(name.parse().unwrap()), options: None, ..Trunk::new("telco".into(), vec![], None) };
    let mut desk = desk_for(trunk).await;
    let mut peer = crate::support::Peer::new("127.0.0.1", desk.udp()).await;
    // The name is looked up beside the start, which does not wait for it.
    let invited = async {
        loop {
            let invite = peer.request("INVITE", "sip:112@psap.example", &[], OFFER);
            peer.send(&invite).await;
            // A stranger is not told each time that it is one.
            let answer = tokio::time::timeout(Duration::from_millis(200), peer.receive()).await;
            if answer.is_ok_and(|answer| !answer.starts_with("SIP/2.0 403")) {
                return desk.invited().await;
            }
        }
    };
    assert_eq!(tokio::time::timeout(Duration::from_secs(10), invited).await.unwrap().trunk, "telco".into());
}

#[tokio::test]
async fn a_caller_is_one_number_however_the_carrier_writes_it_and_is_called_as_the_carrier_wants_it() {
    let carrier = Carrier::new("127.0.0.1:0").await;
    let country = Country::new("62", "0").unwrap();
    let numbers = Some(Numbers { country, sent: NumberForm::National });
    let trunk = Trunk { numbers, ..Trunk::new("telco".into(), vec![], Some(carrier.address())) };
    let mut desk = desk_for(trunk).await;
    let mut peer = crate::support::Peer::new("127.0.0.1", desk.udp()).await;
    for written in ["08117701234", "628117701234", "+628117701234"] {
        let from = format!("<sip:{written}@carrier.example;user=phone>;tag=1");
        let invite = peer.request("INVITE", "sip:112@psap.example", &[("From", &from)], OFFER);
        peer.send(&invite).await;
        assert_eq!(desk.invited().await.identity.number.as_deref(), Some("+628117701234"), "{written}");
    }
    let to = Outbound {
        trunks: vec!["telco".into()],
        number: "+628117701234".into(),
        caller: None,
        media: audio().into(),
        callback: false,
    };
    desk.agent.call(to).await.unwrap();
    let invite = carrier.asked("INVITE").await;
    assert_eq!(invite.uri(), format!("sip:08117701234@{}", carrier.address()));
}
