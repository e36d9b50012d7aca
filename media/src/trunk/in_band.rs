//! Key presses as tones within the voice (ITU-T Q.23, Q.24), for far ends that have not negotiated telephone-events. Pure.
//!
//! Short blocks are measured at the eight frequencies (Goertzel). A key counts when two blocks after each other hold its two tones and little else,
//! which voices hardly ever do for so long, and once until two blocks without it.

use crate::SAMPLE_RATE;
use crate::tone::{COLUMNS, KEYS, ROWS};
use std::f32::consts::TAU;

/// Samples of a block, 12.75 ms: two whole ones fit into the shortest press of 40 ms.
const BLOCK: usize = 102;
/// Blocks that a press takes, and that end it.
const BLOCKS: u8 = 2;
/// The amplitude below which a tone is none (-38 dB below full scale).
const FAINTEST: f32 = 400.0;
/// How much of the block's energy the two tones must have.
const SHARE: f32 = 0.7;
/// How far the next tone of the same group must be below, and how far the two groups may be apart: 6 and 9 dB, as ratios of power.
const ALONE: f32 = 4.0;
const TWIST: f32 = 8.0;

/// Tells keys from the samples of one far end.
#[derive(Debug, Default)]
pub(crate) struct ToneReceiver {
    rows: [Goertzel; 4],
    columns: [Goertzel; 4],
    energy: f32,
    samples: usize,
    /// What the newest blocks held, and how many of them.
    newest: (Option<char>, u8),
    /// The key that is held down and has been told.
    told: Option<char>,
}

/// One frequency's filter over one block.
#[derive(Debug, Default, Clone, Copy)]
struct Goertzel {
    before: f32,
    last: f32,
}

impl Goertzel {
    fn push(&mut self, sample: f32, coefficient: f32) {
        let next = sample + coefficient * self.last - self.before;
        self.before = self.last;
        self.last = next;
    }

    /// The squared magnitude over the block.
    fn power(&self, coefficient: f32) -> f32 {
        self.last * self.last + self.before * self.before - coefficient * self.last * self.before
    }
}

impl ToneReceiver {
    /// Takes what came next; a gap before it makes no difference. The key that has begun to be pressed, mostly none.
    pub fn push(&mut self, samples: impl Iterator<Item = i16>) -> Option<char> {
        let (rows, columns) = (coefficients(ROWS), coefficients(COLUMNS));
        let mut key = None;
        for sample in samples {
            let sample = f32::from(sample);
            self.energy += sample * sample;
            for (filter, coefficient) in self.rows.iter_mut().zip(rows) {
                filter.push(sample, coefficient);
            }
            for (filter, coefficient) in self.columns.iter_mut().zip(columns) {
                filter.push(sample, coefficient);
            }
            self.samples += 1;
            if self.samples == BLOCK {
                key = self.close().or(key);
            }
        }
        key
    }

    /// The end of a block.
    fn close(&mut self) -> Option<char> {
        let held = self.held();
        self.rows = Default::default();
        self.columns = Default::default();
        self.energy = 0.0;
        self.samples = 0;
        self.newest = match self.newest {
            (before, blocks) if before == held => (held, blocks.saturating_add(1)),
            _ => (held, 1),
        };
        let (held, blocks) = self.newest;
        if blocks != BLOCKS || held == self.told {
            return None;
        }
        self.told = held;
        held
    }

    /// The key whose tones the block holds.
    fn held(&self) -> Option<char> {
        let (row, low) = loudest(&self.rows, ROWS)?;
        let (column, high) = loudest(&self.columns, COLUMNS)?;
        let block = BLOCK as f32;
        // A sine of the amplitude A has the power (A·N/2)², and the energy N·A²/2.
        let faintest = (FAINTEST * block / 2.0).powi(2);
        let together = low + high >= SHARE * self.energy * block / 2.0;
        let balanced = low <= TWIST * high && high <= TWIST * low;
        if low < faintest || high < faintest || !together || !balanced {
            return None;
        }
        KEYS.chars().nth(row * 4 + column)
    }
}

fn coefficients(frequencies: [f64; 4]) -> [f32; 4] {
    frequencies.map(|hertz| 2.0 * (TAU * hertz as f32 / SAMPLE_RATE as f32).cos())
}

/// The place and power of the loudest, if the others are far below it.
fn loudest(filters: &[Goertzel; 4], frequencies: [f64; 4]) -> Option<(usize, f32)> {
    let mut powers = [0.0; 4];
    for ((power, filter), coefficient) in powers.iter_mut().zip(filters).zip(coefficients(frequencies)) {
        *power = filter.power(coefficient);
    }
    let (place, power) = powers.iter().copied().enumerate().max_by(|(_, a), (_, b)| a.total_cmp(b))?;
    let alone = powers.iter().enumerate().all(|(other, noise)| other == place || noise * ALONE <= power);
    alone.then_some((place, power))
}

#[cfg(test)]
#[path = "in_band_tests.rs"]
mod tests;
