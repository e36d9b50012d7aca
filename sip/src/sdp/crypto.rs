//! Keys for encrypted voice and text in session descriptions (SDES, RFC 4568). Pure: text in, keys out.
//!
//! One suite, AES_CM_128_HMAC_SHA1_80, which every carrier has, and no MKI. A key line that wants anything else is passed over.

use crate::config::Srtp;
use base64::Engine;
use base64::engine::general_purpose::{STANDARD, STANDARD_NO_PAD};
use sdp_types::Media;
use sha2::{Digest, Sha256};
use std::fmt;

/// A master key (16 octets) and its salt (14).
pub const KEY_LENGTH: usize = 30;
pub(crate) const SUITE: &str = "AES_CM_128_HMAC_SHA1_80";

/// Master keys with their salts, of both directions. They are shown nowhere.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct SrtpKeys {
    /// For what we send.
    pub send: [u8; KEY_LENGTH],
    /// For what the other side sends.
    pub receive: [u8; KEY_LENGTH],
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

/// Whether a call's voice is encrypted, and our key for it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Terms {
    pub srtp: Srtp,
    pub own: Key,
}

impl Terms {
    /// Where only what the other side says matters.
    pub(crate) fn without_key(srtp: Srtp) -> Self {
        Terms { srtp, own: Key([0; KEY_LENGTH]) }
    }
}

/// A usable `a=crypto` of the other side.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Crypto {
    /// Names the line; an answer repeats the tag of the one it takes.
    pub tag: u32,
    pub key: Key,
}

impl Crypto {
    /// Reads the value of one `a=crypto`. `None`: it cannot be used.
    pub(crate) fn read(value: &str) -> Option<Crypto> {
        let mut parts = value.split_whitespace();
        let tag = parts.next().filter(|tag| tag.len() <= 9)?.parse().ok()?;
        if !parts.next()?.eq_ignore_ascii_case(SUITE) {
            return None;
        }
        let keys = parts.next()?;
        // More than one key needs an MKI to tell them apart.
        if keys.contains(';') {
            return None;
        }
        let (method, key) = keys.split_once(':')?;
        if !method.eq_ignore_ascii_case("inline") || !parts.all(is_harmless) {
            return None;
        }
        let mut fields = key.split('|');
        let key = octets(fields.next()?)?;
        // What follows is a lifetime, longer than any call, or an MKI, which has a colon.
        fields.all(|field| !field.contains(':')).then_some(Crypto { tag, key })
    }

    pub(crate) fn write(self) -> String {
        format!("{} {SUITE} inline:{}", self.tag, STANDARD.encode(self.key.0))
    }
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
    fn a_line_that_wants_what_we_do_not_do_is_passed_over() {
        for line in [
            format!("1 AES_CM_128_HMAC_SHA1_32 inline:{KEY}"),
            format!("1 AEAD_AES_128_GCM inline:{KEY}"),
            format!("1 {SUITE} inline:{KEY}|2^20|1:4"),
            format!("1 {SUITE} inline:{KEY}|1:4"),
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
        let keys = SrtpKeys { send: [7; KEY_LENGTH], receive: [9; KEY_LENGTH] };
        let crypto = Crypto { tag: 1, key: Key([7; KEY_LENGTH]) };
        let shown = format!("{keys:?} {crypto:?}");
        assert!(!shown.contains('7') && !shown.contains('9'), "{shown}");
    }

    proptest! {
        #[test]
        fn every_key_reads_back(octets in proptest::array::uniform30(any::<u8>()), tag in 0u32..1_000_000_000) {
            let crypto = Crypto { tag, key: Key(octets) };
            prop_assert_eq!(Crypto::read(&crypto.write()), Some(crypto));
        }

        #[test]
        fn no_line_makes_it_panic(line in "\\PC{0,80}") {
            let _ = Crypto::read(&line);
        }
    }
}
