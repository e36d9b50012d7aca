//! What the webhooks of all chat services share: bounds on size, time and number, secrets compared in constant time, and one
//! way to refuse.

use axum::body::{Body, Bytes};
use axum::http::{HeaderMap, HeaderValue, Request, StatusCode, header::RETRY_AFTER};
use axum::response::{IntoResponse, Response};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;
use subtle::ConstantTimeEq;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// Longest time for a body to arrive.
const ARRIVAL: Duration = Duration::from_secs(5);

/// Longest time for what a body says to be kept.
const KEEPING: Duration = Duration::from_secs(10);

/// Webhook requests of one service in work at the same time; those beyond are asked to come again.
const AT_ONCE: usize = 32;

/// The door of one service's webhook.
#[derive(Debug, Clone)]
pub struct Door {
    channel: &'static str,
    body_max: usize,
    places: Arc<Semaphore>,
    refused: Arc<AtomicU64>,
}

impl Door {
    /// `channel` is the label in metrics, `body_max` the largest body in bytes.
    pub fn new(channel: &'static str, body_max: usize) -> Self {
        Self { channel, body_max, places: Arc::new(Semaphore::new(AT_ONCE)), refused: Arc::default() }
    }

    /// Reads the body within its bounds. The permit is held until the request is done.
    pub async fn enter(&self, request: Request<Body>) -> Result<(HeaderMap, Bytes, OwnedSemaphorePermit), Response> {
        let Ok(permit) = self.places.clone().try_acquire_owned() else { return Err(self.later("busy")) };
        let (head, body) = request.into_parts();
        match tokio::time::timeout(ARRIVAL, axum::body::to_bytes(body, self.body_max)).await {
            Ok(Ok(body)) => Ok((head.headers, body, permit)),
            Ok(Err(_)) => Err(self.refuse(StatusCode::PAYLOAD_TOO_LARGE, "body")),
            Err(_) => Err(self.refuse(StatusCode::REQUEST_TIMEOUT, "slow")),
        }
    }

    /// Refuses with a counter. Nothing has changed.
    pub fn refuse(&self, status: StatusCode, why: &'static str) -> Response {
        metrics::counter!("siaga_webhooks_refused_total", "channel" => self.channel, "why" => why).increment(1);
        // Whoever reaches the address can cause these, so that the log tells only the 1st, 2nd, 4th, 8th ...
        let refused = self.refused.fetch_add(1, Ordering::Relaxed) + 1;
        if refused.is_power_of_two() {
            tracing::warn!(channel = self.channel, why, refused, "a webhook was refused");
        }
        status.into_response()
    }

    /// Asks the service to send the same again; every one of them does after anything but a 2xx.
    pub fn later(&self, why: &'static str) -> Response {
        let mut response = self.refuse(StatusCode::SERVICE_UNAVAILABLE, why);
        response.headers_mut().insert(RETRY_AFTER, HeaderValue::from_static("2"));
        response
    }

    /// Runs what a request asks for, bounded in time.
    pub async fn within<T>(&self, work: impl Future<Output = T>) -> Result<T, Response> {
        tokio::time::timeout(KEEPING, work).await.map_err(|_| self.later("slow_desk"))
    }
}

/// Whether two secrets are equal, in a time that does not tell where they differ.
pub fn same_secret(given: &[u8], ours: &[u8]) -> bool {
    !ours.is_empty() && bool::from(given.ct_eq(ours))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_empty_secret_never_opens() {
        assert!(same_secret(b"abc", b"abc"));
        assert!(!same_secret(b"abd", b"abc"));
        assert!(!same_secret(b"ab", b"abc"));
        assert!(!same_secret(b"", b""));
    }
}
