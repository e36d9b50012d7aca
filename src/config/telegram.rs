//! `[telegram]`: dispatches to teams' chats. Left out, Telegram is off.

use super::{ConfigError, Key, key};
use serde::{Deserialize, Serialize};

pub const KEYS: &[Key] = &[
    key("token", "", "The bot's token from @BotFather. Without it Telegram is off."),
    key("api_url", "\"https://api.telegram.org\"", "Another Bot API server, for tests and for cities that run their own."),
    key("mode", "\"polling\"", "`\"polling\"`, or `\"webhook\"` where Telegram reaches `/hooks/telegram`."),
    key("webhook_secret", "", "The secret that Telegram repeats in every webhook call; needed with `mode = \"webhook\"`."),
];

#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Telegram {
    pub token: Option<String>,
    pub api_url: String,
    pub mode: Mode,
    pub webhook_secret: Option<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Mode {
    Polling,
    Webhook,
}

impl std::fmt::Debug for Telegram {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Telegram").field("on", &self.token.is_some()).field("mode", &self.mode).finish_non_exhaustive()
    }
}

impl Default for Telegram {
    fn default() -> Self {
        Self { token: None, api_url: "https://api.telegram.org".into(), mode: Mode::Polling, webhook_secret: None }
    }
}

impl Telegram {
    pub fn checked(&self) -> Result<Option<(String, url::Url, Option<String>)>, ConfigError> {
        let Some(token) = self.token.clone().filter(|token| !token.is_empty()) else { return Ok(None) };
        let api_url = self.api_url.parse().map_err(|_| {
            ConfigError::new(
                "telegram.api_url",
                format!("`{}` is not a URL", self.api_url),
                "leave it out, or write it like \"https://api.telegram.org\"",
            )
        })?;
        let secret = match self.mode {
            Mode::Polling => None,
            Mode::Webhook => Some(self.webhook_secret.clone().filter(|secret| secret.len() >= 8).ok_or_else(|| {
                ConfigError::missing(
                    "telegram.webhook_secret",
                    "set it to a random word of at least 8 characters and give the same to Telegram's setWebhook",
                )
            })?),
        };
        Ok(Some((token, api_url, secret)))
    }
}
