//! `[city]`: the name, zone and map of the city that Siaga serves.

use super::{ConfigError, Key, key};
use serde::{Deserialize, Serialize};

pub const KEYS: &[Key] = &[
    key("name", "\"Kota Batam\"", "The city's name, shown in the console."),
    key("zone", "\"Asia/Jakarta\"", "The time zone in which times are shown and incidents are numbered."),
    key("latitude", "1.1301", "Centre of the map."),
    key("longitude", "104.0529", "Centre of the map."),
];

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct City {
    pub name: String,
    pub zone: String,
    pub latitude: f64,
    pub longitude: f64,
}

impl Default for City {
    fn default() -> Self {
        Self { name: "Kota Batam".into(), zone: "Asia/Jakarta".into(), latitude: 1.1301, longitude: 104.0529 }
    }
}

impl City {
    pub fn zone(&self) -> Result<jiff::tz::TimeZone, ConfigError> {
        jiff::tz::TimeZone::get(&self.zone).map_err(|_| {
            ConfigError::new("city.zone", format!("`{}` is not a time zone", self.zone), "use an IANA name like \"Asia/Jakarta\"")
        })
    }

    pub fn check(&self) -> Result<(), ConfigError> {
        self.zone()?;
        if !(-90.0..=90.0).contains(&self.latitude) {
            return Err(ConfigError::new(
                "city.latitude",
                format!("{} is no latitude", self.latitude),
                "write degrees north, e.g. 1.1301",
            ));
        }
        if !(-180.0..=180.0).contains(&self.longitude) {
            return Err(ConfigError::new(
                "city.longitude",
                format!("{} is no longitude", self.longitude),
                "write degrees east, e.g. 104.0529",
            ));
        }
        Ok(())
    }
}
