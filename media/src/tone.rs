//! Sounds that need no file: tones, ringback, key tones.

use crate::SAMPLE_RATE;
use std::f64::consts::TAU;
use std::sync::{Arc, LazyLock};

/// Ringback in Indonesia: 425 Hz, one second on, four seconds off.
const RINGBACK_HZ: f64 = 425.0;
const RINGBACK_DBFS: f64 = -13.0;
const RINGBACK_ON: usize = 8_000;
const RINGBACK_PERIOD: usize = 40_000;
/// Ramp at both ends of a tone, so that it does not click (5 ms).
const RAMP: usize = 40;
/// Key tones (ITU-T Q.23): 100 ms on, 80 ms off, each of the two tones at this level.
const KEY_ON: usize = 800;
const KEY_OFF: usize = 640;
const KEY_DBFS: f64 = -10.0;

/// The keys row by row, and the tone of each row and column in Hz (ITU-T Q.23).
pub(crate) const KEYS: &str = "123A456B789C*0#D";
pub(crate) const ROWS: [f64; 4] = [697.0, 770.0, 852.0, 941.0];
pub(crate) const COLUMNS: [f64; 4] = [1_209.0, 1_336.0, 1_477.0, 1_633.0];

/// `samples` of a sine whose peak is `dbfs` below full scale.
pub(crate) fn sine(hertz: f64, dbfs: f64, samples: usize) -> impl Iterator<Item = i16> {
    let peak = 32_767.0 * 10f64.powf(dbfs / 20.0);
    (0..samples).map(move |n| {
        let ramp = (n.min(samples - n) as f64 / RAMP as f64).min(1.0);
        (peak * ramp * (TAU * hertz * n as f64 / f64::from(SAMPLE_RATE)).sin()) as i16
    })
}

/// One period of ringback.
pub(crate) fn ringback() -> Arc<[i16]> {
    static PERIOD: LazyLock<Arc<[i16]>> = LazyLock::new(|| {
        let silence = std::iter::repeat_n(0, RINGBACK_PERIOD - RINGBACK_ON);
        sine(RINGBACK_HZ, RINGBACK_DBFS, RINGBACK_ON).chain(silence).collect()
    });
    PERIOD.clone()
}

/// The tones of these keys one after the other, for a far end without telephone-event. Other characters are left out.
pub(crate) fn keys(digits: &str) -> Arc<[i16]> {
    let mut pcm = Vec::new();
    for (low, high) in digits.chars().filter_map(key_tones) {
        pcm.extend(sine(low, KEY_DBFS, KEY_ON).zip(sine(high, KEY_DBFS, KEY_ON)).map(|(a, b)| a.saturating_add(b)));
        pcm.extend(std::iter::repeat_n(0, KEY_OFF));
    }
    pcm.into()
}

/// The two frequencies of a key in Hz.
fn key_tones(key: char) -> Option<(f64, f64)> {
    let place = KEYS.find(key.to_ascii_uppercase())?;
    Some((*ROWS.get(place / 4)?, *COLUMNS.get(place % 4)?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ringback_rings_one_second_of_five() {
        let period = ringback();
        assert_eq!(period.len(), RINGBACK_PERIOD);
        assert!(period[100..7_900].chunks(80).all(|chunk| chunk.iter().any(|sample| sample.abs() > 5_000)));
        assert!(period[8_000..].iter().all(|sample| *sample == 0));
    }

    #[test]
    fn keys_are_known_and_others_left_out() {
        assert_eq!(key_tones('5'), Some((770.0, 1_336.0)));
        assert_eq!(key_tones('d'), Some((941.0, 1_633.0)));
        assert_eq!(keys("1x#").len(), 2 * (KEY_ON + KEY_OFF));
    }
}
