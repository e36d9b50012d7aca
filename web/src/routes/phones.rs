//! `/phones`: the operators' desk phones as they stand.

use super::Operations;
use crate::access::{Operator, guarded};
use crate::app::AppState;
use crate::extract::Json;
use axum::extract::State;
use dispatch::contract::PhoneView;

pub(super) fn operations() -> Operations {
    Operations::new().with(guarded!(list_phones))
}

/// Every desk phone of the settings, in their order.
#[utoipa::path(get, path = "/phones", responses((status = 200, body = [PhoneView])), tag = "phones")]
async fn list_phones(_: Operator, State(app): State<AppState>) -> Json<Vec<PhoneView>> {
    Json((app.snapshot)().phones)
}
