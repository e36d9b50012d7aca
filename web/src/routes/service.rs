//! What the service says about itself: the audit log, today's counts, and the description of this API.

use super::Operations;
use crate::access::{Manager, Operator, guarded};
use crate::app::AppState;
use crate::error::ApiError;
use crate::extract::{Json, Query};
use crate::openapi;
use axum::extract::State;
use axum::http::header;
use axum::response::{IntoResponse, Response};
use dispatch::contract::{AuditEntry, Statistics};
use serde::Deserialize;
use utoipa::IntoParams;
use utoipa_axum::routes;

/// Audit entries in one answer.
const PAGE: i64 = 200;

pub(super) fn operations() -> Operations {
    Operations::new()
        .with(guarded!(list_audit_entries))
        .with(guarded!(get_statistics_today))
        .open_to_anybody(routes!(get_openapi))
}

#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct ListAudit {
    /// The `seq` of the last entry seen.
    before: Option<i64>,
    /// At most 200, which also is the default.
    limit: Option<i64>,
}

/// Who looked at or took what, newest first.
#[utoipa::path(get, path = "/audit", params(ListAudit), responses((status = 200, body = [AuditEntry])), tag = "service")]
async fn list_audit_entries(
    Manager(who): Manager,
    State(app): State<AppState>,
    Query(query): Query<ListAudit>,
) -> Result<Json<Vec<AuditEntry>>, ApiError> {
    let limit = query.limit.unwrap_or(PAGE).clamp(1, PAGE);
    Ok(Json(app.desk.audit_entries(&who, query.before, limit).await?))
}

/// Counts of the calls since midnight in the city's zone.
#[utoipa::path(get, path = "/statistics/today", responses((status = 200, body = Statistics)), tag = "service")]
async fn get_statistics_today(Operator(who): Operator, State(app): State<AppState>) -> Result<Json<Statistics>, ApiError> {
    Ok(Json(app.desk.statistics_today(&who).await?))
}

/// This document.
#[utoipa::path(
    get, path = "/openapi.json", responses((status = 200, description = "OpenAPI 3.1", body = Object)), tag = "service"
)]
async fn get_openapi() -> Response {
    ([(header::CONTENT_TYPE, "application/json")], openapi::document()).into_response()
}
