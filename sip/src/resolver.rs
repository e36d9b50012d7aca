//! Host names in Route fields, looked up by the system's resolver, bounded in time; and the names that stand for a way to a peer.

use crate::config::Transport;
use crate::listener::{Flows, Way};
use async_trait::async_trait;
use rsipstack::Error;
use rsipstack::sip::{Host, HostWithPort};
use rsipstack::transport::SipAddr;
use rsipstack::transport::transport_layer::DomainResolver;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

const PATIENCE: Duration = Duration::from_secs(3);

pub(crate) struct Resolver(pub Arc<Flows>);

#[async_trait]
impl DomainResolver for Resolver {
    async fn resolve(&self, target: &SipAddr) -> rsipstack::Result<SipAddr> {
        let Host::Domain(name) = &target.addr.host else { return Ok(target.clone()) };
        let at = |address: SocketAddr| SipAddr { r#type: target.r#type, addr: HostWithPort::from(address) };
        if let Some(way) = Way::read(&name.0) {
            return Ok(at(self.connected(way, target).await?));
        }
        // The stack also asks for Request-URIs that were written out verbatim (see `inspector`): those are no names.
        if name.0.contains(|c: char| !c.is_ascii_alphanumeric() && !matches!(c, '.' | '-' | '_')) {
            return Err(Error::DnsResolutionError("not a host name".into()));
        }
        let transport = stream(target).unwrap_or(Transport::Udp);
        let port = target.addr.port.map_or(transport.default_port(), |port| port.0);
        let looked_up = tokio::time::timeout(PATIENCE, tokio::net::lookup_host((name.0.as_str(), port))).await;
        let address = looked_up.ok().and_then(Result::ok).and_then(|mut all| all.next());
        let address = address.ok_or_else(|| Error::DnsResolutionError("host name not found".into()))?;
        if stream(target).is_some() {
            self.0.named(address, &crate::config::Host::Name(name.0.clone()));
            return Ok(at(self.connected(Way { to: address, or: None }, target).await?));
        }
        Ok(at(address))
    }
}

impl Resolver {
    /// The end of a connection that leads where `way` does.
    async fn connected(&self, way: Way, target: &SipAddr) -> rsipstack::Result<SocketAddr> {
        let Some(transport) = stream(target) else { return Ok(way.to) };
        for address in std::iter::once(way.to).chain(way.or) {
            if self.0.is_open(transport, address) {
                return Ok(address);
            }
        }
        let reached = self.0.reach(transport, way.to).await;
        reached.map(|()| way.to).map_err(|error| Error::TransportLayerError(error.to_string(), target.clone()))
    }
}

fn stream(target: &SipAddr) -> Option<Transport> {
    match target.r#type {
        Some(rsipstack::sip::Transport::Tcp) => Some(Transport::Tcp),
        Some(rsipstack::sip::Transport::Tls) => Some(Transport::Tls),
        _ => None,
    }
}
