//! Trunks at work: whose an address is, whether the carrier is there, and where the account is registered.
//!
//! The state machines ([`watch`], [`registration`], [`route`], [`digest`], [`bucket`]) are pure; [`keeper`] drives them, and [`names`] knows
//! the carrier's addresses.

mod bucket;
pub(crate) mod digest;
mod keeper;
mod names;
mod registration;
mod route;
mod status;
mod watch;

pub(crate) use bucket::{Bucket, Buckets};
pub(crate) use keeper::{Keeping, keep, request};
pub(crate) use registration::seconds;
pub(crate) use route::{Attempt, Candidate, Route, another_may_do_better};
pub use watch::TrunkState;

use crate::config::{Trunk, TrunkName};
use status::Status;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, PoisonError, RwLock};
use tokio::time::Instant;

/// Addresses that a carrier's names may stand for at once; the oldest are forgotten.
const LEARNED: usize = 32;

/// All trunks, in the order of configuration.
pub(crate) struct Trunks(Vec<Arc<Line>>);

/// One trunk with what is known of it now.
pub(crate) struct Line {
    pub config: Trunk,
    pub status: Status,
    /// What the names of its proxy and registrars stood for when they were last looked up.
    learned: RwLock<Vec<IpAddr>>,
    rate: Mutex<Bucket>,
    resting: Mutex<Option<Instant>>,
}

impl Trunks {
    pub(crate) fn new(trunks: Vec<Trunk>) -> Self {
        Trunks(trunks.into_iter().map(|config| Arc::new(Line::new(config))).collect())
    }

    pub(crate) fn all(&self) -> impl Iterator<Item = &Arc<Line>> {
        self.0.iter()
    }

    pub(crate) fn named(&self, name: &TrunkName) -> Option<&Arc<Line>> {
        self.0.iter().find(|line| line.config.name == *name)
    }

    /// The trunk that an address belongs to. What is written down counts before what was looked up.
    pub(crate) fn of(&self, address: IpAddr) -> Option<&Arc<Line>> {
        let address = address.to_canonical();
        self.0.iter().find(|line| line.config.covers(address)).or_else(|| self.0.iter().find(|line| line.has_learned(address)))
    }
}

impl Line {
    pub(crate) fn new(config: Trunk) -> Self {
        let (status, rate) = (Status::new(config.registrars.len()), Bucket::new(config.rate));
        Line { config, status, learned: RwLock::default(), rate: Mutex::new(rate), resting: Mutex::default() }
    }

    /// Whether signalling from `address` is this trunk's.
    pub(crate) fn covers(&self, address: IpAddr) -> bool {
        self.config.covers(address) || self.has_learned(address.to_canonical())
    }

    fn has_learned(&self, address: IpAddr) -> bool {
        self.learned.read().unwrap_or_else(PoisonError::into_inner).contains(&address)
    }

    /// A name of the carrier's stands for this address.
    pub(crate) fn learn(&self, address: IpAddr) {
        let address = address.to_canonical();
        if self.has_learned(address) {
            return;
        }
        let mut learned = self.learned.write().unwrap_or_else(PoisonError::into_inner);
        if learned.len() >= LEARNED {
            learned.remove(0);
        }
        learned.push(address);
    }

    /// Takes one request outside of calls from what the trunk may send; false if it is too fast.
    pub(crate) fn may_pass(&self, now: Instant) -> bool {
        self.rate.lock().unwrap_or_else(PoisonError::into_inner).take(now)
    }

    /// The carrier asked for no more calls until then (503 with Retry-After).
    pub(crate) fn rest(&self, until: Instant) {
        *self.resting.lock().unwrap_or_else(PoisonError::into_inner) = Some(until);
    }

    /// The trunk as a way for a call.
    pub(crate) fn candidate(&self) -> Candidate {
        let resting = *self.resting.lock().unwrap_or_else(PoisonError::into_inner);
        Candidate { trunk: self.config.name.clone(), state: self.status.state(), resting, srtp: self.config.srtp }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn trunks() -> Trunks {
        let trunk = |name: &str, peer: &str| Trunk::new(name.into(), vec![peer.parse().unwrap()], None);
        Trunks::new(vec![trunk("one", "10.1.0.0/16"), trunk("two", "10.2.0.0/16")])
    }

    fn whose(trunks: &Trunks, address: &str) -> Option<String> {
        trunks.of(address.parse().unwrap()).map(|line| line.config.name.0.clone())
    }

    #[test]
    fn an_address_that_a_carriers_name_stands_for_is_the_carriers_unless_another_wrote_it_down() {
        let trunks = trunks();
        assert_eq!(whose(&trunks, "192.0.2.1"), None);
        let one = trunks.all().next().unwrap();
        one.learn("192.0.2.1".parse().unwrap());
        one.learn("10.2.0.1".parse().unwrap());
        assert_eq!(whose(&trunks, "::ffff:192.0.2.1").as_deref(), Some("one"));
        assert_eq!(whose(&trunks, "10.2.0.1").as_deref(), Some("two"));
    }

    #[test]
    fn what_a_name_stood_for_long_ago_is_forgotten() {
        let trunks = trunks();
        let one = trunks.all().next().unwrap();
        for last in 0..=LEARNED {
            one.learn(IpAddr::from([192, 0, 2, u8::try_from(last).unwrap()]));
        }
        assert_eq!(whose(&trunks, "192.0.2.0"), None);
        assert_eq!(whose(&trunks, &format!("192.0.2.{LEARNED}")).as_deref(), Some("one"));
    }
}
