//! Sending a dispatch to a team's chat.

use super::{Telegram, error};
use crate::bridge::button::{self, Button};
use crate::bridge::failure::{Failure, Reason};
use crate::bridge::outbox::Courier;
use crate::bridge::text;
use crate::contract::Progress;
use crate::desk::{DispatchCard, OutboxMessage};
use async_trait::async_trait;
use teloxide::RequestError;
use teloxide::prelude::*;
use teloxide::types::{InlineKeyboardButton, InlineKeyboardMarkup, LinkPreviewOptions, ParseMode};

#[async_trait]
impl Courier for Telegram {
    /// The name of a message is `chat:message`, because Telegram numbers messages per chat.
    async fn deliver(&self, message: &OutboxMessage) -> Result<String, Failure> {
        let card = &message.card;
        let chat = ChatId(card.telegram_chat.ok_or(Failure::dead(Reason::NoAddress))?);
        let sent = match self.send_card(chat, card).await {
            Err(RequestError::MigrateToChatId(new)) => {
                // The team gets its message even if the store does not take the move; then the group's own message tells it again.
                let _ = self.move_chat(chat, new).await;
                self.send_card(new, card).await
            }
            sent => sent,
        };
        let sent = sent.map_err(|error| error::classify(&error))?;
        Ok(format!("{}:{}", sent.chat.id, sent.id))
    }

    /// The place as a venue, which every phone opens in its own map. The message itself carries a link, so that a lost venue
    /// costs comfort only.
    async fn accompany(&self, message: &OutboxMessage) {
        let card = &message.card;
        let (Some(chat), Some(at)) = (card.telegram_chat, text::on_earth(card.position)) else { return };
        let (title, address) = text::pin(card);
        let venue = |chat| self.throttled.send_venue(chat, at.latitude, at.longitude, title.clone(), address.clone());
        let sent = match venue(ChatId(chat)).await {
            Err(RequestError::MigrateToChatId(new)) => venue(new).await,
            sent => sent,
        };
        if let Err(error) = sent {
            let why = error::classify(&error);
            metrics::counter!("siaga_outbox_companions_lost_total", "channel" => "telegram").increment(1);
            tracing::warn!(dispatch = %message.dispatch, why = why.reason().label(), "the place was not sent");
        }
    }
}

impl Telegram {
    async fn send_card(&self, chat: ChatId, card: &DispatchCard) -> Result<Message, RequestError> {
        self.throttled
            .send_message(chat, text::dispatch_html(card))
            .parse_mode(ParseMode::Html)
            .link_preview_options(no_preview())
            .reply_markup(keyboard(&card.short_id, Progress::Sent))
            .await
    }
}

/// The buttons that are still ahead, two in a row.
pub fn keyboard(short_id: &str, progress: Progress) -> InlineKeyboardMarkup {
    let buttons: Vec<_> = button::remaining(progress)
        .map(|step| InlineKeyboardButton::callback(text::step(step), Button::new(short_id, step).payload()))
        .collect();
    InlineKeyboardMarkup::new(buttons.chunks(2).map(<[_]>::to_vec))
}

pub fn no_preview() -> LinkPreviewOptions {
    LinkPreviewOptions {
        is_disabled: true,
        url: None,
        prefer_small_media: false,
        prefer_large_media: false,
        show_above_text: false,
    }
}
