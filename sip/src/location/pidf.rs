//! PIDF-LO: the shapes of RFC 5491 and the civic address of RFC 5139. Pure.

use super::Location;
use roxmltree::{Document, Node};

const MAX_CIVIC: usize = 400;
const EARTH_RADIUS_M: f64 = 6_371_008.8;

/// Reads the first location of a PIDF-LO document. Prefixes and namespace versions are not looked at: only local names are.
pub(super) fn read(document: &[u8]) -> Option<Location> {
    let text = String::from_utf8_lossy(document);
    // A document type declaration is refused by default: entities could make the document grow.
    let document = Document::parse(text.trim_start_matches('\u{feff}').trim()).ok()?;
    let mut found = Location::default();
    for info in document.descendants().filter(|node| is(node, "location-info")) {
        for shape in info.children().filter(Node::is_element) {
            if is(&shape, "civicAddress") {
                found.civic = found.civic.or_else(|| civic(shape));
            } else if found.latitude_longitude.is_none()
                && let Some((position, radius)) = area(shape)
            {
                found.latitude_longitude = Some(position);
                found.radius_m = radius;
            }
        }
    }
    (found.latitude_longitude.is_some() || found.civic.is_some()).then_some(found)
}

fn is(node: &Node<'_, '_>, name: &str) -> bool {
    node.is_element() && node.tag_name().name() == name
}

type Position = (f64, f64);

/// Centre and uncertainty of a shape.
fn area(shape: Node<'_, '_>) -> Option<(Position, Option<f64>)> {
    match shape.tag_name().name() {
        "Point" => Some((first_position(shape)?, None)),
        "Circle" | "Sphere" => Some((first_position(shape)?, metres(shape, "radius"))),
        "Ellipse" | "Ellipsoid" => Some((first_position(shape)?, metres(shape, "semiMajorAxis"))),
        "ArcBand" => Some((first_position(shape)?, metres(shape, "outerRadius"))),
        "Polygon" | "Prism" => polygon(shape),
        _ => None,
    }
}

fn first_position(shape: Node<'_, '_>) -> Option<Position> {
    shape.descendants().find(|node| is(node, "pos")).and_then(|node| positions(node.text()?, dimension(node)).into_iter().next())
}

/// Latitude and longitude of a `pos` or `posList`; the height of three dimensions is passed over.
fn positions(text: &str, dimension: usize) -> Vec<Position> {
    let numbers: Vec<f64> = text.split_whitespace().map_while(|n| n.parse().ok()).collect();
    let pairs = numbers.chunks(dimension).filter_map(|at| Some((*at.first()?, *at.get(1)?)));
    pairs.filter(|(latitude, longitude)| latitude.abs() <= 90.0 && longitude.abs() <= 180.0).collect()
}

/// Coordinates a point: 3 for the reference system EPSG 4979 or where it says so, else 2.
fn dimension(node: Node<'_, '_>) -> usize {
    let named =
        |name: &str| node.ancestors().find_map(|n| n.attributes().find(|a| a.name() == name).map(|a| a.value().to_owned()));
    let three = named("srsDimension").as_deref() == Some("3") || named("srsName").is_some_and(|srs| srs.ends_with("4979"));
    if three { 3 } else { 2 }
}

fn metres(shape: Node<'_, '_>, name: &str) -> Option<f64> {
    let value: f64 = shape.descendants().find(|node| is(node, name))?.text()?.trim().parse().ok()?;
    (value.is_finite() && value >= 0.0).then_some(value)
}

/// The mean of the corners, and the farthest corner's distance as the radius.
#[allow(clippy::cast_precision_loss)]
fn polygon(shape: Node<'_, '_>) -> Option<(Position, Option<f64>)> {
    let ring = shape.descendants().find(|node| is(node, "LinearRing"))?;
    let mut corners: Vec<Position> = Vec::new();
    for node in ring.children().filter(|node| is(node, "pos") || is(node, "posList")) {
        corners.extend(positions(node.text().unwrap_or_default(), dimension(node)));
    }
    // The ring is closed by its first corner again, which must not count twice.
    if corners.len() > 1 && corners.first() == corners.last() {
        corners.pop();
    }
    if corners.len() < 3 {
        return None;
    }
    let count = corners.len() as f64;
    let centre = (corners.iter().map(|c| c.0).sum::<f64>() / count, corners.iter().map(|c| c.1).sum::<f64>() / count);
    let radius = corners.iter().map(|corner| distance_m(centre, *corner)).fold(0.0, f64::max);
    Some((centre, Some(radius)))
}

/// Great-circle distance.
fn distance_m(a: Position, b: Position) -> f64 {
    let (lat_a, lat_b) = (a.0.to_radians(), b.0.to_radians());
    let half = |angle: f64| (angle / 2.0).sin().powi(2);
    let h = half(lat_b - lat_a) + lat_a.cos() * lat_b.cos() * half((b.1 - a.1).to_radians());
    2.0 * EARTH_RADIUS_M * h.sqrt().min(1.0).asin()
}

/// The parts of a civic address in one line, the most exact first (RFC 4776, RFC 5139).
fn civic(address: Node<'_, '_>) -> Option<String> {
    // Two parts in one entry belong together: road and house number.
    const ORDER: [&[&str]; 17] = [
        &["NAM"],
        &["LOC"],
        &["ROOM"],
        &["UNIT"],
        &["FLR"],
        &["BLD"],
        &["LMK"],
        &["PRD", "RD", "A6", "STS", "POD", "HNO", "HNS"],
        &["A5"],
        &["A4"],
        &["A3"],
        &["A2"],
        &["A1"],
        &["PC"],
        &["PCN"],
        &["ADDCODE"],
        &["country"],
    ];
    let text = |name: &str| {
        let node = address.children().find(|node| is(node, name))?;
        let text: String = node.text()?.split_whitespace().collect::<Vec<_>>().join(" ");
        (!text.is_empty()).then_some(text)
    };
    let entries = ORDER.iter().map(|names| names.iter().filter_map(|name| text(name)).collect::<Vec<_>>().join(" "));
    let line = entries.filter(|entry| !entry.is_empty()).collect::<Vec<_>>().join(", ");
    (!line.is_empty()).then(|| line.chars().filter(|c| !c.is_control()).take(MAX_CIVIC).collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn with(shapes: &str) -> Option<Location> {
        read(
            format!(
                "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<presence xmlns=\"urn:ietf:params:xml:ns:pidf\" \
                 xmlns:gp=\"urn:ietf:params:xml:ns:pidf:geopriv10\" xmlns:gml=\"http://www.opengis.net/gml\" xmlns:gs=\"http://www.opengis.net/pidflo/1.0\" \
                 xmlns:ca=\"urn:ietf:params:xml:ns:pidf:geopriv10:civicAddr\"><tuple><status><gp:geopriv><gp:location-info>{shapes}</gp:location-info>\
                 <gp:usage-rules/></gp:geopriv></status></tuple></presence>"
            )
            .as_bytes(),
        )
    }

    #[test]
    fn circles_and_ellipses_have_a_radius() {
        let circle = with("<gs:Circle srsName=\"urn:ogc:def:crs:EPSG::4326\"><gml:pos>1.1301 104.0529</gml:pos><gs:radius uom=\"urn:ogc:def:uom:EPSG::9001\">850.24</gs:radius></gs:Circle>").unwrap();
        assert_eq!((circle.latitude_longitude, circle.radius_m), (Some((1.1301, 104.0529)), Some(850.24)));
        let ellipse = with("<gs:Ellipse><gml:pos>1 104</gml:pos><gs:semiMajorAxis>7.7</gs:semiMajorAxis><gs:semiMinorAxis>3</gs:semiMinorAxis><gs:orientation>9</gs:orientation></gs:Ellipse>").unwrap();
        assert_eq!(ellipse.radius_m, Some(7.7));
    }

    #[test]
    fn a_polygon_is_its_middle_and_its_reach() {
        let square = "<gml:Polygon><gml:exterior><gml:LinearRing><gml:posList>1 104 1 104.02 1.02 104.02 1.02 104 1 104</gml:posList></gml:LinearRing></gml:exterior></gml:Polygon>";
        let found = with(square).unwrap();
        let (latitude, longitude) = found.latitude_longitude.unwrap();
        assert!((latitude - 1.01).abs() < 1e-9 && (longitude - 104.01).abs() < 1e-9);
        assert!((found.radius_m.unwrap() - 1572.0).abs() < 5.0, "{found:?}");
        let corners: String =
            ["1 104", "1 104.02", "1.02 104.02", "1 104"].iter().map(|p| format!("<gml:pos>{p}</gml:pos>")).collect();
        assert!(
            with(&format!("<gml:Polygon><gml:exterior><gml:LinearRing>{corners}</gml:LinearRing></gml:exterior></gml:Polygon>"))
                .is_some()
        );
    }

    #[test]
    fn heights_are_passed_over() {
        let sphere = with(
            "<gs:Sphere srsName=\"urn:ogc:def:crs:EPSG::4979\"><gml:pos>1 104 26.3</gml:pos><gs:radius>5</gs:radius></gs:Sphere>",
        )
        .unwrap();
        assert_eq!((sphere.latitude_longitude, sphere.radius_m), (Some((1.0, 104.0)), Some(5.0)));
    }

    #[test]
    fn a_civic_address_becomes_one_line_beside_the_position() {
        let found = with(
            "<gml:Point><gml:pos>1 104</gml:pos></gml:Point><ca:civicAddress><ca:country>ID</ca:country><ca:A1>Kepulauan Riau</ca:A1><ca:A3>Batam</ca:A3>\
             <ca:RD>Jalan Engku Putri</ca:RD><ca:HNO>1</ca:HNO><ca:NAM>Kantor Wali Kota</ca:NAM><ca:PC>29432</ca:PC></ca:civicAddress>",
        )
        .unwrap();
        assert_eq!(found.civic.as_deref(), Some("Kantor Wali Kota, Jalan Engku Putri 1, Batam, Kepulauan Riau, 29432, ID"));
        assert_eq!(found.latitude_longitude, Some((1.0, 104.0)));
    }

    #[test]
    fn nonsense_is_no_location() {
        for shapes in [
            "",
            "<gml:Point><gml:pos>north 104</gml:pos></gml:Point>",
            "<gml:Point><gml:pos>91 104</gml:pos></gml:Point>",
            "<gml:Point><gml:pos>NaN 104</gml:pos></gml:Point>",
            "<gml:Point/>",
            "<gml:Polygon><gml:exterior><gml:LinearRing><gml:posList>1 104 1</gml:posList></gml:LinearRing></gml:exterior></gml:Polygon>",
            "<ca:civicAddress/>",
        ] {
            assert_eq!(with(shapes), None, "{shapes}");
        }
        assert_eq!(read(b"<!DOCTYPE x [<!ENTITY a \"b\">]><presence>&a;</presence>"), None);
    }

    proptest! {
        #[test]
        fn no_document_makes_it_panic(text in "\\PC*", numbers in "[0-9 .eE+-]{0,60}") {
            let _ = read(text.as_bytes());
            let _ = with(&format!("<gml:Polygon><gml:LinearRing><gml:posList srsDimension=\"3\">{numbers}</gml:posList></gml:LinearRing></gml:Polygon>"));
        }
    }
}
