//! `/incidents`: what happened, who was sent, and how it ended.

use super::Operations;
use crate::access::{Operator, guarded};
use crate::app::AppState;
use crate::error::ApiError;
use crate::extract::{Json, Path, Query};
use axum::extract::State;
use axum::http::StatusCode;
use dispatch::contract::{Channel, DispatchView, Disposition, IncidentDetail, IncidentState, IncidentView, TimelineEntry};
use dispatch::desk::IncidentQuery;
use dispatch::id::{IncidentId, ReportId, TeamId};
use serde::Deserialize;
use utoipa::{IntoParams, ToSchema};

/// More teams than a city has are a mistake.
const MOST_TEAMS: usize = 50;

pub(super) fn operations() -> Operations {
    Operations::new()
        .with(guarded!(open_incident))
        .with(guarded!(list_incidents))
        .with(guarded!(get_incident))
        .with(guarded!(send_dispatches))
        .with(guarded!(add_note))
        .with(guarded!(close_incident))
}

#[derive(Deserialize, ToSchema)]
struct OpenIncident {
    report: ReportId,
}

#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct ListIncidents {
    /// Only incidents in this state.
    state: Option<IncidentState>,
    /// At most 200; 50 if absent.
    limit: Option<i64>,
}

#[derive(Deserialize, ToSchema)]
struct SendDispatches {
    teams: Vec<TeamId>,
    /// Each team's usual channel if absent.
    channel: Option<Channel>,
}

#[derive(Deserialize, ToSchema)]
struct AddNote {
    text: String,
}

#[derive(Deserialize, ToSchema)]
struct CloseIncident {
    disposition: Disposition,
    #[serde(default)]
    note: String,
}

/// Opens an incident from a report. Opening the same report again gives the same incident.
#[utoipa::path(
    post, path = "/incidents", request_body = OpenIncident, responses((status = 201, body = IncidentView)), tag = "incidents"
)]
async fn open_incident(
    Operator(who): Operator,
    State(app): State<AppState>,
    Json(body): Json<OpenIncident>,
) -> Result<(StatusCode, Json<IncidentView>), ApiError> {
    Ok((StatusCode::CREATED, Json(app.desk.open_incident(&who, body.report).await?)))
}

/// Incidents, newest first.
#[utoipa::path(
    get, path = "/incidents", params(ListIncidents), responses((status = 200, body = [IncidentView])), tag = "incidents"
)]
async fn list_incidents(
    Operator(who): Operator,
    State(app): State<AppState>,
    Query(query): Query<ListIncidents>,
) -> Result<Json<Vec<IncidentView>>, ApiError> {
    let query = IncidentQuery { state: query.state, limit: query.limit.unwrap_or(0) };
    Ok(Json(app.desk.incidents(&who, query).await?))
}

#[utoipa::path(
    get, path = "/incidents/{id}", params(("id" = IncidentId, Path)),
    responses((status = 200, body = IncidentDetail)), tag = "incidents"
)]
async fn get_incident(
    Operator(who): Operator,
    State(app): State<AppState>,
    Path(id): Path<IncidentId>,
) -> Result<Json<IncidentDetail>, ApiError> {
    Ok(Json(app.desk.incident(&who, id).await?))
}

/// Sends the incident to teams. A team that has it already keeps its dispatch, which is in the answer.
#[utoipa::path(
    post, path = "/incidents/{id}/dispatches", params(("id" = IncidentId, Path)), request_body = SendDispatches,
    responses((status = 201, body = [DispatchView])), tag = "incidents"
)]
async fn send_dispatches(
    Operator(who): Operator,
    State(app): State<AppState>,
    Path(id): Path<IncidentId>,
    Json(body): Json<SendDispatches>,
) -> Result<(StatusCode, Json<Vec<DispatchView>>), ApiError> {
    if body.teams.is_empty() || body.teams.len() > MOST_TEAMS {
        return Err(ApiError::invalid("teams", "choose 1 to 50 teams"));
    }
    let dispatches = app.desk.send_dispatch(&who, id, &body.teams, body.channel).await?;
    Ok((StatusCode::CREATED, Json(dispatches)))
}

#[utoipa::path(
    post, path = "/incidents/{id}/notes", params(("id" = IncidentId, Path)),
    request_body = AddNote, responses((status = 201, body = TimelineEntry)), tag = "incidents"
)]
async fn add_note(
    Operator(who): Operator,
    State(app): State<AppState>,
    Path(id): Path<IncidentId>,
    Json(body): Json<AddNote>,
) -> Result<(StatusCode, Json<TimelineEntry>), ApiError> {
    Ok((StatusCode::CREATED, Json(app.desk.add_note(&who, id, &body.text).await?)))
}

#[utoipa::path(
    post, path = "/incidents/{id}/close", params(("id" = IncidentId, Path)),
    request_body = CloseIncident, responses((status = 200, body = IncidentView)),
    tag = "incidents"
)]
async fn close_incident(
    Operator(who): Operator,
    State(app): State<AppState>,
    Path(id): Path<IncidentId>,
    Json(body): Json<CloseIncident>,
) -> Result<Json<IncidentView>, ApiError> {
    Ok(Json(app.desk.close_incident(&who, id, body.disposition, &body.note).await?))
}
