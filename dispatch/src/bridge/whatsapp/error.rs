//! What the Cloud API's errors mean for a message. Pure. Codes: Meta's "Cloud API error codes".

use crate::bridge::failure::{Failure, Reason};
use std::time::Duration;

/// A pair of numbers may exchange one message every six seconds.
const PAIR_WAIT: Duration = Duration::from_secs(6);

/// A wait longer than this is cut, so that a wrong number cannot silence a team for a day.
const LONGEST_WAIT: Duration = Duration::from_secs(300);

/// What an error answer means: its HTTP status, Meta's `error.code` if there was one, and `Retry-After` in seconds.
pub fn classify(status: u16, code: Option<i64>, retry_after: Option<u64>) -> Failure {
    let asked = retry_after.map(|seconds| Duration::from_secs(seconds).min(LONGEST_WAIT));
    match code {
        Some(code) => by_code(status, code, asked),
        None if status == 429 => Failure::Retry { after: asked, reason: Reason::RateLimited },
        None if status >= 500 => Failure::Retry { after: asked, reason: Reason::ServiceFailing(status.into()) },
        None if status == 401 => Failure::dead(Reason::TokenRefused),
        None => Failure::dead(Reason::Refused(status.into())),
    }
}

fn by_code(status: u16, code: i64, asked: Option<Duration>) -> Failure {
    match code {
        131_047 => Failure::retry(Reason::OutsideWindow),
        131_056 => Failure::Retry { after: Some(asked.unwrap_or(PAIR_WAIT)), reason: Reason::RateLimited },
        4 | 80_007 | 130_429 | 133_016 => Failure::Retry { after: asked, reason: Reason::RateLimited },
        131_048 | 131_031 | 368 | 130_497 => Failure::dead(Reason::Restricted),
        131_026 | 131_021 | 131_030 | 133_010 => Failure::dead(Reason::Undeliverable),
        190 | 0 | 3 | 10 | 200..=299 => Failure::dead(Reason::TokenRefused),
        132_000..=132_999 => Failure::dead(Reason::Template),
        1 | 2 | 131_000 | 131_016 | 131_057 | 133_004 => Failure::Retry { after: asked, reason: Reason::ServiceFailing(code) },
        _ if status >= 500 => Failure::Retry { after: asked, reason: Reason::ServiceFailing(code) },
        _ => Failure::dead(Reason::Refused(code)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn code(code: i64) -> Failure {
        classify(400, Some(code), None)
    }

    #[test]
    fn limits_are_waited_for() {
        assert_eq!(code(131_056), Failure::Retry { after: Some(PAIR_WAIT), reason: Reason::RateLimited });
        assert_eq!(code(130_429), Failure::retry(Reason::RateLimited));
        assert_eq!(
            classify(429, None, Some(9)),
            Failure::Retry { after: Some(Duration::from_secs(9)), reason: Reason::RateLimited }
        );
        assert_eq!(
            classify(429, None, Some(u64::MAX)),
            Failure::Retry { after: Some(LONGEST_WAIT), reason: Reason::RateLimited }
        );
    }

    #[test]
    fn what_a_person_must_mend_is_given_up_with_its_reason() {
        assert_eq!(code(131_026), Failure::dead(Reason::Undeliverable));
        assert_eq!(code(190), Failure::dead(Reason::TokenRefused));
        assert_eq!(code(131_048), Failure::dead(Reason::Restricted));
        assert_eq!(code(132_001), Failure::dead(Reason::Template));
        assert_eq!(code(100), Failure::dead(Reason::Refused(100)));
    }

    #[test]
    fn a_failing_service_is_tried_again() {
        assert_eq!(classify(503, None, None), Failure::retry(Reason::ServiceFailing(503)));
        assert_eq!(classify(500, Some(131_000), None), Failure::retry(Reason::ServiceFailing(131_000)));
        assert_eq!(code(131_047), Failure::retry(Reason::OutsideWindow));
    }
}
