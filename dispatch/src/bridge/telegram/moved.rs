//! A group that becomes a supergroup gets a new id. Telegram says so twice: by a service message in the group, and in its answer to
//! whoever writes to the old id. Either is enough to move the team's chat.

use super::Telegram;
use super::update::Taken;
use crate::desk::DeskError;
use teloxide::types::{ChatId, Message};

/// The old and the new id, if the message tells of a move. The old group and the new one each have their own such message.
pub fn moved(message: &Message) -> Option<(ChatId, ChatId)> {
    let to = message.migrate_to_chat_id().map(|new| (message.chat.id, *new));
    to.or_else(|| message.migrate_from_chat_id().map(|old| (*old, message.chat.id)))
}

impl Telegram {
    /// Moves the chat of every team that had the old id.
    pub(super) async fn move_chat(&self, old: ChatId, new: ChatId) -> Taken {
        match self.desk.chat_moved(old.0, new.0).await {
            Ok(0) => Taken::Done,
            Ok(teams) => {
                metrics::counter!("siaga_chats_moved_total", "channel" => "telegram").increment(1);
                tracing::info!(teams, "a Telegram group became a supergroup; its teams were moved");
                Taken::Done
            }
            Err(DeskError::Store(error)) if !error.is_refused() => {
                tracing::error!(%error, "a Telegram group became a supergroup, which could not be kept");
                Taken::Again
            }
            Err(error) => {
                tracing::error!(%error, "a Telegram group became a supergroup, which was not taken");
                Taken::Done
            }
        }
    }
}
