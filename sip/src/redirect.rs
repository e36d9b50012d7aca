//! Whom a redirected call of ours goes to instead (RFC 3261 section 8.1.3.4). Pure.
//!
//! Only the number of a redirection counts, and it is called through the trunk that named it: a host of somebody's choice would learn who calls
//! for help, and could be anybody's.

use crate::dialled::{percent_decode, user};
use crate::message::{Fields, entries, name_and_uri, parameter};

/// Redirections of one call that are followed.
const FOLLOWED: usize = 3;
/// Addresses of one redirection that are looked at.
const ADDRESSES: usize = 16;
/// Digits of a number; E.164 has at most 15, a carrier may write a prefix before them.
const DIGITS: std::ops::RangeInclusive<usize> = 3..=20;

/// The numbers that a call has been made to, the wished one first.
#[derive(Debug)]
pub(crate) struct Redirections(Vec<String>);

impl Redirections {
    pub(crate) fn new(wished: &str) -> Self {
        Redirections(vec![wished.to_owned()])
    }

    /// The number to call next by the same trunk. `read` takes a number as the trunk's carrier writes it. `None`: this is no redirection to a
    /// number, the number was called before, or there have been too many.
    pub(crate) fn follow(&mut self, code: u16, fields: &Fields, read: impl Fn(String) -> String) -> Option<String> {
        if !matches!(code, 301 | 302) || self.0.len() > FOLLOWED {
            return None;
        }
        let mut wanted: Vec<(u16, &str)> =
            fields.all("Contact").flat_map(entries).take(ADDRESSES).map(|entry| (rank(entry), entry)).collect();
        wanted.sort_by_key(|(rank, _)| std::cmp::Reverse(*rank));
        let mut numbers = wanted.into_iter().filter_map(|(_, entry)| number(name_and_uri(entry)?.1)).map(read);
        let next = numbers.find(|number| !self.0.contains(number))?;
        self.0.push(next.clone());
        Some(next)
    }
}

/// How much an address is wanted, of 1000 (RFC 3261 section 20.10).
fn rank(entry: &str) -> u16 {
    let q: f32 = parameter(entry, "q").and_then(|q| q.parse().ok()).unwrap_or(1.0);
    // Saturates, also for what is no number.
    (q * 1000.0) as u16
}

/// The telephone number in the user part of an address.
fn number(uri: &str) -> Option<String> {
    let scheme = uri.split_once(':')?.0.to_ascii_lowercase();
    if !matches!(scheme.as_str(), "sip" | "sips" | "tel") {
        return None;
    }
    let written = percent_decode(user(uri)?);
    // Separators are for the eye (RFC 3966 section 5.1.1).
    let number: String = written.chars().filter(|c| !matches!(c, '-' | '.' | '(' | ')')).collect();
    let digits = number.strip_prefix('+').unwrap_or(&number);
    let is_number = digits.bytes().all(|digit| digit.is_ascii_digit()) && DIGITS.contains(&digits.len());
    is_number.then_some(number)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn contacts(values: &[&str]) -> Fields {
        Fields(values.iter().map(|value| ("Contact".to_owned(), (*value).to_owned())).collect())
    }

    fn followed(code: u16, values: &[&str]) -> Option<String> {
        Redirections::new("+62778110").follow(code, &contacts(values), |number| number)
    }

    #[test]
    fn a_number_is_followed_in_whatever_address_it_stands() {
        for contact in [
            "<sip:+62811999@198.51.100.7:5080;user=phone>;expires=60",
            "\"Damkar, pos 2\" <sip:%2B62811999@h>",
            "<sip:+62811999;phone-context=x@h>",
            "<tel:+62-811-999>",
            "<SIPS:+62811999@h>",
        ] {
            assert_eq!(followed(302, &[contact]).as_deref(), Some("+62811999"), "{contact}");
            assert_eq!(followed(301, &[contact]).as_deref(), Some("+62811999"), "{contact}");
        }
    }

    #[test]
    fn nothing_else_is() {
        for contact in [
            "",
            "<sip:198.51.100.7>",
            "<sip:damkar@h>",
            "<http://h/1234>",
            "<sip:12@h>",
            "<sip:+@h>",
            "<sip:123456789012345678901@h>",
            "x",
        ] {
            assert_eq!(followed(302, &[contact]), None, "{contact}");
        }
        for code in [300, 305, 380, 404, 503] {
            assert_eq!(followed(code, &["<sip:+62811999@h>"]), None, "{code}");
        }
        assert_eq!(followed(302, &[]), None);
    }

    #[test]
    fn the_most_wanted_number_is_called_first_and_those_after_it_at_later_redirections() {
        let all = ["<sip:111@h>;q=0.2, <sip:voicemail@h>;q=1.0", "<sip:222@h>;q=0.7,<sip:333@h>;q=0.7"];
        let mut redirections = Redirections::new("110");
        let mut follow = || redirections.follow(302, &contacts(&all), |number| number);
        assert_eq!([follow(), follow(), follow()].map(|number| number.unwrap()), ["222", "333", "111"]);
        assert_eq!(follow(), None);
    }

    #[test]
    fn loops_are_refused_however_a_number_is_written_and_there_is_an_end() {
        let read = |number: String| number.replacen("08", "+628", 1);
        let mut redirections = Redirections::new("+62811999");
        assert_eq!(redirections.follow(302, &contacts(&["<sip:0811999@h>"]), read), None);
        let mut redirections = Redirections::new("110");
        let followed =
            (200..300).filter(|number| redirections.follow(302, &contacts(&[&format!("<sip:{number}@h>")]), read).is_some());
        assert_eq!(followed.count(), FOLLOWED);
    }

    proptest! {
        #[test]
        fn no_contact_makes_it_panic(contact in "\\PC*") {
            let _ = followed(302, &[&contact]);
        }
    }
}
