//! Makes a sum of voices fit into a sample. Several who speak at once become a little quieter for a moment instead of
//! tearing; a sum that fits is passed on as it is.

use crate::sound::FRAME;

const LOUDEST: f32 = i16::MAX as f32;
/// What the gain comes back by in every frame: from half to full in a fifth of a second.
const RELEASE: f32 = 0.05;
/// Samples over which a change of the gain is spread (2 ms), so that it does not click.
const RAMP: usize = 16;

#[derive(Debug)]
pub(super) struct Limiter {
    gain: f32,
}

impl Limiter {
    pub fn new() -> Limiter {
        Limiter { gain: 1.0 }
    }

    pub fn limit(&mut self, sum: &[i32; FRAME]) -> [i16; FRAME] {
        let peak = sum.iter().map(|sample| sample.unsigned_abs()).max().unwrap_or(0);
        let fitting = if peak as f32 > LOUDEST { LOUDEST / peak as f32 } else { 1.0 };
        let (before, after) = (self.gain, fitting.min(self.gain + RELEASE));
        self.gain = after;
        let mut out = [0; FRAME];
        for (n, (out, sample)) in out.iter_mut().zip(sum).enumerate() {
            *out = if before == 1.0 && after == 1.0 {
                (*sample).clamp(i16::MIN.into(), i16::MAX.into()) as i16
            } else {
                let way = (n as f32 / RAMP as f32).min(1.0);
                // The conversion saturates, which is what a peak within the ramp gets.
                (*sample as f32 * (before + (after - before) * way)) as i16
            };
        }
        out
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_sum_that_fits_is_passed_on_as_it_is() {
        let mut limiter = Limiter::new();
        let sum: [i32; FRAME] = std::array::from_fn(|n| n as i32 * 400 - 32_000);
        assert_eq!(limiter.limit(&sum).map(i32::from), sum);
    }

    #[test]
    fn after_a_shout_the_gain_comes_back_by_itself() {
        let mut limiter = Limiter::new();
        let shout = limiter.limit(&[90_000; FRAME]);
        assert!(shout.iter().all(|sample| *sample >= i16::MAX - 1), "as loud as can be, and not torn");
        let after: Vec<i16> = (0..15).map(|_| limiter.limit(&[10_000; FRAME])[FRAME - 1]).collect();
        assert!(after[0] < 4_500 && after.windows(2).all(|pair| pair[1] >= pair[0]));
        assert_eq!(after[14], 10_000);
    }

    proptest! {
        /// However many shout: the sign is kept, nothing becomes louder, and nothing wraps around.
        #[test]
        fn limiting_never_turns_a_sample_over(frames in proptest::collection::vec(-600_000i32..600_000, FRAME * 3)) {
            let mut limiter = Limiter::new();
            for frame in frames.chunks_exact(FRAME) {
                let sum: [i32; FRAME] = frame.try_into().unwrap();
                for (out, sample) in limiter.limit(&sum).into_iter().zip(sum) {
                    prop_assert!(i32::from(out).signum() * sample.signum() >= 0);
                    prop_assert!(i32::from(out).abs() <= sample.abs() + 1);
                }
            }
        }
    }
}
