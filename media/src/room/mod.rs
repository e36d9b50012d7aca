//! Rooms: who talks with whom, who only listens, and who speaks into one ear. A room belongs to the leg that is recorded, and
//! all its members live in one shard.
//!
//! Two who talk and nobody else need no mixer: their packets are forwarded as they come. Anybody more, and the room is
//! mixed every 20 ms. Which of the two it is follows from the members; sockets and the sending belong to `shard`.

mod input;
mod limiter;
mod members;
mod mixer;

pub(crate) use members::Members;
pub use members::{Member, Role};
pub(crate) use mixer::{Mixed, Mixer, Spoken};

use crate::silence::SilenceWatch;
use uuid::Uuid;

/// A room with its members.
#[derive(Debug, Default)]
pub(crate) struct Room {
    pub members: Members,
    pub way: Way,
    /// Whether all who speak are heard.
    pub silence: SilenceWatch,
}

/// How sound gets from one member to another.
#[derive(Debug, Default)]
pub(crate) enum Way {
    /// Nobody hears anybody.
    #[default]
    Apart,
    /// These two hear each other, packet by packet.
    Direct([Uuid; 2]),
    Mixed(Box<Mixer>),
}

/// Where a leg is, so that a packet finds its way by one look.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Place {
    pub room: Uuid,
    pub path: Path,
}

/// What becomes of a leg's packets.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Path {
    Nowhere,
    Direct(Peer),
    Mixed,
}

/// Who a leg is joined to directly.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Peer {
    Operator(Uuid),
    Trunk(Uuid),
}
