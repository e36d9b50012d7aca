//! What the operator writes down during a call.

use super::Position;
use crate::id::{CallId, IncidentId, IncidentTypeId, ReportId};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Disposition {
    Normal,
    Ghost,
    Prank,
    Information,
}

/// What the operator types while talking. Every field may be empty while the call goes on.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(default)]
pub struct ReportFields {
    /// The place in the operator's own words; never rewritten by the server.
    pub place: String,
    /// The place on the map, apart from the words.
    pub position: Option<Position>,
    /// What happened.
    pub event: String,
    pub incident_type: Option<IncidentTypeId>,
    pub caller_name: String,
    pub caller_number: String,
    pub details: String,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct ReportView {
    pub id: ReportId,
    pub call: CallId,
    pub fields: ReportFields,
    /// Rises with every save. A save that was not made from the stored revision is refused with 409 and the stored report.
    pub revision: i64,
    pub saved_at: Timestamp,
    pub incident: Option<IncidentId>,
    pub disposition: Option<Disposition>,
}

/// An operator's save of the form.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct SaveReport {
    pub call: CallId,
    /// The stored revision that these fields were edited from; 0 for a draft that nobody has saved yet.
    pub base: i64,
    /// The revision that this save makes; higher than `base`.
    pub revision: i64,
    pub fields: ReportFields,
}
