//! How often each length of time was measured, in bounded memory: a count for every 64th part of each power of two of microseconds.

use std::time::Duration;

/// Parts of a power of two; a value is told to 1.6 %.
const PARTS: usize = 64;
const PART_BITS: u32 = PARTS.trailing_zeros();
/// Powers of two, the first of which is everything below 64; the last holds everything longer.
const POWERS: usize = 25;

#[derive(Debug, Clone)]
pub struct Histogram {
    counts: Vec<u64>,
    total: u64,
    largest: u64,
}

impl Default for Histogram {
    fn default() -> Self {
        Self { counts: vec![0; PARTS * POWERS], total: 0, largest: 0 }
    }
}

impl Histogram {
    pub fn add(&mut self, value: Duration) {
        let micros = u64::try_from(value.as_micros()).unwrap_or(u64::MAX);
        let at = place(micros).min(self.counts.len() - 1);
        if let Some(count) = self.counts.get_mut(at) {
            *count += 1;
        }
        self.total += 1;
        self.largest = self.largest.max(micros);
    }

    pub fn largest(&self) -> Duration {
        Duration::from_micros(self.largest)
    }

    /// The value that this share of all values does not exceed; zero if there are none.
    pub fn at(&self, share: f64) -> Duration {
        let wanted = (share * self.total as f64).ceil().max(1.0) as u64;
        let mut seen = 0;
        for (at, count) in self.counts.iter().enumerate() {
            seen += count;
            if seen >= wanted {
                return Duration::from_micros(upper(at).min(self.largest));
            }
        }
        self.largest()
    }
}

/// Which count a value belongs to: exact below 64, then the 64 parts of each power of two.
fn place(micros: u64) -> usize {
    let power = (u64::BITS - micros.leading_zeros()).saturating_sub(PART_BITS);
    match power {
        0 => micros as usize,
        // The first of the parts of a power of two is where its upper half begins.
        power => {
            let part = (micros >> (power - 1)) as usize - PARTS;
            PARTS + (power as usize - 1) * PARTS + part
        }
    }
}

/// The largest value of a count.
fn upper(at: usize) -> u64 {
    match at.checked_sub(PARTS) {
        None => at as u64,
        Some(above) => {
            let (power, part) = (above / PARTS, above % PARTS);
            (((PARTS + part + 1) as u64) << power) - 1
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn shares_of_known_values_are_told() {
        let mut histogram = Histogram::default();
        assert_eq!(histogram.at(0.5), Duration::ZERO);
        (1..=1000).for_each(|n| histogram.add(Duration::from_micros(n)));
        let near = |share: f64, micros: u128| {
            let told = histogram.at(share).as_micros();
            assert!(told >= micros && told <= micros + micros / PARTS as u128 + 1, "{share}: {told} for {micros}");
        };
        near(0.5, 500);
        near(0.99, 990);
        assert_eq!((histogram.at(1.0).as_micros(), histogram.largest().as_micros()), (1000, 1000));
    }

    proptest! {
        #[test]
        fn every_value_lies_within_a_64th_of_what_is_told(micros in 0u64..600_000_000) {
            let told = upper(place(micros));
            prop_assert!(told >= micros && told - micros <= micros / PARTS as u64);
            prop_assert!(place(micros) < PARTS * POWERS);
        }
    }
}
