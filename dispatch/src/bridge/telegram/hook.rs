//! `POST /hooks/telegram`: updates that Telegram brings by itself.

use super::Telegram;
use super::update::Taken;
use crate::bridge::hooks::{Door, same_secret};
use axum::Router;
use axum::body::Body;
use axum::extract::State;
use axum::http::{Request, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use std::sync::Arc;
use teloxide::types::Update;

/// Telegram's updates stay well below this.
const BODY_MAX: usize = 256 * 1024;

const SECRET_HEADER: &str = "x-telegram-bot-api-secret-token";

#[derive(Clone)]
struct Hook {
    telegram: Telegram,
    secret: Arc<str>,
    door: Door,
}

/// The route. Without the right secret nothing is read: 401 if there is none, 403 if it is wrong.
pub fn router(telegram: Telegram, secret: &str) -> Router {
    let hook = Hook { telegram, secret: secret.into(), door: Door::new("telegram", BODY_MAX) };
    Router::new().route("/hooks/telegram", post(take)).with_state(hook)
}

async fn take(State(hook): State<Hook>, request: Request<Body>) -> Response {
    let door = &hook.door;
    match request.headers().get(SECRET_HEADER) {
        None => return door.refuse(StatusCode::UNAUTHORIZED, "no_secret"),
        Some(given) if !same_secret(given.as_bytes(), hook.secret.as_bytes()) => {
            return door.refuse(StatusCode::FORBIDDEN, "wrong_secret");
        }
        Some(_) => {}
    }
    let (_, body, _permit) = match door.enter(request).await {
        Ok(entered) => entered,
        Err(refused) => return refused,
    };
    let Ok(update) = serde_json::from_slice::<Update>(&body) else {
        return door.refuse(StatusCode::BAD_REQUEST, "not_an_update");
    };
    match door.within(hook.telegram.take(update)).await {
        Ok(Taken::Done) => StatusCode::OK.into_response(),
        Ok(Taken::Again) => door.later("store"),
        Err(slow) => slow,
    }
}
