//! Puts the user agent together: sockets first, then the SIP stack on them, then the tasks that read, answer and keep the trunks.

use super::{Core, UserAgent};
use crate::clock::{random, secret};
use crate::config::{Config, Listen, Transport};
use crate::error::StartError;
use crate::event::Event;
use crate::incoming;
use crate::inspector::Inspector;
use crate::limited::Alarms;
use crate::listener::{
    Certificates, Flows, Ingress, Locals, Looks, Places, Reception, StreamListening, UdpSockets, bind_streams, bind_udp, refusals,
};
use crate::offers::Offers;
use crate::outlet::Outlet;
use crate::phone::{self, Phones};
use crate::presence::Presence;
use crate::registry::Registry;
use crate::resolver::Resolver;
use crate::trunk::{Keeping, Trunks, keep};
use rsipstack::EndpointBuilder;
use rsipstack::dialog::dialog_layer::DialogLayer;
use rsipstack::transaction::endpoint::EndpointOption;
use rsipstack::transport::udp::UdpConnection;
use rsipstack::transport::{SipConnection, TransportLayer};
use std::sync::Arc;
use tokio::sync::{Mutex, mpsc};
use tokio_util::sync::CancellationToken;

pub(super) async fn start(config: Config) -> Result<(UserAgent, mpsc::Receiver<Event>), StartError> {
    let Config { listen, trunks, phones, product, limits, tls } = config;
    let connects = trunks.iter().flat_map(|trunk| trunk.targets()).any(|target| target.transport == Some(Transport::Tls));
    if let Some(listen) = listen.iter().find(|listen| listen.transport == Transport::Tls && tls.identity.is_none()) {
        return Err(StartError::NoCertificate(*listen));
    }
    let (certificates, tls) = Certificates::read(tls, connects)?;
    let streams = bind_streams(&listen)?;
    let udp = bind_udp(&listen, streams.first().map(|stream| stream.local))?;
    let listens = real(&listen, &udp, &streams);
    let locals = Arc::new(Locals(listens.clone()));
    let stop = CancellationToken::new();
    let flows = Flows::new(tls.clone(), limits.clone(), stop.child_token());
    let transports = TransportLayer::new_with_domain_resolver(stop.child_token(), Box::new(Resolver(flows.clone())));
    let connection = UdpConnection::from_socket(udp.clone(), None, Some(stop.child_token())).await;
    let connection = SipConnection::Udp(connection.map_err(|error| StartError::Stack(error.to_string()))?);
    transports.add_transport(connection.clone());
    let accounts = trunks.iter().filter_map(|trunk| trunk.account.clone()).collect();
    let (events, receiver) = mpsc::channel(limits.events.max(2));
    let registry = Registry::new(limits.clone(), events.clone());
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
            // A proxy's timer (RFC 3261 section 16.8), at which the stack would forget a call without a CANCEL; a leg cancels it before.
            timerc: limits.max_calling * 2,
            ..EndpointOption::default()
        })
        .with_inspector(Box::new(Inspector { locals: locals.clone(), accounts, registry: registry.clone() }));
    let endpoint = builder.build();
    let incoming = endpoint.incoming_transactions().map_err(|error| StartError::Stack(error.to_string()))?;
    let seed = u64::from(random()) << 32 | u64::from(random());
    let presence = Arc::new(Presence::default());
    let alarms = Arc::new(Alarms::new(events.clone()));
    let ingress = Arc::new(Ingress {
        endpoint: endpoint.inner.clone(),
        registry: registry.clone(),
        trunks: Arc::new(Trunks::new(trunks)),
        presence: presence.clone(),
        phones: Arc::new(Phones::new(phones, secret().map_err(|error| StartError::Stack(error.to_string()))?)),
        offers: Arc::new(Offers::new(alarms.clone())),
        alarms,
        refusals: refusals(limits.strangers, seed),
        looks: Looks::new(seed),
        limits: limits.clone(),
    });
    flows.lead_to(&ingress);
    let layer = Arc::new(DialogLayer::new(endpoint.inner.clone()));
    let outlet = Outlet { endpoint: endpoint.inner.clone(), flows: flows.clone(), locals };
    let (registrations, left) = mpsc::channel(1);
    let product: Arc<str> = product.into();
    let keeping = Keeping {
        outlet: outlet.clone(),
        events: events.clone(),
        limits: limits.clone(),
        product: product.clone(),
        leave: CancellationToken::new(),
        stop: stop.clone(),
    };
    let core = Core {
        layer,
        registry,
        ingress: ingress.clone(),
        events,
        limits,
        outlet,
        presence,
        certificates,
        leave: keeping.leave.clone(),
        registrations: Mutex::new(left),
        stop: stop.clone(),
    };
    let core = Arc::new(core);
    tokio::spawn(async move { endpoint.serve().await });
    tokio::spawn(incoming::serve(core.clone(), incoming));
    udp.serve(&ingress, &connection, &stop);
    let places = Places::new(&core.limits);
    let reception = Reception { ingress: ingress.clone(), flows, places, tls, stop };
    for listening in streams {
        tokio::spawn(listening.serve(reception.clone()));
    }
    if ingress.phones.are_any() {
        tokio::spawn(phone::keep(ingress.phones.clone(), keeping.clone()));
    }
    for line in ingress.trunks.all() {
        keep(line, &keeping, &registrations);
    }
    Ok((UserAgent { core, listens: Arc::new(listens), product }, receiver))
}

/// The configured listeners with the ports they got, in the order of configuration.
fn real(listen: &[Listen], udp: &UdpSockets, streams: &[StreamListening]) -> Vec<Listen> {
    let mut udp = udp.addresses();
    let mut streams = streams.iter().map(|stream| stream.local);
    let mut address = |listen: &Listen| if listen.transport.is_stream() { streams.next() } else { udp.next() };
    listen
        .iter()
        .map(|listen| Listen { transport: listen.transport, address: address(listen).unwrap_or(listen.address) })
        .collect()
}
