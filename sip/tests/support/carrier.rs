//! A carrier's proxy or registrar that is scripted by hand: it hears requests of ours and answers them.

use super::field;
use std::collections::HashSet;
use std::net::SocketAddr;
use std::sync::Mutex;
use std::time::Duration;
use tokio::net::UdpSocket;

const PATIENCE: Duration = Duration::from_secs(20);

pub struct Carrier {
    socket: UdpSocket,
    /// Requests that were heard, so that a retransmission is not heard again.
    seen: Mutex<HashSet<String>>,
}

/// A request that was heard.
pub struct Asked {
    pub text: String,
    from: SocketAddr,
}

impl Asked {
    pub fn field(&self, name: &str) -> &str {
        field(&self.text, name).unwrap_or_else(|| panic!("no {name}: {}", self.text))
    }

    pub fn uri(&self) -> &str {
        self.text.split(' ').nth(1).unwrap()
    }

    /// A parameter of the credentials.
    pub fn credential(&self, name: &str) -> Option<&str> {
        let value = field(&self.text, "Authorization").or(field(&self.text, "Proxy-Authorization"))?;
        let parameter =
            value.split(", ").find_map(|part| part.trim_start_matches("Digest ").strip_prefix(name)?.strip_prefix('='))?;
        Some(parameter.trim_matches('"'))
    }
}

impl Carrier {
    pub async fn new(at: &str) -> Carrier {
        Carrier { socket: UdpSocket::bind(at).await.unwrap(), seen: Mutex::default() }
    }

    pub fn address(&self) -> SocketAddr {
        self.socket.local_addr().unwrap()
    }

    /// The next request of this method, within a bounded time; others and retransmissions are passed over.
    pub async fn asked(&self, method: &str) -> Asked {
        loop {
            let asked = self.heard().await;
            let key = format!("{method} {} {}", asked.field("Via"), asked.field("CSeq"));
            let is_new = asked.text.starts_with(&format!("{method} ")) && self.seen.lock().unwrap().insert(key);
            if is_new {
                return asked;
            }
        }
    }

    /// The next message.
    pub async fn heard(&self) -> Asked {
        let mut buffer = vec![0; 65_535];
        let (length, from) =
            tokio::time::timeout(PATIENCE, self.socket.recv_from(&mut buffer)).await.expect("nothing asked in time").unwrap();
        Asked { text: String::from_utf8_lossy(&buffer[..length]).into_owned(), from }
    }

    /// The next message, if it comes so soon.
    pub async fn heard_within(&self, soon: Duration) -> Option<Asked> {
        let mut buffer = vec![0; 65_535];
        let (length, from) = tokio::time::timeout(soon, self.socket.recv_from(&mut buffer)).await.ok()?.unwrap();
        Some(Asked { text: String::from_utf8_lossy(&buffer[..length]).into_owned(), from })
    }

    /// Whether anything of this method waits.
    pub fn was_asked(&self, method: &str) -> bool {
        let mut buffer = vec![0; 65_535];
        std::iter::from_fn(|| {
            self.socket.try_recv(&mut buffer).ok().map(|length| String::from_utf8_lossy(&buffer[..length]).into_owned())
        })
        .any(|text| text.starts_with(&format!("{method} ")))
    }

    pub async fn reply(&self, asked: &Asked, status: &str, lines: &[(&str, &str)], body: &str) {
        self.reply_as("carrier", asked, status, lines, body).await;
    }

    /// Answers as this branch of a forked call.
    pub async fn reply_as(&self, branch: &str, asked: &Asked, status: &str, lines: &[(&str, &str)], body: &str) {
        let mut text = format!("SIP/2.0 {status}\r\n");
        for name in ["Via", "From", "Call-ID", "CSeq"] {
            text.push_str(&format!("{name}: {}\r\n", asked.field(name)));
        }
        let to = asked.field("To");
        let tag = if to.contains("tag=") || status.starts_with("100") { String::new() } else { format!(";tag={branch}") };
        text.push_str(&format!("To: {to}{tag}\r\n"));
        for (name, value) in lines {
            text.push_str(&format!("{name}: {value}\r\n"));
        }
        let kind = if body.is_empty() { "" } else { "Content-Type: application/sdp\r\n" };
        text.push_str(&format!("{kind}Content-Length: {}\r\n\r\n{body}", body.len()));
        self.socket.send_to(text.as_bytes(), asked.from).await.unwrap();
    }

    /// The next response of this code to a request of its own; others are passed over.
    pub async fn response(&self, code: u16) -> String {
        loop {
            let heard = self.heard().await;
            if heard.text.starts_with(&format!("SIP/2.0 {code} ")) {
                return heard.text;
            }
        }
    }

    /// Asks inside the dialog that a response of a branch to this INVITE began.
    pub async fn ask(&self, branch: &str, invite: &Asked, (method, number): (&str, u32), body: &str) {
        let kind = if body.is_empty() { "" } else { "Content-Type: application/sdp\r\n" };
        let text = format!(
            "{method} {} SIP/2.0\r\nVia: SIP/2.0/UDP {};rport;branch=z9hG4bK{method}{branch}{number}\r\nFrom: {};tag={branch}\r\nTo: {}\r\n\
             Call-ID: {}\r\nCSeq: {number} {method}\r\nContact: <sip:callee@{1}>\r\nMax-Forwards: 70\r\n{kind}Content-Length: {}\r\n\r\n{body}",
            field(&invite.text, "Contact").unwrap().trim_matches(['<', '>']),
            self.address(),
            invite.field("To"),
            invite.field("From"),
            invite.field("Call-ID"),
            body.len()
        );
        self.send(&text, invite.from).await;
    }

    /// Returns when what was sent before is looked at: a request of no call is answered.
    pub async fn is_looked_at(&self, invite: &Asked) {
        let (from, address) = (invite.from, self.address());
        let text = format!(
            "OPTIONS sip:{from} SIP/2.0\r\nVia: SIP/2.0/UDP {address};rport;branch=z9hG4bKlook\r\nFrom: <sip:{address}>;tag=look\r\n\
             To: <sip:{from}>\r\nCall-ID: look\r\nCSeq: 1 OPTIONS\r\nMax-Forwards: 70\r\nContent-Length: 0\r\n\r\n"
        );
        self.send(&text, from).await;
        let answer = self.heard().await;
        assert!(answer.text.starts_with("SIP/2.0 200 ") && answer.field("CSeq").ends_with("OPTIONS"), "{}", answer.text);
    }

    /// Sends something of its own.
    pub async fn send(&self, text: &str, to: SocketAddr) {
        self.socket.send_to(text.as_bytes(), to).await.unwrap();
    }

    /// Answers a call.
    pub async fn answer(&self, invite: &Asked, body: &str) {
        let contact = format!("<sip:callee@{}>", self.address());
        self.reply(invite, "200 OK", &[("Contact", &contact)], body).await;
    }
}
