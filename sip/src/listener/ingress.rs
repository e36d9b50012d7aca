//! The one way in: octets -> repair -> admission -> the SIP stack. Shell around pure parts.

use super::normalise::{Framing, Outcome, normalise};
use crate::admission::{Refusal, Verdict, judge};
use crate::config::{Limits, Transport, Trunk};
use crate::counters;
use crate::invitation;
use crate::message::stamp::{Source, Stamp};
use crate::message::{Message, Start, name_and_uri, target, via};
use crate::registry::{InviteKey, Registry};
use rsipstack::sip::SipMessage;
use rsipstack::sip::prelude::{HeadersExt, ToTypedHeader};
use rsipstack::transaction::endpoint::EndpointInnerRef;
use rsipstack::transaction::key::{TransactionKey, TransactionRole};
use rsipstack::transport::{SipAddr, SipConnection};
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;

/// A stateless reply and where it goes over UDP.
pub(crate) struct Reply {
    pub octets: Vec<u8>,
    pub to: SocketAddr,
}

pub(crate) struct Ingress {
    pub endpoint: EndpointInnerRef,
    pub registry: Arc<Registry>,
    pub trunks: Arc<Vec<Trunk>>,
    pub limits: Limits,
}

impl Ingress {
    /// The trunk an address belongs to.
    pub(crate) fn trunk(&self, address: IpAddr) -> Option<&Trunk> {
        self.trunks.iter().find(|trunk| trunk.covers(address))
    }

    /// Takes one message in. What comes back is to be sent to the peer.
    pub(crate) async fn receive(
        &self,
        octets: &[u8],
        framing: Framing,
        source: Source,
        connection: &SipConnection,
    ) -> Option<Reply> {
        let message = match normalise(octets, source.peer, framing) {
            Outcome::Pass { message, repairs } => {
                repairs.into_iter().for_each(counters::repaired);
                *message
            }
            Outcome::Reply { octets, code, reason } => {
                counters::refused(code, reason);
                return Some(Reply { octets, to: source.peer });
            }
            Outcome::Drop(reason) => {
                if reason != "keepalive" {
                    counters::dropped(reason);
                }
                return None;
            }
        };
        let trusted = self.trunk(source.peer.ip()).is_some();
        let place = match judge(&message, trusted, &self.limits) {
            Verdict::Drop(reason) => {
                counters::dropped(reason);
                return None;
            }
            Verdict::Reply(refusal) => return refuse(&refusal, &message, source),
            Verdict::Alert(carried) => {
                let trunk = self.trunk(source.peer.ip())?;
                return refuse(&self.registry.tell_alert(*carried, &trunk.name, source.peer), &message, source);
            }
            Verdict::Pass => None,
            Verdict::Invite => invitation::key(&message.fields),
        };
        if let Err(refusal) = self.forward(&message, source, connection, place).await {
            return refuse(&refusal, &message, source);
        }
        None
    }

    /// Hands a message to the stack; `place` is the key of a new call that needs a place first.
    async fn forward(
        &self,
        message: &Message,
        source: Source,
        connection: &SipConnection,
        place: Option<InviteKey>,
    ) -> Result<(), Refusal> {
        let parsed = self.for_the_stack(message, source)?;
        let mut admitted = None;
        if let (Some(key), SipMessage::Request(request)) = (place, &parsed) {
            let transaction =
                TransactionKey::from_request(request, TransactionRole::Server).map_err(|_| Refusal::unreadable())?;
            // Retransmissions belong to the transaction, which may outlive the call.
            if !self.endpoint.transactions.contains_key(&transaction)
                && !self.endpoint.finished_transactions.contains_key(&transaction)
            {
                if self.endpoint.transactions.len() >= self.limits.max_transactions {
                    return Err(Refusal::unavailable("max_transactions", self.limits.retry_after_s));
                }
                let branch = message.fields.first("Via").and_then(via::branch).unwrap_or_default();
                self.registry.admit(key.clone(), branch)?;
                admitted = Some(key);
            }
        }
        let transport = match source.transport {
            Transport::Udp => rsipstack::sip::Transport::Udp,
            Transport::Tcp => rsipstack::sip::Transport::Tcp,
        };
        let from = SipAddr::new(transport, source.peer.into());
        if let Err(error) = self.endpoint.on_received_message(parsed, connection.clone(), &from).await {
            tracing::debug!(peer = %source.peer, %error, "the SIP stack did not take a message");
            counters::dropped("stack");
            if let Some(key) = admitted {
                self.registry.forget(&key);
            }
        }
        Ok(())
    }

    /// The message as the stack reads it, with the remote target in disguise and the stamp of where it came from.
    fn for_the_stack(&self, message: &Message, source: Source) -> Result<SipMessage, Refusal> {
        let mut shown = message.clone();
        if sets_target(message) {
            let contact = message.fields.first("Contact").and_then(name_and_uri).map(|(_, uri)| uri);
            // Without a Contact the packet's source is all there is to send to; better than no call.
            let shown_contact = match contact {
                Some(contact) => target::disguise(contact, self.reachable(contact, source), source.transport),
                None => target::disguise(&format!("sip:{}", source.peer), source.peer, source.transport),
            };
            shown.fields.set("Contact", shown_contact);
        }
        if let Start::Request { uri, .. } = &message.start {
            Stamp { source, uri: uri.clone() }.write(&mut shown.fields);
        }
        let parsed = SipMessage::try_from(shown.to_bytes().as_slice()).map_err(|_| Refusal::unreadable())?;
        if let SipMessage::Request(request) = &parsed {
            let readable = TransactionKey::from_request(request, TransactionRole::Server).is_ok()
                && request.from_header().is_ok_and(|from| from.typed().is_ok())
                && request.to_header().is_ok_and(|to| to.typed().is_ok())
                && request.typed_contact_headers().is_ok();
            if !readable {
                return Err(Refusal::unreadable());
            }
        }
        Ok(parsed)
    }

    /// Where requests for a Contact go: to the address it names if that is the trunk's own, else back to where the packet came from (NAT).
    fn reachable(&self, contact: &str, source: Source) -> SocketAddr {
        let named = target::address(contact);
        let trunk = self.trunk(source.peer.ip());
        named
            .filter(|address| address.ip() == source.peer.ip() || trunk.is_some_and(|trunk| trunk.covers(address.ip())))
            .unwrap_or(source.peer)
    }
}

/// Whether the message's Contact is (or may refresh) the remote target of a dialog (RFC 3261 section 12.2, RFC 3311).
fn sets_target(message: &Message) -> bool {
    match &message.start {
        Start::Request { method, .. } => matches!(method.as_str(), "INVITE" | "UPDATE"),
        Start::Response { code, .. } => {
            *code < 300 && message.fields.first("CSeq").is_some_and(|cseq| cseq.ends_with("INVITE") || cseq.ends_with("UPDATE"))
        }
    }
}

fn refuse(refusal: &Refusal, message: &Message, source: Source) -> Option<Reply> {
    if refusal.code >= 300 {
        counters::refused(refusal.code, refusal.reason);
        tracing::debug!(code = refusal.code, reason = refusal.reason, peer = %source.peer, "refused");
    }
    if matches!(message.method(), None | Some("ACK")) {
        return None;
    }
    let to = message.fields.first("Via").map_or(source.peer, |top| via::reply_to(top, source.peer));
    refusal.octets(&message.fields).map(|octets| Reply { octets, to })
}
