//! What comes from Telegram: presses on buttons, and `/start`. Everything else is let pass.

use super::moved::moved;
use super::send::{keyboard, no_preview};
use super::{Telegram, error};
use crate::bridge::button::Button;
use crate::bridge::text;
use crate::clock;
use crate::contract::{Channel, Progress};
use crate::desk::{DeskError, Press, PressOutcome, PressSender};
use std::time::Duration;
use teloxide::prelude::*;
use teloxide::types::{CallbackQueryId, InlineKeyboardMarkup, MessageId, ParseMode, UpdateKind};
use teloxide::{ApiError, RequestError};

/// A flood wait up to this long is waited for before an edit is tried once more; a longer one costs the edit.
const EDIT_PATIENCE: Duration = Duration::from_secs(10);

/// Longest token in `/start TOKEN` that is looked up; Telegram allows 64.
const TOKEN_MAX: usize = 64;

/// What became of an update.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Taken {
    /// Done, or nothing to do. Not to be delivered again.
    Done,
    /// The store failed: the update must come again.
    Again,
}

impl Telegram {
    /// Takes one update. What it says is kept when this returns [`Taken::Done`]; answers to people go out later.
    pub async fn take(&self, update: Update) -> Taken {
        match update.kind {
            UpdateKind::CallbackQuery(query) => self.pressed(query).await,
            UpdateKind::Message(message) => self.said(message).await,
            _ => Taken::Done,
        }
    }

    async fn pressed(&self, query: CallbackQuery) -> Taken {
        let button = query.data.as_deref().and_then(Button::parse);
        let message = query.message.as_ref().map(|message| (message.chat().id, message.id()));
        let (Some(button), Some((chat, message))) = (button, message) else {
            count_press("unreadable");
            self.answer(query.id, query.from.id.0, text::PRESS_STALE.into(), true);
            return Taken::Done;
        };
        let press = Press {
            channel: Channel::Telegram,
            short_id: button.short_id,
            sender: PressSender { chat: Some(chat.0), number: None, name: text::clean(&query.from.full_name(), 64) },
            progress: button.progress,
            external_event: format!("telegram:{}", query.id),
        };
        let key = lane(chat);
        match self.desk.team_pressed(press).await {
            Ok(outcome) => {
                count_press(if outcome.changed { "taken" } else { "repeated" });
                self.answer(query.id, key, text::noted(button.progress, outcome.progress), false);
                if outcome.changed {
                    self.show(chat, message, key, &outcome);
                } else {
                    // Another copy of the message, or one whose edit was lost, may still show buttons that are behind.
                    self.set_buttons(chat, message, key, keyboard(&outcome.card.short_id, outcome.progress));
                }
                Taken::Done
            }
            Err(DeskError::Store(error)) if !error.is_refused() => {
                count_press("store");
                tracing::error!(%error, "a press from Telegram could not be kept; it comes again");
                Taken::Again
            }
            Err(DeskError::Forbidden) => {
                count_press("foreign");
                self.answer(query.id, key, text::PRESS_FOREIGN.into(), true);
                Taken::Done
            }
            Err(DeskError::NotFound | DeskError::Conflict { .. }) => {
                count_press("stale");
                self.answer(query.id, key, text::PRESS_STALE.into(), true);
                self.set_buttons(chat, message, key, InlineKeyboardMarkup::new(Vec::<Vec<_>>::new()));
                Taken::Done
            }
            Err(error) => {
                count_press("refused");
                tracing::error!(%error, "a press from Telegram was not taken");
                self.answer(query.id, key, text::PRESS_FAILED.into(), true);
                Taken::Done
            }
        }
    }

    /// `/start TOKEN` in a private chat or a group links it; without a token it explains. A group that moved is followed.
    async fn said(&self, message: Message) -> Taken {
        if let Some((old, new)) = moved(&message) {
            return self.move_chat(old, new).await;
        }
        let name = self.name.get().map(String::as_str);
        let Some(start) = message.text().and_then(|text| Start::parse(text, name)) else { return Taken::Done };
        let chat = message.chat.id;
        let reply = match start {
            Start::Plain => text::START_HELP.to_owned(),
            Start::Link(token) => {
                let title = message.chat.title().map(str::to_owned);
                let title = title.or_else(|| message.from.as_ref().map(teloxide::types::User::full_name)).unwrap_or_default();
                match self.desk.link_chat(token, chat.0, &text::clean(&title, 128)).await {
                    Ok(team) => {
                        metrics::counter!("siaga_chat_links_total", "channel" => "telegram", "end" => "linked").increment(1);
                        text::linked(&team)
                    }
                    Err(DeskError::Store(error)) if !error.is_refused() => {
                        tracing::error!(%error, "a chat could not be linked");
                        text::START_FAILED.to_owned()
                    }
                    Err(_) => {
                        metrics::counter!("siaga_chat_links_total", "channel" => "telegram", "end" => "refused").increment(1);
                        text::START_REFUSED.to_owned()
                    }
                }
            }
        };
        let bot = self.throttled.clone();
        self.replies.push(lane(chat), async move { lost(bot.send_message(chat, reply).await, "message") });
        Taken::Done
    }

    /// The short text over the chat after a press; Telegram shows a spinner until it comes.
    fn answer(&self, query: CallbackQueryId, key: u64, words: String, alert: bool) {
        let bot = self.bot.clone();
        self.replies
            .push(key, async move { lost(bot.answer_callback_query(query).text(words).show_alert(alert).await, "answer") });
    }

    /// Rewrites the message: who did what, when, and the buttons that remain.
    fn show(&self, chat: ChatId, message: MessageId, key: u64, outcome: &PressOutcome) {
        let status = text::status(outcome.progress, &outcome.by, clock::now(), &self.zone);
        let html = text::dispatch_with_status_html(&outcome.card, &status);
        // Without buttons Telegram takes the old ones away.
        let buttons = (outcome.progress < Progress::Done).then(|| keyboard(&outcome.card.short_id, outcome.progress));
        let bot = self.bot.clone();
        self.replies.push(key, async move {
            let mut tries = 0;
            loop {
                tries += 1;
                let edit = bot.edit_message_text(chat, message, html.clone());
                let mut edit = edit.parse_mode(ParseMode::Html).link_preview_options(no_preview());
                if let Some(buttons) = &buttons {
                    edit = edit.reply_markup(buttons.clone());
                }
                match edit.await {
                    Err(RequestError::RetryAfter(wait)) if tries == 1 && wait.duration() <= EDIT_PATIENCE => {
                        tokio::time::sleep(wait.duration()).await;
                    }
                    result => return lost(result, "edit"),
                }
            }
        });
    }

    /// Changes the buttons only, and leaves the text as it is.
    fn set_buttons(&self, chat: ChatId, message: MessageId, key: u64, buttons: InlineKeyboardMarkup) {
        let bot = self.bot.clone();
        self.replies.push(key, async move {
            lost(bot.edit_message_reply_markup(chat, message).reply_markup(buttons).await, "edit");
        });
    }
}

/// `/start`, as people and deep links write it.
#[derive(Debug, PartialEq, Eq)]
enum Start<'a> {
    Plain,
    Link(&'a str),
}

impl<'a> Start<'a> {
    /// `None` if this is not `/start`, or speaks to another bot. `us` is our user name if it is known.
    fn parse(text: &'a str, us: Option<&str>) -> Option<Self> {
        let mut words = text.split_whitespace();
        let first = words.next()?;
        let (command, bot) = first.split_once('@').map_or((first, None), |(command, bot)| (command, Some(bot)));
        let for_us = bot.is_none_or(|bot| us.is_none_or(|us| us.eq_ignore_ascii_case(bot)));
        if command != "/start" || !for_us {
            return None;
        }
        Some(match words.next() {
            Some(token) if token.len() <= TOKEN_MAX => Self::Link(token),
            _ => Self::Plain,
        })
    }
}

/// A reply that failed is counted; the press it belongs to is kept already.
fn lost<T>(result: Result<T, RequestError>, what: &'static str) {
    match result {
        // The message already says it, or the press is older than Telegram remembers.
        Ok(_) | Err(RequestError::Api(ApiError::MessageNotModified | ApiError::InvalidQueryId)) => {}
        Err(error) => {
            let why = error::classify(&error);
            metrics::counter!("siaga_bridge_replies_lost_total", "why" => why.reason().label()).increment(1);
            tracing::warn!(what, why = why.reason().label(), "a reply to Telegram was lost");
        }
    }
}

fn count_press(end: &'static str) {
    metrics::counter!("siaga_presses_total", "channel" => "telegram", "end" => end).increment(1);
}

/// All replies into one chat keep their order.
fn lane(chat: ChatId) -> u64 {
    chat.0.unsigned_abs()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn start_is_read_as_people_and_links_write_it() {
        let us = Some("siaga_bot");
        assert_eq!(Start::parse("/start", us), Some(Start::Plain));
        assert_eq!(Start::parse("/start abc", us), Some(Start::Link("abc")));
        assert_eq!(Start::parse("/start@Siaga_Bot  abc ", us), Some(Start::Link("abc")));
        assert_eq!(Start::parse("/start@siaga_bot abc", None), Some(Start::Link("abc")));
    }

    #[test]
    fn what_is_not_for_us_is_let_pass() {
        let us = Some("siaga_bot");
        for text in ["", " ", "halo", "/started", "/start@other_bot abc", "/stop", "kata /start abc"] {
            assert_eq!(Start::parse(text, us), None, "{text}");
        }
        assert_eq!(Start::parse(&format!("/start {}", "x".repeat(65)), us), Some(Start::Plain));
    }
}
