//! How telephone numbers are written: above a trunk the international way (E.164), so that one caller is one number by whichever carrier the
//! call comes; on a trunk as its carrier wants it. Pure.
//!
//! What is no subscriber's number stays as it is: `112`, a service's short number, an extension, a SIP user.

use serde::{Deserialize, Serialize};

/// The fewest digits of a subscriber's number with its area, without country code and prefix.
const NATIONAL_DIGITS: usize = 7;
/// The most digits of one in a country where nothing is dialled before the area: a longer one is from elsewhere.
const UNPREFIXED_DIGITS: usize = 9;
/// The fewest digits of a number that is taken for one with its country code where no `+` says so.
const PLAIN_DIGITS: usize = 10;

/// The country whose numbers are known.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Country {
    code: String,
    prefix: String,
}

/// How a trunk's carrier wants the numbers of its own country. Others go as they are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum NumberForm {
    /// `+628117701234`
    #[default]
    International,
    /// `628117701234`
    Plain,
    /// `08117701234`
    National,
}

/// What a trunk does with numbers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Numbers {
    pub country: Country,
    pub sent: NumberForm,
}

impl Country {
    /// `code` without `+`, like `62`; `prefix` is dialled before the area within the country, like `0`; empty where nothing is and numbers have at
    /// most nine digits. `None`: one of them is not made of digits, or too long.
    pub fn new(code: &str, prefix: &str) -> Option<Country> {
        let digits = |text: &str| text.bytes().all(|digit| digit.is_ascii_digit());
        let good = (1..=3).contains(&code.len()) && prefix.len() <= 3 && digits(code) && digits(prefix) && !code.starts_with('0');
        good.then(|| Country { code: code.to_owned(), prefix: prefix.to_owned() })
    }

    /// The number as the whole world writes it, if it is seen to be a subscriber's; else as it is.
    pub fn international(&self, number: &str) -> String {
        self.subscriber(number).map_or_else(|| number.to_owned(), |subscriber| format!("+{}{subscriber}", self.code))
    }

    /// The digits behind the country code of a number of this country.
    fn subscriber<'a>(&self, number: &'a str) -> Option<&'a str> {
        let digits = number.strip_prefix('+').unwrap_or(number);
        if !digits.bytes().all(|digit| digit.is_ascii_digit()) {
            return None;
        }
        if let Some(abroad) = number.strip_prefix('+').or_else(|| number.strip_prefix("00")) {
            let rest = abroad.strip_prefix(&self.code)?;
            // Many write +62 (0)811 for what is dialled without the zero from abroad.
            let zero = self.prefix == "0";
            let rest = if zero { rest.strip_prefix('0').unwrap_or(rest) } else { rest };
            return Some(rest).filter(|rest| rest.len() >= NATIONAL_DIGITS && !(zero && rest.starts_with('0')));
        }
        let most = if self.prefix.is_empty() { UNPREFIXED_DIGITS } else { usize::MAX };
        let is_whole = |rest: &&str| (NATIONAL_DIGITS..=most).contains(&rest.len()) && !rest.starts_with('0');
        let plain = number.strip_prefix(&self.code).filter(|_| number.len() >= PLAIN_DIGITS).filter(is_whole);
        let national = || number.strip_prefix(&self.prefix).filter(is_whole);
        plain.or_else(national)
    }
}

impl Numbers {
    /// A number that came by the trunk.
    pub(crate) fn read(&self, number: &str) -> String {
        self.country.international(number)
    }

    /// A number that goes to the trunk.
    pub(crate) fn write(&self, number: &str) -> String {
        let Country { code, prefix } = &self.country;
        match (self.country.subscriber(number), self.sent) {
            (None, _) => number.to_owned(),
            (Some(subscriber), NumberForm::International) => format!("+{code}{subscriber}"),
            (Some(subscriber), NumberForm::Plain) => format!("{code}{subscriber}"),
            (Some(subscriber), NumberForm::National) => format!("{prefix}{subscriber}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn indonesia() -> Country {
        Country::new("62", "0").unwrap()
    }

    fn sent(sent: NumberForm) -> Numbers {
        Numbers { country: indonesia(), sent }
    }

    #[test]
    fn one_subscriber_is_one_number_however_a_carrier_writes_it() {
        for written in ["+628117701234", "628117701234", "08117701234", "00628117701234"] {
            assert_eq!(indonesia().international(written), "+628117701234", "{written}");
        }
        assert_eq!(indonesia().international("0778112233"), "+62778112233");
        assert_eq!(indonesia().international("+6208117701234"), "+628117701234");
        assert_eq!(indonesia().international("+620000000"), "+620000000", "nobody's number");
    }

    #[test]
    fn what_is_no_subscribers_number_of_the_country_stays_as_it_is() {
        for number in [
            "112",
            "110",
            "0112",
            "021500",
            "62811",
            "+6581234567",
            "006581234567",
            "*31#08117701234",
            "alice",
            "",
            "+",
            "1500112",
        ] {
            assert_eq!(indonesia().international(number), number);
            assert_eq!(sent(NumberForm::National).write(number), number);
        }
    }

    #[test]
    fn where_no_prefix_is_dialled_a_whole_number_is_the_countrys_all_the_same() {
        let singapore = Country::new("65", "").unwrap();
        assert_eq!(singapore.international("81234567"), "+6581234567");
        assert_eq!(singapore.international("6581234567"), "+6581234567");
        for elsewhere in ["995", "628117701234", "18001234567"] {
            assert_eq!(singapore.international(elsewhere), elsewhere);
        }
    }

    #[test]
    fn each_carrier_gets_numbers_as_it_wants_them() {
        for (form, expected) in [
            (NumberForm::International, "+628117701234"),
            (NumberForm::Plain, "628117701234"),
            (NumberForm::National, "08117701234"),
        ] {
            for written in ["+628117701234", "08117701234"] {
                assert_eq!(sent(form).write(written), expected);
            }
        }
    }

    #[test]
    fn a_code_or_prefix_that_is_none_is_not_taken() {
        for (code, prefix) in [("", "0"), ("+62", "0"), ("6262", "0"), ("062", "0"), ("62", "nol"), ("62", "0000")] {
            assert_eq!(Country::new(code, prefix), None, "{code} {prefix}");
        }
    }

    proptest! {
        #[test]
        fn what_is_read_reads_the_same_again_and_survives_every_form(number in "\\+?[0-9]{0,15}|\\PC{0,12}") {
            let read = indonesia().international(&number);
            prop_assert_eq!(indonesia().international(&read), read.clone());
            for form in [NumberForm::International, NumberForm::Plain, NumberForm::National] {
                let numbers = sent(form);
                prop_assert_eq!(numbers.write(&number), numbers.write(&read));
            }
            // The carrier's own form comes back as the same subscriber.
            let national = sent(NumberForm::National);
            prop_assert_eq!(national.read(&national.write(&read)), read);
        }
    }
}
