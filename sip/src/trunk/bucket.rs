//! Token buckets: how many messages of a kind may pass, for one source and for all of one network. Pure.

use crate::config::Rate;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::time::Duration;
use tokio::time::Instant;

/// Fills by `per_second`, holds at most `burst`.
#[derive(Debug, Clone)]
pub(crate) struct Bucket {
    rate: Rate,
    /// When it would be full if nothing more was taken: the only state there is.
    full_at: Option<Instant>,
}

impl Bucket {
    pub(crate) fn new(rate: Rate) -> Self {
        Bucket { rate, full_at: None }
    }

    /// Takes one; false if there is none.
    pub(crate) fn take(&mut self, now: Instant) -> bool {
        let Rate { per_second, burst } = self.rate;
        if per_second == 0 || burst == 0 {
            return false;
        }
        let one = Duration::from_secs(1) / per_second;
        let full_at = self.full_at.map_or(now, |at| at.max(now)) + one;
        let fits = full_at.saturating_duration_since(now) <= one * burst;
        if fits {
            self.full_at = Some(full_at);
        }
        fits
    }
}

/// Networks share a fixed number of buckets, so that a flood from everywhere costs no memory: at worst two networks wait for each other.
const BUCKETS: usize = 1024;

/// One bucket for each network of /24 or /64, and one for all.
#[derive(Debug)]
pub(crate) struct Buckets {
    each: Vec<Bucket>,
    all: Bucket,
    /// Unknown outside, so that nobody can aim at another's bucket.
    seed: u64,
}

impl Buckets {
    pub(crate) fn new(each: Rate, all: Rate, seed: u64) -> Self {
        Buckets { each: vec![Bucket::new(each); BUCKETS], all: Bucket::new(all), seed }
    }

    pub(crate) fn take(&mut self, source: IpAddr, now: Instant) -> bool {
        let mut hasher = DefaultHasher::new();
        (self.seed, network(source)).hash(&mut hasher);
        let index = usize::try_from(hasher.finish() % BUCKETS as u64).unwrap_or_default();
        // The common bucket is asked last: one loud network must not empty it.
        self.each.get_mut(index).is_some_and(|bucket| bucket.take(now)) && self.all.take(now)
    }
}

fn network(source: IpAddr) -> IpAddr {
    match source.to_canonical() {
        IpAddr::V4(ip) => Ipv4Addr::from_bits(ip.to_bits() & !0xff).into(),
        IpAddr::V6(ip) => Ipv6Addr::from_bits(ip.to_bits() & !u128::from(u64::MAX)).into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::now;
    use proptest::prelude::*;

    fn rate(per_second: u32, burst: u32) -> Rate {
        Rate { per_second, burst }
    }

    #[test]
    fn a_burst_passes_and_then_as_many_as_flow_in() {
        let (mut bucket, now) = (Bucket::new(rate(10, 5)), now());
        let passed = |bucket: &mut Bucket, at: Instant| (0..100).filter(|_| bucket.take(at)).count();
        assert_eq!(passed(&mut bucket, now), 5);
        assert_eq!(passed(&mut bucket, now + Duration::from_millis(100)), 1);
        assert_eq!(passed(&mut bucket, now + Duration::from_secs(3600)), 5, "it holds no more than a burst");
        assert_eq!(passed(&mut Bucket::new(rate(0, 5)), now), 0);
    }

    #[test]
    fn a_loud_network_leaves_room_for_others() {
        let (mut buckets, now) = (Buckets::new(rate(1, 2), rate(1, 10), 7), now());
        let mut passed = |source: &str| (0..50).filter(|_| buckets.take(source.parse().unwrap(), now)).count();
        assert_eq!(passed("203.0.113.1"), 2);
        assert_eq!(passed("203.0.113.200"), 0, "the same /24");
        assert_eq!(passed("2001:db8::1"), 2);
        assert_eq!(passed("2001:db8::ffff:1"), 0, "the same /64");
        assert_eq!(passed("198.51.100.1"), 2);
    }

    proptest! {
        #[test]
        fn never_more_than_rate_and_burst_pass(gaps in proptest::collection::vec(0u64..500, 1..200), per_second in 1u32..50, burst in 1u32..20) {
            let (mut bucket, start) = (Bucket::new(rate(per_second, burst)), now());
            let (mut at, mut passed) = (start, 0u32);
            for gap in gaps {
                at += Duration::from_millis(gap);
                passed += u32::from(bucket.take(at));
            }
            let allowed = f64::from(burst) + (at - start).as_secs_f64() * f64::from(per_second) + 1.0;
            prop_assert!(f64::from(passed) <= allowed, "{passed} of {allowed}");
        }
    }
}
