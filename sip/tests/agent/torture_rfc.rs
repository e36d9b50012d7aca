//! The torture messages of RFC 4475 and RFC 5118, octet by octet, over real sockets: each has its outcome, and the agent is well after each.
//!
//! "Accepted" is what a user agent that takes calls and no registrations does with a valid message: the call rings, a REGISTER gets 405, an
//! unknown method 501. What the RFC lets a receiver repair is repaired: a 112 call is refused only where nobody could tell what it means.

use crate::support::{Desk, desk_of_loopback, field};
use Outcome::{Code, Rings, Silence};
use sip::{EndedBy, Event};
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpSocket, TcpStream, UdpSocket};

const PATIENCE: Duration = Duration::from_secs(20);

#[derive(Debug, Clone, Copy, PartialEq)]
enum Outcome {
    /// A call that the owner hears of.
    Rings,
    /// Answered with this final response.
    Code(u16),
    /// Neither an answer nor an event.
    Silence,
}

type Case = (&'static str, Outcome, &'static str);

/// RFC 4475 section 3.1.1.
const VALID: [Case; 13] = [
    ("wsinv", Code(481), "well formed, but its To tag names no dialog of ours"),
    ("intmeth", Code(501), "an unknown method of unusual characters"),
    ("esc01", Rings, "percent-escapes in every URI"),
    ("escnull", Code(405), "escaped NUL in a REGISTER, which is not served"),
    ("esc02", Code(501), "a percent sign in a method is no escape"),
    ("lwsdisp", Code(200), "no space between display name and <"),
    ("longreq", Rings, "long values, 34 Via"),
    ("dblreq", Code(405), "a second request in the datagram is passed over"),
    ("semiuri", Code(200), "a semicolon in the user part"),
    ("transports", Code(200), "five transports in Via"),
    ("mpart01", Code(415), "a multipart MESSAGE that is no alert"),
    ("unreason", Silence, "a response to no request of ours, UTF-8 in its reason"),
    ("noreason", Silence, "a response to no request of ours, without reason"),
];

/// RFC 4475 section 3.1.2.
const INVALID: [Case; 19] = [
    ("badinv01", Code(400), "empty entries in Via"),
    ("clerr", Code(400), "Content-Length larger than the datagram"),
    ("ncl", Code(400), "negative Content-Length"),
    ("scalar02", Code(400), "numbers past their range in a request"),
    ("scalarlg", Silence, "numbers past their range in a response"),
    ("quotbal", Code(400), "a quote without end in To"),
    ("ltgtruri", Code(400), "angle brackets around the Request-URI"),
    ("lwsruri", Code(400), "a space within the Request-URI"),
    ("lwsstart", Rings, "more than one space in the request line: the RFC lets a receiver understand it"),
    ("trws", Code(200), "spaces after the request line: likewise"),
    ("escruri", Rings, "header fields in the Request-URI: the RFC lets a receiver pass over them"),
    ("baddate", Rings, "a Date in another zone than GMT: it is not needed here"),
    ("regbadct", Code(405), "a Contact without brackets in a REGISTER"),
    ("badaspec", Code(200), "spaces within the brackets of To: understood"),
    ("baddn", Code(200), "a comma in a name without quotes: understood"),
    ("badvers", Code(505), "another version of SIP"),
    ("mismatch01", Code(400), "the method of CSeq is another"),
    ("mismatch02", Code(501), "the method is unknown, and that of CSeq another"),
    ("bigcode", Silence, "a status code past 32 bits"),
];

/// RFC 4475 sections 3.2 to 3.4.
const APPLICATION: [Case; 17] = [
    ("badbranch", Code(200), "a branch that is nothing but the cookie"),
    ("insuf", Code(400), "no To, From, Call-ID"),
    ("unkscm", Code(416), "a Request-URI of an unknown scheme"),
    ("novelsc", Code(416), "a Request-URI of a known scheme that is not served"),
    ("unksm2", Code(405), "unknown schemes in To and From of a REGISTER"),
    ("bext01", Code(420), "Require of what nobody has"),
    ("invut", Code(415), "an offer of unknown type"),
    ("regaut01", Code(405), "an unknown authorization scheme in a REGISTER"),
    ("multi01", Code(400), "fields twice that may be there once"),
    ("mcl01", Code(400), "two Content-Length"),
    ("bcast", Silence, "a response whose second Via is the broadcast address"),
    ("zeromf", Code(200), "Max-Forwards 0 ends at whom it reaches"),
    ("cparam01", Code(405), "parameters of a Contact in a REGISTER"),
    ("cparam02", Code(405), "parameters of a Contact's URI in a REGISTER"),
    ("regescrt", Code(405), "an escaped Route in a Contact of a REGISTER"),
    ("sdp01", Rings, "Accept without SDP: who offers SDP understands it, and a 112 call is not refused for that"),
    ("inv2543", Rings, "an INVITE after RFC 2543: no branch, no From tag, no Content-Length"),
];

/// RFC 5118.
const IPV6: [Case; 12] = [
    ("ipv6-good", Code(405), "a REGISTER to an IPv6 address"),
    ("ipv6-bad", Code(400), "an IPv6 address without brackets"),
    ("port-ambiguous", Code(405), "what looks like a port is part of the address"),
    ("port-unambiguous", Code(405), "a port after the brackets"),
    ("via-received-param-with-delim", Code(481), "brackets in received, in a BYE of no dialog"),
    ("via-received-param-no-delim", Code(200), "no brackets in received"),
    ("ipv6-in-sdp", Code(488), "G.726 only, at an IPv6 address"),
    ("mult-ip-in-header", Code(481), "both families in Via, in a BYE of no dialog"),
    ("mult-ip-in-sdp", Rings, "voice by IPv4, video by IPv6"),
    ("ipv4-mapped-ipv6", Code(488), "G.726 only, at a mapped address"),
    ("ipv6-bug-abnf-3-colons", Code(200), "three colons, as the grammar of RFC 3261 allowed by mistake"),
    ("ipv6-correct-abnf-2-colons", Code(200), "two colons"),
];

/// The way that a message's topmost Via names, from an address of the message's own.
enum Wire {
    Udp(UdpSocket),
    Tcp(TcpStream, String),
}

impl Wire {
    async fn open(desk: &Desk, octets: &[u8], number: u8) -> Wire {
        let text = String::from_utf8_lossy(octets);
        let by_tcp = ["/TCP", "/TLS"].iter().filter_map(|way| text.find(way)).min();
        let by_udp = ["/UDP", "/ UDP"].iter().filter_map(|way| text.find(way)).min();
        if by_tcp.is_some_and(|tcp| by_udp.is_none_or(|udp| tcp < udp)) {
            return Wire::Tcp(TcpSocket::new_v4().unwrap().connect(desk.tcp()).await.unwrap(), String::new());
        }
        // The reply goes to the port that Via names, so the message has an address to itself; the process number keeps runs apart.
        let process = std::process::id();
        let ip = Ipv4Addr::new(127, 64 + (process % 128) as u8, (process / 128 % 256) as u8, number);
        let socket = UdpSocket::bind(SocketAddr::new(IpAddr::V4(ip), port(&text))).await.unwrap();
        socket.connect(desk.udp()).await.unwrap();
        Wire::Udp(socket)
    }

    async fn send(&mut self, octets: &[u8]) {
        match self {
            Wire::Udp(socket) => drop(socket.send(octets).await.unwrap()),
            Wire::Tcp(stream, _) => stream.write_all(octets).await.unwrap(),
        }
    }

    /// The next message.
    async fn receive(&mut self) -> String {
        tokio::time::timeout(PATIENCE, async {
            match self {
                Wire::Udp(socket) => {
                    let mut buffer = vec![0; 65_535];
                    let length = socket.recv(&mut buffer).await.unwrap();
                    String::from_utf8_lossy(&buffer[..length]).into_owned()
                }
                Wire::Tcp(stream, held) => loop {
                    if let Some(end) = held.find("\r\n\r\n") {
                        let length: usize = field(&held[..end], "Content-Length").map_or(0, |length| length.parse().unwrap());
                        if held.len() >= end + 4 + length {
                            break held.drain(..end + 4 + length).collect();
                        }
                    }
                    let mut buffer = [0; 4096];
                    let length = stream.read(&mut buffer).await.unwrap();
                    assert!(length > 0, "closed after {held:?}");
                    held.push_str(&String::from_utf8_lossy(&buffer[..length]));
                },
            }
        })
        .await
        .expect("no reply in time")
    }

    async fn final_code(&mut self) -> u16 {
        loop {
            let text = self.receive().await;
            let code: u16 = text.split(' ').nth(1).and_then(|code| code.parse().ok()).unwrap_or_default();
            if code >= 200 {
                return code;
            }
        }
    }
}

/// The port of the topmost Via, where it is another than 5060.
fn port(text: &str) -> u16 {
    [":5050;", ":5070;", ":6050;", ":19823;"]
        .iter()
        .find(|port| text.lines().find(|line| line.starts_with("Via")).is_some_and(|via| via.contains(*port)))
        .map_or(5060, |port| port.trim_matches([':', ';']).parse().unwrap())
}

fn fixture(folder: &str, name: &str) -> Vec<u8> {
    let path: std::path::PathBuf =
        [env!("CARGO_MANIFEST_DIR"), "tests", "torture", folder, &format!("{name}.sip")].iter().collect();
    std::fs::read(path).unwrap()
}

/// `first`: the number of the first message's address; the tables run at the same time.
async fn play(folder: &str, first: u8, cases: &[Case]) {
    let mut desk = desk_of_loopback().await;
    for (number, (name, outcome, why)) in (first..).zip(cases) {
        let octets = fixture(folder, name);
        let mut wire = Wire::open(&desk, &octets, number).await;
        wire.send(&octets).await;
        match outcome {
            Rings => {
                let event = tokio::time::timeout(PATIENCE, desk.events.recv()).await;
                let Ok(Some(Event::Invited(invitation))) = event else { panic!("{name} ({why}) does not ring: {event:?}") };
                assert!(invitation.audio.is_some(), "{name}");
                desk.agent.hang_up(invitation.leg).await;
                assert_eq!(wire.final_code().await, 480, "{name}");
                assert_eq!(desk.next().await, Event::Ended { leg: invitation.leg, by: EndedBy::Local });
            }
            Code(expected) => assert_eq!(wire.final_code().await, *expected, "{name} ({why})"),
            Silence => {}
        }
        is_well(&mut wire, name, *outcome == Silence).await;
        assert!(desk.is_quiet(), "{name} told something");
    }
}

/// A plain OPTIONS is answered; after a message that gets no answer it is answered first.
async fn is_well(wire: &mut Wire, name: &str, first: bool) {
    let way = if matches!(wire, Wire::Udp(_)) { "UDP" } else { "TCP" };
    let options = format!(
        "OPTIONS sip:112@psap.example SIP/2.0\r\nVia: SIP/2.0/{way} 127.0.0.1;rport;branch=z9hG4bKwell\r\nFrom: <sip:a@b>;tag=1\r\n\
         To: <sip:112@psap.example>\r\nCall-ID: well-{name}\r\nCSeq: 1 OPTIONS\r\nMax-Forwards: 70\r\nContent-Length: 0\r\n\r\n"
    );
    wire.send(options.as_bytes()).await;
    loop {
        let text = wire.receive().await;
        if field(&text, "Call-ID") == Some(&format!("well-{name}")) {
            assert!(text.starts_with("SIP/2.0 200 "), "after {name}: {text}");
            return;
        }
        assert!(!first, "{name} was answered: {text}");
    }
}

#[tokio::test]
async fn the_valid_messages_of_rfc_4475_are_accepted() {
    play("rfc4475", 1, &VALID).await;
}

#[tokio::test]
async fn the_invalid_messages_of_rfc_4475_are_refused_or_understood() {
    play("rfc4475", 41, &INVALID).await;
}

#[tokio::test]
async fn the_other_messages_of_rfc_4475_have_their_outcome() {
    play("rfc4475", 81, &APPLICATION).await;
}

#[tokio::test]
async fn the_messages_of_rfc_5118_have_their_outcome() {
    play("rfc5118", 121, &IPV6).await;
}

#[test]
fn every_message_of_both_rfcs_has_an_outcome() {
    for (folder, cases) in [("rfc4475", [VALID.as_slice(), &INVALID, &APPLICATION].concat()), ("rfc5118", IPV6.to_vec())] {
        let path: std::path::PathBuf = [env!("CARGO_MANIFEST_DIR"), "tests", "torture", folder].iter().collect();
        let mut files: Vec<String> =
            std::fs::read_dir(path).unwrap().map(|file| file.unwrap().file_name().into_string().unwrap()).collect();
        let mut named: Vec<String> = cases.iter().map(|(name, ..)| format!("{name}.sip")).collect();
        files.sort();
        named.sort();
        assert_eq!(files, named);
    }
}

#[tokio::test]
async fn a_caller_after_rfc_2543_sees_no_tag_that_it_did_not_give() {
    let mut desk = desk_of_loopback().await;
    let octets = fixture("rfc4475", "inv2543");
    let mut wire = Wire::open(&desk, &octets, 200).await;
    wire.send(&octets).await;
    let invitation = desk.invited().await;
    assert_eq!(invitation.identity.number.as_deref(), Some("+13035551111"));
    desk.agent.hang_up(invitation.leg).await;
    loop {
        let text = wire.receive().await;
        assert_eq!(field(&text, "From"), Some("<sip:+13035551111@ift.client.example.net;user=phone>"), "{text}");
        if text.starts_with("SIP/2.0 480") {
            return;
        }
    }
}
