//! Shapes of a location, from GML as PIDF-LO profiles it (RFC 5491 section 5). Pure.
//!
//! Three dimensions are read as their shadow on the ground: a city's map has no heights.

use roxmltree::Node;

const EARTH_RADIUS_M: f64 = 6_371_008.8;
/// Corners of a polygon that are kept; a PIDF-LO polygon has at most 15 (RFC 5491 section 5.2.3).
const MAX_CORNERS: usize = 128;

/// Latitude and longitude in WGS 84 degrees.
pub type Position = (f64, f64);

/// What area the caller is in. Distances are metres; angles are degrees, clockwise from north.
#[derive(Debug, Clone, PartialEq)]
pub enum Shape {
    Point,
    /// Also a sphere.
    Circle {
        radius_m: f64,
    },
    /// Also an ellipsoid. `orientation_deg` is the direction of the longer axis.
    Ellipse {
        semi_major_m: f64,
        semi_minor_m: f64,
        orientation_deg: f64,
    },
    /// A sector of a ring around the position, as a cell's antenna serves it.
    ArcBand {
        inner_m: f64,
        outer_m: f64,
        start_deg: f64,
        opening_deg: f64,
    },
    /// Also a prism. At least three corners, the first not repeated at the end.
    Polygon {
        corners: Vec<Position>,
    },
}

/// A shape on the ground, the position that stands for it, and the radius around that position which covers it.
pub(super) struct Area {
    pub position: Position,
    pub radius_m: Option<f64>,
    pub shape: Shape,
}

/// Reads one element of a `location-info`. `None`: it is no shape, or one that cannot be.
pub(super) fn area(node: Node<'_, '_>) -> Option<Area> {
    let (position, radius_m, shape) = match node.tag_name().name() {
        "Point" => (centre(node)?, None, Shape::Point),
        "Circle" | "Sphere" => {
            let radius_m = length(node, "radius")?;
            (centre(node)?, Some(radius_m), Shape::Circle { radius_m })
        }
        "Ellipse" | "Ellipsoid" => {
            let (semi_major_m, semi_minor_m) = (length(node, "semiMajorAxis")?, length(node, "semiMinorAxis")?);
            let orientation_deg = angle(node, "orientation").unwrap_or(0.0);
            (centre(node)?, Some(semi_major_m.max(semi_minor_m)), Shape::Ellipse { semi_major_m, semi_minor_m, orientation_deg })
        }
        "ArcBand" => {
            let (inner_m, outer_m) = (length(node, "innerRadius")?, length(node, "outerRadius")?);
            let (start_deg, opening_deg) = (angle(node, "startAngle")?, angle(node, "openingAngle")?);
            (centre(node)?, Some(inner_m.max(outer_m)), Shape::ArcBand { inner_m, outer_m, start_deg, opening_deg })
        }
        "Polygon" | "Prism" => {
            let corners = corners(node)?;
            let position = middle(&corners);
            let radius_m = corners.iter().map(|corner| distance_m(position, *corner)).fold(0.0, f64::max);
            (position, Some(radius_m), Shape::Polygon { corners })
        }
        _ => return None,
    };
    Some(Area { position, radius_m, shape })
}

pub(super) fn is(node: &Node<'_, '_>, name: &str) -> bool {
    node.is_element() && node.tag_name().name() == name
}

fn child<'a, 'b>(shape: Node<'a, 'b>, name: &str) -> Option<Node<'a, 'b>> {
    shape.descendants().find(|node| is(node, name))
}

/// The position that a shape is built around: `pos`, or the `coordinates` of older documents.
fn centre(shape: Node<'_, '_>) -> Option<Position> {
    let node = child(shape, "pos").or_else(|| child(shape, "coordinates"))?;
    let first = numbers(node.text()?);
    Axes::of(node)?.place(&first)
}

fn corners(shape: Node<'_, '_>) -> Option<Vec<Position>> {
    let ring = child(shape, "LinearRing")?;
    let mut corners: Vec<Position> = Vec::new();
    for node in ring.descendants().filter(|node| is(node, "pos") || is(node, "posList")) {
        let axes = Axes::of(node)?;
        let numbers = numbers(node.text().unwrap_or_default());
        let each = if is(&node, "pos") { numbers.len().max(1) } else { axes.dimension };
        for place in numbers.chunks(each) {
            corners.push(axes.place(place)?);
        }
        // One more than are kept: the ring ends where it began.
        if corners.len() > MAX_CORNERS + 1 {
            return None;
        }
    }
    // The ring is closed by its first corner again, which must not count twice.
    if corners.len() > 1 && corners.first() == corners.last() {
        corners.pop();
    }
    (corners.len() >= 3).then_some(corners)
}

/// Finite numbers apart by white space or commas, as many as a ring may have; a word that is no number ends them.
fn numbers(text: &str) -> Vec<f64> {
    let words = text.split(|c: char| c.is_whitespace() || c == ',').filter(|word| !word.is_empty());
    words.map_while(|word| word.parse().ok().filter(|number: &f64| number.is_finite())).take(3 * (MAX_CORNERS + 2)).collect()
}

/// How coordinates are written.
struct Axes {
    /// Numbers for each place of a list.
    dimension: usize,
    longitude_first: bool,
}

impl Axes {
    /// The reference system that holds for this element. EPSG 4326 and 4979 write the latitude first; CRS 84 does not. `None`: the numbers of
    /// another system would lead to another place.
    fn of(node: Node<'_, '_>) -> Option<Axes> {
        let named =
            |name: &str| node.ancestors().find_map(|n| n.attributes().find(|a| a.name() == name).map(|a| a.value().trim()));
        let stated =
            named("srsDimension").and_then(|dimension| dimension.parse().ok()).filter(|dimension| matches!(dimension, 2 | 3));
        let system = named("srsName").unwrap_or_default();
        let code = system.rsplit([':', '/', '#']).next().unwrap_or_default();
        let (dimension, longitude_first) = match code {
            "" | "4326" => (2, false),
            "4979" => (3, false),
            "CRS84" => (2, true),
            "CRS84h" => (3, true),
            _ => return None,
        };
        Some(Axes { dimension: stated.unwrap_or(dimension), longitude_first })
    }

    fn place(&self, numbers: &[f64]) -> Option<Position> {
        let (first, second) = (*numbers.first()?, *numbers.get(1)?);
        let (latitude, longitude) = if self.longitude_first { (second, first) } else { (first, second) };
        (latitude.abs() <= 90.0 && longitude.abs() <= 180.0).then_some((latitude, longitude))
    }
}

/// A length; its unit is the metre (EPSG 9001), the only one that RFC 5491 allows.
fn length(shape: Node<'_, '_>, name: &str) -> Option<f64> {
    let node = child(shape, name)?;
    let metres = node.attribute("uom").is_none_or(|unit| unit.trim().ends_with("9001"));
    let value: f64 = node.text()?.trim().parse().ok()?;
    (metres && value.is_finite() && value >= 0.0).then_some(value)
}

/// An angle in degrees (EPSG 9102), or in radians (EPSG 9101) where it says so.
fn angle(shape: Node<'_, '_>, name: &str) -> Option<f64> {
    let node = child(shape, name)?;
    let value: f64 = node.text()?.trim().parse().ok()?;
    let radians = node.attribute("uom").is_some_and(|unit| unit.trim().ends_with("9101"));
    let degrees = if radians { value.to_degrees() } else { value };
    (degrees.is_finite() && degrees.abs() <= 360.0).then_some(degrees)
}

/// The mean of the corners. Longitudes are taken relative to the first corner, so that the date line does no harm.
#[allow(clippy::cast_precision_loss)]
pub(crate) fn middle(corners: &[Position]) -> Position {
    let count = corners.len().max(1) as f64;
    let origin = corners.first().map_or(0.0, |corner| corner.1);
    let latitude = corners.iter().map(|corner| corner.0).sum::<f64>() / count;
    let longitude = origin + corners.iter().map(|corner| turn(corner.1 - origin)).sum::<f64>() / count;
    (latitude, turn(longitude))
}

/// An angle between -180 and 180 degrees.
fn turn(degrees: f64) -> f64 {
    if degrees > 180.0 {
        degrees - 360.0
    } else if degrees < -180.0 {
        degrees + 360.0
    } else {
        degrees
    }
}

/// Great-circle distance.
pub(crate) fn distance_m(a: Position, b: Position) -> f64 {
    let (lat_a, lat_b) = (a.0.to_radians(), b.0.to_radians());
    let half = |angle: f64| (angle / 2.0).sin().powi(2);
    let h = half(lat_b - lat_a) + lat_a.cos() * lat_b.cos() * half((b.1 - a.1).to_radians());
    2.0 * EARTH_RADIUS_M * h.sqrt().min(1.0).asin()
}
