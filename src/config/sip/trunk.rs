//! `[[sip.trunk]]`: one carrier.

use super::super::networks::networks;
use super::super::{ConfigError, Key, key};
use serde::{Deserialize, Serialize};
use std::net::IpAddr;
use std::num::NonZeroU32;
use std::path::PathBuf;
use std::time::Duration;

pub const TRUNK_KEYS: &[Key] = &[
    key("name", "", "A short name, shown in the console and in metrics."),
    key(
        "peers",
        "[]",
        "Addresses or networks of the carrier: `[\"203.0.113.10\", \"198.51.100.0/24\"]`. Those of `proxy` and `registrars` count without being named.",
    ),
    key(
        "proxy",
        "",
        "Where outbound calls of this trunk are sent: `\"203.0.113.10:5060\"` (UDP), `\"tcp://203.0.113.10\"`, `\"tls://sbc.carrier.example\"` or `\"sip:sbc.carrier.example;transport=tls\"`.",
    ),
    key("username", "", "The account at the carrier, for carriers that ask for it (digest authentication)."),
    key("password", "", "Its password."),
    key(
        "login",
        "",
        "The name that goes with the password, where the carrier gave another than `username`, like `\"siaga@ims.carrier.example\"`.",
    ),
    key(
        "domain",
        "",
        "The carrier's domain in SIP addresses, like `\"ims.carrier.example\"`, where it is not the host of its registrar or proxy; those are then only where requests are sent.",
    ),
    key("registrars", "[]", "Where the account is registered, written like `proxy`; each is registered at by itself."),
    key(
        "public_address",
        "",
        "This server's address as the carrier sees it, where a NAT stands between that keeps the ports: told in Contact and SDP in place of the machine's own.",
    ),
    key(
        "srtp",
        "\"off\"",
        "Encrypted voice with keys from the signalling (SDES, AES-CM-128 with tags of 80 or 32 bits): `\"off\"`, `\"offered\"` (where the carrier wants it) or `\"required\"`. Use it with TLS.",
    ),
    key(
        "reliable",
        "\"required\"",
        "Provisional responses are repeated until acknowledged: `\"required\"` (for callers that demand it) or `\"supported\"` (for all that can; whoever is called is asked for the same).",
    ),
    key(
        "redirections",
        "\"refused\"",
        "A call out that is sent on to another number (301, 302): `\"refused\"`, and the next trunk is tried, or `\"followed\"`, at most three times and by the same trunk. Whoever is called could name a number that is dear.",
    ),
    key("options_seconds", "30", "The proxy is asked this often whether it is there; `0` never asks."),
    key(
        "requests_per_second",
        "5000",
        "New calls and other requests outside of calls that are taken from the carrier, on average; twice as many at once. What is past it gets 503 or nothing, and the room is told.",
    ),
    key(
        "location_servers",
        "[]",
        "Hosts that locations and data by reference may be had from, over HTTPS or by a SIP subscription, such as `\"lis.carrier.example\"` (at the usual port: 443, 5060, 5061 for TLS) or `\"lis.carrier.example:8443\"`; what points anywhere else is not followed. A host that is not found is asked for by `proxy`.",
    ),
    key("location_ca", "", "PEM file with the authorities of those servers over HTTPS, if they are not public ones."),
    key(
        "caller_id",
        "\"from\"",
        "Where our number stands in outbound calls: `\"from\"`, `\"asserted\"` (in P-Asserted-Identity, too) or `\"account\"` (From names the account, P-Asserted-Identity the number).",
    ),
    key(
        "numbers",
        "",
        "How the carrier wants the numbers of `sip.country_code` that are called: `\"international\"` (`+628117701234`, also without this key), `\"plain\"` (`628117701234`) or `\"national\"` (`08117701234`). How it writes its callers' numbers makes no difference.",
    ),
];

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Trunk {
    pub name: String,
    #[serde(default)]
    pub peers: Vec<String>,
    pub proxy: Option<String>,
    pub username: Option<String>,
    pub password: Option<Password>,
    pub login: Option<String>,
    pub domain: Option<String>,
    pub public_address: Option<IpAddr>,
    #[serde(default)]
    pub registrars: Vec<String>,
    #[serde(default)]
    pub srtp: sip::Srtp,
    #[serde(default)]
    pub reliable: Reliable,
    #[serde(default)]
    pub redirections: sip::Redirected,
    #[serde(default = "half_a_minute")]
    pub options_seconds: u16,
    #[serde(default = "five_thousand")]
    pub requests_per_second: NonZeroU32,
    #[serde(default)]
    pub location_servers: Vec<String>,
    pub location_ca: Option<PathBuf>,
    #[serde(default)]
    pub caller_id: sip::CallerId,
    pub numbers: Option<sip::NumberForm>,
}

/// A password, never shown.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Password(pub String);

impl std::fmt::Debug for Password {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Password")
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Reliable {
    #[default]
    Required,
    Supported,
}

fn half_a_minute() -> u16 {
    30
}

fn five_thousand() -> NonZeroU32 {
    NonZeroU32::MIN.saturating_add(4999)
}

impl Trunk {
    /// A carrier that only calls, from this network.
    pub fn new(name: &str, peers: &str) -> Self {
        Self {
            name: name.into(),
            peers: vec![peers.into()],
            proxy: None,
            username: None,
            password: None,
            login: None,
            domain: None,
            public_address: None,
            registrars: Vec::new(),
            srtp: sip::Srtp::default(),
            reliable: Reliable::default(),
            redirections: sip::Redirected::default(),
            options_seconds: half_a_minute(),
            requests_per_second: five_thousand(),
            location_servers: Vec::new(),
            location_ca: None,
            caller_id: sip::CallerId::default(),
            numbers: None,
        }
    }

    pub(super) fn checked(&self) -> Result<sip::Trunk, ConfigError> {
        let proxy = self.proxy.as_deref().map(|text| target("sip.trunk.proxy", text)).transpose()?;
        let registrars =
            self.registrars.iter().map(|text| target("sip.trunk.registrars", text)).collect::<Result<Vec<_>, _>>()?;
        let account = match (&self.username, &self.password) {
            (Some(username), Some(password)) if is_user(username) => Some(sip::Account {
                login: self.login()?,
                domain: self.domain()?,
                ..sip::Account::new(username.clone(), password.0.clone())
            }),
            (Some(username), Some(_)) => {
                return Err(ConfigError::new(
                    "sip.trunk.username",
                    format!("`{username}` cannot stand in a SIP address"),
                    "give the part before the @ only",
                ));
            }
            (Some(_), None) => return Err(ConfigError::missing("sip.trunk.password", "give the account's password")),
            (None, Some(_)) => {
                return Err(ConfigError::missing("sip.trunk.username", "give the account that the password is for"));
            }
            (None, None) => None,
        };
        if account.is_none() && (self.login.is_some() || self.domain.is_some()) {
            return Err(ConfigError::missing("sip.trunk.username", "`login` and `domain` belong to an account"));
        }
        if account.is_none() && !registrars.is_empty() {
            return Err(ConfigError::missing("sip.trunk.username", "registrars need it and sip.trunk.password"));
        }
        if account.is_none() && self.caller_id == sip::CallerId::Account {
            return Err(ConfigError::missing("sip.trunk.username", "caller_id = \"account\" needs it and sip.trunk.password"));
        }
        if self.peers.is_empty() && proxy.is_none() && registrars.is_empty() {
            return Err(ConfigError::new("sip.trunk.peers", "is empty", "list the carrier's addresses, e.g. [\"203.0.113.10\"]"));
        }
        self.servers()?;
        let location_servers = self.location_servers()?;
        let mut trunk = sip::Trunk::new(sip::TrunkName(self.name.clone()), self.peers()?, None);
        trunk.proxy = proxy;
        trunk.location_servers = location_servers;
        trunk.registrars = registrars;
        trunk.public_address = self.public_address;
        trunk.account = account;
        trunk.srtp = self.srtp;
        trunk.caller_id = self.caller_id;
        trunk.reliability = match self.reliable {
            Reliable::Required => sip::Reliability::WhenRequired,
            Reliable::Supported => sip::Reliability::WhenSupported,
        };
        trunk.redirections = self.redirections;
        let per_second = self.requests_per_second.get();
        trunk.rate = sip::Rate { per_second, burst: per_second.saturating_mul(2) };
        trunk.options = (self.options_seconds > 0).then(|| Duration::from_secs(self.options_seconds.into()));
        Ok(trunk)
    }

    fn login(&self) -> Result<Option<String>, ConfigError> {
        match &self.login {
            Some(login) if !is_login(login) => Err(ConfigError::new(
                "sip.trunk.login",
                format!("`{login}` is no name that a carrier gives"),
                "write it as the carrier gave it, without quotes and spaces",
            )),
            login => Ok(login.clone()),
        }
    }

    fn domain(&self) -> Result<Option<String>, ConfigError> {
        match &self.domain {
            Some(domain) if !is_domain(domain) => Err(ConfigError::new(
                "sip.trunk.domain",
                format!("`{domain}` is no domain"),
                "write it like \"ims.carrier.example\", without a port",
            )),
            domain => Ok(domain.clone()),
        }
    }

    /// Where this trunk's callers may point to for their location.
    pub fn servers(&self) -> Result<sip::LocationServers, ConfigError> {
        let authorities = self
            .location_ca
            .as_ref()
            .map(|path| {
                std::fs::read(path).map_err(|error| {
                    ConfigError::new("sip.trunk.location_ca", format!("{}: {error}", path.display()), "name a readable PEM file")
                })
            })
            .transpose()?;
        sip::LocationServers::new(self.location_servers()?, authorities.as_deref()).map_err(wrong_server)
    }

    fn location_servers(&self) -> Result<Vec<sip::AllowedServer>, ConfigError> {
        self.location_servers.iter().map(|text| text.parse().map_err(wrong_server)).collect()
    }

    /// The carrier's networks, with the addresses of its proxy and registrars; an address alone is a network of one. Names stand for nothing here.
    pub fn networks(&self) -> Result<Vec<ipnet::IpNet>, ConfigError> {
        let trunk = self.checked()?;
        let targets = trunk.proxy.iter().chain(&trunk.registrars).filter_map(sip::Target::address);
        Ok(trunk.peers.iter().copied().chain(targets.map(|address| address.ip().into())).collect())
    }

    fn peers(&self) -> Result<Vec<ipnet::IpNet>, ConfigError> {
        networks("sip.trunk.peers", &self.peers)
    }
}

fn wrong_server(error: sip::ServerError) -> ConfigError {
    ConfigError::new("sip.trunk.location_servers", error.to_string(), "correct it, or leave `location_servers` out")
}

fn target(key: &str, text: &str) -> Result<sip::Target, ConfigError> {
    text.parse().map_err(|_| {
        ConfigError::new(
            key,
            format!("`{text}` is no address or name of a carrier"),
            "write it like \"203.0.113.10:5060\", \"tls://sbc.carrier.example\" or \"sip:sbc.carrier.example;transport=tcp\"",
        )
    })
}

/// What can stand in the quotes of a Digest without being escaped.
fn is_login(login: &str) -> bool {
    !login.is_empty() && login.len() <= 128 && login.chars().all(|c| c.is_ascii_graphic() && !matches!(c, '"' | '\\'))
}

fn is_domain(domain: &str) -> bool {
    let label = |label: &str| !label.is_empty() && label.chars().all(|c| c.is_ascii_alphanumeric() || c == '-');
    domain.len() <= 253 && domain.split('.').all(label)
}

/// RFC 3261 section 25.1, as far as accounts need it.
pub(super) fn is_user(username: &str) -> bool {
    let good = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.' | '!' | '~' | '*' | '+' | '=' | '$');
    !username.is_empty() && username.len() <= 128 && username.chars().all(good)
}
