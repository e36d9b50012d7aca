//! Documents as location servers and phones write them, and worse ones.

use super::*;
use crate::location::Shape;
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
    assert_eq!(found.civic.as_deref(), Some("Kantor Wali Kota, Jalan Engku Putri No. 1, Batam, Kepulauan Riau 29432, ID"));
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

fn position(found: Option<Location>) -> Option<(f64, f64)> {
    found.and_then(|found| found.latitude_longitude)
}

fn geopriv(holder: &str, info: &str, beside: &str, timestamp: &str) -> String {
    let geopriv = format!("<geopriv><location-info>{info}</location-info>{beside}</geopriv>");
    match holder {
        "tuple" => format!("<tuple id=\"t\"><status>{geopriv}</status>{timestamp}</tuple>"),
        _ => format!("<{holder} id=\"d\">{geopriv}{timestamp}</{holder}>"),
    }
}

fn document(holders: &[String]) -> Option<Location> {
    read(format!("<presence>{}</presence>", holders.concat()).as_bytes())
}

#[test]
fn every_shape_is_kept_for_the_map() {
    let four = "srsName=\"urn:ogc:def:crs:EPSG::4326\"";
    let ellipse = with(&format!(
        "<gs:Ellipse {four}><gml:pos>1 104</gml:pos><gs:semiMajorAxis uom=\"urn:ogc:def:uom:EPSG::9001\">1275</gs:semiMajorAxis>\
         <gs:semiMinorAxis>670</gs:semiMinorAxis><gs:orientation uom=\"urn:ogc:def:uom:EPSG::9102\">43.2</gs:orientation></gs:Ellipse>"
    ));
    let expected = Shape::Ellipse { semi_major_m: 1275.0, semi_minor_m: 670.0, orientation_deg: 43.2 };
    assert_eq!(ellipse.unwrap().shape, Some(expected));
    let band = with(&format!(
        "<gs:ArcBand {four}><gml:pos>1 104</gml:pos><gs:innerRadius>1661.55</gs:innerRadius><gs:outerRadius>2215.4</gs:outerRadius>\
         <gs:startAngle>266</gs:startAngle><gs:openingAngle>120</gs:openingAngle></gs:ArcBand>"
    ))
    .unwrap();
    assert_eq!(band.radius_m, Some(2215.4));
    assert_eq!(band.shape, Some(Shape::ArcBand { inner_m: 1661.55, outer_m: 2215.4, start_deg: 266.0, opening_deg: 120.0 }));
    let triangle = with(
        "<gml:Polygon><gml:exterior><gml:LinearRing><gml:posList>1 104 1 104.02 1.02 104.01 1 104</gml:posList></gml:LinearRing></gml:exterior></gml:Polygon>",
    );
    assert_eq!(triangle.unwrap().shape, Some(Shape::Polygon { corners: vec![(1.0, 104.0), (1.0, 104.02), (1.02, 104.01)] }));
    assert_eq!(with("<gml:Point><gml:pos>1 104</gml:pos></gml:Point>").unwrap().shape, Some(Shape::Point));
}

#[test]
fn shapes_with_height_are_their_shadow() {
    let three = "srsName=\"urn:ogc:def:crs:EPSG::4979\"";
    let ellipsoid = with(&format!(
        "<gs:Ellipsoid {three}><gml:pos>1 104 26.3</gml:pos><gs:semiMajorAxis>7.7</gs:semiMajorAxis><gs:semiMinorAxis>3.31</gs:semiMinorAxis>\
         <gs:verticalAxis>28.7</gs:verticalAxis><gs:orientation uom=\"urn:ogc:def:uom:EPSG::9101\">1.5707963267948966</gs:orientation></gs:Ellipsoid>"
    ));
    assert_eq!(ellipsoid.unwrap().shape, Some(Shape::Ellipse { semi_major_m: 7.7, semi_minor_m: 3.31, orientation_deg: 90.0 }));
    let prism = with(&format!(
        "<gs:Prism {three}><gs:base><gml:Polygon><gml:exterior><gml:LinearRing><gml:posList>1 104 36 1 104.02 36 1.02 104.01 36 1 104 36</gml:posList>\
         </gml:LinearRing></gml:exterior></gml:Polygon></gs:base><gs:height>2.4</gs:height></gs:Prism>"
    ));
    assert_eq!(prism.unwrap().shape, Some(Shape::Polygon { corners: vec![(1.0, 104.0), (1.0, 104.02), (1.02, 104.01)] }));
}

#[test]
fn the_reference_system_says_which_number_is_the_latitude() {
    for (system, position_written, expected) in [
        ("urn:ogc:def:crs:EPSG::4326", "1.1 104.05", Some((1.1, 104.05))),
        ("urn:ogc:def:crs:EPSG::4979", "1.1 104.05 12", Some((1.1, 104.05))),
        ("EPSG:4326", "1.1,104.05", Some((1.1, 104.05))),
        ("http://www.opengis.net/def/crs/EPSG/0/4326", "1.1 104.05 12", Some((1.1, 104.05))),
        ("urn:ogc:def:crs:OGC:1.3:CRS84", "104.05 1.1", Some((1.1, 104.05))),
        ("urn:ogc:def:crs:EPSG::3857", "11582792 122451", None),
    ] {
        let found = with(&format!("<gml:Point srsName=\"{system}\"><gml:pos>{position_written}</gml:pos></gml:Point>"));
        assert_eq!(position(found), expected, "{system}");
    }
}

#[test]
fn of_several_tuples_the_first_that_is_valid_counts_and_the_others_fill_in() {
    let bad = geopriv("tuple", "<Point><pos>95 104</pos></Point>", "<method>Manual</method>", "");
    let device = geopriv(
        "device",
        "<Circle><pos>1.1 104.1</pos><radius>30</radius></Circle>",
        "<method>GPS</method>",
        "<timestamp>2026-11-25T04:00:00Z</timestamp>",
    );
    let civic = geopriv("person", "<civicAddress><A3>Batam</A3></civicAddress>", "<method>DHCP</method>", "");
    let later = geopriv("tuple", "<Point><pos>2 105</pos></Point>", "", "");
    let found = document(&[bad, device, civic, later]).unwrap();
    assert_eq!((found.latitude_longitude, found.radius_m), (Some((1.1, 104.1)), Some(30.0)));
    assert_eq!(found.civic.as_deref(), Some("Batam"));
    assert_eq!((found.method.as_deref(), found.timestamp.as_deref()), (Some("GPS"), Some("2026-11-25T04:00:00Z")));
}

#[test]
fn within_one_location_the_coarse_comes_first_and_the_fine_counts() {
    let info = "<Circle><pos>1 104</pos><radius>500</radius></Circle><Point><pos>1.001 104.001</pos></Point><civicAddress><FLR>3</FLR></civicAddress>";
    let found = document(&[geopriv("tuple", info, "", "")]).unwrap();
    assert_eq!(
        (found.latitude_longitude, found.radius_m, found.civic.as_deref()),
        (Some((1.001, 104.001)), None, Some("Lantai 3"))
    );
}

#[test]
fn a_civic_address_is_written_as_people_say_it() {
    let found = with(
        "<ca:civicAddress xml:lang=\"en\"><ca:A3>Batam City</ca:A3></ca:civicAddress><ca:civicAddress xml:lang=\"id\"><ca:country>ID</ca:country>\
         <ca:A1>Kepulauan Riau</ca:A1><ca:A2>Kota Batam</ca:A2><ca:A4>Batam Kota</ca:A4><ca:A5>Teluk Tering</ca:A5><ca:RD>Jalan Raja Haji Fisabilillah</ca:RD>\
         <ca:HNO>12</ca:HNO><ca:HNS>A</ca:HNS><ca:FLR>3</ca:FLR><ca:ROOM>305</ca:ROOM><ca:BLD>Gedung B</ca:BLD><ca:PC>29461</ca:PC></ca:civicAddress>",
    );
    assert_eq!(
        found.unwrap().civic.as_deref(),
        Some(
            "Ruang 305, Lantai 3, Gedung B, Jalan Raja Haji Fisabilillah No. 12 A, Teluk Tering, Batam Kota, Kota Batam, Kepulauan Riau 29461, ID"
        )
    );
}

#[test]
fn a_shape_that_lacks_what_makes_it_is_none() {
    for shape in [
        "<gs:Circle><gml:pos>1 104</gml:pos></gs:Circle>",
        "<gs:Circle><gml:pos>1 104</gml:pos><gs:radius>-5</gs:radius></gs:Circle>",
        "<gs:Circle><gml:pos>1 104</gml:pos><gs:radius uom=\"urn:ogc:def:uom:EPSG::9002\">5</gs:radius></gs:Circle>",
        "<gs:Circle><gml:pos>1 104</gml:pos><gs:radius>inf</gs:radius></gs:Circle>",
        "<gs:ArcBand><gml:pos>1 104</gml:pos><gs:innerRadius>1</gs:innerRadius><gs:outerRadius>2</gs:outerRadius></gs:ArcBand>",
        "<gml:Polygon><gml:exterior><gml:LinearRing><gml:posList>1 104 1 105 91 104 1 104</gml:posList></gml:LinearRing></gml:exterior></gml:Polygon>",
        "<gs:Blob><gml:pos>1 104</gml:pos></gs:Blob>",
    ] {
        assert_eq!(with(shape), None, "{shape}");
    }
}

#[test]
fn a_document_past_its_bounds_is_none_and_costs_little() {
    let corners = "1 104 ".repeat(5000);
    assert_eq!(
        with(&format!("<gml:Polygon><gml:LinearRing><gml:posList>{corners}</gml:posList></gml:LinearRing></gml:Polygon>")),
        None
    );
    let deep = format!("{}{}", "<a>".repeat(9000), "</a>".repeat(9000));
    assert_eq!(with(&deep), None);
    assert_eq!(with(&"<a/>".repeat(9000)), None);
}

#[test]
fn a_polygon_across_the_date_line_stays_there() {
    let found = with("<gml:Polygon><gml:LinearRing><gml:posList>0 179.9 0 -179.9 1 -179.9 1 179.9 0 179.9</gml:posList></gml:LinearRing></gml:Polygon>").unwrap();
    let (latitude, longitude) = found.latitude_longitude.unwrap();
    assert!((latitude - 0.5).abs() < 1e-9 && longitude.abs() > 179.99, "{longitude}");
    assert!(found.radius_m.unwrap() < 60_000.0);
}

proptest! {
    #[test]
    fn no_document_makes_it_panic(text in "\\PC*", numbers in "[0-9 .eE+-]{0,60}") {
        let _ = read(text.as_bytes());
        let _ = with(&format!("<gml:Polygon><gml:LinearRing><gml:posList srsDimension=\"3\">{numbers}</gml:posList></gml:LinearRing></gml:Polygon>"));
    }
}
