//! The handle by which the owner of the calls starts the user agent and tells it what to do.

mod start;

use crate::clock::{new_leg_id, now};
use crate::config::{Config, Limits, Listen, PhoneName, TrunkName};
use crate::counters;
use crate::error::{LegError, StartError};
use crate::event::{Event, LegId, Outbound, PhoneCall, Reject};
use crate::leg::{self, COMMANDS, Command, Done};
use crate::limited::Limit;
use crate::listener::{Certificates, Ingress};
use crate::location::Reference;
use crate::outbound::{Calling, Wish};
use crate::outlet::Outlet;
use crate::presence::{Followed, Presence, follow, subject};
use crate::registry::Registry;
use crate::sdp::{LocalMedia, LocalText};
use crate::trunk::Route;
use rsipstack::dialog::dialog_layer::DialogLayer;
use std::convert::Infallible;
use std::sync::Arc;
use tokio::sync::{Mutex, mpsc};
use tokio_util::sync::CancellationToken;

/// A running SIP user agent; clones are the same one. It stops with [`UserAgent::shut_down`] only.
#[derive(Clone)]
pub struct UserAgent {
    core: Arc<Core>,
    listens: Arc<Vec<Listen>>,
    product: Arc<str>,
}

/// What the tasks of the user agent share.
pub(crate) struct Core {
    pub layer: Arc<DialogLayer>,
    pub registry: Arc<Registry>,
    pub ingress: Arc<Ingress>,
    pub events: mpsc::Sender<Event>,
    pub limits: Limits,
    pub outlet: Outlet,
    pub presence: Arc<Presence>,
    certificates: Certificates,
    /// Registrations and subscriptions are taken back.
    leave: CancellationToken,
    /// Ends when the last registration is over.
    registrations: Mutex<mpsc::Receiver<Infallible>>,
    pub stop: CancellationToken,
}

impl UserAgent {
    /// Binds the listeners and begins to answer. The receiver must be read: new calls are refused while it is behind.
    ///
    /// # Errors
    /// [`StartError`] when an address cannot be bound, none is named, or TLS cannot be used.
    pub async fn start(config: Config) -> Result<(UserAgent, mpsc::Receiver<Event>), StartError> {
        start::start(config).await
    }

    /// The listeners as configured, with the real port where 0 was asked for.
    pub fn local_addresses(&self) -> Vec<Listen> {
        self.listens.as_ref().clone()
    }

    /// Reads the files of [`Config::tls`] again, for the connections from now on. Blocks for as long as that takes.
    ///
    /// # Errors
    /// [`StartError::Tls`]: a file cannot be used; what was read before stays in use.
    pub fn renew_certificates(&self) -> Result<(), StartError> {
        self.core.certificates.renew()
    }

    /// 180 was sent when the call came in and is repeated every minute, or waits for [`UserAgent::progress`]; there is nothing left to do.
    #[allow(clippy::unused_async)]
    pub async fn ringing(&self, _leg: LegId) {}

    /// Early media: 183 with our answer, repeated until it is acknowledged where caller and trunk want that. A call without an offer has none,
    /// unless the caller requires that such responses are acknowledged: then the 183 has our offer, and [`Event::Changed`] tells the answer.
    ///
    /// # Errors
    /// [`LegError::NoOffer`], [`LegError::WrongState`] after the answer, [`LegError::Gone`].
    pub async fn progress(&self, leg: LegId, media: impl Into<LocalMedia>) -> Result<(), LegError> {
        let media = media.into();
        self.ask(leg, |done| Command::Progress(Box::new(media), done)).await
    }

    /// Answers: 200 with our answer, or with our offer where the INVITE had none. While early media waits for its acknowledgement, so does
    /// the 200; if that never comes the leg ends with `Timeout`.
    ///
    /// # Errors
    /// [`LegError::WrongState`] when it is answered already, [`LegError::Gone`].
    pub async fn answer(&self, leg: LegId, media: impl Into<LocalMedia>) -> Result<(), LegError> {
        let media = media.into();
        self.ask(leg, |done| Command::Answer(Box::new(media), done)).await
    }

    /// Says where text goes that [`Event::TextOffered`] told of, from now on to the end of the call; `None` declines it.
    pub async fn place_text(&self, leg: LegId, text: Option<LocalText>) {
        self.tell(leg, Command::PlaceText(text)).await;
    }

    /// Turns an unanswered call away; an answered one is hung up. `Ended { by: Local }` follows.
    pub async fn reject(&self, leg: LegId, why: Reject) {
        self.tell(leg, Command::Reject(why)).await;
    }

    /// Ends a call in whatever way its state asks for: BYE (after the ACK), CANCEL, or 480. `Ended { by: Local }` follows at once.
    pub async fn hang_up(&self, leg: LegId) {
        self.tell(leg, Command::HangUp).await;
    }

    /// Asks an answered call's far end whether it still has the call, where nothing is heard of it any more: an UPDATE or a re-INVITE that changes
    /// nothing. If it has not, or leaves two such questions within three minutes unanswered, [`Event::Ended`] follows with [`EndedBy::Timeout`].
    pub fn probe(&self, leg: LegId) {
        if let Some(commands) = self.core.registry.leg(leg)
            && commands.try_send(Command::Probe).is_err()
        {
            tracing::debug!(%leg, "a call is not asked whether it is still there");
        }
    }

    /// Says what became of a phone's [`Event::Referred`], before a hang-up that may follow.
    pub fn refer_over(&self, leg: LegId, outcome: Result<(), Reject>) {
        if let Some(commands) = self.core.registry.leg(leg)
            && commands.try_send(Command::ReferOver(outcome)).is_err()
        {
            tracing::debug!(%leg, "a phone does not hear what became of its REFER");
        }
    }

    /// Calls a number over the proxy of the first of these trunks that carries the call.
    ///
    /// # Errors
    /// [`LegError::NoProxy`], [`LegError::BadNumber`], [`LegError::Full`]; what happens on the wire comes as an event.
    #[allow(clippy::unused_async)]
    pub async fn call(&self, to: Outbound) -> Result<LegId, LegError> {
        let Outbound { trunks, number, caller, media, callback } = to;
        let mut candidates = Vec::new();
        for trunk in &trunks {
            let line = self.core.ingress.trunks.named(trunk).filter(|line| line.config.proxy.is_some());
            candidates.push(line.ok_or_else(|| LegError::NoProxy(trunk.clone()))?.candidate());
        }
        if candidates.is_empty() {
            return Err(LegError::NoTrunk);
        }
        let caller = match caller {
            Some(caller) => checked(caller)?,
            None => self.product.chars().take_while(char::is_ascii_alphanumeric).collect(),
        };
        let number = checked(number)?;
        let id = new_leg_id();
        let (commands, queue) = mpsc::channel(COMMANDS);
        let slot =
            self.core.registry.begin_outbound(id, commands).inspect_err(|_| self.core.ingress.alarms.tell(Limit::Calls))?;
        let calling = Calling::new(self.core.clone(), Wish { id, number, caller, media, callback }, queue);
        tokio::spawn(calling.run(Route::new(candidates, now()), slot));
        Ok(id)
    }

    /// Calls a desk phone where it has registered.
    ///
    /// # Errors
    /// [`LegError::NoPhone`], [`LegError::PhoneAway`], [`LegError::Full`]; what happens on the wire comes as an event.
    #[allow(clippy::unused_async)]
    pub async fn call_phone(&self, to: PhoneCall) -> Result<LegId, LegError> {
        // A phone rings whatever the caller is called.
        let caller = to.caller.and_then(|caller| checked(caller).ok());
        crate::phone::call(&self.core, PhoneCall { caller, ..to })
    }

    /// The owner could not keep an alert, which was answered with 200: when its sender sends it again, it is told again.
    pub fn forget_alert(&self, sender: &str, identifier: &str) {
        self.core.registry.forget_alert(sender, identifier);
    }

    /// Asks a phone at once whether it is there; what comes of it is told as [`Event::Phone`], if anything changed.
    pub fn doubt_phone(&self, phone: PhoneName) {
        self.core.ingress.phones.doubt(phone);
    }

    /// Subscribes to what SIP references say of a caller's place (RFC 6442 section 4.6), one after another until one tells something. Nothing
    /// waits for it. `None`: none of them leads to a server that the trunk's callers may point to.
    pub fn follow(&self, trunk: &TrunkName, references: &[Reference]) -> Option<Followed> {
        let line = self.core.ingress.trunks.named(trunk)?.clone();
        let mut subjects = Vec::new();
        for reference in references.iter().filter(|reference| matches!(reference, Reference::Sip(_))) {
            match subject(reference).filter(|subject| subject.is_allowed(&line.config.location_servers)) {
                Some(subject) => subjects.push(subject),
                None => counters::fetched("not_allowed"),
            }
        }
        if subjects.is_empty() {
            return None;
        }
        let left = self.core.leave.child_token();
        let (followed, telling) = Followed::new(left.clone().drop_guard());
        tokio::spawn(follow(self.core.clone(), line, self.product.clone(), subjects, telling, left));
        Some(followed)
    }

    /// Ends every call (503 to ringing ones), every registration and every subscription, waits for their last messages for at most
    /// `Limits::shut_down`, and closes the listeners.
    pub async fn shut_down(&self) {
        let Core { registry, limits, stop, leave, registrations, presence, .. } = self.core.as_ref();
        leave.cancel();
        for leg in registry.close() {
            // A leg that does not take commands has many waiting; it ends with the listeners.
            let _ = leg.try_send(Command::Reject(Reject::Unavailable { retry_after_s: limits.retry_after_s }));
        }
        let mut emptied = std::pin::pin!(registry.emptied.notified());
        emptied.as_mut().enable();
        let calls = async {
            if !registry.is_empty() {
                emptied.await;
            }
        };
        let registrations = async {
            // Nothing is ever sent: it ends with its senders.
            while registrations.lock().await.recv().await.is_some() {}
        };
        let mut silent = std::pin::pin!(presence.emptied.notified());
        silent.as_mut().enable();
        let subscriptions = async {
            if !presence.is_empty() {
                silent.await;
            }
        };
        if tokio::time::timeout(limits.shut_down, async { tokio::join!(calls, registrations, subscriptions) }).await.is_err() {
            tracing::warn!("some calls, registrations or subscriptions were not acknowledged at shutdown");
        }
        stop.cancel();
    }

    async fn ask(&self, leg: LegId, command: impl FnOnce(Done) -> Command) -> Result<(), LegError> {
        let commands = self.core.registry.leg(leg).ok_or(LegError::Gone)?;
        leg::ask(&commands, command).await.unwrap_or(Err(LegError::Gone))
    }

    async fn tell(&self, leg: LegId, command: Command) {
        if let Some(commands) = self.core.registry.leg(leg)
            && commands.send(command).await.is_err()
        {
            tracing::debug!(%leg, "the leg was over already");
        }
    }
}

fn checked(number: String) -> Result<String, LegError> {
    let good = |c: char| c.is_ascii_alphanumeric() || matches!(c, '+' | '*' | '#' | '-' | '.' | '_');
    if !number.is_empty() && number.len() <= 64 && number.chars().all(good) {
        Ok(number)
    } else {
        Err(LegError::BadNumber(number))
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::panic)]

    use super::*;
    use crate::config::Trunk;
    use crate::event::EndedBy;
    use crate::sdp::LocalAudio;
    use std::net::SocketAddr;
    use std::time::Duration;

    async fn agent(proxy: Option<SocketAddr>) -> (UserAgent, mpsc::Receiver<Event>) {
        let trunks = vec![Trunk::new("telco".into(), vec!["127.0.0.1/32".parse().unwrap()], proxy)];
        // All timers of the stack are a hundredth of their usual length.
        let limits = Limits { t1: Duration::from_millis(5), ..Limits::default() };
        let listen = vec!["udp://127.0.0.1:0".parse().unwrap()];
        UserAgent::start(Config { limits, ..Config::new(listen, trunks, "siaga/test") }).await.unwrap()
    }

    /// Waits until the agent's stack holds neither dialogs nor transactions.
    async fn emptied(agent: &UserAgent) -> bool {
        let endpoint = &agent.core.ingress.endpoint;
        let empty = || {
            let stats = endpoint.get_stats();
            stats.running_transactions + stats.finished_transactions + stats.waiting_ack == 0 && agent.core.layer.is_empty()
        };
        let mut look = tokio::time::interval(Duration::from_millis(20));
        let waiting = async {
            while !empty() || !agent.core.registry.is_empty() {
                look.tick().await;
            }
        };
        tokio::time::timeout(Duration::from_secs(15), waiting).await.is_ok()
    }

    #[tokio::test]
    async fn calls_of_every_end_leave_nothing_in_the_stack() {
        let (desk, mut calls) = agent(None).await;
        let (caller, mut heard) = agent(desk.local_addresses().first().map(|listen| listen.address)).await;
        let audio = LocalAudio { address: "127.0.0.1:20000".parse().unwrap(), other: None, session_id: 1, srtp: None };
        let to = || Outbound {
            trunks: vec!["telco".into()],
            number: "112".into(),
            caller: None,
            media: audio.into(),
            callback: false,
        };
        for end in ["remote", "local", "cancel", "reject"] {
            let out = caller.call(to()).await.unwrap();
            let leg = calls.recv().await.unwrap().leg().unwrap();
            assert_eq!(heard.recv().await, Some(Event::OutboundRinging { leg: out, trunk: "telco".into() }));
            match end {
                "remote" | "local" => {
                    desk.answer(leg, audio).await.unwrap();
                    assert!(matches!(heard.recv().await, Some(Event::OutboundAnswered { .. })));
                    assert!(matches!(calls.recv().await, Some(Event::Confirmed { .. })));
                    if end == "local" { desk.hang_up(leg).await } else { caller.hang_up(out).await }
                }
                "cancel" => caller.hang_up(out).await,
                _ => desk.reject(leg, Reject::Busy).await,
            }
            let expected = match end {
                "remote" => EndedBy::RemoteBye,
                "cancel" => EndedBy::Cancelled,
                _ => EndedBy::Local,
            };
            assert_eq!(calls.recv().await, Some(Event::Ended { leg, by: expected }));
            assert_eq!(heard.recv().await.and_then(|event| event.leg()), Some(out));
        }
        assert!(emptied(&desk).await && emptied(&caller).await);
    }
}
