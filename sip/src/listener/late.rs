//! Replies to requests whose connection has ended meanwhile: they go by another connection to the same peer, or by a new one to where the
//! request's Via leads (RFC 3261 section 18.2.2). A caller who waits for an operator hears the answer so, though the carrier's connection broke
//! while it rang.

use super::flows::Flows;
use crate::clock::now;
use crate::config::Transport;
use crate::counters;
use crate::message::via;
use rsipstack::sip::prelude::HeadersExt;
use rsipstack::sip::{Response, SipMessage};
use rsipstack::transaction::endpoint::EndpointInnerRef;
use rsipstack::transport::{SipAddr, TransportEvent};
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::mpsc;
use tokio::time::Instant;

/// After a way was not found none is looked for: whoever waits to say something more is not to wait for that again.
const REST: Duration = Duration::from_secs(30);

/// Sends what the stack still says by a connection that has ended. It ends when no transaction and no dialog has that connection any more.
pub(super) fn replies(
    queue: mpsc::Receiver<TransportEvent>,
    transport: Transport,
    endpoint: EndpointInnerRef,
    flows: Arc<Flows>,
) -> Pin<Box<dyn Future<Output = ()> + Send>> {
    // In a box, for the connection that is opened here is served by what calls this.
    Box::pin(Late { transport, endpoint, flows, rests_until: None }.run(queue))
}

struct Late {
    transport: Transport,
    endpoint: EndpointInnerRef,
    flows: Arc<Flows>,
    rests_until: Option<Instant>,
}

impl Late {
    async fn run(mut self, mut queue: mpsc::Receiver<TransportEvent>) {
        while let Some(event) = queue.recv().await {
            if let TransportEvent::Incoming(SipMessage::Response(response), _, _) = event
                && self.send(response).await.is_none()
            {
                counters::unsent();
            }
        }
    }

    async fn send(&mut self, response: Response) -> Option<()> {
        if self.rests_until.is_some_and(|until| now() < until) {
            return None;
        }
        let to = via::return_address(response.via_header().ok()?.value(), self.transport)?;
        let Some(peer) = self.flows.back_to(self.transport, to).await else {
            self.rests_until = Some(now() + REST);
            return None;
        };
        // An address, and not a name of a way (see `names`): the connection to it is open.
        let address = SipAddr::new(self.transport.into(), peer.into());
        let (connection, _) = self.endpoint.transport_layer.lookup(&address, None).await.ok()?;
        connection.send(response.into(), None).await.ok()
    }
}
