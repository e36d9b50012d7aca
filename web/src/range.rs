//! Reads the `Range` header (RFC 9110, section 14). Pure: it decides which bytes to send, and sends none.

/// Which part of a representation to send. Both ends are inclusive, as in the header.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Selection {
    /// All of it, with status 200.
    Whole,
    /// `first..=last`, with status 206.
    Part { first: u64, last: u64 },
    /// No byte of it was asked for: status 416.
    Unsatisfiable,
}

/// Decides what to send of `length` bytes.
///
/// A header that is not understood, another unit than `bytes` and several ranges at once are ignored, which RFC 9110
/// allows (section 14.2): the answer then is the whole.
pub(crate) fn select(header: Option<&str>, length: u64) -> Selection {
    let Some(spec) = header.and_then(|text| text.trim().strip_prefix("bytes=")) else { return Selection::Whole };
    let Some((first, last)) = spec.trim().split_once('-') else { return Selection::Whole };
    match (digits(first), digits(last)) {
        (Digits::Number(first), Digits::Number(last)) if first > last => Selection::Whole,
        (Digits::Number(first), _) if first >= length && !matches!(digits(last), Digits::Other) => Selection::Unsatisfiable,
        (Digits::Number(first), Digits::Number(last)) => Selection::Part { first, last: last.min(length - 1) },
        (Digits::Number(first), Digits::None) => Selection::Part { first, last: length - 1 },
        (Digits::None, Digits::Number(0)) => Selection::Unsatisfiable,
        (Digits::None, Digits::Number(_)) if length == 0 => Selection::Unsatisfiable,
        (Digits::None, Digits::Number(suffix)) => Selection::Part { first: length.saturating_sub(suffix), last: length - 1 },
        _ => Selection::Whole,
    }
}

enum Digits {
    None,
    Number(u64),
    Other,
}

fn digits(text: &str) -> Digits {
    if text.is_empty() {
        Digits::None
    } else if text.bytes().all(|b| b.is_ascii_digit()) {
        // A number too large for 64 bits lies past the end of every file.
        Digits::Number(text.parse().unwrap_or(u64::MAX))
    } else {
        Digits::Other
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn the_forms_of_the_header_select_what_rfc_9110_says() {
        let cases = [
            (None, 10, Selection::Whole),
            (Some("bytes=0-"), 10, Selection::Part { first: 0, last: 9 }),
            (Some("bytes=2-4"), 10, Selection::Part { first: 2, last: 4 }),
            (Some("bytes=2-400"), 10, Selection::Part { first: 2, last: 9 }),
            (Some("bytes=-3"), 10, Selection::Part { first: 7, last: 9 }),
            (Some("bytes=-300"), 10, Selection::Part { first: 0, last: 9 }),
            (Some("bytes=10-"), 10, Selection::Unsatisfiable),
            (Some("bytes=-0"), 10, Selection::Unsatisfiable),
            (Some("bytes=0-"), 0, Selection::Unsatisfiable),
            (Some("bytes=-1"), 0, Selection::Unsatisfiable),
            (Some("bytes=99999999999999999999-"), 10, Selection::Unsatisfiable),
            (Some("bytes=4-2"), 10, Selection::Whole),
            (Some("bytes=0-1,4-5"), 10, Selection::Whole),
            (Some("bytes=-"), 10, Selection::Whole),
            (Some("bytes=+1-2"), 10, Selection::Whole),
            (Some("seconds=0-1"), 10, Selection::Whole),
        ];
        for (header, length, expected) in cases {
            assert_eq!(select(header, length), expected, "{header:?} of {length}");
        }
    }

    proptest! {
        #[test]
        fn whatever_the_header_a_part_lies_inside(header in "(bytes=)?[0-9]{0,3}-?[0-9a-z,]{0,3}", length in 0u64..2000) {
            if let Selection::Part { first, last } = select(Some(&header), length) {
                prop_assert!(first <= last && last < length);
            }
        }
    }
}
