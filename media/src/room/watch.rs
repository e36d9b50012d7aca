//! The silence watch of a room: over the caller, and over the one member whom the caller first of all talks with.

use crate::event::Side;
use crate::silence::{Hearing, SilenceWatch};
use std::time::Instant;
use uuid::Uuid;

#[derive(Debug)]
pub(crate) struct Watch {
    caller: Uuid,
    counterpart: Uuid,
    silence: SilenceWatch,
}

impl Watch {
    /// Both have three seconds from `now` to be heard, if they are expected to send at all.
    pub fn new(now: Instant, [caller, counterpart]: [Uuid; 2], [caller_sends, counterpart_sends]: [bool; 2]) -> Watch {
        let mut silence = SilenceWatch::new(now, caller_sends);
        silence.expect(now, Side::Operator, counterpart_sends);
        Watch { caller, counterpart, silence }
    }

    /// Whether it is this member whom the caller talks with.
    pub fn is_over(&self, counterpart: Uuid) -> bool {
        self.counterpart == counterpart
    }

    /// A packet came from this member.
    pub fn heard(&mut self, now: Instant, leg: Uuid) {
        if let Some(side) = self.side(leg) {
            self.silence.heard(now, side);
        }
    }

    /// Whether this member is expected to send.
    pub fn expect(&mut self, now: Instant, leg: Uuid, expected: bool) {
        if let Some(side) = self.side(leg) {
            self.silence.expect(now, side, expected);
        }
    }

    /// What changed, to be asked until `None`.
    pub fn poll(&mut self, now: Instant) -> Option<Hearing> {
        self.silence.poll(now)
    }

    fn side(&self, leg: Uuid) -> Option<Side> {
        if leg == self.caller { Some(Side::Caller) } else { (leg == self.counterpart).then_some(Side::Operator) }
    }
}
