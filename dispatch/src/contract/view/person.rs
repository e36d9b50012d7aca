//! People and what they may do; operators at their consoles.

use crate::id::{CallId, UserId};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// What a person may do; each role may do what the one before may.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    Operator,
    /// Pembantu pengawas.
    Supervisor,
    /// Pengawas.
    Manager,
    /// Kepala pengawas, who also administers.
    Head,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct UserView {
    pub id: UserId,
    pub username: String,
    pub name: String,
    pub role: Role,
    pub active: bool,
    /// Short words as `fire` or `ambulance`, matched with the kind of help that a caller's network asks for.
    pub skills: Vec<String>,
    /// Primary language tags (BCP 47) as `id` or `en`.
    pub languages: Vec<String>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct OperatorView {
    pub id: UserId,
    pub name: String,
    pub state: OperatorState,
    pub since: Timestamp,
    /// The call that rings at or is with the operator.
    pub call: Option<CallId>,
    /// Whether the operator's voice can be reached: the headset, or the desk phone.
    pub media_connected: bool,
    pub browser_connected: bool,
    /// The desk phone that the operator works with in place of the headset.
    #[serde(default)]
    pub phone: Option<String>,
    pub skills: Vec<String>,
    pub languages: Vec<String>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(tag = "state", rename_all = "snake_case")]
pub enum OperatorState {
    /// Shift begun, not yet ready for calls: headset not connected or test not done.
    Preparing,
    Ready,
    Ringing,
    Busy,
    Paused {
        reason: String,
    },
    /// Writes up the last call; no call rings here until then.
    WrapUp {
        until: Timestamp,
    },
}
