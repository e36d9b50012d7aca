//! Session timers (RFC 4028): who refreshes a call's session, when, and when it is over. Pure: header fields and time in, decisions out.
//!
//! None is begun by us: a caller that names no `Session-Expires` gets none, since the loss of its voice is noticed by other means.

use crate::message::{Fields, parameter};
use std::time::Duration;
use tokio::time::Instant;

/// The option tag.
pub(crate) const TAG: &str = "timer";

/// A refused refresh is not tried again where the session ends sooner than in twice this.
const LAST_TRY: Duration = Duration::from_secs(2);

/// Role in the transaction that the header field travels in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Refresher {
    Uac,
    Uas,
}

/// What a message says about the session's time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Said {
    pub interval_s: Option<u32>,
    pub refresher: Option<Refresher>,
    pub min_s: Option<u32>,
    /// The sender knows session timers; what a proxy added for one that does not cannot be bargained over.
    pub able: bool,
}

impl Said {
    /// A field that cannot be read counts as absent.
    pub(crate) fn read(fields: &Fields) -> Said {
        let seconds = |name| fields.first(name)?.split(';').next()?.trim().parse().ok();
        let refresher = fields.first("Session-Expires").and_then(|value| parameter(value, "refresher"));
        Said {
            interval_s: seconds("Session-Expires"),
            refresher: match refresher {
                Some(role) if role.eq_ignore_ascii_case("uac") => Some(Refresher::Uac),
                Some(role) if role.eq_ignore_ascii_case("uas") => Some(Refresher::Uas),
                _ => None,
            },
            min_s: seconds("Min-SE"),
            able: fields.lists("Supported", TAG) || fields.lists("Require", TAG),
        }
    }

    /// Whether a request is to be refused with 422 (RFC 4028 section 9).
    pub(crate) fn is_too_brief(&self, floor_s: u32) -> bool {
        self.able && self.interval_s.is_some_and(|interval| interval < floor_s)
    }
}

/// What our 2xx says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Agreed {
    pub interval_s: u32,
    pub refresher: Refresher,
    /// The 2xx also says `Require: timer`.
    pub required: bool,
}

impl Agreed {
    /// Value of `Session-Expires`.
    pub(crate) fn value(&self) -> String {
        let role = match self.refresher {
            Refresher::Uac => "uac",
            Refresher::Uas => "uas",
        };
        format!("{};refresher={role}", self.interval_s)
    }
}

#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Due {
    /// A refresh is to be sent.
    Refresh,
    /// Nobody refreshed in time: BYE.
    Over,
}

#[derive(Debug)]
pub(crate) struct SessionTimer {
    floor_s: u32,
    running: Option<Running>,
}

#[derive(Debug, Clone, Copy)]
struct Running {
    interval_s: u32,
    ours: bool,
    since: Instant,
    /// When we ask next; `None` while the answer is awaited, and where the other side refreshes.
    ask_at: Option<Instant>,
}

impl SessionTimer {
    /// `floor_s`: the shortest interval taken (`Min-SE`).
    pub(crate) fn new(floor_s: u32) -> Self {
        SessionTimer { floor_s: floor_s.max(1), running: None }
    }

    /// Takes a request that our 2xx answers now; the 2xx says what comes back. RFC 4028 section 9, table 2.
    ///
    /// A request that says nothing leaves a running timer as it was, and begins it anew: the other side may count on our refreshes.
    pub(crate) fn accept(&mut self, said: Said, now: Instant) -> Option<Agreed> {
        let (interval_s, asked) = match (said.interval_s, self.running) {
            (Some(interval), _) => (interval, said.refresher),
            (None, Some(running)) => (running.interval_s, Some(if running.ours { Refresher::Uas } else { Refresher::Uac })),
            (None, None) => return None,
        };
        let refresher = if said.able { asked.unwrap_or(Refresher::Uac) } else { Refresher::Uas };
        let interval_s = interval_s.max(self.floor_s);
        self.start(interval_s, refresher == Refresher::Uas, now);
        Some(Agreed { interval_s, refresher, required: said.able })
    }

    /// Takes a 2xx to a request of ours. One that says nothing ends the timer (RFC 4028 section 7.2).
    pub(crate) fn told(&mut self, said: Said, now: Instant) {
        match said.interval_s {
            Some(interval) => self.start(interval.max(self.floor_s), said.refresher != Some(Refresher::Uas), now),
            None => self.running = None,
        }
    }

    fn start(&mut self, interval_s: u32, ours: bool, now: Instant) {
        let half = Duration::from_secs(interval_s.into()) / 2;
        self.running = Some(Running { interval_s, ours, since: now, ask_at: ours.then(|| now + half) });
    }

    /// `Session-Expires` and `Min-SE` of a refresh of ours, which keeps the roles.
    pub(crate) fn request(&self) -> Option<(String, String)> {
        let running = self.running?;
        let refresher = if running.ours { "uac" } else { "uas" };
        Some((format!("{};refresher={refresher}", running.interval_s), self.floor_s.to_string()))
    }

    /// A refresh is to be tried again.
    pub(crate) fn again(&mut self, at: Instant) {
        if let Some(running) = self.running.as_mut().filter(|running| running.ours) {
            running.ask_at = Some(at);
        }
    }

    /// A refresh was refused, it seems for good. It is tried again a few times, each after half of what is left of the session: who is asked over and
    /// over may take it for an attack.
    pub(crate) fn refused(&mut self, now: Instant) {
        if let Some(running) = self.running.as_mut().filter(|running| running.ours) {
            let wait = running.over().saturating_duration_since(now) / 2;
            running.ask_at = (wait >= LAST_TRY).then(|| now + wait);
        }
    }

    /// A refresh got 422 with this `Min-SE`. `false`: it does not ask for more than was offered.
    pub(crate) fn raise(&mut self, min_s: Option<u32>, now: Instant) -> bool {
        let (Some(running), Some(min_s)) = (self.running.as_mut(), min_s) else { return false };
        if min_s <= running.interval_s {
            return false;
        }
        self.floor_s = min_s;
        running.interval_s = min_s;
        running.ask_at = Some(now);
        true
    }

    pub(crate) fn deadline(&self) -> Option<Instant> {
        let running = self.running?;
        let over = running.over();
        Some(running.ask_at.map_or(over, |at| at.min(over)))
    }

    pub(crate) fn poll(&mut self, now: Instant) -> Option<Due> {
        let running = self.running.as_mut()?;
        if now >= running.over() {
            self.running = None;
            return Some(Due::Over);
        }
        running.ask_at.filter(|at| now >= *at)?;
        running.ask_at = None;
        Some(Due::Refresh)
    }
}

impl Running {
    /// The BYE leaves a little before the end, so that both sides do not send one (RFC 4028 section 10).
    fn over(&self) -> Instant {
        let interval = Duration::from_secs(self.interval_s.into());
        self.since + interval - (interval / 3).min(Duration::from_secs(32))
    }
}

/// How long to wait after 491 (RFC 3261 section 14.1): 2.1 to 4 s for the side that chose the Call-ID, else up to 2 s, in steps of 10 ms.
pub(crate) fn backoff(owns_call_id: bool, random: u32) -> Duration {
    let millis = if owns_call_id { 2100 + random % 191 * 10 } else { random % 201 * 10 };
    Duration::from_millis(millis.into())
}

#[cfg(test)]
#[path = "session_timer_tests.rs"]
mod tests;
