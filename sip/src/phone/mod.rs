//! Desk phones: they register here, are called where they are, and may call feature codes.
//!
//! [`registrar`], [`binding`], [`proof`] and [`throttle`] are pure; [`keeper`] asks and tells, [`calling`] calls a phone. Nothing of it is
//! there for addresses outside of the phones' networks: those are strangers as before.

mod binding;
mod calling;
mod keeper;
mod proof;
mod registrar;
mod throttle;

pub(crate) use calling::call;
pub(crate) use keeper::keep;

use crate::admission::Refusal;
use crate::clock::now;
use crate::config::{PhoneName, Phones as Config, Rate, Trunk};
use crate::message::stamp::Source;
use crate::message::{Message, Start};
use crate::trunk::Line;
use binding::Flow;
use registrar::{Registrar, Standing};
use std::net::IpAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use tokio::sync::Notify;
use tokio::time::Instant;

/// Stands for all phones where a trunk's name is asked for: in metrics.
const LINE: &str = "phones";
/// What phones send together; a room full of them registers in a moment.
const RATE: Rate = Rate { per_second: 50, burst: 200 };

/// All phones with what is known of them now.
pub(crate) struct Phones {
    config: Config,
    /// The phones as a peer, for what is the same for all peers.
    pub line: Arc<Line>,
    registrar: Mutex<Registrar>,
    news: Notify,
    /// Phones that somebody wants to be asked at once.
    doubted: Mutex<Vec<PhoneName>>,
}

/// What a message is to the phones.
pub(crate) enum Matter {
    /// None of theirs.
    No,
    /// A final reply.
    Reply(Refusal),
    /// A call of this phone.
    Call(PhoneName),
}

impl Phones {
    pub(crate) fn new(config: Config, secret: [u8; 32]) -> Self {
        // It has no addresses of its own: a phone is reached where it is, never at another address of its network.
        let line = Arc::new(Line::new(Trunk { rate: RATE, srtp: config.srtp, ..Trunk::new(LINE.into(), Vec::new(), None) }));
        let registrar = Mutex::new(Registrar::new(config.clone(), secret, now()));
        Phones { config, line, registrar, news: Notify::new(), doubted: Mutex::default() }
    }

    pub(crate) fn lift_themselves(&self) -> bool {
        self.config.lift_themselves
    }

    pub(crate) fn are_any(&self) -> bool {
        !self.config.phones.is_empty()
    }

    /// Whether phones may be at this address.
    pub(crate) fn cover(&self, address: IpAddr) -> bool {
        self.config.cover(address)
    }

    /// Judges what comes from a network of the phones. `shared`: a trunk is there, too; its calls are its own.
    pub(crate) fn judge(&self, message: &Message, source: Source, shared: bool) -> Matter {
        let Start::Request { method, uri } = &message.start else { return Matter::No };
        if message.fields.in_dialog() {
            return Matter::No;
        }
        match method.as_str() {
            "REGISTER" => {
                let answer = self.lock().register(uri, &message.fields, source, now());
                self.news.notify_one();
                Matter::Reply(answer)
            }
            "INVITE" if !shared || self.lock().is_at(source.transport, source.peer) => {
                match self.lock().prove(("INVITE", uri), &message.fields, source, now()) {
                    Ok(phone) => Matter::Call(phone),
                    Err(refusal) => Matter::Reply(refusal),
                }
            }
            // Alerts come from carriers and sensors.
            "MESSAGE" if !shared => Matter::Reply(Refusal::not_allowed()),
            _ => Matter::No,
        }
    }

    pub(crate) fn knows(&self, phone: &PhoneName) -> bool {
        self.lock().knows(phone)
    }

    fn place(&self, phone: &PhoneName) -> Option<(Flow, String)> {
        self.lock().place(phone)
    }

    /// A phone is to be asked at once whether it is there.
    pub(crate) fn doubt(&self, phone: PhoneName) {
        let mut doubted = self.doubted.lock().unwrap_or_else(PoisonError::into_inner);
        if !doubted.contains(&phone) && self.knows(&phone) {
            doubted.push(phone);
            self.news.notify_one();
        }
    }

    fn take_doubted(&self) -> Vec<PhoneName> {
        std::mem::take(&mut self.doubted.lock().unwrap_or_else(PoisonError::into_inner))
    }

    fn lost(&self, phone: &PhoneName, flow: Flow, why: &'static str) {
        self.lock().lost(phone, flow, why);
        self.news.notify_one();
    }

    fn deadline(&self) -> Option<Instant> {
        self.lock().deadline()
    }

    fn poll_news(&self) -> Option<Standing> {
        self.lock().poll_news()
    }

    fn lock(&self) -> MutexGuard<'_, Registrar> {
        // The table stays whole even when a holder of the lock panicked.
        self.registrar.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
