//! `GET` and `POST /hooks/whatsapp`: Meta's check of the address, and its signed webhooks.

use super::Whatsapp;
use super::inbound;
use crate::bridge::hooks::{Door, same_secret};
use axum::Router;
use axum::body::Body;
use axum::extract::{Query, State};
use axum::http::{HeaderMap, Request, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use hmac::{Hmac, KeyInit, Mac};
use serde::Deserialize;
use sha2::Sha256;

/// Meta's webhooks have at most 3 MiB.
const BODY_MAX: usize = 3 * 1024 * 1024;

/// Meta's challenge has about ten digits.
const CHALLENGE_MAX: usize = 128;

const SIGNATURE_HEADER: &str = "x-hub-signature-256";

#[derive(Clone)]
struct Hook {
    whatsapp: Whatsapp,
    door: Door,
}

/// The routes. A webhook without a signature gets 401, one with a wrong signature 403; neither changes anything.
pub fn router(whatsapp: Whatsapp) -> Router {
    let hook = Hook { whatsapp, door: Door::new("whatsapp", BODY_MAX) };
    Router::new().route("/hooks/whatsapp", get(verify).post(take)).with_state(hook)
}

#[derive(Deserialize)]
struct Verification {
    #[serde(rename = "hub.mode")]
    mode: Option<String>,
    #[serde(rename = "hub.verify_token")]
    token: Option<String>,
    #[serde(rename = "hub.challenge")]
    challenge: Option<String>,
}

async fn verify(State(hook): State<Hook>, Query(query): Query<Verification>) -> Response {
    let token = query.token.unwrap_or_default();
    if query.mode.as_deref() != Some("subscribe") || !same_secret(token.as_bytes(), hook.whatsapp.account.verify_token.as_bytes())
    {
        return hook.door.refuse(StatusCode::FORBIDDEN, "verify_token");
    }
    match query.challenge.filter(|challenge| challenge.len() <= CHALLENGE_MAX) {
        Some(challenge) => challenge.into_response(),
        None => hook.door.refuse(StatusCode::BAD_REQUEST, "challenge"),
    }
}

async fn take(State(hook): State<Hook>, request: Request<Body>) -> Response {
    let door = &hook.door;
    if !request.headers().contains_key(SIGNATURE_HEADER) {
        return door.refuse(StatusCode::UNAUTHORIZED, "no_signature");
    }
    let (headers, body, _permit) = match door.enter(request).await {
        Ok(entered) => entered,
        Err(refused) => return refused,
    };
    if !signed(&headers, &body, hook.whatsapp.account.app_secret.as_bytes()) {
        return door.refuse(StatusCode::FORBIDDEN, "wrong_signature");
    }
    let Some(read) = inbound::read(&body, &hook.whatsapp.account.phone_number_id) else {
        return door.refuse(StatusCode::BAD_REQUEST, "not_a_webhook");
    };
    if read.skipped > 0 {
        metrics::counter!("siaga_webhook_items_skipped_total", "channel" => "whatsapp").increment(read.skipped as u64);
    }
    let work = async {
        for item in read.items {
            hook.whatsapp.take(item).await?;
        }
        Ok::<_, super::press::ComeAgain>(())
    };
    match door.within(work).await {
        Ok(Ok(())) => StatusCode::OK.into_response(),
        Ok(Err(super::press::ComeAgain)) => door.later("store"),
        Err(slow) => slow,
    }
}

/// Whether the header holds `sha256=` and the HMAC-SHA256 of exactly these bytes. Compared in constant time.
fn signed(headers: &HeaderMap, body: &[u8], app_secret: &[u8]) -> bool {
    let Some(given) = headers.get(SIGNATURE_HEADER).and_then(|value| value.to_str().ok()) else { return false };
    let Some(given) = given.strip_prefix("sha256=").and_then(from_hex) else { return false };
    let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(app_secret) else { return false };
    mac.update(body);
    mac.verify_slice(&given).is_ok()
}

/// 64 hexadecimal digits as 32 bytes.
fn from_hex(text: &str) -> Option<[u8; 32]> {
    let digits: Vec<u8> =
        text.chars().map(|c| c.to_digit(16).and_then(|digit| u8::try_from(digit).ok())).collect::<Option<_>>()?;
    let bytes: Vec<u8> = digits.chunks_exact(2).filter_map(|pair| Some(pair.first()? << 4 | pair.get(1)?)).collect();
    (text.len() == 64).then(|| <[u8; 32]>::try_from(bytes).ok()).flatten()
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::http::HeaderValue;
    use proptest::prelude::*;

    /// RFC 4231, test case 2.
    const MAC: &str = "sha256=5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843";
    const WORDS: &[u8] = b"what do ya want for nothing?";

    fn with(signature: &str) -> HeaderMap {
        HeaderMap::from_iter([(SIGNATURE_HEADER.parse().unwrap(), HeaderValue::from_str(signature).unwrap())])
    }

    #[test]
    fn the_right_signature_over_the_raw_bytes_is_taken() {
        assert!(signed(&with(MAC), WORDS, b"Jefe"));
    }

    #[test]
    fn anything_else_is_not() {
        assert!(!signed(&HeaderMap::new(), WORDS, b"Jefe"));
        assert!(!signed(&with(MAC), b"what do ya want for nothing!", b"Jefe"));
        assert!(!signed(&with(MAC), WORDS, b"jefe"));
        assert!(!signed(&with(&MAC[..70]), WORDS, b"Jefe"));
        assert!(!signed(&with(&MAC.replace("sha256=", "sha1=")), WORDS, b"Jefe"));
        assert!(!signed(&with(&format!("{MAC}00")), WORDS, b"Jefe"));
        assert!(!signed(&with("sha256="), WORDS, b"Jefe"));
    }

    proptest! {
        #[test]
        fn hostile_headers_never_panic(signature in "[ -~]{0,100}") {
            prop_assert!(!signed(&with(&signature), WORDS, b"Jefe"));
        }
    }
}
