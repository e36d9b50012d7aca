//! `/agencies`: the offices that have field teams.

use super::Operations;
use crate::access::{Manager, Operator, guarded};
use crate::app::AppState;
use crate::error::ApiError;
use crate::extract::{Json, Path};
use axum::extract::State;
use axum::http::StatusCode;
use dispatch::contract::{AgencyView, SaveAgency};
use dispatch::id::AgencyId;

pub(super) fn operations() -> Operations {
    Operations::new().with(guarded!(list_agencies)).with(guarded!(create_agency)).with(guarded!(update_agency))
}

#[utoipa::path(get, path = "/agencies", responses((status = 200, body = [AgencyView])), tag = "directory")]
async fn list_agencies(_: Operator, State(app): State<AppState>) -> Result<Json<Vec<AgencyView>>, ApiError> {
    Ok(Json(app.desk.agencies().await?))
}

#[utoipa::path(
    post, path = "/agencies", request_body = SaveAgency, responses((status = 201, body = AgencyView)), tag = "directory"
)]
async fn create_agency(
    Manager(who): Manager,
    State(app): State<AppState>,
    Json(body): Json<SaveAgency>,
) -> Result<(StatusCode, Json<AgencyView>), ApiError> {
    Ok((StatusCode::CREATED, Json(app.desk.create_agency(&who, body).await?)))
}

#[utoipa::path(
    put, path = "/agencies/{id}", params(("id" = AgencyId, Path)),
    request_body = SaveAgency, responses((status = 200, body = AgencyView)), tag = "directory"
)]
async fn update_agency(
    Manager(who): Manager,
    State(app): State<AppState>,
    Path(id): Path<AgencyId>,
    Json(body): Json<SaveAgency>,
) -> Result<Json<AgencyView>, ApiError> {
    Ok(Json(app.desk.update_agency(&who, id, body).await?))
}
