//! The tap of one trunk leg: lays both sides on the timeline that begins with the leg's first packet.
//!
//! Who talks in the leg's room without the leg, while it is put aside, is on the operator's side in place of what is played to the leg.

use super::{Dropped, TapFrame, TapItem, TapOutlet};
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
    dropped: Dropped,
}

/// Where sound for a recording comes from.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Source {
    /// The leg was heard.
    Leg,
    /// It was sent to the leg.
    Sent,
    /// It was said in the leg's room, and is not sent to the leg.
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
        let (caller, operator) = (JitterBuffer::new(), JitterBuffer::new());
        LegTap { leg, began: None, caller, operator, aside: false, dropped: Dropped::default() }
    }

    /// Whether those in the leg's room talk without the leg.
    pub fn set_aside(&mut self, aside: bool) {
        self.aside = aside;
    }

    /// Sound that came, or was sent, `now`.
    pub fn push(&mut self, now: Instant, heard: Heard, outlet: &mut TapOutlet) {
        let side = match (heard.source, self.aside) {
            (Source::Leg, _) => Side::Caller,
            (Source::Sent, false) | (Source::Room, _) => Side::Operator,
            (Source::Sent, true) => return,
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
            let samples = frame.pcm.len();
            if !outlet.frame(TapFrame { leg, side, position: frame.position, came: now, pcm: frame.pcm }) {
                self.dropped.add(side, samples);
            }
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

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    /// A caller who speaks for a second into a channel with room for so many items; what the tap says of its end.
    fn dropped_of_a_second(room: usize) -> Dropped {
        let (sink, items) = std::sync::mpsc::sync_channel(room);
        let (mut outlet, mut tap) = (TapOutlet::new(sink), LegTap::new(Uuid::nil()));
        let began = crate::clock::now();
        for n in 0..50u16 {
            let (at, timestamp) = (began + Duration::from_millis(20) * u32::from(n), 160 * u32::from(n));
            tap.push(at, Heard { source: Source::Leg, stream: 1, sequence: n, timestamp, pcm: vec![1; 160] }, &mut outlet);
        }
        tap.finish(began + Duration::from_secs(1), &mut outlet);
        let mut told: Vec<TapItem> = items.try_iter().collect();
        outlet.retry();
        told.extend(items.try_iter());
        match told.last() {
            Some(TapItem::Ended { dropped, .. }) => *dropped,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn what_a_recorder_that_stands_still_does_not_take_is_counted_for_the_side_that_said_it() {
        // The beginning and nine frames.
        assert_eq!(dropped_of_a_second(10), Dropped { frames: 41, caller: 41 * 160, operator: 0 });
        assert_eq!(dropped_of_a_second(100), Dropped::default());
    }
}
