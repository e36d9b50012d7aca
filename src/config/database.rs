//! `[database]`: where everything but audio and footage is kept.

use super::{ConfigError, Key, key};
use serde::{Deserialize, Serialize};

pub const KEYS: &[Key] = &[key(
    "url",
    "\"sqlite:///var/lib/siaga/siaga.db\"",
    "`sqlite:///path/to/siaga.db` (created if missing) or `postgres://user:password@host/database`.",
)];

#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Database {
    pub url: String,
}

impl std::fmt::Debug for Database {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Database")
    }
}

impl Default for Database {
    fn default() -> Self {
        Self { url: "sqlite:///var/lib/siaga/siaga.db".into() }
    }
}

impl Database {
    pub fn checked(&self) -> Result<&str, ConfigError> {
        let known = ["sqlite://", "postgres://", "postgresql://"];
        if known.iter().any(|scheme| self.url.starts_with(scheme)) {
            Ok(&self.url)
        } else {
            Err(ConfigError::new(
                "database.url",
                "is neither SQLite nor PostgreSQL",
                "write \"sqlite:///var/lib/siaga/siaga.db\" or \"postgres://user:password@host/database\"",
            ))
        }
    }
}
