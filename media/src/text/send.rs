//! Text on its way to the far end (RFC 4103 sections 5 and 6): gathered for a moment, repeated twice, and no faster than it can be read.

use super::redundancy::{MAX_BLOCK, Sent};
use super::{NEW_LINE, NOTHING, RemoteText};
use rtp_rs::RtpPacketBuilder;
use std::time::{Duration, Instant};

/// Letters are gathered this long (RFC 4103 section 5.1).
const GATHER: Duration = Duration::from_millis(300);
/// A way on which nothing goes for so long may be closed by whoever is between us (RFC 6263).
const KEEP_OPEN: Duration = Duration::from_secs(20);
/// Letters a second that the far end can show, and the most at once: ten seconds' worth (RFC 4103 section 6).
const PER_SECOND: f64 = 30.0;
const AT_ONCE: f64 = 300.0;
/// Letters that wait; that is more than two minutes of sending.
pub(super) const MAX_WAITING: usize = 4_000;
/// Bytes of one packet's own text: with two repetitions it fits any network.
const MAX_TEXT: usize = 400;
const _: () = assert!(MAX_TEXT <= MAX_BLOCK);

/// As much waits as may wait.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Full;

/// The sending half: one SSRC for its whole life.
#[derive(Debug)]
pub(super) struct Sender {
    opened: Instant,
    ssrc: u32,
    /// The number of the next packet, with its roll-overs. It begins low, so that the far end cannot miss the first of them (RFC 3711 section 3.3.1).
    index: u64,
    first_timestamp: u32,
    waiting: String,
    sent: Sent,
    last: Option<Instant>,
    /// When the next packet may go, while there is something to say or to repeat.
    due: Option<Instant>,
    /// Nothing was being said: the next packet begins something.
    idle: bool,
    allowance: f64,
    allowed_at: Instant,
}

impl Sender {
    pub fn new(now: Instant, random: u64) -> Sender {
        let [_, _, _, _, high, low, _, _] = random.to_be_bytes();
        Sender {
            opened: now,
            ssrc: random as u32,
            index: u64::from(u16::from_be_bytes([high, low]).rotate_left(7) >> 1),
            first_timestamp: (random >> 32) as u32,
            waiting: String::new(),
            sent: Sent::default(),
            last: None,
            due: None,
            idle: true,
            allowance: AT_ONCE,
            allowed_at: now,
        }
    }

    /// A far end is there to be sent to: the way is opened.
    pub fn open(&mut self, now: Instant) {
        if self.waiting.is_empty() {
            self.waiting.push(NOTHING);
        }
        self.soon(now);
    }

    pub fn push(&mut self, now: Instant, text: &str) -> Result<(), Full> {
        if self.waiting.chars().count() + text.chars().count() > MAX_WAITING {
            return Err(Full);
        }
        self.waiting.extend(text.chars().map(|letter| if letter == '\n' { NEW_LINE } else { letter }));
        self.soon(now);
        Ok(())
    }

    /// What waits goes out now: nothing more will follow it.
    pub fn hurry(&mut self, now: Instant) {
        if !self.waiting.is_empty() {
            self.due = Some(now);
        }
    }

    pub fn deadline(&self) -> Option<Instant> {
        self.due.or_else(|| self.last.map(|last| last + KEEP_OPEN))
    }

    /// Writes the next packet, if its time has come: its index, and how many bytes of `out` it is.
    pub fn poll(&mut self, now: Instant, remote: &RemoteText, out: &mut [u8]) -> Option<(u64, usize)> {
        if self.deadline().is_none_or(|at| at > now) {
            return None;
        }
        if self.due.is_none() {
            self.waiting.push(NOTHING);
        }
        let text = self.portion(now);
        if text.is_empty() && self.waiting.is_empty() && (self.sent.is_repeated() || remote.redundancy_pt.is_none()) {
            self.due = None;
            self.idle = true;
            return None;
        }
        let timestamp = self.timestamp(now);
        let (pt, payload) = match remote.redundancy_pt {
            Some(pt) => (pt, self.sent.write(timestamp, text.as_bytes(), remote.pt)),
            None => {
                self.sent.keep(timestamp, text.as_bytes());
                (remote.pt, text.into_bytes())
            }
        };
        self.due = Some(now + GATHER);
        if payload.is_empty() {
            // The far end can show no more for now.
            return None;
        }
        let marked = std::mem::take(&mut self.idle);
        let index = self.index;
        self.index += 1;
        self.last = Some(now);
        let packet =
            RtpPacketBuilder::new().payload_type(pt).ssrc(self.ssrc).sequence((index as u16).into()).timestamp(timestamp);
        packet.marked(marked).payload(&payload).build_into(out).ok().map(|length| (index, length))
    }

    /// Letters wait for those that follow at once, except where nothing was said before them.
    fn soon(&mut self, now: Instant) {
        self.due.get_or_insert(now);
    }

    /// As much of what waits as the far end can show and a packet can hold.
    fn portion(&mut self, now: Instant) -> String {
        let gained = now.saturating_duration_since(self.allowed_at).as_secs_f64() * PER_SECOND;
        (self.allowance, self.allowed_at) = ((self.allowance + gained).min(AT_ONCE), now);
        let (mut letters, mut bytes) = (0.0, 0);
        for letter in self.waiting.chars() {
            if letters + 1.0 > self.allowance || bytes + letter.len_utf8() > MAX_TEXT {
                break;
            }
            (letters, bytes) = (letters + 1.0, bytes + letter.len_utf8());
        }
        self.allowance -= letters;
        self.waiting.drain(..bytes).collect()
    }

    fn timestamp(&self, now: Instant) -> u32 {
        let ms = now.saturating_duration_since(self.opened).as_millis();
        self.first_timestamp.wrapping_add(ms as u32)
    }
}

#[cfg(test)]
mod tests {
    use super::super::redundancy::read;
    use super::*;
    use crate::clock;
    use rtp_rs::RtpReader;

    const RED: RemoteText = RemoteText {
        address: std::net::SocketAddr::new(std::net::IpAddr::V4(std::net::Ipv4Addr::LOCALHOST), 9),
        pt: 98,
        redundancy_pt: Some(100),
        srtp: None,
    };
    const PLAIN: RemoteText = RemoteText { redundancy_pt: None, ..RED };

    #[derive(Debug, PartialEq)]
    struct Out {
        at_ms: u128,
        marked: bool,
        newest: String,
        earlier: Vec<String>,
    }

    /// Everything that leaves until `until_ms`, with what is typed when.
    fn play(remote: &RemoteText, typed: &[(u64, &str)], until_ms: u64) -> Vec<Out> {
        let start = clock::now();
        let mut sender = Sender::new(start, 0x1234_5678_9abc_def0);
        let (mut out, mut typed, mut numbers) = (vec![], typed.iter().peekable(), vec![]);
        for ms in 0..=until_ms {
            let now = start + Duration::from_millis(ms);
            while let Some((_, text)) = typed.next_if(|(at, _)| *at <= ms) {
                sender.push(now, text).unwrap();
            }
            let mut buffer = [0; 2_048];
            let Some((_, length)) = sender.poll(now, remote, &mut buffer) else { continue };
            let rtp = RtpReader::new(&buffer[..length]).unwrap();
            numbers.push(u16::from(rtp.sequence_number()));
            let string = |block: &[u8]| String::from_utf8(block.to_vec()).unwrap();
            let (newest, earlier) = match remote.redundancy_pt {
                Some(pt) => {
                    assert_eq!(rtp.payload_type(), pt);
                    let blocks = read(rtp.payload(), remote.pt).unwrap();
                    (string(blocks.newest), blocks.earlier.iter().map(|block| string(block)).collect())
                }
                None => (string(rtp.payload()), vec![]),
            };
            out.push(Out { at_ms: (now - start).as_millis(), marked: rtp.mark(), newest, earlier });
        }
        assert!(numbers.windows(2).all(|pair| pair[1] == pair[0].wrapping_add(1)), "{numbers:?}");
        out
    }

    fn out(at_ms: u128, marked: bool, newest: &str, earlier: &[&str]) -> Out {
        Out { at_ms, marked, newest: newest.into(), earlier: earlier.iter().map(|block| (*block).into()).collect() }
    }

    #[test]
    fn letters_are_gathered_repeated_twice_and_then_it_is_quiet() {
        assert_eq!(
            play(&RED, &[(0, "H"), (100, "a"), (250, "i"), (5_000, "\n")], 9_000),
            [
                out(0, true, "H", &[]),
                out(300, false, "ai", &["H"]),
                out(600, false, "", &["ai", "H"]),
                out(900, false, "", &["", "ai"]),
                out(5_000, true, "\u{2028}", &["", ""]),
                out(5_300, false, "", &["\u{2028}", ""]),
                out(5_600, false, "", &["", "\u{2028}"]),
            ]
        );
    }

    #[test]
    fn without_redundancy_each_letter_goes_once() {
        assert_eq!(play(&PLAIN, &[(0, "H"), (100, "ai")], 4_000), [out(0, true, "H", &[]), out(300, false, "ai", &[])]);
    }

    #[test]
    fn a_quiet_way_is_kept_open() {
        let sent = play(&RED, &[(0, "a")], 45_000);
        let begun: Vec<(u128, &str)> = sent.iter().filter(|out| out.marked).map(|out| (out.at_ms, out.newest.as_str())).collect();
        assert_eq!(begun, [(0, "a"), (20_600, "\u{feff}"), (41_200, "\u{feff}")]);
    }

    #[test]
    fn a_long_paste_goes_no_faster_than_it_can_be_read() {
        let long = "0123456789".repeat(80);
        let sent = play(&RED, &[(0, &long)], 30_000);
        let until = |ms: u128| sent.iter().filter(|out| out.at_ms <= ms).map(|out| out.newest.chars().count()).sum::<usize>();
        assert_eq!(until(0), 300);
        assert!((590..=610).contains(&until(10_000)), "{}", until(10_000));
        let all: String = sent.iter().map(|out| out.newest.as_str()).collect();
        assert!(all.starts_with(&long), "nothing is left out");
    }

    #[test]
    fn what_waits_is_bounded() {
        let now = clock::now();
        let mut sender = Sender::new(now, 1);
        assert_eq!(sender.push(now, &"x".repeat(MAX_WAITING)), Ok(()));
        assert_eq!(sender.push(now, "y"), Err(Full));
    }
}
