//! Who gives wrong passwords waits, ever longer. Pure.
//!
//! It is the address that waits and not the phone: nobody may keep a phone from registering by guessing in its name.

use std::collections::VecDeque;
use std::net::IpAddr;
use std::time::Duration;
use tokio::time::Instant;

/// Wrong passwords in a row that cost nothing: somebody mistypes.
const FREE: u32 = 5;
const FIRST_PAUSE: Duration = Duration::from_secs(2);
const LONGEST_PAUSE: Duration = Duration::from_secs(300);
/// Addresses remembered; the oldest is forgotten.
const REMEMBERED: usize = 256;

#[derive(Debug, Default)]
pub(crate) struct Throttle(VecDeque<Guesser>);

#[derive(Debug)]
struct Guesser {
    address: IpAddr,
    wrong: u32,
    waits_until: Option<Instant>,
}

impl Throttle {
    /// How long this address still has to wait.
    pub(crate) fn pause(&self, address: IpAddr, now: Instant) -> Option<Duration> {
        let until = self.0.iter().find(|guesser| guesser.address == address)?.waits_until?;
        (now < until).then(|| until - now)
    }

    pub(crate) fn wrong(&mut self, address: IpAddr, now: Instant) {
        let known = self.0.iter().position(|guesser| guesser.address == address).and_then(|at| self.0.remove(at));
        let mut guesser = known.unwrap_or(Guesser { address, wrong: 0, waits_until: None });
        guesser.wrong = guesser.wrong.saturating_add(1);
        if let Some(past) = guesser.wrong.checked_sub(FREE) {
            let pause = FIRST_PAUSE.saturating_mul(1 << past.min(10)).min(LONGEST_PAUSE);
            guesser.waits_until = Some(now + pause);
        }
        if self.0.len() >= REMEMBERED {
            self.0.pop_front();
        }
        self.0.push_back(guesser);
    }

    pub(crate) fn right(&mut self, address: IpAddr) {
        self.0.retain(|guesser| guesser.address != address);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock;

    fn address(last: u8) -> IpAddr {
        IpAddr::from([192, 0, 2, last])
    }

    #[test]
    fn a_few_mistakes_cost_nothing_and_further_ones_ever_more() {
        let (mut throttle, mut now) = (Throttle::default(), clock::now());
        for _ in 0..4 {
            throttle.wrong(address(1), now);
            assert_eq!(throttle.pause(address(1), now), None);
        }
        let mut pauses = Vec::new();
        for _ in 0..10 {
            throttle.wrong(address(1), now);
            let pause = throttle.pause(address(1), now).unwrap();
            pauses.push(pause.as_secs());
            now += pause;
            assert_eq!(throttle.pause(address(1), now), None);
        }
        assert_eq!(pauses, [2, 4, 8, 16, 32, 64, 128, 256, 300, 300]);
        assert_eq!(throttle.pause(address(2), now), None, "others do not wait for it");
        throttle.wrong(address(1), now);
        throttle.right(address(1));
        assert_eq!(throttle.pause(address(1), now), None, "and the right password ends it");
    }

    #[test]
    fn a_flood_of_addresses_costs_no_memory() {
        let (mut throttle, now) = (Throttle::default(), clock::now());
        for n in 0..2000_u32 {
            throttle.wrong(IpAddr::from(n.to_be_bytes()), now);
        }
        assert_eq!(throttle.0.len(), REMEMBERED);
    }
}
