//! What administrators write, and the answers about the service itself.

use super::view::{Channel, Disposition, Position, Role};
use crate::id::*;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use utoipa::ToSchema;

/// A person who shall be able to sign in.
#[derive(Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct NewUser {
    /// 2 to 32 characters of `a-z`, `0-9`, `.`, `-` and `_`.
    pub username: String,
    pub name: String,
    pub role: Role,
    /// At least ten characters.
    pub password: String,
    /// Short words of `a-z`, `0-9` and `-`, as `fire`.
    #[serde(default)]
    pub skills: Vec<String>,
    /// Primary language tags (BCP 47), as `id`.
    #[serde(default)]
    pub languages: Vec<String>,
}

/// A change to a user; what is absent stays.
#[derive(Clone, Default, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(default)]
pub struct ChangeUser {
    pub name: Option<String>,
    pub role: Option<Role>,
    pub password: Option<String>,
    pub active: Option<bool>,
    pub skills: Option<Vec<String>>,
    pub languages: Option<Vec<String>>,
}

impl std::fmt::Debug for NewUser {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("NewUser").field("role", &self.role).finish_non_exhaustive()
    }
}

impl std::fmt::Debug for ChangeUser {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ChangeUser").field("role", &self.role).field("active", &self.active).finish_non_exhaustive()
    }
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct SaveAgency {
    pub name: String,
    pub phone: String,
    pub active: bool,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct SaveTeam {
    pub agency: AgencyId,
    pub name: String,
    pub telegram_chat: Option<i64>,
    /// E.164 without `+`: 8 to 15 digits.
    pub whatsapp_number: Option<String>,
    pub position: Option<Position>,
    pub active: bool,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct SaveIncidentType {
    pub rank: i64,
    pub name: String,
    pub name_en: String,
    pub lead: Vec<AgencyId>,
    pub support: Vec<AgencyId>,
    pub active: bool,
}

/// A one-time token by which a team's chat makes itself known (`/start TOKEN`).
#[derive(Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct ChatLink {
    pub team: TeamId,
    pub channel: Channel,
    pub token: String,
    pub expires_at: Timestamp,
}

/// Somebody looked at or took something that is watched over.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct AuditEntry {
    pub seq: i64,
    pub at: Timestamp,
    pub user: UserId,
    pub user_name: String,
    /// `recording.listened`, `footage.watched`, `user.changed` ...
    pub action: String,
    /// What it was done to, as an identity: never a caller's data.
    pub subject: String,
}

/// How many of the calls were answered in time. `docs/statistics.md` defines each number.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ServiceLevel {
    /// The time within which a call should be answered, in seconds.
    pub within_s: i64,
    /// The share that should be, in percent.
    pub goal_percent: i64,
    /// Calls answered within that time.
    pub answered: i64,
    /// Calls that were answered, or waited longer than that time. Who gave up earlier is not counted.
    pub of: i64,
}

/// Counts of the calls that arrived since midnight in the city's zone. Outbound calls count in none of them.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Statistics {
    pub from: Timestamp,
    /// Calls that arrived.
    pub calls: i64,
    /// Calls that an operator or the fallback number answered.
    pub answered: i64,
    /// Calls whose caller hung up before an answer.
    pub abandoned: i64,
    /// Calls answered at most `target_s` seconds after they arrived.
    pub answered_in_target: i64,
    pub target_s: i64,
    /// Reports of these calls by how they were closed.
    pub by_disposition: BTreeMap<Disposition, i64>,
    /// Incidents opened.
    pub incidents: i64,
    /// Calls that still are in the house.
    pub open_calls: i64,
    /// The goals for answering in time, the strictest first.
    pub service_levels: Vec<ServiceLevel>,
}
