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
    /// The leg was closed. `dropped` frames did not fit into the channel.
    Ended {
        leg: Uuid,
        dropped: u64,
    },
}
