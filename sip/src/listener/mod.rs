//! Sockets and what they receive. UDP, TCP and TLS alike are read by us, so that every message is repaired and judged before the SIP stack has it.

mod connection;
mod flows;
mod framing;
mod ingress;
mod locals;
mod names;
pub(crate) mod normalise;
mod renewal;
mod shown;
mod stun;
mod tcp;
mod tls;
mod udp;

pub(crate) use flows::Flows;
pub(crate) use ingress::{Ingress, refusals};
pub(crate) use locals::Locals;
pub(crate) use names::Way;
pub(crate) use renewal::Certificates;
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
    let any = match peer.ip() {
        IpAddr::V4(_) => IpAddr::V4(Ipv4Addr::UNSPECIFIED),
        IpAddr::V6(_) => IpAddr::V6(Ipv6Addr::UNSPECIFIED),
    };
    // Connecting a UDP socket sends nothing; it only asks the routing table.
    let routed = UdpSocket::bind((any, 0)).and_then(|socket| socket.connect(peer).and_then(|()| socket.local_addr()));
    routed.map_or(local, |address| SocketAddr::new(address.ip(), local.port()))
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
