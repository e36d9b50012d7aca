//! What the switchboard tells of calls, and how it is written down.

use crate::contract::{Actor, CallState, CallView, CallerLocation, EndedBy, ReportFields, ReportView, SealView};
use crate::desk::check;
use crate::domain::place;
use crate::id::*;
use crate::store::{NewEvent, StoreError, Unit};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

/// The longest text that is kept of what the network sent.
const NETWORK_TEXT: usize = 500;

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
    pub at: Timestamp,
}

impl std::fmt::Debug for ArrivedCall {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ArrivedCall").field("call", &self.call).finish_non_exhaustive()
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
    /// `call.fallback_dialled`
    FallbackDialled { call: CallId, at: Timestamp },
    /// `call.fallback_answered`
    FallbackAnswered { call: CallId, at: Timestamp },
    /// `call.fallback_failed`
    FallbackFailed { call: CallId, at: Timestamp },
    /// `call.ended`
    Ended { call: CallId, by: EndedBy, operator: Option<Who>, at: Timestamp },
    /// `recording.began`
    RecordingBegan { call: CallId, started_at: Timestamp },
    /// `recording.sealed`
    RecordingSealed { call: CallId, sealed_at: Timestamp, duration_ms: u64, sha256: String, repaired: bool },
}

impl Entry {
    /// Writes the entry's rows and keeps its event for the commit.
    pub(super) async fn write(&self, unit: &mut Unit, node: &str, dedupe: String) -> Result<(), StoreError> {
        let mut event = self.event();
        event.dedupe = Some(dedupe);
        match self {
            Self::Arrived(arrived) => {
                unit.db().insert_call(&arrived.view(), node).await?;
                unit.db().insert_report(&arrived.draft()).await?;
            }
            Self::Answered { call, operator, at } => {
                unit.db().answer_call(*call, Some((operator.user, &operator.name)), *at).await?;
            }
            Self::FallbackAnswered { call, at } => unit.db().answer_call(*call, None, *at).await?,
            Self::Ended { call, by, at, .. } => unit.db().end_call(*call, *by, *at).await?,
            Self::RecordingBegan { call, started_at } => unit.db().begin_recording(*call, *started_at).await?,
            Self::RecordingSealed { call, sealed_at, duration_ms, sha256, repaired } => {
                let (sealed_at, duration_ms, repaired) = (*sealed_at, *duration_ms, *repaired);
                let seal = SealView { sealed_at, duration_ms, sha256: sha256.clone(), repaired };
                unit.db().seal_recording(*call, &seal).await?;
            }
            _ => {}
        }
        unit.event(event);
        Ok(())
    }

    fn event(&self) -> NewEvent {
        match self {
            Self::Arrived(arrived) => {
                let CallView { number, name, dialled, trunk, .. } = arrived.view();
                let data = json!({ "number": number, "name": name, "dialled": dialled, "trunk": trunk });
                event("call.arrived", arrived.call, arrived.at, Actor::Caller, data)
            }
            Self::Offered { call, operator, at } => event("call.offered", *call, *at, Actor::System, to(operator)),
            Self::Missed { call, operator, at } => event("call.missed", *call, *at, Actor::System, to(operator)),
            Self::Declined { call, operator, at } => event("call.declined", *call, *at, by(operator), json!({})),
            Self::Answered { call, operator, at } => event("call.answered", *call, *at, by(operator), json!({})),
            Self::Held { call, operator, at } => event("call.held", *call, *at, by(operator), json!({})),
            Self::Resumed { call, operator, at } => event("call.resumed", *call, *at, by(operator), json!({})),
            Self::Detached { call, operator, at } => event("call.detached", *call, *at, Actor::System, to(operator)),
            Self::Returned { call, operator, at } => event("call.returned", *call, *at, by(operator), json!({})),
            Self::Requeued { call, at } => event("call.requeued", *call, *at, Actor::System, json!({})),
            Self::FallbackDialled { call, at } => event("call.fallback_dialled", *call, *at, Actor::System, json!({})),
            Self::FallbackAnswered { call, at } => event("call.fallback_answered", *call, *at, Actor::System, json!({})),
            Self::FallbackFailed { call, at } => event("call.fallback_failed", *call, *at, Actor::System, json!({})),
            Self::Ended { call, by: cause, operator, at } => {
                let actor = match (cause, operator) {
                    (EndedBy::Caller | EndedBy::CallerBeforeAnswer, _) => Actor::Caller,
                    (EndedBy::Operator, Some(operator)) => by(operator),
                    _ => Actor::System,
                };
                event("call.ended", *call, *at, actor, json!({ "by": cause }))
            }
            Self::RecordingBegan { call, started_at } => event("recording.began", *call, *started_at, Actor::System, json!({})),
            Self::RecordingSealed { call, sealed_at, duration_ms, sha256, repaired } => {
                let data = json!({ "duration_ms": duration_ms, "sha256": sha256, "repaired": repaired });
                event("recording.sealed", *call, *sealed_at, Actor::System, data)
            }
        }
    }
}

impl ArrivedCall {
    /// What the network sent is bounded and has no control characters, which no database need keep.
    fn view(&self) -> CallView {
        let clean = |text: &Option<String>, limit| text.as_deref().map(|text| check::cut(text, limit));
        CallView {
            id: self.call,
            report: self.report,
            state: CallState::Waiting,
            number: clean(&self.number, check::CALLER_NUMBER),
            name: clean(&self.name, check::CALLER_NAME),
            dialled: check::cut(&self.dialled, NETWORK_TEXT),
            trunk: check::cut(&self.trunk, NETWORK_TEXT),
            arrived_at: self.at,
            answered_at: None,
            ended_at: None,
            ended_by: None,
            operator: None,
            operator_name: None,
            location: self.location.clone().map(|location| CallerLocation {
                position: location.position.filter(|position| place::is_valid(*position)),
                radius_m: location.radius_m.filter(|radius| radius.is_finite()),
                civic: clean(&location.civic, NETWORK_TEXT),
            }),
        }
    }

    /// The form as it opens: what the network says, for the operator to verify.
    fn draft(&self) -> ReportView {
        let CallView { number, name, location, .. } = self.view();
        let (civic, position) = location.map_or((None, None), |location| (location.civic, location.position));
        ReportView {
            id: self.report,
            call: self.call,
            fields: ReportFields {
                place: civic.unwrap_or_default(),
                position,
                caller_name: name.unwrap_or_default(),
                caller_number: number.unwrap_or_default(),
                ..ReportFields::default()
            },
            revision: 0,
            saved_at: self.at,
            incident: None,
            disposition: None,
        }
    }
}

fn event(kind: &'static str, call: CallId, at: Timestamp, actor: Actor, data: Value) -> NewEvent {
    NewEvent { at, actor, kind, call: Some(call), incident: None, data, dedupe: None }
}

fn by(operator: &Who) -> Actor {
    Actor::User { id: operator.user, name: operator.name.clone() }
}

fn to(operator: &Who) -> Value {
    json!({ "operator": operator.user, "operator_name": operator.name })
}
