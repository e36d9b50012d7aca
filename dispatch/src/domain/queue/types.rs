//! What goes into the queue and what comes out.

use crate::contract::{CallState, EndedBy, OperatorState, Withdrawal};
use crate::id::{CallId, UserId};
use jiff::{SignedDuration, Timestamp};

/// How long the queue waits for what.
#[derive(Debug, Clone)]
pub struct QueueSettings {
    /// A call rings this long at one operator.
    pub ring: SignedDuration,
    /// From the claim to the bridge; a bridge that takes longer has failed.
    pub bridge: SignedDuration,
    /// A call that nobody has answered for this long also rings at the fallback number; `None` if there is none.
    pub fallback_after: Option<SignedDuration>,
    /// The fallback number rings this long before it counts as failed and is tried again later.
    pub fallback_ring: SignedDuration,
    /// An operator whose browser is away keeps the call this long.
    pub grace: SignedDuration,
    /// The alarm for a call that rings at nobody sounds again after this, even if somebody silenced it.
    pub remind: SignedDuration,
}

impl Default for QueueSettings {
    fn default() -> Self {
        Self {
            ring: SignedDuration::from_secs(15),
            bridge: SignedDuration::from_secs(10),
            fallback_after: None,
            fallback_ring: SignedDuration::from_secs(60),
            grace: SignedDuration::from_secs(60),
            remind: SignedDuration::from_secs(60),
        }
    }
}

/// A call's place before others. No call is refused: a known nuisance number only waits behind.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
pub enum Priority {
    Low,
    #[default]
    Normal,
    High,
}

/// What happened. Those that a person makes may be refused; the others never are, and are ignored when they come too late.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Input {
    CallArrived {
        call: CallId,
        priority: Priority,
    },
    /// The caller hung up or cancelled.
    CallerGone {
        call: CallId,
    },
    /// The network lost the call: no ACK, session expired, transport failed.
    CallLost {
        call: CallId,
    },

    /// By a person: begins the shift, or takes it over from another browser.
    ShiftStarted {
        operator: UserId,
    },
    /// By a person.
    OperatorReady {
        operator: UserId,
    },
    /// By a person. During a call it takes effect when the call ends; a call that rings moves on.
    OperatorPaused {
        operator: UserId,
        reason: String,
    },
    /// The operator's browser or headset is away.
    OperatorGone {
        operator: UserId,
    },
    /// Browser and headset are back.
    OperatorBack {
        operator: UserId,
    },
    /// By a person. Refused while a call is up.
    EndShift {
        operator: UserId,
    },

    /// By a person: takes the call that rings here, or picks up one that nobody has taken.
    Answer {
        operator: UserId,
        call: CallId,
    },
    /// By a person.
    Decline {
        operator: UserId,
        call: CallId,
    },
    /// By a person.
    OperatorHungUp {
        operator: UserId,
        call: CallId,
    },
    /// By a person.
    Hold {
        operator: UserId,
        call: CallId,
    },
    /// By a person.
    Resume {
        operator: UserId,
        call: CallId,
    },

    /// Caller and operator hear each other.
    BridgeUp {
        call: CallId,
    },
    /// The bridge asked for by [`Output::Bridge`] did not come about.
    BridgeFailed {
        call: CallId,
        operator: UserId,
    },
    FallbackAnswered {
        call: CallId,
    },
    /// The fallback number did not answer, or its leg was lost while it talked.
    FallbackFailed {
        call: CallId,
    },
    /// Who answered at the fallback number hung up.
    FallbackHungUp {
        call: CallId,
    },
}

/// What the switchboard shall do. Outputs are in order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Output {
    /// Offer the call to the operator.
    Ring {
        call: CallId,
        operator: UserId,
    },
    StopRinging {
        call: CallId,
        operator: UserId,
        why: Withdrawal,
    },
    /// Answer the caller and connect both. Say [`Input::BridgeUp`] or [`Input::BridgeFailed`]. Stop what the caller hears.
    Bridge {
        call: CallId,
        operator: UserId,
    },
    /// The operator does not have the call any more; take the legs apart. Follows each `Bridge` exactly once.
    Unbridge {
        call: CallId,
        operator: UserId,
    },
    /// The call is over and forgotten: end its leg if it is not ended yet. The last output about a call, exactly once.
    Release {
        call: CallId,
        why: EndedBy,
    },
    /// Nobody can take the call now: the caller hears the announcement.
    Announce {
        call: CallId,
    },
    /// The caller hears ringing.
    Ringback {
        call: CallId,
    },
    /// May be repeated while the alarm stands: it then sounds again if somebody silenced it.
    RaiseAlarm {
        alarm: QueueAlarm,
    },
    ClearAlarm {
        alarm: QueueAlarm,
    },
    /// Call the fallback number for this call. Say `FallbackAnswered` or `FallbackFailed`.
    DialFallback {
        call: CallId,
    },
    /// End the leg to the fallback number, whether it rings or talks.
    CancelFallback {
        call: CallId,
    },
}

/// A condition of the queue that calls for a person.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum QueueAlarm {
    /// The call rings at nobody.
    NobodyReady { call: CallId },
    /// The operator let the call ring. Cleared when somebody takes the call, or it ends.
    Unanswered { call: CallId, operator: UserId },
    /// The operator went away during the call. Cleared when one of them is back, or another has the call.
    OperatorLost { call: CallId, operator: UserId },
}

/// A call as the queue sees it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CallStatus {
    pub call: CallId,
    pub state: CallState,
    /// At whom it rings or who has it.
    pub operator: Option<UserId>,
}

/// An operator as the queue sees it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OperatorStatus {
    pub operator: UserId,
    pub state: OperatorState,
    pub since: Timestamp,
    pub call: Option<CallId>,
    /// Whether browser and headset are there.
    pub present: bool,
}
