//! How loud audio is.

use crate::g711::Codec;

/// Samples over which loudness is taken for a headset test: 100 ms.
const WINDOW: u32 = 800;
/// What digital silence counts as.
const SILENCE_DBFS: f32 = -96.0;
/// Above this, in dB, audio counts as voice for RFC 6464.
const VOICE: i8 = -60;

/// RMS in dB below full scale.
fn dbfs(squares: f64, samples: u32) -> f32 {
    let rms = (squares / f64::from(samples.max(1))).sqrt() / 32_768.0;
    if rms <= 0.0 { SILENCE_DBFS } else { (20.0 * rms.log10() as f32).max(SILENCE_DBFS) }
}

/// The level and voice flag of a payload for the audio-level extension (RFC 6464 section 3): 0 to -127 dBov.
pub(crate) fn audio_level(codec: Codec, payload: &[u8]) -> (i8, bool) {
    let squares: i64 = codec.decode(payload).map(|sample| i64::from(sample) * i64::from(sample)).sum();
    let level = if squares == 0 { -127 } else { dbfs(squares as f64, payload.len() as u32).round() as i8 };
    (level, level > VOICE)
}

/// Finds the loudest 100 ms of what is pushed.
#[derive(Debug, Default)]
pub(crate) struct LoudestWindow {
    squares: f64,
    samples: u32,
    loudest: Option<f32>,
}

impl LoudestWindow {
    pub fn push(&mut self, pcm: impl Iterator<Item = i16>) {
        for sample in pcm {
            self.squares += f64::from(sample) * f64::from(sample);
            self.samples += 1;
            if self.samples == WINDOW {
                self.close();
            }
        }
    }

    /// RMS of the loudest window in dBFS; `None` if nothing was pushed.
    pub fn finish(mut self) -> Option<f32> {
        if self.samples > 0 && self.loudest.is_none() {
            self.close();
        }
        self.loudest
    }

    fn close(&mut self) {
        let level = dbfs(self.squares, self.samples);
        self.loudest = Some(self.loudest.map_or(level, |loudest| loudest.max(level)));
        self.squares = 0.0;
        self.samples = 0;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tone;

    #[test]
    fn a_sine_at_minus_12_dbfs_is_heard_3_db_lower_by_rms() {
        let mut window = LoudestWindow::default();
        window.push(std::iter::repeat_n(0, 8_000).chain(tone::sine(1_000.0, -12.0, 8_000)));
        let heard = window.finish().unwrap();
        assert!((heard + 15.0).abs() < 0.2, "{heard}");
    }

    #[test]
    fn silence_and_nothing_differ() {
        let mut window = LoudestWindow::default();
        window.push(std::iter::repeat_n(0, 160));
        assert_eq!(window.finish(), Some(SILENCE_DBFS));
        assert_eq!(LoudestWindow::default().finish(), None);
    }

    #[test]
    fn levels_are_those_of_rfc_6464() {
        assert_eq!(audio_level(Codec::Pcmu, &[0xff; 160]), (-127, false));
        let (level, voice) = audio_level(Codec::Pcma, &[0x2a; 160]);
        assert!(level > -3 && level <= 0 && voice, "{level}");
    }
}
