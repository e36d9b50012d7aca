//! Locations by reference (RFC 6442 section 4.1): what Geolocation points to outside of the message. Pure.
//!
//! Nothing is fetched here: the owner of the call does that beside it, and only from where a trunk may send it.

use crate::message::{Fields, entries, name_and_uri};

const MAX_REFERENCES: usize = 8;
const MAX_URI: usize = 2048;

/// Where a location (or additional data about the call) is to be had.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Reference {
    /// By HELD (RFC 6753) or a plain GET.
    Https(String),
    /// By a presence subscription (RFC 6442 section 4.6): a sip, sips or pres URI.
    Sip(String),
}

impl Reference {
    /// `None`: no scheme that could be followed. `http` could, but what comes by it may be anybody's word.
    pub(crate) fn read(uri: &str) -> Option<Reference> {
        let (scheme, rest) = uri.split_once(':')?;
        let sound = !rest.is_empty() && uri.len() <= MAX_URI && !uri.contains(|c: char| c.is_whitespace() || c.is_control());
        match scheme.to_ascii_lowercase().as_str() {
            "https" if sound && rest.starts_with("//") => Some(Reference::Https(uri.to_owned())),
            "sip" | "sips" | "pres" if sound => Some(Reference::Sip(uri.to_owned())),
            _ => None,
        }
    }
}

/// Why nothing came of what a call points to. Of several references the one that came furthest says why: it stands last here.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Unfetched {
    /// The trunk's setting names no such server.
    NotAllowed,
    /// As many are asked at once as may be.
    Busy,
    /// Whoever was asked has not answered in time, or cannot be reached.
    Silent,
    /// Whoever was asked refused, or answered with something else.
    Refused,
}

/// Whether the location may be handed on to route the call (`Geolocation-Routing`, RFC 6442 section 4.2).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum GeolocationRouting {
    Allowed,
    /// Also where nothing is said.
    #[default]
    Denied,
}

impl GeolocationRouting {
    pub(crate) fn read(fields: &Fields) -> Self {
        let yes = fields
            .first("Geolocation-Routing")
            .is_some_and(|value| value.split(';').next().is_some_and(|v| v.trim().eq_ignore_ascii_case("yes")));
        if yes { GeolocationRouting::Allowed } else { GeolocationRouting::Denied }
    }
}

/// The references of Geolocation in order of preference.
pub(crate) fn references(fields: &Fields) -> Vec<Reference> {
    let mut found = Vec::new();
    for reference in uris(fields).filter_map(|uri| Reference::read(&uri)) {
        if found.len() < MAX_REFERENCES && !found.contains(&reference) {
            found.push(reference);
        }
    }
    found
}

/// Content-IDs that Geolocation points to (`<cid:id@host>`), in order of preference.
pub(super) fn content_ids(fields: &Fields) -> impl Iterator<Item = String> {
    uris(fields).filter_map(|uri| content_id(&uri))
}

/// The Content-ID that a `cid` URI names (RFC 2392).
pub(crate) fn content_id(uri: &str) -> Option<String> {
    let (scheme, id) = uri.split_once(':')?;
    scheme.eq_ignore_ascii_case("cid").then(|| crate::dialled::percent_decode(id).trim_matches(['<', '>']).to_owned())
}

fn uris(fields: &Fields) -> impl Iterator<Item = String> {
    fields.all("Geolocation").flat_map(entries).filter_map(|entry| name_and_uri(entry).map(|(_, uri)| uri.to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn with(values: &[&str]) -> Fields {
        let mut fields = Fields::default();
        values.iter().for_each(|value| fields.push("Geolocation", *value));
        fields
    }

    #[test]
    fn lists_of_references_are_taken_apart() {
        let fields = with(&[
            "<cid:a%40b@h>, <https://lis.example:8443/x?y=1,2>;inserted-by=\"h\"",
            "<sip:loc@h>,<SIPS:loc@h>",
            "<pres:a@h>",
        ]);
        let expected = [
            Reference::Https("https://lis.example:8443/x?y=1,2".into()),
            Reference::Sip("sip:loc@h".into()),
            Reference::Sip("SIPS:loc@h".into()),
            Reference::Sip("pres:a@h".into()),
        ];
        assert_eq!(references(&fields), expected);
        assert_eq!(content_ids(&fields).collect::<Vec<_>>(), ["a@b@h"]);
    }

    #[test]
    fn what_cannot_be_followed_is_no_reference() {
        let long = format!("<https://h/{}>", "x".repeat(MAX_URI));
        let fields =
            with(&["<http://h/x>", "<file:///etc/passwd>", "<https:h>", "<https://h/a b>", "<sip:>", "https", "", &long]);
        assert!(references(&fields).is_empty());
    }

    #[test]
    fn there_are_never_too_many_and_none_twice() {
        let many: String = (0..40).map(|n| format!("<https://h/{n}>, <https://h/0>, ")).collect();
        assert_eq!(references(&with(&[&many])).len(), MAX_REFERENCES);
        assert_eq!(references(&with(&["<sip:a@h>", "<sip:a@h>"])).len(), 1);
    }

    #[test]
    fn routing_is_allowed_only_by_a_yes() {
        for (value, expected) in [
            ("yes", GeolocationRouting::Allowed),
            ("YES;x=1", GeolocationRouting::Allowed),
            ("no", GeolocationRouting::Denied),
            ("", GeolocationRouting::Denied),
        ] {
            let mut fields = Fields::default();
            fields.push("Geolocation-Routing", value);
            assert_eq!(GeolocationRouting::read(&fields), expected, "{value}");
        }
        assert_eq!(GeolocationRouting::read(&Fields::default()), GeolocationRouting::Denied);
    }

    proptest! {
        #[test]
        fn no_value_makes_it_panic(value in "\\PC{0,80}") {
            let _ = references(&with(&[&value]));
        }
    }
}
