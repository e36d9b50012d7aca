//! Which servers a trunk's callers may point to. Pure.

use std::fmt;
use std::str::FromStr;

/// A host, written `lis.carrier.example` (at the usual port of HTTPS or SIP) or `lis.carrier.example:8443`; an IPv6 address in brackets.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct AllowedServer {
    /// In lower case.
    host: String,
    /// `None`: the usual one of whatever it is asked by.
    port: Option<u16>,
}

/// Why a setting of location servers cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ServerError {
    /// A scheme, a path or a wildcard, or no host at all.
    #[error("`{0}` is no server; write its host name, and its port if that is not the usual one: lis.carrier.example:8443")]
    Host(String),
    /// The file of authorities has no certificate that can be read.
    #[error("the certificates of the location servers' authorities cannot be read; give them in PEM")]
    Certificate,
}

impl FromStr for AllowedServer {
    type Err = ServerError;

    fn from_str(text: &str) -> Result<Self, ServerError> {
        let wrong = || ServerError::Host(text.into());
        let text = text.trim();
        let (host, port) = match text.rsplit_once(':') {
            // The last colon of an IPv6 address is inside of its brackets.
            Some((host, port)) if !port.contains(']') => {
                (host, Some(port.parse().ok().filter(|port| *port != 0).ok_or_else(wrong)?))
            }
            _ => (text, None),
        };
        let bare = host.strip_prefix('[').and_then(|host| host.strip_suffix(']'));
        let sound = match bare {
            Some(address) => address.parse::<std::net::Ipv6Addr>().is_ok(),
            None => !host.is_empty() && host.chars().all(|c| c.is_ascii_alphanumeric() || "-.".contains(c)),
        };
        if sound { Ok(AllowedServer { host: host.to_ascii_lowercase(), port }) } else { Err(wrong()) }
    }
}

impl fmt::Display for AllowedServer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.port {
            Some(port) => write!(f, "{}:{port}", self.host),
            None => f.write_str(&self.host),
        }
    }
}

impl AllowedServer {
    /// A host matches as a whole: a part of a name is another name. `usual` is the port where none is written.
    pub(crate) fn is(&self, host: &str, port: u16, usual: u16) -> bool {
        self.port.unwrap_or(usual) == port && self.host.eq_ignore_ascii_case(host.trim_end_matches('.'))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_server_reads_back_as_written() {
        for (text, shown) in [
            ("lis.carrier.example", "lis.carrier.example"),
            ("LIS.example:8443", "lis.example:8443"),
            ("[2001:db8::1]", "[2001:db8::1]"),
            ("[::1]:8443", "[::1]:8443"),
            ("10.0.0.1", "10.0.0.1"),
        ] {
            assert_eq!(text.parse::<AllowedServer>().unwrap().to_string(), shown);
        }
        for text in [
            "",
            "https://lis.example",
            "lis.example/x",
            "*.example",
            "lis.example:0",
            "lis.example:x",
            "2001:db8::1",
            "[::1",
            "a b",
        ] {
            assert!(text.parse::<AllowedServer>().is_err(), "{text}");
        }
    }

    #[test]
    fn only_the_whole_name_at_the_very_port_is_it() {
        let server: AllowedServer = "lis.example".parse().unwrap();
        assert!(server.is("LIS.example", 443, 443) && server.is("lis.example.", 5060, 5060));
        for (host, port) in
            [("lis.example", 8443), ("evil-lis.example", 443), ("lis.example.evil", 443), ("example", 443), ("", 443)]
        {
            assert!(!server.is(host, port, 443), "{host}:{port}");
        }
    }
}
