//! A message as the SIP stack is to see it: with the remote target in disguise and the stamp of where it came from, and without what the stack
//! would do worse than we. Pure.

use super::names::Way;
use crate::admission::Refusal;
use crate::config::PhoneName;
use crate::message::stamp::{Source, Stamp};
use crate::message::{Message, Start, entries, name_and_uri, target};
use crate::prack;
use crate::trunk::{Line, digest};
use rsipstack::sip::prelude::{HeadersExt, ToTypedHeader};
use rsipstack::sip::{Request, SipMessage};
use rsipstack::transaction::key::{TransactionKey, TransactionRole};
use std::net::SocketAddr;

/// The message for the stack. `ends_the_call`: the stack ends the dialog at it, without a BYE, although the call goes on (RFC 5057 section 5.1).
pub(crate) fn for_the_stack(
    message: &Message,
    line: &Line,
    source: Source,
    phone: Option<PhoneName>,
    ends_the_call: bool,
) -> Result<SipMessage, Refusal> {
    let mut shown = message.clone();
    if sets_target(message) {
        let contact = message.fields.first("Contact").and_then(name_and_uri).map(|(_, uri)| uri);
        // Without a Contact the packet's source is all there is to send to; better than no call.
        let own = format!("sip:{}", source.peer);
        let named = || contact.map_or(source.peer, |contact| reachable(contact, line, source));
        let hop = first_hop(message).filter(|hop| hop.ip() == source.peer.ip() || line.covers(hop.ip()));
        let way = Way { to: hop.unwrap_or_else(named), or: Some(source.peer) };
        let target = match contact {
            Some(contact) => target::disguise(contact, way, source.transport),
            None => target::invent(&own, way, source.transport),
        };
        shown.fields.set("Contact", target);
    }
    match &message.start {
        Start::Request { uri, .. } => Stamp { source, phone, uri: uri.clone() }.write(&mut shown.fields),
        Start::Response { code, .. } => {
            prack::hide(&mut shown.fields);
            digest::narrow(&mut shown.fields, *code);
            if ends_the_call {
                shown.start = Start::Response { code: 403, line: "SIP/2.0 403 Forbidden".to_owned() };
            }
        }
    }
    let parsed = SipMessage::try_from(shown.to_bytes().as_slice()).map_err(|_| Refusal::unreadable())?;
    match &parsed {
        SipMessage::Request(request) if !is_readable(request) => Err(Refusal::unreadable()),
        _ => Ok(parsed),
    }
}

fn is_readable(request: &Request) -> bool {
    TransactionKey::from_request(request, TransactionRole::Server).is_ok()
        && request.from_header().is_ok_and(|from| from.typed().is_ok())
        && request.to_header().is_ok_and(|to| to.typed().is_ok())
        && request.typed_contact_headers().is_ok()
}

/// Where requests for a Contact go: to the address it names if that is the trunk's own, else back to where the packet came from (NAT).
fn reachable(contact: &str, line: &Line, source: Source) -> SocketAddr {
    let named = target::address(contact);
    named.filter(|address| address.ip() == source.peer.ip() || line.covers(address.ip())).unwrap_or(source.peer)
}

/// The proxy that requests in the early dialog of a provisional response go to first (RFC 3261 section 12.1.2). Of a 2xx the stack keeps the
/// whole route by itself.
fn first_hop(message: &Message) -> Option<SocketAddr> {
    let Start::Response { code: 101..=199, .. } = message.start else { return None };
    let (_, uri) = message.fields.all("Record-Route").flat_map(entries).last().and_then(name_and_uri)?;
    target::address(uri)
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
