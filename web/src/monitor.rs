//! What a monitoring system asks: whether the process lives, whether it can do its work, and its numbers.

use crate::app::AppState;
use crate::error::ApiError;
use async_trait::async_trait;
use axum::extract::{ConnectInfo, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use std::net::SocketAddr;
use std::time::Duration;
use subtle::ConstantTimeEq;

/// How long one look at everything may take.
const PATIENCE: Duration = Duration::from_secs(5);

/// Whether the parts that this crate does not see can do their work. The binary implements it.
#[async_trait]
pub trait Readiness: Send + Sync + 'static {
    async fn checks(&self) -> Vec<Check>;
}

/// One condition of being ready.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Check {
    /// `store`, `sip`, `media`, `disk` ...
    pub name: &'static str,
    pub ok: bool,
    /// What to do if it is not; never a caller's data nor a secret, since anybody may ask.
    pub detail: Option<String>,
}

#[derive(Debug, Serialize)]
struct Ready {
    ready: bool,
    checks: Vec<Check>,
}

/// `GET /healthz`: the process lives and its async threads turn.
pub(crate) async fn alive() -> &'static str {
    "ok\n"
}

/// `GET /readyz`: 200 if every check is well, else 503; each check by name.
pub(crate) async fn ready(State(app): State<AppState>) -> Response {
    let checks = tokio::time::timeout(PATIENCE, app.ready.checks()).await.unwrap_or_else(|_| {
        vec![Check { name: "checks", ok: false, detail: Some("the checks themselves did not end in time".to_owned()) }]
    });
    let ready = checks.iter().all(|check| check.ok);
    let status = if ready { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE };
    (status, axum::Json(Ready { ready, checks })).into_response()
}

/// `GET /metrics` in Prometheus' text format, for this machine and for who has the token.
pub(crate) async fn metrics(
    State(app): State<AppState>,
    ConnectInfo(peer): ConnectInfo<SocketAddr>,
    headers: HeaderMap,
) -> Response {
    // Behind a proxy on this machine everybody seems to come from it.
    let forwarded = headers.contains_key("x-forwarded-for") || headers.contains_key(header::FORWARDED);
    let here = peer.ip().to_canonical().is_loopback() && !forwarded;
    if !here && !bears(&headers, app.config.metrics_token.as_deref()) {
        return ApiError::new(
            StatusCode::FORBIDDEN,
            "forbidden",
            "ask from this machine, or send web.metrics_token as a bearer token",
        )
        .into_response();
    }
    app.metrics.run_upkeep();
    ([(header::CONTENT_TYPE, "text/plain; version=0.0.4; charset=utf-8")], app.metrics.render()).into_response()
}

fn bears(headers: &HeaderMap, token: Option<&str>) -> bool {
    let sent = headers.get(header::AUTHORIZATION).and_then(|value| value.as_bytes().strip_prefix(b"Bearer "));
    match (sent, token) {
        (Some(sent), Some(token)) if !token.is_empty() => bool::from(sent.ct_eq(token.as_bytes())),
        _ => false,
    }
}
