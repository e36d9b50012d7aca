//! The one way in: octets -> whose they are -> repair -> admission -> the SIP stack. Shell around pure parts.

use super::beside::Looks;
use super::normalise::{Framing, Outcome, normalise};
use super::shown::for_the_stack;
use crate::admission::{Refusal, Verdict, judge};
use crate::clock::now;
use crate::config::PhoneName;
use crate::config::{Limits, Strangers};
use crate::counters;
use crate::identity::identity;
use crate::invitation;
use crate::limited::{Alarms, Limit};
use crate::message::stamp::Source;
use crate::message::{Message, Start, parameter, via};
use crate::offers::Offers;
use crate::phone::{Matter, Phones};
use crate::presence::Presence;
use crate::registry::{InviteKey, Registry};
use crate::trunk::{Buckets, Line, Trunks, digest};
use rsipstack::dialog::DialogId;
use rsipstack::sip::prelude::HeadersExt;
use rsipstack::sip::{Method, Response, SipMessage};
use rsipstack::transaction::endpoint::EndpointInnerRef;
use rsipstack::transaction::key::{TransactionKey, TransactionRole};
use rsipstack::transport::{SipAddr, SipConnection};
use std::net::{IpAddr, SocketAddr};
use std::sync::{Arc, Mutex, PoisonError};

/// A stateless reply and where it goes over UDP.
pub(crate) struct Reply {
    pub octets: Vec<u8>,
    pub to: SocketAddr,
}

pub(crate) struct Ingress {
    pub endpoint: EndpointInnerRef,
    pub registry: Arc<Registry>,
    pub trunks: Arc<Trunks>,
    pub presence: Arc<Presence>,
    pub phones: Arc<Phones>,
    pub limits: Limits,
    pub alarms: Arc<Alarms>,
    pub offers: Arc<Offers>,
    /// 403s that strangers may still get. `None`: they get nothing.
    pub refusals: Option<Mutex<Buckets>>,
    pub looks: Looks,
}

impl Ingress {
    /// Takes one message in. What comes back is to be sent to the peer.
    pub(crate) async fn receive(
        &self,
        octets: &[u8],
        framing: Framing,
        source: Source,
        connection: &SipConnection,
    ) -> Option<Reply> {
        let Some(line) = self.peer(source.peer.ip()).or_else(|| self.of_a_call(octets, framing, source)) else {
            return match self.presence.asks(source.peer.ip()) {
                Some(line) => self.guest(octets, framing, source, connection, &line).await,
                None => self.stranger(octets, framing, source),
            };
        };
        let message = match read(octets, framing, source) {
            Ok(message) => message,
            Err(reply) => return reply,
        };
        if message.method().is_some() {
            line.status.heard();
        }
        let (verdict, phone) = self.judge(&message, line, source);
        let place = match verdict {
            Verdict::Pass => None,
            Verdict::Reply(_) if !line.may_pass(now()) => {
                counters::dropped("trunk_rate");
                self.alarms.tell(Limit::Rate);
                return None;
            }
            Verdict::Reply(refusal) => {
                if let Some(why) = refusal.trouble().filter(|_| phone.is_none()) {
                    self.offers.refused(&line.config.name, why, identity(&message.fields).number);
                }
                return refuse(&refusal, &message, source);
            }
            Verdict::Invite | Verdict::Alert(_) if !line.may_pass(now()) && !self.has_a_place(&message) => {
                self.alarms.tell(Limit::Rate);
                return refuse(&Refusal::unavailable("trunk_rate", self.limits.retry_after_s), &message, source);
            }
            Verdict::Alert(carried) => {
                let told = self.registry.tell_alert(*carried, &line.config.name, source.peer);
                self.alarm(&told);
                return refuse(&told, &message, source);
            }
            Verdict::Invite => {
                self.offers.taken(&line.config.name, || identity(&message.fields).number);
                invitation::key(&message.fields)
            }
        };
        if let Err(refusal) = self.forward(&message, (line, phone), source, connection, place).await {
            return refuse(&refusal, &message, source);
        }
        None
    }

    /// An INVITE sent again is no new one: its sender takes a refusal for the answer to the call that rings.
    fn has_a_place(&self, message: &Message) -> bool {
        invitation::key(&message.fields).is_some_and(|key| self.registry.has(&key))
    }

    /// What was sent by somebody who is being asked for a caller's location: answers and notifications, and nothing that begins anything.
    async fn guest(
        &self,
        octets: &[u8],
        framing: Framing,
        source: Source,
        connection: &SipConnection,
        line: &Line,
    ) -> Option<Reply> {
        if !octets.starts_with(b"SIP/2.0 ") && !octets.starts_with(b"NOTIFY ") {
            return self.stranger(octets, framing, source);
        }
        let message = match read(octets, framing, source) {
            Ok(message) => message,
            Err(reply) => return reply,
        };
        if message.method().is_some() && !self.presence.awaits(&message.fields) {
            return refuse(&Refusal::new(481, "no_dialog"), &message, source);
        }
        let refused = match judge(&message, line.config.srtp, &self.limits) {
            Verdict::Pass => self.forward(&message, (line, None), source, connection, None).await.err(),
            Verdict::Reply(refusal) => Some(refusal),
            Verdict::Invite | Verdict::Alert(_) => None,
        };
        refused.and_then(|refusal| refuse(&refusal, &message, source))
    }

    /// Whether signalling from this address is taken, of a trunk or of somebody who is being asked.
    pub(crate) fn knows(&self, address: IpAddr) -> bool {
        self.peer(address).is_some() || self.presence.asks(address).is_some()
    }

    /// Whose an address is: a trunk's, or one of the phones'. `None`: a stranger's.
    pub(crate) fn peer(&self, address: IpAddr) -> Option<&Arc<Line>> {
        self.trunks.of(address).or_else(|| self.phones.cover(address).then_some(&self.phones.line))
    }

    /// What is to become of a message, and the phone that has proved to have sent it.
    fn judge(&self, message: &Message, line: &Arc<Line>, source: Source) -> (Verdict, Option<PhoneName>) {
        if self.phones.cover(source.peer.ip()) {
            let shared = !Arc::ptr_eq(line, &self.phones.line);
            match self.phones.judge(message, source, shared) {
                Matter::No => {}
                Matter::Reply(refusal) => return (Verdict::Reply(refusal), None),
                Matter::Call(phone) => return (judge(message, self.phones.line.config.srtp, &self.limits), Some(phone)),
            }
        }
        (judge(message, line.config.srtp, &self.limits), None)
    }

    /// What no trunk sent. Next to nothing is done for it: no reading past its first word, no memory, and seldom a reply.
    fn stranger(&self, octets: &[u8], framing: Framing, source: Source) -> Option<Reply> {
        let may_hear = |refusals: &Mutex<Buckets>| {
            (octets.starts_with(b"INVITE ") || self.limits.take_alerts && octets.starts_with(b"MESSAGE "))
                && refusals.lock().unwrap_or_else(PoisonError::into_inner).take(source.peer.ip(), now())
        };
        if self.refusals.as_ref().is_some_and(may_hear)
            && let Outcome::Pass { message, .. } = normalise(octets, source.peer, framing)
        {
            return refuse(&Refusal::stranger(), &message, source);
        }
        counters::dropped("stranger");
        None
    }

    /// Whether this is a challenge to a request inside a call that the stack would end the call at: it has no answer, or gave it already.
    fn ends_the_call(&self, message: &Message, line: &Line) -> bool {
        let Start::Response { code: code @ (401 | 407), .. } = message.start else { return false };
        let fields = &message.fields;
        let tag = |name| fields.first(name).and_then(|value| parameter(value, "tag")).map(str::to_owned);
        let number = fields.first("CSeq").and_then(|cseq| cseq.split_whitespace().next()?.parse().ok());
        let (Some(call_id), Some(local_tag), Some(remote_tag)) = (fields.first("Call-ID"), tag("From"), tag("To")) else {
            return false;
        };
        let dialog = DialogId { call_id: call_id.to_owned(), local_tag, remote_tag };
        let answered = number.and_then(|number| self.registry.was_authorised(&dialog, number));
        match (answered, digest::Challenge::of(fields, code)) {
            (None, _) => false,
            (Some(answered), Some(challenge)) => line.config.account.is_none() || answered && !challenge.stale,
            (Some(_), None) => true,
        }
    }

    /// Hands a message to the stack; `place` is the key of a new call that needs a place first.
    async fn forward(
        &self,
        message: &Message,
        (line, phone): (&Line, Option<PhoneName>),
        source: Source,
        connection: &SipConnection,
        place: Option<InviteKey>,
    ) -> Result<(), Refusal> {
        // A phone of an operator's has a place where callers find none any more.
        let most = self.limits.max_calls.saturating_mul(if phone.is_some() { 2 } else { 1 });
        let parsed = for_the_stack(message, line, source, phone, self.ends_the_call(message, line))?;
        let mut admitted = None;
        if let SipMessage::Request(request) = &parsed
            && request.method != Method::Ack
        {
            let transaction =
                TransactionKey::from_request(request, TransactionRole::Server).map_err(|_| Refusal::unreadable())?;
            // Retransmissions belong to the transaction, which may outlive the call.
            let is_known = self.endpoint.transactions.contains_key(&transaction)
                || self.endpoint.finished_transactions.contains_key(&transaction);
            // The stack would say so, too, but without a tag of ours (RFC 3261 section 8.2.6.2).
            if request.method == Method::Cancel && !is_known {
                return Err(Refusal::new(481, "no_transaction"));
            }
            if !is_known {
                let under_way = self.endpoint.transactions.len();
                // What says that it belongs to a call comes before new calls, and may be a lie: what is remembered of it counts as well.
                let full = match place {
                    Some(_) => under_way >= self.limits.max_transactions,
                    None => {
                        let remembered = self.endpoint.finished_transactions.len();
                        under_way + remembered >= self.limits.max_transactions.saturating_mul(2)
                    }
                };
                if full {
                    self.alarms.tell(Limit::Transactions);
                    return Err(Refusal::unavailable("max_transactions", self.limits.retry_after_s));
                }
                if let Some(key) = place {
                    let branch = message.fields.first("Via").and_then(via::branch).unwrap_or_default();
                    self.registry.admit(key.clone(), branch, most).inspect_err(|refusal| self.alarm(refusal))?;
                    admitted = Some(key);
                }
            }
        }
        let from = SipAddr::new(source.transport.into(), source.peer.into());
        if let SipMessage::Response(response) = &parsed
            && self.acknowledge_again(response, connection, &from).await
        {
            return Ok(());
        }
        if let Err(error) = self.endpoint.on_received_message(parsed, connection.clone(), &from).await {
            tracing::debug!(peer = %source.peer, %error, "the SIP stack did not take a message");
            counters::dropped("stack");
            self.alarms.tell(Limit::Stack);
            if let Some(key) = admitted {
                self.registry.forget(&key);
            }
        }
        Ok(())
    }

    /// Sends our ACK once more to who repeats a final response because it was lost (RFC 3261 sections 13.2.2.4 and 17.1.1.2): to where the response came
    /// from. The stack would look up the host of its Request-URI, which is written out verbatim (see `inspector`) and none. With a Route
    /// it knows better, and who answers as another branch of a forked call is not meant.
    async fn acknowledge_again(&self, response: &Response, connection: &SipConnection, from: &SipAddr) -> bool {
        let code = response.status_code.code();
        let Ok(key) = TransactionKey::from_response(response, TransactionRole::Client) else { return false };
        let ended_with = self.endpoint.finished_transactions.get(&key).and_then(|last| last.clone());
        let Some(SipMessage::Request(ack)) = ended_with.filter(|_| code >= 200) else { return false };
        let said = response.to_header().ok().and_then(|to| to.tag().ok().flatten());
        let acknowledged = ack.to_header().ok().and_then(|to| to.tag().ok().flatten());
        if ack.method != Method::Ack || said.is_none() || said != acknowledged || ack.header_value("Route").is_some() {
            return false;
        }
        if let Err(error) = connection.send(ack.into(), Some(from)).await {
            tracing::debug!(peer = %from, %error, "an ACK could not be sent again");
        }
        true
    }

    /// Tells the owner where the registry sheds something.
    fn alarm(&self, refusal: &Refusal) {
        match refusal.reason {
            "max_calls" => self.alarms.tell(Limit::Calls),
            "events_full" => self.alarms.tell(Limit::Events),
            _ => {}
        }
    }
}

/// The message in some octets, repaired where it can be; else what its sender hears.
fn read(octets: &[u8], framing: Framing, source: Source) -> Result<Message, Option<Reply>> {
    match normalise(octets, source.peer, framing) {
        Outcome::Pass { message, repairs } => {
            repairs.into_iter().for_each(counters::repaired);
            Ok(*message)
        }
        Outcome::Reply { octets, code, reason } => {
            counters::refused(code, reason);
            Err(Some(Reply { octets, to: source.peer }))
        }
        Outcome::Drop(reason) => {
            if reason != "keepalive" {
                counters::dropped(reason);
            }
            Err(None)
        }
    }
}

/// The 403s that strangers may get.
pub(crate) fn refusals(strangers: Strangers, seed: u64) -> Option<Mutex<Buckets>> {
    match strangers {
        Strangers::Silent => None,
        Strangers::Refuse { each, all } => Some(Mutex::new(Buckets::new(each, all, seed))),
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
