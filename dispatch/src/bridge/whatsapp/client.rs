//! The HTTP side of sending: one request, bounded in time and size, and what its answer means.

use super::error::classify;
use crate::bridge::StartError;
use crate::bridge::failure::{Failure, Reason};
use reqwest::header::RETRY_AFTER;
use serde::Deserialize;
use serde_json::Value;
use std::sync::Arc;
use std::time::Duration;
use url::Url;

/// Longest answer that is read; Meta's have a few hundred bytes.
const ANSWER_MAX: usize = 64 * 1024;

/// Meta's schema wants `name/1.2.3`.
const USER_AGENT: &str = concat!("siaga/", env!("CARGO_PKG_VERSION"));

#[derive(Clone)]
pub struct Client {
    http: reqwest::Client,
    messages: Url,
    token: Arc<str>,
}

#[derive(Deserialize)]
struct Accepted {
    messages: Vec<AcceptedMessage>,
}

#[derive(Deserialize)]
struct AcceptedMessage {
    id: String,
}

#[derive(Deserialize)]
struct Rejected {
    error: RejectedBy,
}

#[derive(Deserialize)]
struct RejectedBy {
    code: Option<i64>,
}

impl Client {
    pub fn new(api_url: &Url, phone_number_id: &str, token: &str) -> Result<Self, StartError> {
        let http = reqwest::Client::builder()
            .user_agent(USER_AGENT)
            .connect_timeout(Duration::from_secs(5))
            .timeout(Duration::from_secs(10))
            .redirect(reqwest::redirect::Policy::none())
            .build()
            .map_err(StartError::Client)?;
        let mut messages = api_url.clone();
        messages
            .path_segments_mut()
            .map_err(|()| StartError::WhatsappAddress)?
            .pop_if_empty()
            .extend([phone_number_id, "messages"]);
        Ok(Self { http, messages, token: token.into() })
    }

    /// Sends one message and answers its id (`wamid...`).
    pub async fn send(&self, message: &Value) -> Result<String, Failure> {
        let request = self.http.post(self.messages.clone()).bearer_auth(&self.token).json(message);
        let mut response = request.send().await.map_err(|error| broken(&error))?;
        let status = response.status();
        let retry_after =
            response.headers().get(RETRY_AFTER).and_then(|value| value.to_str().ok()).and_then(|value| value.trim().parse().ok());
        let mut body = Vec::new();
        while let Some(chunk) = response.chunk().await.map_err(|error| broken(&error))? {
            if body.len() + chunk.len() > ANSWER_MAX {
                return Err(Failure::retry(Reason::BadAnswer));
            }
            body.extend_from_slice(&chunk);
        }
        if status.is_success() {
            let accepted = serde_json::from_slice::<Accepted>(&body).ok();
            let id = accepted.and_then(|accepted| accepted.messages.into_iter().next()).map(|message| message.id);
            return id.filter(|id| !id.is_empty()).ok_or(Failure::retry(Reason::BadAnswer));
        }
        let code = serde_json::from_slice::<Rejected>(&body).ok().and_then(|rejected| rejected.error.code);
        Err(classify(status.as_u16(), code, retry_after))
    }
}

fn broken(error: &reqwest::Error) -> Failure {
    Failure::retry(if error.is_timeout() && !error.is_connect() { Reason::TimedOut } else { Reason::Network })
}
