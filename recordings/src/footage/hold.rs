//! Holds: footage that outlives the ring. A hold is a directory with `hold.json` and second names of the ring's segments.
//!
//! The directory is the truth; what is in memory only says which holds may still get segments.

use super::{
    ring::{Kept, Ring, Span},
    types::{CameraId, FootageId, Hold},
};
use crate::files;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use std::{
    collections::{HashMap, HashSet},
    fs, io,
    path::{Path, PathBuf},
    str::FromStr,
};
use uuid::Uuid;

const FILE: &str = "hold.json";
const DELETING: &str = ".deleting";
/// How long after its end a hold waits for a segment that has yet to begin: a group of pictures still in memory.
const GRACE_MS: i64 = 30_000;
/// Holds that may still get segments.
const MOST_OPEN: usize = 4096;

/// Content of `hold.json`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct HoldFile {
    pub camera: CameraId,
    pub from: Timestamp,
    pub to: Timestamp,
    /// No segment will be added any more.
    pub complete: bool,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub camera_clock_offset_ms: Option<i64>,
}

impl HoldFile {
    pub fn read(directory: &Path) -> io::Result<Self> {
        serde_json::from_slice(&fs::read(directory.join(FILE))?).map_err(io::Error::other)
    }

    fn write(&self, directory: &Path) -> io::Result<()> {
        files::replace(&directory.join(FILE), &serde_json::to_vec_pretty(self).map_err(io::Error::other)?)
    }

    fn wants(&self, camera: CameraId, span: Span) -> bool {
        self.camera == camera && span.overlaps(self.from.as_millisecond(), self.to.as_millisecond())
    }
}

/// Directory of a hold.
pub fn directory(root: &Path, footage: FootageId) -> PathBuf {
    root.join(footage.to_string())
}

/// Segments that a hold has on disk, oldest first.
pub fn spans(directory: &Path) -> io::Result<Vec<Span>> {
    let mut spans: Vec<Span> = files::names(directory)?.iter().filter_map(|name| Span::parse(name)).collect();
    spans.sort_unstable();
    Ok(spans)
}

pub struct Holds {
    root: PathBuf,
    open: HashMap<FootageId, Open>,
}

struct Open {
    file: HoldFile,
    linked: HashSet<i64>,
}

/// Why a hold was not taken.
#[derive(Debug)]
pub enum Refused {
    TooMany,
    Disk(io::Error),
}

impl From<io::Error> for Refused {
    fn from(error: io::Error) -> Self {
        Self::Disk(error)
    }
}

impl Holds {
    /// Reads every hold, tidies what a crash left, and links what the ring has for those that are not complete.
    pub fn open(root: PathBuf, ring: &Ring) -> io::Result<Self> {
        fs::create_dir_all(&root)?;
        let mut holds = Self { root, open: HashMap::new() };
        for name in files::names(&holds.root)? {
            let directory = holds.root.join(&name);
            if name.ends_with(DELETING) {
                fs::remove_dir_all(&directory)?;
                continue;
            }
            let Ok(footage) = Uuid::from_str(&name).map(FootageId) else { continue };
            tidy(&directory)?;
            match HoldFile::read(&directory) {
                Ok(file) if file.complete => {}
                Ok(file) => {
                    let linked = spans(&directory)?.into_iter().map(|s| s.start_ms).collect();
                    holds.open.insert(footage, Open { file, linked });
                }
                // Nobody was told that this hold stands. Fails on a directory with anything in it, which then is not ours.
                Err(e) if e.kind() == io::ErrorKind::NotFound => fs::remove_dir(&directory)?,
                Err(e) => tracing::error!(%footage, error = %e, "a hold cannot be read; its segments are left alone"),
            }
        }
        holds.link_missing(ring);
        Ok(holds)
    }

    /// Makes a hold and links what there is. A hold that exists is left as it is.
    pub fn create(&mut self, hold: Hold, ring: &Ring) -> Result<(), Refused> {
        let directory = directory(&self.root, hold.footage);
        match HoldFile::read(&directory) {
            Ok(_) => return Ok(()),
            Err(e) if e.kind() == io::ErrorKind::NotFound => {}
            Err(e) => return Err(e.into()),
        }
        if self.open.len() >= MOST_OPEN {
            return Err(Refused::TooMany);
        }
        fs::create_dir_all(&directory)?;
        let file = HoldFile { camera: hold.camera, from: hold.from, to: hold.to, complete: false, camera_clock_offset_ms: None };
        file.write(&directory)?;
        files::sync_directory(&self.root)?;
        self.open.insert(hold.footage, Open { file, linked: HashSet::new() });
        self.link_missing(ring);
        Ok(())
    }

    /// Links a segment that was just finished wherever it is wanted.
    pub fn offer(&mut self, kept: Kept, clock_offset_ms: Option<i64>, ring: &Ring) {
        for (footage, open) in &mut self.open {
            if open.file.wants(kept.camera, kept.span) {
                open.file.camera_clock_offset_ms = clock_offset_ms.or(open.file.camera_clock_offset_ms);
                open.link([kept.span], &self.root, *footage, ring);
            }
        }
    }

    /// Whether a hold wants this segment and does not have it yet.
    pub fn pins(&self, kept: &Kept) -> bool {
        self.open.values().any(|o| o.file.wants(kept.camera, kept.span) && !o.linked.contains(&kept.span.start_ms))
    }

    /// Tries again what could not be linked, and completes the holds whose time has passed. `open_since` gives the start of the
    /// segment that a camera is writing.
    pub fn tick(&mut self, now_ms: i64, ring: &Ring, open_since: impl Fn(CameraId) -> Option<i64>) {
        self.link_missing(ring);
        let root = &self.root;
        self.open.retain(|footage, open| {
            let to_ms = open.file.to.as_millisecond();
            let passed = now_ms > to_ms.saturating_add(GRACE_MS);
            if !passed || open_since(open.file.camera).is_some_and(|start| start < to_ms) || open.is_missing_any(ring) {
                return true;
            }
            let complete = HoldFile { complete: true, ..open.file.clone() };
            match complete.write(&directory(root, *footage)) {
                Ok(()) => false,
                Err(e) => {
                    tracing::warn!(%footage, error = %e, "a hold could not be completed and is tried again");
                    true
                }
            }
        });
        metrics::gauge!("siaga_footage_open_holds").set(self.open.len() as f64);
    }

    /// Gives a hold up and removes what only it kept; `false` if there is none.
    pub fn release(&mut self, footage: FootageId) -> io::Result<bool> {
        let directory = directory(&self.root, footage);
        self.open.remove(&footage);
        if !directory.exists() {
            return Ok(false);
        }
        let doomed = files::with_suffix(&directory, DELETING);
        fs::rename(&directory, &doomed)?;
        files::sync_directory(&self.root)?;
        fs::remove_dir_all(&doomed)?;
        Ok(true)
    }

    fn link_missing(&mut self, ring: &Ring) {
        for (footage, open) in &mut self.open {
            let missing: Vec<Span> = open.wanted(ring).filter(|span| !open.linked.contains(&span.start_ms)).collect();
            if !missing.is_empty() {
                open.link(missing, &self.root, *footage, ring);
            }
        }
    }
}

impl Open {
    fn wanted<'a>(&self, ring: &'a Ring) -> impl Iterator<Item = Span> + use<'a> {
        ring.overlapping(self.file.camera, self.file.from.as_millisecond(), self.file.to.as_millisecond())
    }

    fn is_missing_any(&self, ring: &Ring) -> bool {
        self.wanted(ring).any(|span| !self.linked.contains(&span.start_ms))
    }

    fn link(&mut self, spans: impl IntoIterator<Item = Span>, root: &Path, footage: FootageId, ring: &Ring) {
        let directory = directory(root, footage);
        let mut linked = Vec::new();
        for span in spans {
            match link_or_copy(&ring.path(self.file.camera, span), &directory.join(span.file_name())) {
                Ok(()) => linked.push(span.start_ms),
                Err(e) => {
                    metrics::counter!("siaga_footage_link_errors_total").increment(1);
                    tracing::warn!(%footage, error = %e, "a segment could not be held and is tried again");
                }
            }
        }
        match files::sync_directory(&directory) {
            Ok(()) => self.linked.extend(linked),
            Err(e) => tracing::warn!(%footage, error = %e, "a hold's directory could not be synced and is tried again"),
        }
    }
}

fn link_or_copy(from: &Path, to: &Path) -> io::Result<()> {
    match fs::hard_link(from, to) {
        Ok(()) => Ok(()),
        Err(e) if e.kind() == io::ErrorKind::AlreadyExists => Ok(()),
        Err(e) if e.kind() == io::ErrorKind::NotFound => Err(e),
        // Another file system, or one without links.
        Err(_) => {
            let temporary = files::with_suffix(to, ".tmp");
            fs::copy(from, &temporary)?;
            fs::File::open(&temporary)?.sync_all()?;
            fs::rename(&temporary, to)
        }
    }
}

fn tidy(directory: &Path) -> io::Result<()> {
    let names = files::names(directory)?;
    names.iter().filter(|n| n.ends_with(".tmp")).try_for_each(|n| files::remove_if_there(&directory.join(n)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::footage::fixture::{self, TempDir};

    const CAMERA: CameraId = CameraId(Uuid::from_u128(7));

    struct House {
        home: TempDir,
        ring: Ring,
        holds: Holds,
    }

    impl House {
        fn new() -> Self {
            let home = fixture::directory();
            let (ring, holds) = Self::open(&home);
            Self { home, ring, holds }
        }

        fn open(home: &TempDir) -> (Ring, Holds) {
            let ring = Ring::open(home.path().join("ring")).unwrap();
            let holds = Holds::open(home.path().join("footage"), &ring).unwrap();
            (ring, holds)
        }

        fn restarted(self) -> Self {
            let (ring, holds) = Self::open(&self.home);
            Self { ring, holds, ..self }
        }

        /// A segment of ten seconds is finished.
        fn record(&mut self, start_s: i64) {
            let span = Span { start_ms: start_s * 1000, duration_ms: 10_000 };
            fs::create_dir_all(self.ring.folder(CAMERA)).unwrap();
            fs::write(self.ring.path(CAMERA, span), b"segment").unwrap();
            let kept = Kept { camera: CAMERA, span, bytes: 7 };
            self.ring.add(kept);
            self.holds.offer(kept, Some(-40), &self.ring);
        }

        fn hold(&mut self, id: u128, from_s: i64, to_s: i64) -> FootageId {
            let footage = FootageId(Uuid::from_u128(id));
            let at = |s| Timestamp::from_second(s).unwrap();
            self.holds.create(Hold { footage, camera: CAMERA, from: at(from_s), to: at(to_s) }, &self.ring).unwrap();
            footage
        }

        fn kept(&self, footage: FootageId) -> Vec<i64> {
            let spans = spans(&directory(&self.home.path().join("footage"), footage)).unwrap();
            spans.iter().map(|s| s.start_ms / 1000).collect()
        }

        fn complete(&self, footage: FootageId) -> bool {
            HoldFile::read(&directory(&self.home.path().join("footage"), footage)).unwrap().complete
        }
    }

    #[test]
    fn a_hold_has_what_was_and_gets_what_comes_until_its_end() {
        let mut house = House::new();
        [100, 110, 120].into_iter().for_each(|s| house.record(s));
        let footage = house.hold(1, 115, 145);
        assert_eq!(house.kept(footage), [110, 120]);
        [130, 140, 150].into_iter().for_each(|s| house.record(s));
        assert_eq!(house.kept(footage), [110, 120, 130, 140]);
        house.hold(1, 0, 1000);
        assert_eq!(house.kept(footage), [110, 120, 130, 140], "holding again changes nothing");
    }

    #[test]
    fn a_hold_is_complete_when_its_time_and_the_segment_in_it_have_passed() {
        let mut house = House::new();
        house.record(100);
        let footage = house.hold(1, 100, 120);
        house.holds.tick(149_000, &house.ring, |_| None);
        assert!(!house.complete(footage), "a group may still be in memory");
        house.holds.tick(151_000, &house.ring, |_| Some(110_000));
        assert!(!house.complete(footage), "a segment that belongs to it is open");
        house.record(110);
        house.holds.tick(151_000, &house.ring, |_| Some(150_000));
        assert!(house.complete(footage));
        assert_eq!(house.kept(footage), [100, 110]);
    }

    #[test]
    fn after_a_restart_holds_go_on_and_crashed_ones_are_tidied() {
        let mut house = House::new();
        [100, 110].into_iter().for_each(|s| house.record(s));
        let footage = house.hold(1, 100, 140);
        let root = house.home.path().join("footage");
        // A crash before a link, one before `hold.json`, one within a release.
        fs::remove_file(directory(&root, footage).join("100000-10000.mp4")).unwrap();
        let halfway = directory(&root, FootageId(Uuid::from_u128(2)));
        fs::create_dir_all(&halfway).unwrap();
        fs::write(halfway.join("hold.json.tmp"), b"{").unwrap();
        fs::create_dir_all(root.join("x.deleting")).unwrap();

        let mut house = house.restarted();
        assert_eq!(house.kept(footage), [100, 110]);
        assert!(!halfway.exists() && !root.join("x.deleting").exists());
        house.record(120);
        assert_eq!(house.kept(footage), [100, 110, 120]);
    }

    #[test]
    fn held_segments_outlive_the_ring_and_end_with_the_release() {
        let mut house = House::new();
        [100, 110].into_iter().for_each(|s| house.record(s));
        let footage = house.hold(1, 100, 120);
        let limits = super::super::ring::Limits { age_ms: 0, bytes: 0 };
        house.ring.expire(1_000_000, limits, |kept| house.holds.pins(kept));
        assert!(files::names(&house.ring.folder(CAMERA)).unwrap().is_empty());
        assert_eq!(house.kept(footage), [100, 110]);
        assert!(house.holds.release(footage).unwrap());
        assert!(house.kept(footage).is_empty());
        assert!(!house.holds.release(footage).unwrap());
    }
}
