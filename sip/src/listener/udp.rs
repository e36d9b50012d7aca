//! UDP listeners. The SIP stack sends through them; what they receive goes to [`Ingress`], not to the stack's own reader, whose 8 KiB buffer cuts
//! longer datagrams and still accepts them.

use super::facing;
use super::ingress::Ingress;
use super::normalise::Framing;
use super::stun;
use crate::config::{Listen, Transport};
use crate::counters;
use crate::error::StartError;
use crate::message::stamp::Source;
use async_trait::async_trait;
use rsipstack::platform::net::UdpSocket as StackSocket;
use rsipstack::transport::SipConnection;
use socket2::{Domain, Protocol, Socket, Type};
use std::collections::HashMap;
use std::net::{IpAddr, SocketAddr};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::net::UdpSocket;
use tokio_util::sync::CancellationToken;

const LARGEST_DATAGRAM: usize = 65_535;
const RECEIVE_BUFFER: usize = 1 << 20;
/// Peers remembered by the socket they use; past this all are forgotten and learned again.
const MAX_ROUTES: usize = 4096;

/// All UDP sockets as one: a datagram leaves by the socket its receiver was last heard on.
pub(crate) struct UdpSockets {
    sockets: Vec<(UdpSocket, SocketAddr)>,
    /// The address the stack takes for ours: the first socket's, or that of a TCP listener where there is no UDP.
    named: SocketAddr,
    routes: Mutex<HashMap<SocketAddr, usize>>,
}

/// Binds every UDP address of `listen`. Where there is none the stack is still given this, for it must know an address of ours: `stand_in`.
pub(crate) fn bind(listen: &[Listen], stand_in: Option<SocketAddr>) -> Result<Arc<UdpSockets>, StartError> {
    let mut sockets = Vec::new();
    for wanted in listen.iter().filter(|wanted| wanted.transport == Transport::Udp) {
        let bound = open(wanted, listen).map_err(|source| StartError::Bind { listen: *wanted, source })?;
        sockets.push(bound);
    }
    let named = sockets.first().map(|(_, local)| *local).or(stand_in).ok_or(StartError::NoListener)?;
    Ok(Arc::new(UdpSockets { sockets, named, routes: Mutex::default() }))
}

fn open(wanted: &Listen, all: &[Listen]) -> std::io::Result<(UdpSocket, SocketAddr)> {
    let address = wanted.address;
    let socket = Socket::new(Domain::for_address(address), Type::DGRAM, Some(Protocol::UDP))?;
    socket.set_nonblocking(true)?;
    // A burst of calls must not be lost while the reader is busy; the system may grant less.
    let _ = socket.set_recv_buffer_size(RECEIVE_BUFFER);
    super::share_port(&socket, wanted, all)?;
    socket.bind(&address.into())?;
    let socket = UdpSocket::from_std(socket.into())?;
    let local = socket.local_addr()?;
    Ok((socket, local))
}

impl UdpSockets {
    pub(crate) fn addresses(&self) -> impl Iterator<Item = SocketAddr> {
        self.sockets.iter().map(|(_, local)| *local)
    }

    /// Reads every socket until `stop`.
    pub(crate) fn serve(self: &Arc<Self>, ingress: &Arc<Ingress>, connection: &SipConnection, stop: &CancellationToken) {
        for index in 0..self.sockets.len() {
            let (sockets, ingress, connection) = (self.clone(), ingress.clone(), connection.clone());
            let stop = stop.clone();
            tokio::spawn(async move {
                stop.clone().run_until_cancelled(sockets.keep_reading(index, ingress, connection, stop)).await
            });
        }
    }

    /// A message that makes the stack's parser panic costs that message, not the listener.
    async fn keep_reading(
        self: Arc<Self>,
        index: usize,
        ingress: Arc<Ingress>,
        connection: SipConnection,
        stop: CancellationToken,
    ) {
        loop {
            let (sockets, ingress, connection, stop) = (self.clone(), ingress.clone(), connection.clone(), stop.clone());
            let reader = tokio::spawn(async move { stop.run_until_cancelled(sockets.read(index, &ingress, &connection)).await });
            match reader.await {
                Err(failed) if failed.is_panic() => {
                    tracing::error!("reading a SIP message panicked; the listener goes on");
                    counters::dropped("panic");
                }
                _ => return,
            }
        }
    }

    async fn read(&self, index: usize, ingress: &Ingress, connection: &SipConnection) {
        let Some((socket, local)) = self.sockets.get(index) else { return };
        let mut buffer = vec![0; LARGEST_DATAGRAM];
        loop {
            let (length, peer) = match socket.recv_from(&mut buffer).await {
                Ok(received) => received,
                Err(error) => {
                    // Mostly an ICMP report about an earlier send; the pause keeps a lasting error from taking the processor.
                    tracing::debug!(%error, "receiving UDP failed");
                    tokio::time::sleep(Duration::from_millis(5)).await;
                    continue;
                }
            };
            // Peers are known by their IPv4 address even where an IPv6 socket heard them.
            let peer = SocketAddr::new(peer.ip().to_canonical(), peer.port());
            if peer.port() == 0 {
                counters::dropped("port");
                continue;
            }
            let trusted = ingress.knows(peer.ip());
            if trusted {
                self.remember(peer, index);
            }
            let octets = buffer.get(..length).unwrap_or_default();
            let reply = if trusted && octets == b"\r\n\r\n" {
                Some((b"\r\n".to_vec(), peer))
            } else if let Some(told) = stun::answer(octets, peer).filter(|_| trusted) {
                Some((told, peer))
            } else {
                let source = Source { transport: Transport::Udp, peer, local: *local };
                ingress.receive(octets, Framing::Datagram, source, connection).await.map(|reply| (reply.octets, reply.to))
            };
            if let Some((octets, to)) = reply
                && let Err(error) = socket.send_to(&octets, fitted(to, *local)).await
            {
                tracing::debug!(%error, %to, "sending a reply failed");
            }
        }
    }

    fn remember(&self, peer: SocketAddr, index: usize) {
        if self.sockets.len() > 1 {
            let mut routes = self.routes.lock().unwrap_or_else(PoisonError::into_inner);
            if routes.len() >= MAX_ROUTES && !routes.contains_key(&peer) {
                routes.clear();
            }
            routes.insert(peer, index);
        }
    }

    fn socket_for(&self, to: SocketAddr) -> Option<&(UdpSocket, SocketAddr)> {
        if self.sockets.len() < 2 {
            return self.sockets.first();
        }
        let known = self.routes.lock().unwrap_or_else(PoisonError::into_inner).get(&to).copied();
        // Not remembered: the way there may be another one by and by.
        let index = known.or_else(|| facing(self.addresses(), to));
        index.and_then(|index| self.sockets.get(index)).or(self.sockets.first())
    }
}

/// An address as the socket bound to `local` can send to it.
fn fitted(to: SocketAddr, local: SocketAddr) -> SocketAddr {
    match to.ip() {
        IpAddr::V4(ip) if local.is_ipv6() => SocketAddr::new(ip.to_ipv6_mapped().into(), to.port()),
        _ => to,
    }
}

#[async_trait]
impl StackSocket for UdpSockets {
    /// Never yields: datagrams reach the stack by [`Ingress`].
    async fn recv_from(&self, _: &mut [u8]) -> rsipstack::Result<(usize, SocketAddr)> {
        std::future::pending().await
    }

    async fn send_to(&self, octets: &[u8], to: SocketAddr) -> rsipstack::Result<usize> {
        let (socket, local) = self.socket_for(to).ok_or_else(|| rsipstack::Error::Error("no UDP socket".into()))?;
        match socket.send_to(octets, fitted(to, *local)).await {
            Ok(sent) => Ok(sent),
            // A response that cannot be sent now is as one lost on its way: it is sent again by its timers (RFC 3261 section 17.2). The stack would leave
            // its transaction as it is, without timers and for ever.
            Err(error) if octets.starts_with(b"SIP/2.0 ") => {
                tracing::debug!(%error, %to, "sending a response failed");
                counters::unsent();
                Ok(octets.len())
            }
            Err(error) => Err(error.into()),
        }
    }

    fn local_addr(&self) -> rsipstack::Result<SocketAddr> {
        Ok(self.named)
    }
}
