//! Numbers that were marked as a nuisance, and the marks that count.

use super::StoreError;
use super::column::At;
use super::unit::Conn;
use crate::contract::{CallPriority, Disposition, ReputationView};
use crate::id::{ReportId, ReputationId};
use jiff::Timestamp;

/// A number's reputation, in force or not.
#[derive(Clone, PartialEq, Eq)]
pub struct ReputationRow {
    pub id: ReputationId,
    pub number: String,
    pub marks: i64,
    pub last_marked_at: Timestamp,
    pub expires_at: Timestamp,
    /// Marks up to this moment do not count: a supervisor has cleared it.
    pub cleared_at: Option<Timestamp>,
}

#[derive(sqlx::FromRow)]
struct Row {
    id: ReputationId,
    number: String,
    marks: i64,
    last_marked_at: At,
    expires_at: At,
    cleared_at: Option<At>,
}

impl From<Row> for ReputationRow {
    fn from(row: Row) -> Self {
        Self {
            id: row.id,
            number: row.number,
            marks: row.marks,
            last_marked_at: row.last_marked_at.0,
            expires_at: row.expires_at.0,
            cleared_at: row.cleared_at.map(|at| at.0),
        }
    }
}

impl From<ReputationRow> for ReputationView {
    fn from(row: ReputationRow) -> Self {
        let ReputationRow { id, number, marks, last_marked_at, expires_at, .. } = row;
        Self { id, number, priority: CallPriority::Low, marks, last_marked_at, expires_at }
    }
}

macro_rules! select_reputations {
    ($($rest:expr),+) => {
        concat!("SELECT id, number, marks, last_marked_at, expires_at, cleared_at FROM reputations ", $($rest),+)
    };
}

impl Conn<'_> {
    /// Keeps when the report got its disposition.
    pub async fn dispose_report(&mut self, id: ReportId, at: Timestamp) -> Result<(), StoreError> {
        run!(self, sqlx::query("UPDATE reports SET disposed_at = $2 WHERE id = $1").bind(id).bind(At(at)))
    }

    /// What kind of calls came from the number, by when that was said, newest first.
    pub async fn dispositions_of(
        &mut self,
        number: &str,
        since: Timestamp,
        limit: i64,
    ) -> Result<Vec<(Disposition, Timestamp)>, StoreError> {
        let rows: Vec<(Disposition, At)> = on!(self, |c| sqlx::query_as(
            "SELECT r.disposition, COALESCE(r.disposed_at, c.arrived_at) AS disposed FROM calls c \
             JOIN reports r ON r.call_id = c.id WHERE c.number = $1 AND c.direction = 'inbound' AND r.disposition IS NOT NULL \
             AND COALESCE(r.disposed_at, c.arrived_at) >= $2 ORDER BY disposed DESC, c.id DESC LIMIT $3"
        )
        .bind(number)
        .bind(At(since))
        .bind(limit)
        .fetch_all(c))?;
        Ok(rows.into_iter().map(|(disposition, at)| (disposition, at.0)).collect())
    }

    /// The number's row, made without a mark if there is none, which nobody else changes until the transaction ends.
    pub async fn hold_reputation(&mut self, number: &str, id: ReputationId, now: Timestamp) -> Result<ReputationRow, StoreError> {
        let row: Row = on!(self, |c| sqlx::query_as(
            "INSERT INTO reputations (id, number, marks, last_marked_at, expires_at) VALUES ($1, $2, 0, $3, $3) \
             ON CONFLICT (number) DO UPDATE SET number = excluded.number \
             RETURNING id, number, marks, last_marked_at, expires_at, cleared_at"
        )
        .bind(id)
        .bind(number)
        .bind(At(now))
        .fetch_one(c))?;
        Ok(row.into())
    }

    pub async fn lock_reputation(&mut self, id: ReputationId) -> Result<Option<ReputationRow>, StoreError> {
        let row: Option<Row> = on!(self, |c, lock = "" or " FOR UPDATE"| sqlx::query_as(select_reputations!("WHERE id = $1", lock!()))
            .bind(id)
            .fetch_optional(c))?;
        Ok(row.map(Into::into))
    }

    pub async fn lock_reputation_of(&mut self, number: &str) -> Result<Option<ReputationRow>, StoreError> {
        let row: Option<Row> = on!(self, |c, lock = "" or " FOR UPDATE"| sqlx::query_as(select_reputations!("WHERE number = $1", lock!()))
                .bind(number)
                .fetch_optional(c))?;
        Ok(row.map(Into::into))
    }

    pub async fn update_reputation(&mut self, row: &ReputationRow) -> Result<(), StoreError> {
        run!(
            self,
            sqlx::query("UPDATE reputations SET marks = $2, last_marked_at = $3, expires_at = $4, cleared_at = $5 WHERE id = $1")
                .bind(row.id)
                .bind(row.marks)
                .bind(At(row.last_marked_at))
                .bind(At(row.expires_at))
                .bind(row.cleared_at.map(At))
        )
    }

    /// Those in force at `now`, marked last first.
    pub async fn reputations(&mut self, now: Timestamp, limit: i64) -> Result<Vec<ReputationRow>, StoreError> {
        let rows: Vec<Row> = on!(self, |c| sqlx::query_as(select_reputations!(
            "WHERE expires_at > $1 ORDER BY last_marked_at DESC, id LIMIT $2"
        ))
        .bind(At(now))
        .bind(limit)
        .fetch_all(c))?;
        Ok(rows.into_iter().map(Into::into).collect())
    }
}
