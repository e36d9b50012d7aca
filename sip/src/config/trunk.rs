//! A carrier: whose calls are its, how it is reached, and what it wants.

use super::{AllowedServer, Rate, Target};
use crate::numbers::Numbers;
use ipnet::IpNet;
use serde::{Deserialize, Serialize};
use std::fmt;
use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

/// A trunk's name in configuration, events and metrics.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct TrunkName(pub String);

impl fmt::Display for TrunkName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl From<&str> for TrunkName {
    fn from(name: &str) -> Self {
        TrunkName(name.to_owned())
    }
}

/// A carrier, trusted by its source addresses.
#[derive(Debug, Clone)]
pub struct Trunk {
    pub name: TrunkName,
    /// Signalling from these addresses is this trunk's.
    pub peers: Vec<IpNet>,
    /// Where calls to this trunk are sent; its address counts as a peer.
    pub proxy: Option<Target>,
    /// For a carrier that asks who we are (401, 407), and for its registrars.
    pub account: Option<Account>,
    /// Where the account is registered, each by itself; their addresses count as peers.
    pub registrars: Vec<Target>,
    /// Our address as this carrier sees it, where that is another than the machine's: behind a NAT that keeps the ports.
    pub public_address: Option<IpAddr>,
    pub reliability: Reliability,
    pub redirections: Redirected,
    pub srtp: Srtp,
    pub caller_id: CallerId,
    /// How numbers are read and written; `None`: as they are.
    pub numbers: Option<Numbers>,
    /// The proxy is asked by OPTIONS this often whether it is there; `None`: never.
    pub options: Option<Duration>,
    /// New calls and other requests outside of calls; what is past it is shed and told as `Event::Limited`.
    pub rate: Rate,
    /// Hosts that may be subscribed to where a call's Geolocation points to them by a SIP URI.
    pub location_servers: Vec<AllowedServer>,
}

/// An address of ours as it is seen from behind a NAT that keeps the ports.
pub(crate) fn seen_at(public: Option<IpAddr>, address: SocketAddr) -> SocketAddr {
    match public {
        Some(public) if public.is_ipv4() == address.is_ipv4() => SocketAddr::new(public, address.port()),
        _ => address,
    }
}

/// A user name and password at a carrier.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Account {
    /// The user part of our address there.
    pub username: String,
    pub password: Secret,
    /// The name that goes with the password, where it is not `username`.
    pub login: Option<String>,
    /// The carrier's domain in SIP addresses, where it is not the host of its registrar or proxy.
    pub domain: Option<String>,
}

impl Account {
    pub fn new(username: impl Into<String>, password: impl Into<String>) -> Self {
        Account { username: username.into(), password: Secret(password.into()), login: None, domain: None }
    }

    /// The name that goes with the password.
    pub fn login(&self) -> &str {
        self.login.as_deref().unwrap_or(&self.username)
    }
}

/// A text that is never shown.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(pub String);

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret")
    }
}

/// When provisional responses are repeated until the caller acknowledges them (RFC 3262). A caller that requires it always gets it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Reliability {
    /// Only for callers that require it.
    #[default]
    WhenRequired,
    /// Early media is announced reliably to every caller that knows how; whoever we call is asked for the same.
    WhenSupported,
}

/// What becomes of a call of ours that is redirected to another number (301, 302).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Redirected {
    /// The next trunk is tried. Whoever is called could name a number that costs us dearly.
    #[default]
    Refused,
    /// The number is called through the same trunk, a few times at most.
    Followed,
}

/// Whether voice is encrypted with keys from the session description (RFC 4568). The keys are as safe as the signalling: use it with TLS.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Srtp {
    /// Never; an offer of nothing else gets 488.
    #[default]
    Off,
    /// Offered in our calls, and once more without where that is refused; taken in calls to us whenever it is offered.
    Offered,
    /// Always; a call without it gets 488.
    Required,
}

/// Where the caller's number stands in a call of ours.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CallerId {
    /// In From.
    #[default]
    From,
    /// In From and in P-Asserted-Identity (RFC 3325).
    Asserted,
    /// In P-Asserted-Identity; From names the account.
    Account,
}

impl Trunk {
    /// A trunk with the usual settings.
    pub fn new(name: TrunkName, peers: Vec<IpNet>, proxy: Option<SocketAddr>) -> Self {
        Trunk {
            name,
            peers,
            proxy: proxy.map(Target::from),
            account: None,
            registrars: Vec::new(),
            public_address: None,
            reliability: Reliability::default(),
            redirections: Redirected::default(),
            srtp: Srtp::default(),
            caller_id: CallerId::default(),
            numbers: None,
            options: None,
            rate: Rate { per_second: 5000, burst: 10_000 },
            location_servers: Vec::new(),
        }
    }

    /// An address of ours as this carrier sees it.
    pub(crate) fn seen(&self, address: SocketAddr) -> SocketAddr {
        seen_at(self.public_address, address)
    }

    /// A caller's number as this carrier gave it, for all above.
    pub(crate) fn read_number(&self, number: String) -> String {
        self.numbers.as_ref().map_or(number.clone(), |numbers| numbers.read(&number))
    }

    /// A number as this carrier wants it.
    pub(crate) fn write_number(&self, number: &str) -> String {
        self.numbers.as_ref().map_or_else(|| number.to_owned(), |numbers| numbers.write(number))
    }

    #[must_use]
    pub fn with_reliability(mut self, reliability: Reliability) -> Self {
        self.reliability = reliability;
        self
    }

    /// Whether signalling from `address` is this trunk's. An IPv4 address mapped into IPv6 counts as the IPv4 address. Names are not looked
    /// up here.
    pub fn covers(&self, address: IpAddr) -> bool {
        let address = address.to_canonical();
        self.peers.iter().any(|net| net.contains(&address))
            || self.targets().any(|target| target.address().is_some_and(|target| target.ip() == address))
    }

    /// The proxy and the registrars.
    pub(crate) fn targets(&self) -> impl Iterator<Item = &Target> {
        self.proxy.iter().chain(&self.registrars)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_trunk_covers_its_peers_its_proxy_and_its_registrars() {
        let proxy = Some("192.0.2.9:5060".parse().unwrap());
        let mut trunk = Trunk::new("telco".into(), vec!["10.1.0.0/16".parse().unwrap()], proxy);
        trunk.registrars = vec!["tls://[2001:db8::1]".parse().unwrap(), "registrar.carrier.example".parse().unwrap()];
        for inside in ["10.1.2.3", "::ffff:10.1.2.3", "192.0.2.9", "2001:db8::1"] {
            assert!(trunk.covers(inside.parse().unwrap()), "{inside}");
        }
        for outside in ["192.0.2.10", "2001:db8::2"] {
            assert!(!trunk.covers(outside.parse().unwrap()), "{outside}");
        }
    }

    #[test]
    fn a_password_is_never_shown() {
        let account = Account::new("siaga", "hunter2");
        assert!(!format!("{account:?}").contains("hunter2"));
    }
}
