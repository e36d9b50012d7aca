//! Keys for encrypted voice and text in session descriptions (SDES, RFC 4568). Pure: text in, keys out.
//!
//! The two suites that every implementation has. A key line that wants anything else is passed over, and so is one with several keys. Our own key
//! never has a name (MKI): there is one.

use super::Families;
use crate::config::Srtp;
use base64::Engine;
use base64::engine::general_purpose::{STANDARD, STANDARD_NO_PAD};
use sdp_types::Media;
use sha2::{Digest, Sha256};
use std::fmt;

/// A master key (16 octets) and its salt (14).
pub const KEY_LENGTH: usize = 30;
/// The longest name of a key, in octets (RFC 4568 section 6.1).
const MAX_MKI: u8 = 128;

/// How packets are encrypted and signed (RFC 4568 section 6.2).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum SrtpSuite {
    /// `AES_CM_128_HMAC_SHA1_80`, the only one that we offer by ourselves.
    #[default]
    Sha1_80,
    /// `AES_CM_128_HMAC_SHA1_32`: a packet of RTP has a tag of four octets, one of RTCP of ten. All that some older gateways offer.
    Sha1_32,
}

impl SrtpSuite {
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Sha1_80 => "AES_CM_128_HMAC_SHA1_80",
            Self::Sha1_32 => "AES_CM_128_HMAC_SHA1_32",
        }
    }

    fn read(name: &str) -> Option<Self> {
        [Self::Sha1_80, Self::Sha1_32].into_iter().find(|suite| name.eq_ignore_ascii_case(suite.name()))
    }
}

/// Master keys with their salts, of both directions. They are shown nowhere.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct SrtpKeys {
    pub suite: SrtpSuite,
    /// For what we send.
    pub send: [u8; KEY_LENGTH],
    /// For what the other side sends.
    pub receive: [u8; KEY_LENGTH],
    /// Octets in which each packet of the other side names its key; 0: it does not. There is one key, so the name says nothing.
    pub mki: u8,
}

impl SrtpKeys {
    pub(crate) fn new(own: Key, theirs: Crypto) -> Self {
        Self { suite: theirs.suite, send: own.0, receive: theirs.key.0, mki: theirs.mki }
    }
}

impl fmt::Debug for SrtpKeys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SrtpKeys")
    }
}

/// One direction's key.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) struct Key(pub [u8; KEY_LENGTH]);

impl fmt::Debug for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Key")
    }
}

impl Key {
    /// The key of the text beside the voice that this one is for: every stream has its own (RFC 4568 section 6.1), and both are known by one.
    pub(crate) fn of_text(self) -> Key {
        let digest = Sha256::new().chain_update(self.0).chain_update(b"text").finalize();
        let mut key = [0; KEY_LENGTH];
        key.iter_mut().zip(digest).for_each(|(octet, made)| *octet = made);
        Key(key)
    }
}

/// Whether a call's voice is encrypted, our key for it, and by which addresses it may come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Terms {
    pub srtp: Srtp,
    pub own: Key,
    pub families: Families,
}

impl Terms {
    /// Where only what the other side says matters.
    pub(crate) fn without_key(srtp: Srtp, families: Families) -> Self {
        Terms { srtp, own: Key([0; KEY_LENGTH]), families }
    }
}

/// An `a=crypto`: a usable one of the other side, or ours.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Crypto {
    /// Names the line; an answer repeats the tag of the one it takes.
    pub tag: u32,
    pub suite: SrtpSuite,
    pub key: Key,
    /// As in [`SrtpKeys`].
    pub mki: u8,
}

impl Crypto {
    /// The line that offers our key.
    pub(crate) fn offer(suite: SrtpSuite, key: Key) -> Crypto {
        Crypto { tag: 1, suite, key, mki: 0 }
    }

    /// The line that answers this one with our key.
    pub(crate) fn answer(self, key: Key) -> Crypto {
        Crypto { key, mki: 0, ..self }
    }

    /// Reads the value of one `a=crypto`. `None`: it cannot be used.
    pub(crate) fn read(value: &str) -> Option<Crypto> {
        let mut parts = value.split_whitespace();
        let tag = parts.next().filter(|tag| tag.len() <= 9)?.parse().ok()?;
        let suite = SrtpSuite::read(parts.next()?)?;
        let keys = parts.next()?;
        // More than one key is told apart by the name in each packet, which is not looked at.
        if keys.contains(';') {
            return None;
        }
        let (method, key) = keys.split_once(':')?;
        if !method.eq_ignore_ascii_case("inline") || !parts.all(is_harmless) {
            return None;
        }
        let mut fields = key.split('|');
        let key = octets(fields.next()?)?;
        // What follows is a lifetime, longer than any call, or the key's name with its length.
        let mki = fields.try_fold(0, |mki, field| field.split_once(':').map_or(Some(mki), |(_, length)| name_length(length)))?;
        Some(Crypto { tag, suite, key, mki })
    }

    pub(crate) fn write(self) -> String {
        format!("{} {} inline:{}", self.tag, self.suite.name(), STANDARD.encode(self.key.0))
    }
}

fn name_length(text: &str) -> Option<u8> {
    text.parse().ok().filter(|length| (1..=MAX_MKI).contains(length))
}

/// How a stream is protected on the trunk's terms: the first of its key lines that is of use, or not at all. `None`: it cannot be taken.
pub(super) fn protection(media: &Media, srtp: Srtp) -> Option<Option<Crypto>> {
    match media.proto.to_ascii_uppercase().as_str() {
        "RTP/AVP" | "RTP/AVPF" if srtp != Srtp::Required => Some(None),
        "RTP/SAVP" | "RTP/SAVPF" if srtp != Srtp::Off => {
            media.get_attribute_values("crypto").flatten().find_map(Crypto::read).map(Some)
        }
        _ => None,
    }
}

/// A session parameter that changes nothing of what is sent: the hint of how far packets may be out of order.
fn is_harmless(parameter: &str) -> bool {
    parameter.get(..4).is_some_and(|name| name.eq_ignore_ascii_case("WSH="))
}

fn octets(text: &str) -> Option<Key> {
    let octets = STANDARD_NO_PAD.decode(text.trim_end_matches('=')).ok()?;
    octets.try_into().ok().map(Key)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const SUITE: &str = SrtpSuite::Sha1_80.name();
    const KEY: &str = "WVNfX19zZW1jdGwgKCkgewkyMjA7fQp9CnVubGVz";

    #[test]
    fn the_key_line_of_the_rfc_is_read_and_written() {
        let line = format!("1 {SUITE} inline:{KEY}|2^20");
        let crypto = Crypto::read(&line).unwrap();
        assert_eq!((crypto.tag, &crypto.key.0[..5]), (1, &b"YS___"[..]));
        assert_eq!(crypto.write(), format!("1 {SUITE} inline:{KEY}"));
        assert_eq!(Crypto::read(&format!("7  aes_cm_128_hmac_sha1_80 INLINE:{KEY} WSH=128")).unwrap().tag, 7);
    }

    #[test]
    fn the_short_tag_and_the_name_of_a_key_are_read_and_our_answer_has_no_name() {
        let crypto = Crypto::read(&format!("3 AES_CM_128_HMAC_SHA1_32 inline:{KEY}|2^31|1:4")).unwrap();
        assert_eq!((crypto.suite, crypto.mki), (SrtpSuite::Sha1_32, 4));
        assert_eq!(Crypto::read(&format!("1 {SUITE} inline:{KEY}|1:128")).unwrap().mki, 128);
        let answer = crypto.answer(Key([0; KEY_LENGTH])).write();
        assert!(answer.starts_with("3 AES_CM_128_HMAC_SHA1_32 inline:AAAA") && !answer.contains('|'), "{answer}");
    }

    #[test]
    fn a_line_that_wants_what_we_do_not_do_is_passed_over() {
        for line in [
            format!("1 AEAD_AES_128_GCM inline:{KEY}"),
            format!("1 {SUITE} inline:{KEY}|1:0"),
            format!("1 {SUITE} inline:{KEY}|2^20|1:129"),
            format!("1 {SUITE} inline:{KEY}|1:x"),
            format!("1 {SUITE} inline:{KEY};inline:{KEY}"),
            format!("1 {SUITE} inline:{KEY} UNENCRYPTED_SRTP"),
            format!("1 {SUITE} inline:{KEY} KDR=1"),
            format!("1 {SUITE} inline:short"),
            format!("1 {SUITE} inline:{KEY}AAAA"),
            format!("x {SUITE} inline:{KEY}"),
            format!("1 {SUITE} uri:{KEY}"),
            format!("1 {SUITE}"),
            String::new(),
        ] {
            assert_eq!(Crypto::read(&line), None, "{line}");
        }
    }

    #[test]
    fn keys_are_never_shown() {
        let crypto = Crypto::offer(SrtpSuite::Sha1_80, Key([7; KEY_LENGTH]));
        let keys = SrtpKeys::new(Key([9; KEY_LENGTH]), crypto);
        let shown = format!("{keys:?} {crypto:?}");
        assert!(!shown.contains('7') && !shown.contains('9'), "{shown}");
    }

    proptest! {
        #[test]
        fn every_key_reads_back(octets in proptest::array::uniform30(any::<u8>()), tag in 0u32..1_000_000_000) {
            let crypto = Crypto { tag, ..Crypto::offer(SrtpSuite::Sha1_32, Key(octets)) };
            prop_assert_eq!(Crypto::read(&crypto.write()), Some(crypto));
        }

        #[test]
        fn no_line_makes_it_panic(line in "\\PC{0,80}") {
            let _ = Crypto::read(&line);
        }
    }
}
