//! STUN keepalives on the SIP port (RFC 5626 section 3.5.2): who sends a Binding request is told where it came from, so that a gateway behind NAT
//! notices when its place has changed. Nothing else of STUN (RFC 8489) is answered. Pure.

use std::net::{IpAddr, SocketAddr};

const HEADER: usize = 20;
const COOKIE: [u8; 4] = [0x21, 0x12, 0xa4, 0x42];
const BINDING_REQUEST: [u8; 2] = [0, 1];
const BINDING_SUCCESS: [u8; 2] = [1, 1];
const XOR_MAPPED_ADDRESS: [u8; 2] = [0, 0x20];

/// The answer to a Binding request that came from `peer`; `None` for anything else. Its attributes are left alone: a keepalive has none that must be
/// understood.
pub(crate) fn answer(octets: &[u8], peer: SocketAddr) -> Option<Vec<u8>> {
    let (header, attributes) = octets.split_at_checked(HEADER)?;
    let length = usize::from(u16::from_be_bytes(header.get(2..4)?.try_into().ok()?));
    let is_request = header.starts_with(&BINDING_REQUEST) && header.get(4..8)? == COOKIE;
    if !is_request || length != attributes.len() || length % 4 != 0 {
        return None;
    }
    let transaction = header.get(4..)?;
    let xored = |octets: &[u8]| -> Vec<u8> { octets.iter().zip(transaction).map(|(octet, mask)| octet ^ mask).collect() };
    // RFC 8489 section 14.2: IPv4 is hidden by the cookie alone, IPv6 by cookie and transaction.
    let (family, address) = match peer.ip().to_canonical() {
        IpAddr::V4(ip) => (1, xored(&ip.octets())),
        IpAddr::V6(ip) => (2, xored(&ip.octets())),
    };
    let mut value = vec![0, family];
    value.extend(xored(&peer.port().to_be_bytes()));
    value.extend(address);
    let size = u16::try_from(value.len()).ok()?;
    let mut message = Vec::with_capacity(HEADER + 4 + value.len());
    message.extend(BINDING_SUCCESS);
    message.extend((size + 4).to_be_bytes());
    message.extend(transaction);
    message.extend(XOR_MAPPED_ADDRESS);
    message.extend(size.to_be_bytes());
    message.extend(value);
    Some(message)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// RFC 5769 section 2: the transaction of its vectors.
    const TRANSACTION: [u8; 12] = [0xb7, 0xe7, 0xa7, 0x01, 0xbc, 0x34, 0xd6, 0x86, 0xfa, 0x87, 0xdf, 0xae];

    fn request(attributes: &[u8]) -> Vec<u8> {
        let length = u16::try_from(attributes.len()).unwrap().to_be_bytes();
        [&BINDING_REQUEST[..], &length, &COOKIE, &TRANSACTION, attributes].concat()
    }

    #[test]
    fn a_keepalive_hears_where_it_came_from() {
        // RFC 5769 section 2.2: 192.0.2.1:32853.
        let told = answer(&request(&[]), "192.0.2.1:32853".parse().unwrap()).unwrap();
        assert_eq!(told[..4], [1, 1, 0, 12]);
        assert_eq!(told[4..20], request(&[])[4..]);
        assert_eq!(told[20..], [0, 0x20, 0, 8, 0, 1, 0xa1, 0x47, 0xe1, 0x12, 0xa6, 0x43]);
        assert_eq!(answer(&request(&[]), "[::ffff:192.0.2.1]:32853".parse().unwrap()), Some(told));
        // RFC 5769 section 2.3: 2001:db8:1234:5678:11:2233:4455:6677, the same port.
        let told = answer(&request(&[]), "[2001:db8:1234:5678:11:2233:4455:6677]:32853".parse().unwrap()).unwrap();
        let address = [0x01, 0x13, 0xa9, 0xfa, 0xa5, 0xd3, 0xf1, 0x79, 0xbc, 0x25, 0xf4, 0xb5, 0xbe, 0xd2, 0xb9, 0xd9];
        assert_eq!(told[20..], [&[0, 0x20, 0, 20, 0, 2, 0xa1, 0x47][..], &address].concat());
    }

    #[test]
    fn attributes_are_left_alone_and_anything_else_is_not_answered() {
        let peer = "192.0.2.1:32853".parse().unwrap();
        assert!(answer(&request(&[0x80, 0x22, 0, 4, b's', b'i', b'p', b'p']), peer).is_some());
        let mut indication = request(&[]);
        indication[1] = 0x11;
        let mut old = request(&[]);
        old[4] = 0;
        let (mut long, mut odd) = (request(&[]), request(&[]));
        long[3] = 4;
        odd.push(0);
        for other in
            [indication, old, long, odd, answer(&request(&[]), peer).unwrap(), b"OPTIONS sip:a SIP/2.0\r\n\r\n".to_vec(), vec![]]
        {
            assert_eq!(answer(&other, peer), None);
        }
    }

    proptest! {
        #[test]
        fn whatever_comes_is_answered_by_little_more_than_it_has(octets in prop::collection::vec(any::<u8>(), 0..80)) {
            if let Some(told) = answer(&octets, "192.0.2.1:1".parse().unwrap()) {
                prop_assert!(told.len() <= octets.len() + 12);
            }
        }
    }
}
