//! The demo's second page: the caller's telephone and the field team's chat, side by side.
// A JSON value indexed by a name that it lacks is null; nothing here can panic.
#![allow(clippy::indexing_slicing)]

use super::caller::Caller;
use super::chat::{Chats, Message};
use crate::clock;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::Html;
use axum::routing::{get, post};
use axum::{Json, Router};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::sync::Notify;

/// How long `getUpdates` waits for a press before it answers that there is none.
const LONG_POLL: Duration = Duration::from_secs(10);

#[derive(Clone)]
pub struct Scene {
    chats: Arc<Mutex<Chats>>,
    pressed: Arc<Notify>,
    caller: Caller,
}

#[derive(Serialize)]
struct Shown {
    caller: super::caller::Phase,
    messages: Vec<Message>,
}

#[derive(Deserialize)]
struct Press {
    message: i64,
    data: String,
}

impl Scene {
    pub fn new(caller: Caller) -> Self {
        Self { chats: Arc::default(), pressed: Arc::default(), caller }
    }

    /// The page, its data, and the Bot API under `/bot<token>/<method>`.
    pub fn router(self) -> Router {
        Router::new()
            .route("/", get(|| async { Html(include_str!("scene.html")) }))
            .route("/scene", get(shown))
            .route("/call/{story}", post(call))
            .route("/hang-up", post(hang_up))
            .route("/press", post(press))
            .route("/{bot}/{method}", post(bot_api).get(bot_api))
            .with_state(self)
    }

    fn chats(&self) -> std::sync::MutexGuard<'_, Chats> {
        self.chats.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

async fn shown(State(scene): State<Scene>) -> Json<Shown> {
    let messages = scene.chats().messages().cloned().collect();
    Json(Shown { caller: scene.caller.phase(), messages })
}

async fn call(State(scene): State<Scene>, Path(story): Path<u8>) -> StatusCode {
    if scene.caller.call(story) { StatusCode::ACCEPTED } else { StatusCode::CONFLICT }
}

async fn hang_up(State(scene): State<Scene>) -> StatusCode {
    scene.caller.hang_up();
    StatusCode::ACCEPTED
}

async fn press(State(scene): State<Scene>, Json(press): Json<Press>) -> StatusCode {
    let taken = scene.chats().press(press.message, &press.data, "Rudi (Regu 1)", clock::now().as_second());
    scene.pressed.notify_waiters();
    if taken { StatusCode::ACCEPTED } else { StatusCode::NOT_FOUND }
}

async fn bot_api(
    State(scene): State<Scene>,
    Path((_bot, method)): Path<(String, String)>,
    body: axum::body::Bytes,
) -> Json<Value> {
    let body: Value = serde_json::from_slice(&body).unwrap_or(Value::Null);
    if method.eq_ignore_ascii_case("getUpdates") {
        let from = body["offset"].as_i64().unwrap_or(0);
        let pressed = scene.pressed.notified();
        if !scene.chats().has_updates(from) {
            let _ = tokio::time::timeout(LONG_POLL, pressed).await;
        }
    }
    Json(scene.chats().answer(&method, &body, clock::now().as_second()))
}
