//! Provisional responses that wait for their PRACK, and the answer that waits with them (RFC 3262).

use super::negotiation::Unready;
use super::requests::Answer;
use super::{Peer, Phase, Running, described};
use crate::clock::now;
use crate::error::LegError;
use crate::event::{EndedBy, Event};
use crate::invitation::fields;
use crate::reliable::{self, Due, Provisional, Reliable};
use rsipstack::dialog::invite_dialog::InviteDialog;
use rsipstack::sip::prelude::HeadersExt;
use rsipstack::sip::{Header, Request, StatusCode};

/// Sends 180, or 183 with its description, for the first time or again.
pub(crate) fn show(dialog: &InviteDialog, peer: Peer, provisional: Provisional) -> Result<(), LegError> {
    let Provisional { rseq, body } = provisional;
    let mut headers = if body.is_some() { early(dialog, peer) } else { vec![Header::Allow(peer.allow().into())] };
    headers.push(Header::Require(reliable::TAG.into()));
    headers.push(Header::RSeq(rseq.to_string().into()));
    stack(dialog.ringing(Some(headers), body))
}

/// The fields of a 183 with a description. A network that says that it holds early media back lets it through when it is told so (RFC 5009).
fn early(dialog: &InviteDialog, peer: Peer) -> Vec<Header> {
    let mut headers = described(peer);
    if dialog.initial_request().header_value("P-Early-Media").is_some() {
        headers.push(Header::Other("P-Early-Media".into(), "sendrecv".into()));
    }
    headers
}

/// The outcome of a call into the stack, whose own error is too large to be passed around.
pub(crate) fn stack(result: rsipstack::Result<()>) -> Result<(), LegError> {
    result.map_err(|error| LegError::Stack(error.to_string()))
}

impl Running {
    /// 180 again, so that proxies on the way keep the call; behind a 183 that again, for a 180 would bring back the caller's own ringing
    /// tone. What is to be acknowledged comes as 180 all the same: a description is acknowledged once (RFC 3262 section 5).
    pub(super) fn ring_again(&mut self) {
        let sent = match self.reliable.as_mut().filter(|reliable| reliable.covers(false)) {
            Some(reliable) => reliable.send(None, now()).map_or(Ok(()), |again| show(&self.dialog, self.peer, again)),
            None => match self.talk.said() {
                Some(said) => stack(self.dialog.ringing(Some(early(&self.dialog, self.peer)), Some(said.into()))),
                None => stack(self.dialog.ringing(None, None)),
            },
        };
        if let Err(error) = sent {
            tracing::debug!(leg = %self.id, %error, "180 again failed");
        }
    }

    /// 183 with a description; behind an unacknowledged 180 it waits for its turn.
    pub(super) fn describe_early(&mut self, body: Vec<u8>) -> Result<(), LegError> {
        match &mut self.reliable {
            Some(reliable) => match reliable.send(Some(body), now()) {
                Some(first) => {
                    self.talk.settle();
                    show(&self.dialog, self.peer, first)
                }
                None => Ok(()),
            },
            None => stack(self.dialog.ringing(Some(early(&self.dialog, self.peer)), Some(body))),
        }
    }

    /// A PRACK: 481 when it acknowledges nothing. It may carry the answer to our offer, or a further offer (RFC 3262 section 5).
    pub(super) fn prack(&mut self, request: &Request) -> Answer {
        let rack = request.header_value("RAck").unwrap_or_default();
        if !self.reliable.as_mut().is_some_and(|reliable| reliable.acknowledge(&rack)) {
            return Answer::plain(StatusCode::CallTransactionDoesNotExist);
        }
        match self.phase {
            // One without the answer that was due gets its 200 as well (section 3): our offer is then repeated in the 200 to the INVITE, and no
            // emergency call is ended for it.
            _ if request.body.is_empty() => Answer::plain(StatusCode::OK),
            Phase::Ringing if self.talk.ready() == Err(Unready::Asked) => self.take_answer(request),
            _ => self.change(request),
        }
    }

    /// A PRACK to our offer. The session begins with its answer, before that to the INVITE (RFC 3262 section 5).
    fn take_answer(&mut self, request: &Request) -> Answer {
        let fields = fields(request);
        // It may have another body, for example where the caller is.
        if self.talk.is_offered(&fields, &request.body)
            && let Some(audio) = self.talk.answered_early(&fields, &request.body)
        {
            self.outbox.push_back(Event::Changed { leg: self.id, audio });
        }
        self.tell_location(&fields, &request.body);
        Answer::plain(StatusCode::OK)
    }

    /// The reply to a PRACK is out: what waited for it follows. A stray PRACK lets nothing go.
    pub(super) fn proceed(&mut self) {
        if self.phase != Phase::Ringing || self.reliable.as_ref().is_some_and(Reliable::holds_answer) {
            return;
        }
        let result = match self.waiting_answer.take() {
            Some(local) => self.accept(local),
            None => match self.reliable.as_mut().and_then(|reliable| reliable.proceed(now())) {
                Some(next) => {
                    self.talk.settle();
                    show(&self.dialog, self.peer, next)
                }
                None => Ok(()),
            },
        };
        if let Err(error) = result {
            tracing::debug!(leg = %self.id, %error, "what waited for a PRACK was not sent");
        }
    }

    /// Repeats what is not acknowledged, and refuses the call when it never is.
    pub(super) fn repeat(&mut self) {
        match self.reliable.as_mut().and_then(|reliable| reliable.poll(now())) {
            Some(Due::Again(again)) => {
                if let Err(error) = show(&self.dialog, self.peer, again) {
                    tracing::debug!(leg = %self.id, %error, "a provisional response was not repeated");
                }
            }
            Some(Due::GiveUp) if self.phase == Phase::Ringing => {
                self.turn_away(StatusCode::ServerTimeOut, None);
                self.end(EndedBy::Timeout);
            }
            Some(Due::GiveUp) | None => {}
        }
    }
}
