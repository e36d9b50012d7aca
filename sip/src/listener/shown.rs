//! A message as the SIP stack is to see it: with the remote target in disguise and the stamp of where it came from, and without what the stack
//! would do worse than we. Pure.

use super::names::Way;
use crate::admission::Refusal;
use crate::config::PhoneName;
use crate::message::stamp::{Source, Stamp};
use crate::message::{Fields, Message, Start, entries, name_and_uri, target};
use crate::prack;
use crate::trunk::{Line, digest};
use rsipstack::sip::prelude::{HeadersExt, ToTypedHeader};
use rsipstack::sip::{Request, SipMessage};
use rsipstack::transaction::key::{TransactionKey, TransactionRole};
use std::net::{IpAddr, SocketAddr};

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
    if begins_a_dialog(message) {
        hide_first_hop(&mut shown.fields, matches!(message.start, Start::Request { .. }), line, source);
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

/// Whether its Record-Route is the way of all later requests (RFC 3261 section 12.1).
fn begins_a_dialog(message: &Message) -> bool {
    match &message.start {
        Start::Request { method, .. } => method == "INVITE",
        Start::Response { code, .. } => {
            (101..300).contains(code) && message.fields.first("CSeq").is_some_and(|cseq| cseq.ends_with("INVITE"))
        }
    }
}

/// Gives the stack a way to the proxy to which requests of the call go first: the last that it has in a response, the first in a request. The stack
/// would connect by itself to an address behind a stream, and would look in vain for a name, or an address, that is known in the carrier's network only:
/// such a proxy is where the message came from.
fn hide_first_hop(fields: &mut Fields, of_request: bool, line: &Line, source: Source) {
    let routes: Vec<String> = fields.all("Record-Route").flat_map(entries).map(|entry| entry.trim().to_owned()).collect();
    let first = if of_request { 0 } else { routes.len().saturating_sub(1) };
    let Some(entry) = routes.get(first) else { return };
    let Some((None, uri)) = name_and_uri(entry).filter(|(_, uri)| is_loose(uri)) else { return };
    let known = |hop: &SocketAddr| match source.transport.is_stream() {
        true => hop.ip() == source.peer.ip() || line.covers(hop.ip()),
        false => !is_inside(hop.ip()) || is_inside(source.peer.ip()),
    };
    let to = target::address(uri).filter(known).unwrap_or(source.peer);
    let hidden = target::disguise_route(entry, uri, Way { to, or: Some(source.peer) }, source.transport);
    fields.remove("Record-Route");
    for (number, route) in routes.iter().enumerate() {
        fields.push("Record-Route", if number == first { &hidden } else { route });
    }
}

/// A proxy that leaves the Request-URI alone (RFC 3261 section 16.12).
fn is_loose(uri: &str) -> bool {
    uri.split(';').skip(1).any(|parameter| parameter.split('=').next().is_some_and(|name| name.trim().eq_ignore_ascii_case("lr")))
}

/// Whether an address means something in a network of its own only.
fn is_inside(ip: IpAddr) -> bool {
    match ip.to_canonical() {
        IpAddr::V4(ip) => ip.is_private() || ip.is_loopback() || ip.is_link_local(),
        IpAddr::V6(ip) => ip.is_unique_local() || ip.is_loopback() || ip.is_unicast_link_local(),
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::{Transport, Trunk};

    /// Where requests go first when these proxies record their route, and what they are told of it.
    fn first_hop_of(transport: Transport, from: &str, routes: &str, of_request: bool) -> (Vec<String>, String) {
        let line = Line::new(Trunk::new("telco".into(), vec!["203.0.113.0/28".parse().unwrap()], None));
        let source = Source { transport, local: "192.0.2.1:5060".parse().unwrap(), peer: from.parse().unwrap() };
        let mut fields = Fields::default();
        fields.push("Record-Route", routes);
        hide_first_hop(&mut fields, of_request, &line, source);
        let shown: Vec<String> = fields.all("Record-Route").map(str::to_owned).collect();
        let revealed = target::reveal_routes(&shown.join(", ")).unwrap_or_else(|| shown.join(", "));
        assert_eq!(revealed, routes);
        let first = if of_request { shown.first() } else { shown.last() };
        let host = first.and_then(|entry| entry.strip_prefix("<sip:")?.split_once(';')).map(|(host, _)| host.to_owned());
        (shown.clone(), host.unwrap_or_default())
    }

    #[test]
    fn requests_go_back_to_where_a_proxy_is_that_names_itself_for_its_own_network_only() {
        let udp = |from: &str, route: &str| first_hop_of(Transport::Udp, from, route, true).1;
        let (public, inside) = ("203.0.113.9:5070", "10.1.1.1:5070");
        assert_eq!(udp(public, "<sip:10.20.30.40;lr>, <sip:far;lr>"), public);
        assert_eq!(udp(public, "<sip:ibcf.mnc010.mcc510.3gppnetwork.org;lr>"), public);
        assert_eq!(
            udp(public, "<sip:198.51.100.7:5080;lr>"),
            "198.51.100.7:5080",
            "another address of it that everybody reaches"
        );
        assert_eq!(udp(inside, "<sip:10.20.30.40;lr>"), "10.20.30.40:5060");
    }

    #[test]
    fn behind_a_connection_the_stack_is_told_a_way_and_no_address() {
        let source: SocketAddr = "203.0.113.9:40000".parse().unwrap();
        for (route, to) in [
            ("<sip:203.0.113.8:5061;transport=tls;lr>", "203.0.113.8:5061"),
            ("<sip:198.51.100.7:5061;transport=tls;lr>", "203.0.113.9:40000"),
            ("<sip:sbc.example;transport=tls;lr>", "203.0.113.9:40000"),
        ] {
            let (_, host) = first_hop_of(Transport::Tls, "203.0.113.9:40000", route, true);
            let name = host.rsplit_once(':').map(|(name, _)| name).unwrap_or_default();
            let to: SocketAddr = to.parse().unwrap();
            assert_eq!(Way::read(name), Some(Way { to, or: Some(source).filter(|or| *or != to) }), "{route}");
        }
    }

    #[test]
    fn of_an_answer_the_last_proxy_is_the_first_on_the_way_and_one_that_rewrites_requests_is_left_alone() {
        let (shown, host) = first_hop_of(Transport::Udp, "203.0.113.9:5070", "<sip:far;lr>, <sip:10.0.0.1;lr>", false);
        assert_eq!((shown[0].as_str(), host.as_str()), ("<sip:far;lr>", "203.0.113.9:5070"));
        let (shown, _) = first_hop_of(Transport::Udp, "203.0.113.9:5070", "<sip:10.0.0.1>", true);
        assert_eq!(shown, ["<sip:10.0.0.1>"]);
    }
}
