//! Sending a dispatch to a team's chat.

use super::{Telegram, error};
use crate::bridge::button::{self, Button};
use crate::bridge::failure::{Failure, Reason};
use crate::bridge::outbox::Courier;
use crate::bridge::text;
use crate::contract::Progress;
use crate::desk::OutboxMessage;
use async_trait::async_trait;
use teloxide::prelude::*;
use teloxide::types::{InlineKeyboardButton, InlineKeyboardMarkup, LinkPreviewOptions, ParseMode};

#[async_trait]
impl Courier for Telegram {
    /// The name of a message is `chat:message`, because Telegram numbers messages per chat.
    async fn deliver(&self, message: &OutboxMessage) -> Result<String, Failure> {
        let card = &message.card;
        let chat = ChatId(card.telegram_chat.ok_or(Failure::dead(Reason::NoAddress))?);
        let sent = self
            .throttled
            .send_message(chat, text::dispatch_html(card))
            .parse_mode(ParseMode::Html)
            .link_preview_options(no_preview())
            .reply_markup(keyboard(&card.short_id, Progress::Sent))
            .await
            .map_err(|error| error::classify(&error))?;
        Ok(format!("{}:{}", sent.chat.id, sent.id))
    }

    /// The place as a venue, which every phone opens in its own map. The message itself carries a link, so that a lost venue
    /// costs comfort only.
    async fn accompany(&self, message: &OutboxMessage) {
        let card = &message.card;
        let (Some(chat), Some(at)) = (card.telegram_chat, text::on_earth(card.position)) else { return };
        let (title, address) = text::pin(card);
        if let Err(error) = self.throttled.send_venue(ChatId(chat), at.latitude, at.longitude, title, address).await {
            let why = error::classify(&error);
            metrics::counter!("siaga_outbox_companions_lost_total", "channel" => "telegram").increment(1);
            tracing::warn!(dispatch = %message.dispatch, why = why.reason().label(), "the place was not sent");
        }
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
