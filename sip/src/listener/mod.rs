//! Sockets and what they receive. UDP, TCP and TLS alike are read by us, so that every message is repaired and judged before the SIP stack has it.

mod beside;
mod connection;
mod flows;
mod framing;
mod ingress;
mod late;
mod locals;
mod names;
pub(crate) mod normalise;
mod renewal;
mod shown;
mod stun;
mod tcp;
mod tls;
mod udp;

pub(crate) use beside::Looks;
pub(crate) use flows::Flows;
#[cfg(feature = "fuzzing")]
pub(crate) use framing::{Frame, Framer};
pub(crate) use ingress::{Ingress, refusals};
pub(crate) use locals::Locals;
pub(crate) use names::Way;
pub(crate) use renewal::Certificates;
#[cfg(feature = "fuzzing")]
pub(crate) use shown::for_the_stack;
pub(crate) use tcp::{Places, Reception, StreamListening, bind as bind_streams};
pub(crate) use udp::{UdpSockets, bind as bind_udp};

use crate::config::Listen;
use socket2::Socket;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, UdpSocket};

/// Our address as `peer` reaches it: `local`, with the route's address in place of an unspecified one.
pub(crate) fn advertised(local: SocketAddr, peer: SocketAddr) -> SocketAddr {
    if !local.ip().is_unspecified() {
        return local;
    }
    routed(peer).map_or(local, |ip| SocketAddr::new(ip, local.port()))
}

/// Our address on the way to `peer`.
fn routed(peer: SocketAddr) -> Option<IpAddr> {
    let any = match peer.ip() {
        IpAddr::V4(_) => IpAddr::V4(Ipv4Addr::UNSPECIFIED),
        IpAddr::V6(_) => IpAddr::V6(Ipv6Addr::UNSPECIFIED),
    };
    // Connecting a UDP socket sends nothing; it only asks the routing table.
    let address = UdpSocket::bind((any, 0)).and_then(|socket| socket.connect(peer).and_then(|()| socket.local_addr()));
    address.ok().map(|address| address.ip())
}

/// The place of the address, of several in the family of `peer`, by which it is reached: that on the way to it, or else the first.
fn facing(addresses: impl Iterator<Item = SocketAddr>, peer: SocketAddr) -> Option<usize> {
    let family: Vec<(usize, SocketAddr)> =
        addresses.enumerate().filter(|(_, address)| address.is_ipv4() == peer.is_ipv4()).collect();
    let on_the_way = || {
        let ip = routed(peer)?;
        family.iter().find(|(_, address)| address.ip() == ip)
    };
    let found = if family.len() < 2 { None } else { on_the_way() };
    found.or(family.first()).map(|(place, _)| *place)
}

/// Leaves IPv4 to the listener of the same port that was configured for it: an IPv6 socket on `[::]` takes both unless it is told.
fn share_port(socket: &Socket, wanted: &Listen, all: &[Listen]) -> std::io::Result<()> {
    let other = |listen: &Listen| {
        listen.address.is_ipv4()
            && listen.address.port() == wanted.address.port()
            && listen.transport.is_stream() == wanted.transport.is_stream()
    };
    if wanted.address.is_ipv6() && wanted.address.port() != 0 && all.iter().any(other) {
        socket.set_only_v6(true)?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_unspecified_address_is_advertised_as_the_routed_one() {
        let peer = "127.0.0.1:5060".parse().unwrap();
        assert_eq!(advertised("0.0.0.0:5070".parse().unwrap(), peer), "127.0.0.1:5070".parse().unwrap());
        assert_eq!(advertised("192.0.2.1:5070".parse().unwrap(), peer), "192.0.2.1:5070".parse().unwrap());
    }
}
