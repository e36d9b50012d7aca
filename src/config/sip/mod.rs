//! `[sip]`, `[[sip.trunk]]` and `[[sip.phone]]`: where calls come from, how carriers are reached, and the operators' desk phones.

mod phone;
mod trunk;

pub use phone::{PHONE_KEYS, PHONES_KEYS, Phone, Phones};
pub use trunk::{TRUNK_KEYS, Trunk};

use super::{ConfigError, Key, key};
use serde::{Deserialize, Serialize};
use std::path::{Path, PathBuf};

pub const KEYS: &[Key] = &[
    key(
        "listen",
        "[\"udp://0.0.0.0:5060\", \"tcp://0.0.0.0:5060\"]",
        "Listeners, each `udp://address:port`, `tcp://address:port` or `tls://address:port`; IPv6 as `udp://[::]:5060`.",
    ),
    key("number", "", "Our number as those see it whom we call; without it they see the program's name."),
    key(
        "country_code",
        "",
        "Of the city's country, like `\"62\"`: carriers write a caller's number in several ways (`+628117701234`, `628117701234`, `08117701234`), and with it they are one. Numbers are then kept, shown and looked for with `+`, and dialled so unless a trunk's `numbers` says otherwise; what was kept before stays as it was.",
    ),
    key(
        "national_prefix",
        "\"0\"",
        "What is dialled before the area within that country; empty where nothing is and numbers have at most nine digits.",
    ),
    key(
        "max_calls",
        "500",
        "Callers at once; past it a caller gets 503 with Retry-After and a counter moves. As many whom the server calls (desk phones, agencies, fallback numbers) have places of their own.",
    ),
    key(
        "tls_certificate",
        "",
        "PEM file with our certificate and its chain; needed for a `tls://` listener, and shown to carriers that ask for it. New files, here and below, are noticed within twenty seconds, for the connections from then on.",
    ),
    key("tls_key", "", "PEM file with the certificate's private key."),
    key(
        "tls_client_ca",
        "",
        "PEM file; peers of a `tls://` listener must show a certificate that one of these authorities signed.",
    ),
    key(
        "tls_ca",
        "",
        "PEM file with the authorities that a carrier's certificate must come from; without it those of this machine count.",
    ),
    key(
        "strangers",
        "\"refuse\"",
        "What addresses of no trunk hear: `\"refuse\"` (a call gets 403, at a bounded rate, so that a carrier finds out; nothing else is answered) or `\"silent\"` (nothing).",
    ),
    key(
        "trunk",
        "[]",
        "One `[[sip.trunk]]` table for each carrier; calls from other addresses are turned away, see `strangers`.",
    ),
    key("phones", "", "The `[sip.phones]` table, for operators with a desk phone."),
    key("phone", "[]", "One `[[sip.phone]]` table for each desk phone."),
];

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Sip {
    pub listen: Vec<String>,
    pub number: Option<String>,
    pub country_code: Option<String>,
    pub national_prefix: String,
    pub max_calls: usize,
    pub tls_certificate: Option<PathBuf>,
    pub tls_key: Option<PathBuf>,
    pub tls_client_ca: Option<PathBuf>,
    pub tls_ca: Option<PathBuf>,
    pub strangers: Strangers,
    pub trunk: Vec<Trunk>,
    pub phones: Option<Phones>,
    pub phone: Vec<Phone>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Strangers {
    Refuse,
    Silent,
}

impl Default for Sip {
    fn default() -> Self {
        Self {
            listen: vec!["udp://0.0.0.0:5060".into(), "tcp://0.0.0.0:5060".into()],
            number: None,
            country_code: None,
            national_prefix: "0".into(),
            max_calls: 500,
            tls_certificate: None,
            tls_key: None,
            tls_client_ca: None,
            tls_ca: None,
            strangers: Strangers::Refuse,
            trunk: Vec::new(),
            phones: None,
            phone: Vec::new(),
        }
    }
}

/// A 112 call is never given up by us; this only keeps a lost dialog from staying for ever.
const LONGEST_WAIT: std::time::Duration = std::time::Duration::from_secs(6 * 3600);

impl Sip {
    pub fn checked(&self) -> Result<sip::Config, ConfigError> {
        let listen = self
            .listen
            .iter()
            .map(|text| {
                text.parse().map_err(|_| {
                    ConfigError::new(
                        "sip.listen",
                        format!("`{text}` is not a listener"),
                        "write it like \"udp://0.0.0.0:5060\", \"tcp://[::]:5060\" or \"tls://0.0.0.0:5061\"",
                    )
                })
            })
            .collect::<Result<Vec<sip::Listen>, _>>()?;
        if listen.is_empty() {
            return Err(ConfigError::new("sip.listen", "is empty", "name at least one listener, e.g. [\"udp://0.0.0.0:5060\"]"));
        }
        if self.number.as_ref().is_some_and(|number| !is_number(number)) {
            return Err(ConfigError::new("sip.number", "is no telephone number", "write + and digits, e.g. \"+62778112\""));
        }
        if self.max_calls == 0 {
            return Err(ConfigError::new(
                "sip.max_calls",
                "is 0, so that every call would be refused",
                "leave it out, or give the number of calls that the lines carry",
            ));
        }
        let tls = self.tls()?;
        if tls.identity.is_none() && listen.iter().any(|listen| listen.transport == sip::Transport::Tls) {
            return Err(ConfigError::missing(
                "sip.tls_certificate",
                "a tls:// listener needs it; name PEM files here and in sip.tls_key",
            ));
        }
        let mut trunks = self.trunk.iter().map(Trunk::checked).collect::<Result<Vec<_>, _>>()?;
        let country = self.country()?;
        for (trunk, written) in trunks.iter_mut().zip(&self.trunk) {
            trunk.numbers = numbers(country.clone(), written.numbers)?;
        }
        let phones = self.phones.clone().unwrap_or_default().checked(&self.phone)?;
        let strangers = match self.strangers {
            Strangers::Refuse => sip::Strangers::default(),
            Strangers::Silent => sip::Strangers::Silent,
        };
        let limits = sip::Limits {
            max_calls: self.max_calls,
            // A call that comes and goes is remembered as two of them for 32 s (RFC 3261 section 17.2.2).
            max_transactions: self.max_calls.saturating_mul(8).max(4_000),
            max_ring: LONGEST_WAIT,
            strangers,
            take_alerts: true,
            ..sip::Limits::default()
        };
        Ok(sip::Config { limits, tls, phones, ..sip::Config::new(listen, trunks, concat!("siaga/", env!("CARGO_PKG_VERSION"))) })
    }

    /// The country whose numbers are known, if one was named.
    pub fn country(&self) -> Result<Option<sip::Country>, ConfigError> {
        let Some(code) = &self.country_code else { return Ok(None) };
        let country = sip::Country::new(code, &self.national_prefix);
        let wrong = || {
            ConfigError::new(
                "sip.country_code",
                format!("`{code}` with `national_prefix` `{}` is none", self.national_prefix),
                "write digits only, e.g. country_code = \"62\" and national_prefix = \"0\"",
            )
        };
        country.ok_or_else(wrong).map(Some)
    }

    fn tls(&self) -> Result<sip::Tls, ConfigError> {
        let identity = match (&self.tls_certificate, &self.tls_key) {
            (Some(certificate), Some(key)) => Some((pem("sip.tls_certificate", certificate)?, pem("sip.tls_key", key)?)),
            (Some(_), None) => return Err(ConfigError::missing("sip.tls_key", "name the PEM file of the certificate's key")),
            (None, Some(_)) => {
                return Err(ConfigError::missing("sip.tls_certificate", "name the PEM file that the key belongs to"));
            }
            (None, None) => None,
        };
        let client_ca = self.tls_client_ca.as_deref().map(|path| pem("sip.tls_client_ca", path)).transpose()?;
        let roots = match &self.tls_ca {
            Some(path) => sip::Roots::Only(pem("sip.tls_ca", path)?),
            None => sip::Roots::System,
        };
        Ok(sip::Tls { identity, client_ca, roots })
    }
}

fn numbers(country: Option<sip::Country>, sent: Option<sip::NumberForm>) -> Result<Option<sip::Numbers>, ConfigError> {
    match (country, sent) {
        (Some(country), sent) => Ok(Some(sip::Numbers { country, sent: sent.unwrap_or_default() })),
        (None, Some(_)) => Err(ConfigError::missing("sip.country_code", "`numbers` of a trunk needs it, e.g. \"62\"")),
        (None, None) => Ok(None),
    }
}

fn pem(key: &str, path: &Path) -> Result<sip::Pem, ConfigError> {
    if path.is_file() {
        Ok(sip::Pem::File(path.to_owned()))
    } else {
        Err(ConfigError::new(key, format!("no file at {}", path.display()), "give the path of a PEM file"))
    }
}

fn is_number(text: &str) -> bool {
    let digits = text.strip_prefix('+').unwrap_or(text);
    (1..=20).contains(&digits.len()) && digits.bytes().all(|digit| digit.is_ascii_digit())
}
