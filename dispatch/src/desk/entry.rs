//! What the switchboard tells of calls. The event of each is in `entry_event`, its rows in `entry_rows`.

use crate::contract::{AdditionalData, CallPriority, CallSide, CallerLocation, DialMode, EndedBy, MonitorMode, Unreached};
use crate::id::*;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// A call from the trunk, as the queue takes it.
#[derive(Clone, PartialEq, Serialize, Deserialize)]
pub struct ArrivedCall {
    pub call: CallId,
    /// The report whose draft opens with the call.
    pub report: ReportId,
    pub number: Option<String>,
    pub name: Option<String>,
    pub dialled: String,
    pub trunk: String,
    pub location: Option<CallerLocation>,
    #[serde(default)]
    pub priority: CallPriority,
    /// BCP 47 tags, best first.
    #[serde(default)]
    pub languages: Vec<String>,
    #[serde(default)]
    pub cell: Option<String>,
    #[serde(default)]
    pub additional: Vec<AdditionalData>,
    pub at: Timestamp,
}

impl std::fmt::Debug for ArrivedCall {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ArrivedCall").field("call", &self.call).finish_non_exhaustive()
    }
}

/// A call that an operator makes.
#[derive(Clone, PartialEq, Serialize, Deserialize)]
pub struct DialledCall {
    pub call: CallId,
    /// The report whose draft opens with the call.
    pub report: ReportId,
    pub number: String,
    pub name: Option<String>,
    pub trunk: String,
    pub operator: Who,
    /// The abandoned call that it answers to.
    pub callback_of: Option<CallId>,
    pub at: Timestamp,
}

impl std::fmt::Debug for DialledCall {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("DialledCall").field("call", &self.call).finish_non_exhaustive()
    }
}

/// Somebody whom an operator calls into a call.
#[derive(Clone, PartialEq, Serialize, Deserialize)]
pub struct DialledParty {
    pub call: CallId,
    pub party: PartyId,
    pub number: String,
    pub name: Option<String>,
    pub mode: DialMode,
    pub operator: Who,
    pub at: Timestamp,
}

impl std::fmt::Debug for DialledParty {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("DialledParty").field("call", &self.call).field("party", &self.party).finish_non_exhaustive()
    }
}

/// Why somebody whom we called did not answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Failure {
    pub why: Unreached,
    /// The SIP status of the carrier; `None` where we gave up ourselves.
    pub code: Option<u16>,
}

/// Why a party is not in the call any more.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PartyEnd {
    HungUp,
    /// It was not reached; the entry's `failure` says why.
    NotAnswered,
    /// The operator let it go.
    Dropped,
    /// The call ended, or the network lost it.
    Lost,
}

/// Who was heard.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "side", rename_all = "snake_case")]
pub enum HeardSide {
    Caller,
    Operator,
    /// Somebody who was called into the call.
    Party {
        party: PartyId,
    },
}

/// How well one side of a call was heard, over the whole call.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct HeardQuality {
    #[serde(flatten)]
    pub side: HeardSide,
    /// That were received; `None` where they were not counted for this call alone.
    pub packets: Option<u64>,
    pub loss_percent: f32,
    pub jitter_ms: f32,
    /// Estimated mean opinion score, 1 to 4.5 (ITU-T G.107).
    pub mos: f32,
    /// How that side says it heard us; `None` where it does not tell.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub heard_us: Option<HeardUs>,
}

/// What the other side's receiver reports say (RFC 3550 section 6.4.1).
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct HeardUs {
    /// Packets.
    pub lost: u64,
    pub worst_loss_percent: f32,
    pub jitter_ms: f32,
}

/// What a caller's network has not sent with the call but keeps on a server.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Sought {
    /// Where the caller is.
    Place,
    /// What else is known of the caller and of the call.
    Facts,
}

/// Why it could not be had from there.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Unfetched {
    /// The settings of the trunk name no such server.
    NotAllowed,
    /// Too much was being fetched at once.
    Busy,
    /// The server did not answer.
    Silent,
    /// The server did not give it.
    Refused,
}

/// A hole of this length in a recording may have been a word.
const AUDIBLE_MS: u64 = 500;

/// What of a call was heard here and is silence in its recording, for a fault of ours.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Missing {
    pub caller_ms: u64,
    pub operator_ms: u64,
}

/// A line that was typed in a call.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SaidLine {
    pub call: CallId,
    pub side: CallSide,
    pub text: String,
    /// Who typed it, or had the call when the caller did.
    pub operator: Option<Who>,
    /// When it was begun.
    pub at: Timestamp,
}

impl std::fmt::Debug for SaidLine {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("SaidLine").field("call", &self.call).field("side", &self.side).finish_non_exhaustive()
    }
}

/// A person at a console, as a journal entry names them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Who {
    pub user: UserId,
    pub name: String,
}

/// One thing that happened to a call.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub enum Entry {
    /// `call.arrived`; creates the call and the draft of its report.
    Arrived(ArrivedCall),
    /// `call.located`: the caller's network has told where the caller is, or more about the call, after the call came. `additional` is
    /// all that is known then.
    Located { call: CallId, location: Option<CallerLocation>, additional: Vec<AdditionalData>, at: Timestamp },
    /// `call.relocated`: the caller's network tells another place than the one that is known, which gives way to it.
    Relocated { call: CallId, location: CallerLocation, at: Timestamp },
    /// `call.place_not_fetched` or `call.facts_not_fetched`: the caller's network keeps it on a server, from where it could not be had. Where that
    /// is, is a word of the caller's and stands nowhere.
    NotFetched { call: CallId, what: Sought, why: Unfetched, at: Timestamp },
    /// `call.offered`: it rings at an operator.
    Offered { call: CallId, operator: Who, at: Timestamp },
    /// `call.missed`: the operator did not answer in time.
    Missed { call: CallId, operator: Who, at: Timestamp },
    /// `call.declined`
    Declined { call: CallId, operator: Who, at: Timestamp },
    /// `call.answered`; a call that comes back to the queue may be answered again by another operator.
    Answered { call: CallId, operator: Who, at: Timestamp },
    /// `call.held`
    Held { call: CallId, operator: Who, at: Timestamp },
    /// `call.resumed`
    Resumed { call: CallId, operator: Who, at: Timestamp },
    /// `call.detached`: the operator's browser is away.
    Detached { call: CallId, operator: Who, at: Timestamp },
    /// `call.returned`: the operator's browser is back.
    Returned { call: CallId, operator: Who, at: Timestamp },
    /// `call.requeued`: it waits for another operator.
    Requeued { call: CallId, at: Timestamp },
    /// `call.line_kept`: the carrier was told that a waiting call is answered, and the caller goes on waiting.
    LineKept { call: CallId, at: Timestamp },
    /// `call.fallback_dialled`
    FallbackDialled { call: CallId, at: Timestamp },
    /// `call.fallback_answered`
    FallbackAnswered { call: CallId, at: Timestamp },
    /// `call.fallback_failed`
    FallbackFailed { call: CallId, at: Timestamp },
    /// `call.ended`; `failure` of a call that was not reached.
    Ended {
        call: CallId,
        by: EndedBy,
        operator: Option<Who>,
        #[serde(default)]
        failure: Option<Failure>,
        at: Timestamp,
    },
    /// `call.outbound_dialled`; creates the call and the draft of its report, and counts as a try of the callback it answers to.
    OutboundDialled(DialledCall),
    /// `call.outbound_answered`; `trunk` carries it, if that was told.
    OutboundAnswered {
        call: CallId,
        #[serde(default)]
        trunk: Option<String>,
        at: Timestamp,
    },
    /// `call.party_dialled`
    PartyDialled(DialledParty),
    /// `call.party_joined`: the party has answered at this number.
    PartyJoined {
        call: CallId,
        party: PartyId,
        #[serde(default)]
        number: Option<String>,
        at: Timestamp,
    },
    /// `call.party_left`; `failure` of a party that did not answer.
    PartyLeft {
        call: CallId,
        party: PartyId,
        why: PartyEnd,
        #[serde(default)]
        failure: Option<Failure>,
        at: Timestamp,
    },
    /// `call.merged`: caller, operator and parties hear each other.
    Merged { call: CallId, operator: Who, at: Timestamp },
    /// `call.handed_over`: the operator has left caller and parties alone.
    HandedOver { call: CallId, operator: Who, at: Timestamp },
    /// `call.caller_gone`: the caller has left, and the operator goes on with those who were called in; `by` is caller or network.
    CallerGone { call: CallId, by: EndedBy, at: Timestamp },
    /// `call.transferred`: the operator has left while the party still rings.
    Transferred { call: CallId, party: PartyId, operator: Who, at: Timestamp },
    /// `call.monitored`: a supervisor listens, speaks, or (`None`) has left.
    Monitored { call: CallId, supervisor: Who, mode: Option<MonitorMode>, at: Timestamp },
    /// `call.silent_prompt`: the caller was asked to press a key.
    SilentPrompt { call: CallId, operator: Who, at: Timestamp },
    /// `call.digit`: the caller pressed a key.
    Digit { call: CallId, digit: char, at: Timestamp },
    /// `call.text_opened`: the caller can type.
    TextOpened { call: CallId, at: Timestamp },
    /// `call.text_closed`: the caller's side has ended it.
    TextClosed { call: CallId, at: Timestamp },
    /// `call.text`: what one side typed, line by line. Read by who may hear the call.
    Said(SaidLine),
    /// `call.quality`: told once for each side, when its part is over.
    Quality { call: CallId, heard: HeardQuality, at: Timestamp },
    /// `call.test`: a test call (`urn:service:test.sos`) was answered and released by itself. It is no call of the statistics.
    TestCall { call: CallId, trunk: String, dialled: String, at: Timestamp },
    /// `recording.began`
    RecordingBegan { call: CallId, started_at: Timestamp },
    /// `recording.sealed`; raises the alarm `RecordingGap` if anything is missing.
    RecordingSealed {
        call: CallId,
        sealed_at: Timestamp,
        duration_ms: u64,
        sha256: String,
        repaired: bool,
        #[serde(default)]
        missing: Missing,
    },
}

impl Entry {
    /// The call whose recording lacks words, and when that was seen. Less than half a second stands on the timeline and disturbs nobody.
    pub(super) fn gap(&self) -> Option<(CallId, Timestamp)> {
        match self {
            Self::RecordingSealed { call, sealed_at, missing, .. }
                if missing.caller_ms.max(missing.operator_ms) >= AUDIBLE_MS =>
            {
                Some((*call, *sealed_at))
            }
            _ => None,
        }
    }
}
