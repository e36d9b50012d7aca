//! `POST /hooks/aml`: telephones, or whoever gathers their messages, say where callers are.

use super::read::{Sighting, read};
use crate::bridge::{Door, same_secret};
use crate::contract::Command;
use axum::Router;
use axum::body::Body;
use axum::extract::State;
use axum::http::{HeaderMap, Request, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use std::sync::Arc;
use tokio::sync::mpsc;

/// A message has less than 2 KiB.
const BODY_MAX: usize = 16 * 1024;

#[derive(Clone)]
struct Hook {
    token: Arc<str>,
    switchboard: mpsc::Sender<Command>,
    door: Door,
}

/// The route. Without the token nothing is read: 401 if there is none, 403 if it is wrong. What is read but cannot be used is answered with 202 and
/// says why, because telephones send everything but a 2xx once more.
pub fn router(token: &str, switchboard: mpsc::Sender<Command>) -> Router {
    let hook = Hook { token: token.into(), switchboard, door: Door::new("aml", BODY_MAX) };
    Router::new().route("/hooks/aml", post(take)).with_state(hook)
}

async fn take(State(hook): State<Hook>, request: Request<Body>) -> Response {
    let door = &hook.door;
    match token(request.headers()) {
        None => return door.refuse(StatusCode::UNAUTHORIZED, "no_token"),
        Some(given) if !same_secret(&given, hook.token.as_bytes()) => return door.refuse(StatusCode::FORBIDDEN, "wrong_token"),
        Some(_) => {}
    }
    let (headers, body, _permit) = match door.enter(request).await {
        Ok(entered) => entered,
        Err(refused) => return refused,
    };
    let content = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    match read(&body, content.to_ascii_lowercase().contains("json")) {
        Ok(Sighting { number, location }) => match hook.switchboard.try_send(Command::LocateCaller { number, location }) {
            Ok(()) => StatusCode::OK.into_response(),
            Err(_) => door.later("busy"),
        },
        Err(error) => {
            metrics::counter!("siaga_aml_total", "outcome" => "unusable").increment(1);
            tracing::info!(%error, "a telephone's message about its place cannot be used");
            (StatusCode::ACCEPTED, error.to_string()).into_response()
        }
    }
}

/// The token, as a bearer's or as the password of basic authentication.
fn token(headers: &HeaderMap) -> Option<Vec<u8>> {
    let given = headers.get(header::AUTHORIZATION)?.to_str().ok()?;
    let (scheme, credentials) = given.split_once(' ')?;
    match scheme.to_ascii_lowercase().as_str() {
        "bearer" => Some(credentials.trim().as_bytes().to_vec()),
        "basic" => {
            let decoded = STANDARD.decode(credentials.trim()).ok()?;
            let colon = decoded.iter().position(|octet| *octet == b':')?;
            decoded.get(colon + 1..).map(<[u8]>::to_vec)
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::http::HeaderValue;

    fn with(authorization: &str) -> HeaderMap {
        HeaderMap::from_iter([(header::AUTHORIZATION, HeaderValue::from_str(authorization).unwrap())])
    }

    #[test]
    fn the_token_comes_as_a_bearers_or_as_a_password() {
        let basic = STANDARD.encode("carrier:a:word");
        for (given, expected) in [
            ("Bearer a:word".to_owned(), Some("a:word")),
            (format!("Basic {basic}"), Some("a:word")),
            (format!("basic {}", STANDARD.encode("no-colon")), None),
            ("Basic ???".to_owned(), None),
            ("Digest x".to_owned(), None),
            ("Bearer".to_owned(), None),
        ] {
            assert_eq!(token(&with(&given)).as_deref(), expected.map(str::as_bytes), "{given}");
        }
        assert_eq!(token(&HeaderMap::new()), None);
    }
}
