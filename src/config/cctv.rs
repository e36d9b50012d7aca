//! `[cctv]`: which footage an incident keeps.

use super::{Key, key};
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
