//! Places.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// A position in WGS 84 degrees.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Position {
    pub latitude: f64,
    pub longitude: f64,
}

/// Where the caller's network says that the caller is (PIDF-LO, RFC 4119, RFC 5491).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct CallerLocation {
    pub position: Option<Position>,
    /// Radius of uncertainty in metres.
    pub radius_m: Option<f64>,
    /// A civic address on one line, if one was sent.
    pub civic: Option<String>,
}
