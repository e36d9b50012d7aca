//! A WebSocket of one person.

use super::client::Client;
use futures::StreamExt;
use serde_json::Value;
use std::time::Duration;
use tokio::net::TcpStream;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::tungstenite::{Error, Message};
use tokio_tungstenite::{WebSocketStream, client_async};

/// Longer than from one heartbeat to the next.
const PATIENCE: Duration = Duration::from_secs(15);

pub struct Socket(WebSocketStream<TcpStream>);

/// What came over the socket.
#[derive(Debug, PartialEq)]
pub enum Frame {
    Json(Value),
    Bytes(Vec<u8>),
    Closed(u16),
}

impl Socket {
    /// Opens a socket, or tells the status with which that was refused.
    pub async fn open(client: &Client, path: &str, origin: &str) -> Result<Self, u16> {
        let mut request = format!("ws://{}/api/v1/{path}", client.address).into_client_request().unwrap();
        let headers = request.headers_mut();
        headers.insert("origin", origin.parse().unwrap());
        if let Some(cookie) = &client.cookie {
            headers.insert("cookie", cookie.parse().unwrap());
        }
        let stream = TcpStream::connect(client.address).await.unwrap();
        match client_async(request, stream).await {
            Ok((socket, _)) => Ok(Self(socket)),
            Err(Error::Http(response)) => Err(response.status().as_u16()),
            Err(error) => panic!("{error}"),
        }
    }

    /// The same from our own page.
    pub async fn of(client: &Client, path: &str) -> Self {
        Self::open(client, path, &client.base).await.unwrap()
    }

    /// The next frame that is not a ping.
    pub async fn next(&mut self) -> Frame {
        loop {
            let message = tokio::time::timeout(PATIENCE, self.0.next()).await.expect("a frame in time");
            match message {
                Some(Ok(Message::Text(text))) => return Frame::Json(serde_json::from_str(&text).unwrap()),
                Some(Ok(Message::Binary(bytes))) => return Frame::Bytes(bytes.to_vec()),
                Some(Ok(Message::Close(frame))) => return Frame::Closed(frame.map_or(1005, |frame| frame.code.into())),
                Some(Ok(_)) => {}
                Some(Err(_)) | None => return Frame::Closed(1006),
            }
        }
    }

    /// The next frame, which must be an event of this name. The time comes with every heartbeat, between all others.
    #[track_caller]
    pub fn event<'a>(&'a mut self, name: &'a str) -> impl Future<Output = Value> + 'a {
        let caller = std::panic::Location::caller();
        async move {
            loop {
                match self.next().await {
                    Frame::Json(event) if event["event"] == name => return event,
                    Frame::Json(event) if event["event"] == "time" => {}
                    other => panic!("{caller}: wanted {name}, got {other:?}"),
                }
            }
        }
    }
}
