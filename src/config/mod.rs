//! The settings: one TOML file, one struct for each section, every key also by environment (`SIAGA_WEB__LISTEN`).
//! Reading and checking happen here and nowhere else; the rest of the program sees checked values.

mod aml;
mod cctv;
mod city;
mod database;
mod document;
mod error;
mod key;
mod media;
mod networks;
mod queue;
mod recordings;
mod sip;
mod telegram;
mod web;
mod whatsapp;

pub use document::document;
pub use error::ConfigError;
use figment::Figment;
use figment::providers::{Env, Format, Serialized, Toml};
use key::{Key, Section, key};
pub use queue::Strategy;
use serde::{Deserialize, Serialize};
pub use sip::Trunk;
use std::path::Path;
pub use web::Tls;

/// Everything that a city sets.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Config {
    pub web: web::Web,
    pub sip: sip::Sip,
    pub media: media::Media,
    pub database: database::Database,
    pub recordings: recordings::Recordings,
    pub telegram: telegram::Telegram,
    pub whatsapp: whatsapp::Whatsapp,
    pub city: city::City,
    pub queue: queue::Queue,
    pub cctv: cctv::Cctv,
    pub aml: aml::Aml,
}

/// The sections in the order of the documentation.
pub const SECTIONS: &[Section] = &[
    Section { name: "web", meaning: "The console, the API and the webhooks.", keys: web::KEYS },
    Section { name: "sip", meaning: "Where calls come from.", keys: sip::KEYS },
    Section { name: "media", meaning: "Addresses and ports of voice.", keys: media::KEYS },
    Section { name: "database", meaning: "Where everything but audio and footage is kept.", keys: database::KEYS },
    Section { name: "recordings", meaning: "Where audio and footage lie.", keys: recordings::KEYS },
    Section { name: "telegram", meaning: "Dispatches to teams' Telegram chats.", keys: telegram::KEYS },
    Section { name: "whatsapp", meaning: "Dispatches by the WhatsApp Cloud API.", keys: whatsapp::KEYS },
    Section { name: "city", meaning: "The city that is served.", keys: city::KEYS },
    Section { name: "queue", meaning: "How calls wait and ring, and how long a team may take.", keys: queue::KEYS },
    Section { name: "cctv", meaning: "Which footage an incident keeps.", keys: cctv::KEYS },
    Section { name: "aml", meaning: "Where telephones say that they are while they call 112.", keys: aml::KEYS },
];

/// The keys of `[sip.phones]` and of one `[[sip.phone]]`.
pub const PHONES_SECTION: Section = Section {
    name: "sip.phones",
    meaning: "Desk phones, with which operators may work in place of the browser's headset.",
    keys: sip::PHONES_KEYS,
};
pub const PHONE_SECTION: Section = Section { name: "sip.phone", meaning: "One desk phone.", keys: sip::PHONE_KEYS };

/// The keys of one `[[sip.trunk]]`.
pub const TRUNK_SECTION: Section = Section { name: "sip.trunk", meaning: "One carrier.", keys: sip::TRUNK_KEYS };

impl Config {
    /// Reads the file, then the environment over it, and checks every section.
    pub fn load(path: &Path) -> Result<Self, ConfigError> {
        if !path.is_file() {
            return Err(ConfigError::new(
                "--config",
                format!("no file at {}", path.display()),
                "write one (docs/configuration.md lists every key) or name another",
            ));
        }
        let config: Self = Figment::from(Serialized::defaults(Self::default()))
            .merge(Toml::file_exact(path))
            // Names without two underscores, such as SIAGA_LOG, are no settings of the file.
            .merge(Env::prefixed("SIAGA_").filter(|name| name.as_str().contains("__")).split("__"))
            .extract()?;
        config.check()?;
        Ok(config)
    }

    /// Checks what can be checked without opening a socket or a file of the database.
    pub fn check(&self) -> Result<(), ConfigError> {
        self.web.checked()?;
        self.web.proxies()?;
        self.sip.checked()?;
        self.media.checked()?;
        self.database.checked()?;
        self.telegram.checked()?;
        self.whatsapp.checked()?;
        self.city.check()?;
        self.cctv.check()?;
        self.aml.checked()?;
        let reachable: Vec<&str> =
            self.sip.trunk.iter().filter(|trunk| trunk.proxy.is_some()).map(|trunk| trunk.name.as_str()).collect();
        self.queue.check(&reachable)
    }
}

#[cfg(test)]
mod tests;
