//! What is known of the audio of calls; the bytes are elsewhere.

use super::StoreError;
use super::column::At;
use super::unit::Conn;
use crate::contract::{RecordingView, SealView};
use crate::id::CallId;
use jiff::Timestamp;

#[derive(sqlx::FromRow)]
struct Row {
    call_id: CallId,
    started_at: At,
    sealed_at: Option<At>,
    duration_ms: Option<i64>,
    sha256: Option<String>,
    repaired: bool,
}

impl From<Row> for RecordingView {
    fn from(row: Row) -> Self {
        let seal = |sealed_at: At| {
            Some(SealView {
                sealed_at: sealed_at.0,
                duration_ms: u64::try_from(row.duration_ms?).ok()?,
                sha256: row.sha256?,
                repaired: row.repaired,
            })
        };
        Self { call: row.call_id, started_at: row.started_at.0, sealed: row.sealed_at.and_then(seal) }
    }
}

impl Conn<'_> {
    /// The first beginning stays.
    pub async fn begin_recording(&mut self, call: CallId, started_at: Timestamp) -> Result<(), StoreError> {
        run!(
            self,
            sqlx::query(
                "INSERT INTO recordings (call_id, started_at, repaired) VALUES ($1, $2, FALSE) ON CONFLICT (call_id) DO NOTHING"
            )
            .bind(call)
            .bind(At(started_at))
        )
    }

    /// Keeps the seal, even of a recording whose beginning was never written down.
    pub async fn seal_recording(&mut self, call: CallId, seal: &SealView) -> Result<(), StoreError> {
        let duration = i64::try_from(seal.duration_ms).unwrap_or(i64::MAX);
        let length = jiff::SignedDuration::from_millis(duration);
        let started_at = seal.sealed_at.checked_sub(length).unwrap_or(seal.sealed_at);
        run!(self, sqlx::query(
            "INSERT INTO recordings (call_id, started_at, sealed_at, duration_ms, sha256, repaired) VALUES ($1, $2, $3, $4, $5, $6) \
             ON CONFLICT (call_id) DO UPDATE SET sealed_at = excluded.sealed_at, duration_ms = excluded.duration_ms, \
             sha256 = excluded.sha256, repaired = excluded.repaired"
        )
        .bind(call)
        .bind(At(started_at))
        .bind(At(seal.sealed_at))
        .bind(duration)
        .bind(&seal.sha256)
        .bind(seal.repaired))
    }

    pub async fn recording(&mut self, call: CallId) -> Result<Option<RecordingView>, StoreError> {
        let row: Option<Row> = on!(self, |c| sqlx::query_as(
            "SELECT call_id, started_at, sealed_at, duration_ms, sha256, repaired FROM recordings WHERE call_id = $1"
        )
        .bind(call)
        .fetch_optional(c))?;
        Ok(row.map(Into::into))
    }

    /// Calls of a node whose recording began, and when, and whose seal was never written down, oldest first.
    pub async fn unsealed_recordings(&mut self, node: &str) -> Result<Vec<(CallId, Timestamp)>, StoreError> {
        let rows: Vec<(CallId, At)> = on!(self, |c| sqlx::query_as(
            "SELECT r.call_id, r.started_at FROM recordings r LEFT JOIN calls c ON c.id = r.call_id \
             WHERE r.sealed_at IS NULL AND (c.node = $1 OR c.id IS NULL) ORDER BY r.call_id"
        )
        .bind(node)
        .fetch_all(c))?;
        Ok(rows.into_iter().map(|(call, at)| (call, at.0)).collect())
    }
}
