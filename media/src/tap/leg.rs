//! The tap of one trunk leg: lays both sides on the timeline that begins with the leg's first packet.
//!
//! Who talks in the leg's room without the leg, while it is put aside, is on the operator's side in place of what is played to the leg.

use super::{TapFrame, TapItem, TapOutlet};
use crate::clock::samples;
use crate::event::Side;
use crate::jitter::JitterBuffer;
use std::time::Instant;
use uuid::Uuid;

#[derive(Debug)]
pub(crate) struct LegTap {
    leg: Uuid,
    began: Option<Instant>,
    caller: JitterBuffer,
    operator: JitterBuffer,
    /// Those in the leg's room talk without it. The room knows this; here it spares every packet the way there.
    aside: bool,
    dropped: u64,
}

/// Where sound for a recording comes from.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Source {
    /// The leg was heard.
    Leg,
    /// It was sent to the leg.
    Sent,
    /// It was said in the leg's room, and the leg does not hear it.
    Room,
}

/// Sound as it was heard or sent.
#[derive(Debug)]
pub(crate) struct Heard {
    pub source: Source,
    pub stream: u64,
    pub sequence: u16,
    pub timestamp: u32,
    pub pcm: Vec<i16>,
}

impl LegTap {
    pub fn new(leg: Uuid) -> LegTap {
        LegTap { leg, began: None, caller: JitterBuffer::new(), operator: JitterBuffer::new(), aside: false, dropped: 0 }
    }

    /// Whether those in the leg's room talk without the leg.
    pub fn set_aside(&mut self, aside: bool) {
        self.aside = aside;
    }

    /// Sound that came, or was sent, `now`.
    pub fn push(&mut self, now: Instant, heard: Heard, outlet: &mut TapOutlet) {
        let side = match (heard.source, self.aside) {
            (Source::Leg, _) => Side::Caller,
            (Source::Sent, false) | (Source::Room, true) => Side::Operator,
            (Source::Sent, true) | (Source::Room, false) => return,
        };
        let began = *self.began.get_or_insert_with(|| {
            outlet.mark(TapItem::Started { leg: self.leg, at: now });
            now
        });
        let at = elapsed(began, now);
        self.buffer(side).push(at, heard.stream, heard.sequence, heard.timestamp, heard.pcm);
        self.release(side, at, outlet);
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
