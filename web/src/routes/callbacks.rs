//! `/callbacks`: callers who gave up before an answer.

use super::Operations;
use crate::access::{Operator, guarded};
use crate::app::AppState;
use crate::error::ApiError;
use crate::extract::{Json, Path};
use axum::extract::State;
use axum::http::StatusCode;
use dispatch::contract::{CallbackEnd, CallbackView};
use dispatch::id::CallId;
use serde::Deserialize;
use utoipa::ToSchema;

pub(super) fn operations() -> Operations {
    Operations::new()
        .with(guarded!(list_callbacks))
        .with(guarded!(claim_callback))
        .with(guarded!(release_callback))
        .with(guarded!(close_callback))
        .with(guarded!(reopen_callback))
}

#[derive(Deserialize, ToSchema)]
struct CloseCallback {
    reason: CallbackEnd,
}

/// Callers who are to be called back, longest waiting first; 500 at most. The live event `callbacks` says when to read them again.
#[utoipa::path(get, path = "/callbacks", responses((status = 200, body = [CallbackView])), tag = "callbacks")]
async fn list_callbacks(Operator(who): Operator, State(app): State<AppState>) -> Result<Json<Vec<CallbackView>>, ApiError> {
    Ok(Json(app.desk.callbacks(&who).await?))
}

/// Takes the callback on, so that nobody else calls at the same time.
#[utoipa::path(
    post, path = "/callbacks/{id}/claim", params(("id" = CallId, Path, description = "The abandoned call")),
    responses((status = 200, body = CallbackView)), tag = "callbacks"
)]
async fn claim_callback(
    Operator(who): Operator,
    State(app): State<AppState>,
    Path(call): Path<CallId>,
) -> Result<Json<CallbackView>, ApiError> {
    Ok(Json(app.desk.claim_callback(&who, call).await?.callback))
}

/// Leaves the callback to others.
#[utoipa::path(
    post, path = "/callbacks/{id}/release", params(("id" = CallId, Path, description = "The abandoned call")),
    responses((status = 200, body = CallbackView)), tag = "callbacks"
)]
async fn release_callback(
    Operator(who): Operator,
    State(app): State<AppState>,
    Path(call): Path<CallId>,
) -> Result<Json<CallbackView>, ApiError> {
    Ok(Json(app.desk.release_callback(&who, call).await?))
}

#[utoipa::path(
    post, path = "/callbacks/{id}/close", params(("id" = CallId, Path, description = "The abandoned call")),
    request_body = CloseCallback, responses((status = 204)), tag = "callbacks"
)]
async fn close_callback(
    Operator(who): Operator,
    State(app): State<AppState>,
    Path(call): Path<CallId>,
    Json(body): Json<CloseCallback>,
) -> Result<StatusCode, ApiError> {
    app.desk.close_callback(&who, call, body.reason).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Takes back that the caller was reached: a mailbox answered, or somebody else.
#[utoipa::path(
    post, path = "/callbacks/{id}/reopen", params(("id" = CallId, Path, description = "The abandoned call")),
    responses((status = 200, body = CallbackView)), tag = "callbacks"
)]
async fn reopen_callback(
    Operator(who): Operator,
    State(app): State<AppState>,
    Path(call): Path<CallId>,
) -> Result<Json<CallbackView>, ApiError> {
    Ok(Json(app.desk.reopen_callback(&who, call).await?))
}
