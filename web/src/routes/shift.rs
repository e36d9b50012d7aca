//! `/shift`: an operator's shift and headset.

use super::Operations;
use crate::access::{Operator, guarded};
use crate::app::AppState;
use crate::error::ApiError;
use crate::extract::Json;
use crate::learning;
use axum::extract::State;
use axum::http::StatusCode;
use dispatch::contract::{Command, MediaTest, Readiness};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// A reason for a pause fits one line.
const LONGEST_REASON: usize = 200;

pub(super) fn operations() -> Operations {
    Operations::new()
        .with(guarded!(start_shift))
        .with(guarded!(end_shift))
        .with(guarded!(use_phone))
        .with(guarded!(set_readiness))
        .with(guarded!(attach_media))
        .with(guarded!(test_media))
}

/// A session description (RFC 8866).
#[derive(Debug, Serialize, Deserialize, ToSchema)]
struct Sdp {
    sdp: String,
}

/// Begins the shift, or takes it over from another browser of the same person.
#[utoipa::path(post, path = "/shift", responses((status = 204)), tag = "shift")]
async fn start_shift(Operator(who): Operator, State(app): State<AppState>) -> Result<StatusCode, ApiError> {
    let learned = learning::now(&app, &who).await;
    if learned.is_none() {
        learning::later(&app, &who);
    }
    let (operator, name) = (who.user, who.name);
    app.switchboard.ask(|reply| Command::StartShift { operator, name, learned, reply }).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Ends the shift. Refused while a call is up.
#[utoipa::path(delete, path = "/shift", responses((status = 204)), tag = "shift")]
async fn end_shift(Operator(who): Operator, State(app): State<AppState>) -> Result<StatusCode, ApiError> {
    app.switchboard.ask(|reply| Command::EndShift { operator: who.user, reply }).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// With what the operator speaks and hears.
#[derive(Debug, Deserialize, ToSchema)]
struct Voice {
    /// The name of a desk phone; none for the browser's headset.
    phone: Option<String>,
}

/// Changes to a desk phone, or back to the browser's headset. Refused while a call is up by the other, unless that is lost.
#[utoipa::path(put, path = "/shift/voice", request_body = Voice, responses((status = 204)), tag = "shift")]
async fn use_phone(
    Operator(who): Operator,
    State(app): State<AppState>,
    Json(Voice { phone }): Json<Voice>,
) -> Result<StatusCode, ApiError> {
    // A store that does not answer keeps nobody from a phone that is everybody's.
    let username = app.desk.me(&who).await.ok().map(|me| me.username);
    let operator = who.user;
    app.switchboard.ask(|reply| Command::UsePhone { operator, username, phone, reply }).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Ready for calls, or paused with a reason.
#[utoipa::path(put, path = "/shift/readiness", request_body = Readiness, responses((status = 204)), tag = "shift")]
async fn set_readiness(
    Operator(who): Operator,
    State(app): State<AppState>,
    Json(readiness): Json<Readiness>,
) -> Result<StatusCode, ApiError> {
    if matches!(&readiness, Readiness::Paused { reason } if reason.chars().count() > LONGEST_REASON) {
        return Err(ApiError::invalid("reason", "shorten the reason to 200 characters"));
    }
    app.switchboard.ask(|reply| Command::SetReadiness { operator: who.user, readiness, reply }).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Connects the browser's headset: an offer in, the answer out. The newest one wins; a call that is up moves to it.
#[utoipa::path(post, path = "/shift/media", request_body = Sdp, responses((status = 200, body = Sdp)), tag = "shift")]
async fn attach_media(
    Operator(who): Operator,
    State(app): State<AppState>,
    Json(offer): Json<Sdp>,
) -> Result<Json<Sdp>, ApiError> {
    let operator = who.user;
    let sdp = app.switchboard.ask(|reply| Command::AttachMedia { operator, offer: offer.sdp, reply }).await?;
    Ok(Json(Sdp { sdp }))
}

/// Plays a tone to the headset for two seconds and says how loud the microphone was heard.
#[utoipa::path(post, path = "/shift/test", responses((status = 200, body = MediaTest)), tag = "shift")]
async fn test_media(Operator(who): Operator, State(app): State<AppState>) -> Result<Json<MediaTest>, ApiError> {
    Ok(Json(app.switchboard.ask_for_test(|reply| Command::TestMedia { operator: who.user, reply }).await?))
}
