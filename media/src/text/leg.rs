//! The text of one trunk leg, without its socket: datagrams and time go in, text and datagrams come out.

use super::decode::Decoder;
use super::order::{Order, Piece};
use super::redundancy::{self, Blocks};
use super::send::Sender;
use super::{LOST, RemoteText};
use crate::error::TextError;
use crate::srtp::Protection;
use crate::trunk::{Latch, RTCP_HOLDS};
use ipnet::IpNet;
use rtp_rs::RtpReader;
use std::net::SocketAddr;
use std::time::Instant;

/// Room for the longest datagram sent.
pub(crate) const MAX_DATAGRAM: usize = 1_472;
/// Letters a second that are taken from a far end, and the most at once: far more than anybody types or pastes.
const PER_SECOND: f64 = 200.0;
const AT_ONCE: f64 = 4_000.0;

#[derive(Debug)]
pub(crate) struct TextLeg {
    latch: Latch,
    protection: Protection,
    remote: Option<RemoteText>,
    order: Order,
    decoder: Decoder,
    sender: Sender,
    allowance: f64,
    allowed_at: Instant,
    pub counts: TextCounts,
}

/// What became of a leg's text that did not go its way.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct TextCounts {
    /// Datagrams from outside the allowed networks, or from a second source while the first was heard.
    pub refused: u64,
    /// Datagrams that were not made with the key, or came before.
    pub distrusted: u64,
    /// Datagrams that are no text.
    pub malformed: u64,
    /// Packets that were taken.
    pub received: u64,
    /// Packets that never came and were repeated by later ones.
    pub recovered: u64,
    /// Places where text was lost.
    pub gaps: u64,
    /// Letters that came faster than anybody reads.
    pub flooded: u64,
}

impl TextLeg {
    pub fn new(now: Instant, allowed: Vec<IpNet>, random: u64) -> TextLeg {
        TextLeg {
            // Who types is silent for longer than who speaks.
            latch: Latch::new(allowed, RTCP_HOLDS),
            protection: Protection::CLEAR,
            remote: None,
            order: Order::default(),
            decoder: Decoder::default(),
            sender: Sender::new(now, random),
            allowance: AT_ONCE,
            allowed_at: now,
            counts: TextCounts::default(),
        }
    }

    /// The far end's newest SDP; `None`: it has no text any more.
    pub fn set_remote(&mut self, now: Instant, remote: Option<RemoteText>) {
        if let Some(remote) = remote.filter(|remote| self.remote != Some(*remote)) {
            self.latch.announce(now, remote.address);
            self.protection.set(remote.srtp);
            self.sender.open(now);
        }
        self.remote = remote;
    }

    /// Takes a datagram. What can be read now is appended to `text`.
    pub fn handle_datagram(&mut self, now: Instant, source: SocketAddr, data: &mut [u8], text: &mut String) {
        let Some(remote) = self.remote.filter(|_| self.latch.permits(source)) else {
            self.counts.refused += 1;
            return;
        };
        let Ok(data) = self.protection.unprotect(data) else {
            self.counts.distrusted += 1;
            return;
        };
        let Some((ssrc, sequence, blocks)) = read(data, &remote) else {
            self.counts.malformed += 1;
            return;
        };
        if !self.latch.admit(now, source) {
            self.counts.refused += 1;
            return;
        }
        let mut pieces = Vec::new();
        self.order.take(now, ssrc, sequence, &blocks, &mut pieces);
        self.read_pieces(now, &pieces, text);
    }

    /// Takes letters for the far end, all or none.
    pub fn send(&mut self, now: Instant, text: &str) -> Result<(), TextError> {
        if self.remote.is_none() {
            return Err(TextError::NoText);
        }
        self.sender.push(now, text).map_err(|_| TextError::Full)
    }

    /// When something is to be done without a datagram.
    pub fn deadline(&self) -> Option<Instant> {
        let sending = self.destination().and_then(|_| self.sender.deadline());
        self.order.deadline().into_iter().chain(sending).min()
    }

    /// Gives up waiting for what is lost.
    pub fn poll(&mut self, now: Instant, text: &mut String) {
        let mut pieces = Vec::new();
        self.order.poll(now, &mut pieces);
        self.read_pieces(now, &pieces, text);
    }

    /// The next datagram, if its time has come: where to, and how many bytes of `out` it is.
    pub fn poll_transmit(&mut self, now: Instant, out: &mut [u8; MAX_DATAGRAM]) -> Option<(SocketAddr, usize)> {
        let (to, remote) = self.destination()?;
        let (index, length) = self.sender.poll(now, &remote, out)?;
        self.protection.protect(out, length, index).map(|length| (to, length))
    }

    /// The leg is closed: what waited for something lost is read, and what waits for the far end is to be sent.
    pub fn finish(&mut self, now: Instant, text: &mut String) {
        self.sender.hurry(now);
        let mut pieces = Vec::new();
        self.order.finish(now, &mut pieces);
        self.read_pieces(now, &pieces, text);
        self.decoder.finish(text);
    }

    fn destination(&self) -> Option<(SocketAddr, RemoteText)> {
        Some((self.latch.destination()?, self.remote?))
    }

    fn read_pieces(&mut self, now: Instant, pieces: &[Piece], text: &mut String) {
        let mut read = String::new();
        for piece in pieces {
            self.decoder.take(piece, &mut read);
        }
        let order = self.order.counts;
        (self.counts.received, self.counts.recovered, self.counts.gaps) = (order.received, order.recovered, order.gaps);
        let gained = now.saturating_duration_since(self.allowed_at).as_secs_f64() * PER_SECOND;
        (self.allowance, self.allowed_at) = ((self.allowance + gained).min(AT_ONCE), now);
        for letter in read.chars() {
            if self.allowance >= 1.0 {
                self.allowance -= 1.0;
                text.push(letter);
            } else {
                self.counts.flooded += 1;
                if !text.ends_with(LOST) {
                    text.push(LOST);
                }
            }
        }
    }
}

fn read<'a>(data: &'a [u8], remote: &RemoteText) -> Option<(u32, u16, Blocks<'a>)> {
    let rtp = RtpReader::new(data).ok()?;
    let payload = rtp.payload();
    let blocks = match rtp.payload_type() {
        pt if Some(pt) == remote.redundancy_pt => redundancy::read(payload, remote.pt)?,
        pt if pt == remote.pt => Blocks { earlier: Vec::new(), newest: payload },
        _ => return None,
    };
    Some((rtp.ssrc(), rtp.sequence_number().into(), blocks))
}

#[cfg(test)]
#[path = "leg_tests.rs"]
mod tests;
