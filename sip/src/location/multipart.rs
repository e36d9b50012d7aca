//! Parts of a message body (RFC 2046 section 5.1). A body that is no multipart is one part. Pure.

use crate::message::{long_name, parameter};

const MAX_PARTS: usize = 16;
const MAX_DEPTH: usize = 3;

/// One leaf of the body.
#[derive(Debug, PartialEq)]
pub(crate) struct Part<'a> {
    /// Content-Type with its parameters, as written.
    pub kind: String,
    /// Content-ID without angle brackets.
    pub id: Option<String>,
    pub body: &'a [u8],
}

impl Part<'_> {
    /// Whether the part is of this media type, whatever its parameters.
    pub(crate) fn is(&self, media_type: &str) -> bool {
        self.kind.split(';').next().is_some_and(|kind| kind.trim().eq_ignore_ascii_case(media_type))
    }
}

/// The leaves of a body, multiparts within multiparts opened. Broken parts are left out.
pub(crate) fn parts<'a>(kind: &str, body: &'a [u8]) -> Vec<Part<'a>> {
    let mut out = Vec::new();
    collect(Part { kind: kind.to_owned(), id: None, body }, MAX_DEPTH, &mut out);
    out
}

fn collect<'a>(part: Part<'a>, depth: usize, out: &mut Vec<Part<'a>>) {
    if out.len() >= MAX_PARTS {
        return;
    }
    let multipart = part.kind.get(..10).is_some_and(|kind| kind.eq_ignore_ascii_case("multipart/"));
    match parameter(&part.kind, "boundary").filter(|boundary| multipart && depth > 0 && !boundary.is_empty()) {
        Some(boundary) => {
            for piece in pieces(part.body, &format!("--{boundary}")) {
                if let Some(inner) = read(piece) {
                    collect(inner, depth - 1, out);
                }
            }
        }
        None if multipart => {}
        None => out.push(part),
    }
}

/// What stands between the delimiter lines.
fn pieces<'a>(body: &'a [u8], delimiter: &str) -> Vec<&'a [u8]> {
    let (mut out, mut begun, mut at) = (Vec::new(), None, 0);
    while at < body.len() {
        let rest = body.get(at..).unwrap_or_default();
        let length = rest.iter().position(|b| *b == b'\n').map_or(rest.len(), |end| end + 1);
        let line = rest.get(..length).unwrap_or_default().trim_ascii_end();
        if let Some(tail) = line.strip_prefix(delimiter.as_bytes())
            && matches!(tail, b"" | b"--")
        {
            if let Some(from) = begun {
                let piece = body.get(from..at).unwrap_or_default();
                // The line end before a delimiter belongs to the delimiter.
                let piece = piece.strip_suffix(b"\n").unwrap_or(piece);
                out.push(piece.strip_suffix(b"\r").unwrap_or(piece));
            }
            begun = (tail.is_empty() && out.len() < MAX_PARTS).then_some(at + length);
            if begun.is_none() {
                return out;
            }
        }
        at += length;
    }
    // A last delimiter that is missing is forgiven.
    out.extend(begun.and_then(|from| body.get(from..)));
    out
}

fn read(piece: &[u8]) -> Option<Part<'_>> {
    let (mut kind, mut id, mut at) = (String::from("text/plain"), None, 0);
    loop {
        let rest = piece.get(at..)?;
        let length = rest.iter().position(|b| *b == b'\n').map(|end| end + 1)?;
        let line = String::from_utf8_lossy(rest.get(..length)?).trim().to_owned();
        at += length;
        if line.is_empty() {
            return Some(Part { kind, id, body: piece.get(at..)? });
        }
        let Some((name, value)) = line.split_once(':') else { continue };
        match long_name(name.trim()).to_ascii_lowercase().as_str() {
            "content-type" => kind = value.trim().to_owned(),
            "content-id" => id = Some(value.trim().trim_matches(['<', '>']).to_owned()),
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn kinds(kind: &str, body: &str) -> Vec<(String, String)> {
        parts(kind, body.as_bytes()).into_iter().map(|p| (p.kind, String::from_utf8_lossy(p.body).into_owned())).collect()
    }

    #[test]
    fn parts_inside_parts_are_found() {
        let body = "preamble\r\n--a\r\nContent-Type: application/sdp\r\n\r\nv=0\r\n--a \r\nc: multipart/mixed;boundary=\"b\"\r\n\r\n\
                    --b\nContent-Type: text/x\n\nhello\n--b--\r\n--a--\r\nepilogue";
        assert_eq!(
            kinds("multipart/mixed;boundary=a", body),
            [("application/sdp".to_owned(), "v=0".to_owned()), ("text/x".to_owned(), "hello".to_owned())]
        );
    }

    #[test]
    fn a_missing_end_is_forgiven_and_a_missing_boundary_is_not() {
        assert_eq!(kinds("multipart/mixed;boundary=a", "--a\r\n\r\nbody"), [("text/plain".to_owned(), "body".to_owned())]);
        assert!(kinds("multipart/mixed", "--a\r\n\r\nbody\r\n--a--").is_empty());
    }

    #[test]
    fn a_plain_body_is_one_part() {
        assert_eq!(kinds("application/sdp", "v=0"), [("application/sdp".to_owned(), "v=0".to_owned())]);
    }

    proptest! {
        #[test]
        fn no_octets_make_it_panic(octets in proptest::collection::vec(any::<u8>(), 0..200), boundary in "[ab-]{0,3}") {
            let _ = parts(&format!("multipart/mixed;boundary={boundary}"), &octets);
        }
    }
}
