//! One WebSocket with its limits: how large a message may be, how long sending may take, and how it is closed.

use axum::extract::ws::{CloseFrame, Message, Utf8Bytes, WebSocket, WebSocketUpgrade};
use bytes::Bytes;
use std::time::Duration;

/// A console has nothing to say on its sockets but pongs.
const LARGEST_MESSAGE: usize = 4096;
/// What may wait in memory for a browser that reads slowly.
const SEND_BUFFER: usize = 4 * 1024 * 1024;
/// How long one message may take to go out before the browser counts as gone.
const SEND_WITHIN: Duration = Duration::from_secs(5);

/// Why the server closes a socket; the console acts on the code.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Closing {
    /// The server shuts down; come back.
    Stopping,
    /// Nothing was heard from the browser for too long.
    Silent,
    /// The session has ended; sign in again.
    SignedOut,
    /// The source has ended: a camera that is down, or a viewer that did not keep up. Come back.
    SourceEnded,
    /// The server cannot go on now; come back.
    Failed,
}

impl Closing {
    fn frame(self) -> CloseFrame {
        let (code, reason) = match self {
            Closing::Stopping => (1001, "stopping"),
            Closing::Silent => (1002, "silent"),
            Closing::SignedOut => (4401, "signed_out"),
            Closing::SourceEnded => (4410, "source_ended"),
            Closing::Failed => (1011, "failed"),
        };
        CloseFrame { code, reason: Utf8Bytes::from_static(reason) }
    }
}

/// The browser is no longer there.
#[derive(Debug)]
pub(super) struct Gone;

/// Sets the limits of a socket before it is opened.
pub(crate) fn limited(upgrade: WebSocketUpgrade) -> WebSocketUpgrade {
    upgrade.max_message_size(LARGEST_MESSAGE).max_frame_size(LARGEST_MESSAGE).max_write_buffer_size(SEND_BUFFER)
}

async fn send(socket: &mut WebSocket, message: Message) -> Result<(), Gone> {
    match tokio::time::timeout(SEND_WITHIN, socket.send(message)).await {
        Ok(Ok(())) => Ok(()),
        Ok(Err(_)) => Err(Gone),
        Err(_) => {
            metrics::counter!("siaga_sockets_too_slow_total").increment(1);
            Err(Gone)
        }
    }
}

pub(super) async fn send_text(socket: &mut WebSocket, text: String) -> Result<(), Gone> {
    send(socket, Message::Text(text.into())).await
}

pub(super) async fn send_bytes(socket: &mut WebSocket, bytes: Bytes) -> Result<(), Gone> {
    send(socket, Message::Binary(bytes)).await
}

pub(super) async fn ping(socket: &mut WebSocket) -> Result<(), Gone> {
    send(socket, Message::Ping(Bytes::new())).await
}

pub(super) async fn close(mut socket: WebSocket, why: Closing) {
    // The browser may be gone already, which is as good.
    let _ = send(&mut socket, Message::Close(Some(why.frame()))).await;
}

/// Waits for a sign of life; what it says does not matter.
pub(super) async fn hear(socket: &mut WebSocket) -> Result<(), Gone> {
    match socket.recv().await {
        Some(Ok(Message::Close(_)) | Err(_)) | None => Err(Gone),
        Some(Ok(_)) => Ok(()),
    }
}
