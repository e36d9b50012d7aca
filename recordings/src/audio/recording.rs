//! One call's recording between `Begin` and the seal: what waits, what is written, and whether the disk takes it.

use super::{
    Bounds,
    aligner::{Aligner, Limits, Samples, Side},
    layout,
    seal::{Ending, Gaps},
    sync::Ticket,
    wav_file::{SAMPLE_RATE, WavFile},
};
use crate::files;
use jiff::Timestamp;
use std::{
    fs::File,
    io,
    path::PathBuf,
    sync::Arc,
    time::{Duration, Instant},
};
use uuid::Uuid;

pub struct Recording {
    pub call: Uuid,
    pub started_at: Timestamp,
    /// Path once sealed.
    pub path: PathBuf,
    pub begun: Instant,
    pub next_flush: Instant,
    pub next_sync: Instant,
    pub ticket: Ticket,
    /// Directories that may have got a new name with this recording and were not synced yet.
    pub new_directories: Vec<PathBuf>,
    pub stage: Stage,
    aligner: Aligner,
    horizon: u64,
    /// Sound that came to us and is silence in the file.
    missing: Samples,
    unwritten: Unwritten,
    unwritten_limit: usize,
    disk: Disk,
    health: Health,
}

/// Where in its life the recording is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stage {
    Growing,
    /// At its longest time; what comes is dropped.
    Full,
    /// The call is over and something is still unwritten.
    Finishing {
        give_up_at: Instant,
    },
}

enum Disk {
    Open(WavFile),
    /// After an error; so many frames are surely in the file.
    Broken {
        good: u64,
    },
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Health {
    writes: bool,
    syncs: bool,
}

/// Samples on their way to the disk, after silence in the place of those that memory could not keep.
#[derive(Default)]
struct Unwritten {
    silent_frames: u64,
    stereo: Vec<i16>,
}

/// A change of whether the disk takes the recording.
#[derive(Debug)]
pub enum Change {
    Failing(io::Error),
    Resumed,
}

impl Recording {
    /// Creates the file; `begun` is the moment of sample 0. If the disk refuses, the recording begins all the same and keeps trying; only a file that is
    /// there already is an error.
    pub fn begin(
        call: Uuid,
        started_at: Timestamp,
        path: PathBuf,
        bounds: &Bounds,
        (begun, now): (Instant, Instant),
    ) -> (Self, Option<Change>) {
        let created = WavFile::create(&layout::part_of(&path));
        let (disk, change) = match created {
            Ok(file) => (Disk::Open(file), None),
            Err(e) => (Disk::Broken { good: 0 }, Some(Change::Failing(e))),
        };
        let limits = Limits { horizon: samples(bounds.horizon), ahead: samples(bounds.ahead), late_run: 25 };
        // Calls that begin together are not written and synced together.
        let phase = f64::from((call.as_u128() & u128::from(u32::MAX)) as u32) / f64::from(u32::MAX);
        let recording = Self {
            call,
            started_at,
            // Its day, month, year, and `calls`.
            new_directories: files::parent(&path).ancestors().take(4).map(PathBuf::from).collect(),
            path,
            begun,
            next_flush: now + bounds.flush_every.mul_f64(phase),
            next_sync: now + bounds.sync_every.mul_f64(phase),
            ticket: Ticket::default(),
            stage: Stage::Growing,
            aligner: Aligner::new(limits),
            horizon: limits.horizon,
            missing: Samples::default(),
            unwritten: Unwritten::default(),
            unwritten_limit: 2 * samples(bounds.unwritten) as usize,
            health: Health { writes: change.is_none(), syncs: true },
            disk,
        };
        (recording, change)
    }

    /// `came`: when the samples came to the recorder's door, on the scale of their `position`.
    pub fn push(&mut self, side: Side, (position, came): (u64, u64), pcm: Vec<i16>, now: Instant) -> super::Placed {
        let before = self.late(side);
        let placed = self.aligner.push(side, position, pcm, self.clock(now));
        // Nobody waits longer for a side than the horizon: what was late by more at the door was late on the network, and is no loss of ours.
        if came.saturating_sub(position) <= self.horizon {
            self.missing.add(side, self.late(side) - before);
        }
        placed
    }

    fn late(&self, side: Side) -> u64 {
        let late = self.aligner.counts().late;
        match side {
            Side::Caller => late.caller,
            Side::Operator => late.operator,
        }
    }

    /// What found no room on its way here.
    pub fn dropped(&mut self, Samples { caller, operator }: Samples) {
        self.missing.add(Side::Caller, caller);
        self.missing.add(Side::Operator, operator);
    }

    fn clock(&self, now: Instant) -> u64 {
        samples(now.saturating_duration_since(self.begun))
    }

    /// Writes what is settled; with the call over, everything. `Ok` when nothing settled is left unwritten.
    pub fn flush(&mut self, now: Instant) -> Result<Option<Change>, Option<Change>> {
        match self.stage {
            Stage::Finishing { .. } => self.aligner.finish(&mut self.unwritten.stereo),
            Stage::Growing | Stage::Full => self.aligner.take(self.clock(now), &mut self.unwritten.stereo),
        }
        let lost = self.unwritten.bound(self.unwritten_limit);
        self.lose(lost);
        let written = self.write();
        let before = self.health;
        self.health.writes = written.is_ok();
        match written {
            Ok(()) => Ok((before != self.health && self.is_healthy()).then_some(Change::Resumed)),
            Err(e) => {
                if let Disk::Open(file) = &self.disk {
                    self.disk = Disk::Broken { good: file.frames() };
                }
                Err((before.writes && before.syncs).then_some(Change::Failing(e)))
            }
        }
    }

    /// Takes in what the last sync came to.
    pub fn synced(&mut self) -> Option<Change> {
        let outcome = self.ticket.take_outcome()?;
        let before = self.is_healthy();
        self.health.syncs = outcome.is_ok();
        match outcome {
            Err(e) => before.then_some(Change::Failing(e)),
            Ok(()) => (!before && self.is_healthy()).then_some(Change::Resumed),
        }
    }

    /// The open file, for a sync. `None` while the disk fails.
    pub fn file(&self) -> Option<Arc<File>> {
        match &self.disk {
            Disk::Open(file) => Some(file.handle()),
            Disk::Broken { .. } => None,
        }
    }

    /// What the seal says about this recording, once all of it is written.
    pub fn ending(&self) -> Ending {
        let counts = self.aligner.counts();
        let gaps = Gaps::of(Samples { caller: counts.caller_gap, operator: counts.operator_gap });
        Ending {
            call: self.call,
            started_at: self.started_at,
            frames: self.aligner.given_out(),
            gaps,
            missing: Gaps::of(self.missing),
            late_frames: counts.late_frames,
            repaired: false,
        }
    }

    fn is_healthy(&self) -> bool {
        self.health.writes && self.health.syncs
    }

    /// So much of both sides is silence in the file.
    fn lose(&mut self, frames: u64) {
        self.dropped(Samples { caller: frames, operator: frames });
    }

    fn write(&mut self) -> io::Result<()> {
        if let Disk::Broken { good } = self.disk {
            let file = WavFile::reopen(&layout::part_of(&self.path), good)?;
            // What the disk lost after all is silence too, so that what follows keeps its place.
            let lost = good.saturating_sub(file.frames());
            self.unwritten.silent_frames += lost;
            self.lose(lost);
            self.disk = Disk::Open(file);
        }
        let Disk::Open(file) = &mut self.disk else { return Ok(()) };
        if self.unwritten.is_empty() {
            return Ok(());
        }
        while self.unwritten.silent_frames > 0 {
            let piece = self.unwritten.silent_frames.min(u64::from(SAMPLE_RATE));
            file.append_silence(piece)?;
            self.unwritten.silent_frames -= piece;
        }
        if !self.unwritten.stereo.is_empty() {
            file.append(&self.unwritten.stereo)?;
            self.unwritten.stereo = Vec::new();
        }
        file.update_header()
    }
}

impl Unwritten {
    fn is_empty(&self) -> bool {
        self.silent_frames == 0 && self.stereo.is_empty()
    }

    /// The oldest samples beyond `limit` become silence; how many of each side.
    fn bound(&mut self, limit: usize) -> u64 {
        let excess = self.stereo.len().saturating_sub(limit) & !1;
        let lost = excess as u64 / 2;
        if lost > 0 {
            self.stereo.drain(..excess);
            self.silent_frames += lost;
            metrics::counter!("siaga_recordings_lost_samples_total").increment(lost);
        }
        lost
    }
}

pub fn samples(time: Duration) -> u64 {
    u64::try_from(time.as_micros() * u128::from(SAMPLE_RATE) / 1_000_000).unwrap_or(u64::MAX)
}

#[cfg(test)]
#[path = "recording_tests.rs"]
mod tests;
