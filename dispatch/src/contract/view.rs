//! The shapes in which the API and the live events show things. Times are UTC in RFC 3339.

use crate::id::*;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// What a person may do; each role may do what the one before may.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    Operator,
    /// Pembantu pengawas.
    Supervisor,
    /// Pengawas.
    Manager,
    /// Kepala pengawas, who also administers.
    Head,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct UserView {
    pub id: UserId,
    pub username: String,
    pub name: String,
    pub role: Role,
    pub active: bool,
    /// Short words as `fire` or `ambulance`, matched with the kind of help that a caller's network asks for.
    pub skills: Vec<String>,
    /// Primary language tags (BCP 47) as `id` or `en`.
    pub languages: Vec<String>,
}

/// A position in WGS 84 degrees.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Position {
    pub latitude: f64,
    pub longitude: f64,
}

/// Where the caller's network says that the caller is (PIDF-LO, RFC 4119, RFC 5491).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct CallerLocation {
    pub position: Option<Position>,
    /// Radius of uncertainty in metres.
    pub radius_m: Option<f64>,
    /// A civic address on one line, if one was sent.
    pub civic: Option<String>,
}

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
    Operator,
    /// The network, a missing ACK or a failed session.
    Network,
    /// The server stopped while the call was up.
    Restart,
    /// Whom the call was given to hung up.
    Party,
    /// An outbound call was not answered, busy or failed.
    NotReached,
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
    pub answered_at: Option<Timestamp>,
    pub ended_at: Option<Timestamp>,
    pub ended_by: Option<EndedBy>,
    pub operator: Option<UserId>,
    pub operator_name: Option<String>,
    pub location: Option<CallerLocation>,
    pub direction: CallDirection,
    pub priority: CallPriority,
    /// Who else was called into the call, in the order in which they were called.
    pub parties: Vec<PartyView>,
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

/// A caller who gave up before anybody answered, and was not reached since.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct CallbackView {
    /// The newest call that was abandoned.
    pub call: CallId,
    pub number: String,
    pub name: Option<String>,
    pub abandoned_at: Timestamp,
    /// How long the caller waited.
    pub waited_s: i64,
    /// How often somebody called back.
    pub tries: i64,
    pub last_try_at: Option<Timestamp>,
    /// Who sees to it.
    pub claimed_by: Option<UserId>,
    pub claimed_by_name: Option<String>,
}

impl std::fmt::Debug for CallbackView {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("CallbackView").field("call", &self.call).field("tries", &self.tries).finish_non_exhaustive()
    }
}

/// How a callback ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum CallbackEnd {
    /// Somebody spoke with the caller.
    Reached,
    Unreachable,
    NotNeeded,
}

/// A number that was marked as a nuisance so often that its calls wait behind others, for a while.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ReputationView {
    pub id: ReputationId,
    pub number: String,
    pub priority: CallPriority,
    /// How often it was marked since it was last known to be a caller in need.
    pub marks: i64,
    pub last_marked_at: Timestamp,
    /// When it is forgotten by itself.
    pub expires_at: Timestamp,
}

impl std::fmt::Debug for ReputationView {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ReputationView").field("id", &self.id).field("marks", &self.marks).finish_non_exhaustive()
    }
}

/// A carrier's line as it stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct TrunkView {
    pub name: String,
    pub state: TrunkState,
    /// Since when the state has stood.
    pub since: Timestamp,
    /// Whether the carrier's registrar knows us; `None` if we do not register there.
    pub registered: Option<bool>,
    /// What was last seen, if it explains the state.
    pub detail: Option<String>,
    /// Calls over it now.
    pub calls: u32,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum TrunkState {
    /// Nothing says how it is: it is not asked, or was not yet.
    Unknown,
    Up,
    Down,
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

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct RecordingView {
    pub call: CallId,
    pub started_at: Timestamp,
    /// `None` while the call is being recorded.
    pub sealed: Option<SealView>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct SealView {
    pub sealed_at: Timestamp,
    pub duration_ms: u64,
    /// Hexadecimal SHA-256 of the WAV file.
    pub sha256: String,
    /// Whether the recording was cut short by a crash and repaired.
    pub repaired: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Disposition {
    Normal,
    Ghost,
    Prank,
    Information,
}

/// What the operator types while talking. Every field may be empty while the call goes on.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(default)]
pub struct ReportFields {
    /// The place in the operator's own words; never rewritten by the server.
    pub place: String,
    /// The place on the map, apart from the words.
    pub position: Option<Position>,
    /// What happened.
    pub event: String,
    pub incident_type: Option<IncidentTypeId>,
    pub caller_name: String,
    pub caller_number: String,
    pub details: String,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct ReportView {
    pub id: ReportId,
    pub call: CallId,
    pub fields: ReportFields,
    /// Rises with every save. A save that was not made from the stored revision is refused with 409 and the stored report.
    pub revision: i64,
    pub saved_at: Timestamp,
    pub incident: Option<IncidentId>,
    pub disposition: Option<Disposition>,
}

/// An operator's save of the form.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct SaveReport {
    pub call: CallId,
    /// The stored revision that these fields were edited from; 0 for a draft that nobody has saved yet.
    pub base: i64,
    /// The revision that this save makes; higher than `base`.
    pub revision: i64,
    pub fields: ReportFields,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum IncidentState {
    Open,
    Closed,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct IncidentView {
    pub id: IncidentId,
    /// The number people say: `20261123-0007`.
    pub number: String,
    pub state: IncidentState,
    pub incident_type: Option<IncidentTypeId>,
    pub place: String,
    pub position: Option<Position>,
    pub event: String,
    pub details: String,
    pub opened_at: Timestamp,
    pub opened_by: UserId,
    pub opened_by_name: String,
    pub closed_at: Option<Timestamp>,
    pub dispatches: Vec<DispatchView>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct IncidentDetail {
    pub incident: IncidentView,
    pub calls: Vec<CallView>,
    pub footage: Vec<FootageView>,
    pub timeline: Vec<TimelineEntry>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Progress {
    /// In the outbox.
    Pending,
    /// The chat service took the message.
    Sent,
    Delivered,
    Read,
    /// Diterima.
    Acknowledged,
    /// Menuju lokasi.
    EnRoute,
    /// Tiba.
    Arrived,
    /// Selesai.
    Done,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Channel {
    Telegram,
    Whatsapp,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct DispatchView {
    pub id: DispatchId,
    pub incident: IncidentId,
    pub team: TeamId,
    pub team_name: String,
    pub agency_name: String,
    pub channel: Channel,
    pub progress: Progress,
    /// Who in the team pressed the last button.
    pub by: Option<String>,
    pub sent_by: UserId,
    pub created_at: Timestamp,
    pub updated_at: Timestamp,
    /// Why the last attempt to send failed; the message is still being tried unless `dead`.
    pub last_error: Option<String>,
    pub dead: bool,
    /// No acknowledgement within the time allowed.
    pub overdue: bool,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct TimelineEntry {
    /// Rises by one with every event of the whole server.
    pub seq: i64,
    pub at: Timestamp,
    pub actor: Actor,
    /// `call.arrived`, `call.answered`, `report.saved`, `incident.opened`, `dispatch.sent`, `dispatch.acknowledged` ...
    pub kind: String,
    pub call: Option<CallId>,
    pub incident: Option<IncidentId>,
    /// Facts of the event, by kind; the console has a sentence for each kind.
    #[schema(value_type = Object)]
    pub data: serde_json::Value,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(tag = "who", rename_all = "snake_case")]
pub enum Actor {
    User {
        id: UserId,
        name: String,
    },
    /// Somebody of a field team, by the name their chat account shows.
    Team {
        team: TeamId,
        name: String,
    },
    Caller,
    System,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct AgencyView {
    pub id: AgencyId,
    pub name: String,
    pub phone: String,
    pub active: bool,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct TeamView {
    pub id: TeamId,
    pub agency: AgencyId,
    pub agency_name: String,
    pub name: String,
    /// The Telegram chat that receives dispatches.
    pub telegram_chat: Option<i64>,
    /// The WhatsApp number in E.164 without `+`.
    pub whatsapp_number: Option<String>,
    pub position: Option<Position>,
    pub active: bool,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct IncidentTypeView {
    pub id: IncidentTypeId,
    /// Order in lists and the digit of its key.
    pub rank: i64,
    pub name: String,
    pub name_en: String,
    /// Lead agencies first suggested.
    pub lead: Vec<AgencyId>,
    pub support: Vec<AgencyId>,
    pub active: bool,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct CameraView {
    pub id: CameraId,
    pub name: String,
    pub position: Position,
    pub active: bool,
    pub state: CameraState,
    /// Metres from the place asked about, in answers to a search.
    pub distance_m: Option<f64>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(tag = "state", rename_all = "snake_case")]
pub enum CameraState {
    /// Frames are arriving and being kept.
    Recording,
    Connecting,
    /// No frames; `why` says what was last seen.
    Failing {
        why: String,
    },
    Off,
}

/// A camera as an administrator writes it. The address is never given back by the API.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct SaveCamera {
    pub name: String,
    pub position: Position,
    /// `rtsp://host:port/path` without credentials; `None` keeps the stored one.
    pub url: Option<String>,
    pub username: Option<String>,
    pub password: Option<String>,
    pub active: bool,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct FootageView {
    pub id: FootageId,
    pub incident: IncidentId,
    pub camera: CameraId,
    pub camera_name: String,
    pub distance_m: f64,
    pub from: Timestamp,
    pub to: Timestamp,
}

/// What of a footage range is on disk, for a player.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct FootageIndex {
    /// RFC 6381 codec string for Media Source Extensions, `avc1.640028`; `None` until the first segment.
    pub codec: Option<String>,
    pub segments: Vec<FootageSegment>,
    /// Whether footage is still being added.
    pub growing: bool,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct FootageSegment {
    /// Stable number of the segment, ascending in time.
    pub n: u64,
    pub start: Timestamp,
    pub duration_ms: u64,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct OperatorView {
    pub id: UserId,
    pub name: String,
    pub state: OperatorState,
    pub since: Timestamp,
    /// The call that rings at or is with the operator.
    pub call: Option<CallId>,
    pub media_connected: bool,
    pub browser_connected: bool,
    pub skills: Vec<String>,
    pub languages: Vec<String>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(tag = "state", rename_all = "snake_case")]
pub enum OperatorState {
    /// Shift begun, not yet ready for calls: headset not connected or test not done.
    Preparing,
    Ready,
    Ringing,
    Busy,
    Paused {
        reason: String,
    },
    /// Writes up the last call; no call rings here until then.
    WrapUp {
        until: Timestamp,
    },
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct AlarmView {
    pub id: AlarmId,
    pub raised_at: Timestamp,
    pub kind: AlarmKind,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum AlarmKind {
    /// A call waits and nobody is ready.
    NobodyReady { call: CallId },
    /// An operator did not answer in time.
    Unanswered { call: CallId, operator: UserId, operator_name: String },
    /// An operator's browser or headset went away during a call.
    OperatorLost { call: CallId, operator: UserId, operator_name: String },
    /// No audio from one side for three seconds.
    OneWayAudio { call: CallId, silent: CallSide },
    /// A team did not acknowledge in time.
    Unacknowledged { dispatch: DispatchId, incident: IncidentId, incident_number: String, team_name: String },
    /// A message cannot be delivered.
    Undeliverable { dispatch: DispatchId, incident: IncidentId, incident_number: String, team_name: String },
    /// Audio of a call could not be written.
    RecordingFailing { call: CallId },
    /// A camera's footage could not be kept for an incident for a minute; it is being retried.
    FootageFailing { camera: CameraId, camera_name: String, incident: IncidentId },
    /// The database does not take what must be kept; it waits on the disk or in memory and is retried.
    StoreFailing,
    /// Something that happened could neither be written nor kept, and is lost: the server's log says what to look at.
    EntriesLost,
    /// A carrier's line does not answer, or refuses our registration.
    TrunkDown { trunk: String, why: String },
    /// A bound of the server is reached and calls are refused: `calls`, `transactions`, `rtp_ports`, `events`, `connections` or
    /// `rate`. Ends by itself when it was not reached for a minute.
    LimitReached { limit: String },
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum CallSide {
    Caller,
    Operator,
}
