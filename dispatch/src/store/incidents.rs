//! Incidents, and the counter that gives them their numbers.

use super::StoreError;
use super::column::{At, coordinates, position};
use super::unit::Conn;
use crate::contract::IncidentState;
use crate::domain::incident::{Facts, Incident, State};
use crate::id::{IncidentId, IncidentTypeId, ReportId, UserId};
use uuid::Uuid;

#[derive(sqlx::FromRow)]
struct Row {
    id: IncidentId,
    number: String,
    report_id: ReportId,
    type_id: Option<IncidentTypeId>,
    place: String,
    latitude: Option<f64>,
    longitude: Option<f64>,
    event: String,
    details: String,
    opened_at: At,
    opened_by: UserId,
    opened_by_name: String,
    closed_at: Option<At>,
}

impl From<Row> for Incident {
    fn from(row: Row) -> Self {
        Self {
            id: row.id,
            number: row.number,
            report: Some(row.report_id).filter(|report| !report.0.is_nil()),
            facts: Facts {
                incident_type: row.type_id,
                place: row.place,
                position: position(row.latitude, row.longitude),
                event: row.event,
                details: row.details,
            },
            opened_at: row.opened_at.0,
            opened_by: row.opened_by,
            opened_by_name: row.opened_by_name,
            state: row.closed_at.map_or(State::Open, |at| State::Closed { at: at.0 }),
        }
    }
}

/// What stands for no report: the column came before alerts did, and must hold something.
const NO_REPORT: ReportId = ReportId(Uuid::nil());

macro_rules! select_incidents {
    ($($rest:expr),+) => {
        concat!(
            "SELECT id, number, report_id, type_id, place, latitude, longitude, event, details, opened_at, opened_by, \
             opened_by_name, closed_at FROM incidents ",
            $($rest),+
        )
    };
}

impl Conn<'_> {
    /// The next number of a counter, beginning with 1. Given back if the transaction is.
    pub async fn count_up(&mut self, counter: &str) -> Result<i64, StoreError> {
        on!(self, |c| sqlx::query_scalar(
            "INSERT INTO counters (name, value) VALUES ($1, 1) \
             ON CONFLICT (name) DO UPDATE SET value = counters.value + 1 RETURNING value"
        )
        .bind(counter)
        .fetch_one(c))
    }

    /// Creates the incident, or changes its facts and state.
    pub async fn put_incident(&mut self, incident: &Incident) -> Result<(), StoreError> {
        let facts = &incident.facts;
        let (latitude, longitude) = coordinates(facts.position);
        let (state, closed_at) = match incident.state {
            State::Open => (IncidentState::Open, None),
            State::Closed { at } => (IncidentState::Closed, Some(At(at))),
        };
        run!(self, sqlx::query(
            "INSERT INTO incidents (id, number, state, report_id, type_id, place, latitude, longitude, event, details, opened_at, \
             opened_by, opened_by_name, closed_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14) \
             ON CONFLICT (id) DO UPDATE SET state = excluded.state, type_id = excluded.type_id, place = excluded.place, \
             latitude = excluded.latitude, longitude = excluded.longitude, event = excluded.event, details = excluded.details, \
             closed_at = excluded.closed_at"
        )
        .bind(incident.id)
        .bind(&incident.number)
        .bind(state)
        .bind(incident.report.unwrap_or(NO_REPORT))
        .bind(facts.incident_type)
        .bind(&facts.place)
        .bind(latitude)
        .bind(longitude)
        .bind(&facts.event)
        .bind(&facts.details)
        .bind(At(incident.opened_at))
        .bind(incident.opened_by)
        .bind(&incident.opened_by_name)
        .bind(closed_at))
    }

    pub async fn incident(&mut self, id: IncidentId) -> Result<Option<Incident>, StoreError> {
        let row: Option<Row> = on!(self, |c| sqlx::query_as(select_incidents!("WHERE id = $1")).bind(id).fetch_optional(c))?;
        Ok(row.map(Into::into))
    }

    /// The incident, which nobody else changes until the transaction ends.
    pub async fn lock_incident(&mut self, id: IncidentId) -> Result<Option<Incident>, StoreError> {
        let row: Option<Row> = on!(self, |c, lock = "" or " FOR UPDATE"| sqlx::query_as(select_incidents!("WHERE id = $1", lock!()))
            .bind(id)
            .fetch_optional(c))?;
        Ok(row.map(Into::into))
    }

    /// Newest first.
    pub async fn incidents(&mut self, state: Option<IncidentState>, limit: i64) -> Result<Vec<Incident>, StoreError> {
        let rows: Vec<Row> = on!(self, |c| sqlx::query_as(select_incidents!(
            "WHERE $1 IS NULL OR state = $1 ORDER BY opened_at DESC, id DESC LIMIT $2"
        ))
        .bind(state)
        .bind(limit)
        .fetch_all(c))?;
        Ok(rows.into_iter().map(Into::into).collect())
    }
}
