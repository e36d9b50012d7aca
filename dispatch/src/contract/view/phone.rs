//! The operators' desk phones.

use crate::id::UserId;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// A desk phone as it stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct PhoneView {
    pub name: String,
    pub state: PhoneState,
    /// Since when the state has stood.
    pub since: Timestamp,
    /// User name of the person whose phone it always is.
    pub belongs_to: Option<String>,
    /// Who works with it now.
    pub operator: Option<UserId>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum PhoneState {
    /// Not registered: off, unplugged, or set wrongly.
    Away,
    Registered,
    /// Rings, or is to be lifted.
    Ringing,
    /// Its handset is lifted in a call.
    OffHook,
}
