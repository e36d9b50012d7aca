//! What recordings get: both sides of a trunk leg on one timeline.

mod leg;
mod outlet;

pub(crate) use leg::{Heard, LegTap, Source};
pub(crate) use outlet::TapOutlet;

use crate::event::Side;
use std::time::Instant;
use uuid::Uuid;

/// Sound of one side. Frames of a side come in order and never overlap; what lies between them was not heard.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TapFrame {
    pub leg: Uuid,
    /// `Caller`: what the trunk leg received. `Operator`: everything sent to it, sounds played included; while others talk in its room
    /// without it, what they say.
    pub side: Side,
    /// In samples at 8 kHz since the first packet of the leg on either side.
    pub position: u64,
    /// When it is handed over, on the same timeline. What is long past its own time by then was late on the network.
    pub came: u64,
    pub pcm: Vec<i16>,
}

/// One message of a tap. `Started` and `Ended` enclose the frames of a leg; a leg without any packet has neither.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TapItem {
    /// The leg's first packet was received or sent: position 0 is at that moment.
    Started {
        leg: Uuid,
        at: Instant,
    },
    Frame(TapFrame),
    /// The leg was closed. `dropped` did not fit into the channel.
    Ended {
        leg: Uuid,
        dropped: Dropped,
    },
}

/// Sound of a leg that its recording lacks because nobody took it in time.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Dropped {
    pub frames: u64,
    /// In samples at 8 kHz, as the other side.
    pub caller: u64,
    pub operator: u64,
}

impl Dropped {
    fn add(&mut self, side: Side, samples: usize) {
        let of_side = match side {
            Side::Caller => &mut self.caller,
            Side::Operator => &mut self.operator,
        };
        *of_side += samples as u64;
        self.frames += 1;
    }
}
