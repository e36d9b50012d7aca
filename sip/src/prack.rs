//! Provisional responses to calls of ours that want a PRACK each (RFC 3262, the calling side). Pure: responses come in, acknowledgements come out.
//!
//! The SIP stack would acknowledge by itself, but out of order as well, past the route of the dialog, and with the final response waiting behind
//! the PRACK. So it never learns that a response is reliable: [`hide`] leaves the number in a field that only we read.

use crate::message::Fields;
use crate::reliable::TAG;
use std::hash::{DefaultHasher, Hash, Hasher};

/// Holds the RSeq of a response that is reliable.
const FIELD: &str = "X-Siaga-RSeq";
/// Branches of a forked call whose responses are acknowledged.
const BRANCHES: usize = 8;
/// Responses of all branches together that are.
const RESPONSES: usize = 100;

/// Makes a response look unreliable. Its RSeq becomes one that no other branch has: the stack passes over what looks like the same response
/// again, and branches may number alike.
pub(crate) fn hide(fields: &mut Fields) {
    fields.remove(FIELD);
    let number = fields.first("RSeq").and_then(|number| number.trim().parse::<u32>().ok());
    fields.remove("RSeq");
    let Some(number) = number.filter(|_| fields.lists("Require", TAG)) else { return };
    let others: Vec<String> = fields
        .all("Require")
        .flat_map(|value| value.split(','))
        .map(|tag| tag.trim().to_owned())
        .filter(|tag| !tag.is_empty() && !tag.eq_ignore_ascii_case(TAG))
        .collect();
    fields.remove("Require");
    if !others.is_empty() {
        fields.push("Require", others.join(", "));
    }
    let mut hasher = DefaultHasher::new();
    (fields.first("To"), number).hash(&mut hasher);
    fields.push("RSeq", (hasher.finish() % u64::from(u32::MAX)).to_string());
    fields.push(FIELD, number.to_string());
}

/// The RSeq of a response that was hidden so. `None`: it is not reliable.
pub(crate) fn number(fields: &Fields) -> Option<u32> {
    fields.first(FIELD)?.parse().ok()
}

/// What a reliable response is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Turn {
    /// It is to be acknowledged, and to be heard.
    Next,
    /// It was acknowledged before, or those between are missing: nobody is to hear of it (RFC 3262 section 4).
    OutOfOrder,
    /// There have been enough.
    TooMany,
}

/// The reliable responses of one INVITE that were acknowledged.
#[derive(Debug, Default)]
pub(crate) struct Acknowledged {
    /// For each branch, its To tag and the last RSeq.
    branches: Vec<(String, u32)>,
    responses: usize,
}

impl Acknowledged {
    pub(crate) fn take(&mut self, branch: &str, number: u32) -> Turn {
        let branches = self.branches.len();
        let known = self.branches.iter_mut().find(|(tag, _)| tag == branch);
        match known {
            Some((_, last)) if last.checked_add(1) != Some(number) => return Turn::OutOfOrder,
            _ if self.responses >= RESPONSES => return Turn::TooMany,
            Some((_, last)) => *last = number,
            None if branches >= BRANCHES => return Turn::TooMany,
            None => self.branches.push((branch.to_owned(), number)),
        }
        self.responses += 1;
        Turn::Next
    }
}

/// The RAck that acknowledges a response with this RSeq to the INVITE of this CSeq (`7 INVITE`).
pub(crate) fn rack(number: u32, cseq: &str) -> String {
    format!("{number} {cseq}")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn response(to: &str, require: &str, rseq: &str) -> Fields {
        let fields = [("To", to), ("Require", require), ("RSeq", rseq)];
        let mut fields = Fields(fields.map(|(name, value)| (name.to_owned(), value.to_owned())).into());
        hide(&mut fields);
        fields
    }

    #[test]
    fn a_reliable_response_is_so_for_us_alone() {
        let hidden = response("<sip:a@b>;tag=1", "timer, 100REL", " 7");
        assert_eq!((hidden.first("Require"), number(&hidden)), (Some("timer"), Some(7)));
        assert_eq!(response("<sip:a@b>;tag=1", "100rel", "7").first("Require"), None);
        let other = response("<sip:a@b>;tag=2", "100rel", "7");
        assert_ne!(hidden.first("RSeq"), other.first("RSeq"), "another branch's is another response");
        assert_eq!(response("<sip:a@b>;tag=1", "100rel", "7").first("RSeq"), hidden.first("RSeq"), "the same again");
    }

    #[test]
    fn what_is_not_reliable_has_no_number_whatever_it_says() {
        for (require, rseq) in [("timer", "7"), ("100rel", ""), ("100rel", "x"), ("100rel", "4294967296")] {
            let hidden = response("<sip:a@b>", require, rseq);
            assert_eq!((number(&hidden), hidden.first("RSeq")), (None, None), "{require} {rseq}");
        }
        let mut claimed = Fields::default();
        claimed.push("x-siaga-rseq", "7");
        hide(&mut claimed);
        assert_eq!(number(&claimed), None);
    }

    #[test]
    fn each_branch_is_acknowledged_in_its_own_order_and_nothing_twice() {
        let mut acknowledged = Acknowledged::default();
        let taken = [("a", 7), ("a", 7), ("a", 9), ("b", 7), ("a", 8), ("a", 9), ("a", 8)]
            .map(|(branch, number)| acknowledged.take(branch, number) == Turn::Next);
        assert_eq!(taken, [true, false, false, true, true, true, false]);
        assert_eq!(rack(9, "3 INVITE"), "9 3 INVITE");
    }

    #[test]
    fn there_is_an_end_to_branches_to_responses_and_to_numbers() {
        let mut acknowledged = Acknowledged::default();
        let taken: Vec<Turn> = (0..100).map(|branch| acknowledged.take(&branch.to_string(), u32::MAX)).collect();
        assert!(taken.iter().enumerate().all(|(at, turn)| *turn == if at < BRANCHES { Turn::Next } else { Turn::TooMany }));
        assert_eq!(acknowledged.take("0", 0), Turn::OutOfOrder);
        let mut acknowledged = Acknowledged::default();
        assert_eq!((1..1000).filter(|number| acknowledged.take("a", *number) == Turn::Next).count(), RESPONSES);
    }
}
