//! A camera's live pictures: a text frame with the codec, the initialisation segment, then fragments.

use super::keeper::{End, Keeper};
use super::socket::{self, Closing};
use crate::app::AppState;
use axum::extract::ws::WebSocket;
use dispatch::contract::LiveVideo;
use dispatch::desk::Principal;

/// Sends the pictures until one side, the session or the server ends.
pub(crate) async fn show(app: AppState, who: Principal, token: String, video: LiveVideo, mut socket: WebSocket) {
    let end = pump(Keeper::new(app, who, token), video, &mut socket).await;
    if let Err(End::Close(why)) = end {
        socket::close(socket, why).await;
    }
}

async fn pump(mut keeper: Keeper, mut video: LiveVideo, socket: &mut WebSocket) -> Result<(), End> {
    let codec = serde_json::json!({ "codec": video.codec }).to_string();
    socket::send_text(socket, codec).await?;
    socket::send_bytes(socket, video.init).await?;
    loop {
        tokio::select! {
            fragment = video.fragments.recv() => match fragment {
                Some(fragment) => socket::send_bytes(socket, fragment).await?,
                None => return Err(End::Close(Closing::SourceEnded)),
            },
            upkeep = keeper.wait(socket) => keeper.attend(upkeep, socket).await?,
        }
    }
}
