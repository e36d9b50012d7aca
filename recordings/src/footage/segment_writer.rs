//! One camera's growing segment: a write per group of pictures, a new file with the first key frame after its time.

use super::{
    fmp4,
    gop::Gop,
    ring::{self, Kept, LARGEST_SEGMENT, PART, Span},
    track::Track,
    types::CameraId,
};
use std::{
    fs::{self, File, OpenOptions},
    io::{self, Seek, SeekFrom, Write},
    path::{Path, PathBuf},
    sync::Arc,
};

/// Where a camera's time drifts further than this from the server's, a new segment begins.
const MOST_DRIFT_MS: i64 = 2_000;

pub struct SegmentWriter {
    camera: CameraId,
    folder: PathBuf,
    /// Ticks after which a segment ends.
    target: u64,
    open: Option<Open>,
}

struct Open {
    path: PathBuf,
    file: File,
    track: Arc<Track>,
    start_ms: i64,
    ticks: u64,
    /// Written whole.
    bytes: u64,
    sequence: u32,
}

impl SegmentWriter {
    pub fn new(camera: CameraId, folder: PathBuf, target: u64) -> Self {
        Self { camera, folder, target, open: None }
    }

    /// Start of the segment that is being written.
    pub fn open_since(&self) -> Option<i64> {
        self.open.as_ref().map(|open| open.start_ms)
    }

    /// Writes a group. Gives the segment that ended before it, if one did, and whether this group was written.
    ///
    /// A group that continues another whose segment is gone shows nothing by itself and is dropped.
    pub fn write(&mut self, gop: &Gop) -> (Option<Kept>, io::Result<()>) {
        let Some(at) = gop.start() else { return (None, Ok(())) };
        let ends = self.open.as_ref().is_some_and(|open| open.ends_before(gop, at.as_millisecond(), self.target));
        let finished = if ends { self.finish() } else { Ok(None) };
        let (finished, finish_error) = match finished {
            Ok(finished) => (finished, None),
            Err(e) => (None, Some(e)),
        };
        if self.open.is_none() && !gop.begins_with_key() {
            metrics::counter!("siaga_footage_dropped_gops_total").increment(1);
            return (finished, finish_error.map_or(Ok(()), Err));
        }
        let written = self.append(gop, at.as_millisecond());
        (finished, finish_error.map_or(written, Err))
    }

    fn append(&mut self, gop: &Gop, at_ms: i64) -> io::Result<()> {
        let (sequence, ticks) = self.open.as_ref().map_or((1, 0), |open| (open.sequence, open.ticks));
        let fragment = fmp4::fragment(sequence, ticks, &gop.frames)
            .map_err(|e| io::Error::new(io::ErrorKind::InvalidData, format!("{e:?}")))?;
        let open = match &mut self.open {
            Some(open) => {
                if let Err(e) = open.file.write_all(&fragment) {
                    // A torn group is cut off: the file is whole should it be finished now, and the group may be written again.
                    open.file.set_len(open.bytes)?;
                    open.file.seek(SeekFrom::Start(open.bytes))?;
                    return Err(e);
                }
                open.bytes += fragment.len() as u64;
                open
            }
            None => self.open.insert(Open::create(&self.folder, Arc::clone(&gop.track), at_ms, &fragment)?),
        };
        open.ticks += gop.ticks();
        open.sequence = open.sequence.wrapping_add(1);
        Ok(())
    }

    /// Ends the segment that is being written.
    pub fn finish(&mut self) -> io::Result<Option<Kept>> {
        let Some(open) = self.open.take() else { return Ok(None) };
        let span = Span { start_ms: open.start_ms, duration_ms: fmp4::milliseconds(open.ticks) };
        drop(open.file);
        ring::finish_part(&open.path, span, open.bytes)?;
        metrics::counter!("siaga_footage_segments_total").increment(1);
        Ok(Some(Kept { camera: self.camera, span, bytes: open.bytes }))
    }
}

impl Open {
    /// Creates the file with its first group in it, so that no empty file is ever left.
    fn create(folder: &Path, track: Arc<Track>, at_ms: i64, fragment: &[u8]) -> io::Result<Self> {
        fs::create_dir_all(folder)?;
        // A clock that was set back may come to a time that has a segment already.
        let taken: Vec<i64> = starts(folder)?;
        let start_ms = (at_ms..).find(|ms| !taken.contains(ms)).unwrap_or(at_ms);
        let path = folder.join(format!("{start_ms}{PART}"));
        let mut file = OpenOptions::new().write(true).create_new(true).open(&path)?;
        let mut bytes = track.init.to_vec();
        bytes.extend_from_slice(fragment);
        if let Err(e) = file.write_all(&bytes) {
            drop(file);
            fs::remove_file(&path)?;
            return Err(e);
        }
        Ok(Self { path, file, track, start_ms, ticks: 0, bytes: bytes.len() as u64, sequence: 1 })
    }

    fn ends_before(&self, gop: &Gop, at_ms: i64, target: u64) -> bool {
        let expected_ms = self.start_ms.saturating_add_unsigned(fmp4::milliseconds(self.ticks));
        let drifted = expected_ms.abs_diff(at_ms) > MOST_DRIFT_MS.unsigned_abs();
        let other = !Arc::ptr_eq(&self.track, &gop.track) && self.track != gop.track;
        other || self.bytes > LARGEST_SEGMENT || (gop.begins_with_key() && (self.ticks >= target || drifted))
    }
}

/// Starts of all segments in a camera's folder, finished or not.
fn starts(folder: &Path) -> io::Result<Vec<i64>> {
    let start = |name: &String| Span::parse(name).map(|s| s.start_ms).or_else(|| name.strip_suffix(PART)?.parse().ok());
    Ok(crate::files::names(folder)?.iter().filter_map(start).collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::footage::fixture;

    #[test]
    fn segments_end_with_the_first_key_frame_after_their_time_and_continue_without_one() {
        let home = fixture::directory();
        let folder = home.path().join("camera");
        let mut writer = SegmentWriter::new(CameraId(uuid::Uuid::nil()), folder.clone(), 2 * 90_000);
        assert!(writer.finish().unwrap().is_none() && !folder.exists(), "nothing is created before the first group");
        let mut ended = Vec::new();
        for second in 0..6 {
            // The third second goes on without a key frame.
            let gop = fixture::gop(100 + second, second != 2);
            let (finished, written) = writer.write(&gop);
            written.unwrap();
            ended.extend(finished.map(|k| (k.span.start_ms, k.span.duration_ms)));
        }
        ended.extend(writer.finish().unwrap().map(|k| (k.span.start_ms, k.span.duration_ms)));
        assert_eq!(ended, [(100_000, 3000), (103_000, 2000), (105_000, 1000)]);
    }

    #[test]
    fn a_gap_in_time_begins_a_new_segment_and_a_continuation_of_nothing_is_dropped() {
        let home = fixture::directory();
        let mut writer = SegmentWriter::new(CameraId(uuid::Uuid::nil()), home.path().to_owned(), u64::MAX);
        writer.write(&fixture::gop(100, false)).1.unwrap();
        assert_eq!(writer.open_since(), None);
        writer.write(&fixture::gop(101, true)).1.unwrap();
        let (finished, _) = writer.write(&fixture::gop(110, true));
        assert_eq!(finished.map(|k| k.span), Some(Span { start_ms: 101_000, duration_ms: 1000 }));
        assert_eq!(writer.open_since(), Some(110_000));
    }

    #[test]
    fn a_clock_that_is_set_back_overwrites_nothing() {
        let home = fixture::directory();
        let mut writer = SegmentWriter::new(CameraId(uuid::Uuid::nil()), home.path().to_owned(), 0);
        let starts: Vec<i64> = (0..3)
            .map(|_| {
                writer.write(&fixture::gop(100, true)).1.unwrap();
                writer.open_since().unwrap()
            })
            .collect();
        assert_eq!(starts, [100_000, 100_001, 100_002]);
    }
}
