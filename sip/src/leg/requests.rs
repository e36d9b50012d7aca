//! What the other side asks for inside a call: new audio, keys, and things that are not done here.

use super::negotiation::Unready;
use super::{OUTBOX, Phase, Running, described, digit::digit};
use crate::clock::random;
use crate::event::Event;
use crate::invitation::fields;
use crate::location::{location, parts};
use crate::message::reply::{ACCEPT, ALLOW, SUPPORTED};
use crate::message::{Fields, target};
use crate::session_timer::Said;
use rsipstack::dialog::dialog::{Dialog, TransactionHandle};
use rsipstack::sip::prelude::HeadersExt;
use rsipstack::sip::{Header, Method, Request, StatusCode};
use std::time::Duration;

/// How long the ACK of our 2xx may come after the request that was sent behind it: datagrams overtake each other.
pub(crate) const OVERTAKEN: Duration = Duration::from_millis(200);
/// How often that is looked for; the stack does not tell it.
pub(crate) const LOOK_AGAIN: Duration = Duration::from_millis(5);

/// A final response to a request inside a call.
#[derive(Debug)]
pub(crate) struct Answer {
    pub code: StatusCode,
    pub headers: Vec<Header>,
    pub body: Option<Vec<u8>>,
}

impl Answer {
    pub(crate) fn plain(code: StatusCode) -> Self {
        Answer { code, headers: Vec::new(), body: None }
    }

    fn with(mut self, header: Header) -> Self {
        self.headers.push(header);
        self
    }
}

impl Running {
    /// A PRACK, or an UPDATE before the call is answered and acknowledged: the stack knows neither well enough.
    pub(super) fn asked(&mut self, request: &Request) -> Answer {
        // These come past the bound of what the stack tells.
        if request.method == Method::Update && self.outbox.len() >= OUTBOX {
            return Answer::plain(StatusCode::ServerInternalError).with(Header::RetryAfter("1".into()));
        }
        let answer = match (request.method, self.phase) {
            (Method::PRack, Phase::Ringing | Phase::Answered { .. } | Phase::Confirmed) => self.prack(request),
            (Method::Update, Phase::Ringing | Phase::Answered { .. } | Phase::Confirmed) => self.change(request),
            _ => Answer::plain(StatusCode::CallTransactionDoesNotExist),
        };
        match self.dialog.snapshot().local_contact {
            Some(contact) => answer.with(Header::Contact(format!("<{contact}>").into())),
            None => answer,
        }
    }

    /// The branch of a call of ours that is not answered, where a request comes from one: its To tag.
    fn branch(&self, request: &Request) -> Option<String> {
        let is_early = self.is_outbound() && self.phase == Phase::Ringing;
        let tag = || request.from_header().ok()?.tag().ok()?.map(|tag| tag.value().to_owned());
        is_early.then(tag).flatten()
    }

    /// A re-INVITE or UPDATE in a confirmed call.
    pub(super) async fn updated(&mut self, request: Request, handle: TransactionHandle) {
        self.settle_refresh().await;
        self.settle_offer().await;
        if self.waiting_text.is_some() {
            return reply(handle, Answer::plain(StatusCode::RequestPending)).await;
        }
        if self.lacks_place(&request) {
            return self.ask_for_place(request, handle);
        }
        let answer = match self.phase {
            Phase::Confirmed => self.change(&request),
            _ => Answer::plain(StatusCode::CallTransactionDoesNotExist),
        };
        reply(handle, answer).await;
    }

    /// Takes the answer to the offer in our 2xx before a request that was sent behind it: the ACK is another transaction's, read by another task.
    async fn settle_offer(&mut self) {
        if self.awaited_ack.is_none() || self.talk.ready() != Err(Unready::Asked) {
            return;
        }
        let ack = async {
            let mut look = tokio::time::interval(LOOK_AGAIN);
            while !self.is_acknowledged() {
                look.tick().await;
            }
        };
        if tokio::time::timeout(OVERTAKEN, ack).await.is_ok()
            && let Some(audio) = self.acknowledged()
        {
            self.outbox.push_back(Event::Changed { leg: self.id, audio });
        }
    }

    /// A re-INVITE, UPDATE, or PRACK with an offer: answered with the leg's own audio as it is.
    pub(super) fn change(&mut self, request: &Request) -> Answer {
        let is_invite = request.method == Method::Invite;
        let fields = fields(request);
        let branch = self.branch(request);
        if is_invite || self.talk.is_offered(&fields, &request.body) {
            match branch.as_ref().map_or_else(|| self.talk.ready(), |branch| self.talk.ready_in(branch)) {
                Ok(()) => {}
                // RFC 3261 section 14.2, RFC 3311 section 5.2
                Err(Unready::Asked) => return Answer::plain(StatusCode::RequestPending),
                Err(Unready::Open) => {
                    let after = (random() % 11).to_string();
                    return Answer::plain(StatusCode::ServerInternalError).with(Header::RetryAfter(after.into()));
                }
            }
        }
        let changed = match &branch {
            Some(branch) => self.talk.changed_in(branch, &fields, &request.body),
            None => self.talk.changed(&fields, &request.body, is_invite),
        };
        let (body, audio) = match changed {
            Ok(changed) => changed,
            Err(error) => {
                let warning = Header::Warning(format!("305 siaga \"{error}\"").into());
                return Answer::plain(StatusCode::NotAcceptableHere).with(warning);
            }
        };
        if request.method != Method::PRack {
            self.refresh_target(request);
        }
        if is_invite {
            self.awaited_ack = request.cseq_header().and_then(|cseq| cseq.seq()).ok();
        }
        match audio {
            Some(audio) if branch.is_some() => self.tell_early(audio),
            Some(audio) => self.outbox.push_back(Event::Changed { leg: self.id, audio }),
            None => {}
        }
        self.tell_location(&fields, &request.body);
        let mut headers = if body.is_some() { described(self.peer) } else { vec![Header::Allow(self.peer.allow().into())] };
        // Before the 2xx to the INVITE there is no session to be timed (RFC 4028 section 4).
        if matches!(request.method, Method::Invite | Method::Update) && self.phase == Phase::Confirmed {
            self.peer_updates |= request.method == Method::Update;
            headers.extend(self.timed(Said::read(&fields)));
        }
        Answer { code: StatusCode::OK, headers, body: body.map(String::into_bytes) }
    }

    /// A request inside the call may say where the caller is (RFC 6442 section 4.2).
    pub(super) fn tell_location(&mut self, fields: &Fields, body: &[u8]) {
        if let Some(location) = location(fields, &parts(fields, body)) {
            self.outbox.push_back(Event::Located { leg: self.id, location: Box::new(location) });
        }
    }

    /// A re-INVITE or UPDATE, or the 2xx to one, moves the remote target if it has a Contact (RFC 3261 section 12.2); the stack leaves that to us.
    pub(super) fn refresh_target(&self, message: &impl HeadersExt) {
        if !message.contact_header().is_ok_and(|contact| target::is_invented(contact.value())) {
            self.set_target(message);
        }
    }

    /// What answers our INVITE says where requests of ours go.
    pub(super) fn set_target(&self, message: &impl HeadersExt) {
        let contact = message.typed_contact_headers().ok().and_then(|contacts| contacts.into_iter().next());
        if let Some(contact) = contact {
            Dialog::Invite(self.dialog.clone()).set_remote_target(contact.uri, message.contact_header().ok().cloned());
        }
    }

    pub(super) async fn info(&mut self, request: &Request, handle: TransactionHandle) {
        let kind = request.header_value("Content-Type").unwrap_or_default();
        let answer = match digit(&kind, &request.body) {
            Some(digit) => {
                self.outbox.push_back(Event::Digit { leg: self.id, digit });
                Answer::plain(StatusCode::OK)
            }
            None if request.body.is_empty() => Answer::plain(StatusCode::OK),
            None => Answer::plain(StatusCode::UnsupportedMediaType).with(Header::Accept(ACCEPT.into())),
        };
        reply(handle, answer).await;
    }
}

/// 200 to an OPTIONS.
pub(super) async fn able(handle: TransactionHandle) {
    let able = Answer::plain(StatusCode::OK).with(Header::Allow(ALLOW.into())).with(Header::Accept(ACCEPT.into()));
    reply(handle, able.with(Header::Supported(SUPPORTED.join(", ").into()))).await;
}

pub(super) async fn not_allowed(handle: TransactionHandle) {
    reply(handle, Answer::plain(StatusCode::MethodNotAllowed).with(Header::Allow(ALLOW.into()))).await;
}

pub(super) async fn reply(handle: TransactionHandle, answer: Answer) {
    if handle.respond(answer.code, Some(answer.headers), answer.body).await.is_err() {
        tracing::debug!("a request inside a call was given up before its reply");
    }
}
