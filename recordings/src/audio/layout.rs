//! Names and places of call recordings. The only file that knows them.

use crate::files;
use jiff::{Timestamp, civil::Date, tz::TimeZone};
use std::{
    io,
    path::{Path, PathBuf},
    str::FromStr,
};
use uuid::Uuid;

const PART: &str = ".wav.part";

/// The day's directory of calls whose recording began at `started_at`, by UTC.
fn day(root: &Path, date: Date) -> PathBuf {
    root.join("calls").join(format!("{:04}", date.year())).join(format!("{:02}", date.month())).join(format!("{:02}", date.day()))
}

fn utc_date(at: Timestamp) -> Date {
    at.to_zoned(TimeZone::UTC).date()
}

/// Where the sealed recording of a call stands or will stand.
pub fn path_of(root: &Path, call: Uuid, started_at: Timestamp) -> PathBuf {
    day(root, utc_date(started_at)).join(format!("{call}.wav"))
}

/// The growing file of a sealed one.
pub fn part_of(sealed: &Path) -> PathBuf {
    files::with_suffix(sealed, ".part")
}

/// The seal beside a recording.
pub fn sidecar_of(sealed: &Path) -> PathBuf {
    sealed.with_extension("json")
}

/// Every growing or cut-short recording: call, and its path once sealed.
pub fn unsealed(root: &Path) -> io::Result<Vec<(Uuid, PathBuf)>> {
    let mut found = Vec::new();
    for directory in days(root)? {
        for name in files::names(&directory)? {
            if let Some(call) = name.strip_suffix(PART).and_then(|id| Uuid::from_str(id).ok()) {
                found.push((call, directory.join(format!("{call}.wav"))));
            } else if name.ends_with(".json.tmp") {
                files::remove_if_there(&directory.join(name))?;
            }
        }
    }
    Ok(found)
}

/// Where a call's recording stands, sealed or growing, when its day is not known. Tries the days around the time in the call's
/// id (UUID v7) first, then every day, newest first.
pub fn search(root: &Path, call: Uuid) -> io::Result<Option<PathBuf>> {
    let mut directories = Vec::new();
    if let Some(date) = time_in(call).map(utc_date) {
        directories.extend([Ok(date), date.tomorrow(), date.yesterday()].into_iter().flatten().map(|date| day(root, date)));
    }
    for directory in &directories {
        if let Some(path) = there(directory, call) {
            return Ok(Some(path));
        }
    }
    let mut all = days(root)?;
    all.sort_unstable_by(|a, b| b.cmp(a));
    Ok(all.iter().find_map(|directory| there(directory, call)))
}

fn there(directory: &Path, call: Uuid) -> Option<PathBuf> {
    let sealed = directory.join(format!("{call}.wav"));
    (sealed.exists() || part_of(&sealed).exists()).then_some(sealed)
}

fn time_in(call: Uuid) -> Option<Timestamp> {
    let (seconds, nanoseconds) = call.get_timestamp()?.to_unix();
    Timestamp::new(i64::try_from(seconds).ok()?, i32::try_from(nanoseconds).ok()?).ok()
}

/// An estimate of when a recording began whose beginning was not written down: the id's time, else the file's last write less its length.
pub fn estimated_start(call: Uuid, file: &Path, duration: std::time::Duration) -> io::Result<Timestamp> {
    if let Some(time) = time_in(call) {
        return Ok(time);
    }
    let written = Timestamp::try_from(std::fs::metadata(file)?.modified()?).map_err(io::Error::other)?;
    written.checked_sub(duration).map_err(io::Error::other)
}

/// All day directories: `calls/` and three levels of digits.
fn days(root: &Path) -> io::Result<Vec<PathBuf>> {
    let mut level = vec![root.join("calls")];
    for _ in 0..3 {
        let mut next = Vec::new();
        for directory in level {
            let names = files::names(&directory)?;
            next.extend(names.iter().filter(|n| n.bytes().all(|b| b.is_ascii_digit())).map(|n| directory.join(n)));
        }
        level = next;
    }
    Ok(level)
}
