//! What the caller dialled, from the Request-URI as it stands in the request line. Pure.

/// The user part (`112`), or the whole URI for `urn:service:sos...` (RFC 5031), or the whole URI when it has no user.
///
/// The user's own parameters go (`sip:112;phone-context=x@h` is `112`), percent-escapes are undone.
pub(crate) fn dialled(uri: &str) -> String {
    user(uri).map_or_else(|| uri.to_owned(), percent_decode)
}

/// The user part as it is written, without parameters. `None`: there is none.
pub(crate) fn user(uri: &str) -> Option<&str> {
    let (scheme, rest) = uri.split_once(':')?;
    let user = match scheme.to_ascii_lowercase().as_str() {
        "sip" | "sips" => rest.rsplit_once('@')?.0,
        "tel" => rest,
        _ => return None,
    };
    // A password after the user is never part of a number (RFC 3261 section 19.1.1).
    user.split([';', ':']).next().filter(|user| !user.is_empty())
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

/// What a call is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Purpose {
    #[default]
    Emergency,
    /// Somebody tries whether a call would come through (`urn:service:test.sos`, RFC 6881 section 15): it is answered, and nobody is sent.
    Test,
}

/// Emergency services, and those by which the elements of an emergency network find each other (NENA-STA-010): a call that is sent on by such a name is
/// a call for help all the same.
const SERVICES: [(&str, Purpose); 4] = [
    ("urn:service:sos", Purpose::Emergency),
    ("urn:emergency:service:sos", Purpose::Emergency),
    ("urn:nena:service:sos", Purpose::Emergency),
    ("urn:service:test.sos", Purpose::Test),
];

/// Whether this user agent serves the URI: SIP, telephone numbers, and emergency services (RFC 3261 section 8.2.2.1 otherwise wants 416).
pub(crate) fn is_served(uri: &str) -> bool {
    let lower = uri.to_ascii_lowercase();
    lower.starts_with("sip:") || lower.starts_with("sips:") || lower.starts_with("tel:") || service_of(&lower).is_some()
}

/// The emergency service asked for, in lower case without `urn:service:` (`sos.fire`), and whether the call is a test of it. A Request-URI that
/// is a service decides; where a route has replaced it by an address, To still has it (RFC 6881 section 9).
pub(crate) fn service(request_uri: &str, to: Option<&str>) -> (Option<String>, Purpose) {
    let asked = [Some(request_uri), to].into_iter().flatten().map(str::to_ascii_lowercase).find_map(|uri| service_of(&uri));
    asked.map_or((None, Purpose::Emergency), |(service, purpose)| (Some(service), purpose))
}

fn service_of(uri: &str) -> Option<(String, Purpose)> {
    SERVICES.into_iter().find_map(|(prefix, purpose)| {
        let rest = uri.strip_prefix(prefix)?.split([';', '?']).next()?;
        let labels =
            rest.is_empty() || rest.starts_with('.') && rest.chars().all(|c| c.is_ascii_alphanumeric() || "-.".contains(c));
        labels.then(|| (format!("sos{}", rest.trim_end_matches('.')), purpose))
    })
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
    fn the_service_is_found_in_the_request_uri_or_in_to() {
        for (uri, to, expected, purpose) in [
            ("urn:service:sos", None, Some("sos"), Purpose::Emergency),
            ("URN:Service:SOS.Fire;x=1", None, Some("sos.fire"), Purpose::Emergency),
            ("urn:emergency:service:sos.psap", None, Some("sos.psap"), Purpose::Emergency),
            ("urn:nena:service:sos.psap", None, Some("sos.psap"), Purpose::Emergency),
            ("urn:service:test.sos", None, Some("sos"), Purpose::Test),
            ("urn:service:test.sos.fire", Some("urn:service:sos"), Some("sos.fire"), Purpose::Test),
            ("sip:psap@h", Some("urn:service:test.sos.police"), Some("sos.police"), Purpose::Test),
            ("sip:psap@h", Some("urn:service:sos.ambulance"), Some("sos.ambulance"), Purpose::Emergency),
            ("sip:112@h", Some("sip:urn:service:test.sos@h"), None, Purpose::Emergency),
            ("tel:112", None, None, Purpose::Emergency),
        ] {
            assert_eq!(service(uri, to), (expected.map(str::to_owned), purpose), "{uri} {to:?}");
        }
    }

    #[test]
    fn only_sip_tel_and_emergency_services_are_served() {
        for uri in [
            "sip:a@b",
            "SIPS:a@b",
            "tel:112",
            "urn:service:sos",
            "urn:service:sos.police",
            "urn:service:test.sos",
            "URN:service:test.sos.fire",
            "urn:emergency:service:sos.psap",
        ] {
            assert!(is_served(uri), "{uri}");
        }
        for uri in [
            "http://a",
            "urn:service:counseling",
            "nobodyKnowsThisScheme:totallyopaquecontent",
            "mailto:a@b",
            "urn:service:sosx",
            "urn:service:test.sosx",
            "urn:service:test",
        ] {
            assert!(!is_served(uri), "{uri}");
        }
    }
}
