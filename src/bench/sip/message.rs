//! The SIP and SDP text that generated calls write and read: as much as they need and no more.

use std::fmt::Write;
use std::net::{IpAddr, SocketAddr};

/// A dialog as one side names it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Names {
    pub call_id: String,
    /// This side's address with its tag.
    pub local: String,
    /// The other side's address, with its tag once that is known.
    pub remote: String,
    /// Where this side is reached.
    pub contact: SocketAddr,
    /// The URI that requests go to.
    pub target: String,
}

/// A request of a dialog.
#[derive(Debug, Clone, Copy)]
pub struct Request<'a> {
    pub method: &'a str,
    /// CSeq; an ACK and a CANCEL have the INVITE's.
    pub number: u32,
    pub branch: &'a str,
    pub body: &'a str,
}

impl Request<'_> {
    pub fn text(&self, names: &Names) -> String {
        let Request { method, number, branch, body } = self;
        let Names { call_id, local, remote, contact, target } = names;
        let mut text = String::with_capacity(800);
        // Writing to a String cannot fail.
        let _ = write!(
            text,
            "{method} {target} SIP/2.0\r\nVia: SIP/2.0/UDP {contact};branch={branch};rport\r\nMax-Forwards: 70\r\n\
             From: {local}\r\nTo: {remote}\r\nCall-ID: {call_id}\r\nCSeq: {number} {method}\r\n"
        );
        if *method == "INVITE" {
            let _ = write!(text, "Contact: <sip:bench@{contact}>\r\nAllow: INVITE, ACK, BYE, CANCEL, OPTIONS, UPDATE\r\n");
        }
        end(&mut text, body);
        text
    }
}

fn end(text: &mut String, body: &str) {
    if !body.is_empty() {
        text.push_str("Content-Type: application/sdp\r\n");
    }
    let _ = write!(text, "Content-Length: {}\r\n\r\n{body}", body.len());
}

/// A message that was received.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reading<'a> {
    pub start: Start<'a>,
    pub call_id: &'a str,
    /// CSeq.
    pub number: u32,
    pub method: &'a str,
    pub from: &'a str,
    pub to: &'a str,
    /// The URI in the Contact.
    pub contact: Option<&'a str>,
    pub retry_after: bool,
    pub body: &'a str,
    vias: Vec<&'a str>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Start<'a> {
    Request(&'a str),
    Response(u16),
}

/// Reads a message; `None` for what is none, or lacks what every message has.
pub fn read(octets: &[u8]) -> Option<Reading<'_>> {
    let text = std::str::from_utf8(octets).ok()?;
    let (head, body) = text.split_once("\r\n\r\n")?;
    let mut lines = head.split("\r\n");
    let start = lines.next()?;
    let start = match start.strip_prefix("SIP/2.0 ") {
        Some(rest) => Start::Response(rest.get(..3)?.parse().ok()?),
        None => Start::Request(start.split(' ').next()?),
    };
    let (mut call_id, mut cseq, mut from, mut to, mut contact) = (None, None, None, None, None);
    let (mut retry_after, mut vias) = (false, Vec::new());
    for line in lines {
        let (name, value) = line.split_once(':')?;
        let value = value.trim();
        match name.trim().to_ascii_lowercase().as_str() {
            "via" | "v" => vias.push(value),
            "call-id" | "i" => call_id = Some(value),
            "cseq" => cseq = value.split_once(' '),
            "from" | "f" => from = Some(value),
            "to" | "t" => to = Some(value),
            "contact" | "m" => contact = uri(value),
            "retry-after" => retry_after = true,
            _ => {}
        }
    }
    let (number, method) = cseq?;
    let number = number.parse().ok()?;
    Some(Reading { start, call_id: call_id?, number, method, from: from?, to: to?, contact, retry_after, body, vias })
}

fn uri(value: &str) -> Option<&str> {
    match value.split_once('<') {
        Some((_, rest)) => rest.split('>').next(),
        None => value.split(';').next(),
    }
}

impl Reading<'_> {
    /// The reply to this request, with this To and, for a call that is taken, where this side is reached.
    pub fn reply(&self, status: &str, to: &str, contact: Option<SocketAddr>, body: &str) -> String {
        let mut text = format!("SIP/2.0 {status}\r\n");
        for via in &self.vias {
            let _ = write!(text, "Via: {via}\r\n");
        }
        let Reading { from, call_id, number, method, .. } = self;
        let _ = write!(text, "From: {from}\r\nTo: {to}\r\nCall-ID: {call_id}\r\nCSeq: {number} {method}\r\n");
        if let Some(contact) = contact {
            let _ = write!(text, "Contact: <sip:bench@{contact}>\r\n");
        }
        end(&mut text, body);
        text
    }
}

/// A description of PCMA voice at `address`; `direction` as in SDP.
pub fn sdp(address: SocketAddr, version: u32, direction: &str) -> String {
    let (ip, port) = (address.ip(), address.port());
    let family = if ip.is_ipv4() { "IP4" } else { "IP6" };
    format!(
        "v=0\r\no=bench 1 {version} IN {family} {ip}\r\ns=-\r\nc=IN {family} {ip}\r\nt=0 0\r\nm=audio {port} RTP/AVP 8 101\r\n\
         a=rtpmap:8 PCMA/8000\r\na=rtpmap:101 telephone-event/8000\r\na=fmtp:101 0-15\r\na=ptime:20\r\na={direction}\r\n"
    )
}

/// Where a description takes voice.
pub fn audio(body: &str) -> Option<SocketAddr> {
    let line = |prefix: &str| body.lines().find_map(|line| line.strip_prefix(prefix));
    let ip: IpAddr = line("c=IN ")?.split(' ').nth(1)?.trim().parse().ok()?;
    let port = line("m=audio ")?.split(' ').next()?.parse().ok()?;
    Some(SocketAddr::new(ip, port))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names() -> Names {
        Names {
            call_id: "7.1@bench".into(),
            local: "<sip:+62811@127.0.0.1>;tag=a".into(),
            remote: "<sip:112@127.0.0.1>".into(),
            contact: "127.0.0.1:4000".parse().unwrap(),
            target: "sip:112@127.0.0.1:5060".into(),
        }
    }

    #[test]
    fn what_is_written_is_read_back() {
        let body = sdp("127.0.0.1:4002".parse().unwrap(), 1, "sendrecv");
        let text = Request { method: "INVITE", number: 3, branch: "z9hG4bK1", body: &body }.text(&names());
        let reading = read(text.as_bytes()).unwrap();
        assert_eq!((reading.start, reading.method, reading.number), (Start::Request("INVITE"), "INVITE", 3));
        assert_eq!((reading.call_id, reading.contact), ("7.1@bench", Some("sip:bench@127.0.0.1:4000")));
        assert_eq!(audio(reading.body), Some("127.0.0.1:4002".parse().unwrap()));
        assert!(text.contains(&format!("Content-Length: {}\r\n", body.len())));
    }

    #[test]
    fn a_reply_repeats_what_the_request_is_known_by() {
        let text = Request { method: "BYE", number: 2, branch: "z9hG4bK2", body: "" }.text(&names());
        let reading = read(text.as_bytes()).unwrap();
        let reply = reading.reply("200 OK", "<sip:112@127.0.0.1>;tag=b", None, "");
        let read_back = read(reply.as_bytes()).unwrap();
        assert_eq!(read_back.start, Start::Response(200));
        assert_eq!((read_back.vias.clone(), read_back.from), (reading.vias, reading.from));
        assert_eq!((read_back.to, read_back.number, read_back.method), ("<sip:112@127.0.0.1>;tag=b", 2, "BYE"));
    }

    #[test]
    fn a_refusal_tells_whether_it_says_when_to_come_back() {
        let refusal = "SIP/2.0 503 Service Unavailable\r\nVia: x\r\nFrom: a\r\nTo: b\r\nCall-ID: c\r\nCSeq: 1 INVITE\r\n";
        assert!(!read(format!("{refusal}\r\n").as_bytes()).unwrap().retry_after);
        assert!(read(format!("{refusal}Retry-After: 5\r\n\r\n").as_bytes()).unwrap().retry_after);
    }

    #[test]
    fn what_is_no_message_is_not_read() {
        for octets in [&b""[..], b"\r\n\r\n", b"SIP/2.0 200 OK\r\n\r\n", b"\xff\xfe", b"SIP/2.0 2\r\nVia: x\r\n\r\n"] {
            assert_eq!(read(octets), None);
        }
    }
}
