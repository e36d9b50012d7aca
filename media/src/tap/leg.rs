//! The tap of one trunk leg: lays both sides on the timeline that begins with the leg's first packet.

use super::{TapFrame, TapItem, TapOutlet};
use crate::clock::samples;
use crate::event::Side;
use crate::g711::Codec;
use crate::jitter::JitterBuffer;
use std::time::Instant;
use uuid::Uuid;

#[derive(Debug)]
pub(crate) struct LegTap {
    leg: Uuid,
    began: Option<Instant>,
    caller: JitterBuffer,
    operator: JitterBuffer,
    dropped: u64,
}

/// An audio packet as one side saw it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Heard<'a> {
    pub side: Side,
    pub stream: u64,
    pub sequence: u16,
    pub timestamp: u32,
    pub codec: Codec,
    pub payload: &'a [u8],
}

impl LegTap {
    pub fn new(leg: Uuid) -> LegTap {
        LegTap { leg, began: None, caller: JitterBuffer::new(), operator: JitterBuffer::new(), dropped: 0 }
    }

    /// A packet that came, or was sent, `now`.
    pub fn push(&mut self, now: Instant, heard: Heard<'_>, outlet: &mut TapOutlet) {
        let began = *self.began.get_or_insert_with(|| {
            outlet.mark(TapItem::Started { leg: self.leg });
            now
        });
        let at = elapsed(began, now);
        let pcm = heard.codec.decode(heard.payload).collect();
        self.buffer(heard.side).push(at, heard.stream, heard.sequence, heard.timestamp, pcm);
        self.release(heard.side, at, outlet);
    }

    /// Releases what has waited long enough.
    pub fn poll(&mut self, now: Instant, outlet: &mut TapOutlet) {
        if let Some(began) = self.began {
            self.release(Side::Caller, elapsed(began, now), outlet);
            self.release(Side::Operator, elapsed(began, now), outlet);
        }
    }

    /// Releases everything and ends the tap.
    pub fn finish(mut self, now: Instant, outlet: &mut TapOutlet) {
        self.caller.flush();
        self.operator.flush();
        self.poll(now, outlet);
        if self.began.is_some() {
            outlet.mark(TapItem::Ended { leg: self.leg, dropped: self.dropped });
        }
    }

    fn release(&mut self, side: Side, now: u64, outlet: &mut TapOutlet) {
        let leg = self.leg;
        while let Some(frame) = self.buffer(side).poll(now) {
            let sent = outlet.frame(TapFrame { leg, side, position: frame.position, pcm: frame.pcm });
            self.dropped += u64::from(!sent);
        }
    }

    fn buffer(&mut self, side: Side) -> &mut JitterBuffer {
        match side {
            Side::Caller => &mut self.caller,
            Side::Operator => &mut self.operator,
        }
    }
}

fn elapsed(began: Instant, now: Instant) -> u64 {
    u64::try_from(samples(now.saturating_duration_since(began))).unwrap_or(0)
}
