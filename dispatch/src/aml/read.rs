//! Both forms of a telephone's message, taken apart: the fields of HTTPS, as Android's Emergency Location Service names them, and the text message.
//! Pure.

use crate::contract::{CallerLocation, Position};
use crate::domain::place;
use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::TimeZone;
use std::collections::HashMap;

/// No telephone sends half as many.
const FIELDS: usize = 100;
/// Begins a text message, with the version behind it.
const TEXT: &str = "A\"ML=";
const NUMBER_DIGITS: std::ops::RangeInclusive<usize> = 5..=20;

/// Where the telephone with this number is.
#[derive(Debug, Clone, PartialEq)]
pub struct Sighting {
    pub number: String,
    pub location: CallerLocation,
}

/// Why a message cannot be used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum AmlError {
    #[error("this is neither a form nor a JSON object with the fields of an AML message")]
    NotAMessage,
    #[error("there is no telephone number; send it as `device_number`")]
    NoNumber,
    /// Also what telephones send that found no place.
    #[error("there is no place; send `location_latitude` and `location_longitude`, or the text message as `text`")]
    NoPlace,
}

/// Reads a body: a JSON object, or a form.
pub fn read(body: &[u8], is_json: bool) -> Result<Sighting, AmlError> {
    let fields = if is_json { of_json(body)? } else { of_form(body)? };
    let number = number(fields.get("device_number").or(fields.get("number")).ok_or(AmlError::NoNumber)?)?;
    let location = match fields.get("text") {
        Some(text) => of_text(text)?,
        None => of_fields(&fields)?,
    };
    Ok(Sighting { number, location })
}

type Fields = HashMap<String, String>;

fn of_form(body: &[u8]) -> Result<Fields, AmlError> {
    let fields: Fields = url::form_urlencoded::parse(body).take(FIELDS).map(|(key, value)| (key.into(), value.into())).collect();
    if fields.is_empty() { Err(AmlError::NotAMessage) } else { Ok(fields) }
}

fn of_json(body: &[u8]) -> Result<Fields, AmlError> {
    let object: serde_json::Map<String, serde_json::Value> = serde_json::from_slice(body).map_err(|_| AmlError::NotAMessage)?;
    let plain = |value| match value {
        serde_json::Value::String(text) => Some(text),
        serde_json::Value::Number(number) => Some(number.to_string()),
        _ => None,
    };
    Ok(object.into_iter().take(FIELDS).filter_map(|(key, value)| Some((key, plain(value)?))).collect())
}

/// `+628117701234`, also without the plus, or as a form makes of it: a space.
fn number(text: &str) -> Result<String, AmlError> {
    let trimmed = text.trim();
    let digits = trimmed.strip_prefix('+').unwrap_or(trimmed);
    let good = NUMBER_DIGITS.contains(&digits.len()) && digits.bytes().all(|digit| digit.is_ascii_digit());
    let plus = if trimmed.starts_with('+') || text.starts_with(' ') { "+" } else { "" };
    if good { Ok(format!("{plus}{digits}")) } else { Err(AmlError::NoNumber) }
}

fn of_fields(fields: &Fields) -> Result<CallerLocation, AmlError> {
    let value = |key: &str| fields.get(key)?.trim().parse::<f64>().ok();
    let time = fields.get("location_time").and_then(|ms| Timestamp::from_millisecond(ms.trim().parse().ok()?).ok());
    let found = Found {
        latitude: value("location_latitude"),
        longitude: value("location_longitude"),
        radius_m: value("location_accuracy"),
        method: fields.get("location_source").and_then(|source| method(source)),
        at: time,
    };
    found.location()
}

/// `A"ML=1;lt=+1.13012;lg=+104.05301;rd=14;top=20261129171748;lc=68;pm=W;si=...;ei=...;mcc=510;mnc=10;ml=126`
fn of_text(text: &str) -> Result<CallerLocation, AmlError> {
    let message = text.trim().strip_prefix(TEXT).ok_or(AmlError::NoPlace)?;
    let mut parts = message.split(';').take(FIELDS);
    if parts.next() != Some("1") {
        return Err(AmlError::NoPlace);
    }
    let fields: HashMap<&str, &str> = parts.filter_map(|part| part.split_once('=')).collect();
    // N: the telephone found no place, and says zero degrees.
    if fields.get("pm") == Some(&"N") {
        return Err(AmlError::NoPlace);
    }
    let value = |key: &str| fields.get(key)?.parse::<f64>().ok();
    let time = fields.get("top").and_then(|top| DateTime::strptime("%Y%m%d%H%M%S", top).ok());
    let found = Found {
        latitude: value("lt"),
        longitude: value("lg"),
        radius_m: value("rd"),
        method: fields.get("pm").and_then(|pm| method(pm)),
        at: time.and_then(|time| Some(time.to_zoned(TimeZone::UTC).ok()?.timestamp())),
    };
    found.location()
}

/// What is found in either form.
struct Found {
    latitude: Option<f64>,
    longitude: Option<f64>,
    radius_m: Option<f64>,
    method: Option<&'static str>,
    at: Option<Timestamp>,
}

impl Found {
    fn location(self) -> Result<CallerLocation, AmlError> {
        let (Some(latitude), Some(longitude)) = (self.latitude, self.longitude) else { return Err(AmlError::NoPlace) };
        let position = Position { latitude, longitude };
        if !place::is_valid(position) {
            return Err(AmlError::NoPlace);
        }
        Ok(CallerLocation {
            position: Some(position),
            // Nobody is at a point: a radius of nothing would be taken for the best of all.
            radius_m: Some(self.radius_m.filter(|radius| radius.is_finite() && *radius > 0.0).unwrap_or(UNKNOWN_RADIUS_M)),
            method: self.method.map(str::to_owned),
            at: self.at,
            ..CallerLocation::default()
        })
    }
}

/// What is shown where the telephone does not say how exact it is: less exact than any fix, more than most cells.
const UNKNOWN_RADIUS_M: f64 = 1_000.0;

/// In the words of RFC 4119 section 6.1, as the network's own places have it.
fn method(source: &str) -> Option<&'static str> {
    match source.trim().to_ascii_lowercase().as_str() {
        "g" | "gps" => Some("GPS"),
        "w" | "wifi" => Some("802.11"),
        "c" | "cell" => Some("Cell"),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const TEXT_MESSAGE: &str = "A\"ML=1;lt=+1.13012;lg=+104.05301;rd=14;top=20261129171748;lc=68;pm=W;si=510100000000000;ei=123456789012345;mcc=510;mnc=10;ml=126";

    fn at(latitude: f64, longitude: f64, radius_m: f64, method: Option<&str>, at: Option<&str>) -> CallerLocation {
        CallerLocation {
            position: Some(Position { latitude, longitude }),
            radius_m: Some(radius_m),
            method: method.map(str::to_owned),
            at: at.map(|at| at.parse().unwrap()),
            ..CallerLocation::default()
        }
    }

    fn form(fields: &[(&str, &str)]) -> Vec<u8> {
        url::form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish().into_bytes()
    }

    #[test]
    fn a_telephone_says_where_it_is_in_the_fields_of_a_form() {
        let body = form(&[
            ("v", "1"),
            ("emergency_number", "112"),
            ("source", "CALL"),
            ("time", "1795972600123"),
            ("location_latitude", "1.13012"),
            ("location_longitude", "104.05301"),
            ("location_accuracy", "8.5"),
            ("location_source", "gps"),
            ("location_time", "1795972607000"),
            ("device_number", "+628117701234"),
        ]);
        let location = at(1.13012, 104.05301, 8.5, Some("GPS"), Some("2026-11-29T17:16:47Z"));
        assert_eq!(read(&body, false), Ok(Sighting { number: "+628117701234".into(), location }));
    }

    #[test]
    fn a_gateway_brings_the_text_message_with_its_sender() {
        let location = at(1.13012, 104.05301, 14.0, Some("802.11"), Some("2026-11-29T17:17:48Z"));
        let expected = Ok(Sighting { number: "+628117701234".into(), location });
        assert_eq!(read(&form(&[("number", "+628117701234"), ("text", TEXT_MESSAGE)]), false), expected);
        let json = serde_json::json!({ "number": "+628117701234", "text": TEXT_MESSAGE }).to_string();
        assert_eq!(read(json.as_bytes(), true), expected);
        // Who writes a form by hand forgets that its plus means a space.
        assert_eq!(number(" 628117701234"), Ok("+628117701234".into()));
    }

    #[test]
    fn numbers_of_json_are_read_and_what_is_not_said_is_not_made_up() {
        let json = br#"{"device_number":"08117701234","location_latitude":1.1,"location_longitude":104,"location_accuracy":null,"more":[1]}"#;
        let location = at(1.1, 104.0, UNKNOWN_RADIUS_M, None, None);
        assert_eq!(read(json, true), Ok(Sighting { number: "08117701234".into(), location }));
    }

    #[test]
    fn what_names_no_number_or_no_place_is_told_apart() {
        let no_place = TEXT_MESSAGE.replace("pm=W", "pm=N");
        let beta = TEXT_MESSAGE.replace("ML=1", "ML=2");
        for (fields, error) in [
            (vec![("location_latitude", "1"), ("location_longitude", "2")], AmlError::NoNumber),
            (vec![("device_number", "112<script>"), ("location_latitude", "1"), ("location_longitude", "2")], AmlError::NoNumber),
            (vec![("device_number", "+62811770"), ("location_latitude", "91"), ("location_longitude", "2")], AmlError::NoPlace),
            (vec![("device_number", "+62811770"), ("location_latitude", "NaN"), ("location_longitude", "2")], AmlError::NoPlace),
            (vec![("device_number", "+62811770"), ("location_latitude", "1")], AmlError::NoPlace),
            (vec![("device_number", "+62811770"), ("text", no_place.as_str())], AmlError::NoPlace),
            (vec![("device_number", "+62811770"), ("text", beta.as_str())], AmlError::NoPlace),
            (vec![("device_number", "+62811770"), ("text", "Tolong, rumah saya terbakar")], AmlError::NoPlace),
        ] {
            assert_eq!(read(&form(&fields), false), Err(error), "{fields:?}");
        }
        assert_eq!(read(b"", false), Err(AmlError::NotAMessage));
        assert_eq!(read(b"[1]", true), Err(AmlError::NotAMessage));
    }

    proptest! {
        #[test]
        fn whatever_comes_is_read_or_refused(body in prop::collection::vec(any::<u8>(), 0..300), is_json in any::<bool>(), text in "\\PC{0,120}") {
            let _ = read(&body, is_json);
            if let Ok(Sighting { location, .. }) = read(&form(&[("number", "+62811"), ("text", &format!("A\"ML=1;{text}"))]), false) {
                prop_assert!(location.position.is_some_and(place::is_valid));
            }
        }
    }
}
