//! `[sip.phones]` and `[[sip.phone]]`: the operators' desk phones, which register here.

use super::super::networks::networks;
use super::super::{ConfigError, Key, key};
use super::trunk::{Password, is_user};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

/// Of `max_expires_seconds`.
const LONGEST: u32 = 120;

pub const PHONES_KEYS: &[Key] = &[
    key(
        "networks",
        "[]",
        "Addresses or networks of the desk phones, as this server sees them: `[\"192.168.10.0/24\"]`. To all others there is no registrar.",
    ),
    key("realm", "\"siaga\"", "The realm in the challenge; some phones want to be told it."),
    key(
        "digests",
        "[\"SHA-256\", \"MD5\"]",
        "How phones may prove their password, the most wanted first. Some phones give up where they see `\"SHA-256\"`: set `[\"MD5\"]` for those.",
    ),
    key("min_expires_seconds", "60", "A registration for less is refused (423) with this as the least."),
    key(
        "max_expires_seconds",
        "120",
        "A registration for more is cut to this: so long a phone may be missing after a restart of Siaga.",
    ),
    key(
        "options_seconds",
        "30",
        "A registered phone is asked this often whether it is there; after two silences it counts as lost.",
    ),
    key(
        "srtp",
        "\"off\"",
        "Whether the phones' voice is encrypted with keys of their session descriptions (RFC 4568): `\"off\"`, `\"offered\"` (to phones that can), or `\"required\"`. Use it with phones that register by TLS.",
    ),
    key(
        "auto_answer",
        "true",
        "Phones are asked to answer by themselves what their operators ask for at the console: a call out, a call taken from the queue, listening in. A call that rings is always lifted by hand.",
    ),
    key(
        "passwords",
        "{}",
        "Passwords by phone name, for phones without `password`; by the environment as `SIAGA_SIP__PHONES__PASSWORDS__NAME`.",
    ),
];

pub const PHONE_KEYS: &[Key] = &[
    key("name", "", "The phone's SIP user, shown in the console: small letters, digits, `-`, `_` and `.`."),
    key("password", "", "Its password, of at least 8 characters; without it the one of `passwords` in `[sip.phones]` counts."),
    key(
        "operator",
        "",
        "User name of the person whose phone it always is, who begins the shift by dialling `*11`; without it whoever begins a shift in the console may take it.",
    ),
];

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Phones {
    pub networks: Vec<String>,
    pub realm: String,
    pub digests: Vec<sip::PhoneDigest>,
    pub min_expires_seconds: u32,
    pub max_expires_seconds: u32,
    pub options_seconds: u32,
    pub srtp: sip::Srtp,
    pub auto_answer: bool,
    pub passwords: BTreeMap<String, Password>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Phone {
    pub name: String,
    pub password: Option<Password>,
    pub operator: Option<String>,
}

impl Default for Phones {
    fn default() -> Self {
        Self {
            networks: Vec::new(),
            realm: "siaga".into(),
            digests: vec![sip::PhoneDigest::Sha256, sip::PhoneDigest::Md5],
            min_expires_seconds: 60,
            max_expires_seconds: LONGEST,
            options_seconds: 30,
            srtp: sip::Srtp::default(),
            auto_answer: true,
            passwords: BTreeMap::new(),
        }
    }
}

/// Phones of one control room.
const MOST: usize = 500;
const SHORTEST_PASSWORD: usize = 8;

impl Phones {
    /// What the user agent is told, with these phones.
    pub(super) fn checked(&self, phones: &[Phone]) -> Result<sip::Phones, ConfigError> {
        let networks = self.networks()?;
        if !phones.is_empty() && networks.is_empty() {
            return Err(ConfigError::missing(
                "sip.phones.networks",
                "name the networks of the desk phones, e.g. [\"192.168.10.0/24\"]",
            ));
        }
        if phones.len() > MOST {
            return Err(ConfigError::new("sip.phone", format!("{} are too many", phones.len()), format!("name at most {MOST}")));
        }
        if self.digests.is_empty() {
            return Err(ConfigError::new("sip.phones.digests", "is empty", "name \"SHA-256\", \"MD5\" or both"));
        }
        if self.realm.is_empty() || self.realm.len() > 64 || self.realm.chars().any(char::is_control) {
            return Err(ConfigError::new("sip.phones.realm", "is no realm", "write a short name, e.g. \"siaga\""));
        }
        let (least, most) = (self.min_expires_seconds, self.longest());
        if !(1..=86_400).contains(&least) || !(least..=86_400).contains(&most) {
            return Err(ConfigError::new(
                "sip.phones.min_expires_seconds",
                format!("with max_expires_seconds it makes {least} to {most}"),
                "choose both from 1 to 86400, the greater one as max_expires_seconds",
            ));
        }
        if !(2..=600).contains(&self.options_seconds) {
            let problem = format!("{} is out of range", self.options_seconds);
            return Err(ConfigError::new("sip.phones.options_seconds", problem, "choose 2 to 600"));
        }
        let mut names = BTreeSet::new();
        let mut checked = Vec::with_capacity(phones.len());
        for phone in phones {
            let name = &phone.name;
            if !is_user(name) || name == "-" || name.chars().any(|c| c.is_ascii_uppercase()) {
                let remedy = "use small letters, digits, `-`, `_` and `.`, e.g. \"meja-1\"";
                return Err(ConfigError::new("sip.phone.name", format!("`{name}` is no name of a phone"), remedy));
            }
            if !names.insert(name) {
                return Err(ConfigError::new(
                    "sip.phone.name",
                    format!("two phones are called `{name}`"),
                    "give each a name of its own",
                ));
            }
            let password = phone.password.as_ref().or_else(|| self.passwords.get(name));
            let password = password.map(|password| password.0.clone()).filter(|password| password.len() >= SHORTEST_PASSWORD);
            let Some(password) = password else {
                return Err(ConfigError::missing(
                    "sip.phone.password",
                    &format!("give phone `{name}` a password of at least {SHORTEST_PASSWORD} characters"),
                ));
            };
            checked.push(sip::Phone { name: name.as_str().into(), password: sip::Secret(password) });
        }
        Ok(sip::Phones {
            networks,
            realm: self.realm.clone(),
            digests: self.digests.clone(),
            lift_themselves: self.auto_answer,
            phones: checked,
            shortest: Duration::from_secs(least.into()),
            longest: Duration::from_secs(most.into()),
            options: Duration::from_secs(self.options_seconds.into()),
            srtp: self.srtp,
        })
    }

    /// The default gives way to a greater least.
    fn longest(&self) -> u32 {
        let least = if self.max_expires_seconds == LONGEST { self.min_expires_seconds } else { 0 };
        self.max_expires_seconds.max(least)
    }

    /// Where phones signal and speak from.
    pub fn networks(&self) -> Result<Vec<ipnet::IpNet>, ConfigError> {
        networks("sip.phones.networks", &self.networks)
    }
}
