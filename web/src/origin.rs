//! Refuses requests that another site's page made a browser send. The session cookie is `SameSite=Strict` already; this is
//! the second wall, and the only one for WebSockets of other ports on the same host.

use crate::app::AppState;
use crate::error::ApiError;
use axum::extract::{Request, State};
use axum::http::{HeaderMap, Method, StatusCode, Uri, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};

/// The layer: checks every unsafe method and every WebSocket.
pub(crate) async fn check(State(app): State<AppState>, request: Request, next: Next) -> Response {
    let guarded = !matches!(*request.method(), Method::GET | Method::HEAD | Method::OPTIONS)
        || request.headers().contains_key(header::UPGRADE)
        || request.method() == Method::CONNECT;
    if guarded && !allowed(request.headers(), request.uri(), app.config.public_origin()) {
        metrics::counter!("siaga_http_foreign_origin_total").increment(1);
        return ApiError::new(
            StatusCode::FORBIDDEN,
            "foreign_origin",
            "this request came from another site; open the console at its own address",
        )
        .into_response();
    }
    next.run(request).await
}

/// Whether the request comes from our own page, or from something that is no browser.
///
/// Browsers send `Origin` with every unsafe request and every WebSocket, and `Sec-Fetch-Site` beside it; a program that
/// sends neither carries no cookie it was not given on purpose.
fn allowed(headers: &HeaderMap, uri: &Uri, public_origin: Option<&str>) -> bool {
    let Some(origin) = headers.get(header::ORIGIN) else {
        return headers.get("sec-fetch-site").is_none_or(|site| site == "same-origin" || site == "none");
    };
    let Ok(origin) = origin.to_str() else { return false };
    if public_origin.is_some_and(|own| own.eq_ignore_ascii_case(origin)) {
        return true;
    }
    // HTTP/2 has the authority in the target, HTTP/1.1 in `Host`.
    let host = uri.authority().map(|a| a.as_str()).or_else(|| headers.get(header::HOST).and_then(|h| h.to_str().ok()));
    let origin_host = origin.strip_prefix("https://").or_else(|| origin.strip_prefix("http://"));
    matches!((host, origin_host), (Some(host), Some(origin)) if host.eq_ignore_ascii_case(origin))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(origin: Option<&str>, site: Option<&str>) -> bool {
        let mut headers = HeaderMap::new();
        headers.insert(header::HOST, "siaga.batam.go.id:8443".parse().unwrap());
        if let Some(origin) = origin {
            headers.insert(header::ORIGIN, origin.parse().unwrap());
        }
        if let Some(site) = site {
            headers.insert("sec-fetch-site", site.parse().unwrap());
        }
        allowed(&headers, &Uri::from_static("/api/v1/session"), Some("https://112.example"))
    }

    #[test]
    fn our_page_and_programs_pass_and_every_other_page_does_not() {
        assert!(check(Some("https://siaga.batam.go.id:8443"), Some("same-origin")));
        assert!(check(Some("https://112.example"), None), "the address behind a proxy");
        assert!(check(None, None), "no browser");
        assert!(!check(None, Some("cross-site")));
        assert!(!check(Some("https://siaga.batam.go.id"), None), "another port");
        assert!(!check(Some("https://siaga.batam.go.id.evil.example"), None));
        assert!(!check(Some("null"), None));
    }
}
