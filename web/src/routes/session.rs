//! `/session`: signing in, who is signed in, signing out.

use super::Operations;
use crate::access::{Operator, guarded};
use crate::app::AppState;
use crate::config::City;
use crate::cookie;
use crate::error::ApiError;
use crate::extract::Json;
use crate::signed_out::Ended;
use crate::source::source;
use crate::throttle::network_of;
use axum::extract::{ConnectInfo, State};
use axum::http::{HeaderMap, StatusCode};
use axum_extra::extract::CookieJar;
use dispatch::contract::{Command, UserView};
use dispatch::desk::DeskError;
use serde::{Deserialize, Serialize};
use std::net::{IpAddr, SocketAddr};
use std::sync::PoisonError;
use std::time::Duration;
use utoipa::ToSchema;
use utoipa_axum::routes;

/// How long a sign-in waits while others' passwords are being checked.
const TURN_WITHIN: Duration = Duration::from_secs(5);

pub(super) fn operations() -> Operations {
    Operations::new().open_to_anybody(routes!(sign_in)).with(guarded!(get_session)).with(guarded!(sign_out))
}

#[derive(Deserialize, ToSchema)]
struct SignIn {
    username: String,
    password: String,
}

#[derive(Serialize, ToSchema)]
struct SignedInView {
    user: UserView,
}

#[derive(Serialize, ToSchema)]
struct SessionView {
    user: UserView,
    city: City,
}

/// Signs in. The answer to an unknown user name and to a wrong password is the same.
#[utoipa::path(post, path = "/session", request_body = SignIn, responses((status = 200, body = SignedInView)), tag = "session")]
async fn sign_in(
    State(app): State<AppState>,
    ConnectInfo(peer): ConnectInfo<SocketAddr>,
    headers: HeaderMap,
    jar: CookieJar,
    Json(body): Json<SignIn>,
) -> Result<(CookieJar, Json<SignedInView>), ApiError> {
    let source = source(peer.ip(), &headers, &app.config.trusted_proxies);
    attempt(&app, &body.username, source)?;
    let Ok(Ok(_turn)) = tokio::time::timeout(TURN_WITHIN, app.verifying.acquire()).await else {
        return Err(ApiError::busy("too many people are signing in at once; try again"));
    };
    let signed_in = match app.desk.sign_in(&body.username, &body.password).await {
        Err(DeskError::WrongPassword) => {
            app.desk.sign_in_failed(&body.username, network_of(source)).await;
            return Err(DeskError::WrongPassword.into());
        }
        signed_in => signed_in?,
    };
    app.throttle.lock().unwrap_or_else(PoisonError::into_inner).succeeded(&body.username, source);
    let jar = jar.add(cookie::carrying(signed_in.token, app.config.secure()));
    Ok((jar, Json(SignedInView { user: signed_in.user })))
}

/// Counts an attempt to guess a secret; refuses with 429 when there were too many.
pub(super) fn attempt(app: &AppState, name: &str, address: IpAddr) -> Result<(), ApiError> {
    let now = crate::clock::now();
    let taken = app.throttle.lock().unwrap_or_else(PoisonError::into_inner).attempt(name, address, now);
    taken.map_err(|wait| {
        metrics::counter!("siaga_sign_in_throttled_total").increment(1);
        ApiError::new(StatusCode::TOO_MANY_REQUESTS, "too_many_attempts", "too many attempts; wait a little, then try again")
            .retry_after(wait.as_secs().max(1))
    })
}

/// Who is signed in, and the city that the console shows.
#[utoipa::path(get, path = "/session", responses((status = 200, body = SessionView)), tag = "session")]
async fn get_session(Operator(who): Operator, State(app): State<AppState>) -> Result<Json<SessionView>, ApiError> {
    let user = app.desk.me(&who).await?;
    Ok(Json(SessionView { user, city: app.config.city.clone() }))
}

/// Signs out of this browser, ends the shift and closes the browser's live sockets. Refused while a call is up.
#[utoipa::path(delete, path = "/session", responses((status = 204)), tag = "session")]
async fn sign_out(
    Operator(who): Operator,
    State(app): State<AppState>,
    jar: CookieJar,
) -> Result<(CookieJar, StatusCode), ApiError> {
    // First: no caller waits for somebody who has left, and no call rings where nobody could answer it. Whoever listened to a call has left
    // that with the shift.
    app.switchboard.ask(|reply| Command::EndShift { operator: who.user, reply }).await?;
    app.desk.sign_out(&who).await?;
    app.signed_out.tell(Ended::Session(who.session));
    Ok((jar.add(cookie::forgetting(app.config.secure())), StatusCode::NO_CONTENT))
}
