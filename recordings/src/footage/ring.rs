//! The ring on disk: which finished segments there are, what they are called, and which of them are too old or too many.
//!
//! File names are the index; what is in memory is only read from them.

use super::{fmp4, types::CameraId};
use crate::files;
use std::{
    collections::BTreeMap,
    fs::{self, OpenOptions},
    io,
    path::{Path, PathBuf},
    str::FromStr,
};
use uuid::Uuid;

pub const PART: &str = ".mp4.part";
/// A segment of this size ends, key frame or not; nothing larger is read back.
pub const LARGEST_SEGMENT: u64 = 256 << 20;

/// A finished segment's name: when it starts, how long it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Span {
    /// UTC, by the server's clock.
    pub start_ms: i64,
    pub duration_ms: u64,
}

impl Span {
    pub fn end_ms(self) -> i64 {
        self.start_ms.saturating_add_unsigned(self.duration_ms)
    }

    pub fn overlaps(self, from_ms: i64, to_ms: i64) -> bool {
        self.start_ms < to_ms && self.end_ms() > from_ms
    }

    pub fn file_name(self) -> String {
        format!("{}-{}.mp4", self.start_ms, self.duration_ms)
    }

    pub fn parse(file_name: &str) -> Option<Self> {
        let (start, duration) = file_name.strip_suffix(".mp4")?.split_once('-')?;
        Some(Self { start_ms: start.parse().ok().filter(|s| *s >= 0)?, duration_ms: duration.parse().ok()? })
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Kept {
    pub camera: CameraId,
    pub span: Span,
    pub bytes: u64,
}

pub struct Ring {
    directory: PathBuf,
    /// Oldest first.
    segments: BTreeMap<(i64, CameraId), Kept>,
    bytes: u64,
}

impl Ring {
    /// Reads the ring, and finishes what a crash left unfinished.
    pub fn open(directory: PathBuf) -> io::Result<Self> {
        fs::create_dir_all(&directory)?;
        let mut ring = Self { directory, segments: BTreeMap::new(), bytes: 0 };
        for name in files::names(&ring.directory)? {
            let Some(camera) = Uuid::from_str(&name).ok().map(CameraId) else { continue };
            let folder = ring.folder(camera);
            for file in files::names(&folder)? {
                let path = folder.join(&file);
                if let Some(span) = Span::parse(&file) {
                    ring.add(Kept { camera, span, bytes: fs::metadata(&path)?.len() });
                } else if let Some(start_ms) = file.strip_suffix(PART).and_then(|s| s.parse().ok()) {
                    match recover_part(&path, start_ms) {
                        Ok(Some((span, bytes))) => ring.add(Kept { camera, span, bytes }),
                        Ok(None) => {}
                        Err(e) => tracing::warn!(%camera, error = %e, "an unfinished segment could not be recovered"),
                    }
                }
            }
        }
        Ok(ring)
    }

    pub fn folder(&self, camera: CameraId) -> PathBuf {
        self.directory.join(camera.to_string())
    }

    pub fn path(&self, camera: CameraId, span: Span) -> PathBuf {
        self.folder(camera).join(span.file_name())
    }

    pub fn add(&mut self, kept: Kept) {
        self.bytes += kept.bytes;
        if let Some(old) = self.segments.insert((kept.span.start_ms, kept.camera), kept) {
            self.bytes -= old.bytes;
        }
        metrics::gauge!("siaga_footage_ring_bytes").set(self.bytes as f64);
    }

    /// A camera's finished segments that overlap a range, oldest first.
    pub fn overlapping(&self, camera: CameraId, from_ms: i64, to_ms: i64) -> impl Iterator<Item = Span> + '_ {
        let segments = self.segments.values().filter(move |k| k.camera == camera && k.span.overlaps(from_ms, to_ms));
        segments.map(|k| k.span)
    }

    /// Removes what `too_much` names, but nothing that `pinned` says is still needed.
    pub fn expire(&mut self, now_ms: i64, limits: Limits, pinned: impl Fn(&Kept) -> bool) {
        let doomed = too_much(self.segments.values(), self.bytes, now_ms, limits, pinned);
        self.remove(doomed);
    }

    /// Makes room on a full disk: the oldest tenth goes.
    pub fn give_way(&mut self, pinned: impl Fn(&Kept) -> bool) {
        let limits = Limits { age_ms: i64::MAX, bytes: self.bytes - self.bytes / 10 };
        let doomed = too_much(self.segments.values(), self.bytes, 0, limits, pinned);
        metrics::counter!("siaga_footage_gave_way_total").increment(doomed.len() as u64);
        self.remove(doomed);
    }

    fn remove(&mut self, doomed: Vec<(i64, CameraId)>) {
        for key in doomed {
            let Some(kept) = self.segments.remove(&key) else { continue };
            self.bytes = self.bytes.saturating_sub(kept.bytes);
            if let Err(e) = files::remove_if_there(&self.path(kept.camera, kept.span)) {
                tracing::warn!(camera = %kept.camera, error = %e, "an old segment could not be removed");
            }
        }
        metrics::gauge!("siaga_footage_ring_bytes").set(self.bytes as f64);
    }
}

#[derive(Debug, Clone, Copy)]
pub struct Limits {
    pub age_ms: i64,
    pub bytes: u64,
}

/// Of segments in order of age, those that are older than allowed or more than fits. Pure.
pub fn too_much<'a>(
    oldest_first: impl Iterator<Item = &'a Kept>,
    mut bytes: u64,
    now_ms: i64,
    limits: Limits,
    pinned: impl Fn(&Kept) -> bool,
) -> Vec<(i64, CameraId)> {
    let mut doomed = Vec::new();
    for kept in oldest_first {
        let old = now_ms.saturating_sub(kept.span.end_ms()) > limits.age_ms;
        if !old && bytes <= limits.bytes {
            break;
        }
        if !pinned(kept) {
            bytes = bytes.saturating_sub(kept.bytes);
            doomed.push((kept.span.start_ms, kept.camera));
        }
    }
    doomed
}

/// Cuts a segment that a crash left to its whole fragments and finishes it; removes it if there are none.
fn recover_part(path: &Path, start_ms: i64) -> io::Result<Option<(Span, u64)>> {
    if fs::metadata(path)?.len() <= 2 * LARGEST_SEGMENT
        && let Ok(segment) = fmp4::read(&fs::read(path)?)
        && !segment.fragments.is_empty()
    {
        let span = Span { start_ms, duration_ms: fmp4::milliseconds(segment.duration) };
        let bytes = segment.whole as u64;
        finish_part(path, span, bytes)?;
        metrics::counter!("siaga_footage_recovered_segments_total").increment(1);
        return Ok(Some((span, bytes)));
    }
    files::remove_if_there(path)?;
    Ok(None)
}

/// Gives a growing segment its final length and name; gives the path of it.
pub fn finish_part(path: &Path, span: Span, bytes: u64) -> io::Result<PathBuf> {
    let file = OpenOptions::new().write(true).open(path)?;
    file.set_len(bytes)?;
    file.sync_all()?;
    let finished = path.with_file_name(span.file_name());
    fs::rename(path, &finished)?;
    Ok(finished)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::footage::fixture;

    fn kept(start_s: i64) -> Kept {
        Kept { camera: CameraId(Uuid::nil()), span: Span { start_ms: start_s * 1000, duration_ms: 10_000 }, bytes: 100 }
    }

    #[test]
    fn names_tell_start_and_duration() {
        let span = Span { start_ms: 1_773_456_789_012, duration_ms: 10_033 };
        assert_eq!(span.file_name(), "1773456789012-10033.mp4");
        assert_eq!(Span::parse(&span.file_name()), Some(span));
        for other in ["1773456789012.mp4.part", "-5-1.mp4", "export-3-5.mp4", "hold.json", "1-2.mp4.tmp"] {
            assert_eq!(Span::parse(other), None, "{other}");
        }
    }

    #[test]
    fn the_oldest_go_until_age_and_bytes_are_kept_but_never_what_a_hold_waits_for() {
        let all: Vec<Kept> = (0..10).map(|n| kept(n * 10)).collect();
        let starts = |limits, pinned: i64| -> Vec<i64> {
            let doomed = too_much(all.iter(), 1000, 100_000, limits, |k| k.span.start_ms == pinned);
            doomed.into_iter().map(|(start, _)| start / 1000).collect()
        };
        assert_eq!(starts(Limits { age_ms: 70_000, bytes: u64::MAX }, -1), [0, 10]);
        assert_eq!(starts(Limits { age_ms: i64::MAX, bytes: 700 }, -1), [0, 10, 20]);
        assert_eq!(starts(Limits { age_ms: i64::MAX, bytes: 700 }, 10_000), [0, 20, 30]);
        assert!(starts(Limits { age_ms: i64::MAX, bytes: 1000 }, -1).is_empty());
    }

    #[test]
    fn a_segment_cut_at_any_byte_is_finished_with_its_whole_groups_or_removed() {
        let whole = fixture::segment(3);
        let ends: Vec<usize> =
            fmp4::read(&whole).unwrap().fragments.iter().map(|f| f.samples.last().unwrap().bytes.end).collect();
        let directory = fixture::directory();
        let folder = directory.path().join(Uuid::nil().to_string());
        fs::create_dir_all(&folder).unwrap();
        for length in 0..=whole.len() {
            let part = folder.join(format!("5000{PART}"));
            fs::write(&part, &whole[..length]).unwrap();
            let recovered = recover_part(&part, 5000).unwrap();
            let groups = ends.iter().filter(|end| **end <= length).count();
            assert!(!part.exists());
            let expected = ends.get(groups.wrapping_sub(1)).map(|end| (1000 * groups as u64, *end as u64));
            assert_eq!(recovered.map(|(span, bytes)| (span.duration_ms, bytes)), expected, "cut at {length}");
        }
        fs::write(folder.join(format!("90000{PART}")), &whole[..whole.len() - 1]).unwrap();
        let ring = Ring::open(directory.path().to_owned()).unwrap();
        let spans: Vec<Span> = ring.overlapping(CameraId(Uuid::nil()), 80_000, i64::MAX).collect();
        assert_eq!(spans, [Span { start_ms: 90_000, duration_ms: 2000 }]);
    }
}
