//! One operator on shift: what they want, whether they are there, and what they do.

use super::ability::Abilities;
use super::types::OperatorStatus;
use crate::contract::OperatorState;
use crate::id::{CallId, UserId};
use jiff::Timestamp;

/// The reason that is shown of a pause which nobody asked for: a word that every console says in its own language.
const NO_ANSWER: &str = "no_answer";

#[derive(Debug, Clone)]
pub(super) struct Operator {
    pub id: UserId,
    pub wish: Wish,
    pub presence: Presence,
    pub work: Work,
    pub abilities: Abilities,
    /// Place in the line of ready operators; the smallest has been idle longest.
    pub line: u64,
    /// Since when the state shown has stood.
    pub since: Timestamp,
    /// Rings in a row that ended without a sign of anybody at the desk.
    pub unanswered: u32,
}

/// What the operator said last.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Wish {
    Preparing,
    Ready,
    Paused {
        reason: String,
    },
    /// Nothing: it rang out too often. Whoever is back says so.
    Silent,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Presence {
    Here,
    Away,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Work {
    Idle,
    Ringing(CallId),
    Busy(CallId),
    /// Writes up the last call.
    WrapUp {
        until: Timestamp,
    },
}

impl Operator {
    /// Can be rung now.
    pub fn is_available(&self) -> bool {
        self.work == Work::Idle && self.is_willing()
    }

    /// Takes calls, now or when this one is over.
    pub fn is_willing(&self) -> bool {
        self.wish == Wish::Ready && self.presence == Presence::Here
    }

    /// Takes calls, and has none: the next one is theirs at once, or in a moment.
    pub fn is_at_hand(&self) -> bool {
        self.is_willing() && !matches!(self.work, Work::Busy(_))
    }

    pub fn deadline(&self) -> Option<Timestamp> {
        match self.work {
            Work::WrapUp { until } => Some(until),
            Work::Idle | Work::Ringing(_) | Work::Busy(_) => None,
        }
    }

    pub fn status(&self) -> OperatorStatus {
        let (state, call) = match (self.work, &self.wish) {
            (Work::Ringing(call), _) => (OperatorState::Ringing, Some(call)),
            (Work::Busy(call), _) => (OperatorState::Busy, Some(call)),
            (Work::WrapUp { until }, _) => (OperatorState::WrapUp { until }, None),
            (Work::Idle, Wish::Preparing) => (OperatorState::Preparing, None),
            (Work::Idle, Wish::Paused { reason }) => (OperatorState::Paused { reason: reason.clone() }, None),
            (Work::Idle, Wish::Silent) => (OperatorState::Paused { reason: NO_ANSWER.to_owned() }, None),
            (Work::Idle, Wish::Ready) if self.presence == Presence::Away => (OperatorState::Preparing, None),
            (Work::Idle, Wish::Ready) => (OperatorState::Ready, None),
        };
        OperatorStatus { operator: self.id, state, since: self.since, call, present: self.presence == Presence::Here }
    }
}
