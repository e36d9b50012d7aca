//! One growing WAV file: appended to, header brought up to date, and repaired from its length alone.
//!
//! Its format never varies, so the header can always be made anew: 8 kHz, 16 bit, two channels. Nothing is kept in memory between writes: of
//! hundreds of calls that would be most of what the server needs.

use crate::files;
use std::{
    fs::{self, File, OpenOptions},
    io,
    os::unix::fs::FileExt,
    path::Path,
    sync::Arc,
};

pub const SAMPLE_RATE: u32 = 8_000;
pub const HEADER_BYTES: u64 = 44;
/// One sample of each side.
pub const FRAME_BYTES: u64 = 4;
/// More does not fit the format's 32-bit sizes.
pub const MAX_FRAMES: u64 = (u32::MAX as u64 - HEADER_BYTES) / FRAME_BYTES;
/// Silence is written in pieces of one second.
static SILENCE: [i16; 2 * SAMPLE_RATE as usize] = [0; 2 * SAMPLE_RATE as usize];

const CHANNELS: u16 = 2;
const SAMPLE_BITS: u16 = 16;

pub struct WavFile {
    /// Shared with syncs from another thread.
    file: Arc<File>,
    /// Frames that are surely in the file.
    frames: u64,
}

impl WavFile {
    /// Creates the file and the directories above it. Fails with `AlreadyExists` rather than overwrite.
    pub fn create(path: &Path) -> io::Result<Self> {
        fs::create_dir_all(files::parent(path))?;
        let file = OpenOptions::new().read(true).write(true).create_new(true).open(path)?;
        write_header(&file, 0)?;
        Ok(Self { file: Arc::new(file), frames: 0 })
    }

    /// Opens the file again after an error, cut back to the `frames` that were surely written; creates it where it never came to be.
    pub fn reopen(path: &Path, frames: u64) -> io::Result<Self> {
        fs::create_dir_all(files::parent(path))?;
        let file = OpenOptions::new().read(true).write(true).create(true).truncate(false).open(path)?;
        let frames = frames.min(file.metadata()?.len().saturating_sub(HEADER_BYTES) / FRAME_BYTES);
        file.set_len(HEADER_BYTES + frames * FRAME_BYTES)?;
        write_header(&file, frames)?;
        Ok(Self { file: Arc::new(file), frames })
    }

    pub fn frames(&self) -> u64 {
        self.frames
    }

    pub fn handle(&self) -> Arc<File> {
        Arc::clone(&self.file)
    }

    /// Appends interleaved stereo samples in one write. After an error the file must be reopened.
    pub fn append(&mut self, stereo: &[i16]) -> io::Result<()> {
        let count = stereo.len() as u64 / 2;
        if self.frames + count > MAX_FRAMES {
            return Err(io::ErrorKind::FileTooLarge.into());
        }
        let octets: Vec<u8> = stereo.iter().flat_map(|sample| sample.to_le_bytes()).collect();
        self.file.write_all_at(&octets, HEADER_BYTES + self.frames * FRAME_BYTES)?;
        self.frames += count;
        Ok(())
    }

    pub fn append_silence(&mut self, mut frames: u64) -> io::Result<()> {
        while frames > 0 {
            let piece = frames.min(u64::from(SAMPLE_RATE));
            self.append(SILENCE.get(..2 * piece as usize).unwrap_or_default())?;
            frames -= piece;
        }
        Ok(())
    }

    /// Makes the header say how much there is. The file is playable from here on, though not yet synced.
    pub fn update_header(&mut self) -> io::Result<()> {
        write_header(&self.file, self.frames)
    }
}

/// Makes a file that was cut short at any byte playable; gives its length in frames. Doing it again changes nothing.
pub fn repair(path: &Path) -> io::Result<u64> {
    let file = OpenOptions::new().read(true).write(true).open(path)?;
    let frames = (file.metadata()?.len().saturating_sub(HEADER_BYTES) / FRAME_BYTES).min(MAX_FRAMES);
    file.set_len(HEADER_BYTES + frames * FRAME_BYTES)?;
    write_header(&file, frames)?;
    file.sync_all()?;
    Ok(frames)
}

fn write_header(file: &File, frames: u64) -> io::Result<()> {
    file.write_all_at(&header(frames), 0)
}

/// The RIFF header of a file with so many frames.
fn header(frames: u64) -> Vec<u8> {
    let data = u32::try_from(frames * FRAME_BYTES).unwrap_or(u32::MAX - HEADER_BYTES as u32);
    let mut bytes = Vec::with_capacity(HEADER_BYTES as usize);
    bytes.extend_from_slice(b"RIFF");
    bytes.extend_from_slice(&(data + HEADER_BYTES as u32 - 8).to_le_bytes());
    bytes.extend_from_slice(b"WAVEfmt ");
    bytes.extend_from_slice(&16u32.to_le_bytes());
    bytes.extend_from_slice(&1u16.to_le_bytes());
    bytes.extend_from_slice(&CHANNELS.to_le_bytes());
    bytes.extend_from_slice(&SAMPLE_RATE.to_le_bytes());
    bytes.extend_from_slice(&(SAMPLE_RATE * FRAME_BYTES as u32).to_le_bytes());
    bytes.extend_from_slice(&(FRAME_BYTES as u16).to_le_bytes());
    bytes.extend_from_slice(&SAMPLE_BITS.to_le_bytes());
    bytes.extend_from_slice(b"data");
    bytes.extend_from_slice(&data.to_le_bytes());
    bytes
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn our_header_is_the_one_that_hound_writes() {
        let (channels, sample_rate, bits_per_sample) = (CHANNELS, SAMPLE_RATE, SAMPLE_BITS);
        let spec = hound::WavSpec { channels, sample_rate, bits_per_sample, sample_format: hound::SampleFormat::Int };
        let mut made = io::Cursor::new(Vec::new());
        let mut writer = hound::WavWriter::new(&mut made, spec).unwrap();
        (0..6i16).for_each(|sample| writer.write_sample(sample).unwrap());
        writer.finalize().unwrap();
        assert_eq!(made.into_inner()[..44], header(3)[..]);
    }
}
