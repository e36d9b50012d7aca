//! `/live`: the socket on which a console hears what happens.

use super::Operations;
use crate::access::{Operator, guarded};
use crate::app::AppState;
use crate::cookie;
use crate::error::ApiError;
use crate::live;
use axum::extract::State;
use axum::extract::ws::WebSocketUpgrade;
use axum::extract::ws::rejection::WebSocketUpgradeRejection;
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;
use dispatch::contract::Event;

pub(super) fn operations() -> Operations {
    Operations::new().with(guarded!(watch_live))
}

/// A WebSocket. The server sends one `Event` per text frame: first a `snapshot`, then `offered` if a call rings at this
/// person, then every change. It is closed with 4401 when the session ends.
#[utoipa::path(
    get, path = "/live", tag = "live",
    responses((status = 101, description = "Each text frame is an Event", body = Event, content_type = "application/json"))
)]
async fn watch_live(
    Operator(who): Operator,
    State(app): State<AppState>,
    headers: HeaderMap,
    upgrade: Result<WebSocketUpgrade, WebSocketUpgradeRejection>,
) -> Result<Response, ApiError> {
    let token = cookie::token(&headers).ok_or_else(ApiError::unauthenticated)?;
    Ok(live::limited(opened(upgrade)?).on_upgrade(move |socket| live::run(app, who, token, socket)))
}

/// The upgrade, if the request is one.
pub(super) fn opened(upgrade: Result<WebSocketUpgrade, WebSocketUpgradeRejection>) -> Result<WebSocketUpgrade, ApiError> {
    upgrade.map_err(|_| ApiError::new(StatusCode::UPGRADE_REQUIRED, "not_a_socket", "open this address as a WebSocket"))
}
