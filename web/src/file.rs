//! Sends a file, or the part of it that a player asks for.

use crate::error::ApiError;
use crate::range::{self, Selection};
use axum::body::Body;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use dispatch::contract::ArchiveError;
use std::io::SeekFrom;
use std::path::Path;
use tokio::fs::File;
use tokio::io::{AsyncReadExt, AsyncSeekExt};
use tokio_util::io::ReaderStream;

/// What is sent at once.
const PIECE: usize = 64 * 1024;

/// How the browser shall treat the file.
#[derive(Debug, Clone)]
pub(crate) struct Kind {
    pub content_type: &'static str,
    /// Save it under this name (of letters, digits, dots and dashes) instead of playing it.
    pub save_as: Option<String>,
}

/// Streams the file at `path` with status 200 or 206, or answers 416.
///
/// No validator is sent, so a request with `If-Range` gets the whole file (RFC 9110, section 13.1.5).
///
/// # Errors
/// The archive's errors for a file that is gone or cannot be read.
pub(crate) async fn send(path: &Path, kind: Kind, request: &HeaderMap) -> Result<Response, ApiError> {
    let mut file = File::open(path).await.map_err(unreadable)?;
    let length = file.metadata().await.map_err(unreadable)?.len();
    let asked = request.get(header::RANGE).filter(|_| !request.contains_key(header::IF_RANGE));
    let (status, first, count, content_range) = match range::select(asked.and_then(|value| value.to_str().ok()), length) {
        Selection::Whole => (StatusCode::OK, 0, length, None),
        Selection::Part { first, last } => {
            (StatusCode::PARTIAL_CONTENT, first, last - first + 1, Some(format!("bytes {first}-{last}/{length}")))
        }
        Selection::Unsatisfiable => {
            let headers = [(header::CONTENT_RANGE, format!("bytes */{length}"))];
            let error = ApiError::new(StatusCode::RANGE_NOT_SATISFIABLE, "no_such_range", "the recording is shorter than that");
            return Ok((headers, error).into_response());
        }
    };
    file.seek(SeekFrom::Start(first)).await.map_err(unreadable)?;
    let body = Body::from_stream(ReaderStream::with_capacity(file.take(count), PIECE));
    let mut response = (status, body).into_response();
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(kind.content_type));
    headers.insert(header::ACCEPT_RANGES, HeaderValue::from_static("bytes"));
    headers.insert(header::CONTENT_LENGTH, HeaderValue::from(count));
    if let Some(value) = content_range.and_then(|text| HeaderValue::from_str(&text).ok()) {
        headers.insert(header::CONTENT_RANGE, value);
    }
    let disposition = kind.save_as.map(|name| HeaderValue::from_str(&format!("attachment; filename=\"{name}\"")));
    if let Some(Ok(value)) = disposition {
        headers.insert(header::CONTENT_DISPOSITION, value);
    }
    Ok(response)
}

fn unreadable(cause: std::io::Error) -> ApiError {
    match cause.kind() {
        std::io::ErrorKind::NotFound => ArchiveError::NotFound.into(),
        _ => ArchiveError::Disk(cause).into(),
    }
}
