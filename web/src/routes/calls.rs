//! `/calls`: looking calls up, and handling the one that is there.

use super::Operations;
use crate::access::{Operator, guarded};
use crate::app::AppState;
use crate::error::ApiError;
use crate::extract::{Json, Path, Query};
use axum::extract::State;
use axum::http::StatusCode;
use dispatch::contract::{CallDetail, CallView, Command};
use dispatch::desk::CallQuery;
use dispatch::id::CallId;
use jiff::Timestamp;
use serde::Deserialize;
use utoipa::{IntoParams, ToSchema};

pub(super) fn operations() -> Operations {
    Operations::new()
        .with(guarded!(list_calls))
        .with(guarded!(get_call))
        .with(guarded!(answer_call))
        .with(guarded!(decline_call))
        .with(guarded!(hang_up_call))
        .with(guarded!(hold_call))
        .with(guarded!(resume_call))
        .with(guarded!(send_digits))
}

#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct ListCalls {
    /// Only calls from this number.
    number: Option<String>,
    /// Only calls that arrived before this time.
    before: Option<Timestamp>,
    /// At most 200; 50 if absent.
    limit: Option<i64>,
}

#[derive(Deserialize, ToSchema)]
struct Digits {
    /// `0`-`9`, `*`, `#` and `A`-`D`, at most 32 of them.
    digits: String,
}

/// Calls, newest first.
#[utoipa::path(get, path = "/calls", params(ListCalls), responses((status = 200, body = [CallView])), tag = "calls")]
async fn list_calls(
    Operator(who): Operator,
    State(app): State<AppState>,
    Query(query): Query<ListCalls>,
) -> Result<Json<Vec<CallView>>, ApiError> {
    let ListCalls { number, before, limit } = query;
    let query = CallQuery { number, before, limit: limit.unwrap_or(0) };
    let mut calls = app.desk.calls(&who, query).await?;
    let up = (app.snapshot)().calls;
    calls.iter_mut().for_each(|call| as_it_stands(call, &up));
    Ok(Json(calls))
}

#[utoipa::path(
    get, path = "/calls/{id}", params(("id" = CallId, Path)),
    responses((status = 200, body = CallDetail)), tag = "calls"
)]
async fn get_call(
    Operator(who): Operator,
    State(app): State<AppState>,
    Path(id): Path<CallId>,
) -> Result<Json<CallDetail>, ApiError> {
    let mut detail = app.desk.call(&who, id).await?;
    as_it_stands(&mut detail.call, &(app.snapshot)().calls);
    Ok(Json(detail))
}

/// A call that is up is shown as the switchboard has it; the store hears of it a moment later and keeps no ringing.
fn as_it_stands(call: &mut CallView, up: &[CallView]) {
    if let Some(live) = up.iter().find(|live| live.id == call.id) {
        call.clone_from(live);
    }
}

/// Answers the call that rings at this operator.
#[utoipa::path(post, path = "/calls/{id}/answer", params(("id" = CallId, Path)), responses((status = 204)), tag = "calls")]
async fn answer_call(
    Operator(who): Operator,
    State(app): State<AppState>,
    Path(call): Path<CallId>,
) -> Result<StatusCode, ApiError> {
    app.switchboard.ask(|reply| Command::Answer { operator: who.user, call, reply }).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Lets the call ring at the next operator.
#[utoipa::path(post, path = "/calls/{id}/decline", params(("id" = CallId, Path)), responses((status = 204)), tag = "calls")]
async fn decline_call(
    Operator(who): Operator,
    State(app): State<AppState>,
    Path(call): Path<CallId>,
) -> Result<StatusCode, ApiError> {
    app.switchboard.ask(|reply| Command::Decline { operator: who.user, call, reply }).await?;
    Ok(StatusCode::NO_CONTENT)
}

#[utoipa::path(post, path = "/calls/{id}/hangup", params(("id" = CallId, Path)), responses((status = 204)), tag = "calls")]
async fn hang_up_call(
    Operator(who): Operator,
    State(app): State<AppState>,
    Path(call): Path<CallId>,
) -> Result<StatusCode, ApiError> {
    app.switchboard.ask(|reply| Command::HangUp { operator: who.user, call, reply }).await?;
    Ok(StatusCode::NO_CONTENT)
}

#[utoipa::path(post, path = "/calls/{id}/hold", params(("id" = CallId, Path)), responses((status = 204)), tag = "calls")]
async fn hold_call(
    Operator(who): Operator,
    State(app): State<AppState>,
    Path(call): Path<CallId>,
) -> Result<StatusCode, ApiError> {
    app.switchboard.ask(|reply| Command::Hold { operator: who.user, call, reply }).await?;
    Ok(StatusCode::NO_CONTENT)
}

#[utoipa::path(post, path = "/calls/{id}/resume", params(("id" = CallId, Path)), responses((status = 204)), tag = "calls")]
async fn resume_call(
    Operator(who): Operator,
    State(app): State<AppState>,
    Path(call): Path<CallId>,
) -> Result<StatusCode, ApiError> {
    app.switchboard.ask(|reply| Command::Resume { operator: who.user, call, reply }).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Sends key tones to the caller's side (RFC 4733).
#[utoipa::path(
    post, path = "/calls/{id}/digits", params(("id" = CallId, Path)),
    request_body = Digits, responses((status = 204)), tag = "calls"
)]
async fn send_digits(
    Operator(who): Operator,
    State(app): State<AppState>,
    Path(call): Path<CallId>,
    Json(Digits { digits }): Json<Digits>,
) -> Result<StatusCode, ApiError> {
    if digits.is_empty() || digits.len() > 32 {
        return Err(ApiError::invalid("digits", "send 1 to 32 keys at once"));
    }
    app.switchboard.ask(|reply| Command::SendDigits { operator: who.user, call, digits, reply }).await?;
    Ok(StatusCode::NO_CONTENT)
}
