//! `/setup`: the first administrator of an empty database.

use super::Operations;
use super::session::attempt;
use crate::app::AppState;
use crate::error::ApiError;
use crate::extract::Json;
use crate::source::source;
use axum::extract::{ConnectInfo, State};
use axum::http::{HeaderMap, StatusCode};
use dispatch::contract::UserView;
use dispatch::desk::DeskError;
use serde::Deserialize;
use std::net::SocketAddr;
use utoipa::ToSchema;
use utoipa_axum::routes;

pub(super) fn operations() -> Operations {
    Operations::new().open_to_anybody(routes!(set_up))
}

#[derive(Deserialize, ToSchema)]
struct SetUp {
    /// From the link that the server printed.
    token: String,
    username: String,
    name: String,
    password: String,
}

/// Creates the first administrator, with the one-time token that the server printed.
#[utoipa::path(post, path = "/setup", request_body = SetUp, responses((status = 201, body = UserView)), tag = "session")]
async fn set_up(
    State(app): State<AppState>,
    ConnectInfo(peer): ConnectInfo<SocketAddr>,
    headers: HeaderMap,
    Json(body): Json<SetUp>,
) -> Result<(StatusCode, Json<UserView>), ApiError> {
    // No user name begins with a blank, so this key is nobody's.
    attempt(&app, " setup", source(peer.ip(), &headers, &app.config.trusted_proxies))?;
    let made = app.desk.set_up(&body.token, &body.username, &body.name, &body.password).await;
    match made {
        Ok(user) => Ok((StatusCode::CREATED, Json(user))),
        Err(DeskError::WrongPassword | DeskError::SignedOut | DeskError::NotFound) => Err(ApiError::new(
            StatusCode::UNAUTHORIZED,
            "wrong_token",
            "this link was used or is too old; start the server again for a new one",
        )),
        Err(error) => Err(error.into()),
    }
}
