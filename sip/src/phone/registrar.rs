//! The registrar of the desk phones (RFC 3261 section 10): who is where. Pure: requests and time in, answers and news out.
//!
//! Each phone has one place; whoever proves the password last has it.

use super::binding::{Binding, Flow, Wish, granted};
use super::proof::{Given, Nonces, Proved, Same, Verdict};
use super::throttle::Throttle;
use crate::admission::Refusal;
use crate::config::{Account, PhoneDigest, PhoneName, Phones, Transport};
use crate::message::stamp::Source;
use crate::message::{Fields, name_and_uri};
use crate::trunk::digest::quoted;
use std::collections::VecDeque;
use std::net::SocketAddr;
use tokio::time::Instant;

/// Questions that a phone may leave without an answer before it counts as gone.
const MAY_MISS: u8 = 2;

pub(crate) struct Registrar {
    config: Phones,
    desks: Vec<Desk>,
    nonces: Nonces,
    throttle: Throttle,
    /// Whose state has changed and was not told yet, each once.
    news: VecDeque<PhoneName>,
}

/// One phone's place.
struct Desk {
    name: PhoneName,
    account: Account,
    binding: Option<Binding>,
    proved: Proved,
    /// Why it is as it is, for people.
    detail: &'static str,
}

/// How a phone stands.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Standing {
    pub phone: PhoneName,
    pub registered: bool,
    pub detail: &'static str,
}

impl Registrar {
    /// `secret` seals nonces.
    pub(crate) fn new(config: Phones, secret: [u8; 32], now: Instant) -> Self {
        let desk = |phone: &crate::config::Phone| Desk {
            name: phone.name.clone(),
            account: Account::new(phone.name.0.clone(), phone.password.0.clone()),
            binding: None,
            proved: Proved::default(),
            detail: "",
        };
        let desks = config.phones.iter().map(desk).collect();
        Registrar { config, desks, nonces: Nonces::new(secret, now), throttle: Throttle::default(), news: VecDeque::new() }
    }

    /// The phone that a request comes from, or what its sender hears.
    pub(crate) fn prove(
        &mut self,
        (method, uri): (&str, &str),
        fields: &Fields,
        source: Source,
        now: Instant,
    ) -> Result<PhoneName, Refusal> {
        let address = source.peer.ip();
        if let Some(pause) = self.throttle.pause(address, now) {
            let seconds = u32::try_from(pause.as_secs()).unwrap_or(u32::MAX).saturating_add(1);
            return Err(Refusal::unavailable("phone_guesses", seconds));
        }
        let Some(given) = Given::read(fields, &self.config.realm) else { return Err(self.challenge(false, now)) };
        // Whoever answers a question that was never asked gets one: nothing is counted against an address that anybody can forge.
        if !given.was_asked(&self.nonces) {
            return Err(self.challenge(true, now));
        }
        let offered = self.config.digests.iter().any(|digest| digest_name(*digest) == given.algorithm());
        let desk = self.desks.iter_mut().find(|desk| desk.name.0 == given.username);
        let verdict = match desk {
            Some(desk) if offered => {
                let same = Same::of(fields, source.peer);
                let verdict = given.judge(&desk.account, (method, uri), same.as_ref(), &mut desk.proved, &self.nonces, now);
                (verdict, desk.name.clone())
            }
            // A phone that is not known hears the same as one whose password is wrong.
            _ => (Verdict::Wrong, PhoneName(String::new())),
        };
        match verdict {
            (Verdict::Right, phone) => {
                self.throttle.right(address);
                Ok(phone)
            }
            (Verdict::Stale, _) => Err(self.challenge(true, now)),
            (Verdict::Wrong, _) => {
                self.throttle.wrong(address, now);
                Err(Refusal::new(403, "phone_password"))
            }
        }
    }

    fn challenge(&mut self, stale: bool, now: Instant) -> Refusal {
        let (realm, nonce) = (quoted(&self.config.realm), self.nonces.issue(now));
        let stale = if stale { ", stale=true" } else { "" };
        self.config.digests.iter().fold(Refusal::new(401, "phone_challenge"), |refusal, digest| {
            let name = digest_name(*digest);
            let value = format!("Digest realm={realm}, nonce=\"{nonce}\", algorithm={name}, qop=\"auth\"{stale}");
            refusal.with("WWW-Authenticate", value)
        })
    }

    /// Answers a REGISTER.
    pub(crate) fn register(&mut self, uri: &str, fields: &Fields, source: Source, now: Instant) -> Refusal {
        let phone = match self.prove(("REGISTER", uri), fields, source, now) {
            Ok(phone) => phone,
            Err(refusal) => return refusal,
        };
        if fields.first("To").and_then(name_and_uri).is_none_or(|(_, uri)| crate::dialled::dialled(uri) != phone.0) {
            return Refusal::new(403, "phone_of_another");
        }
        let Some(wish) = Wish::read(fields) else { return Refusal::new(400, "phone_contact") };
        let (shortest, longest) = (self.config.shortest, self.config.longest);
        let Some(desk) = self.desks.iter_mut().find(|desk| desk.name == phone) else { return Refusal::new(403, "phone") };
        // A repeated one is answered again and changes nothing.
        let overtaken = desk.binding.as_ref().is_some_and(|binding| binding.is_newer_than(fields));
        let news = match wish {
            _ if overtaken => false,
            Wish::Ask => false,
            Wish::Bind { contact, expires } => match granted(expires, shortest, longest) {
                Ok(time) => desk.bind(Binding::new(contact, source, fields, now + time)),
                Err(shortest) => {
                    return Refusal::new(423, "phone_interval").with("Min-Expires", shortest.as_secs().to_string());
                }
            },
            Wish::Leave { contacts } => {
                let is_this = |binding: &Binding| contacts.as_ref().is_none_or(|all| all.contains(&binding.contact));
                desk.binding.as_ref().is_some_and(is_this) && desk.unbind("it has signed off")
            }
        };
        let mut answer = Refusal::new(200, "phone_registered");
        if let Some(binding) = &desk.binding {
            let left = binding.remaining(now);
            answer = answer.with("Contact", format!("<{}>;expires={left}", binding.contact));
            answer = answer.with("Expires", left.to_string());
        }
        if news {
            self.tell(phone);
        }
        answer
    }

    /// Where a registered phone is, and its Contact.
    pub(crate) fn place(&self, phone: &PhoneName) -> Option<(Flow, String)> {
        let binding = self.desk(phone)?.binding.as_ref()?;
        Some((binding.flow, binding.contact.clone()))
    }

    /// Every registered phone with its place.
    pub(crate) fn places(&self) -> impl Iterator<Item = (PhoneName, Flow, String)> + '_ {
        self.desks.iter().filter_map(|desk| {
            let binding = desk.binding.as_ref()?;
            Some((desk.name.clone(), binding.flow, binding.contact.clone()))
        })
    }

    pub(crate) fn knows(&self, phone: &PhoneName) -> bool {
        self.desk(phone).is_some()
    }

    /// Whether a registered phone is at this address.
    pub(crate) fn is_at(&self, transport: Transport, peer: SocketAddr) -> bool {
        let here = |flow: Flow| flow.transport == transport && flow.peer == peer;
        self.desks.iter().filter_map(|desk| desk.binding.as_ref()).any(|binding| here(binding.flow))
    }

    /// The phone at this place answered a question.
    pub(crate) fn answered(&mut self, phone: &PhoneName, flow: Flow) {
        if let Some(binding) = self.binding_at(phone, flow) {
            binding.missed = 0;
        }
    }

    /// It did not. Whether it is to be asked again soon.
    pub(crate) fn missed(&mut self, phone: &PhoneName, flow: Flow) -> bool {
        let Some(binding) = self.binding_at(phone, flow) else { return false };
        binding.missed = binding.missed.saturating_add(1);
        if binding.missed < MAY_MISS {
            return true;
        }
        self.lost(phone, flow, "it does not answer");
        false
    }

    /// The phone cannot be reached at this place any more.
    pub(crate) fn lost(&mut self, phone: &PhoneName, flow: Flow, why: &'static str) {
        if self.binding_at(phone, flow).is_some()
            && let Some(desk) = self.desks.iter_mut().find(|desk| desk.name == *phone)
            && desk.unbind(why)
        {
            self.tell(phone.clone());
        }
    }

    /// When the next registration runs out.
    pub(crate) fn deadline(&self) -> Option<Instant> {
        self.desks.iter().filter_map(|desk| desk.binding.as_ref()).map(|binding| binding.until).min()
    }

    pub(crate) fn expire(&mut self, now: Instant) {
        let is_over = |desk: &Desk| desk.binding.as_ref().is_some_and(|binding| binding.until <= now);
        let over: Vec<PhoneName> = self.desks.iter().filter(|desk| is_over(desk)).map(|desk| desk.name.clone()).collect();
        for phone in over {
            if let Some(flow) = self.place(&phone).map(|(flow, _)| flow) {
                self.lost(&phone, flow, "its registration has run out");
            }
        }
    }

    /// How a phone stands whose state has changed. Only the newest state is told.
    pub(crate) fn poll_news(&mut self) -> Option<Standing> {
        let phone = self.news.pop_front()?;
        let desk = self.desk(&phone)?;
        Some(Standing { registered: desk.binding.is_some(), detail: desk.detail, phone })
    }

    fn tell(&mut self, phone: PhoneName) {
        if !self.news.contains(&phone) {
            self.news.push_back(phone);
        }
    }

    fn desk(&self, phone: &PhoneName) -> Option<&Desk> {
        self.desks.iter().find(|desk| desk.name == *phone)
    }

    fn binding_at(&mut self, phone: &PhoneName, flow: Flow) -> Option<&mut Binding> {
        let desk = self.desks.iter_mut().find(|desk| desk.name == *phone)?;
        desk.binding.as_mut().filter(|binding| binding.flow == flow)
    }
}

impl Desk {
    /// Whether that is news: a phone that is at another place than before may have been started anew.
    fn bind(&mut self, binding: Binding) -> bool {
        self.detail = "registered";
        let place = (binding.flow, binding.contact.clone());
        self.binding.replace(binding).is_none_or(|before| (before.flow, before.contact) != place)
    }

    fn unbind(&mut self, why: &'static str) -> bool {
        self.detail = why;
        self.binding.take().is_some()
    }
}

fn digest_name(digest: PhoneDigest) -> &'static str {
    match digest {
        PhoneDigest::Sha256 => "SHA-256",
        PhoneDigest::Md5 => "MD5",
    }
}

#[cfg(test)]
#[path = "registrar_tests.rs"]
mod tests;
