//! The note that admission leaves on a request for the dialog side: which packet it was, and its Request-URI as written. Pure.
//!
//! It travels as a header field that is removed from everything received and never leaves the process.

use super::Fields;
use crate::config::Transport;
use std::net::SocketAddr;

pub(crate) const HEADER: &str = "X-Siaga-Stamp";

/// Where a message came in.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Source {
    pub transport: Transport,
    pub peer: SocketAddr,
    /// Our own address that the peer reached.
    pub local: SocketAddr,
}

#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Stamp {
    pub source: Source,
    /// The Request-URI as it stands in the request line.
    pub uri: String,
}

impl Stamp {
    pub(crate) fn write(&self, fields: &mut Fields) {
        let Source { transport, peer, local } = self.source;
        fields.set(HEADER, format!("{transport} {peer} {local} {}", self.uri));
    }

    pub(crate) fn read(value: &str) -> Option<Stamp> {
        let mut parts = value.splitn(4, ' ');
        let transport: Transport = parts.next()?.parse().ok()?;
        let source = Source { transport, peer: parts.next()?.parse().ok()?, local: parts.next()?.parse().ok()? };
        Some(Stamp { source, uri: parts.next()?.to_owned() })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stamp_reads_back() {
        let stamp = Stamp {
            source: Source {
                transport: Transport::Tls,
                peer: "[::1]:9".parse().unwrap(),
                local: "127.0.0.1:5060".parse().unwrap(),
            },
            uri: "sip:112;phone-context=x@h".into(),
        };
        let mut fields = Fields::default();
        stamp.write(&mut fields);
        assert_eq!(fields.first(HEADER).and_then(Stamp::read), Some(stamp));
        assert_eq!(Stamp::read("smoke"), None);
    }
}
