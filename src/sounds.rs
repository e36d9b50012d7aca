//! Sounds that callers hear, in Indonesian and English: built in, or replaced by a city's own WAV files.

use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock, PoisonError, RwLock};

/// Why a WAV file cannot be played.
#[derive(Debug, thiserror::Error)]
pub enum SoundError {
    /// The file is missing or is no WAV file.
    #[error("is no readable WAV file: {0}")]
    Unreadable(#[from] hound::Error),
    /// Callers hear telephone audio; nothing is resampled.
    #[error("must be 8000 Hz, mono, 16 bit; convert it with `sox in.wav -r 8000 -c 1 -b 16 out.wav`")]
    Format,
    /// Memory is for calls: a file that was put there by mistake is not read.
    #[error("is longer than ten minutes; cut it, for no caller hears its end")]
    TooLong,
    /// A caller would hear nothing.
    #[error("has no sound in it; record it again")]
    Empty,
}

/// Ten minutes of 8000 Hz, mono, 16 bit, and what stands before them.
const LONGEST: u64 = 10 * 60 * 8_000 * 2 + 4_096;

/// Samples at 8000 Hz, mono.
type Pcm = Arc<[i16]>;

/// The announcements, decoded. A cheap clone; what is renewed in one is renewed in all.
#[derive(Debug, Clone)]
pub struct Announcements {
    directory: Option<PathBuf>,
    languages: Arc<RwLock<Languages>>,
}

#[derive(Debug)]
struct Languages {
    indonesian: Arc<Spoken>,
    english: Arc<Spoken>,
}

/// Announcements that can be played, and what is wrong with a city's own.
#[derive(Debug)]
pub struct Loaded {
    pub announcements: Announcements,
    unusable: Vec<String>,
    strays: Vec<String>,
}

impl Loaded {
    pub fn faults(&self) -> impl Iterator<Item = &String> {
        self.unusable.iter().chain(&self.strays)
    }
}

/// The announcements in one language.
#[derive(Debug)]
pub struct Spoken {
    /// While nobody is ready.
    waiting: Pcm,
    /// While the operator holds the call.
    pub hold: Pcm,
    /// How to answer without speaking.
    pub silent: Pcm,
    /// To a test call.
    pub test: Pcm,
    /// Comes before one of the numbers.
    position: Pcm,
    numbers: Vec<Numbered>,
    /// In place of a number, to those behind the last that has a word.
    many: Numbered,
}

/// A place in the queue: its word, and the whole announcement once somebody has had that place. All who wait there share it.
#[derive(Debug)]
struct Numbered {
    word: Pcm,
    whole: OnceLock<Pcm>,
}

/// The files built in for one language: name and content.
macro_rules! built_in {
    ($language:literal: $($name:literal)*) => {
        &[$(($name, include_bytes!(concat!("../assets/announcements/", $language, "/", $name, ".wav")))),*]
    };
}

type Files = &'static [(&'static str, &'static [u8])];

const INDONESIAN: Files = built_in!("id": "waiting" "hold" "silent" "test" "position" "many"
    "1" "2" "3" "4" "5" "6" "7" "8" "9" "10" "11" "12" "13" "14" "15" "16" "17" "18" "19" "20");
const ENGLISH: Files = built_in!("en": "waiting" "hold" "silent" "test" "position" "many"
    "1" "2" "3" "4" "5" "6" "7" "8" "9" "10" "11" "12" "13" "14" "15" "16" "17" "18" "19" "20");

impl Announcements {
    /// The built-in announcements, or the files of the same names in a city's directory: `id/waiting.wav` and `en/waiting.wav` for
    /// one language, `waiting.wav` for both. A file that cannot be played is told as a fault, and the built-in announcement stays: calls are
    /// taken all the same.
    ///
    /// # Errors
    /// A built-in announcement cannot be played.
    pub fn load(directory: Option<PathBuf>) -> Result<Loaded, SoundError> {
        let mut unusable = Vec::new();
        let languages = Languages::load(directory.as_deref(), &mut unusable)?;
        let strays = directory.as_deref().map(strays).unwrap_or_default();
        Ok(Loaded { announcements: Self { directory, languages: Arc::new(RwLock::new(languages)) }, unusable, strays })
    }

    /// Reads a city's files anew, for callers from now on. Unless all of them can be played, those from before stay.
    pub fn renew(&self) -> anyhow::Result<()> {
        let mut unusable = Vec::new();
        let languages = Languages::load(self.directory.as_deref(), &mut unusable)?;
        anyhow::ensure!(unusable.is_empty(), "setting `queue.announcements`: {}", unusable.join("; "));
        *self.languages.write().unwrap_or_else(PoisonError::into_inner) = languages;
        Ok(())
    }

    /// In the language that the caller's side named first of those that there are; Indonesian where it named none.
    pub fn for_caller(&self, languages: &[String]) -> Arc<Spoken> {
        let there = self.languages.read().unwrap_or_else(PoisonError::into_inner);
        let spoken = |tag: &String| match tag.split('-').next().unwrap_or_default().to_ascii_lowercase().as_str() {
            "id" | "ms" => Some(&there.indonesian),
            "en" => Some(&there.english),
            _ => None,
        };
        languages.iter().find_map(spoken).unwrap_or(&there.indonesian).clone()
    }
}

impl Languages {
    fn load(directory: Option<&Path>, unusable: &mut Vec<String>) -> Result<Self, SoundError> {
        if let Some(missing) = directory.filter(|directory| !directory.is_dir()) {
            unusable.push(format!("{} is no directory; make it, or remove the setting", missing.display()));
        }
        Ok(Self {
            indonesian: Arc::new(Spoken::load(directory, "id", INDONESIAN, unusable)?),
            english: Arc::new(Spoken::load(directory, "en", ENGLISH, unusable)?),
        })
    }
}

/// Where a city's announcements are looked for in its directory.
pub fn own_files(directory: &Path) -> Vec<PathBuf> {
    let places = [directory.to_owned(), directory.join("id"), directory.join("en")];
    places.iter().flat_map(|place| INDONESIAN.iter().map(move |(name, _)| place.join(name).with_extension("wav"))).collect()
}

/// WAV files under a name that nothing plays: a city that recorded `hold-music.wav` is to hear why callers do not.
fn strays(directory: &Path) -> Vec<String> {
    let known = |name: &str| INDONESIAN.iter().any(|(known, _)| *known == name);
    let files = ["", "id", "en"].into_iter().filter_map(|part| std::fs::read_dir(directory.join(part)).ok()).flatten().flatten();
    let strays = files.map(|file| file.path()).filter(|path| {
        let is_wav = path.extension().is_some_and(|extension| extension.eq_ignore_ascii_case("wav"));
        let is_played = path.extension().is_some_and(|extension| extension == "wav")
            && path.file_stem().and_then(|name| name.to_str()).is_some_and(known);
        is_wav && !is_played
    });
    strays.map(|path| format!("{} has the name of no announcement; docs/announcements.md lists them", path.display())).collect()
}

impl Spoken {
    fn load(directory: Option<&Path>, language: &str, built_in: Files, faults: &mut Vec<String>) -> Result<Self, SoundError> {
        let mut read = Vec::with_capacity(built_in.len());
        for (name, bytes) in built_in {
            let file = format!("{name}.wav");
            let own = directory.and_then(|directory| {
                [directory.join(language).join(&file), directory.join(&file)].into_iter().find(|path| path.is_file())
            });
            let own = own.and_then(|path| {
                let played = content(&path).and_then(|wav| samples(&wav));
                played.map_err(|error| faults.push(format!("{} {error}", path.display()))).ok()
            });
            read.push(match own {
                Some(own) => own,
                None => samples(bytes)?,
            });
        }
        let mut read = read.into_iter();
        let mut next = || read.next().ok_or(SoundError::Empty);
        let (waiting, hold, silent, test, position) = (next()?, next()?, next()?, next()?, next()?);
        let many = Numbered::new(next()?);
        let numbers = read.map(Numbered::new).collect();
        Ok(Self { waiting, hold, silent, test, position, numbers, many })
    }

    /// All operators are busy, and the caller's place in the queue, if it is known. Behind the last place that has a word it is told that many
    /// wait: a caller who is told nothing of it believes to be the next.
    pub fn busy(&self, place: Option<u32>) -> Pcm {
        let nth = place.and_then(|place| usize::try_from(place).ok()?.checked_sub(1));
        match nth.map(|nth| self.numbers.get(nth)) {
            Some(Some(number)) => number.after(&[&self.waiting, &self.position]),
            Some(None) => self.many.after(&[&self.waiting]),
            None => self.waiting.clone(),
        }
    }
}

impl Numbered {
    fn new(word: Pcm) -> Self {
        Self { word, whole: OnceLock::new() }
    }

    /// The whole announcement: the word behind what comes before it.
    fn after(&self, before: &[&[i16]]) -> Pcm {
        self.whole.get_or_init(|| [&before.concat()[..], &self.word[..]].concat().into()).clone()
    }
}

fn content(path: &Path) -> Result<Vec<u8>, SoundError> {
    let mut wav = Vec::new();
    let file = File::open(path).map_err(hound::Error::from)?;
    file.take(LONGEST + 1).read_to_end(&mut wav).map_err(hound::Error::from)?;
    if wav.len() as u64 > LONGEST { Err(SoundError::TooLong) } else { Ok(wav) }
}

/// The samples of an 8 kHz mono 16-bit WAV file.
pub fn samples(wav: &[u8]) -> Result<Arc<[i16]>, SoundError> {
    let mut reader = hound::WavReader::new(wav)?;
    let spec = reader.spec();
    if (spec.channels, spec.sample_rate, spec.bits_per_sample) != (1, 8000, 16) {
        return Err(SoundError::Format);
    }
    let samples = reader.samples::<i16>().collect::<Result<Vec<_>, _>>()?;
    if samples.is_empty() { Err(SoundError::Empty) } else { Ok(samples.into()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn loaded(directory: &Path) -> Loaded {
        Announcements::load(Some(directory.to_owned())).unwrap()
    }

    fn built_in() -> Announcements {
        Announcements::load(None).unwrap().announcements
    }

    fn indonesian(announcements: &Announcements) -> Arc<Spoken> {
        announcements.for_caller(&["id".into()])
    }

    fn english(announcements: &Announcements) -> Arc<Spoken> {
        announcements.for_caller(&["en".into()])
    }

    fn faults(loaded: &Loaded) -> Vec<String> {
        loaded.faults().cloned().collect()
    }

    fn directory(name: &str) -> std::path::PathBuf {
        let directory = std::env::temp_dir().join(format!("siaga-sounds-{name}-{}", std::process::id()));
        std::fs::create_dir_all(&directory).unwrap();
        directory
    }

    fn wav(path: &Path, channels: u16, sample_rate: u32) {
        let spec = hound::WavSpec { channels, sample_rate, bits_per_sample: 16, sample_format: hound::SampleFormat::Int };
        let mut writer = hound::WavWriter::create(path, spec).unwrap();
        for _ in 0..channels {
            writer.write_sample(112_i16).unwrap();
        }
        writer.finalize().unwrap();
    }

    #[test]
    fn the_built_in_announcements_are_speech_of_some_seconds() {
        let sounds = built_in();
        for spoken in [indonesian(&sounds), english(&sounds)] {
            assert!(spoken.waiting.len() > 4 * 8000);
            for sound in [&spoken.hold, &spoken.silent, &spoken.test] {
                assert!(sound.len() > 2 * 8000);
            }
        }
    }

    #[test]
    fn a_place_in_the_queue_is_told_as_far_as_there_are_words_and_behind_them_that_many_wait() {
        let sounds = built_in();
        for spoken in [indonesian(&sounds), english(&sounds)] {
            let plain = spoken.busy(None).len();
            let told: Vec<usize> = (1..=20).map(|place| spoken.busy(Some(place)).len()).collect();
            assert!(told.iter().all(|length| *length > plain));
            assert_eq!(spoken.busy(Some(0)).len(), plain, "there is no such place");
            for behind in [21, 22, 5_000] {
                assert_eq!(spoken.busy(Some(behind)).len(), plain + spoken.many.word.len());
            }
            assert!(spoken.many.word.len() > 8000, "more than twenty callers wait");
            for shared in [3, 21] {
                assert!(Arc::ptr_eq(&spoken.busy(Some(shared)), &spoken.busy(Some(shared))), "a crowd shares one announcement");
            }
            assert!(Arc::ptr_eq(&spoken.busy(Some(21)), &spoken.busy(Some(90))));
        }
    }

    #[test]
    fn a_caller_hears_the_first_language_that_there_is() {
        let sounds = built_in();
        let hears = |languages: &[&str]| {
            let languages: Vec<String> = languages.iter().map(|tag| (*tag).to_owned()).collect();
            Arc::ptr_eq(&sounds.for_caller(&languages), &english(&sounds))
        };
        assert!(hears(&["zh", "en-GB", "id"]));
        assert!(!hears(&["id", "en"]));
        assert!(!hears(&[]) && !hears(&["zh"]) && !hears(&["ms-MY", "en"]));
    }

    #[test]
    fn a_city_replaces_an_announcement_in_one_language_or_in_both() {
        let own = directory("own");
        std::fs::create_dir_all(own.join("en")).unwrap();
        wav(&own.join("hold.wav"), 1, 8000);
        wav(&own.join("en").join("silent.wav"), 1, 8000);
        let sounds = loaded(&own).announcements;
        std::fs::remove_dir_all(&own).unwrap();
        assert_eq!((indonesian(&sounds).hold.len(), english(&sounds).hold.len()), (1, 1));
        assert_eq!(english(&sounds).silent.len(), 1);
        assert!(indonesian(&sounds).silent.len() > 8000);
    }

    #[test]
    fn a_city_speaks_an_announcement_anew_while_calls_come() {
        let own = directory("anew");
        let sounds = loaded(&own).announcements;
        let switchboards = sounds.clone();
        let before = indonesian(&switchboards);
        assert!(before.hold.len() > 8000);
        wav(&own.join("hold.wav"), 1, 8000);
        sounds.renew().unwrap();
        assert_eq!(indonesian(&switchboards).hold.len(), 1);
        assert!(before.hold.len() > 8000, "who hears the old one hears it to its end");

        wav(&own.join("hold.wav"), 2, 44_100);
        let refused = sounds.renew().unwrap_err().to_string();
        assert!(refused.contains("hold.wav") && refused.contains("sox"), "{refused}");
        assert_eq!(indonesian(&switchboards).hold.len(), 1, "what cannot be played changes nothing");
        assert!(own_files(&own).contains(&own.join("hold.wav")) && own_files(&own).contains(&own.join("en").join("3.wav")));

        std::fs::remove_dir_all(&own).unwrap();
        assert!(sounds.renew().is_err(), "a directory that is not mounted is no wish for the built-in ones");
    }

    #[test]
    fn a_city_is_told_of_a_recording_under_a_name_that_nothing_plays() {
        let own = directory("stray");
        std::fs::create_dir_all(own.join("id")).unwrap();
        for name in ["hold-music.wav", "hold.WAV", "id/tunggu.wav", "id/hold.wav"] {
            wav(&own.join(name), 1, 8000);
        }
        std::fs::write(own.join("README.txt"), "notes are nobody's business").unwrap();
        let mut faults = faults(&loaded(&own));
        std::fs::remove_dir_all(&own).unwrap();
        faults.sort();
        let named: Vec<bool> = ["hold-music.wav ", "hold.WAV ", "id/tunggu.wav "]
            .iter()
            .map(|name| faults.iter().any(|fault| fault.contains(name)))
            .collect();
        assert_eq!((faults.len(), named), (3, vec![true; 3]), "{faults:?}");
    }

    #[test]
    fn a_large_file_that_was_put_there_by_mistake_takes_no_memory_from_calls() {
        let own = directory("large");
        File::create(own.join("hold.wav")).unwrap().set_len(u64::from(u32::MAX)).unwrap();
        let large = loaded(&own);
        std::fs::remove_dir_all(&own).unwrap();
        let told = faults(&large);
        assert!(told.len() == 2 && told[0].contains("ten minutes"), "{told:?}");
        assert_eq!(indonesian(&large.announcements).hold, indonesian(&built_in()).hold);
    }

    #[test]
    fn a_city_that_brings_a_wrong_format_is_told_how_to_convert_it() {
        let own = directory("wrong");
        wav(&own.join("waiting.wav"), 2, 44_100);
        std::fs::write(own.join("hold.wav"), b"RIFF").unwrap();
        let loaded_own = loaded(&own);
        std::fs::remove_dir_all(&own).unwrap();
        let told = faults(&loaded_own);
        // Once for each language.
        assert_eq!(told.len(), 4, "{told:?}");
        assert!(told[0].contains("waiting.wav") && told[0].contains("sox"), "{told:?}");
        assert!(told[1].contains("hold.wav"), "{told:?}");
        let sounds = loaded_own.announcements;
        assert_eq!(indonesian(&sounds).hold.len(), indonesian(&built_in()).hold.len(), "callers go on hearing the built-in ones");
        assert_eq!(english(&sounds).waiting.len(), english(&built_in()).waiting.len());
        assert_eq!(faults(&loaded(&own)).len(), 1, "the directory is gone");
    }
}
