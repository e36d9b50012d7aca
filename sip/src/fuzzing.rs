//! Doors for the fuzz targets of `sip/fuzz` into what reads octets of strangers. Not for anything else.
#![allow(missing_docs)]

use crate::admission::{Verdict, judge};
use crate::config::{Limits, Srtp, Transport};
use crate::event::LegId;
use crate::listener::normalise::{Framing, Outcome, normalise};
use crate::location::multipart;
use crate::message::stamp::{Source, Stamp};
use crate::message::{Fields, Start, via};
use crate::sdp::{self, Families, Key, Terms};
use crate::{additional, alert, invitation, location};
use rsipstack::sip::SipMessage;
use std::net::{Ipv4Addr, SocketAddr};
use uuid::Uuid;

/// Every kind of voice is taken.
const TERMS: Terms = Terms { srtp: Srtp::Offered, own: Key([5; 30]), families: Families::Both };

/// The way of a datagram from the socket to the owner of the call, without sockets and transactions.
pub fn message(octets: &[u8]) {
    let source = SocketAddr::from((Ipv4Addr::LOCALHOST, 5060));
    for framing in [Framing::Datagram, Framing::Stream] {
        let Outcome::Pass { message, .. } = normalise(octets, source, framing) else { continue };
        let limits = Limits { take_alerts: true, ..Limits::default() };
        let verdict = judge(&message, TERMS.srtp, &limits);
        if let Some(top) = message.fields.first("Via") {
            via::reply_to(top, source);
        }
        match verdict {
            Verdict::Reply(refusal) => {
                refusal.octets(&message.fields).unwrap_or_default();
            }
            Verdict::Invite => {
                let Start::Request { uri, .. } = &message.start else { continue };
                let source = Source { transport: Transport::Udp, peer: source, local: source };
                let stamp = Stamp { source, phone: None, uri: uri.clone() };
                if let Ok(SipMessage::Request(request)) = SipMessage::try_from(message.to_bytes().as_slice()) {
                    invitation::read(LegId(Uuid::nil()), "fuzz".into(), &stamp, &request, &TERMS);
                }
            }
            Verdict::Pass | Verdict::Alert(_) => {}
        }
    }
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
