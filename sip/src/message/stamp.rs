//! The note that admission leaves on a request for the dialog side: which packet it was, and its Request-URI as written. Pure.
//!
//! It travels as a header field that is removed from everything received and never leaves the process.

use super::Fields;
use crate::config::{PhoneName, Transport};
use std::net::SocketAddr;

pub(crate) const HEADER: &str = "X-Siaga-Stamp";
/// In the place of a phone's name, which is never this.
const NOBODY: &str = "-";

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
    /// The desk phone that has proved to be the sender.
    pub phone: Option<PhoneName>,
    /// The Request-URI as it stands in the request line.
    pub uri: String,
}

impl Stamp {
    pub(crate) fn write(&self, fields: &mut Fields) {
        let Source { transport, peer, local } = self.source;
        let phone = self.phone.as_ref().map_or(NOBODY, |phone| phone.0.as_str());
        fields.set(HEADER, format!("{transport} {peer} {local} {phone} {}", self.uri));
    }

    pub(crate) fn read(value: &str) -> Option<Stamp> {
        let mut parts = value.splitn(5, ' ');
        let transport: Transport = parts.next()?.parse().ok()?;
        let source = Source { transport, peer: parts.next()?.parse().ok()?, local: parts.next()?.parse().ok()? };
        let phone = Some(parts.next()?).filter(|phone| *phone != NOBODY).map(PhoneName::from);
        Some(Stamp { source, phone, uri: parts.next()?.to_owned() })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stamp_reads_back() {
        for phone in [None, Some(PhoneName::from("meja-1"))] {
            let stamp = Stamp {
                source: Source {
                    transport: Transport::Tls,
                    peer: "[::1]:9".parse().unwrap(),
                    local: "127.0.0.1:5060".parse().unwrap(),
                },
                phone,
                uri: "sip:112;phone-context=x@h".into(),
            };
            let mut fields = Fields::default();
            stamp.write(&mut fields);
            assert_eq!(fields.first(HEADER).and_then(Stamp::read), Some(stamp));
        }
        assert_eq!(Stamp::read("smoke"), None);
    }
}
