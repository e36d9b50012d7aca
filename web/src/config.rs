//! What the binary says about how to serve: address, TLS, the city, and secrets.

use dispatch::contract::Position;
use ipnet::IpNet;
use std::net::SocketAddr;
use std::path::PathBuf;

/// The settings of the web side.
#[derive(Clone)]
pub struct Config {
    /// Port 0 takes a free one; `Running::address` says which.
    pub listen: SocketAddr,
    pub tls: Tls,
    /// The address people open, `https://112.batam.go.id`; needed when a proxy stands in front and changes `Host`. Pages of
    /// this origin are ours too, and under `https` the session cookie is `Secure` although this server speaks plain HTTP.
    pub public_url: Option<String>,
    /// Servers of map tiles, styles and fonts outside of this one that the console may load from, `https://tiles.example`.
    pub map_origins: Vec<String>,
    /// Proxies in front of this server; what these say of where a request comes from is believed.
    pub trusted_proxies: Vec<IpNet>,
    /// Opens `/metrics` to others than this machine, as `Authorization: Bearer ...`.
    pub metrics_token: Option<String>,
    pub city: City,
}

/// How connections are protected.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Tls {
    /// Plain HTTP, for a proxy on the same machine and for tests. Browsers give no microphone to it except on localhost.
    Off,
    /// A certificate that this server makes for itself once and keeps in the directory; people confirm it once. It is for
    /// the names known then; to have it made again, remove `self-signed.crt`.
    SelfSigned { directory: PathBuf },
    /// PEM files: the certificate with its chain, and the key.
    Files { certificate: PathBuf, key: PathBuf },
}

/// The city that the console shows.
#[derive(Debug, Clone, PartialEq, serde::Serialize, utoipa::ToSchema)]
pub struct City {
    pub name: String,
    /// Where the map opens.
    pub center: Position,
    /// IANA time zone in which the console shows times.
    pub zone: String,
}

impl Config {
    /// Whether browsers reach this server by HTTPS.
    pub(crate) fn secure(&self) -> bool {
        !matches!(self.tls, Tls::Off) || self.public_url.as_ref().is_some_and(|origin| origin.starts_with("https://"))
    }

    /// Scheme and authority of the public address, as browsers write it into `Origin`.
    pub(crate) fn public_origin(&self) -> Option<&str> {
        let url = self.public_url.as_deref()?;
        let (scheme, rest) = url.split_once("://")?;
        let authority = rest.split_once('/').map_or(rest, |(authority, _)| authority);
        url.get(..scheme.len() + "://".len() + authority.len())
    }
}

// Written by hand so that the token never reaches a log.
impl std::fmt::Debug for Config {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Config")
            .field("listen", &self.listen)
            .field("tls", &self.tls)
            .field("public_url", &self.public_url)
            .field("city", &self.city)
            .finish_non_exhaustive()
    }
}
