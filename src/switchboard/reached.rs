//! Whom we called and why they did not answer, as an operator needs it told: what to do next differs.

use super::Switchboard;
use dispatch::contract::Unreached;
use dispatch::desk::Failure;
use dispatch::domain::queue::Input;
use dispatch::id::CallId;

/// Nothing of ours got anywhere.
pub const NO_WAY: Failure = Failure { why: Unreached::NoWay, code: None };
/// The operator's own phone was not lifted.
pub const NOT_LIFTED: Failure = Failure { why: Unreached::NotLifted, code: None };

impl Switchboard {
    /// Whom an outbound call is for was not reached.
    pub(super) fn not_reached(&mut self, call: CallId, failure: Failure) {
        if let Some(found) = self.calls.get_mut(&call) {
            found.failure = Some(failure);
        }
        self.told(Input::OutboundFailed { call });
    }
}

/// It has taken as long as it may. `dialled`: the number, and not only the operator's own phone; `rang`: that was heard.
pub fn too_long(dialled: bool, rang: bool) -> Failure {
    match (dialled, rang) {
        (true, true) => Failure { why: Unreached::NoAnswer, code: None },
        (true, false) => NO_WAY,
        (false, _) => NOT_LIFTED,
    }
}

/// What a carrier's status says (RFC 3261 section 21; carriers map the causes of Q.850 as RFC 3398 section 7.2.4.1 does). `rang`: the
/// called side was heard ringing.
pub fn failure(code: u16, rang: bool) -> Failure {
    let why = match code {
        486 | 600 => Unreached::Busy,
        404 | 410 | 484 | 485 | 604 => Unreached::UnknownNumber,
        433 | 603 | 607 | 608 => Unreached::Declined,
        // Before it rings, 403 is the carrier's word about our account or number.
        403 if rang => Unreached::Declined,
        480 | 487 => Unreached::NoAnswer,
        // Silence after ringing is somebody who does not come; silence alone is the carrier's.
        408 if rang => Unreached::NoAnswer,
        _ => Unreached::NoWay,
    };
    Failure { why, code: Some(code) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_carrier_says_becomes_what_an_operator_can_act_upon() {
        for (code, rang, why) in [
            (486, true, Unreached::Busy),
            (600, false, Unreached::Busy),
            (404, false, Unreached::UnknownNumber),
            (484, false, Unreached::UnknownNumber),
            (403, true, Unreached::Declined),
            (403, false, Unreached::NoWay),
            (603, true, Unreached::Declined),
            (480, false, Unreached::NoAnswer),
            (408, true, Unreached::NoAnswer),
            (408, false, Unreached::NoWay),
            (401, false, Unreached::NoWay),
            (488, true, Unreached::NoWay),
            (503, false, Unreached::NoWay),
        ] {
            assert_eq!(failure(code, rang), Failure { why, code: Some(code) });
        }
        for (dialled, rang, why) in
            [(true, true, Unreached::NoAnswer), (true, false, Unreached::NoWay), (false, false, Unreached::NotLifted)]
        {
            assert_eq!(too_long(dialled, rang).why, why);
        }
    }
}
