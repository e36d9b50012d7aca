//! `/calls/{id}/text`: typing to a caller, and reading what was typed (RFC 4103).

use super::Operations;
use crate::access::{Operator, guarded};
use crate::app::AppState;
use crate::error::ApiError;
use crate::extract::{Json, Path};
use axum::extract::State;
use axum::http::StatusCode;
use dispatch::contract::{Command, TextView, Typed};
use dispatch::id::CallId;
use serde::Deserialize;
use utoipa::ToSchema;
use uuid::Uuid;

/// The most bytes of 500 letters.
const LONGEST: usize = 2_000;

pub(super) fn operations() -> Operations {
    Operations::new().with(guarded!(read_text)).with(guarded!(type_text))
}

#[derive(Deserialize, ToSchema)]
struct TypeText {
    /// Made by the client for these letters; sent again under it they are typed once.
    id: Uuid,
    /// 1 to 500 letters; a line feed is a new line, and a backspace (U+0008) erases the letter before it.
    text: String,
}

/// What was typed in a call that is up, so far. For the operator who has it, and for a supervisor who takes part in it.
#[utoipa::path(
    get, path = "/calls/{id}/text", params(("id" = CallId, Path)), responses((status = 200, body = TextView)), tag = "calls"
)]
async fn read_text(
    Operator(who): Operator,
    State(app): State<AppState>,
    Path(call): Path<CallId>,
) -> Result<Json<TextView>, ApiError> {
    Ok(Json(app.switchboard.ask(|reply| Command::ReadText { reader: who.user, call, reply }).await?))
}

/// Types to the caller, as the operator of the call. What was typed comes back as live events.
#[utoipa::path(
    post, path = "/calls/{id}/text", params(("id" = CallId, Path)), request_body = TypeText,
    responses((status = 204)), tag = "calls"
)]
async fn type_text(
    Operator(who): Operator,
    State(app): State<AppState>,
    Path(call): Path<CallId>,
    Json(TypeText { id, text }): Json<TypeText>,
) -> Result<StatusCode, ApiError> {
    if text.is_empty() || text.len() > LONGEST {
        return Err(ApiError::invalid("text", "type 1 to 500 letters at once"));
    }
    app.switchboard.ask(|reply| Command::TypeText { operator: who.user, call, id, text: Typed(text), reply }).await?;
    Ok(StatusCode::NO_CONTENT)
}
