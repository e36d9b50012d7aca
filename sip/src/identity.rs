//! Who calls, from P-Asserted-Identity, Remote-Party-ID and From (RFC 3325, RFC 3323). Pure.
//!
//! Only trunks get this far, so an asserted identity is the carrier's word and is preferred. `Privacy` hides nothing from an emergency desk.

use crate::dialled::percent_decode;
use crate::message::{Fields, entries, name_and_uri, parameter};

/// The caller as the carrier or the caller says.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Identity {
    /// The telephone number, or the SIP user where it is no number; `None` for an anonymous caller.
    pub number: Option<String>,
    /// The display name, if there is one that says something.
    pub name: Option<String>,
    /// Whether `number` is the carrier's word: from P-Asserted-Identity, or a screened Remote-Party-ID.
    pub asserted: bool,
}

/// Reads the identity; a field that makes no sense is passed over.
pub(crate) fn identity(fields: &Fields) -> Identity {
    let mut name = None;
    let asserted = fields.all("P-Asserted-Identity").flat_map(entries).map(|value| (value, true));
    // Older switches say it in Remote-Party-ID only (draft-ietf-sip-privacy-04), and may name the called party there, too.
    let is = |value: &str, name, word: &str| parameter(value, name).is_some_and(|found| found.eq_ignore_ascii_case(word));
    let older = fields.all("Remote-Party-ID").flat_map(entries).filter(|value| !is(value, "party", "called"));
    for (value, asserted) in asserted.chain(older.map(|value| (value, is(value, "screen", "yes")))) {
        let Some((display, uri)) = name_and_uri(value) else { continue };
        name = name.or(display.filter(|n| says_something(n)));
        if let Some(number) = number(uri) {
            return Identity { number: Some(number), name: name.or_else(|| from_name(fields)), asserted };
        }
    }
    let number = fields.first("From").and_then(name_and_uri).and_then(|(_, uri)| number(uri));
    Identity { number, name: name.or_else(|| from_name(fields)), asserted: false }
}

fn from_name(fields: &Fields) -> Option<String> {
    fields.first("From").and_then(name_and_uri).and_then(|(name, _)| name).filter(|name| says_something(name))
}

/// The number or user of a sip, sips or tel URI. Visual separators of telephone numbers go (RFC 3966 section 5.1.1).
fn number(uri: &str) -> Option<String> {
    let (scheme, rest) = uri.split_once(':')?;
    let user = match scheme.to_ascii_lowercase().as_str() {
        "sip" | "sips" => {
            let (user, host) = rest.rsplit_once('@')?;
            if host.to_ascii_lowercase().starts_with("anonymous.invalid") {
                return None;
            }
            user
        }
        "tel" => rest,
        _ => return None,
    };
    let user = percent_decode(user.split(';').next()?.split(':').next()?);
    let user = user.trim();
    let bare: String = user.chars().filter(|c| !matches!(c, '-' | '.' | '(' | ')' | ' ')).collect();
    let digits = bare.strip_prefix('+').unwrap_or(&bare);
    let is_number = !digits.is_empty() && digits.chars().all(|c| c.is_ascii_digit() || matches!(c, '*' | '#'));
    let number: String = if is_number { bare } else { user.chars().filter(|c| !c.is_control()).collect() };
    says_something(&number).then_some(number)
}

/// Carriers write these where there is no identity.
fn says_something(text: &str) -> bool {
    const EMPTY: [&str; 6] = ["", "anonymous", "unavailable", "unknown", "restricted", "private"];
    !EMPTY.iter().any(|word| text.trim().eq_ignore_ascii_case(word))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(pai: &[&str], from: &str) -> (Option<String>, Option<String>, bool) {
        let mut fields = Fields::default();
        fields.push("From", from);
        for value in pai {
            fields.push("P-Asserted-Identity", *value);
        }
        let Identity { number, name, asserted } = identity(&fields);
        (number, name, asserted)
    }

    fn is(number: &str, name: Option<&str>, asserted: bool) -> (Option<String>, Option<String>, bool) {
        (Some(number.into()), name.map(str::to_owned), asserted)
    }

    #[test]
    fn the_carriers_word_comes_before_the_callers() {
        let from = "\"Mallory\" <sip:110@evil>;tag=1";
        assert_eq!(read(&["<tel:+62-811-234-567>"], from), is("+62811234567", Some("Mallory"), true));
        assert_eq!(read(&["\"Budi\" <sip:0811234567@ims;user=phone>"], from), is("0811234567", Some("Budi"), true));
        assert_eq!(read(&["<sip:+62811@ims>, <tel:+62811>"], from), is("+62811", Some("Mallory"), true));
        assert_eq!(read(&["<sip:anonymous@anonymous.invalid>", "<tel:+62811>"], from), is("+62811", Some("Mallory"), true));
    }

    #[test]
    fn without_an_asserted_identity_from_is_taken_as_unasserted() {
        assert_eq!(read(&[], "Budi <sip:+62811;phone-context=x@h>;tag=1"), is("+62811", Some("Budi"), false));
        assert_eq!(read(&["nonsense"], "<sip:alice@h>"), is("alice", None, false));
        assert_eq!(read(&[], "sip:%2B62811@h;tag=1"), is("+62811", None, false));
    }

    #[test]
    fn older_switches_name_an_anonymous_caller_in_remote_party_id() {
        let read = |older: &str| {
            let mut fields = Fields::default();
            fields.push("From", "\"Anonymous\" <sip:anonymous@anonymous.invalid>;tag=1");
            fields.push("Remote-Party-ID", older);
            let Identity { number, asserted, .. } = identity(&fields);
            (number, asserted)
        };
        assert_eq!(read("\"Budi\" <sip:+62811@10.0.0.1>;party=calling;screen=yes;privacy=full"), (Some("+62811".into()), true));
        assert_eq!(read("<sip:+62811@10.0.0.1>;screen=no"), (Some("+62811".into()), false));
        assert_eq!(read("<sip:112@10.0.0.1>;party=called;screen=yes"), (None, false));
    }

    #[test]
    fn an_anonymous_caller_has_no_number() {
        assert_eq!(read(&[], "\"Anonymous\" <sip:anonymous@anonymous.invalid>;tag=1"), (None, None, false));
        assert_eq!(read(&[], "<sip:Unavailable@h>"), (None, None, false));
        assert_eq!(read(&[], "<sip:+62811@anonymous.invalid>"), (None, None, false));
        assert_eq!(read(&[], ""), (None, None, false));
    }
}
