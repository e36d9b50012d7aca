//! Desk phones: which there are, who they are, and from where they may register.

use super::{Secret, Srtp};
use ipnet::IpNet;
use serde::{Deserialize, Serialize};
use std::fmt;
use std::net::IpAddr;
use std::time::Duration;

/// A phone's SIP user.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct PhoneName(pub String);

impl fmt::Display for PhoneName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl From<&str> for PhoneName {
    fn from(name: &str) -> Self {
        PhoneName(name.to_owned())
    }
}

/// One phone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Phone {
    pub name: PhoneName,
    pub password: Secret,
}

/// How a phone proves who it is (RFC 8760).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum PhoneDigest {
    #[serde(rename = "SHA-256")]
    Sha256,
    #[serde(rename = "MD5")]
    Md5,
}

/// All phones, and the bounds of their registrations.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Phones {
    /// Phones are served from these networks alone; to others there is no registrar here.
    pub networks: Vec<IpNet>,
    /// Stands in the challenge.
    pub realm: String,
    /// Asked for in this order, the most wanted first.
    pub digests: Vec<PhoneDigest>,
    pub phones: Vec<Phone>,
    /// A registration for less gets 423, one for more is cut.
    pub shortest: Duration,
    pub longest: Duration,
    /// A registered phone is asked by OPTIONS this often whether it is there.
    pub options: Duration,
    /// Whether their voice is encrypted.
    pub srtp: Srtp,
    /// Whether they are asked to lift the handset by themselves where [`Lift::Phone`](crate::Lift::Phone) says so.
    pub lift_themselves: bool,
}

impl Default for Phones {
    /// None.
    fn default() -> Self {
        Phones {
            networks: Vec::new(),
            realm: "siaga".into(),
            digests: vec![PhoneDigest::Sha256, PhoneDigest::Md5],
            phones: Vec::new(),
            shortest: Duration::from_secs(60),
            longest: Duration::from_secs(3600),
            options: Duration::from_secs(30),
            srtp: Srtp::Off,
            lift_themselves: true,
        }
    }
}

impl Phones {
    /// Whether phones may be at `address`. An IPv4 address mapped into IPv6 counts as the IPv4 address.
    pub(crate) fn cover(&self, address: IpAddr) -> bool {
        let address = address.to_canonical();
        !self.phones.is_empty() && self.networks.iter().any(|net| net.contains(&address))
    }
}
