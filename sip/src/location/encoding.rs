//! Content-Transfer-Encoding of a body part (RFC 2045 section 6): base64 and quoted-printable undone. Pure.
//!
//! What is damaged inside an encoding is passed over, so that most of a part is still there to be read.

use std::borrow::Cow;

/// The octets that a part stands for. An unknown encoding leaves them as they are.
pub(super) fn decode<'a>(encoding: &str, body: &'a [u8]) -> Cow<'a, [u8]> {
    match encoding.trim().to_ascii_lowercase().as_str() {
        "base64" => Cow::Owned(base64(body)),
        "quoted-printable" => Cow::Owned(quoted_printable(body)),
        _ => Cow::Borrowed(body),
    }
}

/// Octets outside the alphabet are line ends or damage; padding ends the text.
fn base64(body: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(body.len() / 4 * 3);
    let (mut held, mut bits) = (0u32, 0u8);
    for sextet in body.iter().take_while(|octet| **octet != b'=').filter_map(|octet| sextet(*octet)) {
        held = held << 6 | u32::from(sextet);
        bits += 6;
        if bits >= 8 {
            bits -= 8;
            out.push((held >> bits & 0xff) as u8);
        }
    }
    out
}

fn sextet(octet: u8) -> Option<u8> {
    match octet {
        b'A'..=b'Z' => Some(octet - b'A'),
        b'a'..=b'z' => Some(octet - b'a' + 26),
        b'0'..=b'9' => Some(octet - b'0' + 52),
        b'+' => Some(62),
        b'/' => Some(63),
        _ => None,
    }
}

/// `=XX` is an octet, `=` before a line end joins two lines; any other `=` stays.
fn quoted_printable(body: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(body.len());
    let mut rest = body;
    while let Some((octet, after)) = rest.split_first() {
        rest = after;
        if *octet != b'=' {
            out.push(*octet);
        } else if let Some(joined) = after.strip_prefix(b"\r\n").or_else(|| after.strip_prefix(b"\n")) {
            rest = joined;
        } else if let Some(([high, low], more)) = after.split_first_chunk::<2>()
            && let (Some(high), Some(low)) = (char::from(*high).to_digit(16), char::from(*low).to_digit(16))
        {
            out.push((high * 16 + low) as u8);
            rest = more;
        } else {
            out.push(b'=');
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn text(encoding: &str, body: &str) -> String {
        String::from_utf8(decode(encoding, body.as_bytes()).into_owned()).unwrap()
    }

    #[test]
    fn encoded_parts_come_out_as_they_were() {
        assert_eq!(text("Base64", "PHByZXNlbmNl\r\nLz4=\r\n"), "<presence/>");
        assert_eq!(text("BASE64", "YQ=="), "a");
        assert_eq!(text("quoted-printable", "a=3D=22b=22 =\r\nc=\nd"), "a=\"b\" cd");
        assert_eq!(text("8bit", "a=3D"), "a=3D");
    }

    #[test]
    fn damage_costs_no_more_than_itself() {
        assert_eq!(text("base64", "PHBy!ZXNl\0bmNlLz4"), "<presence/>");
        assert_eq!(text("quoted-printable", "a=zz=4"), "a=zz=4");
    }

    proptest! {
        #[test]
        fn no_octets_make_it_panic(octets in proptest::collection::vec(any::<u8>(), 0..200)) {
            for encoding in ["base64", "quoted-printable", ""] {
                prop_assert!(decode(encoding, &octets).len() <= octets.len());
            }
        }
    }
}
