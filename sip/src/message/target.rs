//! Remote targets in disguise: what `rsipstack` is shown in place of a peer's Contact, and how the Contact comes back. Pure.
//!
//! The stack sends in-dialog requests to the address in the Contact, which behind NAT is nobody's, and it escapes a Contact's percent-escapes a
//! second time. So it never sees the Contact: it gets the URI of an address that is reachable, with the Contact in hexadecimal as a parameter,
//! and [`reveal`] puts the Contact into the request line when the request leaves. So it is with the proxy that requests go to first.

use crate::config::Transport;
use crate::listener::Way;
use crate::message::entries;
use std::net::SocketAddr;

pub(crate) const PARAMETER: &str = "siaga-target";
/// Says behind a disguised Contact that the message had none.
const INVENTED: &str = ";siaga-invented";

/// The disguised Contact field value. `way.to` is where requests for `contact` are to be sent. What goes by a connection gets a host name for
/// its way (see `listener::names`).
pub(crate) fn disguise(contact: &str, way: Way, transport: Transport) -> String {
    let hex: String = contact.bytes().map(|byte| format!("{byte:02x}")).collect();
    if transport.is_stream() {
        format!("<sip:{}:{};transport={transport};{PARAMETER}={hex}>", way.name(), way.to.port())
    } else {
        format!("<sip:{};{PARAMETER}={hex}>", way.to)
    }
}

/// The same for a proxy on the way (a Record-Route entry), which keeps what stands behind its URI.
pub(crate) fn disguise_route(entry: &str, uri: &str, way: Way, transport: Transport) -> String {
    let rest = entry.split_once('>').map_or("", |(_, rest)| rest);
    let disguised = disguise(uri, way, transport);
    format!("{};lr>{rest}", disguised.trim_end_matches('>'))
}

/// A Route or Record-Route field value with what its entries stand for. `None`: nothing in it is disguised.
pub(crate) fn reveal_routes(value: &str) -> Option<String> {
    if !value.contains(PARAMETER) {
        return None;
    }
    let revealed = entries(value).map(|entry| {
        let (uri, rest) = entry.trim().strip_prefix('<').and_then(|entry| entry.split_once('>')).unzip();
        match uri.and_then(reveal) {
            Some(uri) => format!("<{uri}>{}", rest.unwrap_or_default()),
            None => entry.trim().to_owned(),
        }
    });
    Some(revealed.collect::<Vec<_>>().join(", "))
}

/// The disguised Contact field value for a message without a Contact: requests go back to where it came from.
pub(crate) fn invent(own: &str, way: Way, transport: Transport) -> String {
    disguise(own, way, transport) + INVENTED
}

/// Whether a Contact field value stands for none: it moves no target that is known (RFC 3261 section 12.2).
pub(crate) fn is_invented(contact: &str) -> bool {
    contact.ends_with(INVENTED)
}

/// The Contact that a URI stands for, if it is a disguised one.
pub(crate) fn reveal(uri: &str) -> Option<String> {
    let (_, rest) = uri.split_once(';')?;
    let hex = rest.split(';').find_map(|p| p.strip_prefix(PARAMETER)?.strip_prefix('='))?;
    let digits: Option<Vec<u8>> = hex.chars().map(|c| c.to_digit(16).and_then(|d| u8::try_from(d).ok())).collect();
    let octets = digits?.chunks(2).map(|pair| pair.iter().fold(0, |value, digit| value * 16 + digit)).collect();
    String::from_utf8(octets).ok().filter(|text| !text.chars().any(|c| c.is_control() || c == ' '))
}

/// The address a Contact URI names, if it names one (a host name does not), with the default port of its transport (RFC 3261 section 19.1.2).
pub(crate) fn address(uri: &str) -> Option<SocketAddr> {
    let (scheme, rest) = uri.split_once(':')?;
    let secure = scheme.eq_ignore_ascii_case("sips");
    if !secure && !scheme.eq_ignore_ascii_case("sip") {
        return None;
    }
    let by_tls = |p: &str| p.split_once('=').is_some_and(|(name, value)| is(name, "transport") && is(value, "tls"));
    let port = if secure || rest.split([';', '?']).skip(1).any(by_tls) { 5061 } else { 5060 };
    let host = rest.rsplit_once('@').map_or(rest, |(_, host)| host);
    let host = host.split([';', '?']).next()?;
    if let Ok(address) = host.parse() {
        return Some(address);
    }
    let ip = host.strip_prefix('[').and_then(|h| h.strip_suffix(']')).unwrap_or(host).parse().ok()?;
    Some(SocketAddr::new(ip, port))
}

fn is(one: &str, other: &str) -> bool {
    one.trim().eq_ignore_ascii_case(other)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn an_address_is_read_from_a_contact() {
        for (uri, expected) in [
            ("sip:a@10.0.0.1:5070;ob", Some("10.0.0.1:5070")),
            ("sip:10.0.0.1", Some("10.0.0.1:5060")),
            ("sip:a%23b@[::1]", Some("[::1]:5060")),
            ("sip:a@[::1]:5071?x=y", Some("[::1]:5071")),
            ("sip:a@host.example", None),
            ("sip:10.0.0.1;Transport=TLS;lr", Some("10.0.0.1:5061")),
            ("sip:10.0.0.1:5070;transport=tls", Some("10.0.0.1:5070")),
            ("sips:a@10.0.0.1", Some("10.0.0.1:5061")),
            ("tel:112", None),
        ] {
            assert_eq!(address(uri), expected.map(|text| text.parse().unwrap()), "{uri}");
        }
    }

    #[test]
    fn a_proxy_in_disguise_comes_back_among_others_with_what_stands_behind_it() {
        let (near, far) = ("<sip:near.example;transport=tls;lr=on>;x=y", "<sip:far@198.51.100.7;lr>");
        let way = Way { to: "192.0.2.1:5061".parse().unwrap(), or: None };
        for transport in [Transport::Udp, Transport::Tls] {
            let hidden = disguise_route(near, "sip:near.example;transport=tls;lr=on", way, transport);
            assert!(!hidden.contains("near.example") && hidden.ends_with(";lr>;x=y"), "{hidden}");
            assert_eq!(reveal_routes(&format!("{hidden}, {far}")), Some(format!("{near}, {far}")));
        }
        assert_eq!(reveal_routes(far), None);
    }

    proptest! {
        #[test]
        fn every_contact_comes_back_as_it_was(user in "[a-zA-Z0-9%;=+.-]{0,40}") {
            let contact = format!("sip:{user}@10.0.0.1;lr");
            for transport in [Transport::Udp, Transport::Tcp, Transport::Tls] {
                let way = Way { to: "192.0.2.1:5060".parse().unwrap(), or: Some("[2001:db8::1]:40000".parse().unwrap()) };
                let disguised = disguise(&contact, way, transport);
                prop_assert_eq!(reveal(disguised.trim_matches(['<', '>'])), Some(contact.clone()));
            }
        }

        #[test]
        fn no_uri_makes_it_panic(uri in "\\PC*") {
            let _ = reveal(&uri);
            let _ = address(&uri);
        }
    }
}
