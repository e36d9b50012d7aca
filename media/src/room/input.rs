//! The voice of one member on its way into a mix: packets in, 20 ms at an exact cadence out. What the playout buffer does to it on the way
//! is counted for all rooms.

use crate::packet::StreamId;
use crate::playout::{PlayoutBuffer, PlayoutCounts};
use crate::sound::FRAME;

#[derive(Debug, Default)]
pub(super) struct Input {
    buffer: PlayoutBuffer,
    told: PlayoutCounts,
}

impl Input {
    /// Takes a packet that came at `now`, in samples since the mix began.
    pub fn push(&mut self, now: u64, stream: StreamId, sequence: u16, timestamp: u32, pcm: Vec<i16>) {
        self.buffer.push(now, stream.0, sequence, timestamp, pcm);
    }

    /// The next 20 ms, read at `now`; false if there is nothing to be heard in them.
    pub fn read(&mut self, now: u64, out: &mut [i16; FRAME]) -> bool {
        let heard = self.buffer.pull(now, out);
        self.tell();
        heard
    }

    /// Leaves out what should have been read while the thread was away.
    pub fn skip(&mut self, samples: usize) {
        self.buffer.skip(samples);
    }

    /// All there is and has not been read.
    pub fn finish(mut self) -> Vec<i16> {
        self.tell();
        self.buffer.finish()
    }

    fn tell(&mut self) {
        let (now, before) = (self.buffer.counts(), std::mem::replace(&mut self.told, self.buffer.counts()));
        if now == before {
            return;
        }
        metrics::counter!("siaga_media_room_late_packets_total").increment(now.late - before.late);
        metrics::counter!("siaga_media_room_frames_concealed_total").increment(now.concealed - before.concealed);
        metrics::counter!("siaga_media_room_frames_stretched_total").increment(now.stretched - before.stretched);
        metrics::counter!("siaga_media_room_samples_dropped_total").increment(now.dropped - before.dropped);
    }
}
