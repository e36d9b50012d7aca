//! One question to a server, and its answer's octets.

use reqwest::header::{ACCEPT, CONTENT_TYPE};
use reqwest::{Client, StatusCode, Url};

const MAX_ANSWER: usize = 64 * 1024;

/// What is asked of a location by reference: a place of either kind (RFC 6753 section 5, RFC 5985 section 5).
fn request(response_time: &str) -> String {
    format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n\
         <locationRequest xmlns=\"urn:ietf:params:xml:ns:geopriv:held\" responseTime=\"{response_time}\">\
         <locationType exact=\"false\">geodetic civic</locationType></locationRequest>"
    )
}

/// Why there is no answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Fetched {
    /// No connection, no certificate that holds, or it broke off.
    Unreachable,
    /// Another status than success, or a redirection that is not followed.
    Status,
    TooLarge,
    /// No answer in time.
    Late,
}

/// Asks by POST; a server that knows the reference as a document only (RFC 6753 section 3) is asked by GET.
pub(super) async fn location(client: &Client, url: Url, response_time: &str) -> Result<Vec<u8>, Fetched> {
    let ask = client.post(url.clone()).header(CONTENT_TYPE, "application/held+xml;charset=utf-8");
    let ask = ask.header(ACCEPT, "application/held+xml, application/pidf+xml").body(request(response_time));
    let answer = ask.send().await.map_err(|_| Fetched::Unreachable)?;
    let no_post =
        [StatusCode::NOT_FOUND, StatusCode::METHOD_NOT_ALLOWED, StatusCode::UNSUPPORTED_MEDIA_TYPE, StatusCode::NOT_IMPLEMENTED];
    if no_post.contains(&answer.status()) {
        return document(client, url).await;
    }
    whole(answer).await
}

pub(super) async fn document(client: &Client, url: Url) -> Result<Vec<u8>, Fetched> {
    let ask = client.get(url).header(ACCEPT, "application/pidf+xml, application/held+xml, application/xml;q=0.5, */*;q=0.1");
    whole(ask.send().await.map_err(|_| Fetched::Unreachable)?).await
}

async fn whole(mut answer: reqwest::Response) -> Result<Vec<u8>, Fetched> {
    if !answer.status().is_success() {
        return Err(Fetched::Status);
    }
    let mut octets = Vec::new();
    while let Some(chunk) = answer.chunk().await.map_err(|_| Fetched::Unreachable)? {
        if octets.len() + chunk.len() > MAX_ANSWER {
            return Err(Fetched::TooLarge);
        }
        octets.extend_from_slice(&chunk);
    }
    Ok(octets)
}
