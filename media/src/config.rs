//! What an engine has to be told before it starts. Reading it from a file is not done here.

use crate::error::StartError;
use std::net::{IpAddr, SocketAddr};
use std::ops::RangeInclusive;

/// Where media is received.
#[derive(Debug, Clone)]
pub struct Config {
    /// Bound by every socket and put into the SDP towards the trunks. An unspecified address can be bound, but then the
    /// caller of `open_trunk` gets it back and has to know a better one for the SDP.
    pub address: IpAddr,
    /// Ports for trunk legs: an even one for RTP and the odd one after it for RTCP each (RFC 3550 section 11).
    pub rtp_ports: RangeInclusive<u16>,
    /// The one UDP port of all operators' legs; 0 takes a free one.
    pub webrtc_port: u16,
    /// Addresses offered to browsers as host candidates, best first. Empty means `address`.
    pub webrtc_addresses: Vec<IpAddr>,
    /// Threads that legs are spread over; 0 takes as many as this machine has cores. All operators are on the first.
    pub threads: usize,
}

/// More threads than this are never started.
const MAX_THREADS: usize = 64;

impl Config {
    pub(crate) fn threads(&self) -> usize {
        let cores = || std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
        if self.threads == 0 { cores() } else { self.threads }.min(MAX_THREADS)
    }

    /// The candidates for a WebRTC socket that is bound to `bound`.
    pub(crate) fn candidates(&self, bound: SocketAddr) -> Result<Vec<SocketAddr>, StartError> {
        let mut addresses = self.webrtc_addresses.clone();
        if addresses.is_empty() {
            addresses.push(self.address);
        }
        addresses.retain(|address| address.is_ipv4() == bound.is_ipv4() && !address.is_unspecified());
        if addresses.is_empty() {
            return Err(StartError::NoCandidate);
        }
        Ok(addresses.into_iter().map(|address| SocketAddr::new(address, bound.port())).collect())
    }
}
