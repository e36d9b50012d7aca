//! WhatsApp by Meta's Cloud API: dispatches as template or interactive messages, presses and delivery reports back.
//!
//! Free-form messages are allowed only within 24 hours of a person's last message. We know that hour only while we run and hear
//! it ourselves; whenever we do not know, the template goes out, which is always allowed.

mod client;
mod error;
pub mod hook;
mod inbound;
mod memory;
mod message;
mod press;
mod send;

use self::client::Client;
use self::memory::Memory;
use super::StartError;
use super::port::BridgeDesk;
use super::replies::Replies;
use jiff::tz::TimeZone;
use std::sync::Arc;
use url::Url;

#[derive(Clone)]
pub struct WhatsappConfig {
    /// The Graph API with its version, `https://graph.facebook.com/v25.0`.
    pub api_url: Url,
    pub token: String,
    /// The id of the number that sends.
    pub phone_number_id: String,
    /// Signs the webhooks.
    pub app_secret: String,
    /// The word that Meta repeats when the webhook is set up.
    pub verify_token: String,
    /// An approved utility template with seven body parameters (see [`super::text::template_parameters`]) and three quick-reply
    /// buttons: Diterima, Menuju lokasi, Tiba.
    pub template: String,
    /// The template's language, `id`.
    pub template_language: String,
}

impl std::fmt::Debug for WhatsappConfig {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("WhatsappConfig")
            .field("api_url", &self.api_url.as_str())
            .field("template", &self.template)
            .finish_non_exhaustive()
    }
}

/// The bridge. Cheap to clone; clones share everything.
#[derive(Clone)]
pub struct Whatsapp {
    client: Client,
    template: Arc<message::Template>,
    account: Arc<Account>,
    memory: Arc<Memory>,
    desk: Arc<dyn BridgeDesk>,
    replies: Replies,
    zone: TimeZone,
}

/// What the webhook is checked against.
struct Account {
    phone_number_id: String,
    app_secret: String,
    verify_token: String,
}

impl Whatsapp {
    /// # Errors
    /// [`StartError::WhatsappKey`], [`StartError::WhatsappAddress`] and [`StartError::Client`].
    pub fn new(config: &WhatsappConfig, desk: Arc<dyn BridgeDesk>, replies: Replies, zone: TimeZone) -> Result<Self, StartError> {
        for (key, value) in [
            ("token", &config.token),
            ("phone_number_id", &config.phone_number_id),
            ("app_secret", &config.app_secret),
            ("verify_token", &config.verify_token),
            ("template", &config.template),
            ("template_language", &config.template_language),
        ] {
            if value.is_empty() {
                return Err(StartError::WhatsappKey(key));
            }
        }
        Ok(Self {
            client: Client::new(&config.api_url, &config.phone_number_id, &config.token)?,
            template: Arc::new(message::Template { name: config.template.clone(), language: config.template_language.clone() }),
            account: Arc::new(Account {
                phone_number_id: config.phone_number_id.clone(),
                app_secret: config.app_secret.clone(),
                verify_token: config.verify_token.clone(),
            }),
            memory: Arc::default(),
            desk,
            replies,
            zone,
        })
    }
}
