//! `/reputations`: numbers whose calls wait behind others for a while.

use super::Operations;
use crate::access::{Supervisor, guarded};
use crate::app::AppState;
use crate::error::ApiError;
use crate::extract::{Json, Path};
use axum::extract::State;
use axum::http::StatusCode;
use dispatch::contract::ReputationView;
use dispatch::id::ReputationId;

pub(super) fn operations() -> Operations {
    Operations::new().with(guarded!(list_reputations)).with(guarded!(clear_reputation))
}

/// Numbers whose place is lowered now, marked last first.
#[utoipa::path(get, path = "/reputations", responses((status = 200, body = [ReputationView])), tag = "reputations")]
async fn list_reputations(
    Supervisor(who): Supervisor,
    State(app): State<AppState>,
) -> Result<Json<Vec<ReputationView>>, ApiError> {
    Ok(Json(app.desk.reputations(&who).await?))
}

/// Gives the number its usual place again. Written into the audit.
#[utoipa::path(
    delete, path = "/reputations/{id}", params(("id" = ReputationId, Path)), responses((status = 204)), tag = "reputations"
)]
async fn clear_reputation(
    Supervisor(who): Supervisor,
    State(app): State<AppState>,
    Path(id): Path<ReputationId>,
) -> Result<StatusCode, ApiError> {
    app.desk.clear_reputation(&who, id).await?;
    Ok(StatusCode::NO_CONTENT)
}
