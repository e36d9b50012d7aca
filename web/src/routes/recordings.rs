//! `/calls/{id}/recording.wav`: listening to a call.

use super::Operations;
use crate::access::{Operator, guarded};
use crate::app::AppState;
use crate::error::ApiError;
use crate::extract::Path;
use crate::file::{self, Kind};
use crate::looks::{self, Subject};
use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::Response;
use dispatch::id::CallId;

pub(super) fn operations() -> Operations {
    Operations::new().with(guarded!(get_recording))
}

/// The sealed recording of a call, caller left and operator right. Operators hear their own calls, supervisors all. `Range` is
/// honoured; each listening is audited before its first byte.
#[utoipa::path(
    get, path = "/calls/{id}/recording.wav", params(("id" = CallId, Path)), tag = "calls",
    responses(
        (status = 200, description = "The whole recording", content_type = "audio/wav", body = [u8]),
        (status = 206, description = "The part that Range asked for", content_type = "audio/wav", body = [u8]),
    )
)]
async fn get_recording(
    Operator(who): Operator,
    State(app): State<AppState>,
    Path(id): Path<CallId>,
    headers: HeaderMap,
) -> Result<Response, ApiError> {
    let open = async { app.desk.open_recording(&who, id).await.map(drop).map_err(ApiError::from) };
    looks::once(&app, who.session, Subject::Recording(id), open).await?;
    let path = app.archive.call_audio(id).await?;
    file::send(&path, Kind { content_type: "audio/wav", save_as: None }, &headers).await
}
