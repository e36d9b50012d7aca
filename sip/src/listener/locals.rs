//! Our own addresses, as each peer is to know them: what stands in Via and Contact.

use super::{advertised, facing};
use crate::config::{Listen, Transport};
use std::net::SocketAddr;

/// The listeners with the ports they really have.
#[derive(Debug, Clone)]
pub(crate) struct Locals(pub Vec<Listen>);

impl Locals {
    pub(crate) fn has(&self, transport: Transport) -> bool {
        self.0.iter().any(|listen| listen.transport == transport)
    }

    /// Whether there is a listener at this port.
    pub(crate) fn is_one(&self, transport: Transport, port: u16) -> bool {
        self.0.iter().any(|listen| listen.transport == transport && listen.address.port() == port)
    }

    /// The listener of this transport that `peer` reaches, in the peer's own address family where there is one. Without a listener of this
    /// transport (a trunk that only we connect to) it is another's address: replies come by the connection all the same.
    pub(crate) fn facing(&self, transport: Transport, peer: SocketAddr) -> Option<SocketAddr> {
        let fits = |listen: &&Listen| listen.transport == transport;
        let of_transport: Vec<SocketAddr> = self.0.iter().filter(fits).map(|listen| listen.address).collect();
        let all: Vec<SocketAddr> = self.0.iter().map(|listen| listen.address).collect();
        let chosen = |of: &[SocketAddr]| facing(of.iter().copied(), peer).and_then(|place| of.get(place).copied());
        let found = chosen(&of_transport).or(of_transport.first().copied()).or_else(|| chosen(&all)).or(all.first().copied());
        found.map(|address| advertised(address, peer))
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
        let locals = Locals(["udp://127.0.0.2:5060", "udp://127.0.0.1:5070"].iter().map(|text| text.parse().unwrap()).collect());
        let told = |peer: &str| locals.facing(Transport::Udp, peer.parse().unwrap()).map(|address| address.to_string());
        assert_eq!(told("127.0.0.1:9").as_deref(), Some("127.0.0.1:5070"), "the one on the way there, not the first");
        assert_eq!(Locals(vec![]).facing(Transport::Udp, "127.0.0.1:9".parse().unwrap()), None);
    }
}
