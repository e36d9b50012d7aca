//! Session descriptions: what the other side can hear and say, and our offers and answers (RFC 8866, RFC 3264). Pure, on `sdp-types`.
//!
//! Audio in G.711 with telephone-event is negotiated, and real-time text where the owner has a place for it; every other stream is declined.

mod answer;
mod crypto;
mod family;
mod offer;
mod read;
mod text;

pub(crate) use answer::answer;
pub(crate) use crypto::{Crypto, Key, Terms};
pub use crypto::{KEY_LENGTH, SrtpKeys, SrtpSuite};
pub use family::Families;
pub(crate) use offer::{Keys, offer};
#[cfg(test)]
use read::read;
pub(crate) use read::{Description, offer_in};
pub(crate) use text::{TextStream, TextTypes};

use crate::config::seen_at;
use serde::{Deserialize, Serialize};
use std::net::{IpAddr, SocketAddr};

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
    /// Where it wants RTCP, if it says so (RFC 3605); else that is the port after RTP's.
    #[serde(default)]
    pub rtcp: Option<SocketAddr>,
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
    /// Our address of the other family, at which the same ports are open, those of text as well: a description names the one that the other
    /// side can reach.
    pub other: Option<IpAddr>,
    /// `o=` session id; the same for the life of a leg.
    pub session_id: u64,
    /// Replaces the key that was made for us, where the media side has its own; `None` is the usual. Only `send` counts.
    #[serde(skip)]
    pub srtp: Option<SrtpKeys>,
}

/// The real-time text of the other side (RFC 4103).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RemoteText {
    /// Where it wants RTP; unspecified as in [`RemoteAudio`].
    pub address: SocketAddr,
    /// Payload type of `t140/1000`.
    pub pt: u8,
    /// Payload type of `red/1000`, when it takes text with earlier text repeated.
    pub redundancy_pt: Option<u8>,
    /// Text is encrypted with these in both directions; `None`: it is not.
    #[serde(skip)]
    pub srtp: Option<SrtpKeys>,
}

/// Our place for real-time text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct LocalText {
    pub address: SocketAddr,
}

/// Everything of ours that a description names. A [`LocalAudio`] alone is one without text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct LocalMedia {
    pub audio: LocalAudio,
    /// `None`: text is declined, and not offered.
    pub text: Option<LocalText>,
}

impl LocalMedia {
    #[must_use]
    pub fn with_text(mut self, text: LocalText) -> Self {
        self.text = Some(text);
        self
    }

    /// The same, as it is seen from behind a NAT that keeps the ports.
    pub(crate) fn seen_at(mut self, public: Option<IpAddr>) -> Self {
        self.audio.address = seen_at(public, self.audio.address);
        self.audio.other = self.audio.other.map(|other| seen_at(public, SocketAddr::new(other, 0)).ip());
        self.text = self.text.map(|text| LocalText { address: seen_at(public, text.address) });
        self
    }
}

impl From<LocalAudio> for LocalMedia {
    fn from(audio: LocalAudio) -> Self {
        LocalMedia { audio, text: None }
    }
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
