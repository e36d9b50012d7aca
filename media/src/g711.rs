//! G.711 (ITU-T G.711, RFC 3551 section 4.5.14): one byte per sample at 8 kHz, in two laws.

use audio_codec_algorithms as tables;

/// The two laws of G.711.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Codec {
    /// A-law, static payload type 8.
    Pcma,
    /// Mu-law, static payload type 0.
    Pcmu,
}

impl Codec {
    /// The codec of a static payload type (RFC 3551 section 6).
    pub fn from_static(payload_type: u8) -> Option<Codec> {
        match payload_type {
            8 => Some(Codec::Pcma),
            0 => Some(Codec::Pcmu),
            _ => None,
        }
    }

    /// The static payload type.
    pub fn static_payload_type(self) -> u8 {
        match self {
            Codec::Pcma => 8,
            Codec::Pcmu => 0,
        }
    }

    /// The byte of a sample that is not heard.
    pub(crate) fn silence(self) -> u8 {
        match self {
            Codec::Pcma => 0xd5,
            Codec::Pcmu => 0xff,
        }
    }

    /// Linear samples of a payload.
    pub fn decode(self, payload: &[u8]) -> impl Iterator<Item = i16> + '_ {
        payload.iter().map(move |byte| match self {
            Codec::Pcma => tables::decode_alaw(*byte),
            Codec::Pcmu => tables::decode_ulaw(*byte),
        })
    }

    /// Writes `pcm` in this law into `payload`, as far as both reach; returns the bytes written.
    pub fn encode(self, pcm: &[i16], payload: &mut [u8]) -> usize {
        for (byte, sample) in payload.iter_mut().zip(pcm) {
            *byte = match self {
                Codec::Pcma => tables::encode_alaw(*sample),
                Codec::Pcmu => tables::encode_ulaw(*sample),
            };
        }
        pcm.len().min(payload.len())
    }

    /// Writes `payload` of this law in the law `to` into `out`, as far as both reach, by the tables of G.711; returns the
    /// bytes written.
    pub(crate) fn transcode(self, to: Codec, payload: &[u8], out: &mut [u8]) -> usize {
        for (byte, from) in out.iter_mut().zip(payload) {
            *byte = match (self, to) {
                (Codec::Pcma, Codec::Pcmu) => tables::convert_alaw_to_ulaw(*from),
                (Codec::Pcmu, Codec::Pcma) => tables::convert_ulaw_to_alaw(*from),
                _ => *from,
            };
        }
        payload.len().min(out.len())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_a_law_byte_survives_decoding_and_encoding() {
        for byte in 0..=255u8 {
            let pcm: Vec<i16> = Codec::Pcma.decode(&[byte]).collect();
            let mut back = [0u8];
            assert_eq!(Codec::Pcma.encode(&pcm, &mut back), 1);
            assert_eq!(back[0], byte);
        }
    }

    #[test]
    fn silence_is_silent() {
        for codec in [Codec::Pcma, Codec::Pcmu] {
            assert!(codec.decode(&[codec.silence()]).all(|sample| sample.abs() <= 8));
        }
    }

    #[test]
    fn transcoding_keeps_samples_close() {
        for from in [Codec::Pcma, Codec::Pcmu] {
            let to = if from == Codec::Pcma { Codec::Pcmu } else { Codec::Pcma };
            for byte in 0..=255u8 {
                let mut other = [0u8];
                from.transcode(to, &[byte], &mut other);
                let before: Vec<i16> = from.decode(&[byte]).collect();
                let after: Vec<i16> = to.decode(&other).collect();
                let difference = (i32::from(before[0]) - i32::from(after[0])).abs();
                assert!(difference <= 64 + i32::from(before[0]).abs() / 16, "{byte}: {} became {}", before[0], after[0]);
            }
        }
    }
}
