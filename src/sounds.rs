//! Sounds that callers hear: built in, or replaced by a city's own WAV files.

use std::path::Path;
use std::sync::Arc;

/// Why a WAV file cannot be played.
#[derive(Debug, thiserror::Error)]
pub enum SoundError {
    /// The file is missing or is no WAV file.
    #[error("not a readable WAV file: {0}")]
    Unreadable(#[from] hound::Error),
    /// Callers hear telephone audio; nothing is resampled.
    #[error("must be 8000 Hz, mono, 16 bit; convert it with `sox in.wav -r 8000 -c 1 -b 16 out.wav`")]
    Format,
}

/// The announcements, decoded once at the start.
#[derive(Debug, Clone)]
pub struct Announcements {
    /// While nobody is ready.
    pub waiting: Arc<[i16]>,
    /// While the operator holds the call.
    pub hold: Arc<[i16]>,
}

impl Announcements {
    /// The built-in Indonesian announcements, or the files of the same names in a city's directory.
    pub fn load(directory: Option<&Path>) -> anyhow::Result<Self> {
        let one = |name: &str, built_in: &[u8]| -> anyhow::Result<Arc<[i16]>> {
            let path = directory.map(|directory| directory.join(name)).filter(|path| path.is_file());
            match path {
                Some(path) => {
                    let bytes = std::fs::read(&path)?;
                    samples(&bytes).map_err(|error| anyhow::anyhow!("{}: {error}", path.display()))
                }
                None => Ok(samples(built_in)?),
            }
        };
        Ok(Self {
            waiting: one("waiting.wav", include_bytes!("../assets/announcements/id/waiting.wav"))?,
            hold: one("hold.wav", include_bytes!("../assets/announcements/id/hold.wav"))?,
        })
    }
}

/// The samples of an 8 kHz mono 16-bit WAV file.
pub fn samples(wav: &[u8]) -> Result<Arc<[i16]>, SoundError> {
    let mut reader = hound::WavReader::new(wav)?;
    let spec = reader.spec();
    if (spec.channels, spec.sample_rate, spec.bits_per_sample) != (1, 8000, 16) {
        return Err(SoundError::Format);
    }
    Ok(reader.samples::<i16>().collect::<Result<Vec<_>, _>>()?.into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_built_in_announcements_are_speech_of_some_seconds() {
        let sounds = Announcements::load(None).unwrap();
        for sound in [&sounds.waiting, &sounds.hold] {
            assert!(sound.len() > 2 * 8000);
        }
    }

    #[test]
    fn a_city_that_brings_a_wrong_format_is_told_how_to_convert_it() {
        let directory = std::env::temp_dir().join(format!("siaga-sounds-{}", std::process::id()));
        std::fs::create_dir_all(&directory).unwrap();
        let spec =
            hound::WavSpec { channels: 2, sample_rate: 44_100, bits_per_sample: 16, sample_format: hound::SampleFormat::Int };
        hound::WavWriter::create(directory.join("waiting.wav"), spec).unwrap().finalize().unwrap();
        let error = Announcements::load(Some(&directory)).unwrap_err().to_string();
        std::fs::remove_dir_all(&directory).unwrap();
        assert!(error.contains("waiting.wav") && error.contains("sox"), "{error}");
    }
}
