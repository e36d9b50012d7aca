//! What goes into the queue and what comes out.

use super::ability::{Abilities, Wants};
pub use crate::contract::CallPriority as Priority;
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
    /// A fallback number rings this long before it counts as failed; then the next one is tried, and after the last of them the
    /// first again, later.
    pub fallback_ring: SignedDuration,
    /// How many fallback numbers there are.
    pub fallbacks: usize,
    /// When more calls wait, those behind so many ring at the fallback number at once.
    pub overflow_calls: Option<usize>,
    /// An operator whose browser is away keeps the call this long.
    pub grace: SignedDuration,
    /// The alarm for a call that rings at nobody sounds again after this, even if somebody silenced it.
    pub remind: SignedDuration,
    pub strategy: Strategy,
    /// A call that asks for a skill or a language waits this long for who has it; then anybody is rung.
    pub skill_wait: SignedDuration,
    /// A call of low priority that has waited this long is as good as any other, and one of normal priority as one whose caller calls
    /// again.
    pub low_limit: SignedDuration,
    /// After a call its operator is rung for no other for so long; zero for not at all.
    pub wrap_up: SignedDuration,
    /// A caller is told a new position in the queue at most this often.
    pub announce_every: SignedDuration,
    /// An outbound call rings this long before it counts as not answered.
    pub calling: SignedDuration,
    /// A call that is given away rings this long before it comes back.
    pub transfer: SignedDuration,
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
            fallbacks: 1,
            overflow_calls: None,
            strategy: Strategy::default(),
            skill_wait: SignedDuration::from_secs(10),
            low_limit: SignedDuration::from_secs(120),
            wrap_up: SignedDuration::ZERO,
            announce_every: SignedDuration::from_secs(20),
            calling: SignedDuration::from_secs(120),
            transfer: SignedDuration::from_secs(60),
        }
    }
}

/// Who is rung for a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Strategy {
    /// One operator at a time, the longest idle first.
    #[default]
    LongestIdle,
    /// Every available operator; the first who answers has it.
    RingAll,
}

/// What happened. Those that a person makes may be refused; the others never are, and are ignored when they come too late.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Input {
    CallArrived {
        call: CallId,
        priority: Priority,
        /// The caller gave up a short while ago and calls again.
        again: bool,
        wants: Wants,
    },
    /// The caller hung up or cancelled.
    CallerGone {
        call: CallId,
    },
    /// The network lost the call: no ACK, session expired, transport failed.
    CallLost {
        call: CallId,
    },
    /// The caller hung up, or the network lost the caller, and others are in the call, or are being called into it. Say `PartyGone` when the
    /// last of them has left.
    CallerLeftOthers {
        call: CallId,
        lost: bool,
    },

    /// By a person: begins the shift, or takes it over from another browser.
    ShiftStarted {
        operator: UserId,
        abilities: Abilities,
    },
    /// By a person. Also ends the time for writing up the last call.
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

    /// By a person: calls somebody, under an id of its own. Refused while a call is up or rings here. An accepted one stands for an
    /// [`Output::Bridge`]: an [`Output::Unbridge`] follows it.
    CallOut {
        operator: UserId,
        call: CallId,
        /// It is to somebody who called 112 and was not helped.
        callback: bool,
    },
    /// Whom the operator called talks with the operator.
    OutboundAnswered {
        call: CallId,
    },
    /// Busy, not there, or the network could not.
    OutboundFailed {
        call: CallId,
    },

    /// By a person: the operator leaves, and the caller waits for a party that rings. Say `TransferAnswered` or `TransferFailed`.
    Transfer {
        operator: UserId,
        call: CallId,
    },
    TransferAnswered {
        call: CallId,
    },
    TransferFailed {
        call: CallId,
    },
    /// By a person: the operator leaves caller and parties, who talk already.
    HandOver {
        operator: UserId,
        call: CallId,
    },
    /// The last party of a call is gone; `hung_up` if it did that itself. Ends a call that was given away, unless that was a moment ago,
    /// and one whose caller is gone.
    PartyGone {
        call: CallId,
        hung_up: bool,
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
    /// Who answered at the fallback number hung up. Ends the call, unless the answer was a moment ago.
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
    /// Nobody can take the call now: the caller hears the announcement, and the place in the queue, beginning with 1. Repeated
    /// when the place has changed.
    Announce {
        call: CallId,
        position: usize,
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
    /// Call the `nth` fallback number, beginning with 0, for this call. Say `FallbackAnswered` or `FallbackFailed`.
    DialFallback {
        call: CallId,
        nth: usize,
    },
    /// End the leg to the fallback number, whether it rings or talks.
    CancelFallback {
        call: CallId,
    },
    /// End the leg to the party that the call was to be given to: it rang too long.
    CancelTransfer {
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
    /// At whom it rings, one of them if it rings at several, or who has it.
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
