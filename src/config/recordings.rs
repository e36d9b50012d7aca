//! `[recordings]`: where audio and footage lie.

use super::{Key, key};
use serde::{Deserialize, Serialize};
use std::path::PathBuf;

pub const KEYS: &[Key] =
    &[key("directory", "\"/var/lib/siaga/recordings\"", "Directory of call audio and camera footage, on a disk with room.")];

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Recordings {
    pub directory: PathBuf,
}

impl Default for Recordings {
    fn default() -> Self {
        Self { directory: "/var/lib/siaga/recordings".into() }
    }
}
