//! Incidents and the messages that send teams to them.

use super::{CallView, FootageView, Position, TimelineEntry};
use crate::id::{DispatchId, IncidentId, IncidentTypeId, TeamId, UserId};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum IncidentState {
    Open,
    Closed,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct IncidentView {
    pub id: IncidentId,
    /// The number people say: `20261123-0007`.
    pub number: String,
    pub state: IncidentState,
    pub incident_type: Option<IncidentTypeId>,
    pub place: String,
    pub position: Option<Position>,
    pub event: String,
    pub details: String,
    pub opened_at: Timestamp,
    pub opened_by: UserId,
    pub opened_by_name: String,
    pub closed_at: Option<Timestamp>,
    pub dispatches: Vec<DispatchView>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct IncidentDetail {
    pub incident: IncidentView,
    pub calls: Vec<CallView>,
    pub footage: Vec<FootageView>,
    pub timeline: Vec<TimelineEntry>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Progress {
    /// In the outbox.
    Pending,
    /// The chat service took the message.
    Sent,
    Delivered,
    Read,
    /// Diterima.
    Acknowledged,
    /// Menuju lokasi.
    EnRoute,
    /// Tiba.
    Arrived,
    /// Selesai.
    Done,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Channel {
    Telegram,
    Whatsapp,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct DispatchView {
    pub id: DispatchId,
    pub incident: IncidentId,
    pub team: TeamId,
    pub team_name: String,
    pub agency_name: String,
    pub channel: Channel,
    pub progress: Progress,
    /// Who in the team pressed the last button.
    pub by: Option<String>,
    pub sent_by: UserId,
    pub created_at: Timestamp,
    pub updated_at: Timestamp,
    /// Why the last attempt to send failed; the message is still being tried unless `dead`.
    pub last_error: Option<String>,
    pub dead: bool,
    /// No acknowledgement within the time allowed.
    pub overdue: bool,
}
