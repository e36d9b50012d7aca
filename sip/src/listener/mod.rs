//! Sockets and what they receive. UDP and TCP alike are read by us, so that every message is repaired and judged before the SIP stack has it.

mod framing;
mod ingress;
pub(crate) mod normalise;
mod tcp;
mod udp;

pub(crate) use ingress::Ingress;
pub(crate) use tcp::{TcpListening, bind as bind_tcp};
pub(crate) use udp::{UdpSockets, bind as bind_udp};

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, UdpSocket};

/// Our address as `peer` reaches it: `local`, with the route's address in place of an unspecified one.
pub(crate) fn advertised(local: SocketAddr, peer: SocketAddr) -> SocketAddr {
    if !local.ip().is_unspecified() {
        return local;
    }
    let any = match peer.ip() {
        IpAddr::V4(_) => IpAddr::V4(Ipv4Addr::UNSPECIFIED),
        IpAddr::V6(_) => IpAddr::V6(Ipv6Addr::UNSPECIFIED),
    };
    // Connecting a UDP socket sends nothing; it only asks the routing table.
    let routed = UdpSocket::bind((any, 0)).and_then(|socket| socket.connect(peer).and_then(|()| socket.local_addr()));
    routed.map_or(local, |address| SocketAddr::new(address.ip(), local.port()))
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
