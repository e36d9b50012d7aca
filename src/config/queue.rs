//! `[queue]`: how calls wait and ring.

use super::{ConfigError, Key, key};
use serde::{Deserialize, Serialize};
use std::path::PathBuf;

pub const KEYS: &[Key] = &[
    key("ring_seconds", "15", "How long a call rings at one operator before it moves on."),
    key("detached_seconds", "60", "How long a call waits for its operator's browser to come back before it rings at another."),
    key("fallback_number", "", "Number that rings when nobody is ready; reached through `fallback_trunk`."),
    key("fallback_trunk", "", "Name of the trunk for the fallback number; the first trunk with a proxy if left out."),
    key("fallback_after_seconds", "60", "How long a call waits with nobody ready before the fallback number rings."),
    key(
        "fallback_calls",
        "4",
        "Calls that ring or talk at the fallback number at once, as many as it has lines; others wait on for an operator.",
    ),
    key(
        "announcements",
        "",
        "Directory of WAV files (8 kHz, mono, 16 bit) that replace the built-in `waiting.wav` and `hold.wav`.",
    ),
    key(
        "acknowledge_seconds",
        "60",
        "How long a team has to acknowledge before its dispatch is overdue and alarms; it alarms again after twice that time more.",
    ),
];

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Queue {
    pub ring_seconds: u32,
    pub detached_seconds: u32,
    pub fallback_number: Option<String>,
    pub fallback_trunk: Option<String>,
    pub fallback_after_seconds: u32,
    pub fallback_calls: u32,
    pub announcements: Option<PathBuf>,
    pub acknowledge_seconds: u32,
}

impl Default for Queue {
    fn default() -> Self {
        Self {
            ring_seconds: 15,
            detached_seconds: 60,
            fallback_number: None,
            fallback_trunk: None,
            fallback_after_seconds: 60,
            fallback_calls: 4,
            announcements: None,
            acknowledge_seconds: 60,
        }
    }
}

impl Queue {
    /// `trunks` are the trunks that have a proxy.
    pub fn check(&self, trunks: &[&str]) -> Result<(), ConfigError> {
        if !(3..=120).contains(&self.ring_seconds) {
            return Err(ConfigError::new(
                "queue.ring_seconds",
                format!("{} is out of range", self.ring_seconds),
                "choose 3 to 120",
            ));
        }
        for (name, seconds) in [
            ("queue.fallback_after_seconds", self.fallback_after_seconds),
            ("queue.acknowledge_seconds", self.acknowledge_seconds),
        ] {
            if !(1..=3600).contains(&seconds) {
                return Err(ConfigError::new(name, format!("{seconds} is out of range"), "choose 1 to 3600"));
            }
        }
        if !(5..=600).contains(&self.detached_seconds) {
            return Err(ConfigError::new(
                "queue.detached_seconds",
                format!("{} is out of range", self.detached_seconds),
                "choose 5 to 600",
            ));
        }
        if !(1..=10_000).contains(&self.fallback_calls) {
            return Err(ConfigError::new(
                "queue.fallback_calls",
                format!("{} is out of range", self.fallback_calls),
                "choose 1 to 10000",
            ));
        }
        if self.fallback_number.is_some() {
            match &self.fallback_trunk {
                Some(name) if !trunks.contains(&name.as_str()) => {
                    return Err(ConfigError::new(
                        "queue.fallback_trunk",
                        format!("no trunk `{name}` with a proxy"),
                        "name a [[sip.trunk]] that has `proxy`",
                    ));
                }
                None if trunks.is_empty() => {
                    return Err(ConfigError::new(
                        "queue.fallback_number",
                        "no trunk can reach it",
                        "give a [[sip.trunk]] a `proxy`",
                    ));
                }
                _ => {}
            }
        }
        Ok(())
    }
}
