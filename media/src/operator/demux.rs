//! Finds the operator a datagram on the shared WebRTC port belongs to, without asking every leg.
//!
//! STUN requests carry the user fragment that our answer gave to the leg (RFC 8445 section 7.2.2). Everything else is known by its
//! source, once that source has proved itself by a STUN request that the leg accepted.

use std::collections::HashMap;
use std::net::SocketAddr;
use str0m::ice::StunMessage;
use uuid::Uuid;

/// Sources one leg may have at once: a browser has a few interfaces, and each move leaves an old one behind.
const MAX_SOURCES: usize = 16;

#[derive(Debug, Default)]
pub(crate) struct Demux {
    by_fragment: HashMap<String, Uuid>,
    by_source: HashMap<SocketAddr, Uuid>,
    sources: HashMap<Uuid, Vec<SocketAddr>>,
}

impl Demux {
    /// STUN is told by its first byte (RFC 7983 section 7).
    pub fn is_stun(data: &[u8]) -> bool {
        data.first().is_some_and(|first| *first < 2)
    }

    pub fn add(&mut self, fragment: &str, operator: Uuid) {
        self.by_fragment.insert(fragment.to_owned(), operator);
    }

    /// Forgets a leg.
    pub fn remove(&mut self, fragment: &str, operator: Uuid) {
        self.by_fragment.remove(fragment);
        for source in self.sources.remove(&operator).unwrap_or_default() {
            if self.by_source.get(&source) == Some(&operator) {
                self.by_source.remove(&source);
            }
        }
    }

    /// Whose datagram this is; `None` if nobody's.
    pub fn owner(&self, source: SocketAddr, data: &[u8]) -> Option<Uuid> {
        if !Self::is_stun(data) {
            return self.by_source.get(&source).copied();
        }
        let message = StunMessage::parse(data).ok()?;
        let (fragment, _) = message.split_username()?;
        self.by_fragment.get(fragment).copied()
    }

    /// The operator's leg accepted a STUN request from this source.
    pub fn proved(&mut self, source: SocketAddr, operator: Uuid) {
        if self.by_source.insert(source, operator) == Some(operator) {
            return;
        }
        let sources = self.sources.entry(operator).or_default();
        if sources.len() >= MAX_SOURCES {
            let oldest = sources.remove(0);
            if self.by_source.get(&oldest) == Some(&operator) {
                self.by_source.remove(&oldest);
            }
        }
        sources.push(source);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        /// STUN is read before anybody has proved himself, so whatever comes must not break it.
        #[test]
        fn no_datagram_breaks_the_search(mut data in proptest::collection::vec(any::<u8>(), 0..600), stun in any::<bool>()) {
            if stun && data.len() >= 20 {
                let [high, low] = ((data.len() - 20) as u16).to_be_bytes();
                data[..8].copy_from_slice(&[0, 1, high, low, 0x21, 0x12, 0xa4, 0x42]);
            }
            let mut demux = Demux::default();
            demux.add("abcd", Uuid::from_u128(1));
            prop_assert_eq!(demux.owner("127.0.0.1:4000".parse().unwrap(), &data), None);
        }
    }

    #[test]
    fn a_source_is_known_after_it_proved_itself_and_until_its_leg_goes() {
        let mut demux = Demux::default();
        let operator = Uuid::from_u128(1);
        let source: SocketAddr = "127.0.0.1:4000".parse().unwrap();
        demux.add("abcd", operator);
        assert_eq!(demux.owner(source, &[0x80; 20]), None);
        demux.proved(source, operator);
        assert_eq!(demux.owner(source, &[0x80; 20]), Some(operator));
        for port in 0..100 {
            demux.proved(SocketAddr::new(source.ip(), 5_000 + port), operator);
        }
        assert_eq!(demux.by_source.len(), MAX_SOURCES);
        demux.remove("abcd", operator);
        assert!(demux.by_source.is_empty() && demux.by_fragment.is_empty());
    }

    #[test]
    fn garbage_belongs_to_nobody() {
        let demux = Demux::default();
        let source: SocketAddr = "127.0.0.1:4000".parse().unwrap();
        for data in [&[][..], &[0], &[1; 40], &[0x80]] {
            assert_eq!(demux.owner(source, data), None);
        }
    }
}
