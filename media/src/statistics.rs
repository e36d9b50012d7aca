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
    /// The estimated quality of what was received while the leg was joined, from 1 to 4.5: its mean and its worst five
    /// seconds. `None` if it was never joined for so long.
    pub mos: Option<f32>,
    pub worst_mos: Option<f32>,
    /// The newest round-trip time to the far end that its reports let us know.
    pub round_trip: Option<Duration>,
    /// What the far end lost of what we sent, of all and in percent of its worst report, and its jitter in milliseconds, by
    /// its newest report. `None` if it never reported.
    pub far_end: Option<FarEnd>,
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
    /// Packets that came before the far end's SDP, with its key, and are as long as no audio in clear is.
    pub enciphered: u64,
    /// Packets the operating system did not take for sending.
    pub unsent: u64,
    /// Audio that fitted into no packet of the far end's length: it came too late, or again.
    pub unpacketised: u64,
    /// RTCP packets taken and sent, and those that were no RTCP.
    pub control_received: u64,
    pub control_sent: u64,
    pub control_malformed: u64,
    /// The far end said by RTCP that it has ended.
    pub goodbye: bool,
    /// SRTP and SRTCP packets that were not made with the key, and those that came before.
    pub forged: u64,
    pub replayed: u64,
    /// From opening the leg to the first packet received.
    pub first_received: Option<Duration>,
    /// From opening the leg to the first packet sent.
    pub first_sent: Option<Duration>,
}

/// How the far end hears us, as its receiver reports tell (RFC 3550 section 6.4.1).
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct FarEnd {
    pub lost: u64,
    pub worst_loss_percent: f32,
    pub jitter_ms: f32,
}
