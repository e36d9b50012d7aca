//! `[media]`: the addresses and ports of RTP and of the operators' WebRTC legs.

use super::{ConfigError, Key, key};
use serde::{Deserialize, Serialize};
use std::net::IpAddr;

pub const KEYS: &[Key] = &[
    key("address", "", "This server's address as carriers and browsers reach it; it stands in the SDP. Must be set."),
    key(
        "other_address",
        "",
        "This server's address of the other family, IPv6 beside IPv4 or the reverse: the same ports are open there. Voice goes by the one that a carrier's SDP names, calls out by the family of the trunk's proxy, browsers by either. Without it callers who have nothing but that family are not heard. `sip.listen` needs a listener of that family, too.",
    ),
    key(
        "rtp_ports",
        "\"20000-20999\"",
        "UDP ports for carriers' RTP: two for each caller, desk phone, agency and fallback number, and two more for text. Callers have seven eighths of them at most.",
    ),
    key("webrtc_port", "21000", "One UDP port for all operators' browsers."),
    key("threads", "0", "Threads that voice is spread over; 0 takes as many as this machine has cores."),
];

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Media {
    pub address: Option<IpAddr>,
    pub other_address: Option<IpAddr>,
    pub rtp_ports: String,
    pub webrtc_port: u16,
    pub threads: usize,
}

impl Default for Media {
    fn default() -> Self {
        Self { address: None, other_address: None, rtp_ports: "20000-20999".into(), webrtc_port: 21000, threads: 0 }
    }
}

impl Media {
    /// The families of addresses by which voice may come.
    pub fn families(&self) -> sip::Families {
        self.address.map_or(sip::Families::Both, |address| sip::Families::of(address, self.other_address))
    }

    pub fn checked(&self) -> Result<media::Config, ConfigError> {
        let address = self.address.ok_or_else(|| {
            ConfigError::missing(
                "media.address",
                "set it to this server's address as the carrier and the browsers reach it, e.g. \"192.168.1.10\"",
            )
        })?;
        own("media.address", address)?;
        let other_address = self.other_address.map(|other| beside(address, other)).transpose()?;
        let wrong = |problem: &str| {
            ConfigError::new("media.rtp_ports", format!("`{}` {problem}", self.rtp_ports), "write it like \"20000-20999\"")
        };
        let (low, high) = self.rtp_ports.split_once('-').ok_or_else(|| wrong("is not a range"))?;
        let low: u16 = low.trim().parse().map_err(|_| wrong("does not begin with a port"))?;
        let high: u16 = high.trim().parse().map_err(|_| wrong("does not end with a port"))?;
        if low < 1024 || high <= low {
            return Err(wrong("is not a range of at least two ports above 1023"));
        }
        if (low..=high).contains(&self.webrtc_port) {
            return Err(ConfigError::new(
                "media.webrtc_port",
                format!("{} lies within media.rtp_ports", self.webrtc_port),
                "choose a port outside that range",
            ));
        }
        Ok(media::Config {
            address,
            other_address,
            rtp_ports: low..=high,
            webrtc_port: self.webrtc_port,
            webrtc_addresses: vec![],
            threads: self.threads,
        })
    }
}

/// The second address, if it is one of the other family.
fn beside(address: IpAddr, other: IpAddr) -> Result<IpAddr, ConfigError> {
    let family = |address: &IpAddr| if address.is_ipv4() { "IPv4" } else { "IPv6" };
    own("media.other_address", other)?;
    if family(&address) == family(&other) {
        return Err(ConfigError::new(
            "media.other_address",
            format!("`{other}` is {} like media.address", family(&other)),
            "set it to this server's address of the other family, or leave it out",
        ));
    }
    Ok(other)
}

/// An address that can be this server's own as others reach it, written plainly.
fn own(key: &'static str, address: IpAddr) -> Result<(), ConfigError> {
    let link_local = match address {
        IpAddr::V4(address) => address.is_link_local(),
        IpAddr::V6(address) => address.is_unicast_link_local(),
    };
    if address.is_unspecified() || address.is_multicast() || link_local || address.to_canonical() != address {
        let remedy = "set it to this server's own address, e.g. \"192.168.1.10\" or \"2001:db8::10\"";
        return Err(ConfigError::new(key, format!("`{address}` is no address that a peer can send to"), remedy));
    }
    Ok(())
}
