//! A hold as one MP4 file whose index stands in front ("fast start"), cut to the groups of pictures around its range.

use super::{
    fmp4::{self, Fragment},
    hold::{self, HoldFile},
    ring::{LARGEST_SEGMENT, Span},
    types::FootageError,
};
use crate::files;
use shiguredo_mp4::{
    TrackKind,
    boxes::SampleEntry,
    mux::{Mp4FileMuxer, Mp4FileMuxerOptions, MuxError, Sample, estimate_maximum_moov_box_size},
};
use std::{
    fs::{self, File},
    io::{BufWriter, Seek, SeekFrom, Write},
    path::{Path, PathBuf},
    sync::atomic::{AtomicU64, Ordering},
};

/// A gap in the footage of up to so many ticks is only the cameras' and the server's clocks.
const SAME_TIME: i64 = 90_000 / 2;

/// Makes the file, or gives the one that was made from the same segments. Reads and writes all of it: not for an async task.
pub fn export(directory: &Path) -> Result<PathBuf, FootageError> {
    let hold = HoldFile::read(directory).map_err(not_found)?;
    let spans = hold::spans(directory)?;
    let last = spans.last().ok_or(FootageError::NotFound)?;
    let path = directory.join(format!("export-{}-{}.mp4", spans.len(), last.start_ms));
    if path.exists() {
        return Ok(path);
    }
    let (from_ms, to_ms) = (hold.from.as_millisecond(), hold.to.as_millisecond());
    let mut count = 0;
    for &span in &spans {
        let (_, segment) = read(directory, span)?;
        count += segment.fragments.iter().filter(|f| touches(f, span, from_ms, to_ms)).map(|f| f.samples.len()).sum::<usize>();
    }
    if count == 0 {
        return Err(FootageError::NotFound);
    }
    // Two who ask at once each write their own; the names differ, the content does not.
    static ATTEMPTS: AtomicU64 = AtomicU64::new(0);
    let temporary = files::with_suffix(&path, &format!(".{}.tmp", ATTEMPTS.fetch_add(1, Ordering::Relaxed)));
    let mut output = Output::create(&temporary, count)?;
    for &span in &spans {
        let (bytes, segment) = read(directory, span)?;
        let mut entry = Some(segment.entry.clone());
        for fragment in segment.fragments.iter().filter(|f| touches(f, span, from_ms, to_ms)) {
            let starts = span.start_ms.saturating_mul(90).saturating_add_unsigned(fragment.start);
            output.append(fragment, starts, &bytes, entry.take())?;
        }
    }
    output.finish()?;
    fs::rename(&temporary, &path)?;
    for name in files::names(directory)?.iter().filter(|n| n.starts_with("export-") && n.ends_with(".mp4")) {
        let other = directory.join(name);
        if other != path {
            files::remove_if_there(&other)?;
        }
    }
    Ok(path)
}

/// A segment's bytes, bounded.
pub fn read_segment(directory: &Path, span: Span) -> Result<Vec<u8>, FootageError> {
    let path = directory.join(span.file_name());
    if fs::metadata(&path).map_err(not_found)?.len() > 2 * LARGEST_SEGMENT {
        return Err(FootageError::Damaged("larger than any segment".into()));
    }
    fs::read(&path).map_err(not_found)
}

fn read(directory: &Path, span: Span) -> Result<(Vec<u8>, fmp4::Segment), FootageError> {
    let bytes = read_segment(directory, span)?;
    let segment = fmp4::read(&bytes).map_err(|e| FootageError::Damaged(format!("{e:?}")))?;
    Ok((bytes, segment))
}

pub fn not_found(error: std::io::Error) -> FootageError {
    if error.kind() == std::io::ErrorKind::NotFound { FootageError::NotFound } else { FootageError::Disk(error) }
}

fn touches(fragment: &Fragment, span: Span, from_ms: i64, to_ms: i64) -> bool {
    let start_ms = span.start_ms.saturating_add_unsigned(fmp4::milliseconds(fragment.start));
    let end_ms = start_ms.saturating_add_unsigned(fmp4::milliseconds(fragment.duration()));
    start_ms < to_ms && end_ms > from_ms
}

/// A sample whose duration may still grow over a gap.
struct Waiting {
    sample: Sample,
    /// When it should be followed, in ticks since 1970.
    ends: i64,
}

struct Output {
    file: BufWriter<File>,
    muxer: Mp4FileMuxer,
    at: u64,
    entry: Option<SampleEntry>,
    waiting: Option<Waiting>,
}

impl Output {
    fn create(path: &Path, samples: usize) -> Result<Self, FootageError> {
        // Entries of several picture formats take more than the estimate knows of.
        let reserved_moov_box_size = estimate_maximum_moov_box_size(&[samples]) + 16 * 1024;
        let options = Mp4FileMuxerOptions { reserved_moov_box_size, ..Mp4FileMuxerOptions::default() };
        let muxer = Mp4FileMuxer::with_options(options).map_err(damaged)?;
        let mut file = BufWriter::with_capacity(1 << 20, File::create(path)?);
        file.write_all(muxer.initial_boxes_bytes())?;
        let at = muxer.initial_boxes_bytes().len() as u64;
        Ok(Self { file, muxer, at, entry: None, waiting: None })
    }

    /// Appends a fragment that begins at `starts`, in ticks since 1970. One that does not begin with a key frame and does not follow
    /// what it depends on is left out.
    fn append(&mut self, fragment: &Fragment, starts: i64, bytes: &[u8], entry: Option<SampleEntry>) -> Result<(), FootageError> {
        let gap = self.waiting.as_ref().map_or(0, |w| starts.saturating_sub(w.ends));
        if !fragment.begins_with_key() && (self.waiting.is_none() || gap > SAME_TIME) {
            return Ok(());
        }
        if gap > SAME_TIME
            && let Some(waiting) = &mut self.waiting
        {
            // The last picture stands until the camera is back: time in the file stays time on the wall.
            waiting.sample.duration = waiting.sample.duration.saturating_add(u32::try_from(gap).unwrap_or(u32::MAX));
        }
        let mut ends = starts;
        let mut entry = entry.filter(|entry| self.entry.as_ref() != Some(entry));
        for stored in &fragment.samples {
            let data = bytes.get(stored.bytes.clone()).ok_or_else(|| FootageError::Damaged("a frame beyond the end".into()))?;
            self.write_waiting()?;
            if let Some(entry) = &entry {
                self.entry = Some(entry.clone());
            }
            ends = ends.saturating_add(i64::from(stored.duration));
            let sample = Sample {
                track_kind: TrackKind::Video,
                sample_entry: entry.take(),
                keyframe: stored.key,
                timescale: fmp4::TIMESCALE,
                duration: stored.duration,
                composition_time_offset: None,
                data_offset: self.at,
                data_size: data.len(),
            };
            self.file.write_all(data)?;
            self.at += data.len() as u64;
            self.waiting = Some(Waiting { sample, ends });
        }
        Ok(())
    }

    fn write_waiting(&mut self) -> Result<(), FootageError> {
        self.waiting.take().map_or(Ok(()), |waiting| self.muxer.append_sample(&waiting.sample).map_err(damaged))
    }

    fn finish(mut self) -> Result<(), FootageError> {
        self.write_waiting()?;
        let finalized = self.muxer.finalize().map_err(damaged)?;
        if !finalized.is_faststart_enabled() {
            metrics::counter!("siaga_footage_exports_without_fast_start_total").increment(1);
        }
        for (offset, bytes) in finalized.offset_and_bytes_pairs() {
            self.file.seek(SeekFrom::Start(offset))?;
            self.file.write_all(bytes)?;
        }
        self.file.flush()?;
        self.file.get_ref().sync_all()?;
        Ok(())
    }
}

fn damaged(error: MuxError) -> FootageError {
    FootageError::Damaged(format!("{error}"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::footage::{fixture, types::CameraId};
    use jiff::Timestamp;

    /// A hold over segments of three seconds, a group each second.
    fn held(starts_s: &[i64], from_s: i64, to_s: i64) -> fixture::TempDir {
        let directory = fixture::directory();
        for start in starts_s {
            let span = Span { start_ms: start * 1000, duration_ms: 3000 };
            fs::write(directory.path().join(span.file_name()), fixture::segment(3)).unwrap();
        }
        let at = |s| Timestamp::from_second(s).unwrap();
        let (camera, from, to) = (CameraId(uuid::Uuid::nil()), at(from_s), at(to_s));
        let hold = HoldFile { camera, from, to, complete: false, camera_clock_offset_ms: None };
        fs::write(directory.path().join("hold.json"), serde_json::to_vec(&hold).unwrap()).unwrap();
        directory
    }

    /// Durations of all samples in ticks, and whether the index stands in front.
    fn look(path: &Path) -> (Vec<u32>, bool) {
        use shiguredo_mp4::demux::{Input, Mp4FileDemuxer};
        let bytes = fs::read(path).unwrap();
        let at = |kind: &[u8]| bytes.windows(4).position(|w| w == kind).unwrap();
        let mut demuxer = Mp4FileDemuxer::new();
        demuxer.handle_input(Input { position: 0, data: &bytes });
        let mut durations = Vec::new();
        while let Some(sample) = demuxer.next_sample().unwrap() {
            durations.push(sample.duration);
        }
        (durations, at(b"moov") < at(b"mdat"))
    }

    #[test]
    fn the_file_holds_the_groups_that_touch_the_range_with_its_index_in_front() {
        let directory = held(&[100, 103, 106], 102, 104);
        let path = export(directory.path()).unwrap();
        assert_eq!(look(&path), (vec![9000; 20], true));
        assert_eq!(export(directory.path()).unwrap(), path, "it is made once");
    }

    #[test]
    fn where_the_camera_was_away_the_last_picture_stands() {
        let directory = held(&[100, 113], 0, 200);
        let (durations, _) = look(&export(directory.path()).unwrap());
        assert_eq!((durations.len(), durations[29], durations[30]), (60, 9000 + 10 * 90_000, 9000));
    }

    #[test]
    fn a_grown_hold_is_exported_anew_and_the_old_file_goes() {
        let directory = held(&[100], 0, 200);
        let old = export(directory.path()).unwrap();
        fs::write(directory.path().join("103000-3000.mp4"), fixture::segment(3)).unwrap();
        let new = export(directory.path()).unwrap();
        assert!(new != old && new.exists() && !old.exists());
    }

    #[test]
    fn nothing_in_the_range_is_not_found() {
        assert!(matches!(export(held(&[100], 300, 400).path()), Err(FootageError::NotFound)));
        assert!(matches!(export(held(&[], 300, 400).path()), Err(FootageError::NotFound)));
        assert!(matches!(export(Path::new("/nowhere")), Err(FootageError::NotFound)));
    }
}
