//! What a trunk leg is joined to, and whether both sides are heard. Legs are named by their ids, so a join outlives the
//! operator's peer connections: whichever is the newest gets the audio.

use crate::event::Side;
use crate::silence::{Hearing, SilenceWatch};
use std::time::Instant;
use uuid::Uuid;

/// Who a trunk leg talks with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Peer {
    Operator(Uuid),
    Trunk(Uuid),
}

/// The join of a trunk leg, as that leg sees it.
#[derive(Debug)]
pub(crate) struct Bridge {
    pub peer: Peer,
    role: Role,
}

#[derive(Debug)]
enum Role {
    /// This leg is the caller; it keeps the watch.
    Caller(SilenceWatch),
    /// This trunk leg is what the caller hears.
    Answering,
}

impl Bridge {
    /// Joins the caller's leg to `peer`.
    pub fn caller(now: Instant, peer: Peer, caller_sends: bool) -> Bridge {
        Bridge { peer, role: Role::Caller(SilenceWatch::new(now, caller_sends)) }
    }

    /// The other end of a join of two trunk legs.
    pub fn answering(caller: Uuid) -> Bridge {
        Bridge { peer: Peer::Trunk(caller), role: Role::Answering }
    }

    /// The caller's leg, if this is the other end.
    pub fn answers(&self) -> Option<Uuid> {
        match (&self.role, self.peer) {
            (Role::Answering, Peer::Trunk(caller)) => Some(caller),
            _ => None,
        }
    }

    pub fn heard(&mut self, now: Instant, side: Side) {
        if let Role::Caller(watch) = &mut self.role {
            watch.heard(now, side);
        }
    }

    pub fn expect(&mut self, now: Instant, side: Side, expected: bool) {
        if let Role::Caller(watch) = &mut self.role {
            watch.expect(now, side, expected);
        }
    }

    /// What changed in hearing, to be asked until `None`.
    pub fn poll(&mut self, now: Instant) -> Option<Hearing> {
        match &mut self.role {
            Role::Caller(watch) => watch.poll(now),
            Role::Answering => None,
        }
    }
}
