//! What the letters of T.140 mean: bytes in, readable text out. A letter may be split over packets.

use super::order::Piece;
use super::{ERASE, LOST, NOTHING};

/// The longest string of T.140 that is passed over; a longer one is text after all.
const MAX_STRING: usize = 256;

#[derive(Debug, Default)]
pub(super) struct Decoder {
    /// The first bytes of a letter whose rest comes with the next packet.
    rest: Vec<u8>,
    state: State,
}

/// What is being read.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
enum State {
    #[default]
    Text,
    /// A carriage return, which with a line feed after it is one new line.
    Return,
    Escape,
    /// A control sequence, such as the colour of letters (T.140 section 8.3).
    Sequence,
    /// A string that is not for people, and how much of it came.
    String(usize),
}

impl Decoder {
    pub fn take(&mut self, piece: &Piece, text: &mut String) {
        match piece {
            Piece::Text(bytes) => {
                let mut all = std::mem::take(&mut self.rest);
                all.extend_from_slice(bytes);
                self.read(&all, text);
            }
            Piece::Gap => {
                self.rest.clear();
                self.state = State::Text;
                lost(text);
            }
        }
    }

    /// Nothing more will come: half a letter is a lost one.
    pub fn finish(&mut self, text: &mut String) {
        if !std::mem::take(&mut self.rest).is_empty() {
            lost(text);
        }
    }

    fn read(&mut self, mut bytes: &[u8], text: &mut String) {
        loop {
            match std::str::from_utf8(bytes) {
                Ok(good) => return good.chars().for_each(|letter| self.letter(letter, text)),
                Err(error) => {
                    let (good, bad) = bytes.split_at_checked(error.valid_up_to()).unwrap_or_default();
                    String::from_utf8_lossy(good).chars().for_each(|letter| self.letter(letter, text));
                    let Some(length) = error.error_len() else {
                        self.rest = bad.to_vec();
                        return;
                    };
                    lost(text);
                    bytes = bad.get(length..).unwrap_or_default();
                }
            }
        }
    }

    fn letter(&mut self, letter: char, text: &mut String) {
        let before = std::mem::take(&mut self.state);
        match (before, letter) {
            (State::Return, '\n') => {}
            (State::Escape, '[') => self.state = State::Sequence,
            (State::Escape, 'X') => self.state = State::String(0),
            (State::Escape, _) => {}
            (State::Sequence, '\u{40}'..='\u{7e}') => {}
            (State::Sequence, '\u{20}'..='\u{3f}') => self.state = State::Sequence,
            (State::String(_), '\u{9c}') => {}
            (State::String(length), _) if length < MAX_STRING => self.state = State::String(length + 1),
            (_, '\u{1b}') => self.state = State::Escape,
            (_, '\u{9b}') => self.state = State::Sequence,
            (_, '\u{98}') => self.state = State::String(0),
            (_, '\r') => {
                self.state = State::Return;
                text.push('\n');
            }
            (_, '\n' | '\u{2028}' | '\u{2029}' | '\u{85}') => text.push('\n'),
            (_, '\u{8}' | '\u{7f}') => text.push(ERASE),
            (_, '\t') => text.push(' '),
            (_, NOTHING) => {}
            (_, LOST) => lost(text),
            (_, letter) if letter.is_control() => {}
            (_, letter) => text.push(letter),
        }
    }
}

/// Marks a loss, once where one follows the other.
fn lost(text: &mut String) {
    if !text.ends_with(LOST) {
        text.push(LOST);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn read(packets: &[&[u8]]) -> String {
        let (mut decoder, mut text) = (Decoder::default(), String::new());
        for packet in packets {
            decoder.take(&Piece::Text(packet.to_vec()), &mut text);
        }
        decoder.finish(&mut text);
        text
    }

    #[test]
    fn every_form_of_a_new_line_is_one() {
        assert_eq!(read(&[b"a\r\nb\nc\rd", "\u{2028}e\u{2029}f".as_bytes()]), "a\nb\nc\nd\ne\nf");
        assert_eq!(read(&[b"a\r", b"\nb"]), "a\nb", "split between its two letters");
        assert_eq!(read(&[b"\r\r\n\n"]), "\n\n\n");
    }

    #[test]
    fn a_letter_may_come_in_two_packets() {
        let word = "\u{1f692} é".as_bytes();
        for at in 0..word.len() {
            assert_eq!(read(&[&word[..at], &word[at..]]), "\u{1f692} é", "split at {at}");
        }
        assert_eq!(read(&[b"caf\xc3"]), "caf\u{fffd}", "the rest never came");
        assert_eq!(read(&[b"a\xff\xfeb"]), "a\u{fffd}b", "no letters at all");
    }

    #[test]
    fn half_a_letter_before_a_gap_is_part_of_the_gap() {
        let (mut decoder, mut text) = (Decoder::default(), String::new());
        for piece in [Piece::Text(b"caf\xc3".to_vec()), Piece::Gap, Piece::Text(b"au lait".to_vec())] {
            decoder.take(&piece, &mut text);
        }
        assert_eq!(text, "caf\u{fffd}au lait");
    }

    #[test]
    fn what_is_not_for_reading_is_left_out() {
        assert_eq!(read(&["\u{feff}to\u{feff}long\u{7}".as_bytes()]), "tolong");
        assert_eq!(read(&["\u{9b}31mred\u{1b}[0m \u{98}code\u{9c}\u{1b}aword\0".as_bytes()]), "red word");
        assert_eq!(read(&[b"ab\x08\x7fc\td"]), "ab\u{8}\u{8}c d");
        let endless = format!("\u{98}{}", "x".repeat(1_000));
        assert_eq!(read(&[endless.as_bytes()]).len(), 1_000 - MAX_STRING);
    }

    proptest! {
        #[test]
        fn no_bytes_break_the_reader(packets in proptest::collection::vec(proptest::collection::vec(any::<u8>(), 0..20), 0..20)) {
            let packets: Vec<&[u8]> = packets.iter().map(Vec::as_slice).collect();
            let text = read(&packets);
            prop_assert!(text.chars().all(|letter| matches!(letter, '\n' | ERASE) || !letter.is_control()));
        }

        #[test]
        fn plain_words_are_read_however_they_are_cut(word in "[a-z é🚒]{0,40}", cuts in proptest::collection::vec(1usize..5, 0..80)) {
            let (mut packets, mut rest) = (Vec::new(), word.as_bytes());
            for cut in cuts {
                let (packet, after) = rest.split_at(cut.min(rest.len()));
                packets.push(packet);
                rest = after;
            }
            packets.push(rest);
            prop_assert_eq!(read(&packets), word);
        }
    }
}
