//! A camera's picture format, from what retina makes of its parameter sets to what MP4 needs.

use super::fmp4;
use bytes::Bytes;
use shiguredo_mp4::{Decode, Uint, bitstream::h264, boxes::SampleEntry, codec_string};

/// One picture format; a new one begins a new segment.
#[derive(Debug, Clone, PartialEq)]
pub struct Track {
    pub entry: SampleEntry,
    /// RFC 6381.
    pub codec: String,
    /// Initialisation segment.
    pub init: Bytes,
}

impl Track {
    /// From an encoded sample entry box, `avc1` or `hvc1`.
    pub fn from_sample_entry(bytes: &[u8]) -> Result<Self, shiguredo_mp4::Error> {
        let (mut entry, _) = SampleEntry::decode(bytes)?;
        complete(&mut entry)?;
        Self::new(entry)
    }

    pub fn new(entry: SampleEntry) -> Result<Self, shiguredo_mp4::Error> {
        if !matches!(entry, SampleEntry::Avc1(_) | SampleEntry::Hvc1(_) | SampleEntry::Hev1(_)) {
            return Err(shiguredo_mp4::Error::with_reason(shiguredo_mp4::ErrorKind::Unsupported, "neither H.264 nor H.265"));
        }
        let codec = codec_string::from_sample_entry(&entry)?;
        let init = fmp4::init_segment(&entry)?.into();
        Ok(Self { entry, codec, init })
    }

    pub fn is_h265(&self) -> bool {
        matches!(self.entry, SampleEntry::Hvc1(_) | SampleEntry::Hev1(_))
    }
}

/// retina leaves out the tail that `avcC` has from the High profile on (ISO/IEC 14496-15, 5.3.3.1.2); it stands in the SPS.
fn complete(entry: &mut SampleEntry) -> Result<(), shiguredo_mp4::Error> {
    let SampleEntry::Avc1(avc1) = entry else { return Ok(()) };
    let avcc = &mut avc1.avcc_box;
    if matches!(avcc.avc_profile_indication, 66 | 77 | 88) || avcc.chroma_format.is_some() {
        return Ok(());
    }
    if let Some(sps) = avcc.sps_list.first() {
        let sps = h264::parse_sps(sps)?;
        avcc.chroma_format = Some(Uint::new(sps.chroma_format_idc));
        avcc.bit_depth_luma_minus8 = Some(Uint::new(sps.bit_depth_luma_minus8));
        avcc.bit_depth_chroma_minus8 = Some(Uint::new(sps.bit_depth_chroma_minus8));
    }
    Ok(())
}

/// Whether a frame of length-prefixed NAL units can be decoded without an earlier one. retina does not flag H.265's CRA pictures.
pub fn begins_anew(h265: bool, flagged: bool, data: &[u8]) -> bool {
    flagged || (h265 && nal_types(data).any(|first_byte| (16..=21).contains(&((first_byte >> 1) & 0x3f))))
}

/// First byte of each NAL unit. Stops at a length that does not fit.
fn nal_types(mut data: &[u8]) -> impl Iterator<Item = u8> {
    std::iter::from_fn(move || {
        let (length, rest) = data.split_first_chunk::<4>()?;
        let first = *rest.first()?;
        data = rest.get(u32::from_be_bytes(*length) as usize..).unwrap_or_default();
        Some(first)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cra_picture_of_h265_begins_anew_though_it_is_not_flagged() {
        let cra = [0, 0, 0, 2, 35 << 1, 1, 0, 0, 0, 2, 21 << 1, 1];
        let trailing = [0, 0, 0, 2, 1 << 1, 1];
        assert!(begins_anew(true, false, &cra));
        assert!(!begins_anew(true, false, &trailing));
        assert!(!begins_anew(false, false, &cra));
        assert!(!begins_anew(true, false, &[0, 0, 1]));
        assert!(!begins_anew(true, false, &[0xff; 5]));
    }
}
