//! Which recordings are worth a file. A caller who gives up while it begins to ring leaves some of our own ringing tone and nothing else;
//! when a crowd does so, a file for each would be most of the server's work. So a recording waits here until the caller is heard or there
//! is a second of it, and is handed on from its first packet. Knows nothing of files.

use recordings::audio::{AudioItem, Side};
use std::collections::HashMap;
use uuid::Uuid;

/// In samples of 8 kHz. What a crash may cost of a recording is a second too.
const WORTH_A_FILE: u64 = 8_000;

/// Recordings that are not worth a file yet; one for each call that has just begun.
#[derive(Debug, Default)]
pub struct Preludes {
    waiting: HashMap<Uuid, Vec<AudioItem>>,
}

impl Preludes {
    /// Adds to `out` what the recorder gets now, in order.
    pub fn pass(&mut self, item: AudioItem, out: &mut impl Extend<AudioItem>) {
        match item {
            AudioItem::Begin { call, .. } => {
                self.waiting.insert(call, vec![item]);
            }
            AudioItem::Frame { call, side, position, ref pcm, .. } => {
                let ours_and_short = side == Side::Operator && position + pcm.len() as u64 <= WORTH_A_FILE;
                match self.waiting.get_mut(&call) {
                    Some(kept) if ours_and_short => kept.push(item),
                    Some(_) => {
                        out.extend(self.waiting.remove(&call).into_iter().flatten());
                        out.extend([item]);
                    }
                    None => out.extend([item]),
                }
            }
            AudioItem::Finish { call, .. } => match self.waiting.remove(&call) {
                Some(_) => metrics::counter!("siaga_recordings_of_nobody_total").increment(1),
                None => out.extend([item]),
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use recordings::audio::Samples;

    const FRAME: u64 = 160;

    fn begin(call: Uuid) -> AudioItem {
        AudioItem::Begin { call, started_at: jiff::Timestamp::UNIX_EPOCH, begun: crate::clock::instant() }
    }

    fn frame(call: Uuid, side: Side, number: u64) -> AudioItem {
        AudioItem::Frame { call, side, position: number * FRAME, came: number * FRAME, pcm: vec![1; FRAME as usize] }
    }

    fn finish(call: Uuid) -> AudioItem {
        AudioItem::Finish { call, dropped: Samples::default() }
    }

    /// The items one after the other, and how many have come out after each.
    fn pass(items: impl IntoIterator<Item = AudioItem>) -> (Vec<AudioItem>, Vec<usize>) {
        let (mut preludes, mut out) = (Preludes::default(), Vec::new());
        let counts = items.into_iter().map(|item| {
            preludes.pass(item, &mut out);
            out.len()
        });
        let counts = counts.collect();
        assert!(preludes.waiting.is_empty(), "nothing waits for ever");
        (out, counts)
    }

    fn positions(items: &[AudioItem]) -> Vec<u64> {
        items
            .iter()
            .filter_map(|item| if let AudioItem::Frame { position, .. } = item { Some(position / FRAME) } else { None })
            .collect()
    }

    #[test]
    fn a_caller_who_is_never_heard_and_gives_up_at_once_leaves_no_recording() {
        let call = Uuid::from_u128(1);
        let ringing = (0..49).map(|n| frame(call, Side::Operator, n));
        let (out, _) = pass([begin(call)].into_iter().chain(ringing).chain([finish(call)]));
        assert!(out.is_empty());
    }

    #[test]
    fn the_first_word_of_a_caller_makes_the_recording_from_its_first_packet_on() {
        let (call, other) = (Uuid::from_u128(1), Uuid::from_u128(2));
        let (out, counts) = pass([
            begin(call),
            frame(call, Side::Operator, 0),
            begin(other),
            frame(call, Side::Caller, 1),
            frame(call, Side::Operator, 2),
            finish(call),
            finish(other),
        ]);
        assert_eq!(counts, [0, 0, 0, 3, 4, 5, 5]);
        assert!(matches!(out[0], AudioItem::Begin { call: of, .. } if of == call));
        assert_eq!(positions(&out), [0, 1, 2]);
    }

    #[test]
    fn a_second_of_waiting_is_recorded_even_if_the_caller_is_never_heard() {
        let call = Uuid::from_u128(1);
        let ringing = (0..60).map(|n| frame(call, Side::Operator, n));
        let (out, counts) = pass([begin(call)].into_iter().chain(ringing).chain([finish(call)]));
        assert_eq!(counts[50], 0, "after a second less nothing");
        assert_eq!(counts[51], 52, "with the first packet past a second all of them");
        assert_eq!(positions(&out), (0..60).collect::<Vec<_>>());
        assert!(matches!(out.last(), Some(AudioItem::Finish { .. })));
    }
}
