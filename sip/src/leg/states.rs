//! What the dialog below says, in every phase of the call.

use super::refresh::response_fields;
use super::{Phase, Running, Side, requests};
use crate::clock::now;
use crate::event::{EndedBy, Event};
use crate::sdp::RemoteAudio;
use crate::session_timer::Said;
use rsipstack::dialog::dialog::{DialogState, TerminatedReason};
use rsipstack::sip::prelude::HeadersExt;
use rsipstack::sip::{Response, StatusCode};
use rsipstack::transaction::transaction::TransactionEvent;

impl Running {
    pub(super) async fn state(&mut self, state: DialogState) {
        match state {
            DialogState::Early(..) if matches!(self.side, Side::Outbound { .. }) => {
                if self.phase == Phase::Ringing && !std::mem::replace(&mut self.heard_ringing, true) {
                    self.outbox.push_back(Event::OutboundRinging { leg: self.id });
                }
            }
            DialogState::Confirmed(_, response) => self.confirmed(&response),
            DialogState::Terminated(_, reason) => self.terminated(reason),
            DialogState::Updated(_, request, handle) => self.updated(request, handle).await,
            DialogState::Info(_, request, handle) => self.info(&request, handle).await,
            DialogState::Options(_, _, handle) => requests::able(handle).await,
            DialogState::Refer(_, _, handle)
            | DialogState::Notify(_, _, handle)
            | DialogState::Message(_, _, handle)
            | DialogState::Publish(_, _, handle) => requests::not_allowed(handle).await,
            DialogState::Calling(_) | DialogState::Trying(_) | DialogState::Early(..) | DialogState::WaitAck(..) => {}
        }
    }

    /// The ACK is here (inbound), the call was answered (outbound), or the stack repeats itself after another request.
    fn confirmed(&mut self, response: &Response) {
        match (&self.side, self.phase) {
            (Side::Inbound { .. }, Phase::Answered) => {
                self.phase = Phase::Confirmed;
                let audio = self.acknowledged();
                self.outbox.push_back(Event::Confirmed { leg: self.id, audio });
            }
            (Side::Inbound { .. }, Phase::Closing) => self.bye(),
            (Side::Outbound { .. }, Phase::Ringing) => {
                let fields = response_fields(response);
                self.timer.told(Said::read(&fields), now());
                self.peer_updates = fields.lists("Allow", "UPDATE");
                match self.talk.answered(&fields, &response.body) {
                    Some(audio) => {
                        self.phase = Phase::Confirmed;
                        self.outbox.push_back(Event::OutboundAnswered { leg: self.id, audio });
                    }
                    None => {
                        self.fail(488);
                        self.bye();
                    }
                }
            }
            (_, Phase::Confirmed) => {
                if let Some(audio) = self.acknowledged() {
                    self.outbox.push_back(Event::Changed { leg: self.id, audio });
                }
            }
            _ => {}
        }
    }

    /// The answer in the ACK that is awaited, if it is the one that came last.
    fn acknowledged(&mut self) -> Option<RemoteAudio> {
        let ack = self.dialog.last_remote_ack()?;
        let number = ack.cseq_header().and_then(|cseq| cseq.seq()).ok();
        if self.awaited_ack.is_none() || self.awaited_ack != number {
            return None;
        }
        self.awaited_ack = None;
        self.talk.answered(&crate::invitation::fields(&ack), &ack.body)
    }

    fn terminated(&mut self, reason: TerminatedReason) {
        match (&self.side, self.phase) {
            (_, Phase::Over) => {}
            (_, Phase::Closing) => self.close(),
            (Side::Outbound { .. }, Phase::Ringing | Phase::Answered) => {
                self.fail(match reason {
                    TerminatedReason::UasOther(code) | TerminatedReason::UacOther(code) | TerminatedReason::ProxyError(code) => {
                        code.code()
                    }
                    TerminatedReason::ProxyAuthRequired => 407,
                    TerminatedReason::Timeout => 408,
                    _ => 500,
                });
                self.close();
            }
            (Side::Inbound { .. }, phase) => {
                let by = match reason {
                    TerminatedReason::UacCancel => EndedBy::Cancelled,
                    TerminatedReason::Timeout => EndedBy::NoAck,
                    TerminatedReason::UacBye if phase == Phase::Ringing => {
                        // A BYE in an early dialog leaves the INVITE to be answered (RFC 3261 section 15.1.2).
                        self.respond(StatusCode::RequestTerminated);
                        EndedBy::Cancelled
                    }
                    TerminatedReason::UacBye | TerminatedReason::UasBye => EndedBy::RemoteBye,
                    _ => EndedBy::Transport,
                };
                self.end(by);
            }
            (Side::Outbound { .. }, Phase::Confirmed) => self.end(match reason {
                TerminatedReason::UacBye | TerminatedReason::UasBye => EndedBy::RemoteBye,
                TerminatedReason::Timeout => EndedBy::NoAck,
                _ => EndedBy::Transport,
            }),
        }
    }

    fn respond(&self, code: StatusCode) {
        if let Side::Inbound { replies, request } = &self.side {
            let response = self.layer.endpoint.make_response(request, code, None);
            if replies.send(TransactionEvent::Respond(response)).is_err() {
                tracing::debug!(leg = %self.id, "the INVITE's transaction was over already");
            }
        }
    }

    /// Ends when an outbound INVITE's task does; never for other legs.
    pub(super) async fn invite_over(&mut self) {
        match &mut self.side {
            Side::Outbound { invite } if self.phase != Phase::Confirmed && !invite.is_finished() => {
                let _ = invite.await;
            }
            Side::Outbound { .. } if self.phase != Phase::Confirmed => {}
            _ => std::future::pending().await,
        }
    }

    /// The dialog ended below us without a word.
    pub(super) fn broken(&mut self) {
        match (&self.side, self.phase) {
            (_, Phase::Over) => {}
            (_, Phase::Closing) => self.close(),
            (Side::Outbound { .. }, Phase::Ringing) => {
                self.fail(500);
                self.close();
            }
            _ => self.end(EndedBy::Transport),
        }
    }
}
