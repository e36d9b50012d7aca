//! Host names that stand for a way to a peer. Pure.
//!
//! The SIP stack connects by itself to any address that it does not know, and reads such a connection with its own reader. It asks us about
//! host names only. So it never gets the address of a peer behind a stream, but such a name, and asks us when it has something to send.

use std::net::{IpAddr, Ipv6Addr, SocketAddr};

const SUFFIX: &str = ".flow.siaga.invalid";

/// Where a request over a stream goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Way {
    /// Where the peer wants it.
    pub to: SocketAddr,
    /// A connection that the peer itself has used, good enough if `to` has none.
    pub or: Option<SocketAddr>,
}

impl Way {
    pub(crate) fn name(self) -> String {
        let or = self.or.filter(|or| *or != self.to).map(|or| format!(".{}", label(or))).unwrap_or_default();
        format!("{}{or}{SUFFIX}", label(self.to))
    }

    /// `None`: this is a name like any other.
    pub(crate) fn read(name: &str) -> Option<Way> {
        let labels = name.strip_suffix(SUFFIX)?;
        let (to, or) = labels.split_once('.').map_or((labels, None), |(to, or)| (to, Some(or)));
        let or = match or {
            Some(or) => Some(address(or)?),
            None => None,
        };
        Some(Way { to: address(to)?, or })
    }
}

fn label(address: SocketAddr) -> String {
    match address.ip() {
        IpAddr::V4(ip) => format!("a{:08x}-{}", ip.to_bits(), address.port()),
        IpAddr::V6(ip) => format!("b{:032x}-{}", ip.to_bits(), address.port()),
    }
}

fn address(label: &str) -> Option<SocketAddr> {
    let (ip, port) = label.split_once('-')?;
    let port = port.parse().ok()?;
    let ip: IpAddr = match ip.split_at_checked(1)? {
        ("a", hex) => std::net::Ipv4Addr::from_bits(u32::from_str_radix(hex, 16).ok()?).into(),
        ("b", hex) => Ipv6Addr::from_bits(u128::from_str_radix(hex, 16).ok()?).into(),
        _ => return None,
    };
    Some(SocketAddr::new(ip, port))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn every_way_reads_back(to: SocketAddr, or: Option<SocketAddr>) {
            // Scope and flow of an IPv6 address mean nothing elsewhere.
            let plain = |address: SocketAddr| SocketAddr::new(address.ip(), address.port());
            let (to, or) = (plain(to), or.map(plain).filter(|or| *or != plain(to)));
            prop_assert_eq!(Way::read(&Way { to, or }.name()), Some(Way { to, or }));
        }

        #[test]
        fn no_name_makes_it_panic(name in "\\PC{0,40}") {
            let _ = Way::read(&name);
            let _ = Way::read(&format!("{name}{SUFFIX}"));
        }
    }
}
