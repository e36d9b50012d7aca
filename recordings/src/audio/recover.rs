//! Start after a crash: every recording that was cut short is repaired and sealed. Killed at any step, it can run again.

use super::{
    layout,
    seal::{self, Ending, Gaps, Sealed},
    wav_file,
};
use crate::digest;
use std::{fs::File, io, path::Path};
use uuid::Uuid;

/// What became of one unsealed recording.
#[derive(Debug)]
pub struct Recovered {
    pub call: Uuid,
    /// On an error the file stays as it is and is tried again at the next start.
    pub outcome: io::Result<Sealed>,
}

/// Repairs and seals every unsealed recording under `directory`. Run it before the first call, and not from an async task.
///
/// # Errors
/// The directories cannot be listed. A file that cannot be recovered is reported in its place and does not stop the others.
pub fn recover(directory: &Path) -> io::Result<Vec<Recovered>> {
    let unsealed = layout::unsealed(directory)?;
    Ok(unsealed.into_iter().map(|(call, path)| Recovered { call, outcome: recover_one(call, &path) }).collect())
}

fn recover_one(call: Uuid, path: &Path) -> io::Result<Sealed> {
    if path.exists() {
        // Never made by this crate; whatever it is, neither file may be lost.
        return Err(io::ErrorKind::AlreadyExists.into());
    }
    let part = layout::part_of(path);
    if let Ok(sealed) = seal::read_seal(path)
        && digest::of_file(&mut File::open(&part)?)? == sealed.sha256
    {
        seal::close(path)?;
        return Ok(sealed);
    }
    // The estimate uses the time of the last write, so it comes before the repair, which writes.
    let written = std::fs::metadata(&part)?.len().saturating_sub(wav_file::HEADER_BYTES) / wav_file::FRAME_BYTES;
    let started_at = layout::estimated_start(call, &part, seal::duration(written))?;
    let frames = wav_file::repair(&part)?;
    metrics::counter!("siaga_recordings_repaired_total").increment(1);
    let (gaps, missing) = (Gaps::default(), Gaps::default());
    seal::seal(path, &Ending { call, started_at, frames, gaps, missing, late_frames: 0, repaired: true })
}
