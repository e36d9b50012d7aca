//! The numbers that people say of incidents: `20261123-0007`, the seventh of that day in the city's zone.

use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;

/// The day on which a moment falls in the city.
pub fn day(at: Timestamp, zone: &TimeZone) -> Date {
    at.to_zoned(zone.clone()).date()
}

/// The day's digits, `20261123`.
pub fn day_digits(day: Date) -> String {
    format!("{:04}{:02}{:02}", day.year(), day.month(), day.day())
}

/// The `n`th incident of a day. From the ten thousandth on it is longer.
pub fn incident_number(day: Date, n: i64) -> String {
    format!("{}-{n:04}", day_digits(day))
}

/// When the day began in the city.
pub fn midnight(day: Date, zone: &TimeZone) -> Timestamp {
    let start = day.to_zoned(zone.clone()).map(|start| start.timestamp());
    start.unwrap_or(Timestamp::UNIX_EPOCH)
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::tz::Offset;

    #[test]
    fn the_day_is_the_citys_day() {
        let wib = TimeZone::fixed(Offset::constant(7));
        let evening: Timestamp = "2026-11-22T17:00:00Z".parse().unwrap();
        let today = day(evening, &wib);
        assert_eq!(incident_number(today, 7), "20261123-0007");
        assert_eq!(incident_number(today, 12_345), "20261123-12345");
        assert_eq!(midnight(today, &wib), evening);
        let before: Timestamp = "2026-11-22T16:59:59.999Z".parse().unwrap();
        assert_eq!(day_digits(day(before, &wib)), "20261122");
    }
}
