//! A call, who takes part in it, and how it ends.

use super::{CallText, CallerLocation, Disposition, RecordingView, ReportView, TimelineEntry};
use crate::id::{CallId, IncidentId, PartyId, ReportId, UserId};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum CallState {
    /// In the queue; ringing at nobody.
    Waiting,
    /// Ringing at an operator.
    Ringing,
    /// Talking with an operator.
    Active,
    Held,
    /// Its operator's browser is away; the caller is still there.
    Detached,
    /// Forwarded to the fallback number.
    Fallback,
    /// Called by an operator, who hears it ring; not answered yet.
    Calling,
    /// The caller waits for somebody else's telephone, which rings; none of us has the call.
    Transferring,
    /// The caller talks with whom the call was given to; none of us has it.
    Transferred,
    Ended,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum CallDirection {
    #[default]
    Inbound,
    /// Called by an operator.
    Outbound,
}

/// A call's place before others. No call is refused: a known nuisance number only waits behind.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum CallPriority {
    /// The number was marked as a nuisance lately.
    Low,
    #[default]
    Normal,
    /// The network asked for it (Resource-Priority, RFC 4412).
    High,
}

/// How a call ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum EndedBy {
    /// The caller hung up after an answer.
    Caller,
    /// The caller gave up before an answer.
    CallerBeforeAnswer,
    /// The caller gave up while nobody had the call any more: whoever had it was lost, or had given it to somebody who did not answer, or
    /// had it so shortly that a machine may have answered.
    CallerLeft,
    Operator,
    /// The network, a missing ACK or a failed session.
    Network,
    /// The server stopped while the call was up.
    Restart,
    /// Whom the call was given to hung up.
    Party,
    /// An outbound call was not answered; [`CallView::unreached`] says why.
    NotReached,
}

impl EndedBy {
    /// Whether what the caller called for may have been left unsaid.
    pub fn cut_off(self) -> bool {
        matches!(self, EndedBy::Network | EndedBy::Restart | EndedBy::CallerLeft)
    }
}

/// Why somebody whom we called did not answer. What can be done next differs for each.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Unreached {
    /// It rang, or the phone is switched off or out of reach.
    NoAnswer,
    Busy,
    /// There is nobody under this number.
    UnknownNumber,
    /// The called side does not want the call, or bars it.
    Declined,
    /// No carrier could carry the call.
    NoWay,
    /// The operator's own desk phone was not lifted; nobody was called.
    NotLifted,
}

/// A call as the queue and the call bar show it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct CallView {
    pub id: CallId,
    pub report: ReportId,
    pub state: CallState,
    /// The caller's number, if the network gave one.
    pub number: Option<String>,
    pub name: Option<String>,
    /// What was dialled: `112`, `urn:service:sos`, `urn:service:sos.fire` ...
    pub dialled: String,
    pub trunk: String,
    pub arrived_at: Timestamp,
    /// Since when nobody has had it, while it waits or rings: also since it was lost by who had it. Known only of a call that is up.
    #[serde(default)]
    pub waiting_since: Option<Timestamp>,
    pub answered_at: Option<Timestamp>,
    pub ended_at: Option<Timestamp>,
    pub ended_by: Option<EndedBy>,
    /// The caller has gone then, and the operator goes, or went, on with those who were called in.
    #[serde(default)]
    pub caller_gone_at: Option<Timestamp>,
    /// Why a call that ended as `not_reached` was not.
    #[serde(default)]
    pub unreached: Option<Unreached>,
    pub operator: Option<UserId>,
    pub operator_name: Option<String>,
    pub location: Option<CallerLocation>,
    pub direction: CallDirection,
    pub priority: CallPriority,
    /// Who else was called into the call, in the order in which they were called.
    pub parties: Vec<PartyView>,
    /// The trunks over which others were called, one for each of them: parties, and fallback numbers. Known only of a call that is up.
    #[serde(default)]
    pub other_lines: Vec<String>,
    /// Supervisors who listen.
    pub monitors: Vec<MonitorView>,
    /// Languages that the caller's side named (BCP 47), best first.
    pub languages: Vec<String>,
    /// The cell that the caller's network names (P-Access-Network-Info, RFC 7315), as text.
    #[serde(default)]
    pub cell: Option<String>,
    /// What the network or the caller's device says beside the call (RFC 7852).
    #[serde(default)]
    pub additional: Vec<AdditionalData>,
    /// The abandoned call that this outbound call answers to.
    #[serde(default)]
    pub callback_of: Option<CallId>,
    /// Whether the caller types beside or in place of speaking (RFC 4103). Known only of a call that is up.
    #[serde(default)]
    pub text: Option<CallText>,
}

/// One statement of a call's additional data (RFC 7852).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct AdditionalData {
    /// The block it comes from: `provider`, `service`, `device`, `subscriber`, `comment`.
    pub kind: String,
    /// The element's name within its block.
    pub label: String,
    pub value: String,
}

/// Somebody whom an operator has called into a call.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct PartyView {
    pub id: PartyId,
    pub name: Option<String>,
    pub number: String,
    pub state: PartyState,
    /// Since when the state has stood.
    pub since: Timestamp,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum PartyState {
    Dialling,
    Ringing,
    /// Talks with the operator alone; the caller is held.
    Consulting,
    /// Talks with the caller.
    Joined,
}

/// A supervisor who listens to a call.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct MonitorView {
    pub supervisor: UserId,
    pub name: String,
    pub mode: MonitorMode,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum MonitorMode {
    /// Hears both, is heard by nobody.
    Listen,
    /// Is heard by the operator alone.
    Whisper,
    /// Is heard by everybody.
    Barge,
}

/// One call with all that is known around it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct CallDetail {
    pub call: CallView,
    pub report: Option<ReportView>,
    /// Earlier calls from this number, newest first, at most 20.
    pub earlier: Vec<EarlierCall>,
    pub recording: Option<RecordingView>,
    pub timeline: Vec<TimelineEntry>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct EarlierCall {
    pub call: CallId,
    pub arrived_at: Timestamp,
    pub caller_name: Option<String>,
    pub place: Option<String>,
    pub disposition: Option<Disposition>,
    pub incident: Option<IncidentId>,
    pub incident_number: Option<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum CallSide {
    Caller,
    Operator,
}
