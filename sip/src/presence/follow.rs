//! Drives the subscriptions for one call: whom to ask, by which way, and again when one ends that may be begun anew.

use super::subject::Subject;
use super::subscription::{Ask, End, Step, Subscription};
use super::{Key, Watched};
use crate::asking::{Asking, answer, until};
use crate::clock::{nonce, now};
use crate::config::{Target, Transport};
use crate::counters;
use crate::inspector::verbatim;
use crate::leg::response_fields;
use crate::location::{Location, Unfetched};
use crate::message::reply::ALLOW;
use crate::message::{Fields, target};
use crate::outlet::{Outlet, Reached, home, with_user};
use crate::trunk::{Line, another_may_do_better};
use crate::user_agent::Core;
use rsipstack::sip::headers::CallId;
use rsipstack::sip::param::Tag;
use rsipstack::sip::typed::{From, To};
use rsipstack::sip::{Header, HostWithPort, Method, Request};
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, OnceLock};
use std::time::Duration;
use tokio::sync::{Notify, watch};
use tokio_util::sync::CancellationToken;

/// Subscriptions to one subject, one after another.
const ATTEMPTS: usize = 5;
/// A PIDF-LO alone, or among other parts.
const ACCEPT: &str = "application/pidf+xml, multipart/mixed, multipart/related, multipart/alternative";

/// Where whoever follows a caller hears of it.
pub(crate) struct Telling {
    pub places: watch::Sender<Option<Location>>,
    /// Why there was no place at all; told before the last of `places` goes.
    pub fault: Arc<OnceLock<Unfetched>>,
}

/// Follows the first of the subjects that tells anything, until `left` is cancelled or nothing more is to be had.
pub(crate) async fn follow(
    core: Arc<Core>,
    line: Arc<Line>,
    product: Arc<str>,
    subjects: Vec<Subject>,
    Telling { places: told, fault: failed }: Telling,
    left: CancellationToken,
) {
    let user = match &line.config.account {
        Some(account) => account.username.clone(),
        None => product.chars().take_while(char::is_ascii_alphanumeric).collect(),
    };
    let follower = Follower { core, line, user, told, left };
    let mut ways = Vec::new();
    for subject in &subjects {
        ways.push((subject, &subject.target));
        // Where nothing comes of the host itself, the trunk's proxy may know the names of its own network.
        let proxy = follower.line.config.proxy.as_ref().filter(|proxy| proxy.host != subject.target.host);
        ways.extend(proxy.map(|proxy| (subject, proxy)));
    }
    let mut ways = ways.into_iter().peekable();
    let (mut refused, mut fault) = (None, Unfetched::NotAllowed);
    while let Some((subject, to)) = ways.next() {
        if refused == Some(subject) {
            continue;
        }
        // The last way is waited out: there is nothing better to do.
        let silence = ways.peek().map(|_| follower.core.limits.silence);
        match follower.attempts(subject, to, silence).await {
            Course::Over => return,
            Course::NextWay(why) => fault = fault.max(why),
            Course::NextSubject(why) => {
                fault = fault.max(why);
                refused = Some(subject);
            }
        }
    }
    let _ = failed.set(fault);
}

/// What follows the end of a subscription.
enum Course {
    NextWay(Unfetched),
    NextSubject(Unfetched),
    /// Something was told, or nobody wants to know.
    Over,
}

struct Follower {
    core: Arc<Core>,
    line: Arc<Line>,
    /// Who we are, in From and Contact.
    user: String,
    told: watch::Sender<Option<Location>>,
    left: CancellationToken,
}

impl Follower {
    async fn attempts(&self, subject: &Subject, to: &Target, silence: Option<Duration>) -> Course {
        for _ in 0..ATTEMPTS {
            let Some(reached) = self.left.run_until_cancelled(self.reach(to)).await else { return Course::Over };
            let end = match reached {
                Some(reached) => self.subscribe(subject, reached, silence).await,
                None => Some(End::Silent),
            };
            match end {
                _ if self.left.is_cancelled() => return Course::Over,
                Some(End::Again(after)) => {
                    if self.left.run_until_cancelled(tokio::time::sleep(after)).await.is_none() {
                        return Course::Over;
                    }
                }
                _ if self.has_told() => return Course::Over,
                None => return Course::NextSubject(Unfetched::Busy),
                Some(End::Refused(code)) if !another_may_do_better(code) => return Course::NextSubject(Unfetched::Refused),
                Some(End::Done) => return Course::NextSubject(Unfetched::Refused),
                Some(End::Refused(_)) => return Course::NextWay(Unfetched::Refused),
                Some(End::Silent) => return Course::NextWay(Unfetched::Silent),
            }
        }
        if self.has_told() { Course::Over } else { Course::NextSubject(Unfetched::Refused) }
    }

    fn has_told(&self) -> bool {
        self.told.borrow().is_some()
    }

    /// The trunk's own proxy has its rights already; whoever else is asked gets none by it.
    async fn reach(&self, to: &Target) -> Option<Reached> {
        let reached = self.core.outlet.reach_other(to).await;
        let why =
            |error: &_| tracing::info!(trunk = %self.line.config.name, %error, "who knows a caller's location cannot be reached");
        let reached = reached.inspect_err(why).inspect_err(|_| counters::fetched("unreachable")).ok()?;
        Some(Reached { local: self.line.config.seen(reached.local), ..reached })
    }

    /// One subscription from its beginning to its end. `None`: there are as many as there may be.
    async fn subscribe(&self, subject: &Subject, reached: Reached, silence: Option<Duration>) -> Option<End> {
        let key = Key { call_id: format!("{}@siaga", nonce()), tag: nonce() };
        let patience = self.core.limits.t1 * 64;
        let subscription = Subscription::new(self.line.config.account.clone(), subject.uri.clone(), patience, now());
        let watched = Arc::new(Watched {
            subscription: Mutex::new(subscription),
            changed: Notify::new(),
            line: self.line.clone(),
            peer: reached.peer.ip().to_canonical(),
        });
        let Some(_place) = self.core.presence.begin(key.clone(), watched.clone()) else {
            counters::fetched("busy");
            return None;
        };
        let mut asking: Asking<Option<(u16, Fields)>> = None;
        let mut leaving = false;
        loop {
            let step = watched.lock().poll(now(), &nonce());
            let deadline = match step {
                Step::Ask(ask) => {
                    let silence = silence.filter(|_| ask.remote.is_none()).unwrap_or(patience + Duration::from_secs(1));
                    asking = match self.request(subject, reached, &key, &ask) {
                        Some((request, to)) => Some(Box::pin(send(self.core.outlet.clone(), request, to, silence))),
                        None => Some(Box::pin(async { None })),
                    };
                    continue;
                }
                Step::Tell(location) => {
                    counters::fetched("located");
                    self.told.send_replace(Some(*location));
                    continue;
                }
                Step::Over(end) => {
                    count(end);
                    return Some(end);
                }
                Step::Wait(deadline) => deadline,
            };
            tokio::select! {
                () = self.left.cancelled(), if !leaving => {
                    leaving = true;
                    watched.lock().stop(now());
                }
                () = until(deadline) => {}
                () = watched.changed.notified() => {}
                answered = answer(&mut asking) => match answered {
                    Some((code, fields)) => watched.lock().handle_response(code, &fields, now()),
                    None => watched.lock().handle_silence(now()),
                },
            }
        }
    }

    /// The SUBSCRIBE, and where it goes.
    fn request(&self, subject: &Subject, reached: Reached, key: &Key, ask: &Ask) -> Option<(Request, Reached)> {
        let endpoint = &self.core.outlet.endpoint;
        let via = rsipstack::transport::SipAddr::new(reached.transport.into(), HostWithPort::from(reached.local));
        let via = endpoint.get_via(Some(via), None).ok()?;
        let from = From { display_name: None, uri: with_user(home(&self.line, reached), &self.user), params: vec![] };
        let from = from.with_tag(Tag::new(&key.tag));
        let to = To { display_name: None, uri: verbatim(subject.uri.clone()), params: vec![] };
        let to = match &ask.remote {
            Some(remote) => to.with_tag(Tag::new(&remote.tag)),
            None => to,
        };
        let call_id = CallId::from(key.call_id.clone());
        let uri = verbatim(ask.uri.clone());
        let mut request = endpoint.make_request(Method::Subscribe, uri, via, from, to, ask.number, Some(call_id));
        let routes = ask.remote.iter().flat_map(|remote| &remote.routes);
        request.headers.extend(routes.map(|route| Header::Other("Route".into(), route.clone())).collect());
        request.headers.extend(vec![
            Header::Contact(format!("<{}>", with_user(reached.contact(), &self.user)).into()),
            Header::Other("Event".into(), "presence".into()),
            Header::Accept(ACCEPT.into()),
            Header::Expires(ask.expires.to_string().into()),
            Header::Allow(format!("{ALLOW}, NOTIFY").into()),
        ]);
        if let Some((name, value)) = &ask.credentials {
            request.headers.extend(vec![Header::Other((*name).into(), value.clone())]);
        }
        Some((request, self.way(reached, ask)))
    }

    /// Inside of the dialog requests go to the Contact, if that is an address of whom we asked or of the trunk; else the way of the first one.
    fn way(&self, reached: Reached, ask: &Ask) -> Reached {
        let Some(remote) = ask.remote.as_ref().filter(|remote| remote.routes.is_empty()) else { return reached };
        let is_ours = |at: &SocketAddr| at.ip() == reached.peer.ip() || self.line.covers(at.ip());
        match remote.contact.as_deref().and_then(target::address).filter(is_ours) {
            Some(peer) if reached.transport == Transport::Udp => Reached { peer, ..reached },
            _ => reached,
        }
    }
}

/// Sends one request. `None`: no answer.
async fn send(outlet: Outlet, request: Request, to: Reached, silence: Duration) -> Option<(u16, Fields)> {
    let response = outlet.ask(request, to, silence).await?;
    // The stack's own word for silence.
    let code = Some(response.status_code.code()).filter(|code| *code != 408)?;
    Some((code, response_fields(&response)))
}

fn count(end: End) {
    match end {
        End::Refused(code) => {
            tracing::info!(code, "a subscription to a caller's location was refused");
            counters::fetched("status");
        }
        End::Silent => counters::fetched("timeout"),
        End::Done | End::Again(_) => {}
    }
}
