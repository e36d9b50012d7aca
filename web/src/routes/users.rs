//! `/users`: who may sign in.

use super::Operations;
use crate::access::{Head, Manager, guarded};
use crate::app::AppState;
use crate::error::ApiError;
use crate::extract::{Json, Path};
use crate::learning;
use crate::signed_out::Ended;
use axum::extract::State;
use axum::http::StatusCode;
use dispatch::contract::{ChangeUser, Command, NewUser, Role, UserView};
use dispatch::id::UserId;

pub(super) fn operations() -> Operations {
    Operations::new().with(guarded!(list_users)).with(guarded!(create_user)).with(guarded!(change_user))
}

#[utoipa::path(get, path = "/users", responses((status = 200, body = [UserView])), tag = "users")]
async fn list_users(Manager(who): Manager, State(app): State<AppState>) -> Result<Json<Vec<UserView>>, ApiError> {
    Ok(Json(app.desk.users(&who).await?))
}

#[utoipa::path(post, path = "/users", request_body = NewUser, responses((status = 201, body = UserView)), tag = "users")]
async fn create_user(
    Head(who): Head,
    State(app): State<AppState>,
    Json(body): Json<NewUser>,
) -> Result<(StatusCode, Json<UserView>), ApiError> {
    Ok((StatusCode::CREATED, Json(app.desk.create_user(&who, body).await?)))
}

/// Changes what is given. A new password, a lower role or `active: false` ends the person's sessions; the last ends the shift, too.
#[utoipa::path(
    patch, path = "/users/{id}", params(("id" = UserId, Path)),
    request_body = ChangeUser, responses((status = 200, body = UserView)), tag = "users"
)]
async fn change_user(
    Head(who): Head,
    State(app): State<AppState>,
    Path(id): Path<UserId>,
    Json(body): Json<ChangeUser>,
) -> Result<Json<UserView>, ApiError> {
    let may_do_otherwise = body.role.is_some() || body.active.is_some();
    let has_learned = body.skills.is_some() || body.languages.is_some();
    let user = app.desk.change_user(&who, id, body).await?;
    if may_do_otherwise && !user.active {
        app.switchboard.tell(Command::Dismiss { operator: id }).await;
    } else if may_do_otherwise && user.role < Role::Supervisor {
        app.switchboard.tell(Command::StopMonitoring { supervisor: id }).await;
    }
    // A shift that runs goes on with it.
    if has_learned && user.active {
        app.switchboard.tell(Command::HasLearned { operator: id, learned: learning::of(&user) }).await;
    }
    app.signed_out.tell(Ended::Person(id));
    Ok(Json(user))
}
