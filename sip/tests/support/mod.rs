//! What the integration tests share: a user agent on free loopback ports, real `sipp`, and a bare UDP peer.

#![allow(dead_code, clippy::unwrap_used, clippy::expect_used, clippy::panic)]

pub mod authority;
pub mod carrier;

use carrier::{Asked, Carrier};
use sip::{Config, Event, LegId, Limits, LocalAudio, Outbound, Tls, Trunk, UserAgent};
use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::Stdio;
use std::time::Duration;
use tokio::net::UdpSocket;
use tokio::process::{Child, Command};
use tokio::sync::mpsc::Receiver;

const PATIENCE: Duration = Duration::from_secs(20);

/// A user agent with its events.
pub struct Desk {
    pub agent: UserAgent,
    pub events: Receiver<Event>,
}

/// A user agent that takes calls from 127.0.0.1 (and from no other loopback address) by UDP and TCP.
pub async fn desk() -> Desk {
    desk_with(Limits::default(), None).await
}

pub async fn desk_with(limits: Limits, proxy: Option<SocketAddr>) -> Desk {
    desk_on(&["udp://127.0.0.1:0", "tcp://127.0.0.1:0"], limits, proxy).await
}

pub async fn desk_on(listen: &[&str], limits: Limits, proxy: Option<SocketAddr>) -> Desk {
    desk_of(listen, limits, Trunk::new("telco".into(), vec!["127.0.0.1/32".parse().unwrap()], proxy)).await
}

/// A user agent whose trunk acknowledges as `reliability` says.
pub async fn desk_reliable(limits: Limits, reliability: sip::Reliability) -> Desk {
    let trunk = Trunk::new("telco".into(), vec!["127.0.0.1/32".parse().unwrap()], None).with_reliability(reliability);
    desk_of(&["udp://127.0.0.1:0"], limits, trunk).await
}

/// A user agent that takes calls and alerts from every loopback address.
pub async fn desk_of_loopback() -> Desk {
    let limits = Limits { t1: Duration::from_millis(20), take_alerts: true, ..Limits::default() };
    desk_of(&["udp://127.0.0.1:0", "tcp://127.0.0.1:0"], limits, trunk("telco", "127.0.0.0/8")).await
}

pub async fn desk_of(listen: &[&str], limits: Limits, trunk: Trunk) -> Desk {
    desk_with_all(listen, limits, vec![trunk], Tls::default()).await
}

pub async fn desk_with_all(listen: &[&str], limits: Limits, trunks: Vec<Trunk>, tls: Tls) -> Desk {
    let listen = listen.iter().map(|text| text.parse().unwrap()).collect();
    let config = Config { limits, tls, ..Config::new(listen, trunks, "siaga/test") };
    let (agent, events) = UserAgent::start(config).await.unwrap();
    Desk { agent, events }
}

/// A carrier, and a user agent whose call to it is on its way. `as_it_is`: what is particular about the trunk.
pub async fn calling(as_it_is: impl FnOnce(Trunk) -> Trunk) -> (Carrier, Desk, LegId, Asked) {
    let carrier = Carrier::new("127.0.0.2:0").await;
    let trunk = as_it_is(Trunk::new("telco".into(), vec![], Some(carrier.address())));
    let desk = desk_with_all(&["udp://127.0.0.1:0"], Limits::default(), vec![trunk], Tls::default()).await;
    let to =
        Outbound { trunks: vec!["telco".into()], number: "110".into(), caller: None, media: audio().into(), callback: false };
    let leg = desk.agent.call(to).await.unwrap();
    let invite = carrier.asked("INVITE").await;
    (carrier, desk, leg, invite)
}

/// A call that is answered and confirmed, as its caller's side knows it.
pub struct Talk {
    pub leg: LegId,
    pub invite: String,
    pub answered: String,
}

impl Talk {
    pub fn request(&self, method: &str, number: u32, lines: &[(&str, &str)], body: &str) -> String {
        within_with(&self.invite, &self.answered, method, number, lines, body)
    }
}

/// A call by a peer with these lines in its INVITE.
pub async fn talk(desk: &mut Desk, peer: &mut Peer, lines: &[(&str, &str)]) -> Talk {
    let invite = peer.request("INVITE", "sip:112@psap.example", lines, OFFER);
    peer.send(&invite).await;
    let leg = desk.invited().await.leg;
    desk.agent.answer(leg, audio()).await.unwrap();
    let answered = peer.response(200, "INVITE").await;
    peer.send(&within(&invite, &answered, "ACK", 1)).await;
    assert_eq!(desk.next().await, Event::Confirmed { leg, audio: None });
    Talk { leg, invite, answered }
}

/// A trunk known by its network.
pub fn trunk(name: &str, peers: &str) -> Trunk {
    Trunk::new(name.into(), vec![peers.parse().unwrap()], None)
}

impl Desk {
    pub fn udp(&self) -> SocketAddr {
        self.agent.local_addresses().first().unwrap().address
    }

    pub fn tcp(&self) -> SocketAddr {
        self.agent.local_addresses().last().unwrap().address
    }

    /// The next event of a call, within a bounded time.
    pub async fn next(&mut self) -> Event {
        loop {
            let event = self.news().await;
            if event.leg().is_some() {
                return event;
            }
        }
    }

    /// The next event of any kind, within a bounded time.
    pub async fn news(&mut self) -> Event {
        tokio::time::timeout(PATIENCE, self.events.recv()).await.expect("no event in time").expect("events ended")
    }

    /// The next news of a trunk.
    pub async fn trunk_news(&mut self) -> (sip::TrunkState, Option<bool>, String) {
        loop {
            if let Event::Trunk { state, registered, detail, .. } = self.news().await {
                return (state, registered, detail);
            }
        }
    }

    /// The next alert.
    pub async fn alerted(&mut self) -> sip::Alert {
        loop {
            if let Event::Alert(alert) = self.news().await {
                return *alert;
            }
        }
    }

    /// The next event must be a new call.
    pub async fn invited(&mut self) -> sip::Invitation {
        match self.next().await {
            Event::Invited(invitation) => *invitation,
            other => panic!("not a new call: {other:?}"),
        }
    }

    /// Whether nothing is waiting to be heard, but that a carrier's calls are refused.
    pub fn is_quiet(&mut self) -> bool {
        loop {
            match self.events.try_recv() {
                Ok(Event::Incompatible { .. }) => {}
                other => return other.is_err(),
            }
        }
    }

    /// Answers; the ACK comes later.
    pub async fn answer_unheard(&self, leg: LegId) {
        self.agent.answer(leg, audio()).await.unwrap();
    }

    /// Answers and waits for the ACK.
    pub async fn answer(&mut self, leg: LegId) -> Option<sip::RemoteAudio> {
        self.agent.answer(leg, audio()).await.unwrap();
        match self.next().await {
            Event::Confirmed { leg: confirmed, audio } if confirmed == leg => audio,
            other => panic!("not confirmed: {other:?}"),
        }
    }
}

pub fn audio() -> LocalAudio {
    LocalAudio { address: "127.0.0.1:20000".parse().unwrap(), other: None, session_id: 42, srtp: None }
}

/// A free port that nothing else was given just now.
pub fn free_port() -> u16 {
    std::net::UdpSocket::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}

/// One run of sipp; it ends by itself after one call.
pub struct Sipp(Child);

/// Starts a scenario of `tests/sipp`; `more` are further arguments.
pub fn sipp(scenario: &str, target: SocketAddr, more: &[&str]) -> Sipp {
    let path: PathBuf = [env!("CARGO_MANIFEST_DIR"), "tests", "sipp", scenario].iter().collect();
    let mut command = Command::new("/usr/bin/sipp");
    command.arg(target.to_string()).arg("-sf").arg(path);
    if !more.contains(&"-m") {
        command.args(["-m", "1", "-l", "1"]);
    }
    command.args(["-nostdin", "-timeout", "15", "-timeout_error", "-nd"]);
    if !more.contains(&"-i") {
        command.args(["-i", "127.0.0.1"]);
    }
    if !more.contains(&"-p") {
        command.args(["-p", &free_port().to_string()]);
    }
    command.args(more).stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).kill_on_drop(true);
    Sipp(command.spawn().expect("sipp runs (Debian package sip-tester)"))
}

impl Sipp {
    /// Waits for the end; every step of the scenario must have come true.
    pub async fn succeeded(self) {
        let output = tokio::time::timeout(PATIENCE, self.0.wait_with_output()).await.expect("sipp ended in time").unwrap();
        let told = format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
        assert!(output.status.success(), "sipp: {}\n{told}", output.status);
    }
}

/// A peer that writes its messages by hand.
pub struct Peer {
    socket: UdpSocket,
    calls: u32,
}

impl Peer {
    pub async fn new(from: &str, to: SocketAddr) -> Peer {
        let socket = UdpSocket::bind((from, 0)).await.unwrap();
        // Connected, so that only what comes from the very address called is heard.
        socket.connect(to).await.unwrap();
        Peer { socket, calls: 0 }
    }

    /// A request with good header fields; `lines` replace or add some by name, an empty value removes one.
    pub fn request(&mut self, method: &str, uri: &str, lines: &[(&str, &str)], body: &str) -> String {
        self.calls += 1;
        let from = self.socket.local_addr().unwrap();
        let mut fields = vec![
            ("Via", format!("SIP/2.0/UDP {from};rport;branch=z9hG4bK{method}{}", self.calls)),
            ("From", format!("<sip:peer@{from}>;tag=p{}", self.calls)),
            ("To", "<sip:112@psap.example>".to_owned()),
            ("Call-ID", format!("{}@{from}", self.calls)),
            ("CSeq", format!("1 {method}")),
            ("Contact", format!("<sip:peer@{from}>")),
            ("Max-Forwards", "70".to_owned()),
            ("Content-Length", body.len().to_string()),
        ];
        if !body.is_empty() {
            fields.push(("Content-Type", "application/sdp".to_owned()));
        }
        for (name, value) in lines {
            match fields.iter_mut().find(|(field, _)| field == name) {
                Some(field) => field.1 = (*value).to_owned(),
                None => fields.push((name, (*value).to_owned())),
            }
        }
        let fields: String = fields.iter().filter(|(_, v)| !v.is_empty()).map(|(n, v)| format!("{n}: {v}\r\n")).collect();
        format!("{method} {uri} SIP/2.0\r\n{fields}\r\n{body}")
    }

    pub async fn send(&self, text: &str) {
        self.socket.send(text.as_bytes()).await.unwrap();
    }

    pub async fn send_octets(&self, octets: &[u8]) {
        self.socket.send(octets).await.unwrap();
    }

    /// The next message, within a bounded time.
    pub async fn receive(&self) -> String {
        let mut buffer = vec![0; 65_535];
        let (length, _) =
            tokio::time::timeout(PATIENCE, self.socket.recv_from(&mut buffer)).await.expect("no reply in time").unwrap();
        String::from_utf8_lossy(&buffer[..length]).into_owned()
    }

    /// The next message, if it comes so soon.
    pub async fn heard_within(&self, soon: Duration) -> Option<String> {
        let mut buffer = vec![0; 65_535];
        let (length, _) = tokio::time::timeout(soon, self.socket.recv_from(&mut buffer)).await.ok()?.unwrap();
        Some(String::from_utf8_lossy(&buffer[..length]).into_owned())
    }

    /// How many messages have arrived and were not received yet.
    pub fn waiting(&self) -> usize {
        let mut buffer = [0; 2048];
        std::iter::from_fn(|| self.socket.try_recv(&mut buffer).ok()).count()
    }

    /// The next final response's code, with its text.
    pub async fn final_response(&self) -> (u16, String) {
        loop {
            let text = self.receive().await;
            let code: u16 = text.split(' ').nth(1).and_then(|code| code.parse().ok()).unwrap_or_default();
            if code >= 200 {
                return (code, text);
            }
        }
    }

    /// The next message that begins so.
    pub async fn receive_until(&self, beginning: &str) -> String {
        loop {
            let text = self.receive().await;
            if text.starts_with(beginning) {
                return text;
            }
        }
    }

    /// The next response of this code to a request of this method.
    pub async fn response(&self, code: u16, method: &str) -> String {
        loop {
            let text = self.receive_until(&format!("SIP/2.0 {code}")).await;
            if field(&text, "CSeq").is_some_and(|cseq| cseq.ends_with(method)) {
                return text;
            }
        }
    }

    /// The code of the next final response to a request of this method.
    pub async fn response_to(&self, method: &str) -> u16 {
        loop {
            let (code, text) = self.final_response().await;
            if field(&text, "CSeq").is_some_and(|cseq| cseq.ends_with(method)) {
                return code;
            }
        }
    }

    /// The next request of this method.
    pub async fn asked(&self, method: &str) -> String {
        self.receive_until(&format!("{method} ")).await
    }

    /// Answers a request.
    pub async fn reply(&self, request: &str, status: &str, lines: &[(&str, &str)], body: &str) {
        let contact = format!("<sip:peer@{}>", self.socket.local_addr().unwrap());
        let mut text = format!("SIP/2.0 {status}\r\nContact: {contact}\r\n");
        for name in ["Via", "From", "To", "Call-ID", "CSeq"] {
            text.push_str(&format!("{name}: {}\r\n", field(request, name).unwrap()));
        }
        for (name, value) in lines {
            text.push_str(&format!("{name}: {value}\r\n"));
        }
        let kind = if body.is_empty() { "" } else { "Content-Type: application/sdp\r\n" };
        self.send(&format!("{text}{kind}Content-Length: {}\r\n\r\n{body}", body.len())).await;
    }

    /// Sends a request and waits for its final response.
    pub async fn ask(&mut self, method: &str, uri: &str, lines: &[(&str, &str)], body: &str) -> (u16, String) {
        let request = self.request(method, uri, lines, body);
        self.send(&request).await;
        self.final_response().await
    }
}

/// The request inside the dialog that a response to `invite` began.
pub fn within(invite: &str, response: &str, method: &str, number: u32) -> String {
    let from = field(invite, "From").unwrap();
    let to = field(response, "To").unwrap();
    let call_id = field(invite, "Call-ID").unwrap();
    let via = field(invite, "Via").unwrap().split(";branch").next().unwrap();
    format!(
        "{method} sip:112@psap.example SIP/2.0\r\nVia: {via};branch=z9hG4bK{method}-{number}\r\nFrom: {from}\r\nTo: {to}\r\n\
         Call-ID: {call_id}\r\nCSeq: {number} {method}\r\nMax-Forwards: 70\r\nContent-Length: 0\r\n\r\n"
    )
}

/// The same with more header fields and a body.
pub fn within_with(invite: &str, response: &str, method: &str, number: u32, lines: &[(&str, &str)], body: &str) -> String {
    let mut text = within(invite, response, method, number);
    text.truncate(text.find("Content-Length").unwrap());
    for (name, value) in lines {
        text.push_str(&format!("{name}: {value}\r\n"));
    }
    if !body.is_empty() && !lines.iter().any(|(name, _)| *name == "Content-Type") {
        text.push_str("Content-Type: application/sdp\r\n");
    }
    format!("{text}Content-Length: {}\r\n\r\n{body}", body.len())
}

/// Value of a header field in a message's text.
pub fn field<'a>(text: &'a str, name: &str) -> Option<&'a str> {
    text.lines()
        .find_map(|line| line.split_once(':').filter(|(n, _)| n.eq_ignore_ascii_case(name)).map(|(_, value)| value.trim()))
}

pub const OFFER: &str = "v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\nm=audio 40000 RTP/AVP 8 0 101\r\n\
                         a=rtpmap:101 telephone-event/8000\r\n";
