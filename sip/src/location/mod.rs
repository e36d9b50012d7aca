//! Where the caller is, from Geolocation and PIDF-LO carried in the INVITE (RFC 6442, RFC 4119, RFC 5491). Pure.
//!
//! A location that makes no sense is no location: it never hurts the call. Locations by reference (https, sip) are named, not fetched.

mod civic;
mod encoding;
pub(crate) mod multipart;
pub(crate) mod pidf;
pub(crate) mod reference;
mod shape;

pub use reference::{GeolocationRouting, Reference, Unfetched};
pub use shape::{Position, Shape};
pub(crate) use shape::{distance_m, middle};

use crate::message::Fields;

/// What a PIDF-LO says. At least one of position and civic address is there.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Location {
    /// WGS 84 degrees: the position that stands for `shape`.
    pub latitude_longitude: Option<Position>,
    /// Uncertainty around the position, metres.
    pub radius_m: Option<f64>,
    /// The civic address in one line, most exact part first.
    pub civic: Option<String>,
    /// For a map. There whenever `latitude_longitude` is.
    pub shape: Option<Shape>,
    /// How it was found, in the words of the method token registry (RFC 4119 section 6.1): `GPS`, `Cell`, `DHCP`.
    pub method: Option<String>,
    /// When, as written there (RFC 3339).
    pub timestamp: Option<String>,
}

impl Location {
    /// Reads a PIDF-LO document that came by another way than in a call, for example from a location server. `None`: it has no location.
    pub fn from_pidf(document: &[u8]) -> Option<Location> {
        pidf::read(document)
    }
}

/// Reads the location a request carries: the part that Geolocation names, or else the first PIDF-LO of the body that says something
/// (RFC 5491 section 3.4, rule 9).
pub(crate) fn location(fields: &Fields, parts: &[multipart::Part<'_>]) -> Option<Location> {
    let pidf = |part: &&multipart::Part<'_>| part.is("application/pidf+xml");
    let named = reference::content_ids(fields).find_map(|cid| {
        parts.iter().filter(pidf).find(|part| part.id.as_deref() == Some(cid.as_str())).and_then(|part| pidf::read(&part.body))
    });
    named.or_else(|| parts.iter().filter(pidf).find_map(|part| pidf::read(&part.body)))
}

/// The parts of a request's body; none where it says not of what kind it is.
pub(crate) fn parts<'a>(fields: &Fields, body: &'a [u8]) -> Vec<multipart::Part<'a>> {
    fields.first("Content-Type").map(|kind| multipart::parts(kind, body)).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn located(fields: &Fields, body: &[u8]) -> Option<Location> {
        location(fields, &parts(fields, body))
    }

    fn point(position: &str) -> String {
        format!(
            "<presence xmlns=\"urn:ietf:params:xml:ns:pidf\" xmlns:gp=\"urn:ietf:params:xml:ns:pidf:geopriv10\" xmlns:gml=\"http://www.opengis.net/gml\" \
             entity=\"pres:a@b\"><tuple id=\"1\"><status><gp:geopriv><gp:location-info><gml:Point srsName=\"urn:ogc:def:crs:EPSG::4326\">\
             <gml:pos>{position}</gml:pos></gml:Point></gp:location-info></gp:geopriv></status></tuple></presence>"
        )
    }

    fn fields(kind: &str, geolocation: &str) -> Fields {
        let mut fields = Fields::default();
        fields.push("Content-Type", kind);
        fields.push("Geolocation", geolocation);
        fields
    }

    #[test]
    fn the_part_that_geolocation_names_is_taken() {
        let body = format!(
            "--x\r\nContent-Type: application/sdp\r\n\r\nv=0\r\n--x\r\nContent-Type: application/pidf+xml\r\nContent-ID: <one@h>\r\n\r\n{}\r\n\
             --x\r\nContent-Type: application/pidf+xml\r\nContent-ID: <two@h>\r\n\r\n{}\r\n--x--\r\n",
            point("1.0 104.0"),
            point("1.1 104.1")
        );
        let two =
            located(&fields("multipart/mixed; boundary=x", "<https://lis/1>, <cid:two@h>;inserted-by=\"h\""), body.as_bytes());
        assert_eq!(two.unwrap().latitude_longitude, Some((1.1, 104.1)));
        let first = located(&fields("multipart/mixed; boundary=x", "<https://lis/1>"), body.as_bytes());
        assert_eq!(first.unwrap().latitude_longitude, Some((1.0, 104.0)));
    }

    #[test]
    fn a_body_that_is_all_location_is_read() {
        let found = located(&fields("application/pidf+xml", ""), point("1.13 104.02").as_bytes());
        assert_eq!(found.unwrap().latitude_longitude, Some((1.13, 104.02)));
    }

    #[test]
    fn a_location_deep_inside_and_encoded_is_found() {
        let encoded = "PHByZXNlbmNlPjx0dXBsZT48c3RhdHVzPjxnZW9wcml2Pjxsb2NhdGlvbi1pbmZvPjxQb2ludD48cG9zPjEuMDUgMTAzLjk1PC9wb3M+PC9Qb2ludD48\r\n\
                       L2xvY2F0aW9uLWluZm8+PC9nZW9wcml2Pjwvc3RhdHVzPjwvdHVwbGU+PC9wcmVzZW5jZT4=";
        let body = format!(
            "--o\r\nContent-Type: application/sdp\r\n\r\nv=0\r\n--o\r\nContent-Type: multipart/related; boundary=i\r\n\r\n--i\r\n\
             Content-Type: application/pidf+xml\r\nContent-Transfer-Encoding: base64\r\nContent-ID: <l@h>\r\n\r\n{encoded}\r\n--i--\r\n--o--\r\n"
        );
        let found = located(&fields("multipart/mixed; boundary=o", "<cid:l@h>"), body.as_bytes());
        assert_eq!(found.unwrap().latitude_longitude, Some((1.05, 103.95)));
    }

    #[test]
    fn where_the_named_part_is_bad_the_next_that_is_good_is_taken() {
        let body = format!(
            "--x\r\nContent-Type: application/pidf+xml\r\nContent-ID: <bad@h>\r\n\r\n<presence\r\n--x\r\nContent-Type: application/pidf+xml\r\n\r\n{}\r\n--x--",
            point("1.2 104.2")
        );
        let found = located(&fields("multipart/mixed; boundary=x", "<cid:bad@h>"), body.as_bytes());
        assert_eq!(found.unwrap().latitude_longitude, Some((1.2, 104.2)));
    }

    #[test]
    fn a_bad_location_is_no_location() {
        assert_eq!(located(&fields("application/pidf+xml", "<cid:a>"), b"<presence"), None);
        assert_eq!(located(&fields("application/sdp", "<cid:a>"), b"v=0"), None);
        assert_eq!(located(&Fields::default(), b""), None);
    }
}
