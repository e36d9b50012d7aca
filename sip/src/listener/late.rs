//! Replies to requests whose connection has ended meanwhile: they go where the request's Via leads, by another connection (RFC 3261 section 18.2.2).
//! A caller who waits for an operator hears the answer so, though the carrier's connection broke while it rang.

use super::flows::Flows;
use crate::config::Transport;
use crate::counters;
use crate::message::via;
use rsipstack::sip::SipMessage;
use rsipstack::sip::prelude::HeadersExt;
use rsipstack::transaction::endpoint::EndpointInnerRef;
use rsipstack::transport::{SipAddr, TransportEvent};
use std::pin::Pin;
use std::sync::Arc;
use tokio::sync::mpsc;

/// Sends what the stack still says by a connection that has ended. It ends when no transaction has that connection any more.
pub(super) fn replies(
    queue: mpsc::Receiver<TransportEvent>,
    transport: Transport,
    endpoint: EndpointInnerRef,
    flows: Arc<Flows>,
) -> Pin<Box<dyn Future<Output = ()> + Send>> {
    // In a box, for the connection that is opened here is served by what calls this.
    Box::pin(send(queue, transport, endpoint, flows))
}

async fn send(mut queue: mpsc::Receiver<TransportEvent>, transport: Transport, endpoint: EndpointInnerRef, flows: Arc<Flows>) {
    while let Some(event) = queue.recv().await {
        let TransportEvent::Incoming(SipMessage::Response(response), _, _) = event else { continue };
        let to = response.via_header().ok().and_then(|via| via::return_address(via.value(), transport));
        let sent = match to {
            Some(to) if flows.reach(transport, to).await.is_ok() => {
                let address = SipAddr::new(transport.into(), to.into());
                match endpoint.transport_layer.lookup(&address, None).await {
                    Ok((connection, _)) => connection.send(response.into(), None).await.is_ok(),
                    Err(_) => false,
                }
            }
            _ => false,
        };
        if !sent {
            counters::unsent();
        }
    }
}
