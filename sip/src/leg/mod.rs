//! One task for each call: it alone drives the call's dialog, and it tells the owner of the call in order.
//!
//! Commands are never held up by a full event channel: events wait in the leg's own short outbox meanwhile.

mod digit;
mod negotiation;
mod requests;

pub(crate) use negotiation::Negotiation;

use crate::config::Limits;
use crate::counters;
use crate::error::LegError;
use crate::event::{EndedBy, Event, LegId, Reject};
use crate::message::reply::ALLOW;
use crate::registry::Slot;
use crate::sdp::LocalAudio;
use rsipstack::dialog::dialog::{DialogState, DialogStateReceiver, TerminatedReason};
use rsipstack::dialog::dialog_layer::DialogLayer;
use rsipstack::dialog::invitation::InviteAsyncResult;
use rsipstack::dialog::invite_dialog::InviteDialog;
use rsipstack::sip::prelude::HeadersExt;
use rsipstack::sip::{Header, Request, Response, StatusCode};
use rsipstack::transaction::transaction::{TransactionEvent, TransactionEventSender};
use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::{mpsc, oneshot};
use tokio::task::JoinHandle;

/// Commands that wait for a leg at once.
pub(crate) const COMMANDS: usize = 16;
/// Events that wait for the owner, for one leg; past it the leg takes no more from its dialog until some are gone.
const OUTBOX: usize = 32;
/// A ringing call is confirmed to the proxies on its way this often (RFC 3261 section 13.3.1.1).
const RING_AGAIN: Duration = Duration::from_secs(60);
/// A BYE's transaction ends by itself after 64 T1; this only bounds what should not happen.
const BYE_PATIENCE: Duration = Duration::from_secs(60);

pub(crate) type Done = oneshot::Sender<Result<(), LegError>>;

pub(crate) enum Command {
    Progress(LocalAudio, Done),
    Answer(LocalAudio, Done),
    Reject(Reject),
    HangUp,
    /// The INVITE's transaction ended without an end of the call.
    Broken,
}

pub(crate) enum Side {
    /// `replies` leads into the INVITE's transaction; `request` is the INVITE with our To tag.
    Inbound {
        replies: TransactionEventSender,
        request: Box<Request>,
    },
    Outbound {
        invite: JoinHandle<InviteAsyncResult>,
    },
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Phase {
    /// Until our 200, or the other side's.
    Ringing,
    /// Our 200 is sent, its ACK is not here yet.
    Answered,
    Confirmed,
    /// The owner heard the end; the INVITE's transaction is still to end before the dialog can.
    Closing,
    Over,
}

pub(crate) struct Leg {
    pub id: LegId,
    pub dialog: InviteDialog,
    pub layer: Arc<DialogLayer>,
    pub side: Side,
    pub talk: Negotiation,
    pub events: mpsc::Sender<Event>,
    pub slot: Slot,
}

/// A leg at work.
struct Running {
    id: LegId,
    dialog: InviteDialog,
    layer: Arc<DialogLayer>,
    side: Side,
    talk: Negotiation,
    phase: Phase,
    heard_ringing: bool,
    /// CSeq of the INVITE whose ACK may carry an answer.
    awaited_ack: Option<u32>,
    outbox: VecDeque<Event>,
    slot: Option<Slot>,
}

impl Leg {
    /// Drives the call to its end.
    pub(crate) async fn run(self, mut commands: mpsc::Receiver<Command>, mut states: DialogStateReceiver, limits: Limits) {
        let Leg { id, dialog, layer, side, talk, events, slot } = self;
        let awaited_ack = match &side {
            Side::Inbound { request, .. } => request.cseq_header().and_then(|cseq| cseq.seq()).ok(),
            Side::Outbound { .. } => None,
        };
        let outbox = VecDeque::new();
        let slot = Some(slot);
        let mut leg =
            Running { id, dialog, layer, side, talk, phase: Phase::Ringing, heard_ringing: false, awaited_ack, outbox, slot };
        let mut unanswered = std::pin::pin!(tokio::time::sleep(limits.max_ring));
        let mut ring_again = tokio::time::interval(RING_AGAIN);
        ring_again.reset();
        while leg.phase != Phase::Over || !leg.outbox.is_empty() {
            let inbound = matches!(leg.side, Side::Inbound { .. });
            let may_listen = leg.phase != Phase::Over && leg.outbox.len() < OUTBOX;
            tokio::select! {
                biased;
                permit = events.reserve(), if !leg.outbox.is_empty() => match permit {
                    Ok(permit) => {
                        if let Some(event) = leg.outbox.pop_front() {
                            permit.send(event);
                        }
                    }
                    // Nobody listens any more; the call itself goes on until its end.
                    Err(_) => leg.outbox.clear(),
                },
                Some(command) = commands.recv() => leg.command(command),
                state = states.recv(), if may_listen => match state {
                    Some(state) => leg.state(state).await,
                    None => leg.broken(),
                },
                () = leg.invite_over(), if may_listen => leg.broken(),
                () = &mut unanswered, if inbound && leg.phase == Phase::Ringing => {
                    leg.refuse(Reject::TemporarilyUnavailable);
                    leg.end(EndedBy::Timeout);
                }
                _ = ring_again.tick(), if inbound && leg.phase == Phase::Ringing => {
                    if let Err(error) = leg.dialog.ringing(None, None) {
                        tracing::debug!(leg = %leg.id, %error, "180 again failed");
                    }
                }
            }
            if !leg.outbox.is_empty() && events.capacity() == 0 {
                counters::events_full();
            }
        }
    }
}

impl Running {
    fn command(&mut self, command: Command) {
        match command {
            Command::Progress(local, done) => {
                let result = self.progress(local);
                // The asker may have gone; the command is carried out all the same.
                let _ = done.send(result);
            }
            Command::Answer(local, done) => {
                let result = self.answer(local);
                let _ = done.send(result);
            }
            Command::Reject(why) => match (&self.side, self.phase) {
                (Side::Inbound { .. }, Phase::Ringing) => {
                    self.refuse(why);
                    self.end(EndedBy::Local);
                }
                _ => self.hang_up(),
            },
            Command::HangUp => self.hang_up(),
            Command::Broken => self.broken(),
        }
    }

    /// Whether an inbound call still waits for its answer.
    fn unanswered(&self) -> Result<(), LegError> {
        match (&self.side, self.phase) {
            (Side::Inbound { .. }, Phase::Ringing) => Ok(()),
            (_, Phase::Closing | Phase::Over) => Err(LegError::Gone),
            _ => Err(LegError::WrongState),
        }
    }

    fn progress(&mut self, local: LocalAudio) -> Result<(), LegError> {
        self.unanswered()?;
        if !self.talk.has_offer() {
            return Err(LegError::NoOffer);
        }
        let body = self.talk.describe(local);
        self.dialog.ringing(Some(described()), Some(body.into_bytes())).map_err(|error| LegError::Stack(error.to_string()))
    }

    fn answer(&mut self, local: LocalAudio) -> Result<(), LegError> {
        self.unanswered()?;
        let body = self.talk.describe(local);
        self.dialog.accept(Some(described()), Some(body.into_bytes())).map_err(|error| LegError::Stack(error.to_string()))?;
        self.phase = Phase::Answered;
        Ok(())
    }

    /// Sends a final response to the INVITE. The stack's own `reject` takes no header fields, so the response goes into the transaction first,
    /// and `reject` then only ends the dialog's state.
    fn refuse(&mut self, why: Reject) {
        let Side::Inbound { replies, request } = &self.side else { return };
        let code = StatusCode::from(why.code());
        let mut response = self.layer.endpoint.make_response(request, code.clone(), None);
        if let Reject::Unavailable { retry_after_s } = why {
            response.headers.push(Header::RetryAfter(retry_after_s.to_string().into()));
        }
        let sent = replies.send(TransactionEvent::Respond(response)).is_ok();
        if !sent || self.dialog.reject(Some(code), None).is_err() {
            tracing::debug!(leg = %self.id, "the INVITE's transaction was over already");
        }
    }

    fn hang_up(&mut self) {
        match (&self.side, self.phase) {
            (_, Phase::Closing | Phase::Over) => {}
            (Side::Inbound { .. }, Phase::Ringing) => {
                self.refuse(Reject::TemporarilyUnavailable);
                self.end(EndedBy::Local);
            }
            // RFC 3261 section 15: no BYE before the ACK.
            (Side::Inbound { .. }, Phase::Answered) => {
                self.tell_end(EndedBy::Local);
                self.phase = Phase::Closing;
            }
            (Side::Outbound { .. }, Phase::Ringing | Phase::Answered) => {
                self.tell_end(EndedBy::Local);
                self.cancel();
            }
            (_, Phase::Confirmed) => {
                self.tell_end(EndedBy::Local);
                self.bye();
            }
        }
    }

    fn cancel(&mut self) {
        self.phase = Phase::Closing;
        let (dialog, id) = (self.dialog.clone(), self.id);
        tokio::spawn(async move {
            if let Err(error) = dialog.cancel().await {
                tracing::debug!(leg = %id, %error, "CANCEL failed");
            }
        });
    }

    async fn state(&mut self, state: DialogState) {
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
                let fields = crate::message::Fields(
                    response.headers.iter().map(|h| (h.name().to_owned(), h.value().trim().to_owned())).collect(),
                );
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
    fn acknowledged(&mut self) -> Option<crate::sdp::RemoteAudio> {
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
    async fn invite_over(&mut self) {
        match &mut self.side {
            Side::Outbound { invite } if self.phase != Phase::Confirmed && !invite.is_finished() => {
                let _ = invite.await;
            }
            Side::Outbound { .. } if self.phase != Phase::Confirmed => {}
            _ => std::future::pending().await,
        }
    }

    /// The dialog ended below us without a word.
    fn broken(&mut self) {
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

    fn fail(&mut self, code: u16) {
        counters::ended(EndedBy::Local);
        self.outbox.push_back(Event::OutboundFailed { leg: self.id, code });
    }

    fn tell_end(&mut self, by: EndedBy) {
        counters::ended(by);
        self.outbox.push_back(Event::Ended { leg: self.id, by });
    }

    fn end(&mut self, by: EndedBy) {
        self.tell_end(by);
        self.close();
    }

    /// Forgets the dialog; the call's place is free again.
    fn close(&mut self) {
        self.phase = Phase::Over;
        self.layer.remove_dialog(&self.dialog.id());
        self.slot = None;
    }

    /// Sends BYE, and forgets the dialog when that is answered or given up.
    fn bye(&mut self) {
        self.phase = Phase::Over;
        let (dialog, layer, slot, id) = (self.dialog.clone(), self.layer.clone(), self.slot.take(), self.id);
        tokio::spawn(async move {
            match tokio::time::timeout(BYE_PATIENCE, dialog.bye()).await {
                Ok(Ok(())) => {}
                Ok(Err(error)) => tracing::debug!(leg = %id, %error, "BYE failed"),
                Err(_) => tracing::debug!(leg = %id, "BYE got no answer"),
            }
            layer.remove_dialog(&dialog.id());
            drop(slot);
        });
    }
}

/// Header fields of a response with a description.
fn described() -> Vec<Header> {
    vec![Header::ContentType("application/sdp".into()), Header::Allow(ALLOW.into())]
}
