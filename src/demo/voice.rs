//! What the demo's callers say.

use crate::sounds;
use std::sync::Arc;

/// One of the demo's recorded callers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Story {
    Fire,
    Accident,
}

impl Story {
    pub fn numbered(n: u8) -> Option<Self> {
        match n {
            1 => Some(Self::Fire),
            2 => Some(Self::Accident),
            _ => None,
        }
    }

    pub fn voice(self) -> Arc<[i16]> {
        let wav: &[u8] = match self {
            Self::Fire => include_bytes!("../../assets/demo/caller-1.wav"),
            Self::Accident => include_bytes!("../../assets/demo/caller-2.wav"),
        };
        // A voice that cannot be read is silence; the files are read by a test.
        sounds::samples(wav).unwrap_or_else(|_| Arc::from(vec![0i16; 8000]))
    }

    /// The number that the network shows.
    pub fn number(self) -> &'static str {
        match self {
            Self::Fire => "+6281270001121",
            Self::Accident => "+6281270001122",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_callers_voices_can_be_read_and_are_heard() {
        for story in [Story::Fire, Story::Accident] {
            let loudest = story.voice().iter().map(|sample| sample.unsigned_abs()).max().unwrap();
            assert!(loudest > 3000, "{story:?} is silent");
        }
    }
}
