//! `[sip]` and `[[sip.trunk]]`: where calls come from.

use super::{ConfigError, Key, key};
use serde::{Deserialize, Serialize};

pub const KEYS: &[Key] = &[
    key(
        "listen",
        "[\"udp://0.0.0.0:5060\", \"tcp://0.0.0.0:5060\"]",
        "Listeners, each `udp://address:port` or `tcp://address:port`.",
    ),
    key("max_calls", "500", "Calls at once; past it a caller gets 503 with Retry-After and a counter moves."),
    key("trunk", "[]", "One `[[sip.trunk]]` table for each carrier; calls from other addresses get 403."),
];

pub const TRUNK_KEYS: &[Key] = &[
    key("name", "", "A short name, shown in the console and in metrics."),
    key("peers", "", "Addresses or networks of the carrier: `[\"203.0.113.10\", \"198.51.100.0/24\"]`."),
    key("proxy", "", "Where outbound calls of this trunk are sent: `\"203.0.113.10:5060\"`."),
];

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Sip {
    pub listen: Vec<String>,
    pub max_calls: usize,
    pub trunk: Vec<Trunk>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Trunk {
    pub name: String,
    pub peers: Vec<String>,
    pub proxy: Option<String>,
}

impl Default for Sip {
    fn default() -> Self {
        Self { listen: vec!["udp://0.0.0.0:5060".into(), "tcp://0.0.0.0:5060".into()], max_calls: 500, trunk: Vec::new() }
    }
}

/// A 112 call is never given up by us; this only keeps a lost dialog from staying for ever.
const LONGEST_WAIT: std::time::Duration = std::time::Duration::from_secs(6 * 3600);

impl Sip {
    pub fn checked(&self) -> Result<sip::Config, ConfigError> {
        let listen = self
            .listen
            .iter()
            .map(|text| {
                text.parse().map_err(|_| {
                    ConfigError::new(
                        "sip.listen",
                        format!("`{text}` is not a listener"),
                        "write it like \"udp://0.0.0.0:5060\" or \"tcp://[::]:5060\"",
                    )
                })
            })
            .collect::<Result<Vec<sip::Listen>, _>>()?;
        if listen.is_empty() {
            return Err(ConfigError::new("sip.listen", "is empty", "name at least one listener, e.g. [\"udp://0.0.0.0:5060\"]"));
        }
        if self.max_calls == 0 {
            return Err(ConfigError::new(
                "sip.max_calls",
                "is 0, so that every call would be refused",
                "leave it out, or give the number of calls that the lines carry",
            ));
        }
        let trunks = self.trunk.iter().map(Trunk::checked).collect::<Result<Vec<_>, _>>()?;
        let limits = sip::Limits { max_calls: self.max_calls, max_ring: LONGEST_WAIT, ..sip::Limits::default() };
        Ok(sip::Config { listen, trunks, product: concat!("siaga/", env!("CARGO_PKG_VERSION")).into(), limits })
    }
}

impl Trunk {
    fn checked(&self) -> Result<sip::Trunk, ConfigError> {
        let peers = self.networks()?;
        let proxy = self
            .proxy
            .as_deref()
            .map(|text| {
                text.parse().map_err(|_| {
                    ConfigError::new(
                        "sip.trunk.proxy",
                        format!("`{text}` is not an address and port"),
                        "write it like \"203.0.113.10:5060\"",
                    )
                })
            })
            .transpose()?;
        Ok(sip::Trunk::new(sip::TrunkName(self.name.clone()), peers, proxy))
    }

    /// The carrier's networks; an address alone is a network of one.
    pub fn networks(&self) -> Result<Vec<ipnet::IpNet>, ConfigError> {
        if self.peers.is_empty() {
            return Err(ConfigError::new("sip.trunk.peers", "is empty", "list the carrier's addresses, e.g. [\"203.0.113.10\"]"));
        }
        self.peers
            .iter()
            .map(|text| {
                text.parse::<ipnet::IpNet>().or_else(|_| text.parse::<std::net::IpAddr>().map(ipnet::IpNet::from)).map_err(|_| {
                    ConfigError::new(
                        "sip.trunk.peers",
                        format!("`{text}` is not an address or network"),
                        "write it like \"203.0.113.10\" or \"198.51.100.0/24\"",
                    )
                })
            })
            .collect()
    }
}
