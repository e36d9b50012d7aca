//! Repair and judgement of received octets before the SIP stack sees them. Pure: octets in, [`Outcome`] out.
//!
//! The stack loses or drops in silence what real trunks send: Latin-1, bare LF, no Content-Length, unknown methods. A trunk must always hear an
//! answer where one is possible (RFC 3261 section 8.2, RFC 4475), so what cannot be repaired is refused here.

use crate::message::reply::{ALLOW, phrase, reply};
use crate::message::{Fields, Message, SINGLE, Start, long_name, parameter, stamp, via};
use std::net::SocketAddr;

/// Largest message taken, head and body together.
pub(crate) const MAX_MESSAGE: usize = 65_535;
/// Largest start line and header fields together.
pub(crate) const MAX_HEAD: usize = 32 * 1024;
const MAX_FIELDS: usize = 256;

#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Framing {
    /// The octets are one datagram: without Content-Length the body is all the rest.
    Datagram,
    /// The octets were cut out of a stream: Content-Length is mandatory.
    Stream,
}

#[derive(Debug, PartialEq)]
pub(crate) enum Outcome {
    /// Good, perhaps after repairs (their names are for a counter).
    Pass { message: Box<Message>, repairs: Vec<&'static str> },
    /// Refused with these octets.
    Reply { octets: Vec<u8>, code: u16, reason: &'static str },
    /// Nothing can be said to it.
    Drop(&'static str),
}

/// Judges one message. `source` is written into its topmost Via.
pub(crate) fn normalise(octets: &[u8], source: SocketAddr, framing: Framing) -> Outcome {
    let octets = octets.iter().position(|b| !matches!(b, b'\r' | b'\n')).and_then(|at| octets.get(at..)).unwrap_or_default();
    if octets.is_empty() {
        // Keepalive (RFC 5626 section 3.5.1): a double CRLF is answered by the listener.
        return Outcome::Drop("keepalive");
    }
    let mut repairs = Vec::new();
    let Some((start, mut fields, body)) = take_apart(octets, &mut repairs) else { return Outcome::Drop("not_sip") };
    fields.remove(stamp::HEADER);
    let Some(start) = read_start(&start) else { return Outcome::Drop("not_sip") };
    let refuse = |fields: &Fields, code: u16, text: &str, reason: &'static str, extra: &[(&str, String)]| match &start {
        Ok(Start::Request { method, .. }) if method == "ACK" => Outcome::Drop("bad_ack"),
        Ok(Start::Response { .. }) => Outcome::Drop("bad_response"),
        _ => reply(fields, code, text, extra).map_or(Outcome::Drop("no_via"), |octets| Outcome::Reply { octets, code, reason }),
    };
    match fields.first_mut("Via") {
        Some(top) => match via::stamp(top, source) {
            Some(stamped) if !matches!(start, Ok(Start::Response { .. })) => *top = stamped,
            Some(_) => {}
            None => return Outcome::Drop("bad_via"),
        },
        None => return Outcome::Drop("no_via"),
    }
    let start = match &start {
        Ok(start) => start.clone(),
        Err(BadStart::Uri) => return refuse(&fields, 400, "Bad Request-URI", "request_uri", &[]),
        Err(BadStart::Version) => return refuse(&fields, 505, phrase(505), "version", &[]),
    };
    if octets.len() > MAX_MESSAGE || octets.len() - body.len() > MAX_HEAD || fields.0.len() > MAX_FIELDS {
        return refuse(&fields, 513, phrase(513), "too_large", &[]);
    }
    if let Start::Request { method, .. } = &start
        && !is_known(method)
    {
        return refuse(&fields, 501, phrase(501), "method", &[("Allow", ALLOW.to_owned())]);
    }
    if let Err(text) = check_fields(&fields, &start) {
        return refuse(&fields, 400, text, "fields", &[]);
    }
    let body = match take_body(&fields, body, framing) {
        Ok(Body { octets, repair }) => {
            repairs.extend(repair);
            octets.to_vec()
        }
        Err(BadBody::TooLarge) => return refuse(&fields, 513, phrase(513), "too_large", &[]),
        Err(BadBody::Length(text)) => return refuse(&fields, 400, text, "content_length", &[]),
    };
    fields.set("Content-Length", body.len().to_string());
    Outcome::Pass { message: Box::new(Message { start, fields, body }), repairs }
}

/// Start line, unfolded fields, and the octets after the empty line. `None`: not even a start line.
fn take_apart<'a>(octets: &'a [u8], repairs: &mut Vec<&'static str>) -> Option<(String, Fields, &'a [u8])> {
    let (mut lines, mut at) = (Vec::<String>::new(), 0);
    let (mut latin, mut bare) = (false, false);
    let body = loop {
        let rest = octets.get(at..).unwrap_or_default();
        if rest.is_empty() {
            repairs.push("no_empty_line");
            break rest;
        }
        let end = rest.iter().position(|b| *b == b'\n');
        let line = rest.get(..end.unwrap_or(rest.len()))?;
        at += end.map_or(rest.len(), |end| end + 1);
        let cut = line.strip_suffix(b"\r");
        bare |= cut.is_none() && end.is_some();
        let line = cut.unwrap_or(line);
        if line.is_empty() {
            break octets.get(at..).unwrap_or_default();
        }
        // A head that is not UTF-8 is Latin-1: every octet has a character there.
        let text = std::str::from_utf8(line).map_or_else(
            |_| {
                latin = true;
                line.iter().map(|b| char::from(*b)).collect()
            },
            str::to_owned,
        );
        let folded = text.starts_with([' ', '\t']) && lines.len() > 1;
        match lines.last_mut() {
            Some(last) if folded => {
                last.push(' ');
                last.push_str(text.trim());
            }
            _ => lines.push(text),
        }
    };
    repairs.extend(latin.then_some("latin1"));
    repairs.extend(bare.then_some("bare_lf"));
    let mut lines = lines.into_iter();
    let start = lines.next()?;
    let mut fields = Fields::default();
    for line in lines {
        match line.split_once(':') {
            Some((name, value)) => {
                fields.push(long_name(name.trim()), value.replace(|c: char| c.is_control() && c != '\t', " ").trim())
            }
            None => repairs.push("no_colon"),
        }
    }
    Some((start, fields, body))
}

enum BadStart {
    Uri,
    Version,
}

/// `None`: this is not SIP at all.
fn read_start(line: &str) -> Option<Result<Start, BadStart>> {
    let line = line.trim();
    if line.get(..4).is_some_and(|p| p.eq_ignore_ascii_case("SIP/")) {
        let code = line.split_whitespace().nth(1)?.parse().ok().filter(|code| (100..700).contains(code))?;
        return Some(Ok(Start::Response { code, line: line.to_owned() }));
    }
    let (method, rest) = line.split_once([' ', '\t'])?;
    let (uri, version) = rest.trim().rsplit_once([' ', '\t'])?;
    let (method, uri) = (method.to_owned(), uri.trim().to_owned());
    if !version.get(..4).is_some_and(|p| p.eq_ignore_ascii_case("SIP/")) {
        return None;
    }
    Some(if !version.eq_ignore_ascii_case("SIP/2.0") {
        Err(BadStart::Version)
    } else if uri.is_empty()
        || uri.contains(|c: char| c.is_whitespace() || c.is_control() || matches!(c, '<' | '>' | '"'))
        || !uri.contains(':')
    {
        Err(BadStart::Uri)
    } else {
        Ok(Start::Request { method, uri })
    })
}

/// Methods the stack can take apart; all but those of `ALLOW` are refused later, by admission.
fn is_known(method: &str) -> bool {
    const KNOWN: [&str; 14] = [
        "INVITE",
        "ACK",
        "BYE",
        "CANCEL",
        "OPTIONS",
        "INFO",
        "UPDATE",
        "PRACK",
        "REFER",
        "NOTIFY",
        "SUBSCRIBE",
        "MESSAGE",
        "REGISTER",
        "PUBLISH",
    ];
    KNOWN.contains(&method)
}

fn check_fields(fields: &Fields, start: &Start) -> Result<(), &'static str> {
    for (name, missing) in
        [("From", "Missing From"), ("To", "Missing To"), ("Call-ID", "Missing Call-ID"), ("CSeq", "Missing CSeq")]
    {
        if fields.first(name).is_none_or(str::is_empty) {
            return Err(missing);
        }
    }
    if SINGLE.iter().any(|name| fields.all(name).nth(1).is_some()) {
        return Err("Header Field Given Twice");
    }
    let cseq = fields.first("CSeq").unwrap_or_default();
    let (number, method) = cseq.split_once([' ', '\t']).ok_or("Bad CSeq")?;
    number.parse::<u32>().ok().filter(|number| *number < 1 << 31).ok_or("Bad CSeq")?;
    if let Start::Request { method: requested, .. } = start {
        if method.trim() != requested {
            return Err("CSeq Method Does Not Match");
        }
        if fields.first("Max-Forwards").is_some_and(|hops| hops.parse::<u8>().is_err()) {
            return Err("Bad Max-Forwards");
        }
    }
    if fields.first("From").and_then(|from| parameter(from, "tag")).is_none_or(str::is_empty) {
        return Err("Missing From Tag");
    }
    Ok(())
}

struct Body<'a> {
    octets: &'a [u8],
    repair: Option<&'static str>,
}

enum BadBody {
    TooLarge,
    Length(&'static str),
}

fn take_body<'a>(fields: &Fields, body: &'a [u8], framing: Framing) -> Result<Body<'a>, BadBody> {
    let mut lengths = fields.all("Content-Length");
    let Some(text) = lengths.next() else {
        return match framing {
            Framing::Datagram => Ok(Body { octets: body, repair: Some("content_length") }),
            Framing::Stream => Err(BadBody::Length("Missing Content-Length")),
        };
    };
    if lengths.any(|other| other != text) {
        return Err(BadBody::Length("Conflicting Content-Length"));
    }
    let length: usize = text.parse().map_err(|_| BadBody::Length("Bad Content-Length"))?;
    if length > MAX_MESSAGE {
        return Err(BadBody::TooLarge);
    }
    // RFC 3261 section 18.3: octets past the body are discarded, a body that ends early is an error.
    let octets = body.get(..length).ok_or(BadBody::Length("Body Shorter Than Content-Length"))?;
    Ok(Body { octets, repair: (octets.len() < body.len()).then_some("excess_octets") })
}

#[cfg(test)]
#[path = "normalise_tests.rs"]
mod tests;
