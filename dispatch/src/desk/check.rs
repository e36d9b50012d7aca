//! What a field may hold. Every text is bounded.

use super::DeskError;
use crate::contract::Position;
use crate::domain::place;

/// The longest name and the longest number of a caller, in characters.
pub(super) const CALLER_NAME: usize = 200;
pub(super) const CALLER_NUMBER: usize = 64;

/// A name: trimmed, not empty, at most 200 characters.
pub(super) fn name(field: &'static str, text: &str) -> Result<String, DeskError> {
    let text = text.trim();
    no_nul(field, text)?;
    match text.chars().count() {
        0 => Err(DeskError::invalid(field, "must not be empty")),
        1..=200 => Ok(text.to_owned()),
        _ => Err(DeskError::invalid(field, "must have at most 200 characters")),
    }
}

/// Free text of at most `limit` characters.
pub(super) fn text(field: &'static str, text: &str, limit: usize) -> Result<(), DeskError> {
    no_nul(field, text)?;
    match text.chars().count() {
        n if n <= limit => Ok(()),
        _ => Err(DeskError::invalid(field, format!("must have at most {limit} characters"))),
    }
}

/// PostgreSQL keeps every character but this.
fn no_nul(field: &'static str, text: &str) -> Result<(), DeskError> {
    if text.contains('\0') { Err(DeskError::invalid(field, "must not contain the character NUL")) } else { Ok(()) }
}

pub(super) fn position(field: &'static str, position: Option<Position>) -> Result<(), DeskError> {
    match position {
        Some(position) if !place::is_valid(position) => {
            Err(DeskError::invalid(field, "latitude must be -90 to 90 and longitude -180 to 180 degrees"))
        }
        _ => Ok(()),
    }
}

/// The name of an account.
pub(super) fn username(text: &str) -> Result<String, DeskError> {
    let username = text.trim().to_lowercase();
    let allowed = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || matches!(c, '.' | '-' | '_');
    if (2..=32).contains(&username.len()) && username.chars().all(allowed) {
        Ok(username)
    } else {
        Err(DeskError::invalid("username", "must be 2 to 32 characters of a-z, 0-9, `.`, `-` and `_`"))
    }
}

pub(super) fn password(text: &str) -> Result<(), DeskError> {
    match text.chars().count() {
        0..10 => Err(DeskError::invalid("password", "must have at least 10 characters")),
        10..=256 => Ok(()),
        _ => Err(DeskError::invalid("password", "must have at most 256 characters")),
    }
}

/// A WhatsApp number without `+`; separators that people write are taken away.
pub(super) fn whatsapp_number(number: Option<String>) -> Result<Option<String>, DeskError> {
    let Some(number) = number else { return Ok(None) };
    let digits: String = number.chars().filter(|c| !matches!(c, '+' | ' ' | '-' | '(' | ')')).collect();
    match digits.len() {
        0 => Ok(None),
        8..=15 if digits.chars().all(|c| c.is_ascii_digit()) => Ok(Some(digits)),
        _ => Err(DeskError::invalid("whatsapp_number", "must be 8 to 15 digits with the country code, as 6281234567890")),
    }
}

/// A camera's address without credentials.
pub(super) fn camera_url(text: &str) -> Result<String, DeskError> {
    let remedy = "must be rtsp://host:port/path, with user name and password in their own fields";
    let url = url::Url::parse(text.trim()).map_err(|_| DeskError::invalid("url", remedy))?;
    let plain = url.username().is_empty() && url.password().is_none() && url.has_host();
    if matches!(url.scheme(), "rtsp" | "rtsps") && plain && text.len() <= 1000 {
        Ok(url.to_string())
    } else {
        Err(DeskError::invalid("url", remedy))
    }
}

/// The number of rows to give: `asked`, or 50 if zero, at most 200.
pub(super) fn limit(asked: i64) -> i64 {
    if asked <= 0 { 50 } else { asked.min(200) }
}

/// A text that somebody else wrote, without control characters and cut to `limit` characters.
pub(super) fn cut(text: &str, limit: usize) -> String {
    text.chars().filter(|c| !c.is_control()).take(limit).collect()
}

/// As [`cut`], but the text keeps its lines.
pub(super) fn cut_lines(text: &str, limit: usize) -> String {
    text.chars().filter(|c| *c == '\n' || !c.is_control()).take(limit).collect()
}

/// The most skills, and the most languages, of one person.
const ABILITIES: usize = 16;

/// Short words of `a-z`, `0-9` and `-`, each once.
pub(super) fn skills(words: &[String]) -> Result<Vec<String>, DeskError> {
    let fits = |word: &str| {
        (1..=32).contains(&word.len()) && word.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-')
    };
    abilities("skills", words, fits, "must be at most 16 words of up to 32 letters a-z, digits and `-`, as fire")
}

/// Primary language tags (BCP 47), each once.
pub(super) fn languages(tags: &[String]) -> Result<Vec<String>, DeskError> {
    let fits = |tag: &str| (2..=8).contains(&tag.len()) && tag.chars().all(|c| c.is_ascii_lowercase());
    abilities("languages", tags, fits, "must be at most 16 language tags, as id or en")
}

fn abilities(
    field: &'static str,
    words: &[String],
    fits: impl Fn(&str) -> bool,
    remedy: &'static str,
) -> Result<Vec<String>, DeskError> {
    let mut kept: Vec<String> = Vec::new();
    for word in words {
        let word = word.trim().to_lowercase();
        if !fits(&word) {
            return Err(DeskError::invalid(field, remedy));
        }
        if !kept.contains(&word) {
            kept.push(word);
        }
    }
    if kept.len() > ABILITIES { Err(DeskError::invalid(field, remedy)) } else { Ok(kept) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_kept_as_digits() {
        let check = |number: &str| whatsapp_number(Some(number.into()));
        assert_eq!(check("+62 812-3456-7890").unwrap().as_deref(), Some("6281234567890"));
        assert_eq!(check(" ").unwrap(), None);
        for wrong in ["0812", "62812345678901234", "62a12345678"] {
            assert!(check(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn camera_addresses_have_no_credentials_in_them() {
        assert_eq!(camera_url("rtsp://10.0.0.7:8554/cam").unwrap(), "rtsp://10.0.0.7:8554/cam");
        for wrong in ["http://10.0.0.7/cam", "rtsp://a:b@10.0.0.7/cam", "10.0.0.7", "rtsp://"] {
            assert!(camera_url(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn skills_and_languages_are_words_that_can_be_matched() {
        let words = |words: &[&str]| words.iter().map(|word| (*word).to_owned()).collect::<Vec<_>>();
        assert_eq!(skills(&words(&[" Fire", "fire", "sea-rescue2"])).unwrap(), ["fire", "sea-rescue2"]);
        assert_eq!(languages(&words(&["ID", "en"])).unwrap(), ["id", "en"]);
        for wrong in ["", "api besar", "api!", &"x".repeat(33)] {
            assert!(skills(&words(&[wrong])).is_err(), "{wrong}");
        }
        for wrong in ["", "e", "en-GB", "bahasa-indonesia"] {
            assert!(languages(&words(&[wrong])).is_err(), "{wrong}");
        }
        let many: Vec<String> = (0..17).map(|n| format!("s{n}")).collect();
        assert!(skills(&many).is_err() && skills(&many[..16]).is_ok());
    }

    #[test]
    fn usernames_are_lower_case() {
        assert_eq!(username(" Rina.S ").unwrap(), "rina.s");
        for wrong in ["a", "rina s", "rína"] {
            assert!(username(wrong).is_err(), "{wrong}");
        }
    }
}
