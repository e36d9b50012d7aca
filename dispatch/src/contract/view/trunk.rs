//! Carriers' lines.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// A carrier's line as it stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct TrunkView {
    pub name: String,
    pub state: TrunkState,
    /// Since when the state has stood.
    pub since: Timestamp,
    /// Whether the carrier's registrar knows us; `None` if we do not register there.
    pub registered: Option<bool>,
    /// What was last seen, if it explains the state.
    pub detail: Option<String>,
    /// Calls over it now.
    pub calls: u32,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum TrunkState {
    /// Nothing says how it is: it is not asked, or was not yet.
    Unknown,
    Up,
    Down,
}

/// Why a carrier's calls are refused for what they offer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum OfferTrouble {
    /// No voice in a form that is taken here.
    NoCodec,
    /// What it offers cannot be read.
    Unreadable,
}

/// A family of IP addresses.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum AddressFamily {
    Ipv4,
    Ipv6,
}

/// Why calls do not come over a carrier's line.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum TrunkTrouble {
    /// There is no way to the carrier's proxy.
    Unreachable,
    /// It says that it takes no calls.
    Refuses,
    /// Its registrar refuses our registration, or does not answer it.
    NotRegistered,
    /// It does not answer. As this is read what an older server wrote in words.
    #[serde(other)]
    Silent,
}
