//! Counts of one leg over its life. They name nobody.

use std::time::Duration;

/// What a leg received and sent. Packets of the same leg before and after a change of SSRC are counted together.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct LegStatistics {
    /// RTP packets taken, duplicates and late ones not included.
    pub received: u64,
    /// RTP packets sent.
    pub sent: u64,
    /// Sequence numbers that never came (RFC 3550 section 6.4.1).
    pub lost: u64,
    /// Packets that came after one with a higher number.
    pub reordered: u64,
    /// Packets that had come before.
    pub duplicate: u64,
    /// Packets too old to tell, or of an SSRC that had ended.
    pub late: u64,
    /// Interarrival jitter at the end (RFC 3550 section 6.4.1), in milliseconds.
    pub jitter_ms: f32,
    /// Datagrams from outside the allowed networks, or from a second source while the first was heard.
    pub refused: u64,
    /// Datagrams that are no RTP.
    pub malformed: u64,
    /// Packets of payload types that were not negotiated.
    pub unknown_payload: u64,
    /// Packets without any payload.
    pub empty: u64,
    /// Packets longer than 120 ms.
    pub oversized: u64,
    /// Packets the operating system did not take for sending.
    pub unsent: u64,
    /// From opening the leg to the first packet received.
    pub first_received: Option<Duration>,
    /// From opening the leg to the first packet sent.
    pub first_sent: Option<Duration>,
}
