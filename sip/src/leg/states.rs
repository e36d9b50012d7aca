//! What the dialog below says, in every phase of the call.

use super::ending::say_bye;
use super::refresh::response_fields;
use super::{Heard, Outcome, Phase, Refused, Running, Side, requests};
use crate::clock::now;
use crate::event::{EndedBy, Event};
use crate::message::Fields;
use crate::sdp::RemoteAudio;
use crate::session_timer::Said;
use rsipstack::dialog::dialog::{DialogState, TerminatedReason};
use rsipstack::sip::prelude::HeadersExt;
use rsipstack::sip::{Request, Response, StatusCode};
use rsipstack::transaction::transaction::TransactionEvent;
use std::time::Duration;

/// The response that refuses a call follows its dialog's end at once.
const RESPONSE: Duration = Duration::from_secs(1);

impl Running {
    pub(super) async fn state(&mut self, state: DialogState) {
        match state {
            DialogState::Trying(_) if self.heard == Heard::Nothing => self.heard = Heard::Trying,
            DialogState::Early(_, response) => self.early(&response).await,
            DialogState::Confirmed(_, response) => self.confirmed(&response),
            DialogState::Terminated(_, reason) => self.terminated(reason),
            DialogState::Updated(_, request, handle) => self.updated(request, handle).await,
            DialogState::Info(_, request, handle) => self.info(&request, handle).await,
            DialogState::Options(_, _, handle) => requests::able(handle).await,
            DialogState::Refer(_, request, handle) => self.referred(&request, handle).await,
            DialogState::Notify(_, _, handle) | DialogState::Message(_, _, handle) | DialogState::Publish(_, _, handle) => {
                requests::not_allowed(handle).await
            }
            DialogState::Trying(_) | DialogState::Calling(_) | DialogState::WaitAck(..) => {}
        }
    }

    /// The ACK is here (inbound), the call was answered (outbound), or the stack repeats itself after another request.
    fn confirmed(&mut self, response: &Response) {
        match (&self.side, self.phase) {
            (Side::Inbound { .. }, Phase::Answered { .. }) => {
                self.phase = Phase::Confirmed;
                let audio = self.acknowledged();
                self.outbox.push_back(Event::Confirmed { leg: self.id, audio });
            }
            // The ACK that was waited for; or a call of ours was answered before its CANCEL could be sent.
            (_, Phase::Closing { .. }) => self.bye(),
            (Side::Outbound { trunk, .. }, Phase::Ringing) => {
                let trunk = trunk.clone();
                let fields = response_fields(response);
                self.timer.told(Said::read(&fields), now());
                self.peer_updates = fields.lists("Allow", "UPDATE");
                // Only now the other side has its tag for good, and a PRACK may have gone to where an early dialog led.
                let dialog = self.dialog.id();
                self.set_target(response);
                if let Some(slot) = &mut self.slot {
                    slot.is_no_dialog();
                    slot.is_dialog(dialog.clone(), &trunk);
                }
                match self.talk.accepted(&dialog.remote_tag, &fields, &response.body) {
                    Some(audio) => {
                        self.phase = Phase::Confirmed;
                        self.outbox.push_back(Event::OutboundAnswered { leg: self.id, trunk, audio });
                    }
                    None => {
                        self.fail(488);
                        self.bye();
                    }
                }
            }
            (_, Phase::Confirmed) => {
                self.tell_referrer();
                if let Some(audio) = self.acknowledged() {
                    self.outbox.push_back(Event::Changed { leg: self.id, audio });
                }
            }
            _ => {}
        }
    }

    /// The ACK that is awaited, if it is the one that came last.
    fn awaited(&self) -> Option<Request> {
        let ack = self.dialog.last_remote_ack()?;
        let number = ack.cseq_header().and_then(|cseq| cseq.seq()).ok();
        (self.awaited_ack.is_some() && self.awaited_ack == number).then_some(ack)
    }

    pub(super) fn is_acknowledged(&self) -> bool {
        self.awaited().is_some()
    }

    /// The answer in the ACK that is awaited.
    pub(super) fn acknowledged(&mut self) -> Option<RemoteAudio> {
        let ack = self.awaited()?;
        self.awaited_ack = None;
        self.talk.answered(&crate::invitation::fields(&ack), &ack.body)
    }

    fn terminated(&mut self, reason: TerminatedReason) {
        match (&self.side, self.phase) {
            (_, Phase::Over) => {}
            (_, Phase::Closing { .. }) => self.close(),
            (Side::Outbound { .. }, Phase::Ringing | Phase::Answered { .. }) => {
                let code = match reason {
                    TerminatedReason::UasOther(code) | TerminatedReason::UacOther(code) | TerminatedReason::ProxyError(code) => {
                        code.code()
                    }
                    TerminatedReason::ProxyAuthRequired => 407,
                    TerminatedReason::Timeout => 408,
                    _ => 500,
                };
                self.refused.get_or_insert((code, now() + RESPONSE));
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

    /// Ends when an outbound INVITE's task does, with its final response; never for other legs.
    pub(super) async fn invite_over(&mut self) -> Option<Response> {
        match &mut self.side {
            Side::Outbound { invite: invite @ Some(_), .. } if self.phase != Phase::Confirmed => {
                let result = match invite {
                    Some(task) => task.await,
                    None => std::future::pending().await,
                };
                *invite = None;
                result.ok().and_then(Result::ok).and_then(|(_, response)| response)
            }
            _ => std::future::pending().await,
        }
    }

    /// The INVITE's transaction is over, with everything that it said.
    pub(super) fn invite_ended(&mut self, response: Option<Response>) {
        match (self.phase, response) {
            (Phase::Ringing, Some(response)) if response.status_code.code() >= 300 => {
                self.refuse_with(response.status_code.code(), response_fields(&response));
            }
            _ => match self.refused {
                Some((code, _)) if self.phase == Phase::Ringing => self.refuse_with(code, Fields::default()),
                _ => self.broken(),
            },
        }
    }

    /// The refusal's response did not come after it.
    pub(super) fn response_overdue(&mut self) {
        if let Some((code, until)) = self.refused
            && self.phase == Phase::Ringing
            && now() >= until
        {
            self.refuse_with(code, Fields::default());
        }
    }

    /// Nothing at all was heard of a call of ours. Should it be answered after all, the stack ends it.
    pub(super) fn silent(&mut self) {
        if let Side::Outbound { invite, .. } = &mut self.side
            && let Some(task) = invite.take()
        {
            task.abort();
        }
        self.refuse_with(408, Fields::default());
    }

    /// Only the next hop said anything, and that long ago. Should the call be answered before the CANCEL is, it is ended.
    pub(super) fn stalled(&mut self) {
        let Side::Outbound { invite, .. } = &mut self.side else { return };
        if let Some(mut task) = invite.take() {
            let (dialog, layer, patience, id) = (self.dialog.clone(), self.layer.clone(), self.patience, self.id);
            tokio::spawn(async move {
                if let Err(error) = dialog.cancel().await {
                    tracing::debug!(leg = %id, %error, "CANCEL failed");
                }
                if tokio::time::timeout(patience, &mut task).await.is_err() {
                    task.abort();
                } else if dialog.state().is_confirmed() {
                    say_bye(id, &dialog, &layer).await;
                }
            });
        }
        self.refuse_with(408, Fields::default());
    }

    fn refuse_with(&mut self, code: u16, fields: Fields) {
        self.refused = None;
        self.refusal = Some((code, fields));
    }

    /// Ends this attempt without a word to the owner.
    pub(super) fn give_back(mut self, code: u16, fields: Fields) -> Outcome {
        self.phase = Phase::Over;
        self.layer.remove_dialog(&self.dialog.id());
        match self.slot.take() {
            Some(mut slot) => {
                slot.is_no_dialog();
                let (heard_ringing, heard_early, rang) = (self.heard_ringing, self.heard_early, self.rang);
                Outcome::Refused(Box::new(Refused { code, fields, slot, heard_ringing, heard_early, rang }))
            }
            None => Outcome::Over,
        }
    }

    /// The dialog ended below us without a word.
    pub(super) fn broken(&mut self) {
        match (&self.side, self.phase) {
            (_, Phase::Over) => {}
            (_, Phase::Closing { .. }) => self.close(),
            (Side::Outbound { .. }, Phase::Ringing) => self.refuse_with(500, Fields::default()),
            _ => self.end(EndedBy::Transport),
        }
    }
}
