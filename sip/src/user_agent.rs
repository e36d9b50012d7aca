//! The handle by which the owner of the calls starts the user agent and tells it what to do.

use crate::clock::new_leg_id;
use crate::config::{Config, Limits, Listen, Transport};
use crate::counters;
use crate::error::{LegError, StartError};
use crate::event::{Event, LegId, Outbound, Reject};
use crate::incoming;
use crate::inspector::Inspector;
use crate::leg::{COMMANDS, Command, Done, Leg, Negotiation, Side};
use crate::listener::{Ingress, TcpListening, UdpSockets, advertised, bind_tcp, bind_udp};
use crate::message::reply::{ALLOW, SUPPORTED_AS_CALLER};
use crate::registry::Registry;
use crate::resolver::Resolver;
use crate::sdp::LocalMedia;
use rsipstack::EndpointBuilder;
use rsipstack::dialog::dialog_layer::DialogLayer;
use rsipstack::dialog::invitation::InviteOption;
use rsipstack::sip::uri::Auth;
use rsipstack::sip::{Header, Uri};
use rsipstack::transaction::endpoint::EndpointOption;
use rsipstack::transport::udp::UdpConnection;
use rsipstack::transport::{SipAddr, SipConnection, TransportLayer};
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use tokio::sync::{Semaphore, mpsc, oneshot};
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
    pub stop: CancellationToken,
}

impl UserAgent {
    /// Binds the listeners and begins to answer. The receiver must be read: new calls are refused while it is behind.
    ///
    /// # Errors
    /// [`StartError`] when an address cannot be bound or none is named.
    pub async fn start(config: Config) -> Result<(UserAgent, mpsc::Receiver<Event>), StartError> {
        let Config { listen, trunks, product, limits } = config;
        let tcp = bind_tcp(&listen)?;
        let udp = bind_udp(&listen, tcp.first().map(|tcp| tcp.local))?;
        let listens = real(&listen, &udp, &tcp);
        let stop = CancellationToken::new();
        let transports = TransportLayer::new_with_domain_resolver(stop.child_token(), Box::new(Resolver));
        let connection = UdpConnection::from_socket(udp.clone(), None, Some(stop.child_token())).await;
        let connection = SipConnection::Udp(connection.map_err(|error| StartError::Stack(error.to_string()))?);
        transports.add_transport(connection.clone());
        // Any address beyond this machine: it only tells which of our addresses is routed (nothing is sent).
        let anyone = SocketAddr::from((Ipv4Addr::new(192, 0, 2, 1), 9));
        let mut builder = EndpointBuilder::new();
        builder
            .with_user_agent(&product)
            .with_transport_layer(transports)
            .with_cancel_token(stop.clone())
            .with_option(EndpointOption {
                t1: limits.t1,
                t2: limits.t1 * 8,
                t4: limits.t1 * 10,
                t1x64: limits.t1 * 64,
                ..EndpointOption::default()
            })
            .with_inspector(Box::new(Inspector { tcp: tcp.first().map(|tcp| advertised(tcp.local, anyone)) }));
        let endpoint = builder.build();
        let incoming = endpoint.incoming_transactions().map_err(|error| StartError::Stack(error.to_string()))?;
        let (events, receiver) = mpsc::channel(limits.events.max(2));
        let registry = Registry::new(limits.clone(), events.clone());
        let ingress = Ingress {
            endpoint: endpoint.inner.clone(),
            registry: registry.clone(),
            trunks: Arc::new(trunks),
            limits: limits.clone(),
        };
        let ingress = Arc::new(ingress);
        let layer = Arc::new(DialogLayer::new(endpoint.inner.clone()));
        let core = Arc::new(Core { layer, registry, ingress: ingress.clone(), events, limits, stop: stop.clone() });
        tokio::spawn(async move { endpoint.serve().await });
        tokio::spawn(incoming::serve(core.clone(), incoming));
        udp.serve(&ingress, &connection, &stop);
        let places = Arc::new(Semaphore::new(core.limits.max_connections));
        for listening in tcp {
            tokio::spawn(listening.serve(ingress.clone(), places.clone(), stop.clone()));
        }
        Ok((UserAgent { core, listens: Arc::new(listens), product: product.into() }, receiver))
    }

    /// The listeners as configured, with the real port where 0 was asked for.
    pub fn local_addresses(&self) -> Vec<Listen> {
        self.listens.as_ref().clone()
    }

    /// 180 was sent when the call came in and is repeated every minute; there is nothing left to do.
    #[allow(clippy::unused_async)]
    pub async fn ringing(&self, _leg: LegId) {}

    /// Early media: 183 with our answer, repeated until it is acknowledged where caller and trunk want that. A call without an offer has none.
    ///
    /// # Errors
    /// [`LegError::NoOffer`], [`LegError::WrongState`] after the answer, [`LegError::Gone`].
    pub async fn progress(&self, leg: LegId, media: impl Into<LocalMedia>) -> Result<(), LegError> {
        let media = media.into();
        self.ask(leg, |done| Command::Progress(media, done)).await
    }

    /// Answers: 200 with our answer, or with our offer where the INVITE had none. While early media waits for its acknowledgement, so does
    /// the 200; if that never comes the leg ends with `Timeout`.
    ///
    /// # Errors
    /// [`LegError::WrongState`] when it is answered already, [`LegError::Gone`].
    pub async fn answer(&self, leg: LegId, media: impl Into<LocalMedia>) -> Result<(), LegError> {
        let media = media.into();
        self.ask(leg, |done| Command::Answer(media, done)).await
    }

    /// Turns an unanswered call away; an answered one is hung up. `Ended { by: Local }` follows.
    pub async fn reject(&self, leg: LegId, why: Reject) {
        self.tell(leg, Command::Reject(why)).await;
    }

    /// Ends a call in whatever way its state asks for: BYE (after the ACK), CANCEL, or 480. `Ended { by: Local }` follows at once.
    pub async fn hang_up(&self, leg: LegId) {
        self.tell(leg, Command::HangUp).await;
    }

    /// Calls a number over a trunk's proxy.
    ///
    /// # Errors
    /// [`LegError::NoProxy`], [`LegError::BadNumber`], [`LegError::Full`]; what happens on the wire comes as an event.
    pub async fn call(&self, to: Outbound) -> Result<LegId, LegError> {
        let trunk = self.core.ingress.trunks.iter().find(|trunk| trunk.name == to.trunk);
        let proxy = trunk.and_then(|trunk| trunk.proxy).ok_or_else(|| LegError::NoProxy(to.trunk.clone()))?;
        let caller = match to.caller {
            Some(caller) => checked(caller)?,
            None => self.product.chars().take_while(char::is_ascii_alphanumeric).collect(),
        };
        let number = checked(to.number)?;
        let has_udp = self.listens.iter().any(|listen| listen.transport == Transport::Udp);
        let transport = if has_udp { Transport::Udp } else { Transport::Tcp };
        let fits = |listen: &&Listen| listen.transport == transport;
        let same_family = |listen: &&Listen| listen.address.is_ipv4() == proxy.is_ipv4();
        let listen = self.listens.iter().filter(fits).find(same_family).or_else(|| self.listens.iter().find(fits));
        let local = advertised(listen.ok_or(LegError::NoProxy(to.trunk.clone()))?.address, proxy);
        let (talk, offer) = Negotiation::outbound(to.audio.into());
        let option = InviteOption {
            caller: with_user(incoming::contact_uri(local, Transport::Udp), caller),
            callee: with_user(incoming::contact_uri(proxy, transport), number),
            destination: Some(address(transport, proxy)),
            offer: Some(offer.into_bytes()),
            contact: incoming::contact_uri(local, transport),
            headers: Some(vec![Header::Allow(ALLOW.into()), Header::Supported(SUPPORTED_AS_CALLER.join(", ").into())]),
            ..InviteOption::default()
        };
        let id = new_leg_id();
        let (commands, queue) = mpsc::channel(COMMANDS);
        let slot = self.core.registry.begin_outbound(id, commands)?;
        let (states_in, states) = self.core.layer.new_dialog_state_channel();
        let (dialog, invite) =
            self.core.layer.do_invite_async(option, states_in).map_err(|error| LegError::Stack(error.to_string()))?;
        counters::called(&to.trunk);
        let (layer, events) = (self.core.layer.clone(), self.core.events.clone());
        let leg = Leg { id, dialog, layer, side: Side::Outbound { invite }, talk, reliable: None, events, slot };
        tokio::spawn(leg.run(queue, states, self.core.limits.clone()));
        Ok(id)
    }

    /// Ends every call (503 to ringing ones), waits for their last messages for at most `Limits::shut_down`, and closes the listeners.
    pub async fn shut_down(&self) {
        let Core { registry, limits, stop, .. } = self.core.as_ref();
        for leg in registry.close() {
            // A leg that does not take commands has many waiting; it ends with the listeners.
            let _ = leg.try_send(Command::Reject(Reject::Unavailable { retry_after_s: limits.retry_after_s }));
        }
        let mut emptied = std::pin::pin!(registry.emptied.notified());
        emptied.as_mut().enable();
        if !registry.is_empty() && tokio::time::timeout(limits.shut_down, emptied).await.is_err() {
            tracing::warn!("some calls were not acknowledged at shutdown");
        }
        stop.cancel();
    }

    async fn ask(&self, leg: LegId, command: impl FnOnce(Done) -> Command) -> Result<(), LegError> {
        let commands = self.core.registry.leg(leg).ok_or(LegError::Gone)?;
        let (done, result) = oneshot::channel();
        commands.send(command(done)).await.map_err(|_| LegError::Gone)?;
        result.await.unwrap_or(Err(LegError::Gone))
    }

    async fn tell(&self, leg: LegId, command: Command) {
        if let Some(commands) = self.core.registry.leg(leg)
            && commands.send(command).await.is_err()
        {
            tracing::debug!(%leg, "the leg was over already");
        }
    }
}

/// The configured listeners with the ports they got, in the order of configuration.
fn real(listen: &[Listen], udp: &UdpSockets, tcp: &[TcpListening]) -> Vec<Listen> {
    let mut udp: Vec<_> = udp.addresses().collect();
    let mut tcp: Vec<_> = tcp.iter().map(|tcp| tcp.local).collect();
    udp.reverse();
    tcp.reverse();
    let mut address = |listen: &Listen| match listen.transport {
        Transport::Udp => udp.pop(),
        Transport::Tcp => tcp.pop(),
    };
    listen
        .iter()
        .map(|listen| Listen { transport: listen.transport, address: address(listen).unwrap_or(listen.address) })
        .collect()
}

fn checked(number: String) -> Result<String, LegError> {
    let good = |c: char| c.is_ascii_alphanumeric() || matches!(c, '+' | '*' | '#' | '-' | '.' | '_');
    if !number.is_empty() && number.len() <= 64 && number.chars().all(good) {
        Ok(number)
    } else {
        Err(LegError::BadNumber(number))
    }
}

fn with_user(mut uri: Uri, user: String) -> Uri {
    uri.auth = Some(Auth { user, password: None });
    uri
}

fn address(transport: Transport, address: SocketAddr) -> SipAddr {
    let transport = match transport {
        Transport::Udp => rsipstack::sip::Transport::Udp,
        Transport::Tcp => rsipstack::sip::Transport::Tcp,
    };
    SipAddr::new(transport, address.into())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::panic)]

    use super::*;
    use crate::config::Trunk;
    use crate::event::EndedBy;
    use crate::sdp::LocalAudio;
    use std::time::Duration;

    async fn agent(proxy: Option<SocketAddr>) -> (UserAgent, mpsc::Receiver<Event>) {
        let trunks = vec![Trunk::new("telco".into(), vec!["127.0.0.1/32".parse().unwrap()], proxy)];
        // All timers of the stack are a hundredth of their usual length.
        let limits = Limits { t1: Duration::from_millis(5), ..Limits::default() };
        let listen = vec!["udp://127.0.0.1:0".parse().unwrap()];
        UserAgent::start(Config { listen, trunks, product: "siaga/test".into(), limits }).await.unwrap()
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
        let audio = LocalAudio { address: "127.0.0.1:20000".parse().unwrap(), session_id: 1 };
        let to = || Outbound { trunk: "telco".into(), number: "112".into(), caller: None, audio };
        for end in ["remote", "local", "cancel", "reject"] {
            let out = caller.call(to()).await.unwrap();
            let leg = calls.recv().await.unwrap().leg();
            assert_eq!(heard.recv().await, Some(Event::OutboundRinging { leg: out }));
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
            assert_eq!(heard.recv().await.map(|event| event.leg()), Some(out));
        }
        assert!(emptied(&desk).await && emptied(&caller).await);
    }
}
