//! Where a trunk leg's packets may come from and where answers go: symmetric RTP (RFC 4961) inside the trunk's networks.
//!
//! Trunks behind NAT send from elsewhere than their SDP says, so the leg answers to where packets really come from. To keep
//! strangers from taking a call over, only the trunk's networks and the very host of its SDP are listened to (the SDP came
//! from a checked trunk), and a second source gets in only when the first has fallen silent or the SDP has changed. The very
//! address of the SDP never waits: the stream of an earlier call that goes on to the same port must not keep the caller out.
//!
//! An SDP that names no address (a host name, or `0.0.0.0`) leaves it to the packets where the far end is, and those are then taken
//! from the trunk's networks alone; who was heard before stays. Whether such a far end wants anything is another question:
//! `0.0.0.0` was once the way to hold a call (RFC 3264 section 8.4).

use ipnet::IpNet;
use std::net::SocketAddr;
use std::time::{Duration, Instant};

/// A source of RTP that was heard more recently than this keeps the leg.
pub(super) const RTP_HOLDS: Duration = Duration::from_secs(1);
/// RTCP comes every five seconds or so, and who types thinks meanwhile.
pub(crate) const RTCP_HOLDS: Duration = Duration::from_secs(15);

#[derive(Debug)]
pub(crate) struct Latch {
    allowed: Vec<IpNet>,
    holds: Duration,
    announced: Option<SocketAddr>,
    /// What was announced last, though the newest SDP may name no address.
    known: Option<SocketAddr>,
    source: Option<(SocketAddr, Instant)>,
    /// The source that a change of the SDP sent away, and when.
    left: Option<(SocketAddr, Instant)>,
}

impl Latch {
    /// `holds`: how long a source that was heard keeps the leg.
    pub fn new(allowed: Vec<IpNet>, holds: Duration) -> Latch {
        Latch { allowed, holds, announced: None, known: None, source: None, left: None }
    }

    /// The far end announced where it wants to receive. An unspecified address or port 0 announces nothing: who is heard stays.
    pub fn announce(&mut self, now: Instant, address: SocketAddr) {
        self.announced = (!address.ip().is_unspecified() && address.port() != 0).then_some(address);
        let Some(announced) = self.announced else { return };
        // A port of the announced host that differs from the SDP is NAT; then a new SDP is the only sign of a move, also over a
        // hold that named no address. The first address of all is no move: after a delayed offer it comes behind the packets.
        if self.known.replace(announced).is_some_and(|known| known != announced) {
            self.left = self.source.take().map(|(source, _)| (source, now)).filter(|(source, _)| *source != announced);
        }
    }

    /// Whether a packet from here may be looked at at all.
    pub fn permits(&self, source: SocketAddr) -> bool {
        let ip = source.ip().to_canonical();
        self.announced.is_some_and(|announced| announced.ip() == ip) || self.allowed.iter().any(|network| network.contains(&ip))
    }

    /// Takes a sound packet from a permitted source; false if another source has the leg.
    pub fn admit(&mut self, now: Instant, source: SocketAddr) -> bool {
        let recent = |since: Instant| now.saturating_duration_since(since) < self.holds;
        let refused = match (self.source, self.left) {
            _ if self.announced == Some(source) => false,
            (Some((current, heard)), _) => current != source && recent(heard),
            (None, Some((left, since))) => left == source && recent(since),
            (None, None) => false,
        };
        if !refused {
            self.source = Some((source, now));
        }
        !refused
    }

    /// Where packets are sent: to the source that is heard, else to where the SDP says. `None`: nobody knows, until it is heard.
    pub fn destination(&self) -> Option<SocketAddr> {
        self.source.map(|(source, _)| source).or(self.announced)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock;

    fn address(text: &str) -> SocketAddr {
        text.parse().unwrap()
    }

    fn latch() -> Latch {
        Latch::new(vec!["10.0.0.0/24".parse().unwrap()], RTP_HOLDS)
    }

    #[test]
    fn audio_goes_to_where_it_comes_from() {
        let now = clock::now();
        let mut latch = latch();
        latch.announce(now, address("10.0.0.9:4000"));
        assert_eq!(latch.destination(), Some(address("10.0.0.9:4000")));
        assert!(latch.permits(address("10.0.0.8:5000")) && latch.admit(now, address("10.0.0.8:5000")));
        assert_eq!(latch.destination(), Some(address("10.0.0.8:5000")));
    }

    #[test]
    fn strangers_are_not_listened_to_but_the_announced_host_is() {
        let now = clock::now();
        let mut latch = latch();
        latch.announce(now, address("192.0.2.7:4000"));
        assert!(latch.permits(address("192.0.2.7:61000")));
        assert!(!latch.permits(address("192.0.2.8:4000")));
    }

    #[test]
    fn a_second_source_waits_until_the_first_is_silent() {
        let start = clock::now();
        let (first, second) = (address("10.0.0.1:4000"), address("10.0.0.2:4000"));
        let mut latch = latch();
        assert!(latch.admit(start, first));
        assert!(!latch.admit(start + Duration::from_millis(999), second));
        assert!(latch.admit(start + Duration::from_millis(1_000), second));
        assert_eq!(latch.destination(), Some(second));
    }

    #[test]
    fn a_stream_left_from_an_earlier_call_does_not_keep_the_announced_far_end_out() {
        let start = clock::now();
        let (stray, announced) = (address("10.0.0.3:4000"), address("10.0.0.9:4000"));
        let mut latch = latch();
        latch.announce(start, announced);
        assert!(latch.admit(start, stray));
        assert!(latch.admit(start + Duration::from_millis(20), announced));
        assert_eq!(latch.destination(), Some(announced));
        assert!(!latch.admit(start + Duration::from_millis(40), stray));
    }

    #[test]
    fn a_new_sdp_moves_the_leg_at_once_and_stragglers_do_not_move_it_back() {
        let start = clock::now();
        let (old, new) = (address("10.0.0.1:4000"), address("10.0.0.2:4000"));
        let mut latch = latch();
        latch.announce(start, old);
        assert!(latch.admit(start, old));
        latch.announce(start, new);
        assert_eq!(latch.destination(), Some(new));
        assert!(!latch.admit(start, old));
        assert!(latch.admit(start, new));
    }

    #[test]
    fn an_sdp_without_an_address_waits_for_packets_of_the_trunks_networks() {
        let now = clock::now();
        let mut latch = latch();
        for unspecified in ["0.0.0.0:4000", "[::]:4000", "10.0.0.9:0"] {
            latch.announce(now, address(unspecified));
            assert_eq!(latch.destination(), None);
            assert!(!latch.permits(address("192.0.2.7:4000")) && !latch.permits(address("0.0.0.0:4000")));
        }
        assert!(latch.permits(address("10.0.0.8:5000")) && latch.admit(now, address("10.0.0.8:5000")));
        assert_eq!(latch.destination(), Some(address("10.0.0.8:5000")));
    }

    #[test]
    fn a_call_that_was_held_without_an_address_goes_on_where_the_newest_sdp_says() {
        let start = clock::now();
        let (announced, nat, new) = (address("192.0.2.7:4000"), address("192.0.2.7:61000"), address("10.0.0.2:4000"));
        let mut latch = latch();
        latch.announce(start, announced);
        assert!(latch.admit(start, nat));
        latch.announce(start, address("0.0.0.0:4000"));
        assert!(!latch.permits(nat), "a host that was announced before is a stranger now");
        latch.announce(start, announced);
        assert_eq!(latch.destination(), Some(nat), "the same far end is where it was heard");
        latch.announce(start, address("0.0.0.0:4000"));
        latch.announce(start, new);
        assert_eq!(latch.destination(), Some(new));
        assert!(!latch.admit(start, nat), "a straggler of the far end before");
    }

    #[test]
    fn the_first_address_after_a_delayed_offer_keeps_the_source_that_was_heard() {
        let now = clock::now();
        let mut latch = latch();
        assert!(latch.admit(now, address("10.0.0.8:5000")));
        latch.announce(now, address("10.0.0.9:4000"));
        assert_eq!(latch.destination(), Some(address("10.0.0.8:5000")));
    }
}
