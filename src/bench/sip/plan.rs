//! What a generated call is going to do.

use std::time::Duration;

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Plan {
    /// The caller gives up this long after it began to ring.
    GiveUp { after: Duration },
    /// The caller waits for an answer and then goes through the steps; after the last one it talks until it is told to hang up.
    Talk(Vec<Step>),
}

/// One thing that a caller does, this long after the answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Step {
    pub after: Duration,
    pub what: Action,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Action {
    Hold,
    Resume,
    /// A re-INVITE that changes nothing.
    Renew,
    HangUp,
}
