//! Cuts a byte stream into SIP messages (RFC 3261 section 18.3). Pure: octets in, frames out.

use super::normalise::{MAX_HEAD, MAX_MESSAGE};

/// What the stream holds next.
#[derive(Debug, PartialEq)]
pub(crate) enum Frame {
    /// One whole message.
    Message(Vec<u8>),
    /// A message after which the stream cannot be followed (no usable Content-Length, or too large); the connection ends with its reply.
    Last(Vec<u8>),
    /// A double CRLF, answered with one (RFC 5626 section 3.5.1).
    Ping,
    /// This is no SIP; the connection ends.
    Broken,
}

/// Keeps the octets of a message that is not whole yet; at most one message's worth.
#[derive(Default)]
pub(crate) struct Framer {
    buffer: Vec<u8>,
}

impl Framer {
    pub(crate) fn push(&mut self, octets: &[u8]) {
        self.buffer.extend_from_slice(octets);
    }

    /// The next frame, or `None` until more octets come.
    pub(crate) fn next(&mut self) -> Option<Frame> {
        if self.buffer.starts_with(b"\r\n\r\n") {
            self.buffer.drain(..4);
            return Some(Frame::Ping);
        }
        let blank = self.buffer.iter().take_while(|b| matches!(b, b'\r' | b'\n')).count();
        if blank == self.buffer.len() {
            // Perhaps half of a ping: two octets at most are worth the wait.
            self.buffer.drain(..blank.saturating_sub(3));
            return None;
        }
        self.buffer.drain(..blank);
        let Some(head) = end_of_head(&self.buffer) else {
            return (self.buffer.len() > MAX_HEAD).then_some(Frame::Broken);
        };
        let whole = self.buffer.get(..head).and_then(content_length).and_then(|length| head.checked_add(length));
        let Some(whole) = whole.filter(|whole| *whole <= MAX_MESSAGE) else {
            return Some(Frame::Last(self.buffer.drain(..head).collect()));
        };
        (self.buffer.len() >= whole).then(|| Frame::Message(self.buffer.drain(..whole).collect()))
    }
}

/// Length of the head with its empty line; lines may end in bare LF.
fn end_of_head(octets: &[u8]) -> Option<usize> {
    let mut line_start = 0;
    for (at, octet) in octets.iter().enumerate() {
        if *octet == b'\n' {
            if matches!(octets.get(line_start..at), Some(b"" | b"\r")) {
                return Some(at + 1);
            }
            line_start = at + 1;
        }
    }
    None
}

/// The length that the head names, whose lines may be folded (RFC 3261 section 7.3.1). Not one: `None`.
fn content_length(head: &[u8]) -> Option<usize> {
    let head = String::from_utf8_lossy(head);
    let mut values: Vec<String> = Vec::new();
    let mut inside = false;
    for line in head.lines() {
        if line.starts_with([' ', '\t']) {
            if let Some(value) = values.last_mut().filter(|_| inside) {
                value.push_str(line);
            }
            continue;
        }
        let (name, value) = line.split_once(':').unwrap_or_default();
        inside = matches!(name.trim().to_ascii_lowercase().as_str(), "content-length" | "l");
        if inside {
            values.push(value.to_owned());
        }
    }
    let mut lengths = values.iter().map(|value| value.trim().parse().ok());
    let first = lengths.next()??;
    lengths.all(|other| other == Some(first)).then_some(first)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const MESSAGE: &[u8] = b"OPTIONS sip:a@b SIP/2.0\r\nl: 3\r\n\r\nabc";

    #[test]
    fn pings_and_messages_are_told_apart() {
        let mut framer = Framer::default();
        framer.push(b"\r\n\r\n");
        framer.push(MESSAGE);
        framer.push(b"\r\n\r\n");
        assert_eq!(framer.next(), Some(Frame::Ping));
        assert_eq!(framer.next(), Some(Frame::Message(MESSAGE.to_vec())));
        assert_eq!(framer.next(), Some(Frame::Ping));
        assert_eq!(framer.next(), None);
    }

    #[test]
    fn a_message_that_cannot_be_followed_is_the_last() {
        // The last two come to little or nothing when the head's own length is added without a look.
        let past_all = ["l: 18446744073709551615\r\n", "l: 18446744073709551580\r\n"];
        for length in
            ["", "l: x\r\n", "l: -1\r\n", "l: 99999999\r\n", "l: 3\r\nContent-Length: 4\r\n"].into_iter().chain(past_all)
        {
            let mut framer = Framer::default();
            framer.push(format!("OPTIONS sip:a@b SIP/2.0\r\n{length}\r\nabc").as_bytes());
            assert!(matches!(framer.next(), Some(Frame::Last(_))), "{length}");
        }
    }

    #[test]
    fn a_length_is_found_in_folded_lines_and_not_in_those_of_another_field() {
        for fields in ["Subject: a\r\n l: 99\r\nl :\r\n  3\r\n", "L: \r\n\t3 \r\nTo: <sip:a@b>\r\n 9\r\n", "l: 3\nl: 3\n"] {
            let mut framer = Framer::default();
            let message = format!("OPTIONS sip:a@b SIP/2.0\r\n{fields}\r\nabc");
            framer.push(message.as_bytes());
            framer.push(MESSAGE);
            assert_eq!(framer.next(), Some(Frame::Message(message.into_bytes())), "{fields}");
            assert_eq!(framer.next(), Some(Frame::Message(MESSAGE.to_vec())), "{fields}");
        }
    }

    #[test]
    fn an_endless_head_breaks_the_stream() {
        let mut framer = Framer::default();
        framer.push(&vec![b'x'; MAX_HEAD]);
        assert_eq!(framer.next(), None);
        framer.push(b"x");
        assert_eq!(framer.next(), Some(Frame::Broken));
    }

    proptest! {
        #[test]
        fn it_does_not_matter_how_the_stream_was_cut(cuts in proptest::collection::vec(1usize..20, 1..20), count in 1usize..5) {
            let stream = MESSAGE.repeat(count);
            let (mut framer, mut frames, mut rest) = (Framer::default(), 0, stream.as_slice());
            let mut cuts = cuts.into_iter().cycle();
            while !rest.is_empty() {
                let (now, later) = rest.split_at(cuts.next().unwrap().min(rest.len()));
                framer.push(now);
                rest = later;
                while let Some(frame) = framer.next() {
                    prop_assert_eq!(frame, Frame::Message(MESSAGE.to_vec()));
                    frames += 1;
                }
            }
            prop_assert_eq!(frames, count);
        }
    }
}
