//! Requests that the SIP stack hands up: new calls become legs, requests inside calls go to their dialog.

use crate::clock::{new_leg_id, now, random, secret};
use crate::config::{Limits, Reliability, Srtp, Trunk};
use crate::counters;
use crate::error::LegError;
use crate::event::Event;
use crate::invitation;
use crate::leg::{self, Answer, COMMANDS, Command, LOOK_AGAIN, Leg, Negotiation, OVERTAKEN, Peer, Side};
use crate::listener::advertised;
use crate::message::Fields;
use crate::message::reply::ALLOW;
use crate::message::stamp::{HEADER, Source, Stamp};
use crate::outlet::address_uri;
use crate::presence;
use crate::reliable::{self, Reliable};
use crate::sdp::{self, Key, Terms};
use crate::user_agent::Core;
use rsipstack::dialog::DialogId;
use rsipstack::dialog::dialog::{Dialog, DialogState};
use rsipstack::dialog::invite_dialog::InviteDialog;
use rsipstack::sip::prelude::HeadersExt;
use rsipstack::sip::{Header, Method, Request, Scheme, StatusCode, Uri};
use rsipstack::transaction::TransactionReceiver;
use rsipstack::transaction::key::TransactionRole;
use rsipstack::transaction::transaction::Transaction;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::mpsc;

/// Serves until the user agent stops. Tasks are bounded by the transactions that admission lets in.
pub(crate) async fn serve(core: Arc<Core>, mut incoming: TransactionReceiver) {
    while let Some(Some(transaction)) = core.stop.run_until_cancelled(incoming.recv()).await {
        let core = core.clone();
        tokio::spawn(async move { handle(&core, transaction).await });
    }
}

async fn handle(core: &Arc<Core>, mut transaction: Transaction) {
    let in_dialog = transaction.original.to_header().is_ok_and(|to| to.tag().is_ok_and(|tag| tag.is_some()));
    let known = match core.layer.match_dialog(&transaction) {
        None if in_dialog => just_begun(core, &transaction).await,
        known => known,
    };
    match known {
        Some(Dialog::Invite(dialog)) => inside(core, dialog, transaction).await,
        _ if transaction.original.method == Method::Invite && !in_dialog => new_call(core, transaction).await,
        _ if transaction.original.method == Method::Notify => notified(core, transaction).await,
        _ => match DialogId::try_from(&transaction).ok().and_then(|dialog| core.registry.leg_of(&dialog)) {
            Some(commands) => before_answer(core, commands, transaction).await,
            None => {
                reply(&mut transaction, StatusCode::CallTransactionDoesNotExist, vec![]).await;
                drain(core, transaction);
            }
        },
    }
}

/// How long a request may wait for its dialog.
const BEGINNING: Duration = Duration::from_millis(50);

/// The dialog of a request that is right behind the 2xx to an INVITE of ours, or our ACK: the stack knows it a moment later.
async fn just_begun(core: &Core, transaction: &Transaction) -> Option<Dialog> {
    let method = &transaction.original.method;
    let is_early = || DialogId::try_from(transaction).is_ok_and(|dialog| core.registry.leg_of(&dialog).is_some());
    // An UPDATE may come before the 2xx as well.
    if !core.registry.is_calling() || matches!(method, Method::Notify | Method::Ack) || *method == Method::Update && is_early() {
        return None;
    }
    let begun = async {
        let mut look = tokio::time::interval(LOOK_AGAIN);
        loop {
            look.tick().await;
            if let Some(dialog) = core.layer.match_dialog(transaction) {
                break dialog;
            }
        }
    };
    tokio::time::timeout(BEGINNING, begun).await.ok()
}

/// A NOTIFY of a subscription of ours, or of nobody's.
async fn notified(core: &Core, mut transaction: Transaction) {
    let stamp = transaction.original.header_value(HEADER).as_deref().and_then(Stamp::read);
    let fields = invitation::fields(&transaction.original);
    let answer = stamp.map(|stamp| core.presence.take(&fields, &transaction.original.body, stamp.source));
    let (code, headers) = match answer {
        Some(presence::Answer::Ok | presence::Answer::NoLocation) => (StatusCode::OK, vec![]),
        Some(presence::Answer::BadEvent) => (StatusCode::BadEvent, vec![Header::Other("Allow-Events".into(), "presence".into())]),
        Some(presence::Answer::OutOfOrder) => (StatusCode::ServerInternalError, vec![]),
        Some(presence::Answer::TooFast) => {
            (StatusCode::ServiceUnavailable, vec![Header::RetryAfter(core.limits.retry_after_s.to_string().into())])
        }
        Some(presence::Answer::Unknown) | None => (StatusCode::CallTransactionDoesNotExist, vec![]),
    };
    reply(&mut transaction, code, headers).await;
    drain(core, transaction);
}

async fn new_call(core: &Arc<Core>, mut transaction: Transaction) {
    let stamp = transaction.original.header_value(HEADER).as_deref().and_then(Stamp::read);
    let trunk = stamp.as_ref().and_then(|stamp| match &stamp.phone {
        Some(_) => Some(&core.ingress.phones.line),
        None => core.ingress.trunks.of(stamp.source.peer.ip()),
    });
    let trunk = trunk.map(|line| &line.config);
    let fields = invitation::fields(&transaction.original);
    let key = invitation::key(&fields);
    // What has no stamp did not come through admission.
    let (Some(stamp), Some(trunk), Some(key)) = (stamp, trunk, key) else {
        reply(&mut transaction, StatusCode::Forbidden, vec![]).await;
        return drain(core, transaction);
    };
    let Ok(terms) = terms(trunk.srtp, &core.limits) else {
        core.registry.forget(&key);
        reply(&mut transaction, StatusCode::ServerInternalError, vec![]).await;
        return drain(core, transaction);
    };
    let id = new_leg_id();
    let (commands, mut queue) = mpsc::channel(COMMANDS);
    let Some((mut slot, permit)) = core.registry.begin(key, id, commands.clone()) else {
        reply(&mut transaction, StatusCode::ServerInternalError, vec![]).await;
        return drain(core, transaction);
    };
    if let Err(error) = transaction.send_trying().await {
        tracing::debug!(leg = %id, %error, "100 failed");
    }
    let (states_in, states) = core.layer.new_dialog_state_channel();
    let credential = trunk.account.as_ref().map(crate::outbound::credential);
    let dialog =
        match core.layer.get_or_create_server_invite(&transaction, states_in, credential, Some(contact(core, &stamp, trunk))) {
            Ok(dialog) => dialog,
            Err(error) => {
                tracing::debug!(leg = %id, %error, "no dialog for an INVITE");
                drop(slot);
                reply(&mut transaction, StatusCode::ServerInternalError, vec![]).await;
                return drain(core, transaction);
            }
        };
    tag(&mut transaction, &dialog);
    slot.is_dialog(dialog.id(), &trunk.name);
    let peer = if stamp.phone.is_some() { Peer::Phone } else { Peer::Carrier };
    let mut reliable = reliable(core, trunk.reliability, &fields, &transaction.original, &terms);
    let rung = match reliable.as_mut().filter(|reliable| reliable.covers(false)) {
        // None yet where the first is to carry our offer: the owner has still to say where we are heard.
        Some(reliable) => reliable.send(None, now()).map_or(Ok(()), |first| leg::show(&dialog, peer, first)),
        None => leg::stack(dialog.ringing(Some(vec![Header::Allow(peer.allow().into())]), None)),
    };
    if let Err(error) = rung {
        tracing::debug!(leg = %id, %error, "180 failed");
    }
    counters::invited(&trunk.name);
    let (mut invitation, offer) = invitation::read(id, trunk.name.clone(), &stamp, &transaction.original, &terms);
    invitation.identity.number = invitation.identity.number.map(|number| trunk.read_number(number));
    permit.send(match stamp.phone {
        Some(phone) => Event::PhoneInvited { leg: id, phone, dialled: invitation.dialled, audio: invitation.audio },
        None => Event::Invited(Box::new(invitation)),
    });
    let leg = Leg {
        id,
        peer,
        dialog: dialog.clone(),
        layer: core.layer.clone(),
        side: Side::Inbound { replies: transaction.tu_sender.clone(), request: Box::new(transaction.original.clone()) },
        talk: Negotiation::inbound(offer, terms).across(stamp.source.peer.ip()).seen_at(trunk.public_address),
        reliable,
        events: core.events.clone(),
        slot,
        heard_ringing: false,
    };
    let limits = core.limits.clone();
    tokio::spawn(async move { leg.run(&mut queue, states, &limits, None).await });
    let result = dialog.clone().handle(&mut transaction).await;
    let open = !matches!(dialog.state(), DialogState::Confirmed(..) | DialogState::Terminated(..));
    if let Err(error) = result {
        tracing::debug!(leg = %id, %error, "an INVITE's transaction failed");
    }
    if open && commands.send(Command::Broken).await.is_err() {
        tracing::debug!(leg = %id, "the leg was over already");
    }
    drain(core, transaction);
}

/// The reliable provisional responses of a new call, if there are to be any.
fn reliable(core: &Core, trunk: Reliability, fields: &Fields, invite: &Request, terms: &Terms) -> Option<Reliable> {
    let has_offer = || sdp::offer_in(fields, &invite.body, terms).is_ok_and(|offer| offer.is_some());
    let scope = reliable::scope(fields, trunk, has_offer)?;
    let number = invite.cseq_header().and_then(|cseq| cseq.seq()).ok()?;
    Some(Reliable::new(scope, number, (random() >> 1).max(1), core.limits.t1))
}

/// The trunk's terms with a key of ours for one call.
pub(crate) fn terms(srtp: Srtp, limits: &Limits) -> Result<Terms, LegError> {
    let terms = Terms::without_key(srtp, limits.families);
    match srtp {
        Srtp::Off => Ok(terms),
        Srtp::Offered | Srtp::Required => {
            secret().map(|own| Terms { own: Key(own), ..terms }).map_err(|_| LegError::NoRandomness)
        }
    }
}

/// Gives the transaction the dialog's To tag: the stack would answer a CANCEL with another one, or, while only 100 was sent, with the To field
/// of that, which has none (RFC 3261 section 9.2).
fn tag(transaction: &mut Transaction, dialog: &InviteDialog) {
    let local = dialog.id().local_tag;
    let trying = transaction.last_response.as_mut().and_then(|trying| trying.to_header_mut().ok());
    for to in trying.into_iter().chain(transaction.original.to_header_mut().ok()) {
        let tagged = format!("{};tag={local}", to.value());
        to.replace(tagged);
    }
}

/// Our Contact, as the peer reaches it: where it reached us, or where we listen, if the call came by a connection that we opened, from a port that
/// ends with it. Who called securely, hop by hop, is called back so (RFC 3261 section 12.1.1).
fn contact(core: &Core, stamp: &Stamp, trunk: &Trunk) -> Uri {
    let Source { transport, local, peer } = stamp.source;
    let locals = &core.outlet.locals;
    let listened = || locals.has(transport).then(|| locals.facing(transport, peer)).flatten();
    let local = if locals.is_one(transport, local.port()) { advertised(local, peer) } else { listened().unwrap_or(local) };
    let mut uri = address_uri(trunk.seen(local), transport);
    if stamp.uri.get(..5).is_some_and(|scheme| scheme.eq_ignore_ascii_case("sips:")) {
        uri.scheme = Some(Scheme::Sips);
    }
    uri
}

/// Some carriers send a re-INVITE right behind the ACK: without this a far end that did everything right would be told to come again in some
/// seconds.
async fn acknowledged(dialog: &InviteDialog, method: &Method) {
    if !matches!(method, Method::Invite | Method::Update) || !dialog.state().waiting_ack() {
        return;
    }
    let ack = async {
        let mut look = tokio::time::interval(LOOK_AGAIN);
        while dialog.state().waiting_ack() {
            look.tick().await;
        }
    };
    if tokio::time::timeout(OVERTAKEN, ack).await.is_err() {
        tracing::debug!("a request inside a call came before the ACK, which is still missing");
    }
}

/// A request inside a dialog. What the stack would pass over in silence is answered here.
async fn inside(core: &Core, dialog: InviteDialog, mut transaction: Transaction) {
    acknowledged(&dialog, &transaction.original.method).await;
    let number = transaction.original.cseq_header().and_then(|cseq| cseq.seq()).unwrap_or_default();
    let again = || vec![Header::RetryAfter("3".into())];
    let state = dialog.state();
    let confirmed = state.is_confirmed();
    // The dialog stays until our BYE is answered; its leg does not.
    let over = state.is_terminated() || core.registry.leg_of(&dialog.id()).is_some_and(|commands| commands.is_closed());
    let server = dialog.role() == TransactionRole::Server;
    let verdict = match transaction.original.method {
        // RFC 3261 section 12.2.2
        _ if number < dialog.snapshot().remote_cseq => Some((StatusCode::ServerInternalError, vec![])),
        // It crossed our BYE: to come again would be of no use (RFC 5407 section 3.1.3). A BYE is answered all the same.
        ref method if over && !matches!(method, Method::Ack | Method::Bye) => {
            Some((StatusCode::CallTransactionDoesNotExist, vec![]))
        }
        Method::PRack if server => return ask_leg(core, core.registry.leg_of(&dialog.id()), transaction).await,
        Method::Update if server && !confirmed => return ask_leg(core, core.registry.leg_of(&dialog.id()), transaction).await,
        Method::Bye if confirmed || server => None,
        _ if confirmed => None,
        // RFC 3311 section 5.2 and RFC 3261 section 14.2: the first offer is not answered or not acknowledged yet.
        Method::Invite => Some((StatusCode::ServerInternalError, again())),
        Method::Update if !transaction.original.body.is_empty() => Some((StatusCode::ServerInternalError, again())),
        Method::Info | Method::Options if server => Some((StatusCode::OK, vec![Header::Allow(ALLOW.into())])),
        _ => Some((StatusCode::CallTransactionDoesNotExist, vec![])),
    };
    match verdict {
        Some((code, headers)) => reply(&mut transaction, code, headers).await,
        None => {
            if let Err(error) = dialog.clone().handle(&mut transaction).await {
                tracing::debug!(method = %transaction.original.method, %error, "a request inside a call failed");
            }
        }
    }
    drain(core, transaction);
}

/// A request inside an early dialog of a call of ours, which the stack does not know before the call is answered.
async fn before_answer(core: &Core, commands: mpsc::Sender<Command>, mut transaction: Transaction) {
    let (code, headers) = match transaction.original.method {
        Method::Update => return ask_leg(core, Some(commands), transaction).await,
        // RFC 3261 section 14.2: our own INVITE is not answered.
        Method::Invite => (StatusCode::RequestPending, vec![]),
        Method::Info | Method::Options => (StatusCode::OK, vec![Header::Allow(ALLOW.into())]),
        _ => (StatusCode::CallTransactionDoesNotExist, vec![]),
    };
    reply(&mut transaction, code, headers).await;
    drain(core, transaction);
}

/// A request that the leg answers itself: the stack would confirm any PRACK, and drop an UPDATE before the ACK.
async fn ask_leg(core: &Core, commands: Option<mpsc::Sender<Command>>, mut transaction: Transaction) {
    let answer = match &commands {
        Some(commands) => leg::ask(commands, |answer| Command::Asked(Box::new(transaction.original.clone()), answer)).await,
        None => None,
    };
    let answer = answer.unwrap_or_else(|| Answer::plain(StatusCode::CallTransactionDoesNotExist));
    if let Err(error) = transaction.reply_with(answer.code, answer.headers, answer.body).await {
        tracing::debug!(%error, "a reply failed");
    }
    if transaction.original.method == Method::PRack
        && let Some(commands) = commands
        && commands.send(Command::Proceed).await.is_err()
    {
        tracing::debug!("a leg ended with its PRACK");
    }
    drain(core, transaction);
}

async fn reply(transaction: &mut Transaction, code: StatusCode, headers: Vec<Header>) {
    if let Err(error) = transaction.reply_with(code, headers, None).await {
        tracing::debug!(%error, "a reply failed");
    }
}

/// Lets a transaction end by its own timers: retransmissions of the final response, the ACK for it. In a task of its own, since that of the
/// request is several times as large, and this takes up to 64 T1. One whose response could not be sent has no timer: it is let go after twice
/// as long.
fn drain(core: &Core, mut transaction: Transaction) {
    let limit = core.limits.t1 * 128;
    tokio::spawn(async move {
        let ended = tokio::time::timeout(limit, async { while transaction.receive().await.is_some() {} });
        if ended.await.is_err() {
            counters::let_go();
        }
    });
}
