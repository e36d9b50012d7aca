//! What a NOTIFY says of its subscription (RFC 6665 section 4.1.3). Pure.

use crate::message::{Fields, parameter};
use crate::trunk::seconds;
use std::time::Duration;

/// `Subscription-State`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum State {
    /// It stands, or is yet to be granted; so long, if that is said.
    Kept(Option<Duration>),
    Terminated(Comeback),
}

/// Whether it is worth to subscribe again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Comeback {
    Never,
    After(Duration),
}

/// Before another subscription, where the server names no time of its own.
pub(super) const PAUSE: Duration = Duration::from_secs(10);
/// No server is waited for longer than this.
const LONGEST_PAUSE: Duration = Duration::from_secs(300);

/// A server that does not say the state has a subscription all the same.
pub(super) fn state(fields: &Fields) -> State {
    let Some(value) = fields.first("Subscription-State") else { return State::Kept(None) };
    let after = |name| parameter(value, name).and_then(seconds).map(|seconds| Duration::from_secs(seconds.into()));
    if !value.split(';').next().is_some_and(|word| word.trim().eq_ignore_ascii_case("terminated")) {
        return State::Kept(after("expires"));
    }
    let reason = parameter(value, "reason").unwrap_or_default().to_ascii_lowercase();
    State::Terminated(match reason.as_str() {
        "rejected" | "noresource" | "invariant" => Comeback::Never,
        // `deactivated`, `timeout`, `probation`, `giveup` and what is unknown.
        _ => Comeback::After(after("retry-after").unwrap_or(PAUSE).clamp(PAUSE, LONGEST_PAUSE)),
    })
}

/// Whether it is about presence; the package's parameters do not count, a template of it (`presence.winfo`) is another.
pub(super) fn is_presence(fields: &Fields) -> bool {
    fields
        .first("Event")
        .and_then(|event| event.split(';').next())
        .is_some_and(|package| package.trim().eq_ignore_ascii_case("presence"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(name: &str, value: &str) -> Fields {
        let mut fields = Fields::default();
        fields.push(name, value);
        fields
    }

    #[test]
    fn the_state_says_how_long_it_stands_or_whether_to_come_back() {
        let after = |seconds| State::Terminated(Comeback::After(Duration::from_secs(seconds)));
        for (value, expected) in [
            ("active;expires=60", State::Kept(Some(Duration::from_secs(60)))),
            ("Pending", State::Kept(None)),
            ("terminated;reason=NoResource", State::Terminated(Comeback::Never)),
            ("terminated; reason=rejected", State::Terminated(Comeback::Never)),
            ("terminated;reason=invariant", State::Terminated(Comeback::Never)),
            ("terminated", after(10)),
            ("terminated;reason=deactivated", after(10)),
            ("terminated;reason=probation;retry-after=30", after(30)),
            ("terminated;reason=giveup;retry-after=1", after(10)),
            ("terminated;reason=probation;retry-after=999999", after(300)),
            ("", State::Kept(None)),
        ] {
            assert_eq!(state(&said("Subscription-State", value)), expected, "{value}");
        }
        assert_eq!(state(&Fields::default()), State::Kept(None));
    }

    #[test]
    fn only_presence_is_presence() {
        for (value, expected) in
            [("presence", true), ("Presence;id=1", true), ("presence.winfo", false), ("dialog", false), ("", false)]
        {
            assert_eq!(is_presence(&said("Event", value)), expected, "{value}");
        }
        assert!(!is_presence(&Fields::default()));
    }
}
