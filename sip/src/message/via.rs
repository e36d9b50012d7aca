//! The topmost Via of a received request: where the reply goes (RFC 3261 section 18.2, RFC 3581). Pure.

use crate::config::Transport;
use std::net::{IpAddr, SocketAddr};

/// Writes the packet's true source into the topmost Via: `received` where it differs from what the sender claims, `rport` where it was asked for.
/// Whatever the sender wrote there itself is removed. `None`: the value is no Via.
pub(crate) fn stamp(value: &str, source: SocketAddr) -> Option<String> {
    let (top, others) = split_top(value);
    let (sent, parameters) = top.split_once(';').map_or((top, None), |(sent, rest)| (sent, Some(rest)));
    let sent = sent.trim();
    let by = sent_by(sent)?;
    // Spaces are allowed almost everywhere in a Via and understood almost nowhere.
    let mut out = format!("SIP/2.0/{} {}", by.transport, by.text);
    let mut wants_port = false;
    for parameter in parameters.into_iter().flat_map(|all| all.split(';')) {
        let parameter: String = parameter.split_whitespace().collect();
        let name = parameter.split('=').next().unwrap_or(&parameter);
        if name.eq_ignore_ascii_case("rport") {
            wants_port = true;
        } else if !parameter.is_empty() && !name.eq_ignore_ascii_case("received") {
            out.push(';');
            out.push_str(&parameter);
        }
    }
    let ip = source.ip().to_canonical();
    if wants_port || by.address != Some(ip) {
        out.push_str(&format!(";received={ip}"));
    }
    if wants_port {
        out.push_str(&format!(";rport={}", source.port()));
    }
    if let Some(others) = others {
        out.push(',');
        out.push_str(others);
    }
    Some(out)
}

/// A list of Via as the stack reads it: each entry without the spaces that RFC 3261 allows almost everywhere in it. What is no Via stays.
pub(crate) fn tidied(value: &str) -> String {
    super::entries(value).map(|entry| tidied_entry(entry.trim())).collect::<Vec<_>>().join(", ")
}

fn tidied_entry(entry: &str) -> String {
    let mut parts = entry.split(';');
    let Some(by) = parts.next().and_then(|sent| sent_by(sent.trim())) else { return entry.to_owned() };
    let mut out = format!("SIP/2.0/{} {}", by.transport, by.text);
    for parameter in
        parts.map(|parameter| parameter.split_whitespace().collect::<String>()).filter(|parameter| !parameter.is_empty())
    {
        out.push(';');
        out.push_str(&parameter);
    }
    out
}

/// Where a reply over UDP goes: the source address, at the source port if `rport` was asked for, else at the port of sent-by.
pub(crate) fn reply_to(value: &str, source: SocketAddr) -> SocketAddr {
    let (top, _) = split_top(value);
    let mut parts = top.split(';');
    let by = parts.next().and_then(|sent| sent_by(sent.trim()));
    let asked = parts.any(|p| p.split('=').next().is_some_and(|name| name.trim().eq_ignore_ascii_case("rport")));
    match by {
        Some(by) if !asked => SocketAddr::new(source.ip(), by.port.unwrap_or(5060)),
        _ => source,
    }
}

/// Where a response goes that cannot go by the connection of its request: to the true source, at the port that the topmost Via names. The Via is one
/// of [`stamp`].
pub(crate) fn return_address(value: &str, transport: Transport) -> Option<SocketAddr> {
    let (top, _) = split_top(value);
    let mut parts = top.split(';');
    let by = sent_by(parts.next()?.trim())?;
    let received = parts.find_map(|p| p.split_once('=').filter(|(name, _)| name.trim().eq_ignore_ascii_case("received")));
    let ip = match received {
        Some((_, ip)) => ip.trim().trim_matches(['[', ']']).parse().ok()?,
        None => by.address?,
    };
    Some(SocketAddr::new(ip, by.port.unwrap_or(transport.default_port())))
}

/// The branch of the topmost Via.
pub(crate) fn branch(value: &str) -> Option<&str> {
    let (top, _) = split_top(value);
    top.split(';').skip(1).find_map(|p| {
        let (name, branch) = p.split_once('=')?;
        name.trim().eq_ignore_ascii_case("branch").then(|| branch.trim())
    })
}

/// Begins every branch of RFC 3261 (section 8.1.1.7).
pub(crate) const MAGIC_COOKIE: &str = "z9hG4bK";

/// The value with a branch in its topmost Via, which has none.
pub(crate) fn with_branch(value: &str, branch: &str) -> String {
    // Right after the sent-by, where `stamp` leaves it: what it writes comes last.
    let end = value.find([';', ',']).unwrap_or(value.len());
    let (sent, rest) = value.split_at(end);
    format!("{sent};branch={branch}{rest}")
}

fn split_top(value: &str) -> (&str, Option<&str>) {
    super::split_outside(value, ',')
}

struct SentBy<'a> {
    transport: String,
    text: &'a str,
    /// `None` for a host name.
    address: Option<IpAddr>,
    port: Option<u16>,
}

/// Takes `SIP/2.0/UDP host:port` apart.
fn sent_by(sent: &str) -> Option<SentBy<'_>> {
    let (protocol, by) = sent.rsplit_once([' ', '\t'])?;
    let protocol: String = protocol.split_whitespace().collect();
    let mut parts = protocol.split('/');
    let (name, version, transport) = (parts.next()?, parts.next()?, parts.next()?);
    if !name.eq_ignore_ascii_case("SIP") || version != "2.0" || transport.is_empty() || parts.next().is_some() {
        return None;
    }
    let by = by.trim();
    let (host, port) = match by.strip_prefix('[') {
        Some(rest) => {
            let (host, rest) = rest.split_once(']')?;
            (host, rest.strip_prefix(':'))
        }
        None => by.split_once(':').map_or((by, None), |(host, port)| (host, Some(port))),
    };
    let port = match port {
        // Nothing can be sent to port 0.
        Some(port) => Some(port.parse().ok().filter(|port| *port != 0)?),
        None => None,
    };
    (!host.is_empty()).then(|| SentBy { transport: transport.to_ascii_uppercase(), text: by, address: host.parse().ok(), port })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn source() -> SocketAddr {
        "192.0.2.7:40000".parse().unwrap()
    }

    #[test]
    fn the_true_source_replaces_what_the_sender_claims() {
        for (value, expected) in [
            ("SIP/2.0/UDP 10.0.0.1:5060;branch=z9hG4bK1", "SIP/2.0/UDP 10.0.0.1:5060;branch=z9hG4bK1;received=192.0.2.7"),
            ("SIP/2.0/UDP 192.0.2.7:5062;branch=z9hG4bK1", "SIP/2.0/UDP 192.0.2.7:5062;branch=z9hG4bK1"),
            ("SIP/2.0/UDP 192.0.2.7;rport;branch=a", "SIP/2.0/UDP 192.0.2.7;branch=a;received=192.0.2.7;rport=40000"),
            (
                "SIP/2.0/UDP h;received=1.1.1.1;rport=9;branch=a, SIP/2.0/TCP p",
                "SIP/2.0/UDP h;branch=a;received=192.0.2.7;rport=40000, SIP/2.0/TCP p",
            ),
            ("SIP / 2.0 / UDP 10.0.0.1 ; branch = a", "SIP/2.0/UDP 10.0.0.1;branch=a;received=192.0.2.7"),
        ] {
            assert_eq!(stamp(value, source()).as_deref(), Some(expected), "{value}");
        }
    }

    #[test]
    fn a_response_finds_its_way_without_the_connection_of_its_request() {
        for (value, expected) in [
            ("SIP/2.0/TLS 10.0.0.1:5071;branch=a;received=192.0.2.7;rport=40000, SIP/2.0/UDP p", Some("192.0.2.7:5071")),
            ("SIP/2.0/TLS sbc.example;branch=a;received=192.0.2.7", Some("192.0.2.7:5061")),
            ("SIP/2.0/TLS [2001:db8::1]:5061;branch=a;received=[2001:db8::7]", Some("[2001:db8::7]:5061")),
            ("SIP/2.0/TLS 192.0.2.7;branch=a", Some("192.0.2.7:5061")),
            ("SIP/2.0/TLS sbc.example;branch=a", None),
        ] {
            assert_eq!(return_address(value, Transport::Tls), expected.map(|text| text.parse().unwrap()), "{value}");
        }
    }

    #[test]
    fn spaces_in_a_list_are_taken_out() {
        let value =
            "SIP  / 2.0  / TCP     h.example   ; branch  =   z9hG4bKa  , SIP  /    2.0   / UDP  10.0.0.1   ; branch= z9hG4bKb;";
        let tidy = "SIP/2.0/TCP h.example;branch=z9hG4bKa, SIP/2.0/UDP 10.0.0.1;branch=z9hG4bKb";
        assert_eq!((tidied(value).as_str(), tidied(tidy).as_str()), (tidy, tidy));
        assert_eq!(tidied("HTTP/1.1 h ; x"), "HTTP/1.1 h ; x");
    }

    #[test]
    fn what_is_no_via_is_recognised() {
        for value in [
            "",
            "SIP/2.0/UDP",
            "SIP/7.0/UDP host",
            "HTTP/1.1 host",
            "SIP/2.0/UDP host:port",
            "SIP/2.0/UDP 10.0.0.9:0",
            "SIP/2.0/UDP [::1",
        ] {
            assert_eq!(stamp(value, source()), None, "{value}");
        }
    }

    #[test]
    fn a_reply_goes_to_the_source_port_only_when_asked() {
        assert_eq!(reply_to("SIP/2.0/UDP 10.0.0.1:5070;branch=a", source()), "192.0.2.7:5070".parse().unwrap());
        assert_eq!(reply_to("SIP/2.0/UDP 10.0.0.1;branch=a", source()), "192.0.2.7:5060".parse().unwrap());
        assert_eq!(reply_to("SIP/2.0/UDP 10.0.0.1:5070;rport;branch=a", source()), source());
    }

    #[test]
    fn the_branch_is_the_topmost() {
        assert_eq!(branch("SIP/2.0/UDP a;rport;branch=z9hG4bK-1;x, SIP/2.0/UDP b;branch=2"), Some("z9hG4bK-1"));
        assert_eq!(branch("SIP/2.0/UDP a"), None);
    }
}
