//! Finds the operator a datagram on the shared WebRTC port belongs to, without asking every leg.
//!
//! STUN requests carry the user fragment that our answer gave to the leg (RFC 8445 section 7.2.2). Everything else is known by its
//! source, once that source has proved itself by a STUN request that the leg accepted.
//!
//! The fragment is read here, and not by the ICE library: that tells the log of every attribute that it does not like, and one
//! datagram has room for hundreds. Whoever reaches the port would so keep the thread of all operators busy. What names no
//! fragment of ours never gets to the library.

use std::collections::HashMap;
use std::net::SocketAddr;
use uuid::Uuid;

/// Sources one leg may have at once: a browser has a few interfaces, and each move leaves an old one behind.
const MAX_SOURCES: usize = 16;
/// The longest STUN that is read: one datagram. Browsers begin to carry the first words of DTLS in it.
const MAX_STUN: usize = 1_472;
/// Type, length, cookie and transaction (RFC 8489 section 5).
const STUN_HEADER: usize = 20;
/// The attribute with both fragments (RFC 8489 section 14.3).
const USERNAME: u16 = 0x0006;

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

    /// Whose datagram this is; `None` if nobody's. STUN that names a leg is not proved to be in order by that.
    pub fn owner(&self, source: SocketAddr, data: &[u8]) -> Option<Uuid> {
        if !Self::is_stun(data) {
            return self.by_source.get(&source).copied();
        }
        if data.len() > MAX_STUN {
            return None;
        }
        self.by_fragment.get(fragment(data)?).copied()
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

/// The fragment of the one who is asked: what stands before the colon in the user name (RFC 8445 section 7.2.2).
fn fragment(message: &[u8]) -> Option<&str> {
    let (asked, _) = std::str::from_utf8(attribute(message, USERNAME)?).ok()?.split_once(':')?;
    Some(asked)
}

/// The value of the first attribute of this type. Each is two bytes of type and two of length, the value, and as many bytes as
/// lead to the next multiple of four (RFC 8489 section 14).
fn attribute(message: &[u8], wanted: u16) -> Option<&[u8]> {
    let mut rest = message.get(STUN_HEADER..)?;
    while let Some(([high, low, length @ ..], behind)) = rest.split_first_chunk::<4>() {
        let length = usize::from(u16::from_be_bytes(*length));
        if u16::from_be_bytes([*high, *low]) == wanted {
            return behind.get(..length);
        }
        rest = behind.get(length.next_multiple_of(4)..)?;
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::sync::Arc;
    use std::sync::atomic::{AtomicUsize, Ordering};
    use tracing::span::{Attributes, Id, Record};

    const MAPPED_ADDRESS: u16 = 0x0001;
    const MESSAGE_INTEGRITY: u16 = 0x0008;
    const PRIORITY: u16 = 0x0024;
    const SOFTWARE: u16 = 0x8022;

    /// A binding request with these attributes.
    fn request(attributes: &[(u16, &[u8])]) -> Vec<u8> {
        let mut body = Vec::<u8>::new();
        for (kind, value) in attributes {
            body.extend(kind.to_be_bytes());
            body.extend((value.len() as u16).to_be_bytes());
            body.extend_from_slice(value);
            body.resize(body.len().next_multiple_of(4), 0);
        }
        let [high, low] = (body.len() as u16).to_be_bytes();
        let header = [0, 1, high, low, 0x21, 0x12, 0xa4, 0x42, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7];
        [&header[..], &body[..]].concat()
    }

    /// What a browser asks the leg with the fragment `abcd`, made this long.
    fn asked(length: usize) -> Vec<u8> {
        let software = vec![b'x'; length - 72];
        let message = request(&[
            (SOFTWARE, &software[..]),
            (USERNAME, &b"abcd:wxyz"[..]),
            (PRIORITY, &[0; 4][..]),
            (MESSAGE_INTEGRITY, &[0; 20][..]),
        ]);
        assert_eq!(message.len(), length);
        message
    }

    /// Counts what is logged.
    struct Log(Arc<AtomicUsize>);

    impl tracing::Subscriber for Log {
        fn enabled(&self, _: &tracing::Metadata<'_>) -> bool {
            true
        }

        fn new_span(&self, _: &Attributes<'_>) -> Id {
            Id::from_u64(1)
        }

        fn record(&self, _: &Id, _: &Record<'_>) {}

        fn record_follows_from(&self, _: &Id, _: &Id) {}

        fn event(&self, _: &tracing::Event<'_>) {
            self.0.fetch_add(1, Ordering::Relaxed);
        }

        fn enter(&self, _: &Id) {}

        fn exit(&self, _: &Id) {}
    }

    #[test]
    fn stun_is_known_by_the_fragment_it_names_if_it_is_no_longer_than_a_datagram() {
        let mut demux = Demux::default();
        let (operator, source) = (Uuid::from_u128(1), "127.0.0.1:4000".parse().unwrap());
        assert_eq!(demux.owner(source, &asked(128)), None);
        demux.add("abcd", operator);
        assert_eq!(demux.owner(source, &asked(128)), Some(operator));
        assert_eq!(demux.owner(source, &asked(MAX_STUN)), Some(operator));
        assert_eq!(demux.owner(source, &asked(MAX_STUN + 4)), None);
        demux.proved(source, operator);
        assert_eq!(demux.owner(source, &asked(MAX_STUN + 4)), None, "from a browser that is known, too");
        for cut in 1..93 {
            assert_eq!(demux.owner(source, &asked(128)[..cut]), None, "cut within the name, after {cut} bytes");
        }
    }

    #[test]
    fn attributes_that_a_stranger_sends_are_told_to_no_log() {
        let logged = Arc::new(AtomicUsize::new(0));
        let mut attributes = vec![(MAPPED_ADDRESS, &b""[..]); 60];
        attributes.push((USERNAME, &b"efgh:wxyz"[..]));
        let message = request(&attributes);
        assert!(message.len() <= MAX_STUN);
        let source: SocketAddr = "127.0.0.1:4000".parse().unwrap();
        let mut demux = Demux::default();
        demux.add("abcd", Uuid::from_u128(1));
        let owner = tracing::subscriber::with_default(Log(logged.clone()), || demux.owner(source, &message));
        assert_eq!((owner, logged.load(Ordering::Relaxed)), (None, 0));
    }

    proptest! {
        /// STUN is read before anybody has proved himself, so whatever comes must not break it.
        #[test]
        fn no_datagram_breaks_the_search(mut data in proptest::collection::vec(any::<u8>(), 0..1600), stun in any::<bool>()) {
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
