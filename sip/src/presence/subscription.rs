//! One subscription to a caller's presence (RFC 6665, RFC 3856): begun, refreshed while the call lasts, ended with it. Pure: responses,
//! NOTIFY and time in, SUBSCRIBE requests and locations out.
//!
//! It is one dialog. Whether another one is begun after its end, and with whom, is its driver's matter.

use super::state::{Comeback, PAUSE, State, is_presence, state};
use crate::config::{Account, Rate};
use crate::location::{Location, location, parts};
use crate::message::{Fields, entries, name_and_uri, parameter};
use crate::trunk::digest::{Challenge, Session};
use crate::trunk::{Bucket, seconds};
use std::time::Duration;
use tokio::time::Instant;

/// What is asked for at first, in seconds: longer than most calls, and short enough that a server forgets one that was lost.
const EXPIRES: u32 = 600;
/// No server makes a subscription longer than this.
const LONGEST: u32 = 3600;
/// The owner hears of one location in this time, the newest: nobody reads faster, and each one is written down.
const PACE: Duration = Duration::from_secs(15);
/// What a server may send; past it NOTIFY gets 503 with Retry-After.
const NOTIFICATIONS: Rate = Rate { per_second: 1, burst: 20 };
/// How long the last NOTIFY is waited for (RFC 6665 section 4.1.2.3).
const FAREWELL: Duration = Duration::from_secs(2);
/// Further challenges answered for one request because the nonce was stale.
const STALE: u8 = 2;
const MAX_ROUTES: usize = 8;

/// The other end of the dialog.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Remote {
    pub tag: String,
    /// Its Contact; `None`: it named none.
    pub contact: Option<String>,
    /// Values of Route, in their order.
    pub routes: Vec<String>,
}

/// The SUBSCRIBE that is sent next.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Ask {
    pub number: u32,
    /// 0 ends the subscription.
    pub expires: u32,
    pub uri: String,
    /// Header field that answers the server's challenge.
    pub credentials: Option<(&'static str, String)>,
    /// `None`: there is no dialog yet.
    pub remote: Option<Remote>,
}

/// What a NOTIFY is answered with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Answer {
    /// 200
    Ok,
    /// 200 to a document without a location that can be read.
    NoLocation,
    /// 481: not of this subscription.
    Unknown,
    /// 489: another event package.
    BadEvent,
    /// 500: older than the last one (RFC 3261 section 12.2.2).
    OutOfOrder,
    /// 503: faster than a server may be.
    TooFast,
}

/// How it ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum End {
    /// It was given up by us, or the server has no more to say.
    Done,
    /// It may be begun anew after this time.
    Again(Duration),
    /// The server said so to the first request.
    Refused(u16),
    /// No response, or no NOTIFY after it.
    Silent,
}

/// What is to be done.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Step {
    Ask(Box<Ask>),
    /// The owner is to hear this.
    Tell(Box<Location>),
    /// Nothing before this time, unless something comes in.
    Wait(Option<Instant>),
    Over(End),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Phase {
    /// SUBSCRIBE is due then.
    Due(Instant),
    /// SUBSCRIBE is under way.
    Asked,
    /// The last one, which ends the subscription.
    Leaving,
    /// Nothing more is asked; the last NOTIFY is waited for.
    Parting(Instant),
    Over(End),
}

pub(crate) struct Subscription {
    account: Option<Account>,
    uri: String,
    /// How long a server may take from its 2xx to its first NOTIFY (timer N of RFC 6665).
    patience: Duration,
    phase: Phase,
    /// As what it ends, once it is to end.
    leaving: Option<End>,
    remote: Option<Remote>,
    /// Number of the newest NOTIFY.
    heard: Option<u32>,
    /// When the server forgets it; `None`: it never took it.
    until: Option<Instant>,
    /// The first NOTIFY is due then.
    first_by: Option<Instant>,
    news: Option<Location>,
    told: Option<Location>,
    tell_at: Instant,
    number: u32,
    expires: u32,
    session: Option<Session>,
    /// Challenges answered since the last request that was due.
    answered: u8,
    bucket: Bucket,
}

impl Subscription {
    /// SUBSCRIBE is due at `now`.
    pub(super) fn new(account: Option<Account>, uri: String, patience: Duration, now: Instant) -> Self {
        Subscription {
            account,
            uri,
            patience,
            phase: Phase::Due(now),
            leaving: None,
            remote: None,
            heard: None,
            until: None,
            first_by: None,
            news: None,
            told: None,
            tell_at: now,
            number: 0,
            expires: EXPIRES,
            session: None,
            answered: 0,
            bucket: Bucket::new(NOTIFICATIONS),
        }
    }

    /// The next step; asked again after each. `cnonce` is used if the server's challenge is answered.
    pub(super) fn poll(&mut self, now: Instant, cnonce: &str) -> Step {
        let is_over = matches!(self.phase, Phase::Over(_));
        if let Some(news) = self.news.take_if(|_| is_over || now >= self.tell_at) {
            self.tell_at = now + PACE;
            self.told = Some(news.clone());
            return Step::Tell(Box::new(news));
        }
        if self.first_by.is_some_and(|by| now >= by) {
            self.leave(End::Silent, now);
        }
        match self.phase {
            Phase::Over(end) => Step::Over(end),
            Phase::Parting(by) if now >= by => {
                self.phase = Phase::Over(self.leaving.unwrap_or(End::Done));
                self.poll(now, cnonce)
            }
            Phase::Due(at) if now >= at => Step::Ask(Box::new(self.ask(cnonce))),
            Phase::Due(at) | Phase::Parting(at) => Step::Wait(self.sooner(Some(at))),
            Phase::Asked | Phase::Leaving => Step::Wait(self.sooner(None)),
        }
    }

    fn sooner(&self, at: Option<Instant>) -> Option<Instant> {
        let news = self.news.as_ref().map(|_| self.tell_at);
        [at, news, self.first_by].into_iter().flatten().min()
    }

    fn ask(&mut self, cnonce: &str) -> Ask {
        self.number += 1;
        let expires = if self.leaving.is_some() { 0 } else { self.expires };
        self.phase = if self.leaving.is_some() { Phase::Leaving } else { Phase::Asked };
        let uri = self.remote.as_ref().and_then(|remote| remote.contact.clone()).unwrap_or_else(|| self.uri.clone());
        let credentials = match (&mut self.session, &self.account) {
            (Some(session), Some(account)) => Some(session.answer(account, "SUBSCRIBE", &uri, cnonce)),
            _ => None,
        };
        Ask { number: self.number, expires, uri, credentials, remote: self.remote.clone() }
    }

    /// Takes a final response.
    pub(super) fn handle_response(&mut self, code: u16, fields: &Fields, now: Instant) {
        if !self.is_asking() {
            return;
        }
        if let (401 | 407, Some(_), Some(challenge)) = (code, &self.account, Challenge::of(fields, code))
            && (self.answered == 0 || (challenge.stale && self.answered <= STALE))
        {
            self.session = Some(Session::new(challenge));
            self.answered += 1;
            self.phase = Phase::Due(now);
            return;
        }
        self.answered = 0;
        match code {
            200..300 => self.granted(fields, now),
            // RFC 6665 section 4.1.2.1: the server names the shortest time that it takes.
            423 if self.leaving.is_none() && self.raise(fields) => self.phase = Phase::Due(now),
            // RFC 6665 section 4.1.2.2: it is gone, and may be begun anew.
            481 if self.remote.is_some() => self.over(End::Again(PAUSE)),
            _ => self.fail(End::Refused(code), now),
        }
    }

    /// No response came, or nothing could be sent.
    pub(super) fn handle_silence(&mut self, now: Instant) {
        if self.is_asking() {
            self.answered = 0;
            self.fail(End::Silent, now);
        }
    }

    fn is_asking(&self) -> bool {
        matches!(self.phase, Phase::Asked | Phase::Leaving)
    }

    /// Takes a NOTIFY that names this dialog.
    pub(super) fn handle_notify(&mut self, fields: &Fields, body: &[u8], now: Instant) -> Answer {
        if matches!(self.phase, Phase::Over(_)) {
            return Answer::Unknown;
        }
        if !is_presence(fields) {
            return Answer::BadEvent;
        }
        // A request that is forked gets one subscription only (RFC 3856 section 6.9).
        let Some(tag) = fields.first("From").and_then(|from| parameter(from, "tag")) else { return Answer::Unknown };
        if self.remote.as_ref().is_some_and(|remote| remote.tag != tag) {
            return Answer::Unknown;
        }
        let number = fields.first("CSeq").and_then(seconds).unwrap_or_default();
        if self.heard.is_some_and(|heard| number <= heard) {
            return Answer::OutOfOrder;
        }
        if !self.bucket.take(now) {
            return Answer::TooFast;
        }
        self.heard = Some(number);
        self.first_by = None;
        let new = remote(fields, tag, routes(fields).collect());
        match &mut self.remote {
            Some(known) => known.contact = new.contact.or(known.contact.take()),
            // A NOTIFY may overtake the 2xx (RFC 6665 section 4.4.1).
            None => self.remote = Some(new),
        }
        let found = location(fields, &parts(fields, body));
        let answer = if found.is_none() && !body.is_empty() { Answer::NoLocation } else { Answer::Ok };
        if let (Some(found), None) = (found, self.leaving) {
            self.news = Some(found).filter(|found| self.told.as_ref() != Some(found));
        }
        match state(fields) {
            State::Kept(Some(left)) => self.stands(left, now),
            State::Kept(None) => {}
            State::Terminated(comeback) => self.over(match comeback {
                Comeback::Never => End::Done,
                Comeback::After(time) => End::Again(time),
            }),
        }
        answer
    }

    /// The call is over: the subscription is taken back, if there is one or may be.
    pub(super) fn stop(&mut self, now: Instant) {
        self.leave(End::Done, now);
    }

    fn leave(&mut self, end: End, now: Instant) {
        self.first_by = None;
        self.news = None;
        if self.leaving.is_some() {
            return;
        }
        self.leaving = Some(end);
        if let Phase::Due(_) = self.phase {
            self.phase = if self.remote.is_some() { Phase::Due(now) } else { Phase::Over(end) };
        }
    }

    fn granted(&mut self, fields: &Fields, now: Instant) {
        if let Some(session) = &mut self.session {
            session.learn(fields);
        }
        if self.remote.is_none()
            && let Some(tag) = fields.first("To").and_then(|to| parameter(to, "tag"))
        {
            let mut back: Vec<String> = routes(fields).collect();
            back.reverse();
            self.remote = Some(remote(fields, tag, back));
        }
        match (self.phase, self.leaving) {
            (Phase::Leaving, _) => self.phase = Phase::Parting(now + FAREWELL),
            // The call ended while the request was under way: what it brought about is taken back.
            (_, Some(_)) => self.phase = Phase::Due(now),
            (_, None) => {
                if self.heard.is_none() {
                    self.first_by.get_or_insert(now + self.patience);
                }
                let granted = fields.first("Expires").and_then(seconds).unwrap_or(self.expires);
                self.phase = Phase::Due(now);
                self.stands(Duration::from_secs(granted.into()), now);
            }
        }
    }

    /// The server keeps it so long from now on.
    fn stands(&mut self, left: Duration, now: Instant) {
        let left = left.min(Duration::from_secs(LONGEST.into()));
        self.until = Some(now + left);
        if let Phase::Due(_) = self.phase
            && self.leaving.is_none()
        {
            // Time enough for a request that goes unanswered and another one; but nobody is asked without a pause.
            let early = (left / 2).min((left / 10).max(Duration::from_secs(40)));
            self.phase = match left.is_zero() {
                true => Phase::Parting(now + self.patience),
                false => Phase::Due(now + (left - early).max(PAUSE)),
            };
        }
    }

    fn raise(&mut self, fields: &Fields) -> bool {
        let min = fields.first("Min-Expires").and_then(seconds).filter(|min| (self.expires + 1..=LONGEST).contains(min));
        min.map(|min| self.expires = min).is_some()
    }

    /// A request came to nothing. One that would have refreshed is made again while the server still knows of the subscription
    /// (RFC 6665 section 4.1.2.2).
    fn fail(&mut self, end: End, now: Instant) {
        self.session = None;
        let stands = self.remote.is_some() && self.until.is_some_and(|until| now + PAUSE < until);
        match (self.phase, self.leaving) {
            (Phase::Leaving, _) => self.over(end),
            (_, Some(_)) if stands => self.phase = Phase::Due(now),
            (_, None) if stands => self.phase = Phase::Due(now + PAUSE),
            _ if self.remote.is_some() => self.over(End::Again(PAUSE)),
            _ => self.over(end),
        }
    }

    fn over(&mut self, end: End) {
        self.first_by = None;
        self.phase = Phase::Over(self.leaving.unwrap_or(end));
    }
}

fn remote(fields: &Fields, tag: &str, routes: Vec<String>) -> Remote {
    let contact = fields.first("Contact").and_then(name_and_uri).map(|(_, uri)| uri.to_owned());
    let sound = |uri: &String| !uri.contains(|c: char| c.is_whitespace() || c.is_control() || "<>\"".contains(c));
    Remote { tag: tag.to_owned(), contact: contact.filter(sound), routes }
}

fn routes(fields: &Fields) -> impl Iterator<Item = String> {
    fields.all("Record-Route").flat_map(entries).map(|route| route.trim().to_owned()).take(MAX_ROUTES)
}

#[cfg(test)]
#[path = "subscription_tests.rs"]
mod tests;
