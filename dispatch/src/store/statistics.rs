//! Counts over the inbound calls since a moment. `docs/statistics.md` says what each counts.

use super::StoreError;
use super::column::At;
use super::unit::Conn;
use crate::contract::Disposition;
use jiff::{SignedDuration, Timestamp};

/// See [`crate::contract::Statistics`].
#[derive(Debug, Clone, PartialEq, Eq, sqlx::FromRow)]
pub struct DayCounts {
    pub calls: i64,
    pub answered: i64,
    pub abandoned: i64,
    pub answered_in_target: i64,
    pub open_calls: i64,
}

/// See [`crate::contract::ServiceLevel`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, sqlx::FromRow)]
pub struct LevelCounts {
    pub answered: i64,
    pub of_calls: i64,
}

impl Conn<'_> {
    pub async fn count_calls(&mut self, from: Timestamp, target: SignedDuration) -> Result<DayCounts, StoreError> {
        on!(self, |c| sqlx::query_as(
            "SELECT COUNT(*) AS calls, COUNT(answered_at) AS answered, \
             COUNT(CASE WHEN ended_by = 'caller_before_answer' THEN 1 END) AS abandoned, \
             COUNT(CASE WHEN answered_at - arrived_at <= $2 THEN 1 END) AS answered_in_target, \
             COUNT(CASE WHEN ended_at IS NULL THEN 1 END) AS open_calls FROM calls \
             WHERE arrived_at >= $1 AND direction = 'inbound'"
        )
        .bind(At(from))
        .bind(milliseconds(target))
        .fetch_one(c))
    }

    /// The calls since `from` that were answered within a time, and those that count for it at `now`: who was answered at all, and
    /// who waited longer than that time, whether the caller has given up or still waits.
    pub async fn count_level(
        &mut self,
        from: Timestamp,
        within: SignedDuration,
        now: Timestamp,
    ) -> Result<LevelCounts, StoreError> {
        on!(self, |c| sqlx::query_as(
            "SELECT COUNT(CASE WHEN answered_at - arrived_at <= $2 THEN 1 END) AS answered, \
             COUNT(CASE WHEN answered_at IS NOT NULL OR COALESCE(ended_at, $3) - arrived_at > $2 THEN 1 END) AS of_calls \
             FROM calls WHERE arrived_at >= $1 AND direction = 'inbound'"
        )
        .bind(At(from))
        .bind(milliseconds(within))
        .bind(At(now))
        .fetch_one(c))
    }

    pub async fn count_dispositions(&mut self, from: Timestamp) -> Result<Vec<(Disposition, i64)>, StoreError> {
        on!(self, |c| sqlx::query_as(
            "SELECT r.disposition, COUNT(*) FROM reports r JOIN calls c ON c.id = r.call_id \
             WHERE c.arrived_at >= $1 AND c.direction = 'inbound' AND r.disposition IS NOT NULL GROUP BY r.disposition"
        )
        .bind(At(from))
        .fetch_all(c))
    }

    pub async fn count_incidents(&mut self, from: Timestamp) -> Result<i64, StoreError> {
        on!(self, |c| sqlx::query_scalar("SELECT COUNT(*) FROM incidents WHERE opened_at >= $1").bind(At(from)).fetch_one(c))
    }
}

fn milliseconds(duration: SignedDuration) -> i64 {
    i64::try_from(duration.as_millis()).unwrap_or(i64::MAX)
}
