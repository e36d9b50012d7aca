//! The voice of a generated leg: RTP packets of PCMA with a tone, each of which says in its first samples whose and which it is and
//! when it was sent. The server passes PCMA on unchanged, so the stamp can be read at the far end and in the recording.

use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::LazyLock;

/// Samples, and octets, of 20 ms.
pub const FRAME: usize = 160;
const RTP_HEADER: usize = 12;
pub const DATAGRAM: usize = RTP_HEADER + FRAME;
/// Octets of a stamp.
pub const STAMP: usize = 16;
const MAGIC: [u8; 2] = [0x5a, 0xc3];
const PCMA: u8 = 8;

/// 400 Hz, whose period divides a frame, so that every frame is the same.
static TONE: LazyLock<[u8; FRAME]> = LazyLock::new(|| {
    let mut octets = [0; FRAME];
    let samples: Vec<i16> =
        (0..FRAME).map(|n| (8_000.0 * (std::f64::consts::TAU * 400.0 * n as f64 / 8_000.0).sin()) as i16).collect();
    media::Codec::Pcma.encode(&samples, &mut octets);
    octets
});

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Stamp {
    /// Whose voice this is.
    pub leg: u16,
    /// Counted from 0 for each leg.
    pub number: u32,
    /// When it was sent, on the generator's clock.
    pub micros: u32,
}

impl Stamp {
    pub fn payload(self) -> [u8; FRAME] {
        let mut payload = *TONE;
        let stamp = MAGIC.into_iter().chain(self.leg.to_be_bytes()).chain(self.number.to_be_bytes());
        let stamp = stamp.chain(self.micros.to_be_bytes()).chain(self.check().to_be_bytes());
        payload.iter_mut().zip(stamp).for_each(|(octet, stamped)| *octet = stamped);
        payload
    }

    /// In hundreds of recordings there are a hundred million places at which ring-back, an announcement or samples that were moved could
    /// be read as a stamp. Who reads it is the process that wrote it, so the hash need not be the same elsewhere.
    fn check(self) -> u32 {
        let mut hasher = DefaultHasher::new();
        (self.leg, self.number, self.micros).hash(&mut hasher);
        hasher.finish() as u32
    }

    /// The RTP packet (RFC 3550 section 5.1).
    pub fn datagram(self) -> [u8; DATAGRAM] {
        let [high, low] = (self.number as u16).to_be_bytes();
        let header = [0x80, if self.number == 0 { 0x80 | PCMA } else { PCMA }, high, low];
        let timestamp = self.number.wrapping_mul(FRAME as u32).to_be_bytes();
        let source = (0x5349_0000 | u32::from(self.leg)).to_be_bytes();
        let mut datagram = [0; DATAGRAM];
        let octets = header.into_iter().chain(timestamp).chain(source).chain(self.payload());
        datagram.iter_mut().zip(octets).for_each(|(to, from)| *to = from);
        datagram
    }

    /// The stamp of an RTP packet that the server passed on; `None` for what is another's sound.
    pub fn of_datagram(datagram: &[u8]) -> Option<Stamp> {
        let (header, payload) = datagram.split_at_checked(RTP_HEADER)?;
        let [0x80, kind, ..] = header else { return None };
        (kind & 0x7f == PCMA).then(|| Stamp::of_payload(payload)).flatten()
    }

    pub fn of_payload(payload: &[u8]) -> Option<Stamp> {
        let [a, b, l0, l1, n0, n1, n2, n3, m0, m1, m2, m3, c0, c1, c2, c3, ..] = *payload else { return None };
        let stamp = Stamp {
            leg: u16::from_be_bytes([l0, l1]),
            number: u32::from_be_bytes([n0, n1, n2, n3]),
            micros: u32::from_be_bytes([m0, m1, m2, m3]),
        };
        // The hash is computed for the few that look like a stamp only.
        ([a, b] == MAGIC && stamp.check() == u32::from_be_bytes([c0, c1, c2, c3])).then_some(stamp)
    }

    /// The stamp at the beginning of decoded samples. They have to be exactly what PCMA decodes to: samples that were moved between
    /// each other to follow a clock would be read as some other stamp.
    pub fn of_samples(samples: &[i16]) -> Option<Stamp> {
        let samples = samples.get(..STAMP)?;
        let mut octets = [0; STAMP];
        media::Codec::Pcma.encode(samples, &mut octets);
        let stamp = Stamp::of_payload(&octets)?;
        media::Codec::Pcma.decode(&octets).eq(samples.iter().copied()).then_some(stamp)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn a_stamp_is_read_back_on_the_wire_and_in_a_recording(leg: u16, number: u32, micros: u32) {
            let stamp = Stamp { leg, number, micros };
            prop_assert_eq!(Stamp::of_datagram(&stamp.datagram()), Some(stamp));
            let recorded: Vec<i16> = media::Codec::Pcma.decode(&stamp.payload()).collect();
            prop_assert_eq!(Stamp::of_samples(&recorded), Some(stamp));
        }
    }

    #[test]
    fn the_sound_between_stamps_is_loud_and_no_other_sound_is_taken_for_a_stamp() {
        let payload = Stamp { leg: 1, number: 2, micros: 3 }.payload();
        let loudest = media::Codec::Pcma.decode(&payload[STAMP..]).map(|sample| sample.unsigned_abs()).max().unwrap();
        assert!(loudest > 7_000);
        assert_eq!(Stamp::of_datagram(&[0x80; DATAGRAM]), None);
        assert_eq!(Stamp::of_datagram(&[0x80, PCMA]), None);
        assert_eq!(Stamp::of_samples(&[0; FRAME]), None);
    }

    #[test]
    fn sound_that_begins_like_a_stamp_is_none() {
        let mut payload = Stamp { leg: 61_936, number: 3_277_747_056, micros: 0 }.payload();
        payload[STAMP - 1] ^= 1;
        assert_eq!(Stamp::of_payload(&payload), None);
    }

    #[test]
    fn a_stretched_frame_is_not_read_as_the_stamp_of_another() {
        let mut samples: Vec<i16> = media::Codec::Pcma.decode(&Stamp { leg: 1, number: 2, micros: 3 }.payload()).collect();
        samples[7] += 1;
        assert_eq!(Stamp::of_samples(&samples), None);
    }
}
