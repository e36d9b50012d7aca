//! Session descriptions: what the other side can hear and say, and our offers and answers (RFC 8866, RFC 3264). Pure, on `sdp-types`.
//!
//! Audio in G.711 with telephone-event is all that is negotiated; every other stream is declined.

mod answer;
mod crypto;
mod offer;
mod read;

pub(crate) use answer::answer;
pub use crypto::{KEY_LENGTH, SrtpKeys};
pub(crate) use crypto::{Key, Terms};
pub(crate) use offer::offer;
#[cfg(test)]
use read::read;
pub(crate) use read::{Description, offer_in};

use serde::{Deserialize, Serialize};
use std::net::SocketAddr;

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Codec {
    /// G.711 A-law
    Pcma,
    /// G.711 µ-law
    Pcmu,
}

impl Codec {
    fn name(self) -> &'static str {
        match self {
            Codec::Pcma => "PCMA",
            Codec::Pcmu => "PCMU",
        }
    }
}

/// A codec and the RTP payload type that both sides use for it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct PayloadType {
    pub codec: Codec,
    pub pt: u8,
}

/// Which way a side lets audio flow, in that side's own words: `SendOnly` from the caller means the caller has us on hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Direction {
    #[default]
    SendRecv,
    SendOnly,
    RecvOnly,
    Inactive,
}

impl Direction {
    /// What the answerer says to this offer (RFC 3264 section 6.1).
    pub(crate) fn mirrored(self) -> Direction {
        match self {
            Direction::SendOnly => Direction::RecvOnly,
            Direction::RecvOnly => Direction::SendOnly,
            same => same,
        }
    }

    fn name(self) -> &'static str {
        match self {
            Direction::SendRecv => "sendrecv",
            Direction::SendOnly => "sendonly",
            Direction::RecvOnly => "recvonly",
            Direction::Inactive => "inactive",
        }
    }
}

/// The audio of the other side.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RemoteAudio {
    /// Where it wants RTP. The IP address is unspecified (`0.0.0.0`) when the description names a host or none: send to where its RTP comes from.
    pub address: SocketAddr,
    /// Never empty, in its order of preference. The first is the one in use.
    pub codecs: Vec<PayloadType>,
    /// RFC 4733 payload type at 8000 Hz, when it takes such events.
    pub telephone_event: Option<u8>,
    /// Milliseconds a packet, 10 to 60.
    pub ptime_ms: u8,
    pub direction: Direction,
    /// Voice is encrypted with these in both directions; `None`: it is not.
    #[serde(skip)]
    pub srtp: Option<SrtpKeys>,
}

/// Our audio, as the media side opened it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct LocalAudio {
    /// Where RTP is to be sent to.
    pub address: SocketAddr,
    /// `o=` session id; the same for the life of a leg.
    pub session_id: u64,
    /// Replaces the key that was made for us, where the media side has its own; `None` is the usual. Only `send` counts.
    #[serde(skip)]
    pub srtp: Option<SrtpKeys>,
}

/// Why a description is of no use.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(crate) enum SdpError {
    /// Not a session description.
    #[error("unreadable session description")]
    Unreadable,
    /// No stream of PCMA or PCMU that is switched on, over RTP as the trunk wants it: plain, or encrypted with keys that we can use.
    #[error("no audio stream in PCMA or PCMU")]
    NoAudio,
}
