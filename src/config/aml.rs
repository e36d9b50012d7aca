//! `[aml]`: where telephones say that they are while they call. Left out, nobody is asked.

use super::{ConfigError, Key, key};
use serde::{Deserialize, Serialize};

/// Shorter ones are guessed.
const SHORTEST: usize = 16;

pub const KEYS: &[Key] = &[key(
    "token",
    "",
    "Whoever brings Advanced Mobile Location to `/hooks/aml` shows this word (`Authorization: Bearer`, or the password of `Basic`). Without it nothing \
     is taken there. See `docs/location.md`.",
)];

#[derive(Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Aml {
    pub token: Option<String>,
}

impl std::fmt::Debug for Aml {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Aml").field("on", &self.token.is_some()).finish()
    }
}

impl Aml {
    pub fn checked(&self) -> Result<Option<&str>, ConfigError> {
        match self.token.as_deref().filter(|token| !token.is_empty()) {
            Some(token) if token.len() < SHORTEST => Err(ConfigError::new(
                "aml.token",
                format!("has fewer than {SHORTEST} characters"),
                "choose a random word, such as what `openssl rand -hex 16` prints",
            )),
            token => Ok(token),
        }
    }
}
