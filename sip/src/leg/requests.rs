//! What the other side asks for inside a call: new audio, keys, and things that are not done here.

use super::{Phase, Running, described, digit::digit};
use crate::event::Event;
use crate::invitation::fields;
use crate::message::reply::{ACCEPT, ALLOW, SUPPORTED};
use rsipstack::dialog::dialog::{Dialog, TransactionHandle};
use rsipstack::sip::prelude::HeadersExt;
use rsipstack::sip::{Header, Method, Request, StatusCode};

impl Running {
    /// A re-INVITE or UPDATE: answered with the leg's own audio as it is.
    pub(super) async fn updated(&mut self, request: Request, handle: TransactionHandle) {
        if self.phase != Phase::Confirmed {
            return reply(handle, StatusCode::CallTransactionDoesNotExist, vec![], None).await;
        }
        self.refresh_target(&request);
        let is_invite = request.method == Method::Invite;
        match self.talk.changed(&fields(&request), &request.body, is_invite) {
            Ok((body, audio)) => {
                if is_invite {
                    self.awaited_ack = request.cseq_header().and_then(|cseq| cseq.seq()).ok();
                }
                let headers = if body.is_some() { described() } else { vec![Header::Allow(ALLOW.into())] };
                reply(handle, StatusCode::OK, headers, body.map(String::into_bytes)).await;
                if let Some(audio) = audio {
                    self.outbox.push_back(Event::Changed { leg: self.id, audio });
                }
            }
            Err(error) => {
                let warning = Header::Warning(format!("305 siaga \"{error}\"").into());
                reply(handle, StatusCode::NotAcceptableHere, vec![warning], None).await;
            }
        }
    }

    /// A re-INVITE or UPDATE moves the remote target (RFC 3261 section 12.2.2); the stack leaves that to us.
    fn refresh_target(&self, request: &Request) {
        let contact = request.typed_contact_headers().ok().and_then(|contacts| contacts.into_iter().next());
        if let Some(contact) = contact {
            Dialog::Invite(self.dialog.clone()).set_remote_target(contact.uri, request.contact_header().ok().cloned());
        }
    }

    pub(super) async fn info(&mut self, request: &Request, handle: TransactionHandle) {
        let kind = request.header_value("Content-Type").unwrap_or_default();
        match digit(&kind, &request.body) {
            Some(digit) => {
                reply(handle, StatusCode::OK, vec![], None).await;
                self.outbox.push_back(Event::Digit { leg: self.id, digit });
            }
            None if request.body.is_empty() => reply(handle, StatusCode::OK, vec![], None).await,
            None => reply(handle, StatusCode::UnsupportedMediaType, vec![Header::Accept(ACCEPT.into())], None).await,
        }
    }
}

/// 200 to an OPTIONS.
pub(super) async fn able(handle: TransactionHandle) {
    let headers =
        vec![Header::Allow(ALLOW.into()), Header::Accept(ACCEPT.into()), Header::Supported(SUPPORTED.join(", ").into())];
    reply(handle, StatusCode::OK, headers, None).await;
}

pub(super) async fn not_allowed(handle: TransactionHandle) {
    reply(handle, StatusCode::MethodNotAllowed, vec![Header::Allow(ALLOW.into())], None).await;
}

async fn reply(handle: TransactionHandle, code: StatusCode, headers: Vec<Header>, body: Option<Vec<u8>>) {
    if handle.respond(code, Some(headers), body).await.is_err() {
        tracing::debug!("a request inside a call was given up before its reply");
    }
}
