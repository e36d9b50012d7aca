//! Keys as networks send them, and everything that is no key.
#![allow(clippy::unwrap_used, clippy::indexing_slicing)]

use super::*;
use crate::g711::Codec;
use crate::tone::sine;
use proptest::prelude::*;

/// Milliseconds as samples.
fn ms(n: usize) -> usize {
    n * 8
}

/// A key's tones of so many samples, each this far below full scale.
fn press(key: char, samples: usize, low_dbfs: f64, high_dbfs: f64, detuned: f64) -> Vec<i16> {
    let place = KEYS.find(key).unwrap();
    let low = sine(ROWS[place / 4] * detuned, low_dbfs, samples);
    let high = sine(COLUMNS[place % 4] * detuned, high_dbfs, samples);
    low.zip(high).map(|(a, b)| a.saturating_add(b)).collect()
}

/// What is told of samples that come in packets of 20 ms, through G.711.
fn told(pcm: &[i16]) -> String {
    let mut receiver = ToneReceiver::default();
    let mut payload = [0; 160];
    pcm.chunks(160)
        .filter_map(|frame| {
            let length = Codec::Pcma.encode(frame, &mut payload);
            receiver.push(Codec::Pcma.decode(&payload[..length]))
        })
        .collect()
}

#[test]
fn each_key_is_told_once_however_long_it_is_held() {
    for key in KEYS.chars() {
        for length in [40, 50, 100, 1_000, 5_000] {
            let pcm = [vec![0; ms(50)], press(key, ms(length), -10.0, -10.0, 1.0), vec![0; ms(50)]].concat();
            assert_eq!(told(&pcm), key.to_string(), "{length} ms");
        }
    }
}

#[test]
fn keys_in_the_quickest_order_that_networks_allow_are_all_told() {
    let keys = "11223344A#*0D99";
    for shift in 0..BLOCK {
        let mut pcm = vec![0; shift];
        for key in keys.chars() {
            pcm.extend(press(key, ms(50), -10.0, -10.0, 1.0));
            pcm.extend(vec![0; ms(50)]);
        }
        assert_eq!(told(&pcm), keys, "{shift} samples later");
    }
}

#[test]
fn what_lines_do_to_tones_does_not_hide_them() {
    for (low, high) in [(-3.0, -9.0), (-9.0, -3.0), (-20.0, -27.0), (-30.0, -30.0)] {
        for detuned in [0.985, 0.99, 1.0, 1.01, 1.015] {
            for key in KEYS.chars() {
                let pcm = [press(key, ms(100), low, high, detuned), vec![0; ms(50)]].concat();
                assert_eq!(told(&pcm), key.to_string(), "{low} and {high} dB, {detuned}");
            }
        }
    }
}

#[test]
fn what_is_too_short_or_too_faint_or_one_tone_alone_is_no_key() {
    assert_eq!(told(&[press('5', ms(20), -10.0, -10.0, 1.0), vec![0; ms(100)]].concat()), "");
    assert_eq!(told(&press('5', ms(500), -45.0, -45.0, 1.0)), "");
    for hertz in ROWS.into_iter().chain(COLUMNS).chain([425.0, 620.0, 1_000.0, 1_800.0, 2_100.0]) {
        assert_eq!(told(&sine(hertz, -6.0, ms(500)).collect::<Vec<_>>()), "", "{hertz} Hz");
    }
    let far_apart = press('5', ms(500), -6.0, -30.0, 1.0);
    assert_eq!(told(&far_apart), "", "one tone is far louder than the other");
}

#[test]
fn a_packet_that_is_lost_makes_no_second_key() {
    let mut receiver = ToneReceiver::default();
    let pcm = press('7', ms(400), -10.0, -10.0, 1.0);
    let keys: String = pcm
        .chunks(160)
        .enumerate()
        .filter(|(n, _)| n % 5 != 2)
        .filter_map(|(_, frame)| receiver.push(frame.iter().copied()))
        .collect();
    assert_eq!(keys, "7");
}

/// A voice: a fundamental that glides, with its harmonics, each as loud as it likes.
fn voice(from: f64, to: f64, loudness: &[f64], samples: usize) -> Vec<i16> {
    let mut phase = 0.0;
    (0..samples)
        .map(|n| {
            phase += std::f64::consts::TAU * (from + (to - from) * n as f64 / samples as f64) / 8_000.0;
            let sum: f64 = loudness.iter().enumerate().map(|(k, loud)| loud * (phase * (k + 1) as f64).sin()).sum();
            (sum * 6_000.0 / loudness.len() as f64) as i16
        })
        .collect()
}

proptest! {
    #[test]
    fn noise_is_no_key(samples in proptest::collection::vec(any::<i16>(), 8_000)) {
        prop_assert_eq!(told(&samples), "");
    }

    #[test]
    fn a_voice_is_no_key(from in 80.0..300.0f64, glide in 0.8..1.25f64, loudness in proptest::collection::vec(0.2..1.0f64, 8..20)) {
        let to = from * if (0.98..1.02).contains(&glide) { 1.05 } else { glide };
        prop_assert_eq!(told(&voice(from, to, &loudness, 8_000)), "");
    }
}
