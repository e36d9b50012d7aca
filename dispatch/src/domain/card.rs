//! What a field team is told.

use crate::contract::Position;
use crate::id::{DispatchId, TeamId};

/// Everything that a message to a field team says.
#[derive(Clone, PartialEq)]
pub struct DispatchCard {
    pub dispatch: DispatchId,
    /// Ten characters that the message's buttons carry.
    pub short_id: String,
    pub incident_number: String,
    pub type_name: Option<String>,
    pub place: String,
    pub position: Option<Position>,
    pub event: String,
    pub details: String,
    pub caller_number: Option<String>,
    pub team: TeamId,
    pub team_name: String,
    pub agency_name: String,
    pub telegram_chat: Option<i64>,
    pub whatsapp_number: Option<String>,
}

/// A card holds a caller's data; its debug form does not.
impl std::fmt::Debug for DispatchCard {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("DispatchCard")
            .field("dispatch", &self.dispatch)
            .field("incident_number", &self.incident_number)
            .finish_non_exhaustive()
    }
}
