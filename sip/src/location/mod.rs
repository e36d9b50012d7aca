//! Where the caller is, from Geolocation and PIDF-LO carried in the INVITE (RFC 6442, RFC 4119, RFC 5491). Pure.
//!
//! A location that makes no sense is no location: it never hurts the call. Locations by reference (https, sip) are not fetched.

pub(crate) mod multipart;
mod pidf;

use crate::message::{Fields, name_and_uri, split_outside};

/// What a PIDF-LO says. At least one of position and civic address is there.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Location {
    /// WGS 84 degrees.
    pub latitude_longitude: Option<(f64, f64)>,
    /// Uncertainty around the position, metres.
    pub radius_m: Option<f64>,
    /// The civic address in one line, most exact part first.
    pub civic: Option<String>,
}

/// Reads the location a request carries: the part that Geolocation names, or else the first PIDF-LO of the body.
pub(crate) fn location(fields: &Fields, body: &[u8]) -> Option<Location> {
    let kind = fields.first("Content-Type")?;
    let parts = multipart::parts(kind, body);
    let pidf = |part: &&multipart::Part<'_>| part.is("application/pidf+xml");
    let named = references(fields).find_map(|cid| {
        parts.iter().filter(pidf).find(|part| part.id.as_deref() == Some(cid.as_str())).and_then(|part| pidf::read(part.body))
    });
    named.or_else(|| parts.iter().filter(pidf).find_map(|part| pidf::read(part.body)))
}

/// Content-IDs that Geolocation points to (`<cid:id@host>`), in order of preference.
fn references(fields: &Fields) -> impl Iterator<Item = String> {
    let entries = fields.all("Geolocation").flat_map(|value| {
        let mut rest = Some(value);
        std::iter::from_fn(move || {
            let (entry, more) = split_outside(rest?, ',');
            rest = more;
            Some(entry)
        })
    });
    entries.filter_map(|entry| {
        let (_, uri) = name_and_uri(entry)?;
        let (scheme, id) = uri.split_once(':')?;
        scheme.eq_ignore_ascii_case("cid").then(|| crate::dialled::percent_decode(id))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

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
            location(&fields("multipart/mixed; boundary=x", "<https://lis/1>, <cid:two@h>;inserted-by=\"h\""), body.as_bytes());
        assert_eq!(two.unwrap().latitude_longitude, Some((1.1, 104.1)));
        let first = location(&fields("multipart/mixed; boundary=x", "<https://lis/1>"), body.as_bytes());
        assert_eq!(first.unwrap().latitude_longitude, Some((1.0, 104.0)));
    }

    #[test]
    fn a_body_that_is_all_location_is_read() {
        let found = location(&fields("application/pidf+xml", ""), point("1.13 104.02").as_bytes());
        assert_eq!(found.unwrap().latitude_longitude, Some((1.13, 104.02)));
    }

    #[test]
    fn a_bad_location_is_no_location() {
        assert_eq!(location(&fields("application/pidf+xml", "<cid:a>"), b"<presence"), None);
        assert_eq!(location(&fields("application/sdp", "<cid:a>"), b"v=0"), None);
        assert_eq!(location(&Fields::default(), b""), None);
    }
}
