//! The keys of one direction for one kind of packet: derived, and put to work (RFC 3711 sections 4.1 to 4.3).

use aws_lc_rs::cipher::{AES_128, EncryptingKey, EncryptionContext, UnboundCipherKey};
use aws_lc_rs::constant_time::verify_slices_are_equal;
use aws_lc_rs::hmac;
use aws_lc_rs::iv::FixedLength;

pub(super) const KEY: usize = 16;
pub(super) const SALT: usize = 14;
pub(super) const TAG: usize = 10;
const AUTHENTICATION: usize = 20;

#[derive(Debug, Clone, Copy)]
pub(super) enum Purpose {
    Media,
    Control,
}

/// Encrypts and signs. Its debug output shows no key.
pub(super) struct Cipher {
    key: EncryptingKey,
    salt: [u8; SALT],
    authentication: hmac::Key,
}

impl std::fmt::Debug for Cipher {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Cipher(not shown)")
    }
}

impl Cipher {
    pub fn derive(master: &[u8; KEY + SALT], purpose: Purpose) -> Option<Cipher> {
        let (key, salt) = master.split_first_chunk::<KEY>()?;
        let salt = salt.first_chunk::<SALT>()?;
        // Section 4.3.2: the labels of encryption, authentication and salt.
        let [encryption, authentication, salting] = match purpose {
            Purpose::Media => [0, 1, 2],
            Purpose::Control => [3, 4, 5],
        };
        let authentication = derived::<AUTHENTICATION>(key, salt, authentication)?;
        Some(Cipher {
            key: counter_mode(&derived::<KEY>(key, salt, encryption)?)?,
            salt: derived::<SALT>(key, salt, salting)?,
            authentication: hmac::Key::new(hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY, &authentication),
        })
    }

    /// Encrypts or decrypts in place (section 4.1.1).
    pub fn crypt(&self, ssrc: u32, index: u64, data: &mut [u8]) -> Option<()> {
        // The salt takes the first 14 bytes, the SSRC bytes 4 to 7, the index bytes 8 to 13; the last two count blocks.
        let places = (u128::from(ssrc) << 64) ^ (u128::from(index & 0xffff_ffff_ffff) << 16);
        run(&self.key, wide(&self.salt) ^ places, data)
    }

    pub fn tag(&self, packet: &[u8], suffix: &[u8]) -> [u8; TAG] {
        let mut context = hmac::Context::with_key(&self.authentication);
        context.update(packet);
        context.update(suffix);
        let mut tag = [0; TAG];
        for (to, from) in tag.iter_mut().zip(context.sign().as_ref()) {
            *to = *from;
        }
        tag
    }

    /// Whether this is the tag, or its beginning where the suite has a shorter one.
    pub fn is_tag(&self, packet: &[u8], suffix: &[u8], tag: &[u8]) -> bool {
        let right = self.tag(packet, suffix);
        right.get(..tag.len()).is_some_and(|right| verify_slices_are_equal(right, tag).is_ok())
    }
}

/// The key derivation function with a rate of 0 (sections 4.3.1 and 4.3.3).
fn derived<const N: usize>(key: &[u8; KEY], salt: &[u8; SALT], label: u8) -> Option<[u8; N]> {
    let mut out = [0; N];
    // The label stands above the 48 bits of the index, which is 0, and all of it above 16 bits that count blocks.
    run(&counter_mode(key)?, wide(salt) ^ (u128::from(label) << 64), &mut out)?;
    Some(out)
}

/// A salt with room for the block counter below it.
fn wide(salt: &[u8; SALT]) -> u128 {
    salt.iter().fold(0, |wide, byte| (wide << 8) | u128::from(*byte)) << 16
}

fn counter_mode(key: &[u8; KEY]) -> Option<EncryptingKey> {
    EncryptingKey::ctr(UnboundCipherKey::new(&AES_128, key).ok()?).ok()
}

fn run(key: &EncryptingKey, counter: u128, data: &mut [u8]) -> Option<()> {
    let context = EncryptionContext::Iv128(FixedLength::from(counter.to_be_bytes()));
    key.less_safe_encrypt(data, context).ok().map(|_| ())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::srtp::tests::hex;

    #[test]
    fn the_keystream_is_that_of_rfc_3711_appendix_b_2() {
        let key = counter_mode(&hex("2B7E151628AED2A6ABF7158809CF4F3C").try_into().unwrap()).unwrap();
        let salt: [u8; SALT] = hex("F0F1F2F3F4F5F6F7F8F9FAFBFCFD").try_into().unwrap();
        let mut stream = vec![0; 0xff02 * 16];
        run(&key, wide(&salt), &mut stream).unwrap();
        for (block, expected) in [
            (0, "E03EAD0935C95E80E166B16DD92B4EB4"),
            (1, "D23513162B02D0F72A43A2FE4A5F97AB"),
            (2, "41E95B3BB0A2E8DD477901E4FCA894C0"),
            (0xfeff, "EC8CDF7398607CB0F2D21675EA9EA1E4"),
            (0xff00, "362B7C3C6773516318A077D7FC5073AE"),
            (0xff01, "6A2CC3787889374FBEB4C81B17BA6C44"),
        ] {
            assert_eq!(stream[block * 16..][..16], hex(expected), "block {block}");
        }
    }

    #[test]
    fn keys_are_derived_as_in_rfc_3711_appendix_b_3() {
        let key = hex("E1F97A0D3E018BE0D64FA32C06DE4139").try_into().unwrap();
        let salt = hex("0EC675AD498AFEEBB6960B3AABE6").try_into().unwrap();
        assert_eq!(derived::<16>(&key, &salt, 0).unwrap()[..], hex("C61E7A93744F39EE10734AFE3FF7A087"));
        assert_eq!(derived::<14>(&key, &salt, 2).unwrap()[..], hex("30CBBC08863D8C85D49DB34A9AE1"));
        let authentication = "CEBE321F6FF7716B6FD4AB49AF256A156D38BAA48F0A0ACF3C34E2359E6CDBCEE049646C43D9327AD175578EF7227098\
                              6371C10C9A369AC2F94A8C5FBCDDDC256D6E919A48B610EF17C2041E474035766B68642C59BBFC2F34DB60DBDFB2";
        assert_eq!(derived::<94>(&key, &salt, 1).unwrap()[..], hex(authentication));
    }
}
