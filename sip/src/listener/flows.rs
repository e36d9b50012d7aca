//! Which connections are open, and how new ones to carriers come about: one at a time for each address, bounded in time.

use super::connection::{self, Begun};
use super::ingress::Ingress;
use super::renewal::Sides;
use crate::config::{Host, Limits, Transport};
use crate::counters;
use crate::message::stamp::Source;
use rustls::pki_types::ServerName;
use std::collections::HashMap;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, OnceLock, PoisonError, Weak};
use tokio::net::TcpStream;
use tokio::sync::{Semaphore, oneshot, watch};
use tokio_rustls::TlsConnector;
use tokio_util::sync::CancellationToken;

/// Connections that are under way at once, addresses spread over them: one to each address, and a slow one holds up few others.
const LANES: usize = 64;
/// Names by which carriers' addresses were looked up; past this all are forgotten and looked up again.
const MAX_NAMES: usize = 256;

/// Why there is no connection.
#[derive(Debug, thiserror::Error)]
pub(crate) enum DialError {
    /// It was refused, or the handshake failed: the certificate is not for this name, or from nobody we believe.
    #[error("{0}")]
    Failed(std::io::Error),
    /// It did not come about in time.
    #[error("no connection in time")]
    Slow,
    /// As many as `Limits::max_connections` of ours are open.
    #[error("too many connections")]
    Full,
    /// The user agent is stopping.
    #[error("stopping")]
    Stopping,
}

type Key = (Transport, SocketAddr);

pub(crate) struct Flows {
    open: Mutex<HashMap<Key, usize>>,
    names: Mutex<HashMap<SocketAddr, String>>,
    lanes: Vec<tokio::sync::Mutex<()>>,
    places: Arc<Semaphore>,
    /// Counts the connections that ended.
    ended: watch::Sender<u64>,
    ingress: OnceLock<Weak<Ingress>>,
    tls: Sides,
    limits: Limits,
    stop: CancellationToken,
}

impl Flows {
    pub(crate) fn new(tls: Sides, limits: Limits, stop: CancellationToken) -> Arc<Self> {
        Arc::new(Flows {
            open: Mutex::default(),
            names: Mutex::default(),
            lanes: (0..LANES).map(|_| tokio::sync::Mutex::default()).collect(),
            places: Arc::new(Semaphore::new(limits.max_connections.min(Semaphore::MAX_PERMITS))),
            ended: watch::Sender::new(0),
            ingress: OnceLock::new(),
            tls,
            limits,
            stop,
        })
    }

    /// Where messages of connections go. Once, before anything connects.
    pub(crate) fn lead_to(&self, ingress: &Arc<Ingress>) {
        // A second ingress there is not.
        let _ = self.ingress.set(Arc::downgrade(ingress));
    }

    /// Changes whenever a connection ended.
    pub(crate) fn ended(&self) -> watch::Receiver<u64> {
        self.ended.subscribe()
    }

    pub(crate) fn is_open(&self, transport: Transport, peer: SocketAddr) -> bool {
        self.lock().contains_key(&(transport, peer))
    }

    /// Counts a connection as open until the guard is dropped.
    pub(crate) fn opened(self: &Arc<Self>, transport: Transport, peer: SocketAddr) -> Open {
        *self.lock().entry((transport, peer)).or_default() += 1;
        Open { flows: self.clone(), key: (transport, peer) }
    }

    /// Remembers by which name an address was found: a certificate is for the name.
    pub(crate) fn named(&self, address: SocketAddr, host: &Host) {
        if let Host::Name(name) = host {
            let mut names = self.names.lock().unwrap_or_else(PoisonError::into_inner);
            if names.len() >= MAX_NAMES && !names.contains_key(&address) {
                names.clear();
            }
            names.insert(address, name.clone());
        }
    }

    /// Sees to it that there is a connection to `peer`.
    pub(crate) async fn reach(self: &Arc<Self>, transport: Transport, peer: SocketAddr) -> Result<(), DialError> {
        let mut hasher = DefaultHasher::new();
        (transport, peer).hash(&mut hasher);
        let lane = usize::try_from(hasher.finish() % LANES as u64).unwrap_or_default();
        let Some(lane) = self.lanes.get(lane) else { return Err(DialError::Full) };
        if self.is_open(transport, peer) {
            return Ok(());
        }
        let dial = async {
            let _one_at_a_time = lane.lock().await;
            if self.is_open(transport, peer) { Ok(()) } else { self.dial(transport, peer).await }
        };
        let result = tokio::time::timeout(self.limits.connect, dial).await.unwrap_or(Err(DialError::Slow));
        if let Err(error) = &result {
            counters::dialled("failed");
            tracing::debug!(%transport, %peer, %error, "no connection");
        }
        result
    }

    /// The peer's end of a connection by which a reply gets to `to`: an open one, or a new one if that is a trunk's. Nobody else makes us open
    /// connections by what they write into a Via.
    pub(super) async fn back_to(self: &Arc<Self>, transport: Transport, to: SocketAddr) -> Option<SocketAddr> {
        let is_trunk = self.ingress.get().and_then(Weak::upgrade)?.trunks.of(to.ip()).is_some();
        let open = open_to(&self.lock(), (transport, to), is_trunk);
        match open {
            None if is_trunk => self.reach(transport, to).await.ok().map(|()| to),
            open => open,
        }
    }

    async fn dial(self: &Arc<Self>, transport: Transport, peer: SocketAddr) -> Result<(), DialError> {
        let ingress = self.ingress.get().and_then(Weak::upgrade).ok_or(DialError::Stopping)?;
        let place = self.places.clone().try_acquire_owned().map_err(|_| DialError::Full)?;
        let stream = TcpStream::connect(peer).await.map_err(DialError::Failed)?;
        connection::tend(&stream);
        let local = stream.local_addr().map_err(DialError::Failed)?;
        let source = Source { transport, peer, local: SocketAddr::new(local.ip().to_canonical(), local.port()) };
        let (ready, is_ready) = oneshot::channel();
        let (flows, stop) = (self.clone(), self.stop.child_token());
        // Whoever waited may have gone; the connection is there for the next.
        let ready = move || ready.send(()).unwrap_or(());
        match transport {
            Transport::Tls => {
                let side = self.tls.borrow().client.clone();
                let stream = TlsConnector::from(side).connect(self.server_name(peer), stream).await.map_err(DialError::Failed)?;
                tokio::spawn(async move {
                    let serve = connection::serve(stream, source, Begun::ByUs, &ingress, &flows, &stop, ready);
                    over(stop.run_until_cancelled(serve).await, &stop);
                    drop(place);
                });
            }
            Transport::Udp | Transport::Tcp => {
                tokio::spawn(async move {
                    let serve = connection::serve(stream, source, Begun::ByUs, &ingress, &flows, &stop, ready);
                    over(stop.run_until_cancelled(serve).await, &stop);
                    drop(place);
                });
            }
        }
        is_ready.await.map_err(|_| DialError::Stopping)?;
        counters::dialled("open");
        Ok(())
    }

    fn server_name(&self, peer: SocketAddr) -> ServerName<'static> {
        let names = self.names.lock().unwrap_or_else(PoisonError::into_inner);
        // The machine has the same name at another port.
        let same_machine = || names.iter().find(|(at, _)| at.ip() == peer.ip()).map(|(_, name)| name);
        let name = names.get(&peer).or_else(same_machine).and_then(|name| ServerName::try_from(name.clone()).ok());
        name.unwrap_or_else(|| ServerName::IpAddress(peer.ip().into()))
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, HashMap<Key, usize>> {
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// An open connection that leads to where `wanted` does. That of a trunk may lead to the same machine at another port; behind one address there may
/// be many phones, and none of them is to hear what another is told, which may have keys in it.
fn open_to(open: &HashMap<Key, usize>, wanted: Key, is_trunk: bool) -> Option<SocketAddr> {
    let (transport, to) = wanted;
    let is_same = |(by, peer): &&Key| *by == transport && peer.ip() == to.ip();
    let other = || open.keys().filter(|_| is_trunk).find(is_same).map(|(_, peer)| *peer);
    open.contains_key(&wanted).then_some(to).or_else(other)
}

fn over(reason: Option<&'static str>, stop: &CancellationToken) {
    counters::connection_closed(reason.unwrap_or("stopped"));
    stop.cancel();
}

/// An open connection in the table.
pub(crate) struct Open {
    flows: Arc<Flows>,
    key: Key,
}

impl Drop for Open {
    fn drop(&mut self) {
        let mut open = self.flows.lock();
        if let Some(count) = open.get_mut(&self.key) {
            *count -= 1;
            if *count == 0 {
                open.remove(&self.key);
            }
        }
        drop(open);
        self.flows.ended.send_modify(|count| *count += 1);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_phone_is_told_goes_by_no_other_phones_connection_and_a_trunk_is_one_whatever_its_port() {
        let at = |text: &str| text.parse::<SocketAddr>().unwrap();
        let open = HashMap::from([((Transport::Tls, at("192.0.2.7:40000")), 1), ((Transport::Tcp, at("192.0.2.8:5060")), 1)]);
        let found = |transport, to: &str, is_trunk| open_to(&open, (transport, at(to)), is_trunk);
        for is_trunk in [true, false] {
            assert_eq!(found(Transport::Tls, "192.0.2.7:40000", is_trunk), Some(at("192.0.2.7:40000")));
            assert_eq!(found(Transport::Tcp, "192.0.2.7:5061", is_trunk), None);
        }
        assert_eq!(found(Transport::Tls, "192.0.2.7:5061", true), Some(at("192.0.2.7:40000")));
        assert_eq!(found(Transport::Tls, "192.0.2.7:5061", false), None);
    }
}
