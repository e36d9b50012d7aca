//! Requests of a call that come from an address of no trunk. Where a carrier's proxy does not record its route, the gateway behind it sends its ACK
//! and BYE straight to our Contact (RFC 3261 sections 12.2.1.1 and 13.2.2.4), and not every city is told of every gateway. Whoever knows both tags of a
//! dialog takes part in it: they are random and were said to nobody else. All others are strangers.

use super::ingress::Ingress;
use super::normalise::{Framing, Outcome, normalise};
use crate::clock::now;
use crate::config::Rate;
use crate::counters;
use crate::message::parameter;
use crate::message::stamp::Source;
use crate::trunk::{Buckets, Line};
use rsipstack::dialog::DialogId;
use std::sync::{Arc, Mutex, PoisonError};

/// Requests that belong to calls, but for the one that most strangers send.
const WITHIN: [&[u8]; 5] = [b"ACK ", b"BYE ", b"UPDATE ", b"INFO ", b"PRACK "];
const AGAIN: &[u8] = b"INVITE ";
/// How many are looked into, from one network and from all of them.
const EACH: Rate = Rate { per_second: 50, burst: 100 };
const ALL: Rate = Rate { per_second: 200, burst: 400 };

/// How many of them may still be looked into. A flood of INVITEs keeps nobody from hanging up.
pub(crate) struct Looks {
    within: Mutex<Buckets>,
    again: Mutex<Buckets>,
}

impl Looks {
    pub fn new(seed: u64) -> Self {
        let buckets = || Mutex::new(Buckets::new(EACH, ALL, seed));
        Self { within: buckets(), again: buckets() }
    }

    fn of(&self, octets: &[u8]) -> Option<&Mutex<Buckets>> {
        if WITHIN.iter().any(|word| octets.starts_with(word)) {
            return Some(&self.within);
        }
        octets.starts_with(AGAIN).then_some(&self.again)
    }
}

impl Ingress {
    /// The trunk of the call that a request belongs to, if it belongs to one.
    pub(super) fn of_a_call(&self, octets: &[u8], framing: Framing, source: Source) -> Option<&Arc<Line>> {
        let looks = self.looks.of(octets)?;
        if !looks.lock().unwrap_or_else(PoisonError::into_inner).take(source.peer.ip(), now()) {
            return None;
        }
        let Outcome::Pass { message, .. } = normalise(octets, source.peer, framing) else { return None };
        let tag = |name| message.fields.first(name).and_then(|value| parameter(value, "tag")).map(str::to_owned);
        let dialog =
            DialogId { call_id: message.fields.first("Call-ID")?.to_owned(), local_tag: tag("To")?, remote_tag: tag("From")? };
        let line = self.trunks.named(&self.registry.trunk_of(&dialog)?)?;
        counters::beside(&line.config.name);
        tracing::debug!(trunk = %line.config.name, peer = %source.peer, "a call is spoken for from an address that is not in `peers`");
        Some(line)
    }
}
