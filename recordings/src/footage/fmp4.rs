//! Fragmented MP4 as bytes: initialisation segments, fragments, and reading both back. Pure.
//!
//! Fragments are built here and not by the library's muxer, because live viewers need a time line of their own.

use super::gop::Frame;
use shiguredo_mp4::{
    BoxHeader, BoxType, Decode, Encode, Error, ErrorKind, SampleFlags, TrackKind,
    boxes::{MdatBox, MfhdBox, MoofBox, SampleEntry, TfdtBox, TfhdBox, TrafBox, TrunBox, TrunSample},
    demux::Fmp4SegmentDemuxer,
    mux::{Fmp4SegmentMuxer, Sample},
};
use std::{num::NonZeroU32, ops::Range};

/// RTP's clock for video, and ours: ticks per second.
pub const TIMESCALE: NonZeroU32 = match NonZeroU32::new(90_000) {
    Some(n) => n,
    None => NonZeroU32::MIN,
};
/// The only track, as the library's muxer numbers it.
const TRACK: u32 = 1;

pub fn milliseconds(ticks: u64) -> u64 {
    ticks / 90
}

pub fn init_segment(entry: &SampleEntry) -> Result<Vec<u8>, Error> {
    let mut muxer = Fmp4SegmentMuxer::new().map_err(mux_error)?;
    // The muxer learns the track from a sample; that sample goes nowhere.
    let sample = Sample {
        track_kind: TrackKind::Video,
        sample_entry: Some(entry.clone()),
        keyframe: true,
        timescale: TIMESCALE,
        duration: 1,
        composition_time_offset: None,
        data_offset: 0,
        data_size: 1,
    };
    muxer.create_media_segment_metadata(&[sample]).map_err(mux_error)?;
    muxer.init_segment_bytes().map_err(mux_error)
}

/// `moof` and `mdat` of some frames whose first is to be decoded at `decode_time` ticks.
pub fn fragment(sequence: u32, decode_time: u64, frames: &[Frame]) -> Result<Vec<u8>, Error> {
    let too_large = || Error::with_reason(ErrorKind::InvalidInput, "frames of more than 2 GiB");
    let data: usize = frames.iter().map(|f| f.data.len()).sum();
    let samples = frames
        .iter()
        .map(|frame| {
            let size = u32::try_from(frame.data.len()).map_err(|_| too_large())?;
            Ok(TrunSample {
                duration: Some(frame.duration),
                size: Some(size),
                flags: Some(flags(frame.key)),
                composition_time_offset: None,
            })
        })
        .collect::<Result<Vec<_>, Error>>()?;
    let mut moof = MoofBox {
        mfhd_box: MfhdBox { sequence_number: sequence },
        traf_boxes: vec![TrafBox {
            tfhd_box: TfhdBox {
                track_id: TRACK,
                base_data_offset: None,
                sample_description_index: Some(1),
                default_sample_duration: None,
                default_sample_size: None,
                default_sample_flags: None,
                duration_is_empty: false,
                default_base_is_moof: true,
            },
            tfdt_box: Some(TfdtBox { version: 1, base_media_decode_time: decode_time }),
            trun_boxes: vec![TrunBox { data_offset: Some(0), first_sample_flags: None, samples }],
            unknown_boxes: Vec::new(),
        }],
        unknown_boxes: Vec::new(),
    };
    // The offset's width is fixed, so a first encoding tells the size.
    let offset = moof.encode_to_vec()?.len() + BoxHeader::MIN_SIZE;
    if let Some(trun) = moof.traf_boxes.first_mut().and_then(|traf| traf.trun_boxes.first_mut()) {
        trun.data_offset = Some(i32::try_from(offset).map_err(|_| too_large())?);
    }
    let mdat_size = u32::try_from(BoxHeader::MIN_SIZE + data).map_err(|_| too_large())?;
    let mut bytes = moof.encode_to_vec()?;
    bytes.reserve(BoxHeader::MIN_SIZE + data);
    bytes.extend_from_slice(&mdat_size.to_be_bytes());
    bytes.extend_from_slice(b"mdat");
    frames.iter().for_each(|frame| bytes.extend_from_slice(&frame.data));
    Ok(bytes)
}

/// A sync picture depends on no other; every other one does (ISO/IEC 14496-12, 8.8.3.1).
fn flags(key: bool) -> SampleFlags {
    if key { SampleFlags::from_fields(0, 2, 0, 0, 0, false, 0) } else { SampleFlags::from_fields(0, 1, 0, 0, 0, true, 0) }
}

/// A segment file read back.
#[derive(Debug)]
pub struct Segment {
    pub entry: SampleEntry,
    pub fragments: Vec<Fragment>,
    /// Bytes up to the end of the last whole fragment.
    pub whole: usize,
    /// Sum of all frames' durations, in ticks.
    pub duration: u64,
}

/// One `moof` with its `mdat`.
#[derive(Debug)]
pub struct Fragment {
    /// Decode time of the first frame, in ticks since the segment's beginning.
    pub start: u64,
    pub samples: Vec<StoredSample>,
}

#[derive(Debug)]
pub struct StoredSample {
    pub key: bool,
    pub duration: u32,
    /// Where in the file.
    pub bytes: Range<usize>,
}

impl Fragment {
    pub fn duration(&self) -> u64 {
        self.samples.iter().map(|s| u64::from(s.duration)).sum()
    }

    pub fn begins_with_key(&self) -> bool {
        self.samples.first().is_some_and(|s| s.key)
    }
}

/// Reads a segment as far as it is whole; a torn end is left out. An error means that not even its beginning can be used.
pub fn read(bytes: &[u8]) -> Result<Segment, Error> {
    let damaged = || Error::with_reason(ErrorKind::InvalidData, "no initialisation segment");
    let init_end =
        (boxes(bytes).find(|(kind, _)| *kind == BoxType::Normal(*b"moov"))).map(|(_, range)| range.end).ok_or_else(damaged)?;
    let init = bytes.get(..init_end).ok_or_else(damaged)?;
    let mut demuxer = Fmp4SegmentDemuxer::new();
    demuxer.handle_init_segment(init).map_err(demux_error)?;

    let mut read = Segment { entry: sample_entry(init)?, fragments: Vec::new(), whole: init_end, duration: 0 };
    let mut moof: Option<usize> = None;
    for (kind, range) in boxes(bytes).skip_while(|(_, range)| range.end <= init_end) {
        match (kind, moof) {
            (MoofBox::TYPE, _) => moof = Some(range.start),
            (MdatBox::TYPE, Some(start)) => {
                moof = None;
                let Some(data) = bytes.get(start..range.end) else { break };
                let Ok(samples) = demuxer.handle_media_segment(data) else { break };
                let Some(fragment) = stored(start, &samples) else { break };
                read.duration = read.duration.max(fragment.start + fragment.duration());
                read.whole = range.end;
                read.fragments.push(fragment);
            }
            _ => break,
        }
    }
    Ok(read)
}

fn stored(base: usize, samples: &[shiguredo_mp4::demux::Sample<'_>]) -> Option<Fragment> {
    let start = samples.first()?.timestamp;
    let samples = samples.iter().map(|sample| {
        let from = base.checked_add(usize::try_from(sample.data_offset).ok()?)?;
        let bytes = from..from.checked_add(sample.data_size)?;
        Some(StoredSample { key: sample.keyframe, duration: sample.duration, bytes })
    });
    Some(Fragment { start, samples: samples.collect::<Option<_>>()? })
}

/// The sample entry of an initialisation segment.
pub fn sample_entry(init: &[u8]) -> Result<SampleEntry, Error> {
    let damaged = || Error::with_reason(ErrorKind::InvalidData, "no video track");
    let (_, range) = boxes(init).find(|(kind, _)| *kind == BoxType::Normal(*b"moov")).ok_or_else(damaged)?;
    let (moov, _) = shiguredo_mp4::boxes::MoovBox::decode(init.get(range).ok_or_else(damaged)?)?;
    let entry =
        moov.trak_boxes.into_iter().next().and_then(|trak| trak.mdia_box.minf_box.stbl_box.stsd_box.entries.into_iter().next());
    entry.ok_or_else(damaged)
}

/// Whole top-level boxes in order, up to the first that is torn.
fn boxes(bytes: &[u8]) -> impl Iterator<Item = (BoxType, Range<usize>)> + '_ {
    let mut at = 0usize;
    std::iter::from_fn(move || {
        let (header, _) = BoxHeader::decode(bytes.get(at..)?).ok()?;
        let size = usize::try_from(header.box_size.get()).ok().filter(|size| *size >= BoxHeader::MIN_SIZE)?;
        let range = at..at.checked_add(size).filter(|end| *end <= bytes.len())?;
        at = range.end;
        Some((header.box_type, range))
    })
}

fn mux_error(error: shiguredo_mp4::mux::MuxError) -> Error {
    Error::with_reason(ErrorKind::InvalidInput, format!("{error}"))
}

fn demux_error(error: shiguredo_mp4::demux::DemuxError) -> Error {
    Error::with_reason(ErrorKind::InvalidData, format!("{error}"))
}
