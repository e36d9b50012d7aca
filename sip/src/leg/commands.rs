//! What the owner of the call asks for, in every phase of it.

use super::{Command, Phase, Running, Side, described};
use crate::clock::now;
use crate::error::LegError;
use crate::event::{EndedBy, Reject};
use crate::reliable::Reliable;
use crate::sdp::LocalMedia;
use rsipstack::sip::{Header, StatusCode};
use rsipstack::transaction::transaction::TransactionEvent;
use tokio::time::Instant;

impl Running {
    pub(super) fn command(&mut self, command: Command) {
        match command {
            Command::Progress(local, done) => {
                let result = self.progress(*local);
                // The asker may have gone; the command is carried out all the same.
                let _ = done.send(result);
            }
            Command::Answer(local, done) => {
                let result = self.answer(*local);
                let _ = done.send(result);
            }
            Command::PlaceText(text) => self.placed(text),
            Command::Reject(why) => match (&self.side, self.phase) {
                (Side::Inbound { .. }, Phase::Ringing) => {
                    self.refuse(why);
                    self.end(EndedBy::Local);
                }
                _ => self.hang_up(),
            },
            Command::HangUp => self.hang_up(),
            Command::Broken => self.broken(),
            Command::ReferOver(outcome) => self.refer_over(outcome),
            Command::Asked(request, answer) => {
                // Whoever asked may have given up; what was asked for is done all the same.
                let _ = answer.send(self.asked(&request));
            }
            Command::Proceed => self.proceed(),
            Command::Probe => self.probe(),
        }
    }

    /// Whether an inbound call still waits for its answer.
    fn unanswered(&self) -> Result<(), LegError> {
        match (&self.side, self.phase) {
            (Side::Inbound { .. }, Phase::Ringing) if self.waiting_answer.is_none() => Ok(()),
            (_, Phase::Closing { .. } | Phase::Over) => Err(LegError::Gone),
            _ => Err(LegError::WrongState),
        }
    }

    fn progress(&mut self, local: LocalMedia) -> Result<(), LegError> {
        self.unanswered()?;
        // Of a caller who made no offer only one who requires reliable responses hears ours before the answer.
        if !self.talk.has_offer() && self.reliable.is_none() {
            return Err(LegError::NoOffer);
        }
        if self.talk.has_asked() {
            return Ok(());
        }
        let body = self.talk.describe(local);
        self.describe_early(body.into_bytes())
    }

    fn answer(&mut self, local: LocalMedia) -> Result<(), LegError> {
        self.unanswered()?;
        // RFC 3262 section 3: no 2xx while a description waits for its PRACK.
        if self.reliable.as_ref().is_some_and(Reliable::holds_answer) {
            self.waiting_answer = Some(local);
            return Ok(());
        }
        self.accept(local)
    }

    /// Sends the 200.
    pub(super) fn accept(&mut self, local: LocalMedia) -> Result<(), LegError> {
        let body = self.talk.conclude(local).map(String::into_bytes);
        let mut headers = if body.is_some() { described(self.peer) } else { vec![Header::Allow(self.peer.allow().into())] };
        headers.extend(self.timed(self.session));
        self.dialog.accept(Some(headers), body).map_err(|error| LegError::Stack(error.to_string()))?;
        self.talk.settle();
        if let Some(reliable) = &mut self.reliable {
            reliable.stop();
        }
        self.phase = Phase::Answered { until: self.patient() };
        Ok(())
    }

    pub(super) fn refuse(&mut self, why: Reject) {
        let header = match why {
            Reject::Unavailable { retry_after_s } => Some(Header::RetryAfter(retry_after_s.to_string().into())),
            _ => None,
        };
        self.turn_away(StatusCode::from(why.code()), header);
    }

    /// Sends a final response to the INVITE. The stack's own `reject` takes no header fields, so the response goes into the transaction first,
    /// and `reject` then only ends the dialog's state.
    pub(super) fn turn_away(&mut self, code: StatusCode, header: Option<Header>) {
        let Side::Inbound { replies, request } = &self.side else { return };
        let mut response = self.layer.endpoint.make_response(request, code.clone(), None);
        response.headers.extend(header.into_iter().collect());
        let sent = replies.send(TransactionEvent::Respond(response)).is_ok();
        if !sent || self.dialog.reject(Some(code), None).is_err() {
            tracing::debug!(leg = %self.id, "the INVITE's transaction was over already");
        }
    }

    fn hang_up(&mut self) {
        match (&self.side, self.phase) {
            (_, Phase::Closing { .. } | Phase::Over) => {}
            (Side::Inbound { .. }, Phase::Ringing) => {
                self.refuse(Reject::TemporarilyUnavailable);
                self.end(EndedBy::Local);
            }
            // RFC 3261 section 15: no BYE before the ACK.
            (Side::Inbound { .. }, Phase::Answered { until }) => {
                self.tell_end(EndedBy::Local);
                self.phase = Phase::Closing { until };
            }
            (Side::Outbound { .. }, Phase::Ringing | Phase::Answered { .. }) => {
                self.tell_end(EndedBy::Local);
                self.cancel();
            }
            (_, Phase::Confirmed) => {
                self.tell_end(EndedBy::Local);
                self.bye();
            }
        }
    }

    fn patient(&self) -> Instant {
        now() + self.patience
    }

    /// Nobody has taken the call for as long as it may ring.
    pub(super) fn nobody_answered(&mut self) {
        if self.is_outbound() {
            self.fail(408);
            self.cancel();
        } else {
            self.refuse(Reject::TemporarilyUnavailable);
            self.end(EndedBy::Timeout);
        }
    }

    /// The transaction is waited for no longer: an ACK or the response to a CANCEL never came (RFC 3261 sections 9.1 and 13.3.1.4), or the way of the 200
    /// is gone.
    pub(super) fn overdue(&mut self) {
        match self.phase {
            Phase::Answered { until } if now() >= until => {
                self.tell_end(EndedBy::NoAck);
                self.bye();
            }
            Phase::Closing { until } if now() >= until => match &mut self.side {
                Side::Inbound { .. } => self.bye(),
                Side::Outbound { invite, .. } => {
                    if let Some(task) = invite.take() {
                        task.abort();
                    }
                    self.close();
                }
            },
            _ => {}
        }
    }

    fn cancel(&mut self) {
        self.phase = Phase::Closing { until: self.patient() };
        let (dialog, id) = (self.dialog.clone(), self.id);
        tokio::spawn(async move {
            if let Err(error) = dialog.cancel().await {
                tracing::debug!(leg = %id, %error, "CANCEL failed");
            }
        });
    }
}
