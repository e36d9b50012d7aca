//! The way out for requests that begin something: names are looked up, connections brought about, addresses of ours chosen.

use crate::config::{Account, Host, Target, Transport, Trunk};
use crate::listener::{Flows, Locals, Way};
use crate::message::target;
use crate::trunk::Line;
use rsipstack::sip::uri::Auth;
use rsipstack::sip::{Domain, HostWithPort, Param, Request, Response, Scheme, SipMessage, Uri};
use rsipstack::transaction::endpoint::EndpointInnerRef;
use rsipstack::transaction::key::{TransactionKey, TransactionRole};
use rsipstack::transaction::transaction::Transaction;
use rsipstack::transport::SipAddr;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

/// Looking up a carrier's name takes no longer than this.
const LOOKUP: Duration = Duration::from_secs(3);
/// Addresses of one name that are tried.
const ADDRESSES: usize = 4;

#[derive(Clone)]
pub(crate) struct Outlet {
    pub endpoint: EndpointInnerRef,
    pub flows: Arc<Flows>,
    pub locals: Arc<Locals>,
}

/// A carrier's proxy or registrar that can be sent to now.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Reached {
    pub transport: Transport,
    pub peer: SocketAddr,
    /// Our address as the carrier is to know it.
    pub local: SocketAddr,
}

impl Reached {
    /// For the SIP stack, which gets a name in place of the address of a stream (see `listener::names`).
    pub(crate) fn destination(&self) -> SipAddr {
        let host = match self.transport {
            Transport::Udp => HostWithPort::from(self.peer),
            Transport::Tcp | Transport::Tls => {
                let name = Way { to: self.peer, or: None }.name();
                HostWithPort { host: Domain(name).into(), port: Some(self.peer.port().into()) }
            }
        };
        SipAddr::new(self.transport.into(), host)
    }

    pub(crate) fn contact(&self) -> Uri {
        address_uri(self.local, self.transport)
    }

    /// A Request-URI in disguise (see `message::target`). The stack sends a CANCEL to where its Request-URI leads and not, as RFC 3261 section
    /// 9.1 has it, to where the INVITE went: a carrier's domain or a phone's address behind its NAT is neither.
    pub(crate) fn disguise(&self, uri: &str) -> Uri {
        let disguised = target::disguise(uri, Way { to: self.peer, or: None }, self.transport);
        let plain = |_| Uri::try_from(uri);
        Uri::try_from(disguised.trim_matches(['<', '>']))
            .or_else(plain)
            .unwrap_or_else(|_| address_uri(self.peer, self.transport))
    }
}

/// Why a carrier cannot be sent to: its name is not found, no connection comes about, or nothing of ours speaks its transport.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub(crate) struct Unreachable(String);

impl Outlet {
    /// The way to a proxy or registrar of a trunk, whose address is the trunk's from now on.
    pub(crate) async fn reach(&self, line: &Line, target: &Target) -> Result<Reached, Unreachable> {
        let reached = self.reach_by(target, |address| line.learn(address)).await?;
        Ok(Reached { local: line.config.seen(reached.local), ..reached })
    }

    /// The way to somebody whose address gets no rights by being found.
    pub(crate) async fn reach_other(&self, target: &Target) -> Result<Reached, Unreachable> {
        self.reach_by(target, |_| {}).await
    }

    async fn reach_by(&self, target: &Target, learn: impl Fn(IpAddr)) -> Result<Reached, Unreachable> {
        let usual = if self.locals.has(Transport::Udp) { Transport::Udp } else { Transport::Tcp };
        let transport = target.transport.unwrap_or(usual);
        let local = |peer| self.locals.facing(transport, peer).ok_or_else(|| Unreachable("no listener".to_owned()));
        let addresses = self.addresses(target, learn).await?;
        if transport == Transport::Udp {
            if !self.locals.has(Transport::Udp) {
                return Err(Unreachable("there is no UDP listener".to_owned()));
            }
            let same_family = |peer: &&SocketAddr| local(**peer).is_ok_and(|local| local.is_ipv4() == peer.is_ipv4());
            let peer = addresses.iter().find(same_family).or(addresses.first()).copied();
            let peer = peer.ok_or_else(|| Unreachable("no address".to_owned()))?;
            return Ok(Reached { transport, peer, local: local(peer)? });
        }
        let mut problem = Unreachable("no address".to_owned());
        for peer in addresses {
            match self.flows.reach(transport, peer).await {
                Ok(()) => return Ok(Reached { transport, peer, local: local(peer)? }),
                Err(error) => problem = Unreachable(error.to_string()),
            }
        }
        Err(problem)
    }

    /// Learns what a name of a trunk's stands for now.
    pub(crate) async fn look_up(&self, line: &Line, target: &Target) -> Result<(), Unreachable> {
        self.addresses(target, |address| line.learn(address)).await.map(drop)
    }

    async fn addresses(&self, target: &Target, learn: impl Fn(IpAddr)) -> Result<Vec<SocketAddr>, Unreachable> {
        let name = match &target.host {
            Host::Address(ip) => return Ok(vec![SocketAddr::new(*ip, target.port)]),
            Host::Name(name) => name,
        };
        let found = tokio::time::timeout(LOOKUP, tokio::net::lookup_host((name.as_str(), target.port))).await;
        let addresses = match found {
            Ok(Ok(found)) => found.map(|at| SocketAddr::new(at.ip().to_canonical(), at.port())).take(ADDRESSES).collect(),
            Ok(Err(_)) | Err(_) => Vec::new(),
        };
        for address in &addresses {
            learn(address.ip());
            self.flows.named(*address, &target.host);
        }
        if addresses.is_empty() { Err(Unreachable(format!("the name {name} is not found"))) } else { Ok(addresses) }
    }

    /// Sends a request outside of calls and waits for its final response. `None`: there was none in time.
    pub(crate) async fn ask(&self, request: Request, reached: Reached, patience: Duration) -> Option<Response> {
        let key = TransactionKey::from_request(&request, TransactionRole::Client).ok()?;
        let mut transaction = Transaction::new_client(key, request, self.endpoint.clone(), None);
        transaction.destination = Some(reached.destination());
        let asking = async {
            transaction.send().await.ok()?;
            while let Some(message) = transaction.receive().await {
                if let SipMessage::Response(response) = message
                    && response.status_code.code() >= 200
                {
                    return Some(response);
                }
            }
            None
        };
        tokio::time::timeout(patience, asking).await.ok().flatten()
    }
}

/// A URI of ours: an address with its transport.
pub(crate) fn address_uri(address: SocketAddr, transport: Transport) -> Uri {
    let mut uri = Uri::from(HostWithPort::from(address));
    uri.params.extend(parameter(transport));
    uri
}

pub(crate) fn with_user(mut uri: Uri, user: &str) -> Uri {
    uri.auth = Some(Auth { user: user.to_owned(), password: None });
    uri
}

/// Where our own names live, as the trunk is to see them: at the carrier where we have an account there, else at the address that asks.
pub(crate) fn home(line: &Line, reached: Reached) -> Uri {
    let Trunk { account, registrars, proxy, .. } = &line.config;
    match registrars.first().or(proxy.as_ref()) {
        Some(carrier) if account.is_some() => {
            let mut home = carrier_uri(account.as_ref(), carrier, reached.transport);
            home.host_with_port.port = None;
            home.params.clear();
            home
        }
        _ => address_uri(reached.local, Transport::Udp),
    }
}

/// How addresses at a carrier are written: with its domain, or else with the host that is asked.
pub(crate) fn carrier_uri(account: Option<&Account>, target: &Target, transport: Transport) -> Uri {
    match account.and_then(|account| account.domain.clone()) {
        Some(domain) => {
            let host_with_port = HostWithPort { host: Domain(domain).into(), port: None };
            Uri { scheme: Some(Scheme::Sip), host_with_port, ..Uri::default() }
        }
        None => target_uri(target, transport),
    }
}

/// A carrier's URI: its name, or its address.
pub(crate) fn target_uri(target: &Target, transport: Transport) -> Uri {
    let (host, port) = match &target.host {
        Host::Name(name) => (Domain(name.clone()).into(), (target.port != transport.default_port()).then_some(target.port)),
        Host::Address(ip) => ((*ip).into(), Some(target.port)),
    };
    let host_with_port = HostWithPort { host, port: port.map(Into::into) };
    Uri { scheme: Some(Scheme::Sip), host_with_port, params: parameter(transport).into_iter().collect(), ..Uri::default() }
}

fn parameter(transport: Transport) -> Option<Param> {
    transport.is_stream().then(|| Param::Transport(transport.into()))
}

impl From<Transport> for rsipstack::sip::Transport {
    fn from(transport: Transport) -> Self {
        match transport {
            Transport::Udp => rsipstack::sip::Transport::Udp,
            Transport::Tcp => rsipstack::sip::Transport::Tcp,
            Transport::Tls => rsipstack::sip::Transport::Tls,
        }
    }
}
