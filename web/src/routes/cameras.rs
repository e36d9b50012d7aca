//! `/cameras`: where they stand, whether they record, and their pictures now.

use super::Operations;
use super::live::opened;
use crate::access::{Manager, Operator, guarded};
use crate::app::AppState;
use crate::error::ApiError;
use crate::extract::{Json, Path, Query};
use crate::{cookie, live};
use axum::extract::State;
use axum::extract::ws::WebSocketUpgrade;
use axum::extract::ws::rejection::WebSocketUpgradeRejection;
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;
use dispatch::contract::{CameraView, Position, SaveCamera};
use dispatch::id::CameraId;
use serde::Deserialize;
use std::collections::HashMap;
use utoipa::IntoParams;

pub(super) fn operations() -> Operations {
    Operations::new()
        .with(guarded!(list_cameras))
        .with(guarded!(nearest_cameras))
        .with(guarded!(create_camera))
        .with(guarded!(update_camera))
        .with(guarded!(watch_camera))
}

#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct Near {
    /// Degrees north (WGS 84).
    latitude: f64,
    /// Degrees east (WGS 84).
    longitude: f64,
}

#[utoipa::path(get, path = "/cameras", responses((status = 200, body = [CameraView])), tag = "cameras")]
async fn list_cameras(_: Operator, State(app): State<AppState>) -> Result<Json<Vec<CameraView>>, ApiError> {
    Ok(Json(with_states(&app, app.desk.cameras().await?)))
}

/// Active cameras within the city's radius of a place, nearest first.
#[utoipa::path(get, path = "/cameras/nearest", params(Near), responses((status = 200, body = [CameraView])), tag = "cameras")]
async fn nearest_cameras(
    _: Operator,
    State(app): State<AppState>,
    Query(near): Query<Near>,
) -> Result<Json<Vec<CameraView>>, ApiError> {
    if !(-90.0..=90.0).contains(&near.latitude) || !(-180.0..=180.0).contains(&near.longitude) {
        return Err(ApiError::invalid("latitude", "give degrees: latitude -90 to 90, longitude -180 to 180"));
    }
    let position = Position { latitude: near.latitude, longitude: near.longitude };
    Ok(Json(with_states(&app, app.desk.nearest_cameras(position).await?)))
}

#[utoipa::path(post, path = "/cameras", request_body = SaveCamera, responses((status = 201, body = CameraView)), tag = "cameras")]
async fn create_camera(
    Manager(who): Manager,
    State(app): State<AppState>,
    Json(body): Json<SaveCamera>,
) -> Result<(StatusCode, Json<CameraView>), ApiError> {
    let camera = app.desk.create_camera(&who, body).await?;
    tell_recorder(&app).await?;
    Ok((StatusCode::CREATED, Json(camera)))
}

#[utoipa::path(
    put, path = "/cameras/{id}", params(("id" = CameraId, Path)),
    request_body = SaveCamera, responses((status = 200, body = CameraView)), tag = "cameras"
)]
async fn update_camera(
    Manager(who): Manager,
    State(app): State<AppState>,
    Path(id): Path<CameraId>,
    Json(body): Json<SaveCamera>,
) -> Result<Json<CameraView>, ApiError> {
    let camera = app.desk.update_camera(&who, id, body).await?;
    tell_recorder(&app).await?;
    Ok(Json(camera))
}

/// A WebSocket: a text frame `{"codec": "avc1..."}`, a binary frame with the initialisation segment, then binary frames with
/// fragments for Media Source Extensions. Written into the audit log before the first.
#[utoipa::path(
    get, path = "/cameras/{id}/live", params(("id" = CameraId, Path)),
    responses((status = 101, description = "The pictures follow in frames")), tag = "cameras"
)]
async fn watch_camera(
    Operator(who): Operator,
    State(app): State<AppState>,
    Path(id): Path<CameraId>,
    headers: HeaderMap,
    upgrade: Result<WebSocketUpgrade, WebSocketUpgradeRejection>,
) -> Result<Response, ApiError> {
    let upgrade = live::limited(opened(upgrade)?);
    let token = cookie::token(&headers).ok_or_else(ApiError::unauthenticated)?;
    let video = app.archive.watch(id).await?;
    app.desk.audit(&who, "camera.watched", &id.to_string()).await?;
    Ok(upgrade.on_upgrade(move |socket| live::show(app, who, token, video, socket)))
}

async fn tell_recorder(app: &AppState) -> Result<(), ApiError> {
    app.archive.cameras_changed(app.desk.camera_sources().await?).await;
    Ok(())
}

/// The store knows which cameras there are, the recorder how they do.
fn with_states(app: &AppState, mut cameras: Vec<CameraView>) -> Vec<CameraView> {
    let mut states: HashMap<_, _> = app.archive.camera_states().into_iter().collect();
    for camera in &mut cameras {
        if let Some(state) = states.remove(&camera.id).filter(|_| camera.active) {
            camera.state = state;
        }
    }
    cameras
}
