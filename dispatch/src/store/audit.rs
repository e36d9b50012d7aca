//! Who looked at what.

use super::StoreError;
use super::column::At;
use super::unit::Conn;
use crate::contract::AuditEntry;
use crate::id::UserId;
use jiff::Timestamp;

#[derive(sqlx::FromRow)]
struct Row {
    seq: i64,
    at: At,
    user_id: UserId,
    user_name: String,
    action: String,
    subject: String,
}

impl From<Row> for AuditEntry {
    fn from(row: Row) -> Self {
        Self { seq: row.seq, at: row.at.0, user: row.user_id, user_name: row.user_name, action: row.action, subject: row.subject }
    }
}

impl Conn<'_> {
    pub async fn insert_audit(
        &mut self,
        at: Timestamp,
        user: UserId,
        name: &str,
        action: &str,
        subject: &str,
    ) -> Result<(), StoreError> {
        run!(
            self,
            sqlx::query("INSERT INTO audit (at, user_id, user_name, action, subject) VALUES ($1, $2, $3, $4, $5)")
                .bind(At(at))
                .bind(user)
                .bind(name)
                .bind(action)
                .bind(subject)
        )
    }

    /// Newest first, only those numbered below `before`.
    pub async fn audit_entries(&mut self, before: i64, limit: i64) -> Result<Vec<AuditEntry>, StoreError> {
        let rows: Vec<Row> = on!(self, |c| sqlx::query_as(
            "SELECT seq, at, user_id, user_name, action, subject FROM audit WHERE seq < $1 ORDER BY seq DESC LIMIT $2"
        )
        .bind(before)
        .bind(limit)
        .fetch_all(c))?;
        Ok(rows.into_iter().map(Into::into).collect())
    }
}
