//! The session timer of a leg at work: what goes into our 2xx, our own refreshes, and the end when nobody refreshes (RFC 4028).

use super::{Phase, Running, Side, described};
use crate::clock::{now, random};
use crate::event::{EndedBy, Event};
use crate::message::Fields;
use crate::message::reply::SUPPORTED_AS_CALLER;
use crate::session_timer::{self, Due, Said, backoff};
use rsipstack::sip::{Header, Response};
use std::time::Duration;
use tokio::task::JoinHandle;

/// How long a request of the far end waits for that. One that really crosses our refresh is told so (491) that much later.
const SETTLING: Duration = Duration::from_millis(20);

/// Two questions whether the far end still has the call that get no answer within this time end it: one may be lost with a network that comes
/// back.
const TWO_QUESTIONS: Duration = Duration::from_secs(180);

/// A refresh under way.
pub(super) struct Refresh {
    way: Way,
    why: Why,
    response: JoinHandle<rsipstack::Result<Option<Response>>>,
}

/// What a task of the leg ended with.
pub(super) enum Told {
    /// The INVITE's task, with the final response if there was one.
    InviteOver(Option<Response>),
    /// The response to a refresh. `None`: there was none, or the refresh could not be sent.
    Refreshed(Option<Response>),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Way {
    /// Without description: nothing changes, and it never crosses an offer.
    Update,
    /// For a peer without UPDATE; repeats our description as an offer.
    Invite,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Why {
    /// The session timer asks for it.
    Timer,
    /// Nothing is heard of the far end.
    Silence,
}

impl Running {
    /// Header fields of a 2xx to a request that said this.
    pub(super) fn timed(&mut self, said: Said) -> Vec<Header> {
        let Some(agreed) = self.timer.accept(said, now()) else { return Vec::new() };
        let mut headers = vec![Header::SessionExpires(agreed.value().into())];
        if agreed.required {
            headers.push(Header::Require(session_timer::TAG.into()));
        }
        headers
    }

    /// What is due by the session timer.
    pub(super) fn keep_alive(&mut self) {
        match self.timer.poll(now()) {
            Some(Due::Refresh) => self.refresh(),
            Some(Due::Over) => self.expire(),
            None => {}
        }
    }

    fn refresh(&mut self) {
        if self.timer.request().is_some() {
            self.ask(Why::Timer);
        }
    }

    /// Asks whether the far end still has the call, by a request that changes nothing. Where it has not, or says nothing twice, the call is over
    /// (RFC 3261 section 12.2.1.2).
    pub(super) fn probe(&mut self) {
        self.ask(Why::Silence);
    }

    fn ask(&mut self, why: Why) {
        if self.phase != Phase::Confirmed || self.refresh.is_some() {
            return;
        }
        let mut headers = vec![Header::Supported(SUPPORTED_AS_CALLER.join(", ").into())];
        // A 2xx to a request that says nothing of the timer would end it.
        if let Some((expires, min)) = self.timer.request() {
            headers.extend([Header::SessionExpires(expires.into()), Header::MinSE(min.into())]);
        }
        let dialog = self.dialog.clone();
        self.refresh = Some(if self.peer_updates {
            headers.push(Header::Allow(self.peer.allow().into()));
            let response = tokio::spawn(async move { dialog.update(Some(headers), None).await });
            Refresh { way: Way::Update, why, response }
        } else {
            let Some(offer) = self.talk.repeat() else { return self.refresh_later() };
            headers.extend(described(self.peer));
            let response = tokio::spawn(async move { dialog.reinvite(Some(headers), Some(offer.into_bytes())).await });
            Refresh { way: Way::Invite, why, response }
        });
    }

    fn refresh_later(&mut self) {
        let owner = matches!(self.side, Side::Outbound { .. });
        self.timer.again(now() + backoff(owner, random()));
    }

    /// The next of the leg's own tasks to end; cancel-safe. A refresh is under way in confirmed calls only, an INVITE of ours before.
    pub(super) async fn background(&mut self) -> Told {
        match &mut self.refresh {
            Some(refresh) => Told::Refreshed((&mut refresh.response).await.ok().and_then(Result::ok).flatten()),
            None => Told::InviteOver(self.invite_over().await),
        }
    }

    /// Takes the answer to our refresh before a request that was sent after it: our ACK is on its way a moment before the refresh's task has ended.
    pub(super) async fn settle_refresh(&mut self) {
        let Some(refresh) = &mut self.refresh else { return };
        if let Ok(joined) = tokio::time::timeout(SETTLING, &mut refresh.response).await {
            self.refreshed(joined.ok().and_then(Result::ok).flatten());
        }
    }

    pub(super) fn refreshed(&mut self, response: Option<Response>) {
        let Some(Refresh { way, why, .. }) = self.refresh.take() else { return };
        if self.phase != Phase::Confirmed {
            return;
        }
        let code = response.as_ref().map_or(408, |response| response.status_code.code());
        let fields = response.as_ref().map(response_fields).unwrap_or_default();
        if let Some(response) = response.filter(|_| (200..300).contains(&code)) {
            self.refresh_target(&response);
            self.unanswered = None;
            self.timer.told(Said::read(&fields), now());
            if way == Way::Invite
                && let Some(audio) = self.talk.answered(&fields, &response.body)
            {
                self.outbox.push_back(Event::Changed { leg: self.id, audio });
            }
            return;
        }
        if way == Way::Invite {
            self.talk.withdraw();
        }
        tracing::debug!(leg = %self.id, code, "a session refresh was not taken");
        match code {
            // RFC 4028 section 10, RFC 3261 section 12.2.1.2: the other side has no such call any more.
            481 => self.expire(),
            408 if why == Why::Timer => self.expire(),
            408 => match self.unanswered.replace(now()) {
                Some(before) if now() < before + TWO_QUESTIONS => self.expire(),
                _ => {}
            },
            422 if self.timer.raise(Said::read(&fields).min_s, now()) => {}
            405 | 501 if way == Way::Update => {
                self.peer_updates = false;
                self.timer.again(now());
            }
            // A crossing of requests (491), and what may be over soon.
            491 | 500..=599 => self.refresh_later(),
            // RFC 4028 section 10: the session goes on until it is over.
            _ => self.timer.refused(now()),
        }
    }

    fn expire(&mut self) {
        if self.phase == Phase::Confirmed {
            self.tell_end(EndedBy::Timeout);
            self.bye();
        }
    }
}

pub(crate) fn response_fields(response: &Response) -> Fields {
    Fields(response.headers.iter().map(|header| (header.name().to_owned(), header.value().trim().to_owned())).collect())
}
