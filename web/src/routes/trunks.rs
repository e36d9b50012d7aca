//! `/trunks`: the carriers' lines as they stand.

use super::Operations;
use crate::access::{Operator, guarded};
use crate::app::AppState;
use crate::extract::Json;
use axum::extract::State;
use dispatch::contract::TrunkView;

pub(super) fn operations() -> Operations {
    Operations::new().with(guarded!(list_trunks))
}

/// Every trunk of the settings, in their order.
#[utoipa::path(get, path = "/trunks", responses((status = 200, body = [TrunkView])), tag = "trunks")]
async fn list_trunks(_: Operator, State(app): State<AppState>) -> Json<Vec<TrunkView>> {
    Json((app.snapshot)().trunks)
}
