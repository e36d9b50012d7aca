//! Alerts that machines have sent (RFC 8876): which incident each has made.

use super::StoreError;
use super::column::At;
use super::unit::Conn;
use crate::id::IncidentId;
use jiff::Timestamp;

/// An alert as it is told apart from others, and what is kept of it beside its incident.
#[derive(Debug, Clone)]
pub struct AlertRow {
    pub sender: String,
    pub identifier: String,
    pub incident: IncidentId,
    pub severity: String,
    pub trunk: String,
    pub sent: Timestamp,
    pub received_at: Timestamp,
}

impl Conn<'_> {
    /// Keeps a new alert. `false` if it is there already.
    pub async fn insert_alert(&mut self, alert: &AlertRow) -> Result<bool, StoreError> {
        let done: Option<IncidentId> = on!(self, |c| sqlx::query_scalar(
            "INSERT INTO alerts (sender, identifier, incident_id, severity, trunk, sent_at, received_at) \
             VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT (sender, identifier) DO NOTHING RETURNING incident_id"
        )
        .bind(&alert.sender)
        .bind(&alert.identifier)
        .bind(alert.incident)
        .bind(&alert.severity)
        .bind(&alert.trunk)
        .bind(At(alert.sent))
        .bind(At(alert.received_at))
        .fetch_optional(c))?;
        Ok(done.is_some())
    }

    /// The incident of an alert that was kept, and how severe the alert called it.
    pub async fn kept_alert(&mut self, sender: &str, identifier: &str) -> Result<Option<(IncidentId, String)>, StoreError> {
        on!(self, |c| sqlx::query_as("SELECT incident_id, severity FROM alerts WHERE sender = $1 AND identifier = $2")
            .bind(sender)
            .bind(identifier)
            .fetch_optional(c))
    }
}
