//! `/reports`: the form, autosaved while the call goes on.

use super::Operations;
use crate::access::{Operator, guarded};
use crate::app::AppState;
use crate::error::{ApiError, Problem};
use crate::extract::{Json, Path};
use axum::extract::State;
use dispatch::contract::{Disposition, ReportView, SaveReport};
use dispatch::id::ReportId;
use serde::Deserialize;
use utoipa::ToSchema;

pub(super) fn operations() -> Operations {
    Operations::new().with(guarded!(get_report)).with(guarded!(save_report)).with(guarded!(close_report))
}

#[derive(Deserialize, ToSchema)]
struct CloseReport {
    disposition: Disposition,
}

#[utoipa::path(
    get, path = "/reports/{id}", params(("id" = ReportId, Path)),
    responses((status = 200, body = ReportView)), tag = "reports"
)]
async fn get_report(
    Operator(who): Operator,
    State(app): State<AppState>,
    Path(id): Path<ReportId>,
) -> Result<Json<ReportView>, ApiError> {
    Ok(Json(app.desk.report(&who, id).await?))
}

/// Saves the form, if it was edited from the stored revision (`base`). 409 `stale_revision` carries the stored report.
#[utoipa::path(
    put, path = "/reports/{id}", params(("id" = ReportId, Path)), request_body = SaveReport, tag = "reports",
    responses((status = 200, body = ReportView), (status = 409, description = "The stored revision is another", body = Problem))
)]
async fn save_report(
    Operator(who): Operator,
    State(app): State<AppState>,
    Path(id): Path<ReportId>,
    Json(save): Json<SaveReport>,
) -> Result<Json<ReportView>, ApiError> {
    Ok(Json(app.desk.save_report(&who, id, save).await?))
}

/// Closes the report without an incident: ghost call, prank, information.
#[utoipa::path(
    post, path = "/reports/{id}/close", params(("id" = ReportId, Path)),
    request_body = CloseReport, responses((status = 200, body = ReportView)), tag = "reports"
)]
async fn close_report(
    Operator(who): Operator,
    State(app): State<AppState>,
    Path(id): Path<ReportId>,
    Json(body): Json<CloseReport>,
) -> Result<Json<ReportView>, ApiError> {
    Ok(Json(app.desk.close_report(&who, id, body.disposition).await?))
}
