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
    /// An address of the other family, at which the same ports are open: a trunk's SDP chooses (RFC 6157).
    pub other_address: Option<IpAddr>,
    /// Ports for trunk legs: an even one for RTP and the odd one after it for RTCP each (RFC 3550 section 11).
    pub rtp_ports: RangeInclusive<u16>,
    /// The one UDP port of all operators' legs; 0 takes a free one.
    pub webrtc_port: u16,
    /// Addresses offered to browsers as host candidates, best first. Empty means `address` and `other_address`.
    pub webrtc_addresses: Vec<IpAddr>,
    /// Threads that legs are spread over; 0 takes as many as this machine has cores. All operators are on the first.
    pub threads: usize,
}

/// This server's addresses for voice: one, or one of each family.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Addresses {
    pub first: IpAddr,
    pub other: Option<IpAddr>,
}

/// More threads than this are never started.
const MAX_THREADS: usize = 64;

impl Config {
    pub(crate) fn addresses(&self) -> Addresses {
        Addresses { first: self.address, other: self.other_address.filter(|other| other.is_ipv4() != self.address.is_ipv4()) }
    }

    pub(crate) fn threads(&self) -> usize {
        let cores = || std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
        if self.threads == 0 { cores() } else { self.threads }.min(MAX_THREADS)
    }

    /// The candidates for WebRTC sockets that are bound to `bound`.
    pub(crate) fn candidates(&self, bound: &[SocketAddr]) -> Result<Vec<SocketAddr>, StartError> {
        let mut addresses = self.webrtc_addresses.clone();
        if addresses.is_empty() {
            addresses = [self.address].into_iter().chain(self.addresses().other).collect();
        }
        let candidate = |address: IpAddr| {
            let home = bound.iter().find(|bound| bound.is_ipv4() == address.is_ipv4() && !address.is_unspecified())?;
            Some(SocketAddr::new(address, home.port()))
        };
        let candidates: Vec<SocketAddr> = addresses.into_iter().filter_map(candidate).collect();
        if candidates.is_empty() { Err(StartError::NoCandidate) } else { Ok(candidates) }
    }
}
