//! Dispatches, and the cards that are sent for them.

use super::StoreError;
use super::column::{At, position};
use super::unit::Conn;
use crate::contract::{Channel, DispatchView, IncidentState, Progress};
use crate::domain::card::DispatchCard;
use crate::domain::dispatch::{Delivery, Dispatch, Watch};
use crate::id::{DispatchId, IncidentId, TeamId, UserId};
use jiff::Timestamp;

/// A dispatch with the names around it.
#[derive(Debug, Clone)]
pub struct DispatchRow {
    pub dispatch: Dispatch,
    pub team_name: String,
    pub agency_name: String,
    pub incident_number: String,
    pub incident_state: IncidentState,
}

impl DispatchRow {
    pub fn view(self) -> DispatchView {
        self.dispatch.view(self.team_name, self.agency_name)
    }
}

#[derive(sqlx::FromRow)]
struct Row {
    id: DispatchId,
    short_id: String,
    incident_id: IncidentId,
    team_id: TeamId,
    channel: Channel,
    progress: Progress,
    by_name: Option<String>,
    sent_by: UserId,
    created_at: At,
    updated_at: At,
    last_error: Option<String>,
    dead: bool,
    overdue: bool,
    due_at: Option<At>,
    team_name: String,
    agency_name: String,
    incident_number: String,
    incident_state: IncidentState,
}

impl From<Row> for DispatchRow {
    fn from(row: Row) -> Self {
        let due = row.due_at.map(|at| at.0);
        let watch = match (row.overdue, due) {
            (true, again) => Watch::Overdue { again },
            (false, Some(until)) => Watch::Expected { until },
            (false, None) => Watch::Over,
        };
        let delivery = match row.dead {
            true => Delivery::Dead { error: row.last_error.unwrap_or_default() },
            false => Delivery::Underway { last_error: row.last_error },
        };
        let dispatch = Dispatch {
            id: row.id,
            short_id: row.short_id,
            incident: row.incident_id,
            team: row.team_id,
            channel: row.channel,
            progress: row.progress,
            by: row.by_name,
            sent_by: row.sent_by,
            created_at: row.created_at.0,
            updated_at: row.updated_at.0,
            delivery,
            watch,
        };
        let (team_name, agency_name, incident_number) = (row.team_name, row.agency_name, row.incident_number);
        Self { dispatch, team_name, agency_name, incident_number, incident_state: row.incident_state }
    }
}

#[derive(sqlx::FromRow)]
struct Card {
    dispatch: DispatchId,
    short_id: String,
    incident_number: String,
    type_name: Option<String>,
    place: String,
    latitude: Option<f64>,
    longitude: Option<f64>,
    event: String,
    details: String,
    caller_number: Option<String>,
    team: TeamId,
    team_name: String,
    agency_name: String,
    telegram_chat: Option<i64>,
    whatsapp_number: Option<String>,
}

impl From<Card> for DispatchCard {
    fn from(row: Card) -> Self {
        Self {
            dispatch: row.dispatch,
            short_id: row.short_id,
            incident_number: row.incident_number,
            type_name: row.type_name,
            place: row.place,
            position: position(row.latitude, row.longitude),
            event: row.event,
            details: row.details,
            caller_number: row.caller_number.filter(|number| !number.is_empty()),
            team: row.team,
            team_name: row.team_name,
            agency_name: row.agency_name,
            telegram_chat: row.telegram_chat,
            whatsapp_number: row.whatsapp_number,
        }
    }
}

macro_rules! select_dispatches {
    ($($rest:expr),+) => {
        concat!(
            "SELECT d.id, d.short_id, d.incident_id, d.team_id, d.channel, d.progress, d.by_name, d.sent_by, d.created_at, \
             d.updated_at, d.last_error, d.dead, d.overdue, d.due_at, t.name AS team_name, a.name AS agency_name, \
             i.number AS incident_number, i.state AS incident_state FROM dispatches d JOIN teams t ON t.id = d.team_id \
             JOIN agencies a ON a.id = t.agency_id JOIN incidents i ON i.id = d.incident_id ",
            $($rest),+
        )
    };
}

/// How `delivery` and `watch` stand in `last_error`, `dead`, `overdue` and `due_at`.
fn columns(dispatch: &Dispatch) -> (Option<&str>, bool, bool, Option<At>) {
    let (error, dead) = match &dispatch.delivery {
        Delivery::Underway { last_error } => (last_error.as_deref(), false),
        Delivery::Dead { error } => (Some(error.as_str()), true),
    };
    let (overdue, due) = match dispatch.watch {
        Watch::Expected { until } => (false, Some(until)),
        Watch::Overdue { again } => (true, again),
        Watch::Over => (false, None),
    };
    (error, dead, overdue, due.map(At))
}

impl Conn<'_> {
    /// Creates the dispatch, or changes how far it has come.
    pub async fn put_dispatch(&mut self, dispatch: &Dispatch) -> Result<(), StoreError> {
        let (last_error, dead, overdue, due_at) = columns(dispatch);
        run!(self, sqlx::query(
            "INSERT INTO dispatches (id, short_id, incident_id, team_id, channel, progress, by_name, sent_by, created_at, \
             updated_at, last_error, dead, overdue, due_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14) \
             ON CONFLICT (id) DO UPDATE SET channel = excluded.channel, progress = excluded.progress, by_name = excluded.by_name, \
             updated_at = excluded.updated_at, last_error = excluded.last_error, dead = excluded.dead, overdue = excluded.overdue, \
             due_at = excluded.due_at"
        )
        .bind(dispatch.id)
        .bind(&dispatch.short_id)
        .bind(dispatch.incident)
        .bind(dispatch.team)
        .bind(dispatch.channel)
        .bind(dispatch.progress)
        .bind(&dispatch.by)
        .bind(dispatch.sent_by)
        .bind(At(dispatch.created_at))
        .bind(At(dispatch.updated_at))
        .bind(last_error)
        .bind(dead)
        .bind(overdue)
        .bind(due_at))
    }

    /// The dispatch, which nobody else changes until the transaction ends.
    pub async fn lock_dispatch(&mut self, id: DispatchId) -> Result<Option<DispatchRow>, StoreError> {
        let row: Option<Row> = on!(self, |c, lock = "" or " FOR UPDATE OF d"| sqlx::query_as(select_dispatches!("WHERE d.id = $1", lock!()))
                .bind(id)
                .fetch_optional(c))?;
        Ok(row.map(Into::into))
    }

    pub async fn dispatch_by_short_id(&mut self, short_id: &str) -> Result<Option<DispatchId>, StoreError> {
        on!(self, |c| sqlx::query_scalar("SELECT id FROM dispatches WHERE short_id = $1").bind(short_id).fetch_optional(c))
    }

    /// The dispatches of an incident, oldest first.
    pub async fn dispatches(&mut self, incident: IncidentId) -> Result<Vec<DispatchRow>, StoreError> {
        let rows: Vec<Row> =
            on!(self, |c| sqlx::query_as(select_dispatches!("WHERE d.incident_id = $1 ORDER BY d.created_at, d.id"))
                .bind(incident)
                .fetch_all(c))?;
        Ok(rows.into_iter().map(Into::into).collect())
    }

    /// The dispatches of every incident opened since a moment, oldest first.
    pub async fn dispatches_since(&mut self, opened: Timestamp) -> Result<Vec<DispatchRow>, StoreError> {
        let rows: Vec<Row> =
            on!(self, |c| sqlx::query_as(select_dispatches!("WHERE i.opened_at >= $1 ORDER BY d.created_at, d.id"))
                .bind(At(opened))
                .fetch_all(c))?;
        Ok(rows.into_iter().map(Into::into).collect())
    }

    /// Dispatches whose acknowledgement is missing at `now`.
    pub async fn dispatches_due(&mut self, now: Timestamp) -> Result<Vec<DispatchId>, StoreError> {
        on!(self, |c| sqlx::query_scalar("SELECT id FROM dispatches WHERE due_at <= $1 ORDER BY due_at LIMIT 100")
            .bind(At(now))
            .fetch_all(c))
    }

    /// What a message for this dispatch says now.
    pub async fn dispatch_card(&mut self, id: DispatchId) -> Result<Option<DispatchCard>, StoreError> {
        let row: Option<Card> = on!(self, |c| sqlx::query_as(
            "SELECT d.id AS dispatch, d.short_id, i.number AS incident_number, k.name AS type_name, i.place, i.latitude, \
             i.longitude, i.event, i.details, r.caller_number, t.id AS team, t.name AS team_name, a.name AS agency_name, \
             t.telegram_chat, t.whatsapp_number FROM dispatches d JOIN incidents i ON i.id = d.incident_id \
             JOIN teams t ON t.id = d.team_id JOIN agencies a ON a.id = t.agency_id \
             LEFT JOIN incident_types k ON k.id = i.type_id LEFT JOIN reports r ON r.id = i.report_id WHERE d.id = $1"
        )
        .bind(id)
        .fetch_optional(c))?;
        Ok(row.map(Into::into))
    }
}
