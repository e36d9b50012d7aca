//! Positions on the map and the distance between them.

use crate::contract::Position;

/// The mean radius of the earth (IUGG), in metres.
const EARTH_RADIUS_M: f64 = 6_371_008.8;

/// Whether both coordinates are degrees that exist.
pub fn is_valid(position: Position) -> bool {
    (-90.0..=90.0).contains(&position.latitude) && (-180.0..=180.0).contains(&position.longitude)
}

/// The great-circle distance in metres (haversine); good to half a percent.
pub fn distance_m(from: Position, to: Position) -> f64 {
    let half_latitude = (to.latitude - from.latitude).to_radians() / 2.0;
    let half_longitude = (to.longitude - from.longitude).to_radians() / 2.0;
    let cosines = from.latitude.to_radians().cos() * to.latitude.to_radians().cos();
    let chord = half_latitude.sin().powi(2) + cosines * half_longitude.sin().powi(2);
    2.0 * EARTH_RADIUS_M * chord.clamp(0.0, 1.0).sqrt().asin()
}

/// At most `limit` of the things within `radius_m` metres of a place, nearest first, each with its distance.
pub fn nearest<T>(
    place: Position,
    things: impl IntoIterator<Item = T>,
    at: impl Fn(&T) -> Position,
    radius_m: f64,
    limit: usize,
) -> Vec<(T, f64)> {
    let mut near: Vec<(T, f64)> = things
        .into_iter()
        .map(|thing| {
            let distance = distance_m(place, at(&thing));
            (thing, distance)
        })
        .filter(|(_, distance)| *distance <= radius_m)
        .collect();
    near.sort_by(|a, b| a.1.total_cmp(&b.1));
    near.truncate(limit);
    near
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(latitude: f64, longitude: f64) -> Position {
        Position { latitude, longitude }
    }

    #[test]
    fn known_distances_come_out_right() {
        let cases = [
            (at(0.0, 0.0), at(0.0, 0.0), 0.0),
            // One degree of a great circle.
            (at(0.0, 104.0), at(0.0, 105.0), 111_195.0),
            (at(1.0, 104.0), at(2.0, 104.0), 111_195.0),
            // Batam Centre to Sekupang.
            (at(1.1301, 104.0529), at(1.1230, 103.9290), 13_796.0),
            // The two sides of the date line are near each other.
            (at(0.0, 179.9), at(0.0, -179.9), 22_239.0),
        ];
        for (from, to, metres) in cases {
            assert!((distance_m(from, to) - metres).abs() < 20.0, "{from:?} {to:?} {}", distance_m(from, to));
            assert!((distance_m(from, to) - distance_m(to, from)).abs() < 1e-6);
        }
    }

    #[test]
    fn the_nearest_come_first_and_the_far_not_at_all() {
        let things = [at(1.002, 104.0), at(1.001, 104.0), at(1.1, 104.0), at(1.003, 104.0)];
        let near: Vec<f64> = nearest(at(1.0, 104.0), things, |at| *at, 500.0, 2).into_iter().map(|(at, _)| at.latitude).collect();
        assert_eq!(near, [1.001, 1.002]);
    }

    #[test]
    fn degrees_that_do_not_exist_are_told_apart() {
        assert!(is_valid(at(1.13, 104.05)));
        for (latitude, longitude) in [(91.0, 0.0), (0.0, 181.0), (f64::NAN, 0.0), (0.0, f64::INFINITY)] {
            assert!(!is_valid(at(latitude, longitude)));
        }
    }
}
