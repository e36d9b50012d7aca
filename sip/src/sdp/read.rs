//! Reads a remote description, tolerant of what trunks send: no `t=`, host names, odd spacing, session ids past 64 bits, Latin-1.

use super::crypto::{Crypto, Terms, protection};
use super::text::{self, TextStream};
use super::{Codec, Direction, PayloadType, RemoteAudio, SdpError, SrtpKeys};
use crate::config::Srtp;
use crate::location::multipart;
use crate::message::Fields;
use sdp_types::{AddrType, Connection, Media, Session};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

/// Far more than any telephone offers: each is declined by a line of its own, never the whole call.
const MAX_STREAMS: usize = 64;
const MAX_CODECS: usize = 32;
const MAX_LANGUAGES: usize = 32;

/// A remote description and what we take of it.
#[derive(Debug, Clone)]
pub(crate) struct Description {
    pub audio: RemoteAudio,
    /// The stream of real-time text that is taken, if there is one.
    pub text: Option<TextStream>,
    /// Language tags as written, the most wanted first.
    pub languages: Vec<String>,
    /// All streams in order, for an answer.
    pub streams: Vec<Media>,
    /// Index of the stream that `audio` comes from.
    pub chosen: usize,
    /// The key line taken, if the stream is encrypted.
    pub crypto: Option<Crypto>,
}

/// The description in a message's body, alone or as a part of a multipart. `Ok(None)`: the message carries none.
pub(crate) fn offer_in(fields: &Fields, body: &[u8], terms: &Terms) -> Result<Option<Description>, SdpError> {
    if body.iter().all(u8::is_ascii_whitespace) {
        return Ok(None);
    }
    let kind = fields.first("Content-Type").unwrap_or("application/sdp");
    let part = multipart::parts(kind, body).into_iter().find(|part| part.is("application/sdp"));
    part.map(|part| read(&part.body, terms)).transpose()
}

pub(crate) fn read(body: &[u8], terms: &Terms) -> Result<Description, SdpError> {
    let (session, without_audio) = match Session::parse(&clean(body, audio_as_it_is)) {
        Ok(session) => (session, SdpError::NoAudio),
        // One audio stream that cannot be read is no reason to refuse another that can.
        Err(_) => {
            let session = Session::parse(&clean(body, declinable)).map_err(|_| SdpError::Unreadable)?;
            (session, SdpError::Unreadable)
        }
    };
    if session.medias.is_empty() || session.medias.len() > MAX_STREAMS {
        return Err(if session.medias.is_empty() { SdpError::NoAudio } else { SdpError::Unreadable });
    }
    let voices = || {
        let streams = session.medias.iter().enumerate();
        streams.filter_map(|(index, media)| taken(&session, media, terms.srtp).map(|taken| (index, taken)))
    };
    // What cannot be reached is better than nothing: some telephones name an address of one family and speak by both.
    let reached = voices().find(|(_, (audio, _))| terms.families.reach(audio.address.ip()));
    let (chosen, (mut audio, crypto)) = reached.or_else(|| voices().next()).ok_or(without_audio)?;
    audio.srtp = crypto.map(|crypto| SrtpKeys::new(terms.own, crypto));
    let texts: Vec<TextStream> =
        session.medias.iter().enumerate().filter_map(|(place, media)| text::read(&session, place, media, terms)).collect();
    // Wherever it stands: what can be reached before what cannot, and encrypted text before text in clear.
    let worth = |text: &&TextStream| (terms.families.reach(text.remote.address.ip()), text.crypto.is_some());
    let text = texts.iter().rev().max_by_key(worth).cloned();
    let languages = languages(&session, chosen, text.as_ref().map(|text| text.place));
    Ok(Description { audio, text, languages, streams: session.medias, chosen, crypto })
}

/// A stream of voice that can be taken on the trunk's terms.
fn taken(session: &Session, media: &Media, srtp: Srtp) -> Option<(RemoteAudio, Option<Crypto>)> {
    let crypto = protection(media, srtp)?;
    Some((audio(session, media)?, crypto))
}

/// What the voice, then the text, then the session says of languages: what the caller speaks before what it understands (RFC 8373 section 5.1).
fn languages(session: &Session, voice: usize, text: Option<usize>) -> Vec<String> {
    let streams = [Some(voice), text].into_iter().flatten().filter_map(|index| session.medias.get(index));
    let of_streams = streams
        .flat_map(|media| ["hlang-send", "hlang-recv", "lang"].into_iter().flat_map(|name| media.get_attribute_values(name)));
    let tags = of_streams.chain(session.get_attribute_values("lang")).flatten().flat_map(str::split_whitespace);
    tags.take(MAX_LANGUAGES).map(str::to_owned).collect()
}

/// An `m=` line: audio as it is, but for spaces.
fn audio_as_it_is(value: &str) -> String {
    let mut words = value.split_whitespace();
    if words.next().is_some_and(|kind| kind.eq_ignore_ascii_case("audio")) {
        return value.split_whitespace().collect::<Vec<_>>().join(" ");
    }
    declinable(value)
}

/// An `m=` line that the parser takes. What cannot be read of a stream is replaced, so that the stream can be declined in its place.
fn declinable(value: &str) -> String {
    let mut words = value.split_whitespace();
    let kind = words.next().unwrap_or("application");
    let port = words.next().unwrap_or_default();
    let (number, count) = port.split_once('/').unwrap_or((port, "1"));
    let proto = words.next().unwrap_or("RTP/AVP");
    let formats = words.collect::<Vec<_>>().join(" ");
    let readable = number.parse::<u16>().is_ok() && count.parse::<u16>().is_ok() && !formats.is_empty();
    let port = if readable { port } else { "0" };
    format!("{kind} {port} {proto} {}", if formats.is_empty() { "0" } else { &formats })
}

/// Leaves only the lines that are used, each in a shape the parser takes. The origin is not used, so it is replaced by a good one.
fn clean(body: &[u8], stream_line: fn(&str) -> String) -> Vec<u8> {
    let text = std::str::from_utf8(body).map_or_else(|_| body.iter().map(|b| char::from(*b)).collect(), str::to_owned);
    let mut out = String::from("v=0\r\no=- 0 0 IN IP4 0.0.0.0\r\ns=-\r\nt=0 0\r\n");
    let mut described = false;
    let mut connected = false;
    for line in text.split(['\r', '\n']).map(str::trim_end) {
        let Some((key, value)) = line.split_once('=') else { continue };
        match key.trim() {
            "v" => described = true,
            "m" => connected = false,
            "c" if connected => continue,
            "c" => connected = true,
            "a" => {}
            _ => continue,
        }
        match key.trim() {
            "v" => {}
            "m" => out.push_str(&format!("m={}\r\n", stream_line(value))),
            // Runs of spaces are one, for the line is split at single ones.
            "c" => out.push_str(&format!("c={}\r\n", value.split_whitespace().collect::<Vec<_>>().join(" "))),
            _ => out.push_str(&format!("a={}\r\n", value.trim())),
        }
    }
    // Nothing but a `v=` line makes it a session description.
    if described { out.into_bytes() } else { Vec::new() }
}

fn audio(session: &Session, media: &Media) -> Option<RemoteAudio> {
    if !media.media.eq_ignore_ascii_case("audio") || media.port == 0 {
        return None;
    }
    let mut codecs = Vec::new();
    let mut telephone_event = None;
    for pt in media.fmt.split_whitespace().filter_map(|pt| pt.parse::<u8>().ok()).filter(|pt| *pt < 128).take(MAX_CODECS) {
        match encoding(media, pt) {
            Some((name, 8000)) if name.eq_ignore_ascii_case("PCMA") => codecs.push(PayloadType { codec: Codec::Pcma, pt }),
            Some((name, 8000)) if name.eq_ignore_ascii_case("PCMU") => codecs.push(PayloadType { codec: Codec::Pcmu, pt }),
            Some((name, 8000)) if name.eq_ignore_ascii_case("telephone-event") => telephone_event = telephone_event.or(Some(pt)),
            _ => {}
        }
    }
    if codecs.is_empty() {
        return None;
    }
    let stated = direction_of_stream(media).or_else(|| session_direction(session)).unwrap_or_default();
    let direction = match (address(connection(session, media)), stated) {
        // RFC 2543 hold: the address 0.0.0.0 says "send me nothing".
        (Some(ip), Direction::SendRecv) if ip.is_unspecified() => Direction::SendOnly,
        (Some(ip), Direction::RecvOnly) if ip.is_unspecified() => Direction::Inactive,
        _ => stated,
    };
    let ip = ip(session, media);
    Some(RemoteAudio {
        address: SocketAddr::new(ip, media.port),
        rtcp: rtcp(media, ip),
        codecs,
        telephone_event,
        ptime_ms: ptime(media),
        direction,
        srtp: None,
    })
}

/// Name and clock rate of a payload type: its `rtpmap`, or the static assignment (RFC 3551 section 6).
fn encoding(media: &Media, pt: u8) -> Option<(String, u32)> {
    for value in media.get_attribute_values("rtpmap").flatten() {
        let Some((number, rest)) = value.trim().split_once(char::is_whitespace) else { continue };
        if number.parse() != Ok(pt) {
            continue;
        }
        let mut parts = rest.trim().split('/');
        let name = parts.next()?.to_owned();
        let rate = parts.next().map_or(Some(8000), |rate| rate.trim().parse().ok())?;
        let mono = parts.next().is_none_or(|channels| channels.trim() == "1");
        return mono.then_some((name, rate));
    }
    match pt {
        0 => Some(("PCMU".into(), 8000)),
        8 => Some(("PCMA".into(), 8000)),
        _ => None,
    }
}

fn connection<'a>(session: &'a Session, media: &'a Media) -> Option<&'a Connection> {
    media.connections.first().or(session.connection.as_ref())
}

/// `None` for a host name: latching finds the address.
fn address(connection: Option<&Connection>) -> Option<IpAddr> {
    let ip: IpAddr = connection?.connection_address.split('/').next()?.parse().ok()?;
    Some(ip.to_canonical())
}

/// Where a stream is; what has a name there, or nothing, is unspecified.
pub(super) fn ip(session: &Session, media: &Media) -> IpAddr {
    let connection = connection(session, media);
    let unnamed = match connection.map(|connection| &connection.addrtype) {
        Some(AddrType::Ip6) => IpAddr::V6(Ipv6Addr::UNSPECIFIED),
        _ => IpAddr::V4(Ipv4Addr::UNSPECIFIED),
    };
    address(connection).unwrap_or(unnamed)
}

/// `PORT [IN IP4 ADDRESS]`, where the address of RTP is left out or a name is in its place.
fn rtcp(media: &Media, rtp: IpAddr) -> Option<SocketAddr> {
    let mut words = media.get_first_attribute_value("rtcp").flatten()?.split_whitespace();
    let port = words.next()?.parse().ok().filter(|port| *port != 0)?;
    let named = words.nth(2).and_then(|address| address.parse::<IpAddr>().ok());
    Some(SocketAddr::new(named.map_or(rtp, |address| address.to_canonical()), port))
}

fn ptime(media: &Media) -> u8 {
    let value =
        |name| media.get_first_attribute_value(name).flatten().and_then(|text| text.trim().split('.').next()?.parse::<u8>().ok());
    let wanted = value("ptime").unwrap_or(20);
    wanted.min(value("maxptime").filter(|max| *max >= 10).unwrap_or(60)).clamp(10, 60)
}

pub(super) fn direction_of_stream(media: &Media) -> Option<Direction> {
    direction_of(|name| media.has_attribute(name))
}

fn session_direction(session: &Session) -> Option<Direction> {
    direction_of(|name| session.has_attribute(name))
}

fn direction_of(has: impl Fn(&str) -> bool) -> Option<Direction> {
    [Direction::SendRecv, Direction::SendOnly, Direction::RecvOnly, Direction::Inactive].into_iter().find(|d| has(d.name()))
}

#[cfg(test)]
#[path = "read_tests.rs"]
mod tests;
