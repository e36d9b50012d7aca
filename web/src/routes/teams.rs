//! `/teams`: who receives dispatches, and by which chat.

use super::Operations;
use crate::access::{Manager, Operator, guarded};
use crate::app::AppState;
use crate::error::ApiError;
use crate::extract::{Json, Path};
use axum::extract::State;
use axum::http::StatusCode;
use dispatch::contract::{SaveTeam, TeamView};
use dispatch::id::TeamId;
use jiff::Timestamp;
use serde::Serialize;
use utoipa::ToSchema;

pub(super) fn operations() -> Operations {
    Operations::new().with(guarded!(list_teams)).with(guarded!(create_team)).with(guarded!(update_team)).with(guarded!(link_team))
}

/// How a team's chat makes itself known.
#[derive(Serialize, ToSchema)]
struct TeamLink {
    /// To be sent to the bot as `/start TOKEN` from the team's chat.
    token: String,
    /// Opens Telegram, lets the person choose the team's group and sends the token there; `None` while Telegram has not yet
    /// told the bot's name.
    telegram_url: Option<String>,
    expires_at: Timestamp,
}

#[utoipa::path(get, path = "/teams", responses((status = 200, body = [TeamView])), tag = "directory")]
async fn list_teams(_: Operator, State(app): State<AppState>) -> Result<Json<Vec<TeamView>>, ApiError> {
    Ok(Json(app.desk.teams().await?))
}

#[utoipa::path(post, path = "/teams", request_body = SaveTeam, responses((status = 201, body = TeamView)), tag = "directory")]
async fn create_team(
    Manager(who): Manager,
    State(app): State<AppState>,
    Json(body): Json<SaveTeam>,
) -> Result<(StatusCode, Json<TeamView>), ApiError> {
    Ok((StatusCode::CREATED, Json(app.desk.create_team(&who, body).await?)))
}

#[utoipa::path(
    put, path = "/teams/{id}", params(("id" = TeamId, Path)),
    request_body = SaveTeam, responses((status = 200, body = TeamView)), tag = "directory"
)]
async fn update_team(
    Manager(who): Manager,
    State(app): State<AppState>,
    Path(id): Path<TeamId>,
    Json(body): Json<SaveTeam>,
) -> Result<Json<TeamView>, ApiError> {
    Ok(Json(app.desk.update_team(&who, id, body).await?))
}

/// Makes a one-time link by which the team's Telegram chat is connected.
#[utoipa::path(
    post, path = "/teams/{id}/link", params(("id" = TeamId, Path)),
    responses((status = 200, body = TeamLink)), tag = "directory"
)]
async fn link_team(
    Manager(who): Manager,
    State(app): State<AppState>,
    Path(id): Path<TeamId>,
) -> Result<Json<TeamLink>, ApiError> {
    let link = app.desk.create_link(&who, id).await?;
    let bot = app.telegram_bot.borrow().clone();
    let telegram_url = bot.map(|bot| format!("https://t.me/{bot}?startgroup={}", link.token));
    Ok(Json(TeamLink { token: link.token, telegram_url, expires_at: link.expires_at }))
}
