//! What a leg said last while nobody heard it: whoever is joined with it hears that at once, instead of waiting for its next packet.

use crate::g711::Codec;
use crate::packet::{Content, MAX_AUDIO, Packet, StreamId};
use std::time::{Duration, Instant};

/// Older words are not worth hearing: the next packet is due.
const FRESH: Duration = Duration::from_millis(40);

#[derive(Debug)]
pub(super) struct LastWord {
    at: Instant,
    stream: StreamId,
    sequence: u16,
    timestamp: u32,
    codec: Codec,
    payload: [u8; MAX_AUDIO],
    length: usize,
}

impl LastWord {
    /// Audio only: a key that was pressed to nobody is pressed to nobody.
    pub fn of(now: Instant, packet: &Packet<'_>) -> Option<Box<LastWord>> {
        let Content::Audio { codec, payload } = packet.content else { return None };
        let mut kept = [0; MAX_AUDIO];
        kept.get_mut(..payload.len())?.copy_from_slice(payload);
        let Packet { stream, sequence, timestamp, .. } = *packet;
        Some(Box::new(LastWord { at: now, stream, sequence, timestamp, codec, payload: kept, length: payload.len() }))
    }

    /// The packet again, while it is fresh.
    pub fn packet(&self, now: Instant) -> Option<Packet<'_>> {
        let LastWord { at, stream, sequence, timestamp, codec, .. } = *self;
        let payload = self.payload.get(..self.length).filter(|_| now.saturating_duration_since(at) <= FRESH)?;
        Some(Packet { stream, sequence, timestamp, marker: true, content: Content::Audio { codec, payload } })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_word_is_heard_while_it_is_fresh_and_a_key_never() {
        let now = crate::clock::now();
        let content = Content::Audio { codec: Codec::Pcma, payload: &[1, 2, 3] };
        let said = Packet { stream: StreamId::new(7, 0), sequence: 9, timestamp: 160, marker: false, content };
        let word = LastWord::of(now, &said).unwrap();
        assert_eq!(word.packet(now + FRESH).map(|again| again.content), Some(content));
        assert!(word.packet(now + FRESH + Duration::from_millis(1)).is_none());
        assert!(LastWord::of(now, &Packet { content: Content::Event([1, 0, 0, 0]), ..said }).is_none());
    }
}
