//! The headers that tell browsers what our pages may do.

use crate::config::Config;
use axum::extract::Request;
use axum::http::{HeaderMap, HeaderName, HeaderValue, header};
use axum::middleware::Next;
use axum::response::Response;

/// The headers of every answer, computed once.
#[derive(Debug, Clone)]
pub(crate) struct SecurityHeaders(Vec<(HeaderName, HeaderValue)>);

impl SecurityHeaders {
    pub(crate) fn new(config: &Config) -> Self {
        let fixed = |text: &'static str| HeaderValue::from_static(text);
        let mut headers = vec![
            (header::X_CONTENT_TYPE_OPTIONS, fixed("nosniff")),
            (header::X_FRAME_OPTIONS, fixed("DENY")),
            // Not `no-referrer`: with it some browsers send `Origin: null` with our own requests.
            (header::REFERRER_POLICY, fixed("same-origin")),
            (HeaderName::from_static("cross-origin-opener-policy"), fixed("same-origin")),
            (HeaderName::from_static("cross-origin-resource-policy"), fixed("same-origin")),
            (
                HeaderName::from_static("permissions-policy"),
                fixed("microphone=(self), speaker-selection=(self), camera=(), geolocation=(), payment=(), usb=()"),
            ),
        ];
        if let Ok(policy) = HeaderValue::from_str(&content_security_policy(&config.map_origins)) {
            headers.push((header::CONTENT_SECURITY_POLICY, policy));
        }
        if config.secure() {
            headers.push((header::STRICT_TRANSPORT_SECURITY, fixed("max-age=31536000")));
        }
        Self(headers)
    }

    fn add_to(&self, headers: &mut HeaderMap) {
        for (name, value) in &self.0 {
            headers.entry(name.clone()).or_insert_with(|| value.clone());
        }
    }
}

/// MapLibre runs its workers from blobs and may use WebAssembly; players feed video from blobs; Mantine sets styles inline.
/// WebSockets to this server are `'self'` (CSP 3, section 6.7.2.8).
fn content_security_policy(map_origins: &[String]) -> String {
    // An origin with a space or semicolon would end its directive; such a setting is left out.
    let clean = |origin: &&String| origin.bytes().all(|b| b.is_ascii_graphic() && b != b';' && b != b',');
    let maps: String = map_origins.iter().filter(clean).map(|origin| format!(" {origin}")).collect();
    format!(
        "default-src 'self'; script-src 'self' 'wasm-unsafe-eval'; worker-src 'self' blob:; child-src 'self' blob:; \
         style-src 'self' 'unsafe-inline'; img-src 'self' data: blob:{maps}; media-src 'self' blob:; font-src 'self' data:; \
         connect-src 'self' blob: data:{maps}; object-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
    )
}

/// The layer that adds them.
pub(crate) async fn add(headers: SecurityHeaders, request: Request, next: Next) -> Response {
    let mut response = next.run(request).await;
    headers.add_to(response.headers_mut());
    response
}

/// The layer for the API: nothing of it may be kept by a browser or proxy, since it shows callers.
pub(crate) async fn forbid_storing(request: Request, next: Next) -> Response {
    let mut response = next.run(request).await;
    response.headers_mut().entry(header::CACHE_CONTROL).or_insert(HeaderValue::from_static("no-store"));
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_map_server_is_let_in_and_a_forged_one_cannot_add_directives() {
        let policy = content_security_policy(&["https://tiles.example".into(), "x; script-src *".into()]);
        assert!(policy.contains("img-src 'self' data: blob: https://tiles.example;"));
        assert!(!policy.contains("script-src *"));
    }
}
