//! `[cctv]`: which footage an incident keeps.

use super::{ConfigError, Key, key};
use serde::{Deserialize, Serialize};

pub const KEYS: &[Key] = &[
    key("radius_m", "500", "Cameras within this distance of the place are linked to the incident."),
    key("max_cameras", "4", "At most this many, nearest first."),
    key("before_seconds", "120", "Footage is kept from this long before the call."),
    key("after_seconds", "600", "Footage is kept until this long after the call."),
    key("ring_minutes", "60", "How much footage of each camera is kept on disk when no incident asks for it."),
    key("ring_gigabytes", "200", "The most that all rings together may use; the oldest goes first."),
];

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Cctv {
    pub radius_m: u32,
    pub max_cameras: u32,
    pub before_seconds: u32,
    pub after_seconds: u32,
    pub ring_minutes: u32,
    pub ring_gigabytes: u64,
}

impl Default for Cctv {
    fn default() -> Self {
        Self { radius_m: 500, max_cameras: 4, before_seconds: 120, after_seconds: 600, ring_minutes: 60, ring_gigabytes: 200 }
    }
}

/// The longest range that is kept for one incident.
const LONGEST_S: u64 = 24 * 3600;

impl Cctv {
    pub fn check(&self) -> Result<(), ConfigError> {
        let range = u64::from(self.before_seconds) + u64::from(self.after_seconds);
        if range == 0 || range > LONGEST_S {
            return Err(ConfigError::new(
                "cctv.after_seconds",
                format!("with cctv.before_seconds it makes {range} seconds"),
                "choose both so that together they are more than nothing and at most a day",
            ));
        }
        if u64::from(self.before_seconds) > u64::from(self.ring_minutes) * 60 {
            return Err(ConfigError::new(
                "cctv.ring_minutes",
                format!("{} minutes do not reach back cctv.before_seconds", self.ring_minutes),
                "keep the ring longer than the footage from before a call, best by half an hour",
            ));
        }
        if self.ring_gigabytes == 0 {
            return Err(ConfigError::new(
                "cctv.ring_gigabytes",
                "is 0",
                "give the rings room; a camera of 2 Mbit/s takes about 1 GB an hour",
            ));
        }
        Ok(())
    }
}
