//! Doors for the fuzz targets of `sip/fuzz` into what reads octets of strangers. Not for anything else.
#![allow(missing_docs)]

use crate::admission::{Verdict, judge};
use crate::config::{Limits, Srtp, Transport, Trunk};
use crate::event::LegId;
use crate::leg::{digit, referral, response_fields};
use crate::listener::normalise::{Framing, MAX_HEAD, Outcome, normalise};
use crate::listener::{Frame, Framer, for_the_stack};
use crate::location::multipart;
use crate::message::stamp::{Source, Stamp};
use crate::message::{Fields, Start, early, via};
use crate::prack::{self, Acknowledged};
use crate::redirect::Redirections;
use crate::reliable::{Reliable, Scope};
use crate::sdp::{self, Families, Key, Terms};
use crate::session_timer::Said;
use crate::trunk::digest::Challenge;
use crate::trunk::{Line, seconds};
use crate::{additional, alert, invitation, location, presence};
use rsipstack::sip::{Request, Response, SipMessage};
use rsipstack::transaction::key::{TransactionKey, TransactionRole};
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::sync::LazyLock;
use std::time::Duration;
use uuid::Uuid;

/// Every kind of voice is taken.
const TERMS: Terms = Terms { srtp: Srtp::Offered, own: Key([5; 30]), families: Families::Both };

/// The trunk that every message comes by; an address of the seeds is its own.
static LINE: LazyLock<Line> =
    LazyLock::new(|| Line::new(Trunk::new("fuzz".into(), vec![IpAddr::from([10, 0, 0, 1]).into()], None)));

/// The way of a datagram from the socket to the owner of the call, without sockets and transactions.
pub fn message(octets: &[u8]) {
    for framing in [Framing::Datagram, Framing::Stream] {
        take(octets, framing);
    }
}

/// A stream of messages behind an octet that says how long the pieces are in which it comes: what comes out is the same for any.
pub fn stream(octets: &[u8]) {
    // A longer one is given up or not as it comes.
    let Some((length, stream)) = octets.split_first().filter(|(_, stream)| stream.len() <= MAX_HEAD) else { return };
    let messages = cut(stream, stream.len());
    assert_eq!(messages, cut(stream, usize::from(*length)), "in pieces of {length}");
    for message in messages {
        take(&message, Framing::Stream);
    }
}

/// The messages of a stream that comes in pieces of this length. Whether empty lines between them are a ping depends on when they come.
fn cut(stream: &[u8], length: usize) -> Vec<Vec<u8>> {
    let (mut framer, mut messages) = (Framer::default(), Vec::new());
    for piece in stream.chunks(length.max(1)) {
        framer.push(piece);
        while let Some(frame) = framer.next() {
            match frame {
                Frame::Ping => {}
                Frame::Message(message) => messages.push(message),
                Frame::Last(message) => {
                    messages.push(message);
                    return messages;
                }
                Frame::Broken => return messages,
            }
        }
    }
    messages
}

fn take(octets: &[u8], framing: Framing) {
    let peer = SocketAddr::from((Ipv4Addr::LOCALHOST, 5060));
    let Outcome::Pass { message, .. } = normalise(octets, peer, framing) else { return };
    let limits = Limits { take_alerts: true, ..Limits::default() };
    let verdict = judge(&message, TERMS.srtp, &limits);
    if let Some(top) = message.fields.first("Via") {
        via::reply_to(top, peer);
    }
    let source = Source { transport: Transport::Udp, peer, local: peer };
    let shown = match &verdict {
        Verdict::Invite | Verdict::Pass => for_the_stack(&message, &LINE, source, None, false),
        Verdict::Reply(refusal) => {
            refusal.octets(&message.fields).unwrap_or_default();
            return;
        }
        Verdict::Alert(_) => return,
    };
    match shown {
        Ok(SipMessage::Request(request)) => {
            if let (Verdict::Invite, Start::Request { uri, .. }) = (&verdict, &message.start) {
                let stamp = Stamp { source, phone: None, uri: uri.clone() };
                invitation::read(LegId(Uuid::nil()), "fuzz".into(), &stamp, &request, &TERMS);
            }
            asked(&request);
        }
        Ok(SipMessage::Response(response)) => answered(&response),
        Err(refusal) => {
            refusal.octets(&message.fields).unwrap_or_default();
        }
    }
}

/// What a request inside a call is read for, whichever it is.
fn asked(request: &Request) {
    let fields = invitation::fields(request);
    Said::read(&fields);
    referral(&fields);
    presence::read(&fields);
    digit(fields.first("Content-Type").unwrap_or_default(), &request.body);
    Reliable::new(Scope::All, 1, 1, Duration::ZERO).acknowledge(fields.first("RAck").unwrap_or_default());
    location::location(&fields, &location::parts(&fields, &request.body));
    let _ = sdp::offer_in(&fields, &request.body, &TERMS);
}

/// What a response to a request of ours is read for, whichever that was.
fn answered(response: &Response) {
    let fields = response_fields(response);
    let code = response.status_code.code();
    Said::read(&fields);
    early::of(&fields);
    fields.first("Retry-After").and_then(seconds);
    Challenge::of(&fields, code);
    Redirections::new("112").follow(code, &fields, |number| number);
    if let Some(number) = prack::number(&fields) {
        Acknowledged::default().take(fields.first("To").unwrap_or_default(), number);
    }
    let _ = TransactionKey::from_response(response, TransactionRole::Client);
    let _ = sdp::offer_in(&fields, &response.body, &TERMS);
}

/// An offer, and our answer to it, which must read as one.
pub fn description(octets: &[u8]) {
    let Ok(Some(offer)) = sdp::offer_in(&Fields::default(), octets, &TERMS) else { return };
    let local =
        sdp::LocalAudio { address: SocketAddr::from((Ipv4Addr::LOCALHOST, 20_000)), other: None, session_id: 1, srtp: None };
    let text = sdp::LocalText { address: SocketAddr::from((Ipv4Addr::LOCALHOST, 20_002)) };
    let answer = sdp::answer(&offer, sdp::LocalMedia::from(local).with_text(text), TERMS.own, 1);
    let streams = answer.lines().filter(|line| line.starts_with("m=")).count();
    assert_eq!(streams, offer.streams.len(), "{answer}");
    assert!(sdp::offer_in(&Fields::default(), answer.as_bytes(), &TERMS).is_ok_and(|answer| answer.is_some()), "{answer}");
}

/// A body whose first line is its Content-Type.
pub fn body(octets: &[u8]) {
    let end = octets.iter().position(|octet| *octet == b'\n').unwrap_or(octets.len());
    let (kind, body) = octets.split_at(end);
    let kind = String::from_utf8_lossy(kind);
    let mut fields = Fields::default();
    fields.push("Content-Type", kind.trim());
    let parts = multipart::parts(kind.trim(), body);
    location::location(&fields, &parts);
    additional::read(&fields, &parts);
}

/// A location, and additional data.
pub fn document(octets: &[u8]) {
    if let Some(found) = location::Location::from_pidf(octets) {
        let (latitude, longitude) = found.latitude_longitude.unwrap_or_default();
        assert!(latitude.abs() <= 90.0 && longitude.abs() <= 180.0, "{found:?}");
        assert!(found.radius_m.is_none_or(|radius| radius.is_finite() && radius >= 0.0), "{found:?}");
        assert_eq!(found.latitude_longitude.is_some(), found.shape.is_some(), "{found:?}");
    }
    additional::additional_data(octets);
}

/// A CAP alert.
pub fn cap(octets: &[u8]) {
    let mut fields = Fields::default();
    fields.push("Content-Type", "application/EmergencyCallData.cap+xml");
    let Ok(carried) = alert::read(&fields, octets) else { return };
    for area in carried.cap.infos.iter().flat_map(|info| &info.areas) {
        area.centre();
    }
}
