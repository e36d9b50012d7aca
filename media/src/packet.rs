//! What travels between legs, and what SDP said about the far end.

use crate::g711::Codec;
use crate::srtp::SrtpKeys;
use std::net::SocketAddr;

/// The longest audio payload that is taken or sent: 120 ms.
pub(crate) const MAX_AUDIO: usize = 960;

/// What the far end of a trunk leg announced in its SDP.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RemoteAudio {
    /// Where it wants to receive. An unspecified address means where its RTP comes from: its SDP names a host, or none. Port 0
    /// means nowhere. An address of `0.0.0.0` that holds the call (RFC 3264 section 8.4) is told by `send` alone.
    pub address: SocketAddr,
    /// The codec chosen for sending to it.
    pub codec: Codec,
    /// The payload type of that codec.
    pub pt: u8,
    /// The payload type of telephone-event (RFC 4733), if it was negotiated.
    pub telephone_event: Option<u8>,
    /// The packet length it prefers. It is sent packets of this length, at least 10 and at most 60 ms; packets of any length
    /// up to 120 ms are taken from it.
    pub ptime_ms: u8,
    /// Where it wants to receive RTCP.
    pub rtcp: RtcpAddress,
    /// What protects the packets of both directions, if its SDP and ours announced keys (RFC 4568). Nothing is sent or taken
    /// in clear then.
    pub srtp: Option<SrtpKeys>,
    /// We send to it: its SDP says `sendrecv` or `recvonly`. If not, nothing is sent.
    pub send: bool,
    /// We receive from it: its SDP says `sendrecv` or `sendonly`. If not, its silence is no fault.
    pub receive: bool,
}

/// Where a far end receives RTCP. It may send from anywhere that its RTP may come from.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum RtcpAddress {
    /// On the port after that of RTP (RFC 3550 section 11).
    #[default]
    NextPort,
    /// Where `a=rtcp` says (RFC 3605).
    At(SocketAddr),
    /// On the port of RTP: `a=rtcp-mux` was offered and answered (RFC 5761).
    Muxed,
}

impl RemoteAudio {
    /// Where RTCP of its own port goes; an unspecified address means where its RTCP comes from, and port 0 nowhere.
    pub(crate) fn rtcp_destination(&self) -> SocketAddr {
        match self.rtcp {
            RtcpAddress::At(address) => address,
            RtcpAddress::NextPort | RtcpAddress::Muxed => {
                let port = if self.address.port() == 0 { 0 } else { self.address.port().checked_add(1).unwrap_or(0) };
                SocketAddr::new(self.address.ip(), port)
            }
        }
    }
}

/// Identifies one run of sequence numbers and timestamps that belong together: an SSRC of a leg until it restarts, or one
/// play of a sound. Never used again.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct StreamId(pub u64);

impl StreamId {
    /// No stream has this id.
    pub const NONE: StreamId = StreamId(u64::MAX);

    /// The n-th run of the source with this number.
    pub fn new(source: u32, run: u32) -> StreamId {
        StreamId((u64::from(source) << 32) | u64::from(run))
    }
}

/// One packet on its way from a source to a leg.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Packet<'a> {
    pub stream: StreamId,
    /// In the source's numbering.
    pub sequence: u16,
    /// On the source's 8 kHz clock.
    pub timestamp: u32,
    /// The source says that a spurt of speech, or a key press, begins here.
    pub marker: bool,
    pub content: Content<'a>,
}

#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Content<'a> {
    Audio {
        codec: Codec,
        payload: &'a [u8],
    },
    /// A telephone-event payload (RFC 4733 section 2.3).
    Event([u8; 4]),
}

impl Content<'_> {
    /// How far this packet moves the stream's timestamp, in samples. Events stand still while they last.
    pub fn duration(&self) -> u32 {
        match self {
            Content::Audio { payload, .. } => u32::try_from(payload.len()).unwrap_or(0),
            Content::Event(_) => 0,
        }
    }
}

/// The sequence number and timestamp a packet left with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Stamp {
    /// Extended by the roll-overs (RFC 3711 section 3.3.1); the low 16 bits are on the wire.
    pub sequence: u64,
    pub timestamp: u32,
    /// The first packet after a gap or of a new source (RFC 3551 section 4.1).
    pub marker: bool,
}
