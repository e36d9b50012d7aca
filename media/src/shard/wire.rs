//! UDP at this server's addresses for voice: one socket, or one of each family (RFC 6157) with the same port. What is sent leaves by the one
//! that has the family of where it goes.

use crate::config::Addresses;
use mio::net::UdpSocket;
use mio::{Interest, Registry, Token};
use std::net::{IpAddr, SocketAddr};

/// Expedited forwarding (RFC 3246) in the IP header: routers of the agency may prefer voice.
const VOICE_CLASS: u32 = 0xb8;
/// How often another free port is asked for, when the one that the system chose is taken in the other family.
const MAX_CHOICES: usize = 32;

pub(crate) enum Wire {
    One(UdpSocket),
    Both { v4: UdpSocket, v6: UdpSocket },
}

/// Which socket of a wire.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Nth {
    First,
    Second,
}

impl Wire {
    /// Tokens that a wire may have: the one that it is given, and the next.
    pub const TOKENS: usize = 2;

    /// On a port that is free in both families. An address that the machine has lost for now (its link is down, IPv6 looks for duplicates)
    /// keeps no call from the other one.
    pub fn bind(addresses: Addresses, port: u16) -> std::io::Result<Wire> {
        let missing = |error: &std::io::Error| error.kind() != std::io::ErrorKind::AddrInUse;
        let homes = (Home::bind(addresses.first, port), addresses.other.map(|other| Home::bind(other, port)));
        let bound = match homes {
            (Ok(first), None) => Bound { first, other: None },
            (Ok(first), Some(Ok(other))) => Bound { first, other: Some(other) },
            (Ok(home), Some(Err((address, error)))) | (Err((address, error)), Some(Ok(home))) if missing(&error) => {
                tracing::warn!(%address, %error, "an address for voice is missing");
                metrics::counter!("siaga_media_addresses_missing_total").increment(1);
                Bound { first: home, other: None }
            }
            (Err((_, error)), _) | (_, Some(Err((_, error)))) => return Err(error),
        };
        Ok(Wire::of(bound))
    }

    pub fn of(bound: Bound) -> Wire {
        let Bound { first, other } = bound;
        let (first, v4_first) = (UdpSocket::from_std(first.socket), first.address.is_ipv4());
        match other.map(|other| UdpSocket::from_std(other.socket)) {
            None => Wire::One(first),
            Some(v6) if v4_first => Wire::Both { v4: first, v6 },
            Some(v4) => Wire::Both { v4, v6: first },
        }
    }

    pub fn send_to(&self, datagram: &[u8], to: SocketAddr) -> std::io::Result<usize> {
        match self {
            Wire::One(socket) => socket.send_to(datagram, to),
            Wire::Both { v4, .. } if to.is_ipv4() => v4.send_to(datagram, to),
            Wire::Both { v6, .. } => v6.send_to(datagram, to),
        }
    }

    pub fn recv_from(&self, nth: Nth, buffer: &mut [u8]) -> std::io::Result<(usize, SocketAddr)> {
        match (self, nth) {
            (Wire::One(socket) | Wire::Both { v4: socket, .. }, Nth::First) | (Wire::Both { v6: socket, .. }, Nth::Second) => {
                socket.recv_from(buffer)
            }
            (Wire::One(_), Nth::Second) => Err(std::io::ErrorKind::WouldBlock.into()),
        }
    }

    /// Its tokens, when it is watched under this one.
    pub fn tokens(&self, first: Token) -> impl Iterator<Item = (Token, Nth)> + use<> {
        let second = matches!(self, Wire::Both { .. }).then_some((Token(first.0 + 1), Nth::Second));
        [(first, Nth::First)].into_iter().chain(second)
    }

    /// Watches for datagrams. After an error nothing is watched.
    pub fn register(&mut self, registry: &Registry, first: Token) -> std::io::Result<()> {
        let watched = match self {
            Wire::One(socket) => registry.register(socket, first, Interest::READABLE),
            Wire::Both { v4, v6 } => registry
                .register(v4, first, Interest::READABLE)
                .and_then(|()| registry.register(v6, Token(first.0 + 1), Interest::READABLE)),
        };
        watched.inspect_err(|_| self.deregister(registry))
    }

    pub fn deregister(&mut self, registry: &Registry) {
        let forget = |socket: &mut UdpSocket| {
            if let Err(error) = registry.deregister(socket) {
                tracing::debug!(%error, "a socket was not watched");
            }
        };
        match self {
            Wire::One(socket) => forget(socket),
            Wire::Both { v4, v6 } => [v4, v6].into_iter().for_each(forget),
        }
    }
}

/// Sockets that are bound and not watched yet.
pub(crate) struct Bound {
    first: Home,
    other: Option<Home>,
}

struct Home {
    socket: std::net::UdpSocket,
    address: SocketAddr,
}

impl Bound {
    /// An error comes with the address that is not to be had.
    pub fn at(addresses: Addresses, port: u16) -> Result<Bound, (SocketAddr, std::io::Error)> {
        let mut tries = if port == 0 { MAX_CHOICES } else { 1 };
        loop {
            tries -= 1;
            let first = Home::bind(addresses.first, port)?;
            let port = first.address.port();
            match addresses.other.map(|other| Home::bind(other, port)).transpose() {
                Err((_, error)) if tries > 0 && error.kind() == std::io::ErrorKind::AddrInUse => {}
                other => return Ok(Bound { first, other: other? }),
            }
        }
    }

    pub fn addresses(&self) -> Vec<SocketAddr> {
        [&self.first].into_iter().chain(&self.other).map(|home| home.address).collect()
    }

    pub fn sockets(&self) -> impl Iterator<Item = &std::net::UdpSocket> {
        [&self.first].into_iter().chain(&self.other).map(|home| &home.socket)
    }

    pub fn try_clone(&self) -> std::io::Result<Bound> {
        let clone = |home: &Home| Ok::<_, std::io::Error>(Home { socket: home.socket.try_clone()?, address: home.address });
        Ok(Bound { first: clone(&self.first)?, other: self.other.as_ref().map(clone).transpose()? })
    }
}

impl Home {
    /// A socket that never blocks, marked for voice.
    fn bind(ip: IpAddr, port: u16) -> Result<Home, (SocketAddr, std::io::Error)> {
        let wanted = SocketAddr::new(ip, port);
        let bound = || {
            let socket = std::net::UdpSocket::bind(wanted)?;
            socket.set_nonblocking(true)?;
            let options = socket2::SockRef::from(&socket);
            // Without the mark packets still go, only later on a crowded network.
            let _ = if ip.is_ipv4() { options.set_tos_v4(VOICE_CLASS) } else { options.set_tclass_v6(VOICE_CLASS) };
            let address = socket.local_addr()?;
            Ok(Home { socket, address })
        };
        bound().map_err(|error| (wanted, error))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn addresses(first: &str, other: &str) -> Addresses {
        Addresses { first: first.parse().unwrap(), other: other.parse().ok() }
    }

    #[test]
    fn an_address_that_the_machine_has_lost_keeps_no_call_from_the_other_one() {
        let port = std::net::UdpSocket::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        assert!(matches!(Wire::bind(addresses("127.0.0.1", "2001:db8::1"), port), Ok(Wire::One(_))));
        assert!(matches!(Wire::bind(addresses("2001:db8::1", "127.0.0.1"), port), Ok(Wire::One(_))));
        assert!(matches!(Wire::bind(addresses("127.0.0.1", "::1"), port), Ok(Wire::Both { .. })));
        assert!(Wire::bind(addresses("2001:db8::1", "192.0.2.77"), port).is_err());
        assert!(Bound::at(addresses("127.0.0.1", "2001:db8::1"), port).is_err(), "at the start it may be a slip of the pen");
    }
}
