//! Our own addresses, as each peer is to know them: what stands in Via and Contact.

use super::advertised;
use crate::config::{Listen, Transport};
use std::net::SocketAddr;

/// The listeners with the ports they really have.
#[derive(Debug, Clone)]
pub(crate) struct Locals(pub Vec<Listen>);

impl Locals {
    pub(crate) fn has(&self, transport: Transport) -> bool {
        self.0.iter().any(|listen| listen.transport == transport)
    }

    /// The listener of this transport that `peer` reaches, in the peer's own address family where there is one. Without a listener of this
    /// transport (a trunk that only we connect to) it is another's address: replies come by the connection all the same.
    pub(crate) fn facing(&self, transport: Transport, peer: SocketAddr) -> Option<SocketAddr> {
        let fits = |listen: &&Listen| listen.transport == transport;
        let same_family = |listen: &&Listen| listen.address.is_ipv4() == peer.is_ipv4();
        let listens = || self.0.iter();
        let found = listens()
            .filter(fits)
            .find(same_family)
            .or_else(|| listens().find(fits))
            .or_else(|| listens().find(same_family))
            .or_else(|| listens().next());
        found.map(|listen| advertised(listen.address, peer))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_peer_is_told_the_listener_that_it_reaches() {
        let locals = Locals(
            ["udp://127.0.0.1:5060", "udp://[::1]:5070", "tcp://[::1]:5080"].iter().map(|text| text.parse().unwrap()).collect(),
        );
        for (transport, peer, expected) in [
            (Transport::Udp, "127.0.0.1:9", "127.0.0.1:5060"),
            (Transport::Udp, "[::1]:9", "[::1]:5070"),
            (Transport::Tcp, "[::1]:9", "[::1]:5080"),
            (Transport::Tls, "[::1]:9", "[::1]:5070"),
        ] {
            assert_eq!(locals.facing(transport, peer.parse().unwrap()), Some(expected.parse().unwrap()), "{transport} {peer}");
        }
        assert_eq!(Locals(vec![]).facing(Transport::Udp, "127.0.0.1:9".parse().unwrap()), None);
    }
}
