//! Pictures for tests that need no camera. What is in them is no video; their form is.

use super::{
    fmp4,
    gop::{Frame, Gop},
    track::Track,
};
use bytes::Bytes;
use jiff::Timestamp;
use shiguredo_mp4::{bitstream::h264, boxes::SampleEntry};
use std::{
    path::{Path, PathBuf},
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
};

/// Parameter sets of 320x240, Constrained Baseline.
pub fn track() -> Arc<Track> {
    let sps = [0x67, 0x42, 0xc0, 0x0d, 0xda, 0x05, 0x07, 0xe8, 0x40, 0, 0, 3, 0, 0x40, 0, 0, 5, 0x23, 0xc5, 0x0a, 0xa8];
    let pps = [0x68, 0xce, 0x0f, 0x2c, 0x80];
    let annexb = [&[0, 0, 0, 1][..], &sps, &[0, 0, 0, 1], &pps].concat();
    let avc1 =
        h264::build_avc1_box_from_annexb(&annexb, &h264::H264SampleEntryConfig { length_size: h264::LengthSize::FourBytes })
            .unwrap();
    Arc::new(Track::new(SampleEntry::Avc1(avc1)).unwrap())
}

/// A tenth of a second.
pub fn frame(key: bool) -> Frame {
    Frame { at: Timestamp::UNIX_EPOCH, key, duration: 9000, data: Bytes::from_static(b"\0\0\0\x01x") }
}

/// A second of ten frames that arrived at `start_s`.
pub fn gop(start_s: i64, key: bool) -> Gop {
    let mut frames: Vec<Frame> = (0..10).map(|n| frame(key && n == 0)).collect();
    (0..).zip(&mut frames).for_each(|(n, frame)| frame.at = Timestamp::from_millisecond(start_s * 1000 + 100 * n).unwrap());
    Gop { track: track(), frames, clock_offset_ms: None }
}

/// A segment file of so many seconds, a group each.
pub fn segment(seconds: u64) -> Vec<u8> {
    let mut bytes = track().init.to_vec();
    for second in 0..seconds {
        bytes.extend(fmp4::fragment(second as u32 + 1, second * 90_000, &gop(0, true).frames).unwrap());
    }
    bytes
}

pub struct TempDir(PathBuf);

pub fn directory() -> TempDir {
    static NEXT: AtomicU64 = AtomicU64::new(0);
    let name = format!("siaga-footage-{}-{}", std::process::id(), NEXT.fetch_add(1, Ordering::Relaxed));
    let path = std::env::temp_dir().join(name);
    std::fs::create_dir_all(&path).unwrap();
    TempDir(path)
}

impl TempDir {
    pub fn path(&self) -> &Path {
        &self.0
    }
}

impl Drop for TempDir {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}
