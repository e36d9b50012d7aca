//! One account at one registrar (RFC 3261 section 10): registered, refreshed before it runs out, tried again when it fails, taken back at the
//! end. Pure: responses and time in, REGISTER requests out.

use super::digest::{Challenge, Session};
use crate::config::Account;
use crate::message::{Fields, parameter, split_outside};
use std::time::Duration;
use tokio::time::Instant;

/// What is asked for at first, in seconds. The registrar decides.
const EXPIRES: u32 = 3600;
/// No registrar is followed past this, so that a lost registration is noticed within a day.
const LONGEST: u32 = 86_400;
/// The first pause after a failure; it doubles up to `LONGEST_PAUSE`.
const PAUSE: Duration = Duration::from_secs(2);
const LONGEST_PAUSE: Duration = Duration::from_secs(300);
/// Further challenges answered for one request because the nonce was stale.
const STALE: u8 = 2;

/// What is sent next.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Ask {
    pub number: u32,
    /// 0 takes the registration back.
    pub expires: u32,
    /// Header field that answers the registrar's challenge.
    pub credentials: Option<(&'static str, String)>,
}

/// What the owner of the trunk hears.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Told {
    Registered,
    /// There is no registration now, since the registrar gave this answer; `None`: it gave none.
    Lost(Option<u16>),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Phase {
    /// REGISTER is due then.
    Due(Instant),
    /// REGISTER is under way.
    Asked,
    /// The last one, which takes the registration back.
    Leaving,
    Left,
}

pub(crate) struct Registration {
    account: Account,
    /// Request-URI, which the digest covers.
    uri: String,
    phase: Phase,
    /// When the registrar forgets us; `None`: it never knew us.
    until: Option<Instant>,
    /// What the owner was told last.
    registered: bool,
    number: u32,
    expires: u32,
    session: Option<Session>,
    /// Challenges answered since the last request that was due.
    answered: u8,
    failures: u32,
    stopping: bool,
}

impl Registration {
    /// REGISTER is due at `now`.
    pub(crate) fn new(account: Account, uri: String, now: Instant) -> Self {
        Registration {
            account,
            uri,
            phase: Phase::Due(now),
            until: None,
            registered: false,
            number: 0,
            expires: EXPIRES,
            session: None,
            answered: 0,
            failures: 0,
            stopping: false,
        }
    }

    /// When there is something to do; `None` while a response is awaited, and at the end.
    pub(crate) fn deadline(&self) -> Option<Instant> {
        match self.phase {
            Phase::Due(at) => Some(at),
            Phase::Asked | Phase::Leaving | Phase::Left => None,
        }
    }

    pub(crate) fn is_over(&self) -> bool {
        self.phase == Phase::Left
    }

    /// The request that is due. `cnonce` is used if the registrar's challenge is answered.
    pub(crate) fn poll(&mut self, now: Instant, cnonce: &str) -> Option<Ask> {
        match self.phase {
            Phase::Due(at) if now >= at => {}
            _ => return None,
        }
        self.number += 1;
        let expires = if self.stopping { 0 } else { self.expires };
        self.phase = if self.stopping { Phase::Leaving } else { Phase::Asked };
        let credentials = self.session.as_mut().map(|session| session.answer(&self.account, "REGISTER", &self.uri, cnonce));
        Some(Ask { number: self.number, expires, credentials })
    }

    /// Takes a final response. `contact` is the address that was registered, `random` spreads what many do at once.
    pub(crate) fn handle_response(
        &mut self,
        code: u16,
        fields: &Fields,
        contact: &str,
        now: Instant,
        random: u32,
    ) -> Option<Told> {
        if let (401 | 407, Some(challenge)) = (code, Challenge::of(fields, code))
            && self.may_answer(challenge.stale)
        {
            self.session = Some(Session::new(challenge));
            self.answered += 1;
            self.phase = Phase::Due(now);
            return None;
        }
        self.answered = 0;
        if self.phase == Phase::Leaving {
            self.phase = Phase::Left;
            return None;
        }
        match code {
            200..300 => {
                if let Some(session) = &mut self.session {
                    session.learn(fields);
                }
                let granted = granted(fields, contact).unwrap_or(self.expires).clamp(1, LONGEST);
                self.failures = 0;
                let until = now + Duration::from_secs(granted.into());
                self.phase = Phase::Due(if self.stopping { now } else { until - margin(granted) });
                self.until = Some(until);
                (!std::mem::replace(&mut self.registered, true)).then_some(Told::Registered)
            }
            // RFC 3261 section 10.2.8: the registrar names the shortest interval that it takes.
            423 if self.raise(fields) => {
                self.phase = Phase::Due(now);
                None
            }
            _ => {
                self.session = None;
                let after = fields.first("Retry-After").and_then(seconds).map(|s| Duration::from_secs(s.into()));
                self.fail(Some(code), after, now, random)
            }
        }
    }

    /// No response came, or the registrar cannot be reached.
    pub(crate) fn handle_silence(&mut self, now: Instant, random: u32) -> Option<Told> {
        self.answered = 0;
        if self.phase == Phase::Leaving {
            self.phase = Phase::Left;
            return None;
        }
        self.fail(None, None, now, random)
    }

    /// The registration is taken back, if there is one or may be.
    pub(crate) fn stop(&mut self, now: Instant) {
        self.stopping = true;
        if let Phase::Due(_) = self.phase {
            let known = self.until.is_some_and(|until| now < until);
            self.phase = if known { Phase::Due(now) } else { Phase::Left };
        }
    }

    /// The connection by which the registrar would reach us is gone.
    pub(crate) fn lost_connection(&mut self, now: Instant) {
        if self.registered && !self.stopping && matches!(self.phase, Phase::Due(_)) {
            self.phase = Phase::Due(now);
        }
    }

    /// The first challenge to a request that was due is always answered (an old nonce may have served its time), further ones only where
    /// the registrar says that nothing but the nonce was wrong.
    fn may_answer(&self, stale: bool) -> bool {
        self.answered == 0 || (stale && self.answered <= STALE)
    }

    fn raise(&mut self, fields: &Fields) -> bool {
        let min = fields.first("Min-Expires").and_then(seconds).filter(|min| (self.expires + 1..=LONGEST).contains(min));
        min.map(|min| self.expires = min).is_some()
    }

    fn fail(&mut self, code: Option<u16>, after: Option<Duration>, now: Instant, random: u32) -> Option<Told> {
        let news = std::mem::take(&mut self.registered) || self.failures == 0;
        if self.stopping {
            self.phase = Phase::Left;
            return None;
        }
        let full = PAUSE.saturating_mul(1 << self.failures.min(10)).min(LONGEST_PAUSE);
        // Between half and the whole of the pause (RFC 5626 section 4.5).
        let pause = full / 2 + full.mul_f64(f64::from(random) / f64::from(u32::MAX) / 2.0);
        self.failures = self.failures.saturating_add(1);
        self.phase = Phase::Due(now + after.map_or(pause, |after| after.min(LONGEST_PAUSE).max(pause)));
        news.then_some(Told::Lost(code))
    }
}

/// How long before its end a registration is refreshed: time enough for a request that goes unanswered and another one.
fn margin(granted: u32) -> Duration {
    let granted = Duration::from_secs(granted.into());
    (granted / 2).min((granted / 10).max(Duration::from_secs(40)))
}

/// Seconds granted by a 2xx: the `expires` of our own Contact, else the header field.
fn granted(fields: &Fields, contact: &str) -> Option<u32> {
    let mut rest: Vec<&str> = fields.all("Contact").collect();
    let mut contacts = Vec::new();
    while let Some(text) = rest.pop() {
        let (one, more) = split_outside(text, ',');
        contacts.push(one);
        rest.extend(more);
    }
    let ours = contacts.iter().find(|value| value.contains(contact)).or(match contacts.as_slice() {
        [only] => Some(only),
        _ => None,
    });
    let own = ours.and_then(|value| parameter(value, "expires")).and_then(seconds);
    own.or_else(|| fields.first("Expires").and_then(seconds))
}

/// The number before any comment or parameter.
pub(crate) fn seconds(value: &str) -> Option<u32> {
    value.trim().split(|c: char| !c.is_ascii_digit()).next()?.parse().ok()
}

#[cfg(test)]
#[path = "registration_tests.rs"]
mod tests;
