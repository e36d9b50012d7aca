//! What messages carry, and what is repaired in them, over connections: by TCP and TLS as by UDP.

use crate::support::authority::Authority;
use crate::support::{Desk, OFFER, desk_with_all, field, trunk};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, RootCertStore};
use sip::{Config, EndedBy, Event, Limits, Pem, Phone, Phones, Purpose, Rate, Secret, StartError, Strangers, Tls, UserAgent};
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::{TcpSocket, TcpStream};
use tokio_rustls::TlsConnector;

const PATIENCE: Duration = Duration::from_secs(20);
const CAP: &str = "<alert xmlns=\"urn:oasis:names:tc:emergency:cap:1.2\"><identifier>7</identifier><sender>sensor</sender>\
                   <sent>2026-11-25T04:00:00+07:00</sent><status>Actual</status><msgType>Alert</msgType><scope>Private</scope>\
                   <info><category>Fire</category><event>Kebakaran</event><urgency>Immediate</urgency><severity>Severe</severity>\
                   <certainty>Likely</certainty></info></alert>";

trait Octets: AsyncRead + AsyncWrite + Unpin {}
impl<T: AsyncRead + AsyncWrite + Unpin> Octets for T {}

/// A connection to the agent.
struct Line {
    octets: Box<dyn Octets>,
    held: String,
}

impl Line {
    async fn open(desk: &Desk, way: &str, authority: &Authority) -> Line {
        let stream = TcpStream::connect(address(desk, way)).await.unwrap();
        let octets: Box<dyn Octets> = match way {
            "tls" => Box::new(secured(stream, authority).await),
            _ => Box::new(stream),
        };
        Line { octets, held: String::new() }
    }

    /// Sends in two halves, as a network may deliver it.
    async fn send(&mut self, text: &str) {
        let (one, other) = text.as_bytes().split_at(text.len() / 2);
        for half in [one, other] {
            self.octets.write_all(half).await.unwrap();
            self.octets.flush().await.unwrap();
        }
    }

    /// The next message that begins so, within a bounded time; `None`: the connection is closed.
    async fn next(&mut self, beginning: &str) -> Option<String> {
        let reading = async {
            loop {
                if let Some(end) = self.held.find("\r\n\r\n") {
                    let length: usize = field(&self.held[..end], "Content-Length").unwrap().parse().unwrap();
                    if self.held.len() >= end + 4 + length {
                        let message: String = self.held.drain(..end + 4 + length).collect();
                        if message.starts_with(beginning) {
                            return Some(message);
                        }
                        continue;
                    }
                }
                let mut buffer = [0; 4096];
                match self.octets.read(&mut buffer).await {
                    Ok(0) | Err(_) => return None,
                    Ok(length) => self.held.push_str(&String::from_utf8_lossy(&buffer[..length])),
                }
            }
        };
        tokio::time::timeout(PATIENCE, reading).await.expect("nothing in time")
    }

    /// The answer to a MESSAGE with this body.
    async fn alert(&mut self, way: &str, number: u32, body: &str) -> String {
        let way = way.to_uppercase();
        let text = format!(
            "MESSAGE urn:service:sos SIP/2.0\r\nVia: SIP/2.0/{way} 127.0.0.1;branch=z9hG4bKa{number}\r\nFrom: <sip:sensor@mall>;tag=1\r\n\
             To: <urn:service:sos>\r\nCall-ID: alert-{number}\r\nCSeq: 1 MESSAGE\r\nMax-Forwards: 70\r\n\
             Content-Type: application/EmergencyCallData.cap+xml\r\nContent-Length: {}\r\n\r\n{body}",
            body.len()
        );
        self.send(&text).await;
        self.next("SIP/2.0 ").await.expect("an answer")
    }
}

fn address(desk: &Desk, way: &str) -> SocketAddr {
    desk.agent.local_addresses().iter().find(|listen| listen.to_string().starts_with(way)).unwrap().address
}

fn connector(authority: &Authority) -> TlsConnector {
    let Pem::Octets(pem) = authority.pem() else { panic!("octets") };
    let mut roots = RootCertStore::empty();
    roots.add(CertificateDer::from_pem_slice(&pem).unwrap()).unwrap();
    let config = ClientConfig::builder_with_provider(Arc::new(rustls::crypto::aws_lc_rs::default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(roots)
        .with_no_client_auth();
    TlsConnector::from(Arc::new(config))
}

async fn secured(stream: TcpStream, authority: &Authority) -> impl Octets + use<> {
    connector(authority).connect(ServerName::try_from("127.0.0.1").unwrap(), stream).await.unwrap()
}

async fn desk(limits: Limits) -> (Desk, Authority) {
    let authority = Authority::new();
    let tls = Tls { identity: Some(authority.identity(&["127.0.0.1"])), ..Tls::default() };
    let limits = Limits { take_alerts: true, ..limits };
    (
        desk_with_all(&["tcp://127.0.0.1:0", "tls://127.0.0.1:0"], limits, vec![trunk("telco", "127.0.0.1/32")], tls).await,
        authority,
    )
}

#[tokio::test]
async fn who_calls_securely_is_told_a_secure_contact_and_others_are_not() {
    let (mut desk, authority) = desk(Limits::default()).await;
    let at = address(&desk, "tls");
    for scheme in ["sips", "sip"] {
        let mut line = Line::open(&desk, "tls", &authority).await;
        let invite = format!(
            "INVITE {scheme}:112@psap.example SIP/2.0\r\nVia: SIP/2.0/TLS 127.0.0.1;branch=z9hG4bK{scheme}\r\n\
             From: <{scheme}:+62811@h>;tag=1\r\nTo: <{scheme}:112@psap.example>\r\nCall-ID: {scheme}@h\r\nCSeq: 1 INVITE\r\n\
             Contact: <{scheme}:peer@127.0.0.1>\r\nMax-Forwards: 70\r\nContent-Type: application/sdp\r\nContent-Length: {}\r\n\r\n{OFFER}",
            OFFER.len()
        );
        line.send(&invite).await;
        let call = desk.invited().await;
        let ringing = line.next("SIP/2.0 180").await.unwrap();
        let contact = field(&ringing, "Contact").unwrap();
        assert!(contact.starts_with(&format!("<{scheme}:{at}")), "{contact}");
        desk.agent.hang_up(call.leg).await;
        line.next("SIP/2.0 480").await.unwrap();
        assert_eq!(desk.next().await, Event::Ended { leg: call.leg, by: EndedBy::Local });
    }
}

#[tokio::test]
async fn a_call_with_every_space_that_is_allowed_rings_with_what_it_carries() {
    let (mut desk, authority) = desk(Limits::default()).await;
    for way in ["tcp", "tls"] {
        let mut line = Line::open(&desk, way, &authority).await;
        let place = "<presence xmlns=\"urn:ietf:params:xml:ns:pidf\"><tuple><geopriv><location-info><Point><pos>1.13 104.05</pos></Point>\
                     </location-info></geopriv></tuple></presence>";
        let body = format!(
            "--b\r\nContent-Type: application/sdp\r\n\r\n{OFFER}m=text 41000 RTP/AVP 98\r\na=rtpmap:98 t140/1000\r\n\r\n\
             --b\r\nContent-Type: application/pidf+xml\r\nContent-ID: <l@h>\r\n\r\n{place}\r\n--b--\r\n"
        );
        let invite = format!(
            "INVITE urn:service:test.sos.fire SIP/2.0\r\nv:  SIP  / 2.0  / {}   127.0.0.1  ;\r\n  branch  =   z9hG4bKodd\r\n\
             To :\r\n <urn:service:test.sos.fire>\r\nf: \"A \\\\\\\"\"  <sip:+62811@h>  ;\r\n  tag    = 98asjd8\r\n\
             Subject: two lines\r\n l: 5\r\ni  : {way}-odd@h\r\nCSeq: 0009\r\n  INVITE\r\nm : <sip:peer@127.0.0.1>\r\nMax-Forwards: 0068\r\n\
             Geolocation: <cid:l@h>\r\nc : multipart/mixed;\r\n boundary=b\r\nContent-Length :\r\n  {}\r\n\r\n{body}",
            way.to_uppercase(),
            body.len()
        );
        line.send(&invite).await;
        let call = desk.invited().await;
        assert_eq!((call.service.as_deref(), call.purpose), (Some("sos.fire"), Purpose::Test), "{way}");
        assert_eq!(call.location.and_then(|place| place.latitude_longitude), Some((1.13, 104.05)), "{way}");
        assert_eq!(call.text.map(|text| text.address.port()), Some(41_000), "{way}");
        let ringing = line.next("SIP/2.0 180").await.unwrap();
        assert_eq!(field(&ringing, "Call-ID"), Some(format!("{way}-odd@h").as_str()), "{ringing}");
        desk.agent.hang_up(call.leg).await;
        line.next("SIP/2.0 480").await.unwrap();
        assert_eq!(desk.next().await, Event::Ended { leg: call.leg, by: EndedBy::Local });
    }
}

#[tokio::test]
async fn an_alert_is_told_once_whichever_way_it_comes_and_a_bad_one_is_told_why() {
    let (mut desk, authority) = desk(Limits::default()).await;
    for (number, way) in [(1, "tcp"), (2, "tls")] {
        let mut line = Line::open(&desk, way, &authority).await;
        let heard = line.alert(way, number, CAP).await;
        assert!(heard.starts_with("SIP/2.0 200 "), "{heard}");
        let corrupt = line.alert(way, 10 + number, "<alert").await;
        assert!(corrupt.starts_with("SIP/2.0 425 ") && field(&corrupt, "AlertMsg-Error").is_some(), "{corrupt}");
    }
    assert_eq!(desk.alerted().await.cap.identifier, "7");
    assert!(desk.is_quiet());
}

#[tokio::test]
async fn what_is_too_large_is_refused_and_ends_its_connection_alone() {
    let (mut desk, authority) = desk(Limits::default()).await;
    for way in ["tcp", "tls"] {
        let mut other = Line::open(&desk, way, &authority).await;
        let mut line = Line::open(&desk, way, &authority).await;
        let head = "INVITE sip:112@h SIP/2.0\r\nVia: SIP/2.0/TCP 127.0.0.1;branch=z9hG4bKlarge\r\nFrom: <sip:a@b>;tag=1\r\nTo: <sip:112@h>\r\n\
                    Call-ID: large\r\nCSeq: 1 INVITE\r\nMax-Forwards: 70\r\nContent-Type: application/sdp\r\nContent-Length: 99999999\r\n\r\n";
        line.send(head).await;
        assert!(line.next("SIP/2.0 513 ").await.is_some(), "{way}");
        assert_eq!(line.next("").await, None, "{way}");
        assert!(other.alert(way, 1, "<alert").await.starts_with("SIP/2.0 425 "), "{way}");
    }
    assert!(desk.is_quiet());
}

#[tokio::test]
async fn a_strangers_alert_by_tcp_is_refused_and_by_tls_not_even_heard() {
    let each = Rate { per_second: 1, burst: 1 };
    let (mut desk, _) = desk(Limits { strangers: Strangers::Refuse { each, all: each }, ..Limits::default() }).await;
    let connect = async |to: SocketAddr| {
        let socket = TcpSocket::new_v4().unwrap();
        socket.bind("127.0.0.2:0".parse().unwrap()).unwrap();
        Line { octets: Box::new(socket.connect(to).await.unwrap()), held: String::new() }
    };
    assert!(connect(address(&desk, "tcp")).await.alert("tcp", 1, CAP).await.starts_with("SIP/2.0 403 "));
    assert_eq!(connect(address(&desk, "tls")).await.next("").await, None);
    assert!(desk.is_quiet());
}

#[tokio::test]
async fn a_trunks_connection_stays_though_nothing_is_said_in_it_for_long() {
    let limits = Limits { idle: Duration::from_millis(200), ..Limits::default() };
    let phone = Phone { name: "meja-1".into(), password: Secret("rahasia".into()) };
    let phones = Phones { networks: vec!["127.0.0.3/32".parse().unwrap()], phones: vec![phone], ..Phones::default() };
    let (listen, trunks) = (vec!["tcp://127.0.0.1:0".parse().unwrap()], vec![trunk("telco", "127.0.0.1/32")]);
    let (agent, events) = UserAgent::start(Config { limits, phones, ..Config::new(listen, trunks, "siaga/test") }).await.unwrap();
    let desk = Desk { agent, events };
    let from = async |address: &str| {
        let socket = TcpSocket::new_v4().unwrap();
        socket.bind(address.parse().unwrap()).unwrap();
        Line { octets: Box::new(socket.connect(desk.tcp()).await.unwrap()), held: String::new() }
    };
    let mut carrier = from("127.0.0.1:0").await;
    for _ in 0..2 {
        let mut phone = from("127.0.0.3:0").await;
        assert_eq!(phone.next("").await, None, "a silent phone's place is for others");
    }
    assert!(carrier.alert("tcp", 1, CAP).await.starts_with("SIP/2.0 405 "), "the carrier is heard after two such times");
}

#[tokio::test]
async fn a_renewed_certificate_is_for_the_next_connection_and_a_broken_one_changes_nothing() {
    let directory = std::env::temp_dir().join(format!("siaga-sip-certificates-{}", std::process::id()));
    std::fs::create_dir_all(&directory).unwrap();
    let [certificate, key] = ["tls.crt", "tls.key"].map(|name| directory.join(name));
    let put = |(chain, secret): (Pem, Pem)| {
        for (path, pem) in [(&key, secret), (&certificate, chain)] {
            let Pem::Octets(octets) = pem else { panic!("octets") };
            std::fs::write(path, octets).unwrap();
        }
    };
    let (old, new) = (Authority::new(), Authority::new());
    put(old.identity(&["127.0.0.1"]));
    let tls = Tls { identity: Some((Pem::File(certificate.clone()), Pem::File(key.clone()))), ..Tls::default() };
    let limits = Limits { take_alerts: true, ..Limits::default() };
    let desk = desk_with_all(&["tls://127.0.0.1:0"], limits, vec![trunk("telco", "127.0.0.1/32")], tls).await;
    let mut before = Line::open(&desk, "tls", &old).await;

    let (chain, _) = new.identity(&["127.0.0.1"]);
    let Pem::Octets(alone) = chain else { panic!("octets") };
    std::fs::write(&certificate, alone).unwrap();
    assert!(matches!(desk.agent.renew_certificates(), Err(StartError::Tls(_))), "the key is not written yet");
    std::fs::write(&certificate, "-----BEGIN CERTIFICATE-----").unwrap();
    assert!(matches!(desk.agent.renew_certificates(), Err(StartError::Tls(_))), "half a file");
    assert!(is_shown(&desk, &old).await);

    put(new.identity(&["127.0.0.1"]));
    desk.agent.renew_certificates().unwrap();
    assert!(is_shown(&desk, &new).await);
    assert!(!is_shown(&desk, &old).await);
    assert!(before.alert("tls", 1, "<alert").await.starts_with("SIP/2.0 425 "), "who is connected stays so");
    std::fs::remove_dir_all(&directory).unwrap();
}

/// Whether who believes only this authority gets through to the desk.
async fn is_shown(desk: &Desk, authority: &Authority) -> bool {
    let stream = TcpStream::connect(desk.tcp()).await.unwrap();
    connector(authority).connect(ServerName::try_from("127.0.0.1").unwrap(), stream).await.is_ok()
}
