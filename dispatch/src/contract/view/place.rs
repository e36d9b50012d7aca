//! Places.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// A position in WGS 84 degrees.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Position {
    pub latitude: f64,
    pub longitude: f64,
}

/// Where the caller's network says that the caller is (PIDF-LO, RFC 4119, RFC 5491).
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct CallerLocation {
    pub position: Option<Position>,
    /// Radius of uncertainty in metres.
    pub radius_m: Option<f64>,
    /// A civic address on one line, if one was sent.
    pub civic: Option<String>,
    /// The area, where it is neither a point nor a circle; `position` and `radius_m` are of a circle that covers it.
    #[serde(default)]
    pub shape: Option<LocationShape>,
    /// How it was found, in the words of the network: `GPS`, `Cell` (RFC 4119 section 6.1).
    #[serde(default)]
    pub method: Option<String>,
    /// When it was found, if the network says so.
    #[serde(default)]
    pub at: Option<Timestamp>,
}

/// The forms of RFC 5491 section 5.2 that are no circle. Distances are metres; angles are degrees, clockwise from north.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum LocationShape {
    /// Around the position. The orientation is that of the longer axis.
    Ellipse { semi_major_m: f64, semi_minor_m: f64, orientation_deg: f64 },
    /// The sector of a ring around the position, as a cell's antenna serves it.
    ArcBand { inner_m: f64, outer_m: f64, start_deg: f64, opening_deg: f64 },
    /// At least three points, the first not repeated at the end.
    Polygon { points: Vec<Position> },
}
