//! Key presses as telephone-events (RFC 4733): told once however often their packets come, and sent as proper trains.

use crate::packet::{Content, Packet, StreamId};
use std::collections::VecDeque;
use std::time::{Duration, Instant};

const KEYS: &str = "0123456789*#ABCD";
const END: u8 = 0x80;
/// -10 dBm0, as RFC 4733 section 2.3.4 counts it.
const VOLUME: u8 = 10;
const STEP: Duration = Duration::from_millis(20);
const STEP_SAMPLES: u32 = 160;
/// Packets of a key press: five while it lasts, then three that end it (section 2.5.1.4), then four steps of pause.
const UPDATES: u32 = 5;
const ENDS: u32 = 3;
const STEPS_PER_KEY: u32 = UPDATES + ENDS + 4;
/// Keys that wait to be sent at most.
const MAX_QUEUED: usize = 64;
/// An event whose timestamp is older than the last one by less than this is a straggler (5 s).
const STRAGGLE: i32 = -40_000;

/// A segment of a long press ends at most this far before the longest duration (200 ms).
const SEGMENT_END: i32 = 1_600;

/// No press is shorter than this (40 ms, ITU-T Q.24).
const SHORTEST: i32 = 320;
/// Keys of one far end that are told in any second, which is more than the quickest dialler presses.
const KEYS_PER_SECOND: usize = 20;
const SECOND: Duration = Duration::from_secs(1);

/// The event code of a key (RFC 4733 section 3.2).
fn event_of(key: char) -> Option<u8> {
    KEYS.find(key.to_ascii_uppercase()).and_then(|code| u8::try_from(code).ok())
}

fn count_dropped() {
    metrics::counter!("siaga_media_digits_dropped_total").increment(1);
}

/// Tells key presses from the packets of their events.
#[derive(Debug, Default)]
pub(crate) struct DigitReceiver {
    last: Option<Seen>,
}

#[derive(Debug)]
struct Seen {
    stream: StreamId,
    timestamp: u32,
    event: u8,
    duration: u16,
    ended: bool,
}

impl DigitReceiver {
    /// The key, if this packet is the first one of its press that arrived.
    pub fn take(&mut self, packet: &Packet<'_>, payload: [u8; 4]) -> Option<char> {
        let [event, flags, high, low] = payload;
        let seen = Seen {
            stream: packet.stream,
            timestamp: packet.timestamp,
            event,
            duration: u16::from_be_bytes([high, low]),
            ended: flags & END != 0,
        };
        if let Some(last) = self.last.as_mut().filter(|last| last.stream == seen.stream) {
            let step = seen.timestamp.wrapping_sub(last.timestamp) as i32;
            if step == 0 {
                last.duration = last.duration.max(seen.duration);
                last.ended |= seen.ended;
                return None;
            }
            if (STRAGGLE..0).contains(&step) {
                return None;
            }
            // There are gateways that give each packet of a press a timestamp of its own.
            if (1..SHORTEST).contains(&step) {
                self.last = Some(seen);
                count_dropped();
                return None;
            }
            // A press longer than a duration can tell goes on in a second segment, which begins where the first one reached the
            // end of what it can tell (section 2.5.1.3), however many of its last packets were lost.
            let reached = step > i32::from(u16::MAX) - SEGMENT_END && step <= i32::from(u16::MAX);
            if reached && !last.ended && !packet.marker && last.event == event {
                self.last = Some(seen);
                return None;
            }
        }
        self.last = Some(seen);
        KEYS.chars().nth(usize::from(event))
    }
}

/// Bounds how many keys of one far end are told, however it presses them. Each is written down and shown to the operator, and a
/// sender that is broken, or means harm, makes a thousand a second. They count by when they come, and may come together: a
/// network that stood still brings some at once.
#[derive(Debug, Default)]
pub(crate) struct KeyLimit {
    /// When the newest were told, the oldest of them first.
    told: VecDeque<Instant>,
}

impl KeyLimit {
    /// Whether one more is told now; else it is counted.
    pub fn admit(&mut self, now: Instant) -> bool {
        if self.told.len() == KEYS_PER_SECOND {
            if self.told.front().is_some_and(|oldest| now.saturating_duration_since(*oldest) < SECOND) {
                count_dropped();
                return false;
            }
            self.told.pop_front();
        }
        self.told.push_back(now);
        true
    }
}

/// Keys on their way to a far end, one packet every 20 ms.
#[derive(Debug)]
pub(crate) struct DigitTrain {
    stream: StreamId,
    keys: VecDeque<u8>,
    /// Of the key in front.
    step: u32,
    /// Since the train began; also its clock.
    steps: u32,
    sequence: u16,
    due: Instant,
}

impl DigitTrain {
    /// A train that leaves now. Characters that are no keys, and keys past the bound, are left out and counted.
    pub fn new(now: Instant, stream: StreamId, digits: &str) -> DigitTrain {
        let mut train = DigitTrain { stream, keys: VecDeque::new(), step: 0, steps: 0, sequence: 0, due: now };
        train.append(digits);
        train
    }

    pub fn append(&mut self, digits: &str) {
        for digit in digits.chars() {
            match event_of(digit).filter(|_| self.keys.len() < MAX_QUEUED) {
                Some(event) => self.keys.push_back(event),
                None => count_dropped(),
            }
        }
    }

    pub fn due(&self) -> Instant {
        self.due
    }

    pub fn is_over(&self) -> bool {
        self.keys.is_empty()
    }

    /// The packet that is due, to be asked until `None`.
    pub fn poll(&mut self, now: Instant) -> Option<Packet<'static>> {
        while now >= self.due {
            let event = *self.keys.front()?;
            let step = self.step;
            let begin = self.steps.saturating_sub(step).wrapping_mul(STEP_SAMPLES);
            self.step += 1;
            self.steps = self.steps.wrapping_add(1);
            self.due += STEP;
            if self.step == STEPS_PER_KEY {
                self.step = 0;
                self.keys.pop_front();
            }
            if step >= UPDATES + ENDS {
                continue;
            }
            let flags = if step >= UPDATES { END | VOLUME } else { VOLUME };
            let duration = (step.min(UPDATES) + 1) * STEP_SAMPLES;
            let [_, _, high, low] = duration.to_be_bytes();
            let sequence = self.sequence;
            self.sequence = self.sequence.wrapping_add(1);
            return Some(Packet {
                stream: self.stream,
                sequence,
                timestamp: begin,
                marker: step == 0,
                content: Content::Event([event, flags, high, low]),
            });
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock;

    fn event(timestamp: u32, marker: bool, payload: [u8; 4]) -> (Packet<'static>, [u8; 4]) {
        let content = Content::Event(payload);
        (Packet { stream: StreamId(1), sequence: 0, timestamp, marker, content }, payload)
    }

    fn told(receiver: &mut DigitReceiver, timestamp: u32, marker: bool, payload: [u8; 4]) -> Option<char> {
        let (packet, payload) = event(timestamp, marker, payload);
        receiver.take(&packet, payload)
    }

    #[test]
    fn a_key_is_told_once_even_if_its_first_packets_are_lost() {
        let mut receiver = DigitReceiver::default();
        assert_eq!(told(&mut receiver, 1_000, false, [5, 10, 1, 64]), Some('5'));
        for _ in 0..3 {
            assert_eq!(told(&mut receiver, 1_000, false, [5, END | 10, 3, 32]), None);
        }
        assert_eq!(told(&mut receiver, 3_000, true, [11, 10, 0, 160]), Some('#'));
        assert_eq!(told(&mut receiver, 1_000, false, [5, END | 10, 3, 32]), None, "a straggler of the first key");
        assert_eq!(told(&mut receiver, 5_000, true, [11, 10, 0, 160]), Some('#'));
        assert_eq!(told(&mut receiver, 9_000, true, [16, 10, 0, 160]), None, "a hook flash is no key");
    }

    #[test]
    fn a_key_held_for_longer_than_a_segment_is_still_one_key() {
        let mut receiver = DigitReceiver::default();
        assert_eq!(told(&mut receiver, 0, true, [1, 10, 0, 160]), Some('1'));
        assert_eq!(told(&mut receiver, 0, false, [1, 10, 0xff, 0xff]), None);
        assert_eq!(told(&mut receiver, 0xffff, false, [1, 10, 0, 160]), None);
    }

    #[test]
    fn a_long_press_is_one_key_even_if_the_end_of_its_first_segment_is_lost() {
        let mut receiver = DigitReceiver::default();
        assert_eq!(told(&mut receiver, 7, true, [1, 10, 0, 160]), Some('1'));
        assert_eq!(told(&mut receiver, 7, false, [1, 10, 0xf0, 0]), None);
        assert_eq!(told(&mut receiver, 7 + 0xffff, false, [1, 10, 0, 160]), None);
        assert_eq!(told(&mut receiver, 7 + 0xffff, false, [1, END | 10, 1, 0]), None);
        assert_eq!(told(&mut receiver, 7 + 2 * 0xffff, false, [1, 10, 0, 160]), Some('1'), "the press had ended");
    }

    #[test]
    fn a_key_pressed_again_is_told_again_whichever_packets_of_both_presses_are_lost() {
        // Of each press: its first packet, an update, and three ends, as far as they are not lost.
        for lost in 0..64u32 {
            let mut receiver = DigitReceiver::default();
            let mut keys = String::new();
            for press in 0..2u32 {
                let timestamp = 1_000 + press * 1_600;
                for (n, (marker, flags, duration)) in
                    [(true, 10, 160), (false, 10, 0x90), (false, END | 10, 0xa0)].into_iter().enumerate()
                {
                    let arrives = lost & (1 << (press * 3 + n as u32)) == 0;
                    keys.extend(arrives.then(|| told(&mut receiver, timestamp, marker, [7, flags, 1, duration])).flatten());
                }
            }
            let heard = (0..2).filter(|press| (lost >> (press * 3)) & 0b111 != 0b111).count();
            assert_eq!(keys, "7".repeat(heard), "lost {lost:06b}");
        }
    }

    #[test]
    fn an_event_with_a_new_timestamp_in_each_of_its_packets_is_one_key() {
        let mut receiver = DigitReceiver::default();
        let keys: String = (0..50).filter_map(|n| told(&mut receiver, n * 160, n == 0, [5, 10, 0, 160])).collect();
        assert_eq!(keys, "5");
        assert_eq!(told(&mut receiver, 49 * 160 + 319, true, [6, 10, 0, 160]), None);
        assert_eq!(told(&mut receiver, 49 * 160 + 319 + 320, true, [6, 10, 0, 160]), Some('6'), "40 ms behind the one before");
    }

    #[test]
    fn no_more_keys_are_told_than_anybody_can_press_and_some_that_come_at_once_are_all_told() {
        let start = clock::now();
        let mut limit = KeyLimit::default();
        assert!((0..KEYS_PER_SECOND).all(|_| limit.admit(start)));
        assert!(!limit.admit(start + Duration::from_millis(999)));
        let told = (1_000..61_000).filter(|ms| limit.admit(start + Duration::from_millis(*ms))).count();
        assert_eq!(told, 60 * KEYS_PER_SECOND);
        assert!((0..1_000).all(|n| limit.admit(start + Duration::from_millis(70_000 + n * 50))), "nobody is kept from dialling");
    }

    #[test]
    fn a_train_tells_the_keys_it_was_made_of() {
        let start = clock::now();
        let mut train = DigitTrain::new(start, StreamId(1), "1x2");
        let mut receiver = DigitReceiver::default();
        let (mut packets, mut keys) = (vec![], String::new());
        for n in 0..100u32 {
            while let Some(packet) = train.poll(start + STEP * n) {
                let Content::Event(payload) = packet.content else { panic!("not an event") };
                keys.extend(receiver.take(&packet, payload));
                packets.push((packet.sequence, packet.timestamp, packet.marker, payload));
            }
        }
        assert_eq!(keys, "12");
        assert!(train.is_over());
        assert_eq!(packets.len(), 16);
        assert_eq!(packets[0], (0, 0, true, [1, VOLUME, 0, 160]));
        assert_eq!(packets[4], (4, 0, false, [1, VOLUME, 3, 32]));
        assert!(packets[5..8].iter().all(|packet| packet.3 == [1, END | VOLUME, 3, 192]));
        assert_eq!(packets[8], (8, 1_920, true, [2, VOLUME, 0, 160]));
    }
}
