//! `/types`: the kinds of incidents, with the agencies that go out for each.

use super::Operations;
use crate::access::{Manager, Operator, guarded};
use crate::app::AppState;
use crate::error::ApiError;
use crate::extract::{Json, Path};
use axum::extract::State;
use axum::http::StatusCode;
use dispatch::contract::{IncidentTypeView, SaveIncidentType};
use dispatch::id::IncidentTypeId;

pub(super) fn operations() -> Operations {
    Operations::new()
        .with(guarded!(list_incident_types))
        .with(guarded!(create_incident_type))
        .with(guarded!(update_incident_type))
}

/// Kinds of incidents in the order of their rank.
#[utoipa::path(get, path = "/types", responses((status = 200, body = [IncidentTypeView])), tag = "directory")]
async fn list_incident_types(_: Operator, State(app): State<AppState>) -> Result<Json<Vec<IncidentTypeView>>, ApiError> {
    Ok(Json(app.desk.incident_types().await?))
}

#[utoipa::path(
    post, path = "/types", request_body = SaveIncidentType, responses((status = 201, body = IncidentTypeView)), tag = "directory"
)]
async fn create_incident_type(
    Manager(who): Manager,
    State(app): State<AppState>,
    Json(body): Json<SaveIncidentType>,
) -> Result<(StatusCode, Json<IncidentTypeView>), ApiError> {
    Ok((StatusCode::CREATED, Json(app.desk.create_incident_type(&who, body).await?)))
}

#[utoipa::path(
    put, path = "/types/{id}", params(("id" = IncidentTypeId, Path)),
    request_body = SaveIncidentType, responses((status = 200, body = IncidentTypeView)),
    tag = "directory"
)]
async fn update_incident_type(
    Manager(who): Manager,
    State(app): State<AppState>,
    Path(id): Path<IncidentTypeId>,
    Json(body): Json<SaveIncidentType>,
) -> Result<Json<IncidentTypeView>, ApiError> {
    Ok(Json(app.desk.update_incident_type(&who, id, body).await?))
}
