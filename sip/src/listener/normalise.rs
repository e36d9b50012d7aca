//! Repair and judgement of received octets before the SIP stack sees them. Pure: octets in, [`Outcome`] out.
//!
//! The stack loses or drops in silence what real trunks send: Latin-1, bare LF, no Content-Length, unknown methods. A trunk must always hear an
//! answer where one is possible (RFC 3261 section 8.2, RFC 4475), so what cannot be repaired is refused here.

use crate::message::reply::{ALLOW, phrase, reply};
use crate::message::{Fields, Message, NO_TAG, SINGLE, Start, entries, has_open_quote, long_name, parameter, stamp, tidied, via};
use std::hash::{DefaultHasher, Hash, Hasher};
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
            // Another version of SIP may write its Via otherwise; it is to hear that all the same.
            None if matches!(start, Err(BadStart::Version)) => {}
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
    if matches!(start, Start::Request { .. }) && modernise(&mut fields) {
        repairs.push("rfc2543");
    }
    if let Err(text) = check_fields(&fields, &start) {
        return refuse(&fields, 400, text, "fields", &[]);
    }
    tidy(&mut fields);
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

/// Takes out the spaces that RFC 3261 allows and the stack does not understand (RFC 4475 section 3.1.1.1).
fn tidy(fields: &mut Fields) {
    for (name, value) in &mut fields.0 {
        match name.to_ascii_lowercase().as_str() {
            "from" | "to" => *value = tidied(value),
            "via" => *value = via::tidied(value),
            "cseq" => {
                let words: Vec<&str> = value.split_whitespace().collect();
                *value = words.join(" ");
            }
            _ => {}
        }
    }
}

/// Gives a request in the manner of RFC 2543 (without the branch of RFC 3261 section 8.1.1.7) what the stack needs: a branch, and a From tag.
/// Both depend on the request alone, so that retransmissions, ACK and CANCEL find their INVITE (RFC 3261 section 17.2.3).
fn modernise(fields: &mut Fields) -> bool {
    let branch = fields.first("Via").and_then(via::branch).unwrap_or_default().to_owned();
    if branch.starts_with(via::MAGIC_COOKIE) {
        return false;
    }
    let mut changed = false;
    if branch.is_empty() {
        let mut hasher = DefaultHasher::new();
        for name in ["Via", "From", "Call-ID"] {
            fields.first(name).hash(&mut hasher);
        }
        fields.first("CSeq").and_then(|cseq| cseq.split_whitespace().next()).hash(&mut hasher);
        let made = format!("{}{:016x}", via::MAGIC_COOKIE, hasher.finish());
        if let Some(top) = fields.first_mut("Via") {
            *top = via::with_branch(top, &made);
            changed = true;
        }
    }
    if let Some(from) = fields.first_mut("From").filter(|from| !from.is_empty() && parameter(from, "tag").is_none()) {
        from.push_str(NO_TAG);
        changed = true;
    }
    changed
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
        || !has_host(&uri)
    {
        Err(BadStart::Uri)
    } else {
        Ok(Start::Request { method, uri })
    })
}

/// Whether the host of a SIP URI is one: an IPv6 address needs its brackets (RFC 5118 section 4.2), a port is a number.
fn has_host(uri: &str) -> bool {
    let Some((scheme, rest)) = uri.split_once(':') else { return false };
    if !scheme.eq_ignore_ascii_case("sip") && !scheme.eq_ignore_ascii_case("sips") {
        return true;
    }
    let host = rest.rsplit_once('@').map_or(rest, |(_, host)| host);
    let host = host.split([';', '?']).next().unwrap_or_default();
    let (name, port) = match host.strip_prefix('[') {
        Some(rest) => match rest.split_once(']') {
            Some((name, port)) => (name, port.strip_prefix(':').or(port.is_empty().then_some("0"))),
            None => return false,
        },
        None => host.split_once(':').map_or((host, Some("0")), |(name, port)| (name, Some(port))),
    };
    !name.is_empty() && port.is_some_and(|port| port.parse::<u16>().is_ok())
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
    // RFC 4475 section 3.1.2.6: nobody can say where the name ends and the address begins.
    if ["From", "To"].iter().any(|name| fields.first(name).is_some_and(has_open_quote)) {
        return Err("Unbalanced Quotes");
    }
    // RFC 4475 section 3.1.2.1
    if fields.all("Via").flat_map(entries).any(|via| via.trim_start().is_empty() || via.trim_start().starts_with(';')) {
        return Err("Empty Via");
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
