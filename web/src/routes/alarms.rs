//! `/alarms`: conditions that sound until somebody sees to them.

use super::Operations;
use crate::access::{Operator, guarded};
use crate::app::AppState;
use crate::error::ApiError;
use crate::extract::{Json, Path};
use axum::extract::State;
use axum::http::StatusCode;
use dispatch::contract::AlarmView;
use dispatch::id::AlarmId;

pub(super) fn operations() -> Operations {
    Operations::new().with(guarded!(list_alarms)).with(guarded!(acknowledge_alarm))
}

#[utoipa::path(get, path = "/alarms", responses((status = 200, body = [AlarmView])), tag = "alarms")]
async fn list_alarms(_: Operator, State(app): State<AppState>) -> Json<Vec<AlarmView>> {
    Json(app.desk.alarms())
}

#[utoipa::path(
    post, path = "/alarms/{id}/acknowledge", params(("id" = AlarmId, Path)),
    responses((status = 204)), tag = "alarms"
)]
async fn acknowledge_alarm(
    Operator(who): Operator,
    State(app): State<AppState>,
    Path(id): Path<AlarmId>,
) -> Result<StatusCode, ApiError> {
    app.desk.acknowledge_alarm(&who, id).await?;
    Ok(StatusCode::NO_CONTENT)
}
