//! The cameras. Their addresses leave this file only for the recorder.

use super::StoreError;
use super::unit::Conn;
use crate::contract::{CameraSource, CameraState, CameraView, Position};
use crate::id::CameraId;

#[derive(sqlx::FromRow)]
struct Row {
    id: CameraId,
    name: String,
    latitude: f64,
    longitude: f64,
    active: bool,
}

#[derive(sqlx::FromRow)]
struct Address {
    id: CameraId,
    url: String,
    username: Option<String>,
    password: Option<String>,
}

impl From<Address> for CameraSource {
    fn from(row: Address) -> Self {
        Self { id: row.id, url: row.url, username: row.username, password: row.password }
    }
}

impl Conn<'_> {
    /// Every camera. What its recorder does is not known here: the state is `Off`.
    pub async fn cameras(&mut self) -> Result<Vec<CameraView>, StoreError> {
        let rows: Vec<Row> =
            on!(self, |c| sqlx::query_as("SELECT id, name, latitude, longitude, active FROM cameras ORDER BY name LIMIT 5000")
                .fetch_all(c))?;
        Ok(rows
            .into_iter()
            .map(|row| CameraView {
                id: row.id,
                name: row.name,
                position: Position { latitude: row.latitude, longitude: row.longitude },
                active: row.active,
                state: CameraState::Off,
                distance_m: None,
            })
            .collect())
    }

    /// The addresses of active cameras.
    pub async fn camera_sources(&mut self) -> Result<Vec<CameraSource>, StoreError> {
        let rows: Vec<Address> = on!(self, |c| sqlx::query_as(
            "SELECT id, url, username, password FROM cameras WHERE active ORDER BY name LIMIT 5000"
        )
        .fetch_all(c))?;
        Ok(rows.into_iter().map(Into::into).collect())
    }

    /// The address of one camera, active or not.
    pub async fn camera_source(&mut self, id: CameraId) -> Result<Option<CameraSource>, StoreError> {
        let row: Option<Address> =
            on!(self, |c| sqlx::query_as("SELECT id, url, username, password FROM cameras WHERE id = $1")
                .bind(id)
                .fetch_optional(c))?;
        Ok(row.map(Into::into))
    }

    /// Creates the camera, or changes it if its id is known.
    pub async fn put_camera(&mut self, camera: &CameraView, source: &CameraSource) -> Result<(), StoreError> {
        run!(
            self,
            sqlx::query(
                "INSERT INTO cameras (id, name, latitude, longitude, url, username, password, active) \
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8) \
             ON CONFLICT (id) DO UPDATE SET name = excluded.name, latitude = excluded.latitude, longitude = excluded.longitude, \
             url = excluded.url, username = excluded.username, password = excluded.password, active = excluded.active"
            )
            .bind(camera.id)
            .bind(&camera.name)
            .bind(camera.position.latitude)
            .bind(camera.position.longitude)
            .bind(&source.url)
            .bind(&source.username)
            .bind(&source.password)
            .bind(camera.active)
        )
    }
}
