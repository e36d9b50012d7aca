//! The sender of what is played: its numbers and its clock, laid on the timeline.

use super::delay::DelayEstimate;
use crate::sequence::{self as numbers, Sequence};

/// A timestamp that leaps further ahead of the wall clock than this (1 s) is a jump of the sender's clock.
const LEAP: i64 = 8_000;
/// A sender that paused for longer than this (500 ms), and whose clock stood still for all but this of it (200 ms), begins anew.
const PAUSE: i64 = 4_000;
const STALE: i64 = 1_600;

#[derive(Debug)]
pub(super) struct Source {
    pub id: u64,
    sequence: Sequence,
    /// Extended over roll-overs.
    timestamp: i64,
    arrival: i64,
    /// Position of timestamp 0.
    origin: i64,
    pub delay: DelayEstimate,
}

/// Where a packet stands among those before it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Order {
    Newest,
    Older,
    Copy,
    /// Too old to tell whether it is a copy.
    Ancient,
    /// The sender restarted, or its clock jumped or stood still.
    Anew,
}

impl Source {
    /// Lays a source on the timeline, its first packet at `position`.
    pub fn new(now: i64, id: u64, sequence: u16, timestamp: u32, position: i64, delay: DelayEstimate) -> Source {
        let (sequence, timestamp) = (Sequence::begin(sequence), i64::from(timestamp));
        Source { id, sequence, timestamp, arrival: now, origin: position - timestamp, delay }
    }

    /// Where a timestamp lies on the timeline.
    pub fn position(&self, timestamp: u32) -> i64 {
        self.extended(timestamp) + self.origin
    }

    fn extended(&self, timestamp: u32) -> i64 {
        self.timestamp + i64::from(timestamp.wrapping_sub(self.timestamp as u32) as i32)
    }

    /// Notes a packet; the newest one is what later ones are compared with.
    pub fn order(&mut self, arrival: i64, sequence: u16, timestamp: u32) -> Order {
        let step = self.extended(timestamp) - self.timestamp;
        let elapsed = (arrival - self.arrival).max(0);
        match self.sequence.take(sequence) {
            numbers::Order::Newest => {
                let stale = elapsed > PAUSE && step < elapsed - STALE;
                if step < 0 || step > elapsed + LEAP || stale {
                    return Order::Anew;
                }
                (self.timestamp, self.arrival) = (self.timestamp + step, arrival);
                Order::Newest
            }
            numbers::Order::Overtaken => {
                if !(-LEAP..=0).contains(&step) {
                    Order::Anew
                } else {
                    Order::Older
                }
            }
            numbers::Order::Duplicate => Order::Copy,
            numbers::Order::Late => Order::Ancient,
            numbers::Order::Restarted => Order::Anew,
        }
    }
}
