//! A number's reputation: marks of its calls as a nuisance lower its place in the queue for a while. It refuses nobody, and one call
//! in need takes all marks before it away.

use crate::contract::Disposition;
use jiff::{SignedDuration, Timestamp};

/// When a number's place is lowered, and for how long.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rules {
    /// So many marks lower the number's place...
    pub marks: i64,
    /// ... if none is older than this.
    pub window: SignedDuration,
    /// For so long after the last of them.
    pub lasts: SignedDuration,
}

impl Default for Rules {
    fn default() -> Self {
        Self { marks: 3, window: SignedDuration::from_hours(7 * 24), lasts: SignedDuration::from_hours(24) }
    }
}

/// A lowered place.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Lowered {
    pub marks: i64,
    pub last_marked_at: Timestamp,
    pub expires_at: Timestamp,
}

/// Whether the disposition is a mark.
pub fn is_mark(disposition: Disposition) -> bool {
    match disposition {
        Disposition::Ghost | Disposition::Prank => true,
        Disposition::Normal | Disposition::Information => false,
    }
}

/// What follows at `now` from what was said of a number's calls, newest first. Marks up to `cleared_at` do not count.
pub fn weigh(
    dispositions: &[(Disposition, Timestamp)],
    cleared_at: Option<Timestamp>,
    now: Timestamp,
    rules: Rules,
) -> Option<Lowered> {
    let since = (now - rules.window).max(cleared_at.unwrap_or(Timestamp::MIN));
    let counts = |(disposition, at): &&(Disposition, Timestamp)| is_mark(*disposition) && *at > since;
    let marks: Vec<Timestamp> = dispositions.iter().take_while(counts).map(|(_, at)| *at).collect();
    let last_marked_at = *marks.first()?;
    let (marks, expires_at) = (i64::try_from(marks.len()).unwrap_or(i64::MAX), last_marked_at + rules.lasts);
    (marks >= rules.marks && expires_at > now).then_some(Lowered { marks, last_marked_at, expires_at })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn hours(n: i64) -> Timestamp {
        Timestamp::UNIX_EPOCH + SignedDuration::from_hours(n)
    }

    fn marks(at: &[i64]) -> Vec<(Disposition, Timestamp)> {
        at.iter().rev().map(|at| (Disposition::Prank, hours(*at))).collect()
    }

    #[test]
    fn the_third_mark_within_a_week_lowers_the_place_for_a_day() {
        let rules = Rules::default();
        assert_eq!(weigh(&marks(&[1, 2]), None, hours(2), rules), None);
        let lowered = Lowered { marks: 3, last_marked_at: hours(160), expires_at: hours(184) };
        assert_eq!(weigh(&marks(&[1, 2, 160]), None, hours(160), rules), Some(lowered));
        assert_eq!(weigh(&marks(&[1, 2, 170]), None, hours(170), rules), None, "the first is older than a week");
        assert_eq!(weigh(&marks(&[1, 2, 3]), None, hours(27), rules), None, "a day is over");
    }

    #[test]
    fn one_call_in_need_takes_the_marks_before_it_away() {
        let mut said = marks(&[1, 2, 3]);
        said.insert(0, (Disposition::Normal, hours(4)));
        assert_eq!(weigh(&said, None, hours(4), Rules::default()), None);
        said.insert(0, (Disposition::Ghost, hours(5)));
        assert_eq!(weigh(&said, None, hours(5), Rules::default()), None, "it begins from one again");
    }

    #[test]
    fn marks_that_a_supervisor_cleared_do_not_count_again() {
        assert_eq!(weigh(&marks(&[1, 2, 3]), Some(hours(3)), hours(3), Rules::default()), None);
        let again = marks(&[1, 2, 3, 4, 5, 6]);
        assert_eq!(weigh(&again, Some(hours(3)), hours(6), Rules::default()).map(|lowered| lowered.marks), Some(3));
    }

    proptest! {
        #[test]
        fn nothing_lasts_longer_than_a_day_after_the_last_mark(said in prop::collection::vec((0..4u8, 0..400i64), 0..12), later in 0..100i64) {
            let kinds = [Disposition::Normal, Disposition::Ghost, Disposition::Prank, Disposition::Information];
            let mut said: Vec<_> = said.into_iter().map(|(kind, at)| (kinds[usize::from(kind)], hours(at))).collect();
            said.sort_by_key(|(_, at)| std::cmp::Reverse(*at));
            let now = hours(400 + later);
            if let Some(lowered) = weigh(&said, None, now, Rules::default()) {
                prop_assert!(lowered.expires_at > now && lowered.expires_at <= lowered.last_marked_at + Rules::default().lasts);
                prop_assert!(said[..3].iter().all(|(kind, _)| is_mark(*kind)));
            }
        }
    }
}
