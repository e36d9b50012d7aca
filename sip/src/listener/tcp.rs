//! TCP and TLS listeners. Connections of trunks, of phones and of strangers are counted apart, so that nobody else can keep a trunk out.

use super::connection::{self, Begun};
use super::flows::Flows;
use super::ingress::Ingress;
use super::renewal::Sides;
use crate::config::{Limits, Listen, Strangers, Transport};
use crate::counters;
use crate::error::StartError;
use crate::limited::Limit;
use crate::message::stamp::Source;
use socket2::{Domain, Protocol, Socket, Type};
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;
use tokio_rustls::TlsAcceptor;
use tokio_util::sync::CancellationToken;

pub(crate) struct StreamListening {
    listener: TcpListener,
    pub local: SocketAddr,
    pub transport: Transport,
}

/// Binds every TCP and TLS address of `listen`.
pub(crate) fn bind(listen: &[Listen]) -> Result<Vec<StreamListening>, StartError> {
    let wanted = listen.iter().filter(|listen| listen.transport.is_stream());
    wanted.map(|wanted| open(wanted, listen).map_err(|source| StartError::Bind { listen: *wanted, source })).collect()
}

fn open(wanted: &Listen, all: &[Listen]) -> std::io::Result<StreamListening> {
    let address = wanted.address;
    let socket = Socket::new(Domain::for_address(address), Type::STREAM, Some(Protocol::TCP))?;
    socket.set_nonblocking(true)?;
    // A restart must not wait for old connections to time out.
    socket.set_reuse_address(true)?;
    super::share_port(&socket, wanted, all)?;
    socket.bind(&address.into())?;
    socket.listen(128)?;
    let listener = TcpListener::from_std(socket.into())?;
    let local = listener.local_addr()?;
    Ok(StreamListening { listener, local, transport: wanted.transport })
}

/// Room for connections at once.
#[derive(Clone)]
pub(crate) struct Places {
    trunks: Arc<Semaphore>,
    phones: Arc<Semaphore>,
    strangers: Arc<Semaphore>,
}

impl Places {
    pub(crate) fn new(limits: &Limits) -> Self {
        let places = |count: usize| Arc::new(Semaphore::new(count.min(Semaphore::MAX_PERMITS)));
        let (trunks, phones) = (places(limits.max_connections), places(limits.max_connections));
        Places { trunks, phones, strangers: places((limits.max_connections / 8).max(1)) }
    }
}

/// What every listener of streams needs.
#[derive(Clone)]
pub(crate) struct Reception {
    pub ingress: Arc<Ingress>,
    pub flows: Arc<Flows>,
    pub places: Places,
    pub tls: Sides,
    pub stop: CancellationToken,
}

impl StreamListening {
    /// Accepts connections until `stop`; past their places they are closed at once.
    pub(crate) async fn serve(self, reception: Reception) {
        while let Some(accepted) = reception.stop.run_until_cancelled(self.listener.accept()).await {
            let (stream, peer) = match accepted {
                Ok(accepted) => accepted,
                Err(error) => {
                    tracing::debug!(%error, "accepting TCP failed");
                    tokio::time::sleep(Duration::from_millis(50)).await;
                    continue;
                }
            };
            let peer = SocketAddr::new(peer.ip().to_canonical(), peer.port());
            let trusted = reception.ingress.knows(peer.ip());
            // A stranger's handshake costs us more than it costs the stranger.
            let unwelcome = self.transport == Transport::Tls || reception.ingress.limits.strangers == Strangers::Silent;
            if !trusted && unwelcome {
                counters::connection_closed("stranger");
                continue;
            }
            let places = match (trusted, reception.ingress.trunks.of(peer.ip())) {
                (true, Some(_)) => &reception.places.trunks,
                (true, None) => &reception.places.phones,
                (false, _) => &reception.places.strangers,
            };
            let Ok(place) = places.clone().try_acquire_owned() else {
                counters::connection_closed(if trusted { "max_connections" } else { "strangers" });
                if trusted {
                    reception.ingress.alarms.tell(Limit::Connections);
                }
                continue;
            };
            let local = stream.local_addr().map_or(self.local, |local| SocketAddr::new(local.ip().to_canonical(), local.port()));
            let source = Source { transport: self.transport, peer, local };
            let (reception, stop) = (reception.clone(), reception.stop.child_token());
            tokio::spawn(async move {
                let reason = stop.run_until_cancelled(receive(stream, source, &reception, &stop)).await.unwrap_or("stopped");
                tracing::debug!(%peer, reason, "connection closed");
                counters::connection_closed(reason);
                stop.cancel();
                drop(place);
            });
        }
    }
}

async fn receive(stream: TcpStream, source: Source, reception: &Reception, stop: &CancellationToken) -> &'static str {
    connection::tend(&stream);
    let Reception { ingress, flows, tls, .. } = reception;
    if source.transport != Transport::Tls {
        return connection::serve(stream, source, Begun::ByPeer, ingress, flows, stop, || {}).await;
    }
    let Some(side) = tls.borrow().server.clone() else { return "tls" };
    match tokio::time::timeout(ingress.limits.connect, TlsAcceptor::from(side).accept(stream)).await {
        Ok(Ok(stream)) => connection::serve(stream, source, Begun::ByPeer, ingress, flows, stop, || {}).await,
        Ok(Err(error)) => {
            tracing::debug!(peer = %source.peer, %error, "a TLS handshake failed");
            "tls"
        }
        Err(_) => "tls_slow",
    }
}
