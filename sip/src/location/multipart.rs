//! Parts of a message body (RFC 2046 section 5.1). A body that is no multipart is one part. Pure.

use super::encoding::decode;
use crate::message::{long_name, parameter};
use std::borrow::Cow;

const MAX_PARTS: usize = 16;
const MAX_DEPTH: usize = 4;
const MAX_LINES: usize = 32;

/// One leaf of the body.
#[derive(Debug, PartialEq)]
pub(crate) struct Part<'a> {
    /// Content-Type with its parameters, as written.
    pub kind: String,
    /// Content-ID without angle brackets.
    pub id: Option<String>,
    /// With its transfer encoding undone.
    pub body: Cow<'a, [u8]>,
}

impl Part<'_> {
    /// Whether the part is of this media type, whatever its parameters.
    pub(crate) fn is(&self, media_type: &str) -> bool {
        self.kind.split(';').next().is_some_and(|kind| kind.trim().eq_ignore_ascii_case(media_type))
    }
}

/// A part that is not opened yet.
struct Closed<'a> {
    kind: String,
    id: Option<String>,
    encoding: String,
    body: &'a [u8],
}

/// The leaves of a body, multiparts within multiparts opened. Broken parts are left out. Of a `multipart/alternative` the last form comes
/// first: it is the one its sender likes best (RFC 2046 section 5.1.4), and whoever looks for a type takes the first of it.
pub(crate) fn parts<'a>(kind: &str, body: &'a [u8]) -> Vec<Part<'a>> {
    let mut out = Vec::new();
    collect(Closed { kind: kind.to_owned(), id: None, encoding: String::new(), body }, MAX_DEPTH, &mut out);
    out
}

/// Whether a media type is a multipart of this subtype, or of any for an empty one.
pub(crate) fn is_multipart(kind: &str, subtype: &str) -> bool {
    let kind = kind.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    kind.strip_prefix("multipart/").is_some_and(|rest| subtype.is_empty() || rest == subtype)
}

fn collect<'a>(part: Closed<'a>, depth: usize, out: &mut Vec<Part<'a>>) {
    if out.len() >= MAX_PARTS {
        return;
    }
    let multipart = is_multipart(&part.kind, "");
    match parameter(&part.kind, "boundary").filter(|boundary| multipart && depth > 0 && !boundary.is_empty()) {
        Some(boundary) => {
            let mut pieces = pieces(part.body, &format!("--{boundary}"));
            if is_multipart(&part.kind, "alternative") {
                pieces.reverse();
            }
            for inner in pieces.into_iter().filter_map(read) {
                collect(inner, depth - 1, out);
            }
        }
        None if multipart => {}
        None => out.push(Part { kind: part.kind, id: part.id, body: decode(&part.encoding, part.body) }),
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

/// Takes a part's own fields off it; a folded line belongs to the one before.
fn read(piece: &[u8]) -> Option<Closed<'_>> {
    let (mut lines, mut at) = (Vec::<String>::new(), 0);
    loop {
        let rest = piece.get(at..)?;
        let length = rest.iter().position(|b| *b == b'\n').map(|end| end + 1)?;
        let line = String::from_utf8_lossy(rest.get(..length)?).trim_end().to_owned();
        at += length;
        if line.is_empty() {
            break;
        }
        if lines.len() >= MAX_LINES {
            return None;
        }
        match lines.last_mut() {
            Some(last) if line.starts_with([' ', '\t']) => last.push_str(&line),
            _ => lines.push(line),
        }
    }
    let mut part = Closed { kind: "text/plain".into(), id: None, encoding: String::new(), body: piece.get(at..)? };
    for (name, value) in lines.iter().filter_map(|line| line.split_once(':')) {
        let value = value.trim();
        match long_name(name.trim()).to_ascii_lowercase().as_str() {
            "content-type" => part.kind = value.to_owned(),
            "content-id" => part.id = Some(value.trim_matches(['<', '>']).trim().to_owned()),
            "content-transfer-encoding" => part.encoding = value.to_owned(),
            _ => {}
        }
    }
    Some(part)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn kinds(kind: &str, body: &str) -> Vec<(String, String)> {
        parts(kind, body.as_bytes()).into_iter().map(|p| (p.kind, String::from_utf8_lossy(&p.body).into_owned())).collect()
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
    fn encodings_are_undone_and_folded_fields_are_read() {
        let body = "--a\r\nContent-Type: application/pidf+xml;\r\n charset=utf-8\r\nContent-Transfer-Encoding: base64\r\nContent-ID: < one@h >\r\n\r\n\
                    PHgvPg==\r\n--a\r\nContent-Type: text/x\r\nContent-Transfer-Encoding: Quoted-Printable\r\n\r\na=3Db\r\n--a--";
        let found = parts("multipart/related; boundary=a; start=\"<one@h>\"", body.as_bytes());
        assert_eq!(found.iter().map(|part| part.body.as_ref()).collect::<Vec<_>>(), [&b"<x/>"[..], &b"a=b"[..]]);
        assert!(found[0].is("application/PIDF+xml") && found[0].id.as_deref() == Some("one@h"));
    }

    #[test]
    fn the_best_alternative_comes_first() {
        let body = "--o\r\nContent-Type: multipart/alternative; boundary=i\r\n\r\n--i\r\nContent-Type: text/plain\r\n\r\nplain\r\n\
                    --i\r\nContent-Type: application/sdp\r\n\r\nv=0\r\n--i--\r\n--o\r\n\r\nlast\r\n--o--";
        let bodies: Vec<String> = kinds("multipart/mixed; boundary=o", body).into_iter().map(|(_, body)| body).collect();
        assert_eq!(bodies, ["v=0", "plain", "last"]);
    }

    #[test]
    fn depth_and_number_of_parts_are_bounded() {
        let many = "--a\r\n\r\nx\r\n".repeat(50);
        assert_eq!(kinds("multipart/mixed;boundary=a", &many).len(), MAX_PARTS);
        let deep = "--a\r\nContent-Type: multipart/mixed;boundary=a\r\n\r\n".repeat(50);
        assert!(kinds("multipart/mixed;boundary=a", &deep).is_empty());
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
