//! Telegram by teloxide: dispatches as messages with buttons, presses and `/start TOKEN` back.
//!
//! teloxide speaks the Bot API; the waiting between attempts, the webhook's door and the reading of updates are ours, so that they
//! are bounded and at least once.

mod error;
pub mod hook;
mod moved;
mod poll;
mod send;
mod update;

use super::StartError;
use super::port::BridgeDesk;
use super::replies::Replies;
use jiff::tz::TimeZone;
use std::sync::{Arc, OnceLock};
use std::time::Duration;
use teloxide::adaptors::Throttle;
use teloxide::adaptors::throttle::Settings;
use teloxide::prelude::*;
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;
use url::Url;

/// How long Telegram may hold a `getUpdates` that has nothing to tell.
const POLL_HOLD: Duration = Duration::from_secs(25);

/// Longest time of one HTTP request; more than [`POLL_HOLD`].
const REQUEST: Duration = Duration::from_secs(35);

#[derive(Clone)]
pub struct TelegramConfig {
    /// The bot's token from @BotFather.
    pub token: String,
    /// `https://api.telegram.org`, or another Bot API server.
    pub api_url: Url,
    pub mode: Mode,
}

/// How updates come. The two exclude each other at Telegram's side, and only one node may poll.
#[derive(Clone)]
pub enum Mode {
    Polling,
    /// Telegram calls `POST /hooks/telegram` with this secret in `X-Telegram-Bot-Api-Secret-Token`.
    Webhook {
        secret: String,
    },
}

impl std::fmt::Debug for TelegramConfig {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let mode = if matches!(self.mode, Mode::Polling) { "polling" } else { "webhook" };
        f.debug_struct("TelegramConfig").field("api_url", &self.api_url.as_str()).field("mode", &mode).finish_non_exhaustive()
    }
}

/// The bridge. Cheap to clone; clones share everything.
#[derive(Clone)]
pub struct Telegram {
    /// Sends new messages, no faster than Telegram allows.
    throttled: Throttle<Bot>,
    /// Everything that has no limit of its own: answers, edits, updates.
    bot: Bot,
    desk: Arc<dyn BridgeDesk>,
    replies: Replies,
    zone: TimeZone,
    /// Our own user name, once it is known.
    name: Arc<OnceLock<String>>,
}

impl Telegram {
    /// Must be called within a tokio runtime: the throttle has a task of its own, which ends with the last clone.
    ///
    /// # Errors
    /// [`StartError::TelegramToken`], [`StartError::TelegramSecret`] and [`StartError::Client`].
    pub fn new(config: &TelegramConfig, desk: Arc<dyn BridgeDesk>, replies: Replies, zone: TimeZone) -> Result<Self, StartError> {
        let of = |text: &str, extra: &str| text.chars().all(|c| c.is_ascii_alphanumeric() || extra.contains(c));
        if config.token.is_empty() || !of(&config.token, ":_-") {
            return Err(StartError::TelegramToken);
        }
        if let Mode::Webhook { secret } = &config.mode
            && (secret.is_empty() || secret.len() > 256 || !of(secret, "_-"))
        {
            return Err(StartError::TelegramSecret);
        }
        let client = reqwest::Client::builder()
            .connect_timeout(Duration::from_secs(5))
            .timeout(REQUEST)
            .tcp_nodelay(true)
            .redirect(reqwest::redirect::Policy::none())
            .build()
            .map_err(StartError::Client)?;
        let bot = Bot::with_client(config.token.clone(), client).set_api_url(config.api_url.clone());
        // The outbox owns the waiting after a 429.
        let throttled = Throttle::spawn_with_settings(bot.clone(), Settings::default().no_retry());
        Ok(Self { throttled, bot, desk, replies, zone, name: Arc::default() })
    }

    /// Asks for the bot's own name until it is told.
    pub async fn learn_name(self, told: watch::Sender<Option<String>>, shutdown: CancellationToken) {
        let mut pause = Duration::from_secs(1);
        loop {
            let me = tokio::select! {
                me = self.bot.get_me() => me,
                () = shutdown.cancelled() => return,
            };
            match me {
                Ok(me) => {
                    let name = me.username().to_owned();
                    let _ = self.name.set(name.clone());
                    told.send_replace(Some(name));
                    return;
                }
                Err(error) => {
                    let failure = error::classify(&error);
                    tracing::warn!(why = failure.reason().label(), "Telegram does not say who we are; trying again");
                }
            }
            tokio::select! {
                () = tokio::time::sleep(pause) => pause = (pause * 2).min(Duration::from_secs(60)),
                () = shutdown.cancelled() => return,
            }
        }
    }
}
