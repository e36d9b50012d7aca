//! What the caller dialled, from the Request-URI as it stands in the request line. Pure.

/// The user part (`112`), or the whole URI for `urn:service:sos...` (RFC 5031), or the whole URI when it has no user.
///
/// The user's own parameters go (`sip:112;phone-context=x@h` is `112`), percent-escapes are undone.
pub(crate) fn dialled(uri: &str) -> String {
    let (scheme, rest) = uri.split_once(':').unwrap_or(("", uri));
    let user = match scheme.to_ascii_lowercase().as_str() {
        "sip" | "sips" => rest.rsplit_once('@').map(|(user, _)| user),
        "tel" => Some(rest),
        _ => None,
    };
    let Some(user) = user else { return uri.to_owned() };
    let user = user.split(';').next().unwrap_or(user);
    // A password after the user is never part of a number (RFC 3261 section 19.1.1).
    let user = user.split(':').next().unwrap_or(user);
    if user.is_empty() { uri.to_owned() } else { percent_decode(user) }
}

/// Undoes `%XX`; what is no escape stays. The result is text again even when the octets are not.
pub(crate) fn percent_decode(text: &str) -> String {
    let mut out = Vec::with_capacity(text.len());
    let mut bytes = text.bytes();
    while let Some(byte) = bytes.next() {
        let mut ahead = bytes.clone();
        let escape = (byte == b'%').then(|| Some(hex(ahead.next()?)? * 16 + hex(ahead.next()?)?)).flatten();
        match escape {
            Some(value) => {
                out.push(value);
                bytes = ahead;
            }
            None => out.push(byte),
        }
    }
    String::from_utf8_lossy(&out).into_owned()
}

fn hex(digit: u8) -> Option<u8> {
    char::from(digit).to_digit(16).and_then(|value| u8::try_from(value).ok())
}

/// Whether this user agent serves the URI: SIP, telephone numbers, and emergency services (RFC 3261 section 8.2.2.1 otherwise wants 416).
pub(crate) fn is_served(uri: &str) -> bool {
    let lower = uri.to_ascii_lowercase();
    lower.starts_with("sip:")
        || lower.starts_with("sips:")
        || lower.starts_with("tel:")
        || lower == "urn:service:sos"
        || lower.starts_with("urn:service:sos.")
        || lower.starts_with("urn:service:sos;")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_dialled_number_is_found_in_every_kind_of_uri() {
        for (uri, expected) in [
            ("sip:112@10.0.0.1", "112"),
            ("sip:112@[::1]:5060;user=phone", "112"),
            ("sips:112@psap.example", "112"),
            ("sip:112;phone-context=+62@ims.example;user=phone", "112"),
            ("sip:%31%31%32@host", "112"),
            ("sip:112:secret@host", "112"),
            ("tel:112", "112"),
            ("tel:112;phone-context=+62", "112"),
            ("urn:service:sos", "urn:service:sos"),
            ("URN:service:sos.fire", "URN:service:sos.fire"),
            ("sip:psap.example", "sip:psap.example"),
            ("sip:@psap.example", "sip:@psap.example"),
        ] {
            assert_eq!(dialled(uri), expected, "{uri}");
        }
    }

    #[test]
    fn a_broken_escape_stays_as_it_is() {
        assert_eq!(percent_decode("a%2"), "a%2");
        assert_eq!(percent_decode("%zz%"), "%zz%");
        assert_eq!(percent_decode("%23"), "#");
    }

    #[test]
    fn only_sip_tel_and_emergency_services_are_served() {
        for uri in ["sip:a@b", "SIPS:a@b", "tel:112", "urn:service:sos", "urn:service:sos.police"] {
            assert!(is_served(uri), "{uri}");
        }
        for uri in
            ["http://a", "urn:service:counseling", "nobodyKnowsThisScheme:totallyopaquecontent", "mailto:a@b", "urn:service:sosx"]
        {
            assert!(!is_served(uri), "{uri}");
        }
    }
}
