//! Sound in place of what did not come: the last period of the voice is repeated and fades (the idea of ITU-T G.711
//! Appendix I, without its delay). What comes afterwards is faded in.

use crate::sound::FRAME;

/// Samples remembered: two periods of the lowest voice.
const HISTORY: usize = 320;
/// Periods of a voice, 66 to 200 Hz.
const SHORTEST: usize = 40;
const LONGEST: usize = 120;
/// Samples that are compared to find the period.
const COMPARED: usize = 160;
/// The first 10 ms are as loud as before; then it fades over 50 ms.
const LOUD: usize = 80;
const FADE: usize = 400;
/// The first samples after what was made up are faded in (4 ms).
const FADE_IN: usize = 32;

#[derive(Debug)]
pub(super) struct Concealer {
    history: [i16; HISTORY],
    state: State,
}

#[derive(Debug)]
enum State {
    Heard,
    /// So many samples were made up, from periods of this length.
    MadeUp {
        samples: usize,
        period: usize,
    },
}

impl Default for Concealer {
    fn default() -> Self {
        Concealer { history: [0; HISTORY], state: State::Heard }
    }
}

impl Concealer {
    /// Sound that was really there; its beginning is blended with what would have been made up.
    pub fn heard(&mut self, pcm: &mut [i16; FRAME]) {
        if let State::MadeUp { samples, period } = self.state {
            for (n, sample) in pcm.iter_mut().take(FADE_IN).enumerate() {
                let (old, new) = (i32::from(self.made_up(samples + n, period)), i32::from(*sample));
                *sample = (old + (new - old) * n as i32 / FADE_IN as i32) as i16;
            }
        }
        self.state = State::Heard;
        self.remember(pcm);
    }

    /// Makes up the next 20 ms.
    pub fn conceal(&mut self, out: &mut [i16; FRAME]) {
        let (samples, period) = match self.state {
            State::Heard => (0, self.period()),
            State::MadeUp { samples, period } => (samples, period),
        };
        for (n, out) in out.iter_mut().enumerate() {
            *out = self.made_up(samples + n, period);
        }
        self.state = State::MadeUp { samples: samples + FRAME, period };
    }

    /// Nothing is to be carried on from what was heard.
    pub fn forget(&mut self) {
        *self = Concealer::default();
    }

    fn made_up(&self, sample: usize, period: usize) -> i16 {
        let fade = FADE.saturating_sub(sample.saturating_sub(LOUD));
        let sound = self.history.get(HISTORY - period + sample % period).copied().unwrap_or(0);
        (i32::from(sound) * fade as i32 / FADE as i32) as i16
    }

    fn remember(&mut self, pcm: &[i16; FRAME]) {
        self.history.copy_within(FRAME.., 0);
        for (kept, sample) in self.history.iter_mut().skip(HISTORY - FRAME).zip(pcm) {
            *kept = *sample;
        }
    }

    /// The distance at which the last samples resemble those before them most.
    fn period(&self) -> usize {
        let end = self.history.get(HISTORY - COMPARED..).unwrap_or_default();
        let likeness = |lag: usize| {
            let before = self.history.get(HISTORY - COMPARED - lag..HISTORY - lag).unwrap_or_default();
            let (product, power) = end.iter().zip(before).fold((0f32, 1f32), |(product, power), (a, b)| {
                let (a, b) = (f32::from(*a), f32::from(*b));
                (product + a * b, power + b * b)
            });
            product / power.sqrt()
        };
        (SHORTEST..=LONGEST).max_by(|a, b| likeness(*a).total_cmp(&likeness(*b))).unwrap_or(LONGEST)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tone(from: usize) -> [i16; FRAME] {
        std::array::from_fn(|n| (8_000.0 * (std::f32::consts::TAU * 100.0 * (from + n) as f32 / 8_000.0).sin()) as i16)
    }

    #[test]
    fn a_lost_frame_of_a_voice_goes_on_in_its_period_without_a_click() {
        let mut concealer = Concealer::default();
        for n in 0..3 {
            concealer.heard(&mut tone(n * FRAME));
        }
        let mut made_up = [0; FRAME];
        concealer.conceal(&mut made_up);
        let expected = tone(3 * FRAME);
        assert!(made_up[..LOUD].iter().zip(&expected).all(|(a, b)| (a - b).abs() < 700), "it continues the voice");
        let mut after = tone(4 * FRAME);
        concealer.heard(&mut after);
        let joined = [made_up, after].concat();
        assert!(joined.windows(2).all(|pair| (pair[1] - pair[0]).abs() < 1_500), "no step is heard");
    }

    #[test]
    fn a_long_gap_fades_to_silence_within_60_ms() {
        let mut concealer = Concealer::default();
        concealer.heard(&mut tone(0));
        concealer.heard(&mut tone(FRAME));
        let mut out = [1; FRAME];
        for _ in 0..4 {
            concealer.conceal(&mut out);
        }
        assert_eq!(out, [0; FRAME]);
    }
}
