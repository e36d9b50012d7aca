//! `[media]`: the addresses and ports of RTP and of the operators' WebRTC legs.

use super::{ConfigError, Key, key};
use serde::{Deserialize, Serialize};
use std::net::IpAddr;

pub const KEYS: &[Key] = &[
    key("address", "", "This server's address as carriers and browsers reach it; it stands in every SDP. Must be set."),
    key("rtp_ports", "\"20000-20999\"", "UDP ports for carriers' RTP, two for each call and two more for its text."),
    key("webrtc_port", "21000", "One UDP port for all operators' browsers."),
    key("threads", "0", "Threads that voice is spread over; 0 takes as many as this machine has cores."),
];

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Media {
    pub address: Option<IpAddr>,
    pub rtp_ports: String,
    pub webrtc_port: u16,
    pub threads: usize,
}

impl Default for Media {
    fn default() -> Self {
        Self { address: None, rtp_ports: "20000-20999".into(), webrtc_port: 21000, threads: 0 }
    }
}

impl Media {
    pub fn checked(&self) -> Result<media::Config, ConfigError> {
        let address = self.address.ok_or_else(|| {
            ConfigError::missing(
                "media.address",
                "set it to this server's address as the carrier and the browsers reach it, e.g. \"192.168.1.10\"",
            )
        })?;
        if address.is_unspecified() {
            return Err(ConfigError::new(
                "media.address",
                format!("`{address}` is no address that a peer can send to"),
                "set it to this server's own address, e.g. \"192.168.1.10\"",
            ));
        }
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
            rtp_ports: low..=high,
            webrtc_port: self.webrtc_port,
            webrtc_addresses: vec![address],
            threads: self.threads,
        })
    }
}
