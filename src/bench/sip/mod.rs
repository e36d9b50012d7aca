//! The generator's own SIP: both ends of calls to and from the server under test, as state machines without socket or clock.
//! It is written apart from the product's SIP, so that a mistake there is not made twice and so goes unseen.

pub mod answered;
pub mod caller;
pub mod message;
pub mod plan;
mod waiting;

use std::net::SocketAddr;
use std::time::Duration;

/// What a state machine wants done, or tells.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Output {
    /// To the server's SIP address.
    Send(String),
    Fact(Fact),
}

/// What happened to a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fact {
    /// The first 180, counted from the first INVITE.
    Rang {
        after: Duration,
    },
    /// The other side takes voice at this address.
    Answered {
        audio: SocketAddr,
    },
    /// The caller put the call on hold, or took it back.
    Held(bool),
    /// A message was sent once more, because no answer came in time.
    Repeated,
    /// A re-INVITE was not taken; the call goes on.
    StepRefused {
        code: u16,
    },
    Ended(End),
}

/// How a call ended, as its generated side saw it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum End {
    /// It was cancelled, as planned.
    GaveUp,
    /// It was hung up by this side.
    HungUp,
    /// The server said BYE.
    FarHungUp,
    Refused {
        code: u16,
        retry_after: bool,
    },
    /// No answer to a request within its time.
    TimedOut,
}
