//! Sealing: the steps that turn a growing recording into evidence, in an order that a crash cannot spoil.

use super::{aligner::Samples, layout, wav_file};
use crate::{
    digest::{self, Sha256},
    files,
};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use std::{
    fs::{self, File},
    io,
    path::{Path, PathBuf},
    time::Duration,
};
use uuid::Uuid;

/// Silence in the place of samples, of each side.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Gaps {
    pub caller_ms: u64,
    pub operator_ms: u64,
}

impl Gaps {
    pub(super) fn of(Samples { caller, operator }: Samples) -> Self {
        let milliseconds = |samples: u64| samples * 1000 / u64::from(wav_file::SAMPLE_RATE);
        Self { caller_ms: milliseconds(caller), operator_ms: milliseconds(operator) }
    }
}

/// A sealed recording; the content of the `.json` beside it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sealed {
    pub call: Uuid,
    /// Time of the first sample; an estimate where `repaired`.
    pub started_at: Timestamp,
    pub duration_ms: u64,
    /// Of the whole WAV file.
    pub sha256: Sha256,
    /// That was filled in because no samples came. Not known where `repaired`: zero.
    pub gaps: Gaps,
    /// That stands for what came to us and is lost all the same: it found no room, came too late to be written, or the disk did not take it. Not
    /// known where `repaired`: zero.
    #[serde(default)]
    pub missing: Gaps,
    /// Frames that came too late to be kept.
    pub late_frames: u64,
    /// Whether a crash cut it short.
    pub repaired: bool,
    #[serde(skip)]
    pub path: PathBuf,
}

/// What is known about a recording when it ends.
#[derive(Debug, Clone)]
pub struct Ending {
    pub call: Uuid,
    pub started_at: Timestamp,
    pub frames: u64,
    pub gaps: Gaps,
    pub missing: Gaps,
    pub late_frames: u64,
    pub repaired: bool,
}

/// Seals the growing file that belongs to `path`. Its header must be right. May be called again after an error or a crash.
pub fn seal(path: &Path, ending: &Ending) -> io::Result<Sealed> {
    let part = layout::part_of(path);
    let mut file = File::open(&part)?;
    file.sync_all()?;
    let sealed = Sealed {
        call: ending.call,
        started_at: ending.started_at,
        duration_ms: duration(ending.frames).as_millis() as u64,
        sha256: digest::of_file(&mut file)?,
        gaps: ending.gaps,
        missing: ending.missing,
        late_frames: ending.late_frames,
        repaired: ending.repaired,
        path: path.to_owned(),
    };
    let text = serde_json::to_vec_pretty(&sealed).map_err(io::Error::other)?;
    files::replace(&layout::sidecar_of(path), &text)?;
    close(path)?;
    Ok(sealed)
}

/// The last step: the growing file gets its final name.
pub fn close(path: &Path) -> io::Result<()> {
    fs::rename(layout::part_of(path), path)?;
    files::sync_directory(files::parent(path))
}

/// The seal written beside a recording. `NotFound` if there is none.
pub fn read_seal(path: &Path) -> io::Result<Sealed> {
    let bytes = fs::read(layout::sidecar_of(path))?;
    let sealed: Sealed = serde_json::from_slice(&bytes).map_err(io::Error::other)?;
    Ok(Sealed { path: path.to_owned(), ..sealed })
}

pub fn duration(frames: u64) -> Duration {
    Duration::from_micros(frames * 1_000_000 / u64::from(wav_file::SAMPLE_RATE))
}
