//! `/calls`: calling out, and calling others into a call.

use super::Operations;
use crate::access::{Operator, Supervisor, guarded};
use crate::app::AppState;
use crate::error::ApiError;
use crate::extract::{Json, Path};
use axum::extract::State;
use axum::http::StatusCode;
use dispatch::contract::{CallOut, Command, DialMode, MonitorMode};
use dispatch::id::{CallId, PartyId};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// The longest number that anybody writes, separators included, and the longest name.
const LONGEST_NUMBER: usize = 64;
const LONGEST_NAME: usize = 200;

pub(super) fn operations() -> Operations {
    Operations::new()
        .with(guarded!(call_out))
        .with(guarded!(dial_party))
        .with(guarded!(drop_party))
        .with(guarded!(merge_call))
        .with(guarded!(hand_over_call))
        .with(guarded!(prompt_silent_caller))
        .with(guarded!(monitor_call))
        .with(guarded!(end_monitoring))
}

#[derive(Deserialize, ToSchema)]
struct NewCall {
    number: String,
    /// The abandoned call that this one answers to.
    callback_of: Option<CallId>,
}

#[derive(Deserialize, ToSchema)]
struct NewParty {
    number: String,
    /// How the call bar shows the party.
    name: Option<String>,
    mode: DialMode,
}

#[derive(Serialize, ToSchema)]
struct DialledPartyView {
    party: PartyId,
}

#[derive(Deserialize, ToSchema)]
struct MonitorCall {
    mode: MonitorMode,
}

/// Calls a number. The operator hears it ring. Who calls back takes the callback on, so that nobody else calls at the same time.
#[utoipa::path(post, path = "/calls", request_body = NewCall, responses((status = 201, body = CallOut)), tag = "calls")]
async fn call_out(
    Operator(who): Operator,
    State(app): State<AppState>,
    Json(body): Json<NewCall>,
) -> Result<(StatusCode, Json<CallOut>), ApiError> {
    let NewCall { number, callback_of } = body;
    require_number(&number)?;
    let claimed = match callback_of {
        Some(abandoned) => Some(app.desk.claim_callback(&who, abandoned).await?),
        None => None,
    };
    let operator = who.user;
    let made = app.switchboard.ask(|reply| Command::CallOut { operator, number, callback_of, reply }).await;
    // Whether a switchboard that has not answered yet will call is not known.
    if let (Err(refused), Some(claimed)) = (&made, claimed)
        && !refused.is_silence()
    {
        claimed.give_back(&app.desk, &who).await;
    }
    Ok((StatusCode::CREATED, Json(made?)))
}

/// Calls somebody into the call: to talk with first, together with the caller, or to give the call to.
#[utoipa::path(
    post, path = "/calls/{id}/parties", params(("id" = CallId, Path)), request_body = NewParty,
    responses((status = 201, body = DialledPartyView)), tag = "calls"
)]
async fn dial_party(
    Operator(who): Operator,
    State(app): State<AppState>,
    Path(call): Path<CallId>,
    Json(body): Json<NewParty>,
) -> Result<(StatusCode, Json<DialledPartyView>), ApiError> {
    let NewParty { number, name, mode } = body;
    require_number(&number)?;
    if name.as_ref().is_some_and(|name| name.chars().count() > LONGEST_NAME) {
        return Err(ApiError::invalid("name", "shorten the name to 200 characters"));
    }
    let operator = who.user;
    let party = app.switchboard.ask(|reply| Command::Dial { operator, call, number, name, mode, reply }).await?;
    Ok((StatusCode::CREATED, Json(DialledPartyView { party })))
}

/// Lets a party go, whether it rings or talks.
#[utoipa::path(
    delete, path = "/calls/{id}/parties/{party}", params(("id" = CallId, Path), ("party" = PartyId, Path)),
    responses((status = 204)), tag = "calls"
)]
async fn drop_party(
    Operator(who): Operator,
    State(app): State<AppState>,
    Path((call, party)): Path<(CallId, PartyId)>,
) -> Result<StatusCode, ApiError> {
    app.switchboard.ask(|reply| Command::DropParty { operator: who.user, call, party, reply }).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Ends a consultation: caller, operator and party hear each other.
#[utoipa::path(post, path = "/calls/{id}/merge", params(("id" = CallId, Path)), responses((status = 204)), tag = "calls")]
async fn merge_call(
    Operator(who): Operator,
    State(app): State<AppState>,
    Path(call): Path<CallId>,
) -> Result<StatusCode, ApiError> {
    app.switchboard.ask(|reply| Command::Merge { operator: who.user, call, reply }).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// The operator leaves the call; caller and parties go on.
#[utoipa::path(post, path = "/calls/{id}/handover", params(("id" = CallId, Path)), responses((status = 204)), tag = "calls")]
async fn hand_over_call(
    Operator(who): Operator,
    State(app): State<AppState>,
    Path(call): Path<CallId>,
) -> Result<StatusCode, ApiError> {
    app.switchboard.ask(|reply| Command::HandOver { operator: who.user, call, reply }).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Asks a caller who is silent to press a key.
#[utoipa::path(post, path = "/calls/{id}/silent-prompt", params(("id" = CallId, Path)), responses((status = 204)), tag = "calls")]
async fn prompt_silent_caller(
    Operator(who): Operator,
    State(app): State<AppState>,
    Path(call): Path<CallId>,
) -> Result<StatusCode, ApiError> {
    app.switchboard.ask(|reply| Command::PromptSilent { operator: who.user, call, reply }).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Listens to a call with the supervisor's own headset, or speaks in it. Written into the audit.
#[utoipa::path(
    put, path = "/calls/{id}/monitor", params(("id" = CallId, Path)), request_body = MonitorCall,
    responses((status = 204)), tag = "calls"
)]
async fn monitor_call(
    Supervisor(who): Supervisor,
    State(app): State<AppState>,
    Path(call): Path<CallId>,
    Json(body): Json<MonitorCall>,
) -> Result<StatusCode, ApiError> {
    // First, so that nobody listens unwatched: one look too many in the audit is better than one too few. By the journal, for whoever steps in
    // for an operator who is lost cannot wait for the database.
    app.desk.audit_soon(&who, "call.monitored", &call.to_string())?;
    let (supervisor, name, mode) = (who.user, who.name, Some(body.mode));
    app.switchboard.ask(|reply| Command::Monitor { supervisor, name, call, mode, reply }).await?;
    Ok(StatusCode::NO_CONTENT)
}

#[utoipa::path(delete, path = "/calls/{id}/monitor", params(("id" = CallId, Path)), responses((status = 204)), tag = "calls")]
async fn end_monitoring(
    Supervisor(who): Supervisor,
    State(app): State<AppState>,
    Path(call): Path<CallId>,
) -> Result<StatusCode, ApiError> {
    let (supervisor, name) = (who.user, who.name);
    app.switchboard.ask(|reply| Command::Monitor { supervisor, name, call, mode: None, reply }).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// What a number is made of, the switchboard knows; here it only must not be endless.
fn require_number(number: &str) -> Result<(), ApiError> {
    match number.trim().is_empty() || number.chars().count() > LONGEST_NUMBER {
        true => Err(ApiError::invalid("number", "write the number to call, at most 64 characters")),
        false => Ok(()),
    }
}
