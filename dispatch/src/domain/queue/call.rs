//! One call in the queue: where it stands and what it waits for.

use super::types::{CallStatus, Priority, QueueAlarm};
use crate::contract::CallState;
use crate::id::{CallId, UserId};
use jiff::Timestamp;
use std::cmp::Reverse;
use std::collections::BTreeSet;

#[derive(Debug, Clone)]
pub(super) struct Call {
    pub id: CallId,
    pub priority: Priority,
    pub arrived: Timestamp,
    /// Somebody had it and lost it: it goes before all that nobody has spoken with.
    pub returned: bool,
    /// Whether anybody ever spoke with the caller.
    pub answered: bool,
    pub phase: Phase,
    /// Who let it ring or declined it in this round.
    pub missed: BTreeSet<UserId>,
    pub hears: Hears,
    pub fallback: Fallback,
    pub alarms: BTreeSet<QueueAlarm>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Phase {
    /// Rings at nobody.
    Waiting {
        remind_at: Timestamp,
    },
    Ringing {
        operator: UserId,
        until: Timestamp,
    },
    /// Taken, but the bridge is not up yet.
    Claimed {
        operator: UserId,
        until: Timestamp,
    },
    Talking {
        operator: UserId,
        held: bool,
    },
    /// Its operator's browser is away.
    Detached {
        operator: UserId,
        held: bool,
        until: Timestamp,
    },
    /// With the fallback number.
    Fallback,
}

/// What the caller hears from the queue.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Hears {
    Nothing,
    Ringback,
    Announcement,
}

/// The try at the fallback number that goes on beside the waiting.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Fallback {
    /// There is none, or somebody has the call.
    Off,
    Due(Timestamp),
    Dialling {
        until: Timestamp,
    },
}

impl Call {
    /// Smallest first: who lost an operator, then the highest priority, then the oldest.
    pub fn rank(&self) -> impl Ord + use<> {
        (Reverse(self.returned), Reverse(self.priority), self.arrived, self.id)
    }

    pub fn is_waiting(&self) -> bool {
        matches!(self.phase, Phase::Waiting { .. })
    }

    /// Nobody has taken it.
    pub fn is_unclaimed(&self) -> bool {
        matches!(self.phase, Phase::Waiting { .. } | Phase::Ringing { .. })
    }

    /// At whom it rings or who has it.
    pub fn operator(&self) -> Option<UserId> {
        match self.phase {
            Phase::Ringing { operator, .. }
            | Phase::Claimed { operator, .. }
            | Phase::Talking { operator, .. }
            | Phase::Detached { operator, .. } => Some(operator),
            Phase::Waiting { .. } | Phase::Fallback => None,
        }
    }

    /// Who has it.
    pub fn holder(&self) -> Option<UserId> {
        if self.is_unclaimed() { None } else { self.operator() }
    }

    /// The next moment at which something is due, whatever happens until then.
    pub fn deadline(&self) -> Option<Timestamp> {
        let phase = match self.phase {
            Phase::Waiting { remind_at } => Some(remind_at),
            Phase::Ringing { until, .. } | Phase::Claimed { until, .. } | Phase::Detached { until, .. } => Some(until),
            Phase::Talking { .. } | Phase::Fallback => None,
        };
        let fallback = match self.fallback {
            Fallback::Off => None,
            Fallback::Due(at) | Fallback::Dialling { until: at } => Some(at),
        };
        phase.into_iter().chain(fallback).min()
    }

    pub fn status(&self) -> CallStatus {
        let state = match self.phase {
            Phase::Waiting { .. } => CallState::Waiting,
            // The offer stands until the bridge is up.
            Phase::Ringing { .. } | Phase::Claimed { .. } => CallState::Ringing,
            Phase::Talking { held: false, .. } => CallState::Active,
            Phase::Talking { held: true, .. } => CallState::Held,
            Phase::Detached { .. } => CallState::Detached,
            Phase::Fallback => CallState::Fallback,
        };
        CallStatus { call: self.id, state, operator: self.operator() }
    }
}
