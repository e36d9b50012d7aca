//! The event that stands on the timeline for each of the switchboard's entries.

use super::entry::{ArrivedCall, DialledCall, DialledParty, Entry, Failure, Missing, SaidLine, Sought, Who};
use crate::contract::{Actor, CallSide, CallView, EndedBy};
use crate::id::CallId;
use crate::store::NewEvent;
use jiff::Timestamp;
use serde_json::{Value, json};

/// What was typed in a call; `operator` of its data is who may read it beside supervisors.
pub(super) const SAID: &str = "call.text";

/// The caller has left an operator who goes on with others; `by` of its data is how the call ended for the caller.
pub(super) const CALLER_GONE: &str = "call.caller_gone";

impl Entry {
    pub(super) fn event(&self) -> NewEvent {
        match self {
            Self::Arrived(arrived) => arrived_event(arrived),
            Self::Located { call, location, at, .. } => event(
                "call.located",
                *call,
                *at,
                Actor::System,
                json!({ "civic": location.as_ref().and_then(|at| at.civic.clone()) }),
            ),
            Self::Relocated { call, location, at } => event(
                "call.relocated",
                *call,
                *at,
                Actor::System,
                json!({ "civic": location.civic, "position": location.position, "radius_m": location.radius_m, "method": location.method }),
            ),
            Self::NotFetched { call, what, why, at } => {
                let kind = match what {
                    Sought::Place => "call.place_not_fetched",
                    Sought::Facts => "call.facts_not_fetched",
                };
                event(kind, *call, *at, Actor::System, json!({ "why": why }))
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
            Self::LineKept { call, at } => event("call.line_kept", *call, *at, Actor::System, json!({})),
            Self::FallbackDialled { call, at } => event("call.fallback_dialled", *call, *at, Actor::System, json!({})),
            Self::FallbackAnswered { call, at } => event("call.fallback_answered", *call, *at, Actor::System, json!({})),
            Self::FallbackFailed { call, at } => event("call.fallback_failed", *call, *at, Actor::System, json!({})),
            Self::Ended { call, by: cause, operator, failure, at } => {
                let actor = match (cause, operator) {
                    (EndedBy::Caller | EndedBy::CallerBeforeAnswer | EndedBy::CallerLeft, _) => Actor::Caller,
                    (EndedBy::Operator, Some(operator)) => by(operator),
                    _ => Actor::System,
                };
                event("call.ended", *call, *at, actor, failed(json!({ "by": cause }), failure))
            }
            Self::OutboundDialled(dialled) => dialled_event(dialled),
            Self::OutboundAnswered { call, trunk, at } => {
                event("call.outbound_answered", *call, *at, Actor::System, json!({ "trunk": trunk }))
            }
            Self::PartyDialled(dialled) => party_event(dialled),
            Self::PartyJoined { call, party, at, .. } => {
                event("call.party_joined", *call, *at, Actor::System, json!({ "party": party }))
            }
            Self::PartyLeft { call, party, why, failure, at } => {
                let data = failed(json!({ "party": party, "why": why }), failure);
                event("call.party_left", *call, *at, Actor::System, data)
            }
            Self::Merged { call, operator, at } => event("call.merged", *call, *at, by(operator), json!({})),
            Self::HandedOver { call, operator, at } => event("call.handed_over", *call, *at, by(operator), json!({})),
            Self::CallerGone { call, by: cause, at } => {
                let actor = if *cause == EndedBy::Network { Actor::System } else { Actor::Caller };
                event(CALLER_GONE, *call, *at, actor, json!({ "by": cause }))
            }
            Self::Transferred { call, party, operator, at } => {
                event("call.transferred", *call, *at, by(operator), json!({ "party": party }))
            }
            Self::Monitored { call, supervisor, mode, at } => {
                event("call.monitored", *call, *at, by(supervisor), json!({ "mode": mode }))
            }
            Self::SilentPrompt { call, operator, at } => event("call.silent_prompt", *call, *at, by(operator), json!({})),
            Self::Digit { call, digit, at } => event("call.digit", *call, *at, Actor::Caller, json!({ "digit": digit })),
            Self::TextOpened { call, at } => event("call.text_opened", *call, *at, Actor::Caller, json!({})),
            Self::TextClosed { call, at } => event("call.text_closed", *call, *at, Actor::Caller, json!({})),
            Self::Said(said) => said_event(said),
            Self::Quality { call, heard, at } => event("call.quality", *call, *at, Actor::System, json!(heard)),
            Self::TestCall { call, trunk, dialled, at } => {
                event("call.test", *call, *at, Actor::System, json!({ "trunk": trunk, "dialled": dialled }))
            }
            Self::RecordingBegan { call, started_at } => event("recording.began", *call, *started_at, Actor::System, json!({})),
            Self::RecordingSealed { call, sealed_at, duration_ms, sha256, repaired, missing } => {
                let Missing { caller_ms, operator_ms } = missing;
                let mut data = json!({ "duration_ms": duration_ms, "sha256": sha256, "repaired": repaired });
                if let Value::Object(fields) = &mut data {
                    let lacks = [("missing_caller_ms", *caller_ms), ("missing_operator_ms", *operator_ms)];
                    fields.extend(lacks.into_iter().filter(|(_, ms)| *ms > 0).map(|(name, ms)| (name.to_owned(), json!(ms))));
                }
                event("recording.sealed", *call, *sealed_at, Actor::System, data)
            }
        }
    }
}

fn arrived_event(arrived: &ArrivedCall) -> NewEvent {
    let CallView { number, name, dialled, trunk, priority, .. } = arrived.view();
    let data = json!({ "number": number, "name": name, "dialled": dialled, "trunk": trunk, "priority": priority });
    event("call.arrived", arrived.call, arrived.at, Actor::Caller, data)
}

fn dialled_event(dialled: &DialledCall) -> NewEvent {
    let CallView { number, name, trunk, callback_of, .. } = dialled.view();
    let data = json!({ "number": number, "name": name, "trunk": trunk, "callback_of": callback_of });
    event("call.outbound_dialled", dialled.call, dialled.at, by(&dialled.operator), data)
}

fn party_event(dialled: &DialledParty) -> NewEvent {
    let DialledParty { party, number, name, mode, .. } = dialled;
    let data = json!({ "party": party, "number": number, "name": name, "mode": mode });
    event("call.party_dialled", dialled.call, dialled.at, by(&dialled.operator), data)
}

fn said_event(said: &SaidLine) -> NewEvent {
    let actor = match (&said.side, &said.operator) {
        (CallSide::Operator, Some(operator)) => by(operator),
        (CallSide::Operator, None) => Actor::System,
        (CallSide::Caller, _) => Actor::Caller,
    };
    let operator = said.operator.as_ref().map(|operator| operator.user);
    event(SAID, said.call, said.at, actor, json!({ "side": said.side, "text": said.words(), "operator": operator }))
}

fn event(kind: &'static str, call: CallId, at: Timestamp, actor: Actor, data: Value) -> NewEvent {
    NewEvent { at, actor, kind, call: Some(call), incident: None, data, dedupe: None }
}

/// With why somebody was not reached: `unreached`, and `code`, the carrier's status.
fn failed(mut data: Value, failure: &Option<Failure>) -> Value {
    if let (Some(Failure { why, code }), Value::Object(fields)) = (failure, &mut data) {
        fields.insert("unreached".into(), json!(why));
        fields.extend(code.map(|code| ("code".into(), json!(code))));
    }
    data
}

fn by(operator: &Who) -> Actor {
    Actor::User { id: operator.user, name: operator.name.clone() }
}

fn to(operator: &Who) -> Value {
    json!({ "operator": operator.user, "operator_name": operator.name })
}
