//! What a person at the console asks of the switchboard, and what a telephone tells it.

use super::view::{CallerLocation, MonitorMode, TextView};
use crate::id::{CallId, PartyId, ReportId, UserId};
use tokio::sync::oneshot;
use uuid::Uuid;

/// Where the switchboard says whether it did what was asked.
pub type Reply<T = ()> = oneshot::Sender<Result<T, Refusal>>;

/// One request to the switchboard. The operator named is always the one whose session sent it.
#[derive(Debug)]
pub enum Command {
    /// Begins the operator's shift, or takes it over from another browser of the same person.
    StartShift {
        operator: UserId,
        name: String,
        /// `None`: the database does not say at the moment. What was known before stays.
        learned: Option<Learned>,
        reply: Reply,
    },
    /// What the person can do has changed, or is only known now.
    HasLearned {
        operator: UserId,
        learned: Learned,
    },
    /// Ends the shift. Refused while a call is up.
    EndShift {
        operator: UserId,
        reply: Reply,
    },
    /// The operator's voice goes by a desk phone from now on, or by the browser's headset (`None`). Refused while a call is up by the other.
    UsePhone {
        operator: UserId,
        /// Some phones belong to one person; `None`: nobody knows at the moment.
        username: Option<String>,
        phone: Option<String>,
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
    /// The person's session has ended, or he or she may not supervise any more: whatever call he or she listens to goes on without.
    StopMonitoring {
        supervisor: UserId,
    },
    /// The person may not work here any more: the shift ends, after the call that is up.
    Dismiss {
        operator: UserId,
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
    /// Types to the caller. The same `id` again types nothing.
    TypeText {
        operator: UserId,
        call: CallId,
        id: Uuid,
        text: Typed,
        reply: Reply,
    },
    /// What was typed in the call so far, for its operator or a supervisor who takes part in it.
    ReadText {
        reader: UserId,
        call: CallId,
        reply: Reply<TextView>,
    },
    /// Calls a number. The operator hears it ring and talks when it answers.
    CallOut {
        operator: UserId,
        number: String,
        /// The abandoned call that this one answers to.
        callback_of: Option<CallId>,
        reply: Reply<CallOut>,
    },
    /// Calls somebody into the operator's call.
    Dial {
        operator: UserId,
        call: CallId,
        number: String,
        name: Option<String>,
        mode: DialMode,
        reply: Reply<PartyId>,
    },
    /// All who are in the call hear each other: ends a consultation.
    Merge {
        operator: UserId,
        call: CallId,
        reply: Reply,
    },
    /// Ends one party's leg, whether it rings or talks.
    DropParty {
        operator: UserId,
        call: CallId,
        party: PartyId,
        reply: Reply,
    },
    /// The operator leaves; caller and parties go on (attended transfer).
    HandOver {
        operator: UserId,
        call: CallId,
        reply: Reply,
    },
    /// A supervisor listens to a call, or speaks in it; `None` ends that.
    Monitor {
        supervisor: UserId,
        name: String,
        call: CallId,
        mode: Option<MonitorMode>,
        reply: Reply,
    },
    /// Asks a caller who is silent to press a key.
    PromptSilent {
        operator: UserId,
        call: CallId,
        reply: Reply,
    },
    /// A telephone that calls, or is about to, says where it is. Of no operator.
    LocateCaller {
        number: String,
        location: CallerLocation,
    },
}

/// What a person can do: kinds of help, as `fire`, and languages.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Learned {
    pub skills: Vec<String>,
    pub languages: Vec<String>,
}

/// What a person types: letters, `\n` for a new line, and `\u{8}`, which erases the letter before it. It is in no log.
#[derive(Clone, PartialEq, Eq)]
pub struct Typed(pub String);

impl std::fmt::Debug for Typed {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Typed({} bytes)", self.0.len())
    }
}

/// How somebody is called into a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum DialMode {
    /// The caller is held while operator and party talk alone.
    Consult,
    /// All hear each other once the party answers.
    Conference,
    /// The operator is free at once. If the party does not answer, the call returns to the head of the queue.
    Blind,
}

/// An outbound call that has begun.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize, utoipa::ToSchema)]
pub struct CallOut {
    pub call: CallId,
    /// The report whose form opens with it.
    pub report: ReportId,
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
    /// No desk phone has this name.
    #[error("there is no such desk phone; choose one of the list")]
    NoSuchPhone,
    /// Somebody else works with the desk phone, or it belongs to somebody else.
    #[error("somebody else has this desk phone; choose another")]
    PhoneTaken,
    /// The desk phone is not registered.
    #[error("the desk phone is not registered; look whether it is on and connected")]
    PhoneAway,
    /// The operator's desk phone itself holds the call: nothing that is said there would be heard.
    #[error("the desk phone holds the call; take it up there")]
    PhoneHolds,
    /// What the browser sent is not an SDP offer that can be answered.
    #[error("the browser's media offer was not understood: {0}")]
    BadOffer(String),
    /// Only digits 0-9, *, # and A-D can be sent.
    #[error("only 0-9, *, #, and A-D can be sent")]
    BadDigits,
    /// The caller's side has no text, or none any more.
    #[error("the caller does not use text in this call; speak instead")]
    NoText,
    /// Letters come faster than they can be sent.
    #[error("what was typed before is still being sent; wait a moment")]
    TextFull,
    /// Nothing was typed, too much at once, or letters that nobody can read.
    #[error("type 1 to 500 letters at once, without control characters")]
    BadText,
    /// The party has left, or was never in this call.
    #[error("the other party has left the call")]
    NoSuchParty,
    /// Not a number that can be dialled.
    #[error("this is no telephone number; write digits only, with + and the country code for numbers abroad")]
    BadNumber,
    /// No trunk has a proxy, or none of them is up.
    #[error("no trunk takes outgoing calls; ask the administrator to set a trunk's proxy")]
    NoTrunk,
    /// What was asked needs somebody who has answered: a caller who talks, or a party that has joined.
    #[error("wait until the other side has answered")]
    NotAnswered,
    /// What was asked needs the caller, who has left: the operator talks with those who were called in.
    #[error("the caller has hung up; call the number back if you still need to speak with them")]
    CallerGone,
    /// The call has as many parties as it can hold.
    #[error("the call has as many parties as it can hold; let one of them leave first")]
    TooManyParties,
    /// The switchboard is shutting down or overloaded.
    #[error("the switchboard did not answer; try again")]
    Unavailable,
}
