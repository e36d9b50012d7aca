//! One operator's console, as far as a call needs it: sign-in, shift, headset, live socket, and the answer button.

use super::habits::{Deed, Deeds, Habits};
use super::headset::Plug;
use crate::clock;
use anyhow::{Context, bail};
use futures::StreamExt;
use reqwest::header::{COOKIE, SET_COOKIE};
use reqwest::{Client, Method, StatusCode};
use serde_json::{Value, json};
use std::collections::VecDeque;
use std::net::SocketAddr;
use std::time::{Duration, Instant};
use tokio::sync::mpsc;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;

/// A sign-in that is told to wait is tried again after this.
const AGAIN: Duration = Duration::from_millis(500);
const SIGN_INS: u32 = 120;
/// Whom operators call in; a far end takes every number.
const FAR_END: &str = "901";

struct Api {
    client: Client,
    base: String,
    cookie: String,
}

impl Api {
    async fn sign_in(web: SocketAddr, username: &str, password: &str) -> anyhow::Result<Self> {
        let (client, base) = (Client::new(), format!("http://{web}/api/v1"));
        for _ in 0..SIGN_INS {
            let body = json!({ "username": username, "password": password });
            let answer = client.post(format!("{base}/session")).json(&body).send().await?;
            match answer.status().as_u16() {
                200 => {
                    let cookie = answer.headers().get(SET_COOKIE).context("a sign-in sets no cookie")?.to_str()?;
                    let cookie = cookie.split(';').next().unwrap_or_default().to_string();
                    return Ok(Self { client, base, cookie });
                }
                // Passwords are checked a few at a time.
                429 | 503 => tokio::time::sleep(AGAIN).await,
                status => bail!("the sign-in of an operator was answered with {status}"),
            }
        }
        bail!("operators cannot sign in: the server is busy")
    }

    async fn ask(&self, method: Method, path: &str, body: Option<Value>) -> anyhow::Result<String> {
        match self.send(method, path, body).await? {
            (status, text) if status.is_success() => Ok(text),
            (status, text) => bail!("{path} was answered with {status}: {text}"),
        }
    }

    /// `false`: it came too late for the call.
    async fn try_ask(&self, method: Method, path: &str, body: Option<Value>) -> anyhow::Result<bool> {
        match self.send(method, path, body).await? {
            (status, _) if status.is_success() => Ok(true),
            (StatusCode::NOT_FOUND | StatusCode::CONFLICT, _) => Ok(false),
            (status, text) => bail!("{path} was answered with {status}: {text}"),
        }
    }

    async fn send(&self, method: Method, path: &str, body: Option<Value>) -> anyhow::Result<(StatusCode, String)> {
        let mut request = self.client.request(method, format!("{}/{path}", self.base)).header(COOKIE, &self.cookie);
        if let Some(body) = body {
            request = request.json(&body);
        }
        let answer = request.send().await?;
        Ok((answer.status(), answer.text().await?))
    }
}

pub struct Console {
    pub web: SocketAddr,
    pub username: String,
    pub password: &'static str,
    /// `None`: calls are answered, and nothing else is done.
    pub habits: Option<Habits>,
}

/// What is still to be done with a call.
struct Work {
    call: String,
    next: Instant,
    deeds: VecDeque<(Duration, Deed)>,
}

impl Console {
    /// Works until the live socket ends. `ready` is told once, when calls may come.
    pub async fn work(mut self, offer: String, plug: Plug, ready: mpsc::Sender<()>) -> anyhow::Result<()> {
        let api = Api::sign_in(self.web, &self.username, self.password).await?;
        let mut request = format!("ws://{}/api/v1/live", self.web).into_client_request()?;
        request.headers_mut().insert("cookie", api.cookie.parse()?);
        let (mut live, _) = tokio_tungstenite::connect_async(request).await.context("the live socket of an operator")?;
        api.ask(Method::POST, "shift", None).await?;
        let answer: Value = serde_json::from_str(&api.ask(Method::POST, "shift/media", Some(json!({ "sdp": offer }))).await?)?;
        plug.connect(answer.get("sdp").and_then(Value::as_str).context("no answer to a headset's offer")?.to_string()).await?;
        be_ready(&api).await?;
        // Who waited for it may have given up.
        let _ = ready.send(()).await;
        let mut work: Option<Work> = None;
        loop {
            let due = work.as_ref().filter(|work| !work.deeds.is_empty()).map(|work| work.next);
            tokio::select! {
                message = live.next() => match message {
                    None => return Ok(()),
                    Some(message) => if let Message::Text(text) = message?
                        && let Some(call) = offered(&text)?
                        && api.try_ask(Method::POST, &format!("calls/{call}/answer"), None).await?
                    {
                        work = self.habits.as_mut().map(|habits| Work::new(call, habits.plan()));
                    },
                },
                () = until(due) => {
                    if let (Some(work), Some(habits)) = (&mut work, &self.habits) {
                        work.go_on(&api, &habits.deeds).await?;
                    }
                }
            }
        }
    }
}

impl Work {
    fn new(call: String, deeds: VecDeque<(Duration, Deed)>) -> Self {
        let after = deeds.front().map_or(Duration::ZERO, |(after, _)| *after);
        Self { call, next: clock::instant() + after, deeds }
    }

    async fn go_on(&mut self, api: &Api, deeds: &Deeds) -> anyhow::Result<()> {
        let Some((_, deed)) = self.deeds.pop_front() else { return Ok(()) };
        let party = |mode: &str| Some(json!({ "number": FAR_END, "mode": mode }));
        let (step, body) = match deed {
            Deed::Hold => ("hold", None),
            Deed::Resume => ("resume", None),
            Deed::Transfer => ("parties", party("blind")),
            Deed::Consult => ("parties", party("consult")),
            Deed::Merge => ("merge", None),
            Deed::HandOver => ("handover", None),
            Deed::HangUp => ("hangup", None),
        };
        match api.try_ask(Method::POST, &format!("calls/{}/{step}", self.call), body).await? {
            true => deeds.count(deed),
            false => deeds.count_late(),
        }
        if let Some((after, _)) = self.deeds.front() {
            self.next = clock::instant() + *after;
        }
        Ok(())
    }
}

async fn until(due: Option<Instant>) {
    match due {
        Some(due) => tokio::time::sleep_until(due.into()).await,
        None => std::future::pending().await,
    }
}

/// The server may hear of the connected headset a moment later than the headset itself.
async fn be_ready(api: &Api) -> anyhow::Result<()> {
    let body = || Some(json!({ "state": "ready" }));
    for _ in 0..20 {
        if api.ask(Method::PUT, "shift/readiness", body()).await.is_ok() {
            return Ok(());
        }
        tokio::time::sleep(AGAIN).await;
    }
    api.ask(Method::PUT, "shift/readiness", body()).await.map(drop)
}

/// The id of the call that rings, if the event says that one does.
fn offered(text: &str) -> anyhow::Result<Option<String>> {
    // Most events are others'; they are told by their text before they are read.
    if !text.contains("\"offered\"") {
        return Ok(None);
    }
    let event: Value = serde_json::from_str(text)?;
    let rings = event.get("event").and_then(Value::as_str) == Some("offered");
    Ok(event.pointer("/call/id").and_then(Value::as_str).filter(|_| rings).map(str::to_string))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_call_that_rings_is_answered() {
        let event = |name: &str| format!("{{\"event\":\"{name}\",\"call\":{{\"id\":\"x\",\"name\":\"offered\"}}}}");
        assert_eq!(offered(&event("offered")).unwrap(), Some("x".into()));
        assert_eq!(offered(&event("call")).unwrap(), None);
        assert_eq!(offered("{\"event\":\"snapshot\"}").unwrap(), None);
    }
}
