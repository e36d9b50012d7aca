//! Who and what a city has: agencies, teams, types of incident.

use super::Position;
use crate::id::{AgencyId, IncidentTypeId, TeamId};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct AgencyView {
    pub id: AgencyId,
    pub name: String,
    pub phone: String,
    pub active: bool,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct TeamView {
    pub id: TeamId,
    pub agency: AgencyId,
    pub agency_name: String,
    pub name: String,
    /// The Telegram chat that receives dispatches.
    pub telegram_chat: Option<i64>,
    /// The WhatsApp number in E.164 without `+`.
    pub whatsapp_number: Option<String>,
    pub position: Option<Position>,
    pub active: bool,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct IncidentTypeView {
    pub id: IncidentTypeId,
    /// Order in lists and the digit of its key.
    pub rank: i64,
    pub name: String,
    pub name_en: String,
    /// Lead agencies first suggested.
    pub lead: Vec<AgencyId>,
    pub support: Vec<AgencyId>,
    pub active: bool,
}
