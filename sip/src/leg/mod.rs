//! One task for each call: it alone drives the call's dialog, and it tells the owner of the call in order.
//!
//! Commands are never held up by a full event channel: events wait in the leg's own short outbox meanwhile.

mod ask;
mod branches;
mod commands;
mod digit;
mod early;
mod ending;
mod late_text;
mod negotiation;
mod provisional;
mod refer;
mod refresh;
mod requests;
mod states;

pub(crate) use ask::ask;
#[cfg(feature = "fuzzing")]
pub(crate) use digit::digit;
pub(crate) use negotiation::Negotiation;
pub(crate) use provisional::{show, stack};
#[cfg(feature = "fuzzing")]
pub(crate) use refer::referral;
pub(crate) use refresh::response_fields;
pub(crate) use requests::{Answer, LOOK_AGAIN, OVERTAKEN};

use crate::config::{Limits, TrunkName};
use crate::counters;
use crate::error::LegError;
use crate::event::{Event, LegId, Reject};
use crate::invitation::fields;
use crate::message::Fields;
use crate::message::reply::{ALLOW, ALLOW_TO_PHONES};
use crate::prack::Acknowledged;
use crate::registry::Slot;
use crate::reliable::Reliable;
use crate::sdp::{LocalMedia, LocalText};
use crate::session_timer::{Said, SessionTimer};
use refer::Referring;
use refresh::{Refresh, Told};
use rsipstack::dialog::dialog::DialogStateReceiver;
use rsipstack::dialog::dialog_layer::DialogLayer;
use rsipstack::dialog::invitation::InviteAsyncResult;
use rsipstack::dialog::invite_dialog::InviteDialog;
use rsipstack::sip::prelude::HeadersExt;
use rsipstack::sip::{Header, Request};
use rsipstack::transaction::transaction::TransactionEventSender;
use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::{mpsc, oneshot};
use tokio::task::JoinHandle;
use tokio::time::Instant;

/// Commands that wait for a leg at once.
pub(crate) const COMMANDS: usize = 16;
/// Events that wait for the owner, for one leg; past it the leg takes no more from its dialog until some are gone.
const OUTBOX: usize = 32;

pub(crate) type Done = oneshot::Sender<Result<(), LegError>>;

pub(crate) enum Command {
    // A leg's channel has room for a whole block of commands from the start; what is large is apart.
    Progress(Box<LocalMedia>, Done),
    Answer(Box<LocalMedia>, Done),
    /// Where text goes that was offered late; `None`: nowhere.
    PlaceText(Option<LocalText>),
    Reject(Reject),
    HangUp,
    /// The INVITE's transaction ended without an end of the call.
    Broken,
    /// What became of a phone's REFER.
    ReferOver(Result<(), Reject>),
    /// A request inside the call that the leg answers itself.
    Asked(Box<Request>, oneshot::Sender<Answer>),
    /// The reply to a PRACK is out.
    Proceed,
    /// Whether the far end still has the call.
    Probe,
}

/// Who is at the other end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Peer {
    Carrier,
    /// An operator's desk phone.
    Phone,
}

impl Peer {
    /// What it may ask for.
    pub(crate) fn allow(self) -> &'static str {
        match self {
            Peer::Carrier => ALLOW,
            Peer::Phone => ALLOW_TO_PHONES,
        }
    }
}

pub(crate) enum Side {
    /// `replies` leads into the INVITE's transaction; `request` is the INVITE with our To tag.
    Inbound { replies: TransactionEventSender, request: Box<Request> },
    /// By this trunk. `None`: the INVITE's task has ended.
    Outbound { invite: Option<JoinHandle<InviteAsyncResult>>, trunk: TrunkName },
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Phase {
    /// Until our 200, or the other side's.
    Ringing,
    /// Our 200 is sent, its ACK is not here yet. The stack gives up first, unless it lost the transaction.
    Answered {
        until: Instant,
    },
    Confirmed,
    /// The owner heard the end; the INVITE's transaction is still to end before the dialog can, and is not waited for any longer then.
    Closing {
        until: Instant,
    },
    Over,
}

/// What was heard of a call of ours.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Heard {
    Nothing,
    /// 100: the next hop has it, and maybe nobody behind that.
    Trying,
    /// 101 to 199.
    Progress,
}

pub(crate) struct Leg {
    pub id: LegId,
    pub peer: Peer,
    pub dialog: InviteDialog,
    pub layer: Arc<DialogLayer>,
    pub side: Side,
    pub talk: Negotiation,
    pub reliable: Option<Reliable>,
    pub events: mpsc::Sender<Event>,
    pub slot: Slot,
    /// The owner was told already that it rings, by an attempt before this one.
    pub heard_ringing: bool,
}

/// How a leg's task ended.
pub(crate) enum Outcome {
    /// The owner heard the end.
    Over,
    /// A call of ours was not answered, and the owner has not heard of it: it may go by another way.
    Refused(Box<Refused>),
}

pub(crate) struct Refused {
    pub code: u16,
    /// Of the response; none when there was no response.
    pub fields: Fields,
    pub slot: Slot,
    /// The owner knows that it rings.
    pub heard_ringing: bool,
    /// The owner may be listening to what was heard before the refusal.
    pub heard_early: bool,
    /// It rang at whoever was called.
    pub rang: bool,
}

/// A leg at work.
struct Running {
    id: LegId,
    peer: Peer,
    dialog: InviteDialog,
    layer: Arc<DialogLayer>,
    side: Side,
    talk: Negotiation,
    phase: Phase,
    heard_ringing: bool,
    heard_early: bool,
    heard: Heard,
    /// Of a call of ours: it rang (180) by this way.
    rang: bool,
    /// How long the end of an INVITE's transaction is waited for: the other side's 64 T1 and a little.
    patience: Duration,
    /// The call of ours was refused with this code; until then the response itself is waited for.
    refused: Option<(u16, Instant)>,
    /// What became of the refusal, for whoever tries the next way.
    refusal: Option<(u16, Fields)>,
    /// CSeq of the INVITE whose ACK may carry an answer.
    awaited_ack: Option<u32>,
    reliable: Option<Reliable>,
    /// Of a call of ours.
    acknowledged: Acknowledged,
    /// The owner answered while a description waits for its PRACK.
    waiting_answer: Option<LocalMedia>,
    /// An offer of text that waits for a place.
    waiting_text: Option<late_text::Waiting>,
    /// What the INVITE says about the session's time.
    session: Said,
    timer: SessionTimer,
    /// The other side takes UPDATE.
    peer_updates: bool,
    refresh: Option<Refresh>,
    /// When the far end last left the question unanswered whether it has the call.
    unanswered: Option<Instant>,
    referring: Option<Referring>,
    outbox: VecDeque<Event>,
    slot: Option<Slot>,
}

impl Leg {
    /// Drives the call to its end. `silence`: a call of ours that hears nothing until then is refused with 408, and so is one that hears nothing but
    /// 100 until four times as long.
    pub(crate) async fn run(
        self,
        commands: &mut mpsc::Receiver<Command>,
        mut states: DialogStateReceiver,
        limits: &Limits,
        silence: Option<Instant>,
    ) -> Outcome {
        let Leg { id, peer, dialog, layer, side, talk, reliable, events, slot, heard_ringing } = self;
        let is_inbound = matches!(side, Side::Inbound { .. });
        let (awaited_ack, invite) = match &side {
            Side::Inbound { request, .. } => (request.cseq_header().and_then(|cseq| cseq.seq()).ok(), fields(request)),
            Side::Outbound { .. } => (None, Fields::default()),
        };
        let mut leg = Running {
            id,
            peer,
            dialog,
            layer,
            side,
            talk,
            phase: Phase::Ringing,
            heard_ringing,
            heard_early: false,
            heard: Heard::Nothing,
            rang: false,
            patience: limits.t1 * 64 + Duration::from_secs(1),
            refused: None,
            refusal: None,
            awaited_ack,
            reliable,
            acknowledged: Acknowledged::default(),
            waiting_answer: None,
            waiting_text: None,
            session: Said::read(&invite),
            timer: SessionTimer::new(limits.min_session_s),
            peer_updates: invite.lists("Allow", "UPDATE"),
            refresh: None,
            unanswered: None,
            referring: None,
            outbox: VecDeque::new(),
            slot: Some(slot),
        };
        let mut unanswered = std::pin::pin!(tokio::time::sleep(if is_inbound { limits.max_ring } else { limits.max_calling }));
        // A phone's base may look for its handset for longer; behind it there is nobody else.
        let stalled = silence.filter(|_| peer == Peer::Carrier).map(|until| until + limits.silence * 3);
        let mut ring_again = tokio::time::interval(limits.ring_again);
        ring_again.reset();
        while leg.phase != Phase::Over || !leg.outbox.is_empty() {
            if leg.outbox.is_empty()
                && let Some((code, fields)) = leg.refusal.take()
            {
                if leg.phase == Phase::Ringing {
                    return leg.give_back(code, fields);
                }
                // The owner gave it up meanwhile.
                leg.close();
                continue;
            }
            let deadline = leg.deadline();
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
                told = leg.background(), if may_listen => match told {
                    Told::InviteOver(response) => leg.invite_ended(response),
                    Told::Refreshed(response) => leg.refreshed(response),
                },
                () = &mut unanswered, if leg.phase == Phase::Ringing => leg.nobody_answered(),
                _ = ring_again.tick(), if is_inbound && leg.phase == Phase::Ringing => {
                    leg.ring_again();
                }
                () = until(silence), if leg.heard == Heard::Nothing && leg.phase == Phase::Ringing && !is_inbound => leg.silent(),
                () = until(stalled), if leg.heard == Heard::Trying && leg.phase == Phase::Ringing && !is_inbound => leg.stalled(),
                () = until(deadline) => {
                    leg.repeat();
                    leg.keep_alive();
                    leg.response_overdue();
                    leg.answer_waiting().await;
                    leg.overdue();
                }
            }
            leg.tell_text();
            if !leg.outbox.is_empty() && events.capacity() == 0 {
                counters::events_full();
            }
        }
        Outcome::Over
    }
}

impl Running {
    /// When the leg has something to do by itself.
    fn deadline(&self) -> Option<Instant> {
        let overdue = match self.phase {
            Phase::Closing { until } => return Some(until),
            Phase::Over => return None,
            Phase::Answered { until } => Some(until),
            Phase::Ringing | Phase::Confirmed => None,
        };
        let repeat = self.reliable.as_ref().and_then(Reliable::deadline);
        let response = self.refused.map(|(_, until)| until);
        let text = self.waiting_text.as_ref().map(|waiting| waiting.until);
        repeat.into_iter().chain(self.timer.deadline()).chain(response).chain(text).chain(overdue).min()
    }

    fn is_outbound(&self) -> bool {
        matches!(self.side, Side::Outbound { .. })
    }

    /// Text is told after the event of the message that changed it; of a leg that is over nothing more is told, and of a call of ours nothing
    /// before its answer.
    fn tell_text(&mut self) {
        if self.is_outbound() && self.phase == Phase::Ringing {
            return;
        }
        if let Some(text) = self.talk.text_changed()
            && !matches!(self.phase, Phase::Closing { .. } | Phase::Over)
        {
            self.outbox.push_back(Event::TextChanged { leg: self.id, text });
        }
    }
}

async fn until(deadline: Option<Instant>) {
    match deadline {
        Some(deadline) => tokio::time::sleep_until(deadline).await,
        None => std::future::pending().await,
    }
}

/// Header fields of a message with a description.
fn described(peer: Peer) -> Vec<Header> {
    vec![Header::ContentType("application/sdp".into()), Header::Allow(peer.allow().into())]
}
