//! Alarms that were raised, so that a restart silences none.

use super::StoreError;
use super::column::{At, Json};
use super::unit::Conn;
use crate::contract::{AlarmKind, AlarmView};
use crate::id::{AlarmId, UserId};
use jiff::Timestamp;

/// How an alarm ended: silenced by somebody, or by itself.
#[derive(Debug, Clone, Copy)]
pub struct AlarmEnd {
    pub alarm: AlarmId,
    pub by: Option<UserId>,
    pub at: Timestamp,
}

#[derive(sqlx::FromRow)]
struct Row {
    id: AlarmId,
    raised_at: At,
    kind: Json<AlarmKind>,
}

impl From<Row> for AlarmView {
    fn from(row: Row) -> Self {
        Self { id: row.id, raised_at: row.raised_at.0, kind: row.kind.0 }
    }
}

impl Conn<'_> {
    pub async fn insert_alarms(&mut self, alarms: &[AlarmView], node: &str) -> Result<(), StoreError> {
        write_all!(
            self,
            alarms,
            "INSERT INTO alarms (id, node, raised_at, kind) ",
            |row, alarm| row
                .push_bind(alarm.id)
                .push_bind(node)
                .push_bind(At(alarm.raised_at))
                .push_bind(Json(alarm.kind.clone())),
            " ON CONFLICT (id) DO NOTHING"
        );
        Ok(())
    }

    /// Ends alarms that sound, each told once.
    pub async fn end_alarms(&mut self, ends: &[AlarmEnd]) -> Result<(), StoreError> {
        write_all!(
            self,
            ends,
            "WITH ends (id, ended_at, by_user) AS (",
            |row, end| row.push_bind(end.alarm).push_bind(At(end.at)).push_bind(end.by),
            ") UPDATE alarms SET ended_at = ends.ended_at, acknowledged_by = ends.by_user FROM ends \
             WHERE alarms.id = ends.id AND alarms.ended_at IS NULL"
        );
        Ok(())
    }

    /// The alarms of a node that still sound, oldest first.
    pub async fn sounding_alarms(&mut self, node: &str) -> Result<Vec<AlarmView>, StoreError> {
        let rows: Vec<Row> = on!(self, |c| sqlx::query_as(
            "SELECT id, raised_at, kind FROM alarms WHERE node = $1 AND ended_at IS NULL ORDER BY raised_at, id LIMIT 1000"
        )
        .bind(node)
        .fetch_all(c))?;
        Ok(rows.into_iter().map(Into::into).collect())
    }
}
