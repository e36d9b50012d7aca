//! Which packets of a source came already, and which roll-over a sequence number belongs to (RFC 3711 sections 3.3.1, 3.3.2).

/// Numbers remembered.
const SIZE: u64 = 64;

#[derive(Debug, Default)]
pub(super) struct Window {
    /// The highest number taken and, in bit n, whether the one n before it was; `None` before the first.
    taken: Option<(u64, u64)>,
}

impl Window {
    /// The number extended by its roll-overs that these 16 bits most likely stand for.
    pub fn guess(&self, number: u16) -> u64 {
        let Some((highest, _)) = self.taken else { return u64::from(number) };
        let step = i64::from(number.wrapping_sub(highest as u16) as i16);
        // Before the first roll-over there is nothing to go back to.
        highest.checked_add_signed(step).unwrap_or(u64::from(number))
    }

    /// Notes a number that has proved itself; false if it came before, or is too old to tell.
    pub fn take(&mut self, number: u64) -> bool {
        let Some((highest, bits)) = self.taken else {
            self.taken = Some((number, 1));
            return true;
        };
        if number > highest {
            let moved = number - highest;
            let bits = if moved < SIZE { (bits << moved) | 1 } else { 1 };
            self.taken = Some((number, bits));
            return true;
        }
        let back = highest - number;
        if back >= SIZE || bits & (1 << back) != 0 {
            return false;
        }
        self.taken = Some((highest, bits | (1 << back)));
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_is_taken_once_and_never_when_it_is_too_old() {
        let mut window = Window::default();
        assert!(window.take(100) && window.take(98) && window.take(99));
        assert!(!window.take(98) && !window.take(100));
        assert!(window.take(163));
        assert!(!window.take(99), "it came before");
        assert!(window.take(101) && window.take(162));
        assert!(window.take(1_000_000) && !window.take(163));
    }

    #[test]
    fn roll_overs_are_counted_in_both_directions() {
        let mut window = Window::default();
        window.take(65_534);
        assert_eq!(window.guess(65_535), 65_535);
        assert_eq!(window.guess(1), 65_537);
        window.take(65_537);
        assert_eq!(window.guess(65_535), 65_535, "an overtaken one belongs to the turn before");
        let mut young = Window::default();
        young.take(3);
        assert_eq!(young.guess(65_530), 65_530, "there was no turn before the first");
    }
}
