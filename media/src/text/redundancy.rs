//! Redundant text in one packet (RFC 2198 as RFC 4103 section 4.2 uses it): earlier blocks, oldest first, before the newest one.

use std::collections::VecDeque;

/// How often text is repeated in later packets (RFC 4103 section 5.2 recommends two).
pub(super) const GENERATIONS: usize = 2;
/// More earlier blocks than any sender repeats.
const MAX_BLOCKS: usize = 16;
/// An earlier block is told by how long ago it was sent, in 14 bits.
const MAX_OFFSET: u32 = 16_383;
/// And by its length, in 10 bits.
pub(super) const MAX_BLOCK: usize = 1_023;

/// What one packet carries.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Blocks<'a> {
    /// Text of the packets before, the nearest one first.
    pub earlier: Vec<&'a [u8]>,
    pub newest: &'a [u8],
}

/// Reads a `red` payload whose blocks are all of this payload type. `None`: it is none.
pub(super) fn read(mut payload: &[u8], text: u8) -> Option<Blocks<'_>> {
    let mut lengths = Vec::new();
    loop {
        let (first, rest) = payload.split_first()?;
        if first & 0x7f != text {
            return None;
        }
        payload = rest;
        if first & 0x80 == 0 {
            break;
        }
        let (offset_and_length, rest) = payload.split_first_chunk::<3>()?;
        let [_, middle, last] = *offset_and_length;
        lengths.push(usize::from(middle & 3) << 8 | usize::from(last));
        payload = rest;
        if lengths.len() > MAX_BLOCKS {
            return None;
        }
    }
    let mut earlier = Vec::with_capacity(lengths.len());
    for length in lengths {
        let (block, rest) = payload.split_at_checked(length)?;
        earlier.push(block);
        payload = rest;
    }
    earlier.reverse();
    Some(Blocks { earlier, newest: payload })
}

/// The blocks that went out last, to be repeated: when each was sent, and what it was.
#[derive(Debug, Default)]
pub(super) struct Sent(VecDeque<(u32, Vec<u8>)>);

impl Sent {
    /// Whether all that was said has been repeated as often as it should be.
    pub fn is_repeated(&self) -> bool {
        self.0.iter().all(|(_, block)| block.is_empty())
    }

    /// Writes the payload for `newest` with what went before it, and keeps `newest` to be repeated.
    pub fn write(&mut self, timestamp: u32, newest: &[u8], text: u8) -> Vec<u8> {
        // What is too old to be told is left out, and so is all before it: a receiver counts back from the newest.
        let recent = |sent: u32| timestamp.wrapping_sub(sent) <= MAX_OFFSET;
        let from = self.0.iter().rposition(|(sent, _)| !recent(*sent)).map_or(0, |old| old + 1);
        let repeated = || self.0.iter().skip(from);
        let mut payload = Vec::with_capacity(64 + newest.len());
        for (sent, block) in repeated() {
            let offset = timestamp.wrapping_sub(*sent);
            let length = u32::try_from(block.len()).unwrap_or_default();
            let [_, high, middle, low] = (offset << 10 | length).to_be_bytes();
            payload.extend([0x80 | text, high, middle, low]);
        }
        payload.push(text);
        for (_, block) in repeated() {
            payload.extend_from_slice(block);
        }
        payload.extend_from_slice(newest);
        self.keep(timestamp, newest);
        payload
    }

    /// Keeps a block that went out without the ones before it.
    pub fn keep(&mut self, timestamp: u32, block: &[u8]) {
        if self.0.len() == GENERATIONS {
            self.0.pop_front();
        }
        self.0.push_back((timestamp, block.to_vec()));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn what_is_written_is_read_back_nearest_first() {
        let mut sent = Sent::default();
        assert_eq!(read(&sent.write(0, b"a", 98), 98), Some(Blocks { earlier: vec![], newest: b"a" }));
        sent.write(300, b"bc", 98);
        let third = sent.write(600, b"", 98);
        assert_eq!(read(&third, 98), Some(Blocks { earlier: vec![b"bc", b"a"], newest: b"" }));
        assert!(!sent.is_repeated());
        let fourth = sent.write(900, b"", 98);
        assert_eq!(read(&fourth, 98), Some(Blocks { earlier: vec![b"", b"bc"], newest: b"" }));
        assert!(sent.is_repeated());
    }

    #[test]
    fn text_of_long_ago_is_not_repeated() {
        let mut sent = Sent::default();
        sent.write(0, b"old", 98);
        sent.write(20_000, b"", 98);
        let payload = sent.write(20_300, b"new", 98);
        assert_eq!(read(&payload, 98), Some(Blocks { earlier: vec![b""], newest: b"new" }));
    }

    #[test]
    fn blocks_of_another_kind_and_torn_ones_are_refused() {
        let mut sent = Sent::default();
        sent.write(0, b"abc", 98);
        let payload = sent.write(1, b"d", 98);
        assert_eq!(read(&payload, 97), None);
        for end in 0..5 {
            assert_eq!(read(&payload[..end], 98), None, "{end}");
        }
        assert_eq!(read(&[0xe2, 0, 0, 0].repeat(100), 98), None);
    }

    proptest! {
        #[test]
        fn no_payload_breaks_the_reader(payload in proptest::collection::vec(any::<u8>(), 0..200)) {
            if let Some(blocks) = read(&payload, 98) {
                let all: usize = blocks.earlier.iter().map(|block| block.len()).sum();
                prop_assert!(all + blocks.newest.len() < payload.len());
            }
        }
    }
}
