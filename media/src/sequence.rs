//! Sequence numbers of received packets (RFC 3550 appendix A.1, A.3 and A.8): order, loss, duplicates, jitter.

/// Numbers that go back or ahead by more than this mean that the sender restarted (RFC 3550 appendix A.1).
const MAX_DROPOUT: i16 = 3_000;
const MAX_MISORDER: i16 = 100;

/// Where a packet stands among those before it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Order {
    Newest,
    Overtaken,
    Duplicate,
    /// Older than the memory of numbers.
    Late,
    /// The sender began anew.
    Restarted,
}

/// The numbers of one SSRC until it restarts.
#[derive(Debug)]
pub(crate) struct Sequence {
    highest: u16,
    /// Roll-overs of the highest.
    cycles: u16,
    /// Numbers from the first to the highest.
    expected: u64,
    received: u64,
    /// Which of the 64 numbers up to `highest` came, bit 0 the newest.
    seen: u64,
    transit: Option<i64>,
    jitter: f32,
}

impl Sequence {
    pub fn begin(first: u16) -> Sequence {
        Sequence { highest: first, cycles: 0, expected: 1, received: 1, seen: 1, transit: None, jitter: 0.0 }
    }

    pub fn take(&mut self, number: u16) -> Order {
        let ahead = number.wrapping_sub(self.highest) as i16;
        if !(-MAX_MISORDER..=MAX_DROPOUT).contains(&ahead) {
            return Order::Restarted;
        }
        if ahead > 0 {
            let ahead = ahead.unsigned_abs();
            self.cycles = self.cycles.wrapping_add(u16::from(number < self.highest));
            self.highest = number;
            self.expected += u64::from(ahead);
            self.seen = self.seen.checked_shl(u32::from(ahead)).unwrap_or(0) | 1;
            self.received += 1;
            return Order::Newest;
        }
        let Some(bit) = 1u64.checked_shl(u32::from(ahead.unsigned_abs())) else { return Order::Late };
        if self.seen & bit != 0 {
            return Order::Duplicate;
        }
        if u64::from(ahead.unsigned_abs()) >= self.expected {
            // It was sent before the first packet that came.
            self.expected = u64::from(ahead.unsigned_abs()) + 1;
        }
        self.seen |= bit;
        self.received += 1;
        Order::Overtaken
    }

    pub fn lost(&self) -> u64 {
        self.expected.saturating_sub(self.received)
    }

    /// Numbers from the first to the highest, and how many of them came.
    pub fn expected_and_received(&self) -> (u64, u64) {
        (self.expected, self.received)
    }

    /// The highest number with its roll-overs, as receiver reports tell it (RFC 3550 section 6.4.1).
    pub fn extended_highest(&self) -> u32 {
        (u32::from(self.cycles) << 16) | u32::from(self.highest)
    }

    /// `arrival` and `timestamp` are in samples; only their differences count.
    pub fn measure(&mut self, arrival: i64, timestamp: u32) {
        let transit = i64::from((arrival as u32).wrapping_sub(timestamp) as i32);
        if let Some(before) = self.transit.replace(transit) {
            let difference = i64::from((transit.wrapping_sub(before)) as i32).unsigned_abs();
            // A clock that jumped is no jitter.
            if difference < 80_000 {
                self.jitter += (difference as f32 - self.jitter) / 16.0;
            }
        }
    }

    /// Interarrival jitter in samples.
    pub fn jitter(&self) -> u32 {
        self.jitter as u32
    }

    /// Interarrival jitter in milliseconds.
    pub fn jitter_ms(&self) -> f32 {
        self.jitter / 8.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn order_loss_and_copies_are_told_over_the_roll_over() {
        let mut sequence = Sequence::begin(65_534);
        assert_eq!(sequence.take(65_535), Order::Newest);
        assert_eq!(sequence.take(2), Order::Newest);
        assert_eq!(sequence.take(0), Order::Overtaken);
        assert_eq!(sequence.take(0), Order::Duplicate);
        assert_eq!(sequence.take(65_534), Order::Duplicate);
        assert_eq!(sequence.lost(), 1);
        assert_eq!((sequence.expected_and_received(), sequence.extended_highest()), ((5, 4), 65_538));
        assert_eq!(sequence.take(100), Order::Newest);
        assert_eq!(sequence.take(20), Order::Late);
        assert_eq!(sequence.take(30_000), Order::Restarted);
    }

    #[test]
    fn an_even_stream_has_no_jitter_and_an_uneven_one_has() {
        let mut even = Sequence::begin(0);
        let mut uneven = Sequence::begin(0);
        for n in 0..500i64 {
            even.measure(n * 160, (n * 160) as u32);
            uneven.measure(n * 160 + (n % 2) * 80, (n * 160) as u32);
        }
        assert_eq!(even.jitter_ms(), 0.0);
        assert!((uneven.jitter_ms() - 10.0).abs() < 0.1, "{}", uneven.jitter_ms());
    }
}
