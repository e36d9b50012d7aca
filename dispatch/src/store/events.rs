//! What happened, append-only, in one order for the whole server.

use super::StoreError;
use super::column::{At, Json};
use super::unit::Conn;
use crate::contract::{Actor, TimelineEntry};
use crate::id::{CallId, IncidentId};
use jiff::Timestamp;
use serde_json::Value;
use sqlx::QueryBuilder;
use std::collections::HashSet;

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
        let numbered: Vec<(i64, NewEvent)> = (last - count + 1..).zip(events).collect();
        write_all!(
            self,
            numbered,
            "INSERT INTO events (seq, at, actor, kind, call_id, incident_id, data, dedupe) ",
            |row, (seq, event)| row
                .push_bind(*seq)
                .push_bind(At(event.at))
                .push_bind(Json(event.actor.clone()))
                .push_bind(event.kind)
                .push_bind(event.call)
                .push_bind(event.incident)
                .push_bind(Json(event.data.clone()))
                .push_bind(event.dedupe.clone()),
            ""
        );
        let entries = numbered.into_iter().map(|(seq, event)| TimelineEntry {
            seq,
            at: event.at,
            actor: event.actor,
            kind: event.kind.to_owned(),
            call: event.call,
            incident: event.incident,
            data: event.data,
        });
        Ok(entries.collect())
    }

    /// Those of these keys under which something was told already.
    pub async fn known_events(&mut self, keys: &[String]) -> Result<HashSet<String>, StoreError> {
        let mut known = HashSet::new();
        for some in keys.chunks(super::AT_ONCE) {
            let found: Vec<String> = on!(self, |c| async {
                let mut select = QueryBuilder::new("SELECT dedupe FROM events WHERE dedupe IN ");
                push_choice!(select, &some.iter().map(String::as_str).collect::<Vec<_>>());
                select.build_query_scalar().persistent(some.len() == 1).fetch_all(c).await
            })?;
            known.extend(found);
        }
        Ok(known)
    }

    pub async fn event_is_known(&mut self, key: &str) -> Result<bool, StoreError> {
        Ok(!self.known_events(&[key.to_owned()]).await?.is_empty())
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
