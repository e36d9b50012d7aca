//! Received text in the order in which it was typed: what was lost is taken from later packets that repeat it, and what is lost for
//! good is marked once (RFC 4103 section 5.4).

use super::redundancy::Blocks;
use std::collections::BTreeMap;
use std::time::{Duration, Instant};

/// How long text waits for what was typed before it and may only be late.
const PATIENCE: Duration = Duration::from_secs(1);
/// Packets that wait at once; a sender makes three a second.
const MAX_WAITING: usize = 32;
/// Numbers that go back or ahead by more than this mean that the sender restarted (RFC 3550 appendix A.1).
const MAX_DROPOUT: i16 = 3_000;
const MAX_MISORDER: i16 = 100;
/// For so long, packets of a sender that was replaced are late ones, and no return of it.
const STRAGGLE: Duration = Duration::from_secs(2);

/// A piece of what was typed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Piece {
    Text(Vec<u8>),
    /// Something was typed here and never came.
    Gap,
}

#[derive(Debug, Default)]
pub(super) struct Order {
    current: Option<Stream>,
    replaced: Option<(u32, Instant)>,
    pub counts: Counts,
}

/// What became of packets.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Counts {
    pub received: u64,
    /// Never came, and taken from later ones.
    pub recovered: u64,
    /// Places where text is lost for good.
    pub gaps: u64,
    /// Came before, or too late.
    pub repeated: u64,
}

#[derive(Debug)]
struct Stream {
    ssrc: u32,
    /// The number that is typed on with, of which the low 16 bits are on the wire.
    next: u64,
    /// What came ahead of `next`, or was repeated ahead of it.
    waiting: BTreeMap<u64, Vec<u8>>,
    /// Since when something is missing.
    missing_since: Option<Instant>,
}

impl Order {
    /// Takes a packet; what can be read now is appended to `pieces`.
    pub fn take(&mut self, now: Instant, ssrc: u32, sequence: u16, blocks: &Blocks<'_>, pieces: &mut Vec<Piece>) {
        if self.replaced.is_some_and(|(old, at)| old == ssrc && now.saturating_duration_since(at) < STRAGGLE) {
            self.counts.repeated += 1;
            return;
        }
        let number = self.current.as_ref().filter(|stream| stream.ssrc == ssrc).and_then(|stream| stream.number(sequence));
        let (number, is_first) = match number {
            Some(number) => (number, false),
            None => (self.begin(now, ssrc, sequence, pieces), true),
        };
        let Some(stream) = &mut self.current else { return };
        if number < stream.next || stream.waiting.contains_key(&number) {
            self.counts.repeated += 1;
        } else {
            self.counts.received += 1;
            stream.waiting.insert(number, blocks.newest.to_vec());
        }
        for (back, block) in (1..).zip(&blocks.earlier) {
            let Some(earlier) = number.checked_sub(back) else { break };
            if is_first {
                // Typed before the first packet that came: it was lost, or sent before there was anybody to hear it.
                stream.next = stream.next.min(earlier);
            }
            if earlier >= stream.next && !stream.waiting.contains_key(&earlier) {
                self.counts.recovered += u64::from(!block.is_empty());
                stream.waiting.insert(earlier, block.to_vec());
            }
        }
        self.drain(now, pieces);
        while self.current.as_ref().is_some_and(|stream| stream.waiting.len() > MAX_WAITING) {
            self.give_up(now, pieces);
        }
    }

    /// When what is missing is given up.
    pub fn deadline(&self) -> Option<Instant> {
        self.current.as_ref()?.missing_since.map(|since| since + PATIENCE)
    }

    pub fn poll(&mut self, now: Instant, pieces: &mut Vec<Piece>) {
        while self.deadline().is_some_and(|at| at <= now) {
            self.give_up(now, pieces);
        }
    }

    /// Nothing more will come: whatever waits is read.
    pub fn finish(&mut self, now: Instant, pieces: &mut Vec<Piece>) {
        while self.current.as_ref().is_some_and(|stream| !stream.waiting.is_empty()) {
            self.give_up(now, pieces);
        }
    }

    /// Begins with the first packet of a sender. What waits of the one before it is read first.
    fn begin(&mut self, now: Instant, ssrc: u32, sequence: u16, pieces: &mut Vec<Piece>) -> u64 {
        self.finish(now, pieces);
        // One turn ahead, so that numbers before the first exist.
        let number = u64::from(sequence) + 0x1_0000;
        let stream = Stream { ssrc, next: number, waiting: BTreeMap::new(), missing_since: None };
        if let Some(old) = self.current.replace(stream).filter(|old| old.ssrc != ssrc) {
            self.replaced = Some((old.ssrc, now));
        }
        number
    }

    fn drain(&mut self, now: Instant, pieces: &mut Vec<Piece>) {
        let Some(stream) = &mut self.current else { return };
        let mut moved = false;
        while let Some(text) = stream.waiting.remove(&stream.next) {
            stream.next += 1;
            moved = true;
            if !text.is_empty() {
                pieces.push(Piece::Text(text));
            }
        }
        match stream.missing_since {
            _ if stream.waiting.is_empty() => stream.missing_since = None,
            Some(_) if !moved => {}
            _ => stream.missing_since = Some(now),
        }
    }

    /// Marks what is missing before the oldest that waits, and goes on with that.
    fn give_up(&mut self, now: Instant, pieces: &mut Vec<Piece>) {
        let Some(stream) = &mut self.current else { return };
        let Some(oldest) = stream.waiting.keys().next().copied() else {
            stream.missing_since = None;
            return;
        };
        if oldest > stream.next {
            self.counts.gaps += 1;
            pieces.push(Piece::Gap);
        }
        stream.next = oldest;
        self.drain(now, pieces);
    }
}

impl Stream {
    /// The whole number of a packet; `None` if the sender began anew.
    fn number(&self, sequence: u16) -> Option<u64> {
        let highest = self.waiting.keys().next_back().copied().unwrap_or(0).max(self.next.saturating_sub(1));
        let ahead = sequence.wrapping_sub(highest as u16) as i16;
        (-MAX_MISORDER..=MAX_DROPOUT).contains(&ahead).then(|| highest.checked_add_signed(ahead.into())).flatten()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock;

    struct Heard {
        order: Order,
        now: Instant,
        text: String,
    }

    impl Heard {
        fn new() -> Heard {
            Heard { order: Order::default(), now: clock::now(), text: String::new() }
        }

        /// A packet of this number that says `newest` and repeats the `earlier` ones, nearest first.
        fn hears(&mut self, sequence: u16, newest: &str, earlier: &[&str]) -> &mut Heard {
            self.hears_from(7, sequence, newest, earlier)
        }

        fn hears_from(&mut self, ssrc: u32, sequence: u16, newest: &str, earlier: &[&str]) -> &mut Heard {
            let earlier = earlier.iter().map(|block| block.as_bytes()).collect();
            let blocks = Blocks { earlier, newest: newest.as_bytes() };
            let mut pieces = Vec::new();
            self.order.take(self.now, ssrc, sequence, &blocks, &mut pieces);
            self.read(pieces)
        }

        fn waits(&mut self, ms: u64) -> &mut Heard {
            self.now += Duration::from_millis(ms);
            let mut pieces = Vec::new();
            self.order.poll(self.now, &mut pieces);
            self.read(pieces)
        }

        fn read(&mut self, pieces: Vec<Piece>) -> &mut Heard {
            for piece in pieces {
                match piece {
                    Piece::Text(text) => self.text.push_str(std::str::from_utf8(&text).unwrap()),
                    Piece::Gap => self.text.push('\u{fffd}'),
                }
            }
            self
        }
    }

    #[test]
    fn two_packets_in_a_row_may_be_lost_and_nothing_is_missed() {
        let mut heard = Heard::new();
        heard.hears(65_534, "to", &["", ""]).hears(1, "g", &["on", "l"]);
        assert_eq!(heard.text, "tolong");
        assert_eq!(heard.order.deadline(), None);
        assert_eq!(heard.order.counts, Counts { received: 2, recovered: 2, gaps: 0, repeated: 0 });
        // The lost ones were only late.
        heard.hears(65_535, "l", &["to", ""]).hears(0, "on", &["l", "to"]);
        assert_eq!(heard.text, "tolong");
        assert_eq!(heard.order.counts.repeated, 2);
    }

    #[test]
    fn what_is_lost_for_good_is_marked_once_after_a_while() {
        let mut heard = Heard::new();
        heard.hears(10, "a", &["", ""]).hears(15, "f", &["e", "d"]);
        assert_eq!(heard.text, "a", "b and c may still come");
        assert_eq!(heard.waits(999).text, "a");
        assert_eq!(heard.waits(1).text, "a\u{fffd}def");
        heard.hears(16, "g", &["f", "e"]);
        assert_eq!(heard.text, "a\u{fffd}defg");
        assert_eq!(heard.order.counts.gaps, 1);
    }

    #[test]
    fn packets_that_overtake_each_other_are_read_in_order() {
        let mut heard = Heard::new();
        heard.hears(1, "a", &[]).hears(3, "c", &[]).hears(4, "d", &[]).hears(2, "b", &[]).hears(2, "b", &[]);
        assert_eq!(heard.text, "abcd");
        assert_eq!(heard.waits(5_000).text, "abcd");
        assert_eq!(heard.order.counts.gaps, 0);
    }

    #[test]
    fn the_first_packet_marks_nothing_and_what_it_repeats_is_read() {
        let mut heard = Heard::new();
        heard.hears(40_000, "ng", &["lo", "to"]).waits(5_000);
        assert_eq!(heard.text, "tolong");
        assert_eq!(heard.order.counts.gaps, 0);
        let mut plain = Heard::new();
        plain.hears(0, "hai", &[]).waits(5_000);
        assert_eq!(plain.text, "hai");
    }

    #[test]
    fn a_sender_that_begins_anew_is_followed_and_its_predecessor_does_not_come_back_at_once() {
        let mut heard = Heard::new();
        heard.hears_from(1, 100, "a", &[]).hears_from(1, 102, "c", &[]);
        heard.hears_from(2, 9, "x", &[]);
        assert_eq!(heard.text, "a\u{fffd}cx", "what waited is read");
        heard.hears_from(1, 103, "late", &[]);
        assert_eq!(heard.text, "a\u{fffd}cx");
        heard.waits(2_000).hears_from(1, 104, "y", &[]);
        assert_eq!(heard.text, "a\u{fffd}cxy");
    }

    #[test]
    fn a_flood_of_numbers_does_not_pile_up() {
        let mut heard = Heard::new();
        for n in 0..2_000u16 {
            heard.hears(n.wrapping_mul(2), "x", &[]);
        }
        let waiting = heard.order.current.as_ref().unwrap().waiting.len();
        assert!(waiting <= MAX_WAITING, "{waiting}");
    }
}
