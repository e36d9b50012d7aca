//! Drives what is done for a trunk all the time: OPTIONS to its proxy, registration at its registrars, and news to the owner.

use super::names::keep_known;
use super::registration::{Ask, Registration, Told};
use super::watch::{Sign, Watch};
use super::{Line, TrunkState};
use crate::asking::{Asking, answer, until};
use crate::clock::{nonce, now, random};
use crate::config::{Account, Limits, Target, Transport};
use crate::counters;
use crate::event::Event;
use crate::leg::response_fields;
use crate::message::Fields;
use crate::message::reply::{ACCEPT, ALLOW};
use crate::outlet::{Outlet, Reached, address_uri, carrier_uri, target_uri, with_user};
use rsipstack::sip::headers::CallId;
use rsipstack::sip::typed::{From, To};
use rsipstack::sip::{Header, HostWithPort, Method, Request, Uri};
use rsipstack::transaction::make_tag;
use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

/// What keepers share.
#[derive(Clone)]
pub(crate) struct Keeping {
    pub outlet: Outlet,
    pub events: mpsc::Sender<Event>,
    pub limits: Limits,
    pub product: Arc<str>,
    /// Registrations are taken back.
    pub leave: CancellationToken,
    pub stop: CancellationToken,
}

/// Begins to keep a trunk, if there is anything to do. Each registration drops its `registrations` when it is over; nothing is sent.
pub(crate) fn keep(line: &Arc<Line>, keeping: &Keeping, registrations: &mpsc::Sender<Infallible>) {
    let (named, known) = (line.clone(), keeping.clone());
    tokio::spawn(async move { known.stop.clone().run_until_cancelled(keep_known(&named, &known.outlet)).await });
    let watched = line.config.proxy.clone().zip(line.config.options);
    let registrars = if line.config.account.is_some() { line.config.registrars.as_slice() } else { &[] };
    if watched.is_none() && registrars.is_empty() {
        return;
    }
    counters::trunk_up(&line.config.name, false);
    let (teller, stop, events) = (line.clone(), keeping.stop.clone(), keeping.events.clone());
    tokio::spawn(async move { stop.run_until_cancelled(teller.status.tell(&teller.config.name, &events)).await });
    if let Some((proxy, every)) = watched {
        let (line, keeping) = (line.clone(), keeping.clone());
        tokio::spawn(async move { keeping.stop.clone().run_until_cancelled(watch(&line, &keeping, proxy, every)).await });
    }
    for (index, registrar) in registrars.iter().enumerate() {
        let (line, keeping, registrar) = (line.clone(), keeping.clone(), registrar.clone());
        let under_way = registrations.clone();
        tokio::spawn(async move {
            keeping.stop.clone().run_until_cancelled(register(&line, &keeping, index, &registrar)).await;
            drop(under_way);
        });
    }
}

async fn watch(line: &Arc<Line>, keeping: &Keeping, proxy: Target, every: Duration) {
    let mut watch = Watch::new(every, now());
    let mut asking: Asking<Sign> = None;
    let patience = Watch::patience(every, &keeping.limits);
    loop {
        let sign = tokio::select! {
            () = until(watch.deadline()) => {
                if watch.poll(now()) {
                    let (line, keeping, proxy) = (line.clone(), keeping.clone(), proxy.clone());
                    asking = Some(Box::pin(async move { options(&line, &keeping, &proxy, patience).await }));
                }
                continue;
            }
            sign = answer(&mut asking) => sign,
            () = line.status.sign.notified() => {
                if !line.status.take_heard() {
                    continue;
                }
                Sign::Heard
            }
        };
        if let Some(state) = watch.handle(sign, now()) {
            let (trunk, detail) = (&line.config.name, sign.detail());
            if state == TrunkState::Down {
                tracing::warn!(%trunk, %detail, "a trunk is down");
            } else {
                tracing::info!(%trunk, %detail, "a trunk is up");
            }
            line.status.is(state, sign);
        }
    }
}

async fn options(line: &Line, keeping: &Keeping, proxy: &Target, patience: Duration) -> Sign {
    let Ok(reached) = keeping.outlet.reach(line, proxy).await else { return Sign::Unreachable };
    let uri = target_uri(proxy, reached.transport);
    let from = with_user(address_uri(reached.local, Transport::Udp), &keeping.product_name());
    let headers = vec![Header::Accept(ACCEPT.into()), Header::Allow(ALLOW.into())];
    let Some(request) = request(keeping, reached, Method::Options, uri, (from, None), 1, None, headers) else {
        return Sign::Unreachable;
    };
    match keeping.outlet.ask(request, reached, patience).await {
        Some(response) => Sign::Response(response.status_code.code()),
        None => Sign::Silence,
    }
}

async fn register(line: &Arc<Line>, keeping: &Keeping, index: usize, registrar: &Target) {
    let Some(account) = line.config.account.clone() else { return };
    let uri = registrar_uri(&account, registrar);
    // RFC 3261 section 10.2: all of one registration's requests share Call-ID and From.
    let call: Call = (CallId::from(format!("{}@siaga", nonce())), make_tag());
    let mut registration = Registration::new(account.clone(), uri.to_string(), now());
    let mut asking: Asking<Option<(u16, Fields, Reached)>> = None;
    let mut by: Option<Reached> = None;
    let mut ended = keeping.outlet.flows.ended();
    let mut leaving = false;
    while !registration.is_over() {
        let is_open = |by: Reached| !by.transport.is_stream() || keeping.outlet.flows.is_open(by.transport, by.peer);
        if by.is_some_and(|by| !is_open(by)) {
            registration.lost_connection(now());
        }
        let told = tokio::select! {
            () = keeping.leave.cancelled(), if !leaving => {
                leaving = true;
                registration.stop(now());
                continue;
            }
            () = until(registration.deadline()) => {
                if let Some(ask) = registration.poll(now(), &nonce()) {
                    let (line, keeping, registrar) = (line.clone(), keeping.clone(), registrar.clone());
                    let (account, call) = (account.clone(), call.clone());
                    asking = Some(Box::pin(async move { send(&line, &keeping, &registrar, &account, call, ask).await }));
                }
                continue;
            }
            // Perhaps the one by which the registrar reaches us.
            _ = ended.changed() => continue,
            answered = answer(&mut asking) => match answered {
                Some((code, fields, reached)) => {
                    by = Some(reached);
                    let contact = with_user(reached.contact(), &account.username).to_string();
                    registration.handle_response(code, &fields, &contact, now(), random())
                }
                None => registration.handle_silence(now(), random()),
            },
        };
        let trunk = &line.config.name;
        match told {
            Some(Told::Registered) => {
                tracing::info!(%trunk, %registrar, "registered");
                counters::registered(trunk, "registered");
                line.status.registered(index, true, None, format!("registered at {registrar}"));
            }
            Some(Told::Lost(code)) => {
                let answered = |code| format!("the registrar answered {code}");
                let why = code.map_or_else(|| "the registrar does not answer".to_owned(), answered);
                tracing::warn!(%trunk, %registrar, %why, "not registered");
                counters::registered(trunk, "lost");
                line.status.registered(index, false, code, format!("{registrar}: {why}"));
            }
            None => {}
        }
    }
}

/// Call-ID and From tag.
type Call = (CallId, rsipstack::sip::param::Tag);

/// Sends one REGISTER. `None`: no answer.
async fn send(
    line: &Line,
    keeping: &Keeping,
    registrar: &Target,
    account: &Account,
    call: Call,
    ask: Ask,
) -> Option<(u16, Fields, Reached)> {
    let reached = keeping.outlet.reach(line, registrar).await.ok()?;
    let uri = registrar_uri(account, registrar);
    let mut of_record = with_user(uri.clone(), &account.username);
    of_record.host_with_port.port = None;
    let contact = with_user(reached.contact(), &account.username);
    let mut headers = vec![
        Header::Contact(format!("<{contact}>").into()),
        Header::Expires(ask.expires.to_string().into()),
        Header::Allow(ALLOW.into()),
    ];
    if let Some((name, value)) = ask.credentials {
        headers.push(Header::Other(name.into(), value));
    }
    let (call_id, tag) = call;
    let from = (of_record, Some(tag));
    let request = request(keeping, reached, Method::Register, uri, from, ask.number, Some(call_id), headers)?;
    let patience = (keeping.limits.t1 * 64) + Duration::from_secs(1);
    let response = keeping.outlet.ask(request, reached, patience).await?;
    // The stack's own word for silence.
    let code = Some(response.status_code.code()).filter(|code| *code != 408)?;
    Some((code, response_fields(&response), reached))
}

/// The Request-URI of REGISTER, which has no user (RFC 3261 section 10.2) and whose text the digest covers.
fn registrar_uri(account: &Account, registrar: &Target) -> Uri {
    let transport = registrar.transport.unwrap_or(Transport::Udp);
    let mut uri = carrier_uri(Some(account), registrar, transport);
    uri.params.clear();
    if registrar.port == transport.default_port() {
        uri.host_with_port.port = None;
    }
    uri
}

#[allow(clippy::too_many_arguments)]
pub(crate) fn request(
    keeping: &Keeping,
    reached: Reached,
    method: Method,
    uri: Uri,
    (from, tag): (Uri, Option<rsipstack::sip::param::Tag>),
    number: u32,
    call_id: Option<CallId>,
    headers: Vec<Header>,
) -> Option<Request> {
    let endpoint = &keeping.outlet.endpoint;
    let via = rsipstack::transport::SipAddr::new(reached.transport.into(), HostWithPort::from(reached.local));
    let via = endpoint.get_via(Some(via), None).ok()?;
    let to = if method == Method::Register { from.clone() } else { uri.clone() };
    let from = From { display_name: None, uri: from, params: vec![] }.with_tag(tag.unwrap_or_else(make_tag));
    let to = To { display_name: None, uri: to, params: vec![] };
    let mut request = endpoint.make_request(method, uri, via, from, to, number, call_id);
    request.headers.extend(headers);
    Some(request)
}

impl Keeping {
    pub(crate) fn product_name(&self) -> String {
        self.product.chars().take_while(char::is_ascii_alphanumeric).collect()
    }
}
