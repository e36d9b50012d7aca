//! Which camera's footage is kept for which incident; the bytes are elsewhere.

use super::StoreError;
use super::column::At;
use super::unit::Conn;
use crate::contract::FootageView;
use crate::id::{CameraId, FootageId, IncidentId};
use jiff::Timestamp;

/// Footage to be kept.
#[derive(Debug, Clone)]
pub struct NewFootage {
    pub id: FootageId,
    pub incident: IncidentId,
    pub camera: CameraId,
    pub distance_m: f64,
    pub from: Timestamp,
    pub to: Timestamp,
}

#[derive(sqlx::FromRow)]
struct Row {
    id: FootageId,
    incident_id: IncidentId,
    camera_id: CameraId,
    camera_name: String,
    distance_m: f64,
    from_at: At,
    to_at: At,
}

impl From<Row> for FootageView {
    fn from(row: Row) -> Self {
        Self {
            id: row.id,
            incident: row.incident_id,
            camera: row.camera_id,
            camera_name: row.camera_name,
            distance_m: row.distance_m,
            from: row.from_at.0,
            to: row.to_at.0,
        }
    }
}

macro_rules! select_footage {
    ($rest:literal) => {
        concat!(
            "SELECT f.id, f.incident_id, f.camera_id, c.name AS camera_name, f.distance_m, f.from_at, f.to_at FROM footage f \
             JOIN cameras c ON c.id = f.camera_id ",
            $rest
        )
    };
}

impl Conn<'_> {
    /// Keeps a row for the recorder to hold. `false` if the incident has this camera already.
    pub async fn insert_footage(&mut self, footage: &NewFootage) -> Result<bool, StoreError> {
        let row: Option<FootageId> = on!(self, |c| {
            sqlx::query_scalar(
            "INSERT INTO footage (id, incident_id, camera_id, distance_m, from_at, to_at, held) VALUES ($1, $2, $3, $4, $5, $6, FALSE) \
             ON CONFLICT (incident_id, camera_id) DO NOTHING RETURNING id"
        )
        .bind(footage.id)
        .bind(footage.incident)
        .bind(footage.camera)
        .bind(footage.distance_m)
        .bind(At(footage.from))
        .bind(At(footage.to))
        .fetch_optional(c)
        })?;
        Ok(row.is_some())
    }

    pub async fn footage(&mut self, id: FootageId) -> Result<Option<FootageView>, StoreError> {
        let row: Option<Row> = on!(self, |c| sqlx::query_as(select_footage!("WHERE f.id = $1")).bind(id).fetch_optional(c))?;
        Ok(row.map(Into::into))
    }

    /// The footage of an incident, nearest camera first.
    pub async fn incident_footage(&mut self, incident: IncidentId) -> Result<Vec<FootageView>, StoreError> {
        let rows: Vec<Row> =
            on!(self, |c| sqlx::query_as(select_footage!("WHERE f.incident_id = $1 ORDER BY f.distance_m, f.id"))
                .bind(incident)
                .fetch_all(c))?;
        Ok(rows.into_iter().map(Into::into).collect())
    }

    /// What the recorder does not hold yet, of ranges that end after `since`.
    pub async fn unheld_footage(&mut self, since: Timestamp) -> Result<Vec<FootageView>, StoreError> {
        let rows: Vec<Row> =
            on!(self, |c| sqlx::query_as(select_footage!("WHERE NOT f.held AND f.to_at > $1 ORDER BY f.id LIMIT 100"))
                .bind(At(since))
                .fetch_all(c))?;
        Ok(rows.into_iter().map(Into::into).collect())
    }

    /// `false` if that was written down before.
    pub async fn set_footage_held(&mut self, id: FootageId) -> Result<bool, StoreError> {
        let row: Option<FootageId> =
            on!(self, |c| sqlx::query_scalar("UPDATE footage SET held = TRUE WHERE id = $1 AND NOT held RETURNING id")
                .bind(id)
                .fetch_optional(c))?;
        Ok(row.is_some())
    }
}
