//! What a person at the console asks of the switchboard.

use crate::id::{CallId, UserId};
use tokio::sync::oneshot;

/// Where the switchboard says whether it did what was asked.
pub type Reply<T = ()> = oneshot::Sender<Result<T, Refusal>>;

/// One request to the switchboard. The operator named is always the one whose session sent it.
#[derive(Debug)]
pub enum Command {
    /// Begins the operator's shift, or takes it over from another browser of the same person.
    StartShift {
        operator: UserId,
        name: String,
        reply: Reply,
    },
    /// Ends the shift. Refused while a call is up.
    EndShift {
        operator: UserId,
        reply: Reply,
    },
    /// Ready for calls, or paused with a reason.
    SetReadiness {
        operator: UserId,
        readiness: Readiness,
        reply: Reply,
    },
    /// Negotiates the operator's warm WebRTC leg: an SDP offer in, the answer out. The newest leg wins; a call that is up
    /// moves to it.
    AttachMedia {
        operator: UserId,
        offer: String,
        reply: Reply<String>,
    },
    /// Plays a test tone to the operator for two seconds and answers how loud the microphone was heard, in dBFS.
    TestMedia {
        operator: UserId,
        reply: Reply<MediaTest>,
    },
    /// The operator has no live socket any more. The call that is up stays up.
    BrowserGone {
        operator: UserId,
    },
    /// The operator's live socket is back.
    BrowserBack {
        operator: UserId,
    },
    Answer {
        operator: UserId,
        call: CallId,
        reply: Reply,
    },
    /// The operator cannot take this call; it rings at the next one.
    Decline {
        operator: UserId,
        call: CallId,
        reply: Reply,
    },
    HangUp {
        operator: UserId,
        call: CallId,
        reply: Reply,
    },
    Hold {
        operator: UserId,
        call: CallId,
        reply: Reply,
    },
    Resume {
        operator: UserId,
        call: CallId,
        reply: Reply,
    },
    /// Sends telephone-events (RFC 4733) to the caller's side.
    SendDigits {
        operator: UserId,
        call: CallId,
        digits: String,
        reply: Reply,
    },
}

#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize, utoipa::ToSchema)]
#[serde(tag = "state", rename_all = "snake_case")]
pub enum Readiness {
    Ready,
    Paused { reason: String },
}

/// What the server heard during the test of an operator's headset.
#[derive(Debug, Clone, Copy, PartialEq, serde::Serialize, serde::Deserialize, utoipa::ToSchema)]
pub struct MediaTest {
    /// The loudest 100 ms from the microphone, in dBFS; `None` if no packet arrived.
    pub microphone_dbfs: Option<f32>,
}

/// Why the switchboard did not do what was asked. Nothing has changed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// The call ended or was never there.
    #[error("the call has ended")]
    NoSuchCall,
    /// Another operator has the call.
    #[error("another operator has taken the call")]
    TakenByAnother,
    /// The operator has no shift running.
    #[error("start your shift first")]
    NoShift,
    /// The operator already talks with a caller.
    #[error("finish the call in progress first")]
    Busy,
    /// The operator's browser has no media leg, or it is not connected.
    #[error("the headset is not connected; reload the page")]
    NoMedia,
    /// What the browser sent is not an SDP offer that can be answered.
    #[error("the browser's media offer was not understood: {0}")]
    BadOffer(String),
    /// Only digits 0-9, *, # and A-D can be sent.
    #[error("only 0-9, *, #, and A-D can be sent")]
    BadDigits,
    /// The switchboard is shutting down or overloaded.
    #[error("the switchboard did not answer; try again")]
    Unavailable,
}
