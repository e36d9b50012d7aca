//! `[whatsapp]`: dispatches by the WhatsApp Cloud API. Left out, WhatsApp is off.

use super::{ConfigError, Key, key};
use serde::{Deserialize, Serialize};

pub const KEYS: &[Key] = &[
    key("token", "", "Access token of the WhatsApp Business account. Without it WhatsApp is off."),
    key("api_url", "\"https://graph.facebook.com/v25.0\"", "The Graph API with its version."),
    key("phone_number_id", "", "The id of the number that sends."),
    key("app_secret", "", "Signs the webhooks; one without the right signature is refused."),
    key("verify_token", "", "The word that Meta repeats when the webhook is set up."),
    key("template", "\"siaga_penugasan\"", "The approved utility template with three quick-reply buttons."),
    key("template_language", "\"id\"", "The template's language."),
];

#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Whatsapp {
    pub token: Option<String>,
    pub api_url: String,
    pub phone_number_id: Option<String>,
    pub app_secret: Option<String>,
    pub verify_token: Option<String>,
    pub template: String,
    pub template_language: String,
}

impl std::fmt::Debug for Whatsapp {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Whatsapp").field("on", &self.token.is_some()).finish_non_exhaustive()
    }
}

impl Default for Whatsapp {
    fn default() -> Self {
        Self {
            token: None,
            api_url: "https://graph.facebook.com/v25.0".into(),
            phone_number_id: None,
            app_secret: None,
            verify_token: None,
            template: "siaga_penugasan".into(),
            template_language: "id".into(),
        }
    }
}

/// What WhatsApp needs once it is on.
pub struct Account {
    pub token: String,
    pub api_url: url::Url,
    pub phone_number_id: String,
    pub app_secret: String,
    pub verify_token: String,
}

impl Whatsapp {
    pub fn checked(&self) -> Result<Option<Account>, ConfigError> {
        let Some(token) = self.token.clone().filter(|token| !token.is_empty()) else { return Ok(None) };
        let need = |key: &str, value: &Option<String>, remedy: &str| {
            value.clone().filter(|value| !value.is_empty()).ok_or_else(|| ConfigError::missing(key, remedy))
        };
        Ok(Some(Account {
            token,
            api_url: self.api_url.parse().map_err(|_| {
                ConfigError::new(
                    "whatsapp.api_url",
                    format!("`{}` is not a URL", self.api_url),
                    "write it like \"https://graph.facebook.com/v25.0\"",
                )
            })?,
            phone_number_id: need("whatsapp.phone_number_id", &self.phone_number_id, "copy it from the WhatsApp Manager")?,
            app_secret: need("whatsapp.app_secret", &self.app_secret, "copy it from the app's basic settings at Meta")?,
            verify_token: need(
                "whatsapp.verify_token",
                &self.verify_token,
                "choose a random word and give the same to Meta's webhook page",
            )?,
        }))
    }
}
