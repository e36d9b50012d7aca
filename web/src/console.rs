//! The console's files, built by `npm run build` in `web/ui` and embedded in the program.

use crate::error::ApiError;
use crate::range::{self, Selection};
use axum::http::{HeaderMap, Method, StatusCode, Uri, header};
use axum::response::{IntoResponse, Response};

#[derive(rust_embed::RustEmbed)]
#[folder = "ui/dist"]
struct Files;

/// The fallback of the router: a file of the console, a part of it (the map reads its tiles out of one large file), or the
/// first page for every address that the console routes itself.
pub(crate) async fn serve(method: Method, uri: Uri, headers: HeaderMap) -> Response {
    let path = uri.path().trim_start_matches('/');
    if path == "api" || path.starts_with("api/") || path.starts_with("hooks/") {
        return ApiError::not_found().into_response();
    }
    if !matches!(method, Method::GET | Method::HEAD) {
        return StatusCode::METHOD_NOT_ALLOWED.into_response();
    }
    let file_name = path.rsplit('/').next().unwrap_or_default();
    let (name, file) = match Files::get(path) {
        Some(file) => (path, file),
        // What looks like a file and is not there is missing; a page in its place would only confuse a browser.
        None if file_name.contains('.') => return ApiError::not_found().into_response(),
        None => match Files::get("index.html") {
            Some(file) => ("index.html", file),
            None => return ApiError::not_found().into_response(),
        },
    };
    let tag = entity_tag(&file.metadata.sha256_hash());
    // Vite puts a hash of the content into the names under `assets/`.
    let caching = if name.starts_with("assets/") { "public, max-age=31536000, immutable" } else { "no-cache" };
    let known = headers.get(header::IF_NONE_MATCH).is_some_and(|sent| sent.as_bytes() == tag.as_bytes());
    if known {
        return (StatusCode::NOT_MODIFIED, [(header::ETAG, tag), (header::CACHE_CONTROL, caching.to_owned())]).into_response();
    }
    let shared = [
        (header::CONTENT_TYPE, file.metadata.mimetype().to_owned()),
        (header::CACHE_CONTROL, caching.to_owned()),
        (header::ETAG, tag),
        (header::ACCEPT_RANGES, "bytes".to_owned()),
    ];
    let length = file.data.len() as u64;
    let asked = headers.get(header::RANGE).filter(|_| !headers.contains_key(header::IF_RANGE));
    match range::select(asked.and_then(|value| value.to_str().ok()), length) {
        Selection::Whole => (shared, file.data).into_response(),
        Selection::Unsatisfiable => {
            (StatusCode::RANGE_NOT_SATISFIABLE, [(header::CONTENT_RANGE, format!("bytes */{length}"))]).into_response()
        }
        Selection::Part { first, last } => {
            let part = file.data.get(first as usize..=last as usize).unwrap_or_default().to_vec();
            let content_range = [(header::CONTENT_RANGE, format!("bytes {first}-{last}/{length}"))];
            (StatusCode::PARTIAL_CONTENT, shared, content_range, part).into_response()
        }
    }
}

fn entity_tag(hash: &[u8; 32]) -> String {
    // Weak, because the compression layer sends the same file in two encodings.
    format!("W/\"{}\"", hash.iter().take(16).map(|byte| format!("{byte:02x}")).collect::<String>())
}
