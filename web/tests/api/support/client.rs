//! One person's browser, as far as HTTP goes.

use dispatch::id::UserId;
use reqwest::{Method, RequestBuilder, Response};
use serde_json::{Value, json};
use std::net::SocketAddr;
use std::time::Duration;

pub struct Client {
    pub http: reqwest::Client,
    pub base: String,
    pub address: SocketAddr,
    pub cookie: Option<String>,
    user: Option<UserId>,
}

/// What came back.
pub struct Answer {
    pub status: u16,
    pub headers: reqwest::header::HeaderMap,
    pub bytes: Vec<u8>,
}

impl Answer {
    async fn of(response: Response) -> Self {
        let (status, headers) = (response.status().as_u16(), response.headers().clone());
        Self { status, headers, bytes: response.bytes().await.unwrap().to_vec() }
    }

    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.bytes).unwrap_or(Value::Null)
    }

    pub fn code(&self) -> String {
        self.json()["error"]["code"].as_str().unwrap_or_default().to_owned()
    }

    pub fn header(&self, name: &str) -> String {
        self.headers.get(name).map(|value| value.to_str().unwrap().to_owned()).unwrap_or_default()
    }

    /// The answer, after making sure of its status.
    #[track_caller]
    pub fn expect(self, status: u16) -> Self {
        assert_eq!(self.status, status, "{}", String::from_utf8_lossy(&self.bytes));
        self
    }
}

impl Client {
    pub fn new(address: SocketAddr) -> Self {
        let http = reqwest::Client::builder().danger_accept_invalid_certs(true).timeout(Duration::from_secs(20)).build().unwrap();
        Self { http, base: format!("http://{address}"), address, cookie: None, user: None }
    }

    pub fn user(&self) -> UserId {
        self.user.expect("signed in")
    }

    /// A request to a path of the API, with the session.
    pub fn request(&self, method: Method, path: &str) -> RequestBuilder {
        let url = if path.starts_with('/') { format!("{}{path}", self.base) } else { format!("{}/api/v1/{path}", self.base) };
        let request = self.http.request(method, url);
        match &self.cookie {
            Some(cookie) => request.header("cookie", cookie),
            None => request,
        }
    }

    pub async fn send(&self, request: RequestBuilder) -> Answer {
        Answer::of(request.send().await.unwrap()).await
    }

    pub async fn get(&self, path: &str) -> Answer {
        self.send(self.request(Method::GET, path)).await
    }

    pub async fn post(&self, path: &str, body: Value) -> Answer {
        self.send(self.request(Method::POST, path).json(&body)).await
    }

    pub async fn put(&self, path: &str, body: Value) -> Answer {
        self.send(self.request(Method::PUT, path).json(&body)).await
    }

    pub async fn delete(&self, path: &str) -> Answer {
        self.send(self.request(Method::DELETE, path)).await
    }

    pub async fn range(&self, path: &str, range: &str) -> Answer {
        self.send(self.request(Method::GET, path).header("range", range)).await
    }

    pub async fn sign_in(&mut self, username: &str, password: &str) -> Answer {
        let answer = self.post("session", json!({ "username": username, "password": password })).await.expect(200);
        self.cookie = answer.header("set-cookie").split(';').next().map(str::to_owned);
        self.user = Some(serde_json::from_value(answer.json()["user"]["id"].clone()).unwrap());
        answer
    }
}
