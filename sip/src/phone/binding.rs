//! Where a phone is (RFC 3261 section 10), and what a REGISTER asks for. Pure.

use crate::config::Transport;
use crate::message::stamp::Source;
use crate::message::{Fields, entries, name_and_uri, parameter, target};
use crate::trunk::seconds;
use std::net::SocketAddr;
use std::time::Duration;
use tokio::time::Instant;

/// Where a request to a phone goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct Flow {
    pub transport: Transport,
    pub peer: SocketAddr,
}

/// One phone's registration.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Binding {
    /// As the phone wrote it.
    pub contact: String,
    pub flow: Flow,
    pub until: Instant,
    /// Questions in a row that were not answered.
    pub missed: u8,
    call_id: String,
    cseq: u32,
}

impl Binding {
    pub(crate) fn new(contact: String, source: Source, fields: &Fields, until: Instant) -> Self {
        let flow = Flow { transport: source.transport, peer: reached(&contact, source) };
        let call_id = fields.first("Call-ID").unwrap_or_default().to_owned();
        Binding { contact, flow, until, missed: 0, call_id, cseq: cseq(fields) }
    }

    /// Whether a REGISTER was overtaken by the one that made this (RFC 3261 section 10.3 step 7).
    pub(crate) fn is_newer_than(&self, fields: &Fields) -> bool {
        fields.first("Call-ID") == Some(&self.call_id) && cseq(fields) <= self.cseq
    }

    pub(crate) fn remaining(&self, now: Instant) -> u64 {
        self.until.saturating_duration_since(now).as_secs().max(1)
    }
}

/// Over UDP the address in the Contact if it is where the packet came from, for a phone may send from another port; else, and by a connection,
/// back to where the packet came from: behind NAT nothing else leads there.
fn reached(contact: &str, source: Source) -> SocketAddr {
    let named = target::address(contact).filter(|named| !source.transport.is_stream() && named.ip() == source.peer.ip());
    named.unwrap_or(source.peer)
}

fn cseq(fields: &Fields) -> u32 {
    fields.first("CSeq").and_then(seconds).unwrap_or_default()
}

/// What a REGISTER wants.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Wish {
    /// To know what there is.
    Ask,
    /// To be here, for so many seconds if it says how many.
    Bind { contact: String, expires: Option<u32> },
    /// Not to be here any more: of all its contacts (`*`), or of these.
    Leave { contacts: Option<Vec<String>> },
}

impl Wish {
    /// Of several contacts the first that is to stay counts: a phone has one place. `None`: it makes no sense.
    pub(crate) fn read(fields: &Fields) -> Option<Self> {
        let expires = fields.first("Expires").and_then(seconds);
        let all: Vec<&str> = fields.all("Contact").flat_map(entries).map(str::trim).filter(|one| !one.is_empty()).collect();
        if all.is_empty() {
            return Some(Wish::Ask);
        }
        if all.contains(&"*") {
            return (all.len() == 1 && expires == Some(0)).then_some(Wish::Leave { contacts: None });
        }
        let mut leaving = Vec::new();
        for one in all {
            let (_, uri) = name_and_uri(one)?;
            let lower = uri.to_ascii_lowercase();
            if !lower.starts_with("sip:") && !lower.starts_with("sips:") {
                return None;
            }
            match parameter(one, "expires").and_then(seconds).or(expires) {
                Some(0) => leaving.push(uri.to_owned()),
                expires => return Some(Wish::Bind { contact: uri.to_owned(), expires }),
            }
        }
        Some(Wish::Leave { contacts: Some(leaving) })
    }
}

/// For how long a phone is registered, or the shortest time that it may ask for.
pub(crate) fn granted(expires: Option<u32>, shortest: Duration, longest: Duration) -> Result<Duration, Duration> {
    let wanted = expires.map_or(longest, |seconds| Duration::from_secs(seconds.into()));
    if wanted < shortest { Err(shortest) } else { Ok(wanted.min(longest)) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wish(contacts: &[&str], expires: Option<&str>) -> Option<Wish> {
        let mut fields = Fields::default();
        for contact in contacts {
            fields.push("Contact", *contact);
        }
        if let Some(expires) = expires {
            fields.push("Expires", expires);
        }
        Wish::read(&fields)
    }

    #[test]
    fn every_kind_of_register_is_read() {
        let bind = |contact: &str, expires| Some(Wish::Bind { contact: contact.into(), expires });
        assert_eq!(wish(&[], None), Some(Wish::Ask));
        assert_eq!(wish(&["<sip:a@10.0.0.1;ob>;expires=600;q=0.5"], Some("9")), bind("sip:a@10.0.0.1;ob", Some(600)));
        assert_eq!(wish(&["\"a, b\" <sip:a@h>"], Some("90")), bind("sip:a@h", Some(90)));
        assert_eq!(wish(&["<sip:a@h>"], None), bind("sip:a@h", None));
        assert_eq!(wish(&["*"], Some("0")), Some(Wish::Leave { contacts: None }));
        assert_eq!(wish(&["<sip:a@h>"], Some("0")), Some(Wish::Leave { contacts: Some(vec!["sip:a@h".into()]) }));
        assert_eq!(wish(&["<sip:old@h>;expires=0, <sip:new@h>"], Some("60")), bind("sip:new@h", Some(60)), "the one that stays");
    }

    #[test]
    fn what_makes_no_sense_is_no_wish() {
        for (contacts, expires) in [
            (&["*"][..], None),
            (&["*"], Some("60")),
            (&["*", "<sip:a@h>"], Some("0")),
            (&["<tel:112>"], Some("60")),
            (&["a"], None),
        ] {
            assert_eq!(wish(contacts, expires), None, "{contacts:?} {expires:?}");
        }
    }

    #[test]
    fn a_phone_behind_nat_is_reached_where_its_packet_came_from() {
        let source =
            |transport, peer: &str| Source { transport, peer: peer.parse().unwrap(), local: "10.0.0.1:5060".parse().unwrap() };
        for (transport, contact, expected) in [
            (Transport::Udp, "sip:a@192.0.2.7:5062", "192.0.2.7:5062"),
            (Transport::Udp, "sip:a@192.168.1.5:5060", "192.0.2.7:40000"),
            (Transport::Udp, "sip:a@phone.example", "192.0.2.7:40000"),
            (Transport::Tcp, "sip:a@192.0.2.7:5060;transport=tcp", "192.0.2.7:40000"),
        ] {
            assert_eq!(reached(contact, source(transport, "192.0.2.7:40000")), expected.parse().unwrap(), "{contact}");
        }
    }

    #[test]
    fn times_are_within_their_bounds() {
        let (shortest, longest) = (Duration::from_secs(60), Duration::from_secs(3600));
        assert_eq!(granted(Some(600), shortest, longest), Ok(Duration::from_secs(600)));
        assert_eq!(granted(Some(86_400), shortest, longest), Ok(longest));
        assert_eq!(granted(None, shortest, longest), Ok(longest));
        assert_eq!(granted(Some(59), shortest, longest), Err(shortest));
    }
}
