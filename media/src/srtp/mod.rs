//! SRTP with keys from the SDP (RFC 3711, RFC 4568), in the two suites that every implementation has.
//!
//! The primitives are those of aws-lc; what is here is what RFC 3711 puts around them. Keys are exchanged elsewhere.

mod cipher;
mod protection;
mod replay;

pub(crate) use protection::Protection;

use cipher::{Cipher, KEY, Purpose, SALT, TAG};
use replay::Window;

/// What protecting adds to a packet at most: a tag, and the index of a control packet.
pub(crate) const OVERHEAD: usize = TAG + INDEX;
/// Of a control packet: one bit that says it is encrypted, and 31 bits that number it (RFC 3711 section 3.4).
const INDEX: usize = 4;
const ENCRYPTED: u32 = 1 << 31;
/// The fixed headers of RTP, and of RTCP with its first SSRC, which stay in clear.
const RTP_HEADER: usize = 12;
const RTCP_HEADER: usize = 8;
/// Sources of the far end whose numbers are remembered at once; the one heard longest ago gives way.
const MAX_SOURCES: usize = 4;

/// How packets are encrypted and signed (RFC 4568 section 6.2).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum SrtpSuite {
    /// `AES_CM_128_HMAC_SHA1_80`
    #[default]
    Sha1_80,
    /// `AES_CM_128_HMAC_SHA1_32`
    Sha1_32,
}

impl SrtpSuite {
    /// Bytes of an RTP packet's tag. That of an RTCP packet is as long in every suite.
    fn tag(self) -> usize {
        match self {
            SrtpSuite::Sha1_80 => TAG,
            SrtpSuite::Sha1_32 => 4,
        }
    }
}

/// The master keys and salts of both directions (RFC 4568 section 6.1: 16 bytes of key, then 14 of salt).
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct SrtpKeys {
    pub suite: SrtpSuite,
    /// Announced in our SDP; protects what we send.
    pub send: [u8; KEY + SALT],
    /// Announced in the far end's SDP; protects what it sends.
    pub receive: [u8; KEY + SALT],
    /// Bytes in which each packet of the far end names its key, between what is signed and its tag (RFC 3711 section 3.1). There is one key.
    pub mki: usize,
}

impl SrtpKeys {
    /// In the mandatory suite, without names of keys.
    pub fn new(send: [u8; KEY + SALT], receive: [u8; KEY + SALT]) -> SrtpKeys {
        SrtpKeys { suite: SrtpSuite::default(), send, receive, mki: 0 }
    }
}

impl std::fmt::Debug for SrtpKeys {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("SrtpKeys(not shown)")
    }
}

/// Why a packet was not taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Refused {
    /// It is no SRTP, or was not made with the key, or was changed on its way.
    Forged,
    /// It came before, or is too old to tell (RFC 3711 section 3.3.2).
    Replayed,
}

/// Both directions of one leg.
#[derive(Debug)]
pub(crate) struct Srtp {
    keys: SrtpKeys,
    send: [Cipher; 2],
    receive: [Cipher; 2],
    control_index: u32,
    sources: Vec<Source>,
}

/// What is remembered of one SSRC of the far end.
#[derive(Debug)]
struct Source {
    ssrc: u32,
    /// Of whole packets numbered with their roll-overs.
    media: Window,
    control: Window,
}

impl Srtp {
    /// `None` if the machine's cryptography refuses its work; nothing must be sent in clear then.
    pub fn new(keys: SrtpKeys) -> Option<Srtp> {
        let of = |master: &[u8; KEY + SALT]| {
            Some([Cipher::derive(master, Purpose::Media)?, Cipher::derive(master, Purpose::Control)?])
        };
        Some(Srtp { keys, send: of(&keys.send)?, receive: of(&keys.receive)?, control_index: 0, sources: Vec::new() })
    }

    /// Takes new keys; numbers and roll-overs go on (RFC 3711 section 8.1). False as in `new`.
    pub fn rekey(&mut self, keys: SrtpKeys) -> bool {
        if keys == self.keys {
            return true;
        }
        let Some(fresh) = Srtp::new(keys) else { return false };
        (self.keys, self.send, self.receive) = (fresh.keys, fresh.send, fresh.receive);
        true
    }

    /// Protects the RTP packet of `length` bytes in `datagram`, without CSRCs or extensions, whose sequence number extended by
    /// the roll-overs is `index`. Gives the new length; `None` if there is no room.
    pub fn protect(&mut self, datagram: &mut [u8], length: usize, index: u64) -> Option<usize> {
        let [cipher, _] = &self.send;
        let ssrc = u32_at(datagram, 8)?;
        cipher.crypt(ssrc, index, datagram.get_mut(RTP_HEADER..length)?)?;
        let (packet, rest) = datagram.split_at_mut_checked(length)?;
        let tag = cipher.tag(packet, &roll_over(index).to_be_bytes());
        let tag = tag.get(..self.keys.suite.tag())?;
        rest.get_mut(..tag.len())?.copy_from_slice(tag);
        Some(length + tag.len())
    }

    /// Protects the RTCP packet of `length` bytes in `datagram`.
    pub fn protect_control(&mut self, datagram: &mut [u8], length: usize) -> Option<usize> {
        let [_, cipher] = &self.send;
        let ssrc = u32_at(datagram, 4)?;
        let index = self.control_index;
        cipher.crypt(ssrc, u64::from(index), datagram.get_mut(RTCP_HEADER..length)?)?;
        datagram.get_mut(length..length + INDEX)?.copy_from_slice(&(index | ENCRYPTED).to_be_bytes());
        let (packet, rest) = datagram.split_at_mut_checked(length + INDEX)?;
        rest.get_mut(..TAG)?.copy_from_slice(&cipher.tag(packet, &[]));
        self.control_index = (index + 1) & !ENCRYPTED;
        Some(length + INDEX + TAG)
    }

    /// Makes an RTP packet of what came, in place.
    pub fn unprotect<'a>(&mut self, datagram: &'a mut [u8]) -> Result<&'a [u8], Refused> {
        let (ssrc, number) = (u32_at(datagram, 8), datagram.get(2..4).and_then(|at| at.first_chunk()).copied());
        let (Some(ssrc), Some(number)) = (ssrc, number.map(u16::from_be_bytes)) else { return Err(Refused::Forged) };
        let header = rtp_header(datagram).ok_or(Refused::Forged)?;
        let index =
            self.sources.iter().find(|source| source.ssrc == ssrc).map_or(u64::from(number), |source| source.media.guess(number));
        let tag = self.keys.suite.tag();
        let length = datagram.len().checked_sub(self.keys.mki + tag).filter(|length| *length >= header).ok_or(Refused::Forged)?;
        let (packet, tag) = self.split(datagram, length)?;
        let [cipher, _] = &self.receive;
        // The tag comes first: a replayed number costs a forger as much as any other.
        if !cipher.is_tag(packet, &roll_over(index).to_be_bytes(), tag) {
            return Err(Refused::Forged);
        }
        if !self.take(ssrc, |source| source.media.take(index)) {
            return Err(Refused::Replayed);
        }
        let [cipher, _] = &self.receive;
        packet.get_mut(header..).and_then(|payload| cipher.crypt(ssrc, index, payload)).ok_or(Refused::Forged)?;
        Ok(packet)
    }

    /// Makes an RTCP packet of what came, in place.
    pub fn unprotect_control<'a>(&mut self, datagram: &'a mut [u8]) -> Result<&'a [u8], Refused> {
        let length = datagram
            .len()
            .checked_sub(INDEX + self.keys.mki + TAG)
            .filter(|length| *length >= RTCP_HEADER)
            .ok_or(Refused::Forged)?;
        let (ssrc, word) = (u32_at(datagram, 4), u32_at(datagram, length));
        let (Some(ssrc), Some(word)) = (ssrc, word) else { return Err(Refused::Forged) };
        let (signed, tag) = self.split(datagram, length + INDEX)?;
        let [_, cipher] = &self.receive;
        if !cipher.is_tag(signed, &[], tag) {
            return Err(Refused::Forged);
        }
        let index = u64::from(word & !ENCRYPTED);
        if !self.take(ssrc, |source| source.control.take(index)) {
            return Err(Refused::Replayed);
        }
        let packet = signed.get_mut(..length).ok_or(Refused::Forged)?;
        if word & ENCRYPTED != 0 {
            let [_, cipher] = &self.receive;
            packet.get_mut(RTCP_HEADER..).and_then(|body| cipher.crypt(ssrc, index, body)).ok_or(Refused::Forged)?;
        }
        Ok(packet)
    }

    /// What is signed, of this length, and its tag behind the name of the key.
    fn split<'a>(&self, datagram: &'a mut [u8], signed: usize) -> Result<(&'a mut [u8], &'a [u8]), Refused> {
        let (signed, rest) = datagram.split_at_mut_checked(signed).ok_or(Refused::Forged)?;
        Ok((signed, rest.get(self.keys.mki..).ok_or(Refused::Forged)?))
    }

    /// Notes a number of an SSRC that has proved itself; false if it came before.
    fn take(&mut self, ssrc: u32, number: impl FnOnce(&mut Source) -> bool) -> bool {
        let known = self.sources.iter().position(|source| source.ssrc == ssrc);
        let mut source = match known {
            Some(at) => self.sources.remove(at),
            None => Source { ssrc, media: Window::default(), control: Window::default() },
        };
        let fresh = number(&mut source);
        self.sources.truncate(MAX_SOURCES - 1);
        self.sources.insert(0, source);
        fresh
    }
}

fn roll_over(index: u64) -> u32 {
    (index >> 16) as u32
}

fn u32_at(data: &[u8], at: usize) -> Option<u32> {
    data.get(at..).and_then(|data| data.first_chunk()).copied().map(u32::from_be_bytes)
}

/// The length of an RTP packet's header with its CSRCs and extension (RFC 3550 section 5.1), if it is one and whole.
fn rtp_header(data: &[u8]) -> Option<usize> {
    let first = *data.first()?;
    let mut length = RTP_HEADER + 4 * usize::from(first & 0x0f);
    if first & 0x10 != 0 {
        length += 4 + 4 * (u32_at(data, length)? & 0xffff) as usize;
    }
    (first >> 6 == 2 && length <= data.len()).then_some(length)
}

#[cfg(test)]
#[path = "tests.rs"]
mod tests;
