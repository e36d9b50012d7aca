//! What happened, append-only, in one order for the whole server.

use super::StoreError;
use super::column::{At, Json};
use super::unit::Conn;
use crate::contract::{Actor, TimelineEntry};
use crate::id::{CallId, IncidentId};
use jiff::Timestamp;
use serde_json::Value;

/// An event that has no number yet.
#[derive(Debug, Clone)]
pub struct NewEvent {
    pub at: Timestamp,
    pub actor: Actor,
    pub kind: &'static str,
    pub call: Option<CallId>,
    pub incident: Option<IncidentId>,
    pub data: Value,
    /// The same happening told twice has the same key; the second is refused.
    pub dedupe: Option<String>,
}

#[derive(sqlx::FromRow)]
struct Row {
    seq: i64,
    at: At,
    actor: Json<Actor>,
    kind: String,
    call_id: Option<CallId>,
    incident_id: Option<IncidentId>,
    data: Json<Value>,
}

impl From<Row> for TimelineEntry {
    fn from(row: Row) -> Self {
        Self {
            seq: row.seq,
            at: row.at.0,
            actor: row.actor.0,
            kind: row.kind,
            call: row.call_id,
            incident: row.incident_id,
            data: row.data.0,
        }
    }
}

/// The most events that one timeline shows; the newest of them.
const TIMELINE: i64 = 1000;

impl Conn<'_> {
    /// Gives out as many numbers as there are events, without a gap, and appends them. The numbers stay locked until the commit,
    /// so that nobody sees a number before a smaller one.
    pub(super) async fn append_events(&mut self, events: Vec<NewEvent>) -> Result<Vec<TimelineEntry>, StoreError> {
        if events.is_empty() {
            return Ok(Vec::new());
        }
        let count = i64::try_from(events.len()).unwrap_or(i64::MAX);
        let last: i64 =
            on!(self, |c| sqlx::query_scalar("UPDATE counters SET value = value + $1 WHERE name = 'events' RETURNING value")
                .bind(count)
                .fetch_one(c))?;
        let mut entries = Vec::with_capacity(events.len());
        for (seq, event) in (last - count + 1..).zip(events) {
            run!(self, sqlx::query(
                "INSERT INTO events (seq, at, actor, kind, call_id, incident_id, data, dedupe) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)"
            )
            .bind(seq)
            .bind(At(event.at))
            .bind(Json(event.actor.clone()))
            .bind(event.kind)
            .bind(event.call)
            .bind(event.incident)
            .bind(Json(event.data.clone()))
            .bind(event.dedupe.clone()))?;
            entries.push(TimelineEntry {
                seq,
                at: event.at,
                actor: event.actor,
                kind: event.kind.to_owned(),
                call: event.call,
                incident: event.incident,
                data: event.data,
            });
        }
        Ok(entries)
    }

    pub async fn event_is_known(&mut self, dedupe: &str) -> Result<bool, StoreError> {
        let count: i64 =
            on!(self, |c| sqlx::query_scalar("SELECT COUNT(*) FROM events WHERE dedupe = $1").bind(dedupe).fetch_one(c))?;
        Ok(count > 0)
    }

    /// The events of a call, oldest first.
    pub async fn call_timeline(&mut self, call: CallId) -> Result<Vec<TimelineEntry>, StoreError> {
        let rows: Vec<Row> = on!(self, |c| {
            sqlx::query_as(
            "SELECT seq, at, actor, kind, call_id, incident_id, data FROM events WHERE call_id = $1 ORDER BY seq DESC LIMIT $2"
        )
        .bind(call)
        .bind(TIMELINE)
        .fetch_all(c)
        })?;
        Ok(rows.into_iter().rev().map(Into::into).collect())
    }

    /// The events of an incident and of every call that reported it, oldest first.
    pub async fn incident_timeline(&mut self, incident: IncidentId) -> Result<Vec<TimelineEntry>, StoreError> {
        let rows: Vec<Row> = on!(self, |c| sqlx::query_as(
            "SELECT seq, at, actor, kind, call_id, incident_id, data FROM events \
             WHERE incident_id = $1 OR call_id IN (SELECT call_id FROM reports WHERE incident_id = $1) ORDER BY seq DESC LIMIT $2"
        )
        .bind(incident)
        .bind(TIMELINE)
        .fetch_all(c))?;
        Ok(rows.into_iter().rev().map(Into::into).collect())
    }
}
