//! The journal's file: entries that wait on the disk while the database does not take them, one JSON line each, oldest first.
//! It knows nothing of the database and decides nothing; whoever reads it again writes each entry under its own key, so that
//! reading one twice does no harm.

use super::journal::Waiting;
use std::fs::{File, OpenOptions, TryLockError};
use std::io::{BufRead, BufReader, Read, Seek, SeekFrom, Write};
use std::path::Path;

/// The most that waits on the disk, in bytes; some hundred thousand entries.
const LIMIT: u64 = 64 << 20;
/// The longest line that is read back; more than any entry makes.
const LINE: u64 = 1 << 20;

/// Why entries cannot be kept on the disk.
#[derive(Debug, thiserror::Error)]
pub(super) enum SpillError {
    /// Another process, such as a server that runs, has the file.
    #[error("another process holds the journal's file")]
    Taken,
    /// As much waits already as may wait.
    #[error("the journal's file is full")]
    Full,
    /// An entry cannot be written as JSON.
    #[error("an entry cannot be written as text")]
    Text(#[from] serde_json::Error),
    /// The disk failed, or the directory is not there.
    #[error("the journal's file cannot be used ({0})")]
    Disk(#[from] std::io::Error),
}

/// The open file, which no other process uses meanwhile.
#[derive(Debug)]
pub(super) struct Spill {
    file: File,
    /// Where the oldest entry that still waits begins.
    from: u64,
    /// Where the newest ends.
    to: u64,
    limit: u64,
}

/// Entries read back.
#[derive(Debug, Default)]
pub(super) struct Oldest {
    pub entries: Vec<Waiting>,
    /// Lines that say nothing that can be understood.
    pub unreadable: u64,
    /// Where the next entry begins.
    pub to: u64,
}

impl Spill {
    /// Opens the file, creating it if it is not there. A last line without an end was being written when the power failed, and
    /// is cut off.
    pub fn open(path: &Path) -> Result<Self, SpillError> {
        Self::open_limited(path, LIMIT)
    }

    fn open_limited(path: &Path, limit: u64) -> Result<Self, SpillError> {
        let mut options = OpenOptions::new();
        options.read(true).write(true).create(true).truncate(false);
        // It holds what callers said.
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        let mut file = options.open(path)?;
        file.try_lock().map_err(|error| match error {
            TryLockError::WouldBlock => SpillError::Taken,
            TryLockError::Error(error) => SpillError::Disk(error),
        })?;
        let to = end_of_last_line(&mut file)?;
        file.set_len(to)?;
        // The name of a new file is on the disk only with its directory.
        if let Some(directory) = path.parent().filter(|directory| !directory.as_os_str().is_empty()) {
            File::open(directory)?.sync_all()?;
        }
        Ok(Self { file, from: 0, to, limit })
    }

    /// Whether nothing waits.
    pub fn is_empty(&self) -> bool {
        self.from >= self.to
    }

    /// Keeps all of these, or none. When it returns they outlive the power.
    pub fn append(&mut self, entries: &[Waiting]) -> Result<(), SpillError> {
        let mut text = Vec::new();
        for entry in entries {
            serde_json::to_writer(&mut text, entry)?;
            text.push(b'\n');
        }
        let to = self.to + text.len() as u64;
        if to > self.limit {
            return Err(SpillError::Full);
        }
        let written = self.write(&text);
        match written {
            Ok(()) => self.to = to,
            // What was half written is cut off; should that fail too, it is written over or cut off at the next start.
            Err(_) => drop(self.file.set_len(self.to)),
        }
        Ok(written?)
    }

    fn write(&mut self, text: &[u8]) -> std::io::Result<()> {
        self.file.seek(SeekFrom::Start(self.to))?;
        self.file.write_all(text)?;
        self.file.sync_data()
    }

    /// The oldest entries that wait, at most `limit`. They go on waiting until [`Spill::done`].
    pub fn oldest(&mut self, limit: usize) -> Result<Oldest, SpillError> {
        self.file.seek(SeekFrom::Start(self.from))?;
        let mut reader = BufReader::new((&self.file).take(self.to - self.from));
        let mut read = Oldest { to: self.from, ..Oldest::default() };
        while read.entries.len() < limit {
            let mut line = Vec::new();
            let bytes = (&mut reader).take(LINE).read_until(b'\n', &mut line)?;
            if bytes == 0 {
                break;
            }
            read.to += bytes as u64;
            match serde_json::from_slice(&line) {
                Ok(entry) => read.entries.push(entry),
                Err(_) => read.unreadable += 1,
            }
        }
        Ok(read)
    }

    /// What was read up to there is in the database. The file becomes empty when all of it is.
    pub fn done(&mut self, to: u64) -> Result<(), SpillError> {
        self.from = to;
        if self.is_empty() {
            self.file.set_len(0)?;
            self.file.sync_data()?;
            (self.from, self.to) = (0, 0);
        }
        Ok(())
    }
}

fn end_of_last_line(file: &mut File) -> std::io::Result<u64> {
    let mut reader = BufReader::new(file);
    let (mut at, mut end) = (0u64, 0u64);
    loop {
        let buffer = reader.fill_buf()?;
        if buffer.is_empty() {
            return Ok(end);
        }
        if let Some(last) = buffer.iter().rposition(|byte| *byte == b'\n') {
            end = at + last as u64 + 1;
        }
        let length = buffer.len();
        at += length as u64;
        reader.consume(length);
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;
    use crate::clock;
    use crate::desk::Entry;
    use crate::desk::journal::What;
    use crate::id::CallId;
    use std::path::PathBuf;

    struct Place(PathBuf);

    impl Place {
        fn new() -> Self {
            let directory = std::env::temp_dir().join(format!("siaga-spill-{}", clock::new_id()));
            std::fs::create_dir(&directory).unwrap();
            Self(directory)
        }

        fn file(&self) -> PathBuf {
            self.0.join("journal.spill")
        }
    }

    impl Drop for Place {
        fn drop(&mut self) {
            let _ = std::fs::remove_dir_all(&self.0);
        }
    }

    fn waiting() -> Waiting {
        let entry = Entry::Requeued { call: CallId(clock::new_id()), at: clock::now() };
        Waiting { key: clock::new_id(), what: What::Call(Box::new(entry)) }
    }

    fn keys(entries: &[Waiting]) -> Vec<uuid::Uuid> {
        entries.iter().map(|entry| entry.key).collect()
    }

    #[test]
    fn what_was_kept_is_read_back_in_order_after_a_restart() {
        let place = Place::new();
        let entries: Vec<Waiting> = (0..5).map(|_| waiting()).collect();
        let mut spill = Spill::open(&place.file()).unwrap();
        spill.append(&entries[..3]).unwrap();
        spill.append(&entries[3..]).unwrap();
        assert!(matches!(Spill::open(&place.file()), Err(SpillError::Taken)), "one process at a time");
        drop(spill);
        let mut spill = Spill::open(&place.file()).unwrap();
        let first = spill.oldest(2).unwrap();
        assert_eq!(keys(&first.entries), keys(&entries[..2]));
        spill.done(first.to).unwrap();
        let rest = spill.oldest(10).unwrap();
        assert_eq!(keys(&rest.entries), keys(&entries[2..]));
        spill.done(rest.to).unwrap();
        assert!(spill.is_empty() && std::fs::metadata(place.file()).unwrap().len() == 0);
    }

    #[test]
    fn a_torn_last_line_and_a_line_of_nonsense_take_no_other_with_them() {
        let place = Place::new();
        let entry = waiting();
        let line = serde_json::to_string(&entry).unwrap();
        std::fs::write(place.file(), format!("nonsense\n{line}\n{}", &line[..20])).unwrap();
        let mut spill = Spill::open(&place.file()).unwrap();
        let later = waiting();
        spill.append(std::slice::from_ref(&later)).unwrap();
        let read = spill.oldest(10).unwrap();
        assert_eq!((keys(&read.entries), read.unreadable), (vec![entry.key, later.key], 1));
    }

    #[test]
    fn a_full_file_keeps_what_it_has() {
        let place = Place::new();
        let mut spill = Spill::open_limited(&place.file(), 300).unwrap();
        let first = waiting();
        spill.append(std::slice::from_ref(&first)).unwrap();
        assert!(matches!(spill.append(&[waiting(), waiting()]), Err(SpillError::Full)));
        assert_eq!(keys(&spill.oldest(10).unwrap().entries), [first.key]);
    }
}
