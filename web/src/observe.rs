//! What is known of each request afterwards: an id, one line in the log and two metrics. The route's template stands for the
//! path, and the query is left out, so that no caller's data gets into either.

use axum::extract::{MatchedPath, Request};
use axum::http::{HeaderName, HeaderValue};
use axum::middleware::Next;
use axum::response::Response;
use tracing::Instrument;

const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// The outermost layer.
pub(crate) async fn observe(request: Request, next: Next) -> Response {
    let begun = crate::clock::now();
    let id = crate::clock::request_id().to_string();
    let route = request.extensions().get::<MatchedPath>().map_or_else(|| "console".to_owned(), |path| path.as_str().to_owned());
    let method = method_label(request.method());
    let span = tracing::info_span!("request", %id, method, route);
    let mut response = next.run(request).instrument(span.clone()).await;
    let status = response.status().as_u16();
    let took = crate::clock::now().saturating_duration_since(begun);
    metrics::counter!("siaga_http_requests_total", "route" => route.clone(), "method" => method, "status" => status.to_string())
        .increment(1);
    metrics::histogram!("siaga_http_request_seconds", "route" => route, "method" => method).record(took.as_secs_f64());
    span.in_scope(|| match status {
        500.. => tracing::warn!(status, ?took, "failed"),
        _ => tracing::debug!(status, ?took, "answered"),
    });
    if let Ok(value) = HeaderValue::from_str(&id) {
        response.headers_mut().insert(REQUEST_ID, value);
    }
    response
}

/// Methods are a closed set in the metrics, whatever a client invents.
fn method_label(method: &axum::http::Method) -> &'static str {
    match method.as_str() {
        "GET" => "GET",
        "HEAD" => "HEAD",
        "POST" => "POST",
        "PUT" => "PUT",
        "PATCH" => "PATCH",
        "DELETE" => "DELETE",
        "OPTIONS" => "OPTIONS",
        _ => "other",
    }
}
