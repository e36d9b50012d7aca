//! Where the caller of a call is, in the columns of the call.

use super::StoreError;
use super::column::{At, Json, coordinates, position};
use super::unit::Conn;
use crate::contract::{CallerLocation, LocationShape};
use crate::id::CallId;

/// The columns of `calls` that say so.
#[derive(Default, sqlx::FromRow)]
pub(super) struct Location {
    pub latitude: Option<f64>,
    pub longitude: Option<f64>,
    pub radius_m: Option<f64>,
    pub civic: Option<String>,
    pub shape: Option<Json<LocationShape>>,
    pub location_method: Option<String>,
    pub located_at: Option<At>,
}

impl From<&CallerLocation> for Location {
    fn from(location: &CallerLocation) -> Self {
        let (latitude, longitude) = coordinates(location.position);
        Self {
            latitude,
            longitude,
            radius_m: location.radius_m,
            civic: location.civic.clone(),
            shape: location.shape.clone().map(Json),
            location_method: location.method.clone(),
            located_at: location.at.map(At),
        }
    }
}

impl From<Location> for Option<CallerLocation> {
    fn from(row: Location) -> Self {
        let position = position(row.latitude, row.longitude);
        let located = position.is_some() || row.civic.is_some();
        located.then_some(CallerLocation {
            position,
            radius_m: row.radius_m,
            civic: row.civic,
            shape: row.shape.map(|shape| shape.0),
            method: row.location_method,
            at: row.located_at.map(|at| at.0),
        })
    }
}

macro_rules! update_location {
    ($condition:literal) => {
        concat!(
            "UPDATE calls SET latitude = $2, longitude = $3, radius_m = $4, civic = $5, shape = $6, location_method = $7, \
             located_at = $8 WHERE id = $1",
            $condition
        )
    };
}

impl Conn<'_> {
    /// Where the caller is, learned after the call arrived. What is known already stays.
    pub async fn locate_call(&mut self, id: CallId, location: &CallerLocation) -> Result<(), StoreError> {
        self.write_location(update_location!(" AND latitude IS NULL AND civic IS NULL"), id, location).await
    }

    /// The caller is elsewhere than what is known says.
    pub async fn relocate_call(&mut self, id: CallId, location: &CallerLocation) -> Result<(), StoreError> {
        self.write_location(update_location!(""), id, location).await
    }

    async fn write_location(&mut self, statement: &'static str, id: CallId, location: &CallerLocation) -> Result<(), StoreError> {
        let row = Location::from(location);
        run!(
            self,
            sqlx::query(statement)
                .bind(id)
                .bind(row.latitude)
                .bind(row.longitude)
                .bind(row.radius_m)
                .bind(row.civic.clone())
                .bind(row.shape.clone())
                .bind(row.location_method.clone())
                .bind(row.located_at)
        )
    }
}
