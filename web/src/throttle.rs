//! Slows down guessing of passwords: a token bucket per user name and per network address. Pure; the caller brings the time.

use std::collections::HashMap;
use std::hash::Hash;
use std::net::{IpAddr, Ipv6Addr};
use std::time::{Duration, Instant};

/// How many attempts a key may make at once, and how fast they come back.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Rate {
    pub burst: u32,
    pub refill: Duration,
}

/// Attempts by one user name: ten, then one every six seconds, so that somebody else's guessing locks nobody out for long.
pub(crate) const PER_NAME: Rate = Rate { burst: 10, refill: Duration::from_secs(6) };
/// Attempts by one address: a whole control room may sit behind it at the change of shifts.
pub(crate) const PER_ADDRESS: Rate = Rate { burst: 30, refill: Duration::from_secs(2) };
/// Keys remembered of each kind.
const KEYS: usize = 4096;

/// Buckets for at most `KEYS` keys; past that, the key that was used longest ago is forgotten.
#[derive(Debug)]
struct Buckets<K> {
    rate: Rate,
    keys: HashMap<K, Bucket>,
}

#[derive(Debug, Clone, Copy)]
struct Bucket {
    used: u32,
    /// When `used` was last brought up to date.
    at: Instant,
}

impl<K: Hash + Eq + Clone> Buckets<K> {
    fn new(rate: Rate) -> Self {
        Self { rate, keys: HashMap::new() }
    }

    /// Takes one attempt, or says how long to wait for the next.
    fn take(&mut self, key: K, now: Instant) -> Result<(), Duration> {
        if self.keys.len() >= KEYS && !self.keys.contains_key(&key) {
            self.make_room(now);
        }
        let rate = self.rate;
        let bucket = self.keys.entry(key).or_insert(Bucket { used: 0, at: now });
        bucket.refill(rate, now);
        if bucket.used >= rate.burst {
            return Err(rate.refill.saturating_sub(now.saturating_duration_since(bucket.at)).max(Duration::from_secs(1)));
        }
        bucket.used += 1;
        Ok(())
    }

    fn give_back(&mut self, key: &K) {
        if let Some(bucket) = self.keys.get_mut(key) {
            bucket.used = bucket.used.saturating_sub(1);
        }
    }

    fn make_room(&mut self, now: Instant) {
        let rate = self.rate;
        self.keys.retain(|_, bucket| {
            bucket.refill(rate, now);
            bucket.used > 0
        });
        if self.keys.len() >= KEYS {
            metrics::counter!("siaga_sign_in_keys_forgotten_total").increment(1);
            if let Some(oldest) = self.keys.iter().min_by_key(|(_, bucket)| bucket.at).map(|(key, _)| key.clone()) {
                self.keys.remove(&oldest);
            }
        }
    }
}

impl Bucket {
    fn refill(&mut self, rate: Rate, now: Instant) {
        let elapsed = now.saturating_duration_since(self.at);
        let back = u32::try_from(elapsed.as_millis() / rate.refill.as_millis().max(1)).unwrap_or(u32::MAX);
        if back >= self.used {
            *self = Bucket { used: 0, at: now };
        } else {
            self.used -= back;
            self.at += rate.refill * back;
        }
    }
}

/// Both kinds of buckets.
#[derive(Debug)]
pub(crate) struct Throttle {
    names: Buckets<String>,
    addresses: Buckets<IpAddr>,
}

impl Throttle {
    pub(crate) fn new() -> Self {
        Self { names: Buckets::new(PER_NAME), addresses: Buckets::new(PER_ADDRESS) }
    }

    /// Takes one attempt to sign in, or says how long to wait for the next.
    pub(crate) fn attempt(&mut self, name: &str, address: IpAddr, now: Instant) -> Result<(), Duration> {
        let address = network_of(address);
        self.addresses.take(address, now)?;
        self.names.take(key_of(name), now).inspect_err(|_| self.addresses.give_back(&address))
    }

    /// Gives an attempt back that turned out right: only guessing is slowed down.
    pub(crate) fn succeeded(&mut self, name: &str, address: IpAddr) {
        self.addresses.give_back(&network_of(address));
        self.names.give_back(&key_of(name));
    }
}

/// Names are compared without case and only by their beginning, so that a key's size is bounded.
fn key_of(name: &str) -> String {
    name.chars().take(64).flat_map(char::to_lowercase).collect()
}

/// One household or company holds a whole IPv6 /64.
pub(crate) fn network_of(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(v6) => IpAddr::V6(Ipv6Addr::from_bits(v6.to_bits() & (u128::MAX << 64))),
        v4 => v4,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn start() -> Instant {
        crate::clock::now()
    }

    #[test]
    fn after_ten_guesses_a_name_waits_and_six_seconds_later_may_try_once() {
        let (mut throttle, t0) = (Throttle::new(), start());
        for n in 0..10u8 {
            throttle.attempt("budi", IpAddr::from([10, 0, 0, n]), t0).unwrap();
        }
        assert!(throttle.attempt("BUDI", IpAddr::from([10, 0, 0, 99]), t0).is_err());
        let later = t0 + Duration::from_secs(6);
        assert!(throttle.attempt("budi", IpAddr::from([10, 0, 0, 99]), later).is_ok());
        assert!(throttle.attempt("budi", IpAddr::from([10, 0, 0, 99]), later).is_err());
    }

    #[test]
    fn an_address_that_tries_many_names_waits_too() {
        let (mut throttle, t0) = (Throttle::new(), start());
        let address: IpAddr = "2001:db8::1".parse().unwrap();
        let neighbour: IpAddr = "2001:db8::2".parse().unwrap();
        for n in 0..30 {
            throttle.attempt(&format!("user{n}"), address, t0).unwrap();
        }
        assert!(throttle.attempt("user99", neighbour, t0).is_err());
    }

    #[test]
    fn right_passwords_are_never_slowed_down() {
        let (mut throttle, t0) = (Throttle::new(), start());
        let address = IpAddr::from([127, 0, 0, 1]);
        for _ in 0..1000 {
            throttle.attempt("budi", address, t0).unwrap();
            throttle.succeeded("budi", address);
        }
    }

    proptest! {
        #[test]
        fn memory_stays_bounded_whatever_the_names(names in proptest::collection::vec("[a-z]{1,3}", 0..50)) {
            let mut buckets = Buckets::new(PER_NAME);
            let t0 = start();
            for n in 0..KEYS {
                buckets.take(format!("#{n}"), t0).unwrap();
            }
            for (n, name) in names.into_iter().enumerate() {
                let _ = buckets.take(name, t0 + Duration::from_millis(n as u64));
                prop_assert!(buckets.keys.len() <= KEYS);
            }
        }
    }
}
