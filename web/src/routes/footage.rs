//! `/footage`: what the cameras near an incident saw.

use super::Operations;
use crate::access::{Operator, Supervisor, guarded};
use crate::app::AppState;
use crate::error::ApiError;
use crate::extract::{Json, Path};
use crate::file::{self, Kind};
use crate::looks::{self, Subject};
use axum::extract::State;
use axum::http::{HeaderMap, header};
use axum::response::{IntoResponse, Response};
use dispatch::contract::{FootageIndex, FootageView};
use dispatch::desk::Principal;
use dispatch::id::FootageId;

pub(super) fn operations() -> Operations {
    Operations::new().with(guarded!(get_footage)).with(guarded!(get_footage_segment))
}

/// Operations that put a file together first.
pub(super) fn exports() -> Operations {
    Operations::new().with(guarded!(download_footage))
}

/// What of the footage is on disk. Each look is audited.
#[utoipa::path(
    get, path = "/footage/{id}", params(("id" = FootageId, Path)),
    responses((status = 200, body = FootageIndex)), tag = "footage"
)]
async fn get_footage(
    Operator(who): Operator,
    State(app): State<AppState>,
    Path(id): Path<FootageId>,
) -> Result<Json<FootageIndex>, ApiError> {
    watched(&app, &who, id).await?;
    Ok(Json(app.archive.footage_index(id).await?))
}

/// One segment for Media Source Extensions: an initialisation segment followed by its fragments, on a timeline from zero.
#[utoipa::path(
    get, path = "/footage/{id}/segments/{n}", tag = "footage",
    params(("id" = FootageId, Path), ("n" = u64, Path, description = "As in the index")),
    responses((status = 200, content_type = "video/mp4", body = [u8]))
)]
async fn get_footage_segment(
    Operator(who): Operator,
    State(app): State<AppState>,
    Path((id, n)): Path<(FootageId, u64)>,
) -> Result<Response, ApiError> {
    watched(&app, &who, id).await?;
    let segment = app.archive.footage_segment(id, n).await?;
    Ok(([(header::CONTENT_TYPE, "video/mp4")], segment).into_response())
}

/// The footage as one MP4 file to keep. Audited before the first byte.
#[utoipa::path(
    get, path = "/footage/{id}/video.mp4", params(("id" = FootageId, Path)), tag = "footage",
    responses((status = 200, description = "A fast-start MP4 file", content_type = "video/mp4", body = [u8]))
)]
async fn download_footage(
    Supervisor(who): Supervisor,
    State(app): State<AppState>,
    Path(id): Path<FootageId>,
    headers: HeaderMap,
) -> Result<Response, ApiError> {
    let footage = app.desk.footage(&who, id).await?;
    let path = app.archive.footage_mp4(id).await?;
    let audit = async { Ok(app.desk.audit(&who, "footage.exported", &id.to_string()).await?) };
    looks::once(&app, who.session, Subject::Export(id), audit).await?;
    file::send(&path, Kind { content_type: "video/mp4", save_as: Some(file_name(&footage)) }, &headers).await
}

/// Checks that the footage is there, and audits the look if it is a new one.
async fn watched(app: &AppState, who: &Principal, id: FootageId) -> Result<(), ApiError> {
    let audit = async {
        app.desk.footage(who, id).await?;
        Ok(app.desk.audit(who, "footage.watched", &id.to_string()).await?)
    };
    looks::once(app, who.session, Subject::Footage(id), audit).await
}

/// The time and the id say which footage it is; the camera's name may hold characters that a file name may not.
fn file_name(footage: &FootageView) -> String {
    format!("siaga-{}-{}.mp4", footage.from.strftime("%Y%m%dT%H%M%SZ"), footage.id)
}
