//! Host names in Route fields, looked up by the system's resolver, bounded in time.

use async_trait::async_trait;
use rsipstack::Error;
use rsipstack::sip::{Host, HostWithPort};
use rsipstack::transport::SipAddr;
use rsipstack::transport::transport_layer::DomainResolver;
use std::time::Duration;

const PATIENCE: Duration = Duration::from_secs(3);

pub(crate) struct Resolver;

#[async_trait]
impl DomainResolver for Resolver {
    async fn resolve(&self, target: &SipAddr) -> rsipstack::Result<SipAddr> {
        let Host::Domain(name) = &target.addr.host else { return Ok(target.clone()) };
        // The stack also asks for Request-URIs that were written out verbatim (see `inspector`): those are no names.
        if name.0.contains(|c: char| !c.is_ascii_alphanumeric() && !matches!(c, '.' | '-' | '_')) {
            return Err(Error::DnsResolutionError("not a host name".into()));
        }
        let port = target.addr.port.map_or(5060, |port| port.0);
        let found = tokio::time::timeout(PATIENCE, tokio::net::lookup_host((name.0.as_str(), port))).await;
        let address = found.ok().and_then(Result::ok).and_then(|mut all| all.next());
        let address = address.ok_or_else(|| Error::DnsResolutionError("host name not found".into()))?;
        Ok(SipAddr { r#type: target.r#type, addr: HostWithPort::from(address) })
    }
}
