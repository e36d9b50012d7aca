//! `[web]`: the console, the API and the webhooks.

use super::networks::networks;
use super::{ConfigError, Key, key};
use ipnet::IpNet;
use serde::{Deserialize, Serialize};
use std::net::SocketAddr;
use std::path::PathBuf;

pub const KEYS: &[Key] = &[
    key("listen", "\"0.0.0.0:8443\"", "Address and port of the console and the API."),
    key(
        "tls",
        "\"self-signed\"",
        "`\"self-signed\"`, `\"off\"` (only behind a proxy or on loopback: browsers give the microphone to secure pages only), or `{ certificate = \"cert.pem\", key = \"key.pem\" }`; new files are noticed within twenty seconds.",
    ),
    key("public_url", "", "The address that operators type, for links and webhooks: `https://siaga.example.go.id`."),
    key("state_directory", "\"/var/lib/siaga\"", "Where the self-signed certificate is kept."),
    key(
        "trusted_proxies",
        "[]",
        "Addresses or networks of proxies in front of the console: only from these `X-Forwarded-For` is believed, so that guessing of passwords is slowed down for who guesses.",
    ),
    key("metrics_token", "", "Bearer token for `/metrics` from other machines; without it `/metrics` answers loopback only."),
];

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Web {
    pub listen: String,
    pub tls: Tls,
    pub public_url: Option<String>,
    pub state_directory: PathBuf,
    pub trusted_proxies: Vec<String>,
    pub metrics_token: Option<String>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Tls {
    Word(String),
    Files { certificate: PathBuf, key: PathBuf },
}

impl Default for Web {
    fn default() -> Self {
        Self {
            listen: "0.0.0.0:8443".into(),
            tls: Tls::Word("self-signed".into()),
            public_url: None,
            state_directory: "/var/lib/siaga".into(),
            trusted_proxies: Vec::new(),
            metrics_token: None,
        }
    }
}

impl Web {
    pub fn checked(&self) -> Result<(SocketAddr, web::Tls), ConfigError> {
        let listen = self.listen.parse().map_err(|_| {
            ConfigError::new(
                "web.listen",
                format!("`{}` is not an address and port", self.listen),
                "write it like \"0.0.0.0:8443\"",
            )
        })?;
        let tls = match &self.tls {
            Tls::Word(word) if word == "self-signed" => web::Tls::SelfSigned { directory: self.state_directory.clone() },
            Tls::Word(word) if word == "off" => web::Tls::Off,
            Tls::Word(word) => {
                return Err(ConfigError::new(
                    "web.tls",
                    format!("`{word}` is not known"),
                    "use \"self-signed\", \"off\" or { certificate = \"cert.pem\", key = \"key.pem\" }",
                ));
            }
            Tls::Files { certificate, key } => {
                for (name, path) in [("web.tls.certificate", certificate), ("web.tls.key", key)] {
                    if !path.is_file() {
                        return Err(ConfigError::new(
                            name,
                            format!("no file at {}", path.display()),
                            "give the path of a PEM file",
                        ));
                    }
                }
                web::Tls::Files { certificate: certificate.clone(), key: key.clone() }
            }
        };
        Ok((listen, tls))
    }

    pub fn proxies(&self) -> Result<Vec<IpNet>, ConfigError> {
        networks("web.trusted_proxies", &self.trusted_proxies)
    }
}
