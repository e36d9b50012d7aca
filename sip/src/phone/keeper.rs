//! Asks registered phones whether they are there, forgets those that are not, and tells how each stands.

use super::Phones;
use super::binding::Flow;
use crate::clock::now;
use crate::config::{PhoneName, Transport};
use crate::counters;
use crate::event::Event;
use crate::message::reply::{ACCEPT, ALLOW};
use crate::outlet::{Reached, address_uri};
use crate::trunk::{Keeping, request};
use rsipstack::sip::uri::Auth;
use rsipstack::sip::{Header, Method};
use std::future::pending;
use std::sync::Arc;
use std::time::Duration;
use tokio::task::JoinSet;
use tokio::time::Instant;

/// A phone on our own network answers within milliseconds; a question is repeated three times within this.
const PATIENCE: Duration = Duration::from_secs(4);
/// After a question that was not answered the next one follows.
const AGAIN: Duration = Duration::from_secs(1);

/// What came of asking.
struct Asked {
    phone: PhoneName,
    flow: Flow,
    there: bool,
}

/// Works until the user agent stops.
pub(crate) async fn keep(phones: Arc<Phones>, keeping: Keeping) {
    let stop = keeping.stop.clone();
    stop.run_until_cancelled(work(&phones, &keeping)).await;
}

async fn work(phones: &Arc<Phones>, keeping: &Keeping) {
    let mut ended = keeping.outlet.flows.ended();
    let mut asking: JoinSet<Asked> = JoinSet::new();
    let mut round = tokio::time::interval(phones.config.options);
    round.reset();
    loop {
        drop_closed(phones, keeping);
        tell(phones, keeping).await;
        tokio::select! {
            () = until(phones.deadline()) => phones.lock().expire(now()),
            _ = ended.changed() => {}
            () = phones.news.notified() => {
                for phone in phones.take_doubted() {
                    ask(phones, keeping, &mut asking, phone, Duration::ZERO);
                }
            }
            _ = round.tick() => {
                let all: Vec<PhoneName> = phones.lock().places().map(|(phone, ..)| phone).collect();
                for phone in all {
                    ask(phones, keeping, &mut asking, phone, Duration::ZERO);
                }
            }
            Some(Ok(asked)) = asking.join_next(), if !asking.is_empty() => {
                let Asked { phone, flow, there } = asked;
                if there {
                    phones.lock().answered(&phone, flow);
                } else if phones.lock().missed(&phone, flow) {
                    ask(phones, keeping, &mut asking, phone, AGAIN);
                }
            }
        }
    }
}

/// A phone whose connection has ended cannot be reached until it registers by another one.
fn drop_closed(phones: &Phones, keeping: &Keeping) {
    let closed = |flow: &Flow| flow.transport.is_stream() && !keeping.outlet.flows.is_open(flow.transport, flow.peer);
    let gone: Vec<_> = phones.lock().places().filter(|(_, flow, _)| closed(flow)).collect();
    for (phone, flow, _) in gone {
        phones.lock().lost(&phone, flow, "its connection has ended");
    }
}

async fn tell(phones: &Phones, keeping: &Keeping) {
    while let Some(standing) = phones.poll_news() {
        let super::Standing { phone, registered, detail } = standing;
        tracing::info!(%phone, registered, detail, "a desk phone");
        counters::phone(if registered { "registered" } else { "lost" });
        if keeping.events.send(Event::Phone { phone, registered, detail: detail.to_owned() }).await.is_err() {
            return;
        }
    }
}

/// Asks by OPTIONS, in a task of its own; as many as there are phones at once, and few more.
fn ask(phones: &Arc<Phones>, keeping: &Keeping, asking: &mut JoinSet<Asked>, phone: PhoneName, after: Duration) {
    let Some((flow, contact)) = phones.place(&phone) else { return };
    let keeping = keeping.clone();
    asking.spawn(async move {
        tokio::time::sleep(after).await;
        let there = options(&keeping, flow, &contact).await;
        Asked { phone, flow, there }
    });
}

/// Any answer is a sign of life, but for the stack's own word for silence.
async fn options(keeping: &Keeping, flow: Flow, contact: &str) -> bool {
    let Some(reached) = flow.reached(&keeping.outlet) else { return false };
    let mut from = address_uri(reached.local, Transport::Udp);
    from.auth = Some(Auth { user: keeping.product_name(), password: None });
    let headers = vec![Header::Accept(ACCEPT.into()), Header::Allow(ALLOW.into())];
    let uri = reached.disguise(contact);
    let Some(request) = request(keeping, reached, Method::Options, uri, (from, None), 1, None, headers) else { return false };
    let response = keeping.outlet.ask(request, reached, PATIENCE).await;
    response.is_some_and(|response| response.status_code.code() != 408)
}

impl Flow {
    /// `None`: its connection has ended.
    pub(super) fn reached(self, outlet: &crate::outlet::Outlet) -> Option<Reached> {
        let Flow { transport, peer } = self;
        let open = !transport.is_stream() || outlet.flows.is_open(transport, peer);
        open.then(|| outlet.locals.facing(transport, peer).map(|local| Reached { transport, peer, local })).flatten()
    }
}

async fn until(deadline: Option<Instant>) {
    match deadline {
        Some(deadline) => tokio::time::sleep_until(deadline).await,
        None => pending().await,
    }
}
