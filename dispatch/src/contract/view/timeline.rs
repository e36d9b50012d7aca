//! What happened, in order.

use crate::id::{CallId, IncidentId, TeamId, UserId};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct TimelineEntry {
    /// Rises by one with every event of the whole server.
    pub seq: i64,
    pub at: Timestamp,
    pub actor: Actor,
    /// `call.arrived`, `call.answered`, `report.saved`, `incident.opened`, `dispatch.sent`, `dispatch.acknowledged` ...
    pub kind: String,
    pub call: Option<CallId>,
    pub incident: Option<IncidentId>,
    /// Facts of the event, by kind; the console has a sentence for each kind.
    #[schema(value_type = Object)]
    pub data: serde_json::Value,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(tag = "who", rename_all = "snake_case")]
pub enum Actor {
    User {
        id: UserId,
        name: String,
    },
    /// Somebody of a field team, by the name their chat account shows.
    Team {
        team: TeamId,
        name: String,
    },
    Caller,
    System,
}
