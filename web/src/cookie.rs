//! The session cookie.

use axum::http::HeaderMap;
use axum_extra::extract::CookieJar;
use axum_extra::extract::cookie::{Cookie, SameSite};

const NAME: &str = "siaga_session";
/// Longer than every token; a longer value is nobody's.
const LONGEST: usize = 256;

/// The token that the browser sent, not yet believed.
pub(crate) fn token(headers: &HeaderMap) -> Option<String> {
    let jar = CookieJar::from_headers(headers);
    jar.get(NAME).map(Cookie::value).filter(|value| !value.is_empty() && value.len() <= LONGEST).map(str::to_owned)
}

/// The cookie that carries a new session. It has no expiry of its own: the server ends the session.
pub(crate) fn carrying(token: String, secure: bool) -> Cookie<'static> {
    Cookie::build((NAME, token)).path("/").http_only(true).same_site(SameSite::Strict).secure(secure).build()
}

/// The cookie that makes the browser forget the session.
pub(crate) fn forgetting(secure: bool) -> Cookie<'static> {
    let mut cookie = carrying(String::new(), secure);
    cookie.make_removal();
    cookie
}
