//! A proxy or registrar of a carrier, in the ways people write one down. Pure.

use super::Transport;
use serde::{Deserialize, Serialize};
use std::fmt;
use std::net::{IpAddr, SocketAddr};
use std::str::FromStr;

#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Host {
    Address(IpAddr),
    /// Looked up by the system's resolver when it is needed.
    Name(String),
}

/// Where requests to a carrier go: `203.0.113.10:5060`, `udp://`, `tcp://` or `tls://` before it, or a SIP URI such as
/// `sip:sbc.carrier.example;transport=tls`.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Target {
    /// `None`: UDP, or TCP where there is no UDP listener.
    pub transport: Option<Transport>,
    pub host: Host,
    pub port: u16,
}

/// Why a text is no proxy or registrar.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "`{0}` is no proxy or registrar; write for example 203.0.113.10:5060, tls://sbc.carrier.example or sip:sbc.carrier.example;transport=tcp"
)]
pub struct TargetError(String);

impl Target {
    /// The address, where no name has to be looked up.
    pub fn address(&self) -> Option<SocketAddr> {
        match self.host {
            Host::Address(ip) => Some(SocketAddr::new(ip, self.port)),
            Host::Name(_) => None,
        }
    }
}

impl From<SocketAddr> for Target {
    fn from(address: SocketAddr) -> Self {
        Target { transport: None, host: Host::Address(address.ip().to_canonical()), port: address.port() }
    }
}

impl FromStr for Target {
    type Err = TargetError;

    fn from_str(text: &str) -> Result<Self, TargetError> {
        read(text.trim()).ok_or_else(|| TargetError(text.to_owned()))
    }
}

fn read(text: &str) -> Option<Target> {
    if let Some((scheme, rest)) = text.split_once("://") {
        return at(rest.trim_end_matches('/'), Some(scheme.parse().ok()?));
    }
    let lower = text.to_ascii_lowercase();
    let uri = if lower.starts_with("sips:") { text.get(5..) } else { lower.starts_with("sip:").then(|| text.get(4..)).flatten() };
    let Some(uri) = uri else { return at(text, None) };
    let mut transport = lower.starts_with("sips:").then_some(Transport::Tls);
    let mut parts = uri.split(';');
    let place = parts.next()?;
    for (name, value) in parts.filter_map(|parameter| parameter.split_once('=')) {
        // `sips` with `transport=tcp` is TLS over TCP (RFC 3261 section 26.2.2).
        if name.trim().eq_ignore_ascii_case("transport") && transport.is_none() {
            transport = Some(value.trim().parse().ok()?);
        }
    }
    at(place, transport)
}

fn at(place: &str, transport: Option<Transport>) -> Option<Target> {
    let usual = transport.map_or(5060, Transport::default_port);
    if let Ok(address) = place.parse::<SocketAddr>() {
        return (address.port() != 0).then(|| Target { transport, ..Target::from(address) });
    }
    let bare = place.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')).unwrap_or(place);
    if let Ok(ip) = bare.parse::<IpAddr>() {
        return Some(Target { transport, host: Host::Address(ip.to_canonical()), port: usual });
    }
    let (name, port) = match place.split_once(':') {
        Some((name, port)) => (name, port.parse().ok().filter(|port| *port != 0)?),
        None => (place, usual),
    };
    let good = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_');
    // Digits and dots alone are a mistyped address.
    let is_name =
        !name.is_empty() && name.len() <= 253 && name.chars().all(good) && name.chars().any(|c| c.is_ascii_alphabetic());
    is_name.then(|| Target { transport, host: Host::Name(name.to_ascii_lowercase()), port })
}

impl fmt::Display for Host {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Host::Address(IpAddr::V6(ip)) => write!(f, "[{ip}]"),
            Host::Address(ip) => ip.fmt(f),
            Host::Name(name) => name.fmt(f),
        }
    }
}

impl fmt::Display for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(transport) = self.transport {
            write!(f, "{transport}://")?;
        }
        write!(f, "{}:{}", self.host, self.port)
    }
}

impl TryFrom<String> for Target {
    type Error = TargetError;
    fn try_from(text: String) -> Result<Self, TargetError> {
        text.parse()
    }
}

impl From<Target> for String {
    fn from(target: Target) -> String {
        target.to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn every_way_of_writing_a_proxy_is_read() {
        for (text, written) in [
            ("203.0.113.10:5060", "203.0.113.10:5060"),
            ("203.0.113.10", "203.0.113.10:5060"),
            ("[2001:db8::1]:5070", "[2001:db8::1]:5070"),
            ("2001:db8::1", "[2001:db8::1]:5060"),
            ("udp://203.0.113.10:5060", "udp://203.0.113.10:5060"),
            ("tls://sbc.carrier.example", "tls://sbc.carrier.example:5061"),
            ("TLS://SBC.carrier.example:5071/", "tls://sbc.carrier.example:5071"),
            ("sip:sbc.carrier.example:5061;transport=TLS", "tls://sbc.carrier.example:5061"),
            ("sip:203.0.113.10;lr;transport=tcp", "tcp://203.0.113.10:5060"),
            ("sip:[2001:db8::1];transport=tls", "tls://[2001:db8::1]:5061"),
            ("sip:sbc.carrier.example", "sbc.carrier.example:5060"),
            ("sips:sbc.carrier.example;transport=tcp", "tls://sbc.carrier.example:5061"),
            ("::ffff:192.0.2.1", "192.0.2.1:5060"),
        ] {
            let target: Target = text.parse().unwrap();
            assert_eq!(target.to_string(), written, "{text}");
            assert_eq!(target.to_string().parse::<Target>().unwrap(), target);
        }
    }

    #[test]
    fn what_is_no_proxy_is_said() {
        for text in ["", "http://h", "sip:", "sip:user@host", "300.1.1.1", "host:port", "host:0", "10.0.0.1:0", "ws://h", "a b"] {
            assert!(text.parse::<Target>().is_err(), "{text}");
        }
    }

    proptest! {
        #[test]
        fn no_text_makes_it_panic(text in "\\PC{0,60}") {
            let _ = text.parse::<Target>();
        }
    }
}
