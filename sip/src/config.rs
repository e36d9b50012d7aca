//! What the user agent is told at start: where it listens, whose calls it takes, and its bounds.

use ipnet::IpNet;
use serde::{Deserialize, Serialize};
use std::fmt;
use std::net::{IpAddr, SocketAddr};
use std::str::FromStr;
use std::time::Duration;

/// Everything `UserAgent::start` needs.
#[derive(Debug, Clone)]
pub struct Config {
    pub listen: Vec<Listen>,
    pub trunks: Vec<Trunk>,
    /// Goes into `User-Agent` and `Server`, for example `siaga/0.1`.
    pub product: String,
    pub limits: Limits,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Transport {
    Udp,
    Tcp,
}

impl fmt::Display for Transport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Transport::Udp => "udp",
            Transport::Tcp => "tcp",
        })
    }
}

/// One socket to listen on, written `udp://127.0.0.1:5060` or `tcp://[::]:5060`. Port 0 takes a free one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Listen {
    pub transport: Transport,
    pub address: SocketAddr,
}

/// Why a text is no listen address.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ListenError {
    /// The part before `://` is missing or is neither `udp` nor `tcp`.
    #[error("write the listen address `{0}` as udp://ADDRESS:PORT or tcp://ADDRESS:PORT")]
    Transport(String),
    /// The part after `://` is no IP address with a port.
    #[error("`{0}` is no IP address with a port; write for example 127.0.0.1:5060 or [::]:5060")]
    Address(String),
}

impl FromStr for Listen {
    type Err = ListenError;

    fn from_str(text: &str) -> Result<Self, ListenError> {
        let (scheme, rest) = text.split_once("://").ok_or_else(|| ListenError::Transport(text.into()))?;
        let transport = match scheme.to_ascii_lowercase().as_str() {
            "udp" => Transport::Udp,
            "tcp" => Transport::Tcp,
            _ => return Err(ListenError::Transport(text.into())),
        };
        let address = rest.trim_end_matches('/').parse().map_err(|_| ListenError::Address(rest.into()))?;
        Ok(Listen { transport, address })
    }
}

impl fmt::Display for Listen {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}://{}", self.transport, self.address)
    }
}

impl TryFrom<String> for Listen {
    type Error = ListenError;
    fn try_from(text: String) -> Result<Self, ListenError> {
        text.parse()
    }
}

impl From<Listen> for String {
    fn from(listen: Listen) -> String {
        listen.to_string()
    }
}

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
    /// Where calls to this trunk are sent (UDP, or TCP when there is no UDP listener); its address counts as a peer.
    pub proxy: Option<SocketAddr>,
    pub reliability: Reliability,
}

/// When provisional responses are repeated until the caller acknowledges them (RFC 3262). A caller that requires it always gets it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Reliability {
    /// Only for callers that require it.
    #[default]
    WhenRequired,
    /// Early media is announced reliably to every caller that knows how.
    WhenSupported,
}

impl Trunk {
    /// A trunk with the usual settings.
    pub fn new(name: TrunkName, peers: Vec<IpNet>, proxy: Option<SocketAddr>) -> Self {
        Trunk { name, peers, proxy, reliability: Reliability::default() }
    }

    #[must_use]
    pub fn with_reliability(mut self, reliability: Reliability) -> Self {
        self.reliability = reliability;
        self
    }

    /// Whether signalling from `address` is this trunk's. An IPv4 address mapped into IPv6 counts as the IPv4 address.
    pub fn covers(&self, address: IpAddr) -> bool {
        let address = address.to_canonical();
        self.peers.iter().any(|net| net.contains(&address))
            || self.proxy.is_some_and(|proxy| proxy.ip().to_canonical() == address)
    }
}

/// Bounds. Each has a counter; what is past it is answered with 503 and `Retry-After`, or closed.
#[derive(Debug, Clone)]
pub struct Limits {
    /// Calls at once, both directions, from INVITE until the BYE is answered.
    pub max_calls: usize,
    /// SIP transactions at once; new calls past it get 503.
    pub max_transactions: usize,
    /// Capacity of the event channel.
    pub events: usize,
    /// Part of `events` that new calls may not take, so that running calls are always heard.
    pub reserved_events: usize,
    /// An INVITE that nobody answers, rejects or cancels ends after this time with 480.
    pub max_ring: Duration,
    /// Seconds of `Retry-After` in our own 503.
    pub retry_after_s: u32,
    /// TCP connections at once.
    pub max_connections: usize,
    /// The shortest session interval taken, in seconds (`Min-SE` of RFC 4028, which allows no less than 90); a shorter one gets 422.
    pub min_session_s: u32,
    /// Alerts without a call (RFC 8876) are taken and told as `Event::Alert`. Without an owner that acts on them they get 405: an alert that
    /// was answered with 200 is one that somebody relies on.
    pub take_alerts: bool,
    /// RFC 3261 timer T1; 64 times this without ACK ends an answered call, without PRACK a ringing one.
    pub t1: Duration,
    /// How long `shut_down` waits for BYEs to be answered.
    pub shut_down: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Limits {
            max_calls: 500,
            max_transactions: 4000,
            events: 1024,
            reserved_events: 512,
            max_ring: Duration::from_secs(600),
            retry_after_s: 5,
            max_connections: 64,
            min_session_s: 90,
            take_alerts: false,
            t1: Duration::from_millis(500),
            shut_down: Duration::from_secs(3),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_listen_address_reads_back_as_written() {
        for text in ["udp://127.0.0.1:5060", "tcp://[::]:5060", "udp://0.0.0.0:0"] {
            assert_eq!(text.parse::<Listen>().unwrap().to_string(), text);
        }
        assert!(matches!("tls://127.0.0.1:5061".parse::<Listen>(), Err(ListenError::Transport(_))));
        assert!(matches!("udp://localhost:5060".parse::<Listen>(), Err(ListenError::Address(_))));
        assert!(matches!("127.0.0.1:5060".parse::<Listen>(), Err(ListenError::Transport(_))));
    }

    #[test]
    fn a_trunk_covers_its_peers_and_its_proxy() {
        let proxy = Some("192.0.2.9:5060".parse().unwrap());
        let trunk = Trunk::new("telco".into(), vec!["10.1.0.0/16".parse().unwrap()], proxy);
        assert!(trunk.covers("10.1.2.3".parse().unwrap()));
        assert!(trunk.covers("::ffff:10.1.2.3".parse().unwrap()));
        assert!(trunk.covers("192.0.2.9".parse().unwrap()));
        assert!(!trunk.covers("192.0.2.10".parse().unwrap()));
    }
}
