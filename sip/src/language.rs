//! Languages the caller can use, the most wanted first: from the offer (RFC 8373, RFC 8866 section 6.12) and Accept-Language. Pure.

use crate::message::Fields;

const MAX_LANGUAGES: usize = 8;
/// Longest tag that RFC 5646 section 4.4.1 asks everybody to take.
const MAX_TAG: usize = 35;

/// `described`: language tags of the offer in its order.
pub(crate) fn languages(fields: &Fields, described: &[String]) -> Vec<String> {
    let mut found = Vec::new();
    let mut take = |tag: &str| {
        let tag = tag.trim().trim_end_matches('*').trim().to_ascii_lowercase();
        if is_tag(&tag) && found.len() < MAX_LANGUAGES && !found.contains(&tag) {
            found.push(tag);
        }
    };
    described.iter().for_each(|tag| take(tag));
    let mut accepted: Vec<(u16, &str)> =
        fields.all("Accept-Language").flat_map(|value| value.split(',')).take(64).filter_map(weighted).collect();
    accepted.sort_by_key(|(weight, _)| std::cmp::Reverse(*weight));
    accepted.into_iter().for_each(|(_, tag)| take(tag));
    found
}

/// A tag with its `q` in thousandths (RFC 9110 section 12.4.2); `q=0` says "not this one".
fn weighted(item: &str) -> Option<(u16, &str)> {
    let mut parts = item.split(';');
    let tag = parts.next()?.trim();
    let quality = parts.find_map(|part| part.trim().strip_prefix("q=").or_else(|| part.trim().strip_prefix("Q=")));
    let weight = quality.map_or(1.0, |q| q.trim().parse::<f32>().ok().filter(|q| (0.0..=1.0).contains(q)).unwrap_or(0.001));
    (weight > 0.0).then_some(((weight * 1000.0) as u16, tag))
}

fn is_tag(tag: &str) -> bool {
    let sound = |part: &str| !part.is_empty() && part.len() <= 8 && part.chars().all(|c| c.is_ascii_alphanumeric());
    tag.len() <= MAX_TAG
        && tag.split('-').all(sound)
        && tag.split('-').next().is_some_and(|first| first.chars().all(|c| c.is_ascii_alphabetic()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(accept: &[&str], described: &[&str]) -> Vec<String> {
        let mut fields = Fields::default();
        accept.iter().for_each(|value| fields.push("Accept-Language", *value));
        languages(&fields, &described.iter().map(|tag| (*tag).to_owned()).collect::<Vec<_>>())
    }

    #[test]
    fn the_offer_comes_first_and_weights_are_heeded() {
        assert_eq!(read(&["en;q=0.5, id, zh-Hans;q=0.8", "ms;q=0"], &["min*", "ID"]), ["min", "id", "zh-hans", "en"]);
        assert_eq!(read(&["en, id"], &[]), ["en", "id"]);
    }

    #[test]
    fn what_is_no_language_is_passed_over() {
        assert!(read(&["*", "", "e n", "-id", "12", "id-", "a-toolongsubtag"], &["<b>"]).is_empty());
        let many: String = (b'a'..=b'z').map(|c| format!("{0}{0},", char::from(c))).collect();
        assert_eq!(read(&[&many], &[]).len(), MAX_LANGUAGES);
    }
}
