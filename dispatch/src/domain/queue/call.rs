//! One call in the queue: where it stands and what it waits for.

use super::ability::Wants;
use super::types::{CallStatus, Priority, QueueAlarm};
use crate::contract::{CallState, EndedBy};
use crate::id::{CallId, UserId};
use jiff::{SignedDuration, Timestamp};
use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};

/// A fallback number that answers and hangs up within this time has helped nobody: no duty officer asks where it burns in less. Most mailboxes
/// hang up in it; one that listens for longer is not told from a person.
pub(super) const FALLBACK_TALK: SignedDuration = SignedDuration::from_secs(30);
/// The same of whom a call is given to unseen: so long takes a telephone system to say when its office is open.
pub(super) const UNANNOUNCED: SignedDuration = SignedDuration::from_secs(15);
/// The same of whom an operator has spoken with before: somebody is there who knows of the caller, and only a slip of the hand is quicker.
pub(super) const ANNOUNCED: SignedDuration = SignedDuration::from_secs(5);

#[derive(Debug, Clone)]
pub(super) struct Call {
    pub id: CallId,
    pub priority: Priority,
    /// The caller gave up a short while ago: goes before others of the same priority.
    pub again: bool,
    pub wants: Wants,
    /// Until then it is kept for who has what it wants.
    pub choosy_until: Option<Timestamp>,
    pub arrived: Timestamp,
    /// Somebody had it and lost it: it goes before all that nobody has spoken with.
    pub returned: bool,
    /// The other side has called 112. Whom an operator called for another reason, as an agency, waits behind all who did.
    pub in_need: bool,
    /// Whether anybody ever spoke with the caller.
    pub answered: bool,
    pub phase: Phase,
    /// Who let it ring or declined it in this round.
    pub missed: BTreeSet<UserId>,
    pub hears: Hears,
    pub fallback: Fallback,
    /// It was sent to the fallback numbers before its time, because too many wait. Once is enough.
    pub overflowed: bool,
    pub alarms: BTreeSet<QueueAlarm>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Phase {
    /// Rings at nobody.
    Waiting {
        remind_at: Timestamp,
    },
    /// Rings at each of these, never at nobody, until its time there is up.
    Ringing {
        until: BTreeMap<UserId, Timestamp>,
    },
    /// Taken, but the bridge is not up yet.
    Claimed {
        operator: UserId,
        until: Timestamp,
    },
    Talking {
        operator: UserId,
        caller: CallerIs,
    },
    /// Its operator's browser is away.
    Detached {
        operator: UserId,
        caller: CallerIs,
        until: Timestamp,
    },
    /// With a fallback number.
    Fallback {
        nth: usize,
        /// Whoever hangs up there earlier has not taken the caller on.
        taken_at: Timestamp,
    },
    /// Called by the operator, not answered yet.
    Calling {
        operator: UserId,
        until: Timestamp,
    },
    /// Waits for a party that rings.
    Transferring {
        until: Timestamp,
    },
    /// Talks with parties.
    Transferred {
        /// Whoever of them hangs up earlier has not taken the caller on.
        taken_at: Timestamp,
        /// An operator has spoken with whoever has it now.
        announced: bool,
    },
}

/// Where the caller of an operator's call is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum CallerIs {
    There,
    Held,
    /// Hung up or lost, so that the call has ended for the caller. The operator goes on with whoever was called in.
    Gone {
        by: EndedBy,
    },
}

/// What the caller hears from the queue.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Hears {
    Nothing,
    Ringback,
    Announcement {
        position: usize,
        since: Timestamp,
        /// The position has changed since, and is told then.
        next: Option<Timestamp>,
    },
}

/// The try at the fallback numbers that goes on beside the waiting.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Fallback {
    /// There is none, or somebody has the call.
    Off,
    /// The first of them is called then.
    Due(Timestamp),
    Dialling {
        nth: usize,
        until: Timestamp,
    },
}

impl Call {
    /// A call that nobody has spoken with.
    pub fn new(id: CallId, now: Timestamp, phase: Phase) -> Self {
        Self {
            id,
            priority: Priority::Normal,
            again: false,
            wants: Wants::default(),
            choosy_until: None,
            arrived: now,
            returned: false,
            in_need: true,
            answered: false,
            phase,
            missed: BTreeSet::new(),
            hears: Hears::Nothing,
            fallback: Fallback::Off,
            overflowed: false,
            alarms: BTreeSet::new(),
        }
    }

    fn has_waited(&self, now: Timestamp, limit: SignedDuration) -> bool {
        now.duration_since(self.arrived) >= limit
    }

    /// Low priority is normal after `low_limit`.
    pub fn priority_at(&self, now: Timestamp, low_limit: SignedDuration) -> Priority {
        let patient = self.priority == Priority::Low && self.has_waited(now, low_limit);
        if patient { Priority::Normal } else { self.priority }
    }

    /// Greatest first: who lost an operator, then who is in need, then the highest priority. A greater call takes the operator at whom a
    /// smaller one rings.
    pub fn urgency(&self, now: Timestamp, low_limit: SignedDuration) -> (bool, bool, Priority) {
        (self.returned, self.in_need, self.priority_at(now, low_limit))
    }

    /// Smallest first: the most urgent, then who calls again, then the oldest. Who has waited for `low_limit` is as good as who calls
    /// again: patience must not put a caller behind those who redial for ever.
    pub fn rank(&self, now: Timestamp, low_limit: SignedDuration) -> impl Ord + use<> {
        let again = self.again || self.has_waited(now, low_limit);
        (Reverse(self.urgency(now, low_limit)), Reverse(again), self.arrived, self.id)
    }

    pub fn is_waiting(&self) -> bool {
        matches!(self.phase, Phase::Waiting { .. })
    }

    /// Nobody has taken it.
    pub fn is_unclaimed(&self) -> bool {
        matches!(self.phase, Phase::Waiting { .. } | Phase::Ringing { .. })
    }

    /// Operator and caller have talked, and the operator still has it.
    pub fn is_talking(&self) -> bool {
        matches!(self.phase, Phase::Talking { .. } | Phase::Detached { .. })
    }

    /// How it ended for a caller who is gone already.
    pub fn caller_gone_by(&self) -> Option<EndedBy> {
        match self.phase {
            Phase::Talking { caller: CallerIs::Gone { by }, .. } | Phase::Detached { caller: CallerIs::Gone { by }, .. } => {
                Some(by)
            }
            _ => None,
        }
    }

    /// At whom it rings or who has it.
    pub fn operator(&self) -> Option<UserId> {
        match &self.phase {
            Phase::Ringing { until } => until.keys().next().copied(),
            Phase::Claimed { operator, .. }
            | Phase::Talking { operator, .. }
            | Phase::Detached { operator, .. }
            | Phase::Calling { operator, .. } => Some(*operator),
            Phase::Waiting { .. } | Phase::Fallback { .. } | Phase::Transferring { .. } | Phase::Transferred { .. } => None,
        }
    }

    /// Who has it.
    pub fn holder(&self) -> Option<UserId> {
        if self.is_unclaimed() { None } else { self.operator() }
    }

    /// The next moment at which something is due, whatever happens until then.
    pub fn deadline(&self) -> Option<Timestamp> {
        let phase = match &self.phase {
            Phase::Waiting { remind_at } => Some(*remind_at),
            Phase::Ringing { until } => until.values().min().copied(),
            Phase::Claimed { until, .. }
            | Phase::Detached { until, .. }
            | Phase::Calling { until, .. }
            | Phase::Transferring { until } => Some(*until),
            Phase::Talking { .. } | Phase::Fallback { .. } | Phase::Transferred { .. } => None,
        };
        let fallback = match self.fallback {
            Fallback::Off => None,
            Fallback::Due(at) | Fallback::Dialling { until: at, .. } => Some(at),
        };
        let waiting = match self.hears {
            _ if !self.is_waiting() => [None, None],
            Hears::Announcement { next, .. } => [next, self.choosy_until],
            Hears::Nothing | Hears::Ringback => [None, self.choosy_until],
        };
        phase.into_iter().chain(fallback).chain(waiting.into_iter().flatten()).min()
    }

    pub fn status(&self) -> CallStatus {
        let state = match self.phase {
            Phase::Waiting { .. } => CallState::Waiting,
            // The offer stands until the bridge is up.
            Phase::Ringing { .. } | Phase::Claimed { .. } => CallState::Ringing,
            Phase::Talking { caller: CallerIs::There | CallerIs::Gone { .. }, .. } => CallState::Active,
            Phase::Talking { caller: CallerIs::Held, .. } => CallState::Held,
            Phase::Detached { .. } => CallState::Detached,
            Phase::Fallback { .. } => CallState::Fallback,
            Phase::Calling { .. } => CallState::Calling,
            Phase::Transferring { .. } => CallState::Transferring,
            Phase::Transferred { .. } => CallState::Transferred,
        };
        CallStatus { call: self.id, state, operator: self.operator() }
    }
}
