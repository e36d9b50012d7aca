//! Protected packets on their way, with vectors of RFC 3711 and of its reference implementation.
#![allow(clippy::unwrap_used, clippy::indexing_slicing)]

use super::*;
use proptest::prelude::*;

pub(super) fn hex(text: &str) -> Vec<u8> {
    (0..text.len()).step_by(2).map(|at| u8::from_str_radix(&text[at..at + 2], 16).unwrap()).collect()
}

const MASTER: &str = "E1F97A0D3E018BE0D64FA32C06DE41390EC675AD498AFEEBB6960B3AABE6";

fn master(text: &str) -> [u8; 30] {
    hex(text).try_into().unwrap()
}

/// One end, and the other with the same two keys the other way round.
fn ends() -> (Srtp, Srtp) {
    let (ours, theirs) = (master(MASTER), [7; 30]);
    let near = Srtp::new(SrtpKeys::new(ours, theirs)).unwrap();
    let far = Srtp::new(SrtpKeys::new(theirs, ours)).unwrap();
    (near, far)
}

fn rtp(sequence: u16, payload: &[u8]) -> Vec<u8> {
    rtp_rs::RtpPacketBuilder::new().payload_type(8).ssrc(0xcafe_babe).sequence(sequence.into()).payload(payload).build().unwrap()
}

fn protected(srtp: &mut Srtp, index: u64, payload: &[u8]) -> Vec<u8> {
    let mut datagram = rtp(index as u16, payload);
    let length = datagram.len();
    datagram.resize(length + OVERHEAD, 0);
    let length = srtp.protect(&mut datagram, length, index).unwrap();
    datagram.truncate(length);
    datagram
}

fn protected_control(srtp: &mut Srtp, body: u8) -> Vec<u8> {
    let mut datagram = hex("81c8000bcafebabe");
    datagram.resize(24, body);
    datagram.resize(24 + OVERHEAD, 0);
    let length = srtp.protect_control(&mut datagram, 24).unwrap();
    datagram.truncate(length);
    datagram
}

/// The packet of the reference implementation, in clear and as this end protects it.
fn reference(near: &mut Srtp) -> (Vec<u8>, Vec<u8>) {
    let plain = hex("800f1234decafbadcafebabeabababababababababababababababab");
    let mut datagram = plain.clone();
    datagram.resize(plain.len() + OVERHEAD, 0);
    let length = near.protect(&mut datagram, plain.len(), 0x1234).unwrap();
    datagram.truncate(length);
    (plain, datagram)
}

#[test]
fn a_packet_is_protected_as_the_reference_implementation_does_it() {
    let (mut near, mut far) = ends();
    let (plain, mut datagram) = reference(&mut near);
    assert_eq!(datagram, hex("800f1234decafbadcafebabe4e55dc4ce79978d88ca4d215949d2402b78d6acc99ea179b8dbb"));
    assert_eq!(far.unprotect(&mut datagram), Ok(&plain[..]));
}

#[test]
fn a_control_packet_is_protected_as_the_reference_implementation_does_it() {
    let (mut near, mut far) = ends();
    near.control_index = 1;
    let mut datagram = protected_control(&mut near, 0xab);
    assert_eq!(datagram, hex("81c8000bcafebabe7128035be487b9bdbef89041f977a5a880000001993e08cd54d6c1230798"));
    let plain = [hex("81c8000bcafebabe"), vec![0xab; 16]].concat();
    assert_eq!(far.unprotect_control(&mut datagram), Ok(&plain[..]));
}

/// The same two ends in the suite with the short tag.
fn short_ends() -> (Srtp, Srtp) {
    let of = |srtp: Srtp| Srtp::new(SrtpKeys { suite: SrtpSuite::Sha1_32, ..srtp.keys }).unwrap();
    let (near, far) = ends();
    (of(near), of(far))
}

#[test]
fn the_short_tag_is_the_beginning_of_the_long_one_and_control_packets_keep_that() {
    let (mut near, mut far) = short_ends();
    let (plain, mut datagram) = reference(&mut near);
    assert_eq!(datagram, hex("800f1234decafbadcafebabe4e55dc4ce79978d88ca4d215949d2402b78d6acc"));
    for at in 0..datagram.len() {
        let mut changed = datagram.clone();
        changed[at] ^= 0x40;
        assert_eq!(far.unprotect(&mut changed), Err(Refused::Forged), "byte {at}");
    }
    assert_eq!(far.unprotect(&mut datagram), Ok(&plain[..]));
    near.control_index = 1;
    let control = protected_control(&mut near, 0xab);
    assert_eq!(control, hex("81c8000bcafebabe7128035be487b9bdbef89041f977a5a880000001993e08cd54d6c1230798"));
}

#[test]
fn packets_that_name_their_key_are_read() {
    for (suite, tag) in [(SrtpSuite::Sha1_80, 10), (SrtpSuite::Sha1_32, 4)] {
        let (near, far) = ends();
        let mut near = Srtp::new(SrtpKeys { suite, ..near.keys }).unwrap();
        let mut far = Srtp::new(SrtpKeys { suite, mki: 3, ..far.keys }).unwrap();
        let named = |mut packet: Vec<u8>, tag: usize| {
            let at = packet.len() - tag;
            packet.splice(at..at, [0, 0, 1]);
            packet
        };
        let packet = protected(&mut near, 9, &[1; 20]);
        assert_eq!(far.unprotect(&mut packet.clone()), Err(Refused::Forged), "without a name");
        assert_eq!(far.unprotect(&mut named(packet, tag)), Ok(&rtp(9, &[1; 20])[..]));
        let control = protected_control(&mut near, 7);
        assert!(far.unprotect_control(&mut named(control, 10)).unwrap().ends_with(&[7; 16]));
        for length in 0..40 {
            assert!(far.unprotect(&mut vec![0x80; length]).is_err() && far.unprotect_control(&mut vec![0x80; length]).is_err());
        }
    }
}

#[test]
fn packets_are_read_over_two_roll_overs_in_any_order_but_only_once() {
    let (mut near, mut far) = ends();
    for first in (65_500u64..65_535 + 65_536 * 2).step_by(20) {
        let mut packets: Vec<_> = (first..first + 20).map(|index| protected(&mut near, index, &[index as u8; 160])).collect();
        packets.swap(3, 11);
        for packet in &packets {
            assert!(far.unprotect(&mut packet.clone()).is_ok());
        }
        assert_eq!(far.unprotect(&mut packets[5].clone()), Err(Refused::Replayed));
    }
}

#[test]
fn whatever_was_changed_on_the_way_is_refused_and_changes_nothing() {
    let (mut near, mut far) = ends();
    let packet = protected(&mut near, 9, &[1; 20]);
    for at in 0..packet.len() {
        let mut changed = packet.clone();
        changed[at] ^= 0x40;
        assert_eq!(far.unprotect(&mut changed), Err(Refused::Forged), "byte {at}");
    }
    assert!(far.unprotect(&mut rtp(9, &[1; 20])).is_err(), "in clear");
    assert!(far.sources.is_empty());
    assert!(far.unprotect(&mut packet.clone()).is_ok());
    let control = protected_control(&mut near, 1);
    for at in 0..control.len() {
        let mut changed = control.clone();
        changed[at] ^= 0x01;
        assert_eq!(far.unprotect_control(&mut changed), Err(Refused::Forged), "byte {at}");
    }
    assert!(far.unprotect_control(&mut control.clone()).is_ok());
    assert_eq!(far.unprotect_control(&mut control.clone()), Err(Refused::Replayed));
}

#[test]
fn a_control_packet_that_is_signed_but_not_encrypted_is_read() {
    let (near, mut far) = ends();
    let mut datagram = hex("80c90001cafebabe00000007");
    let tag = near.send[1].tag(&datagram, &[]);
    datagram.extend(tag);
    assert_eq!(far.unprotect_control(&mut datagram), Ok(&hex("80c90001cafebabe")[..]));
}

#[test]
fn headers_with_sources_and_extensions_stay_in_clear() {
    let (near, mut far) = ends();
    let header = hex("920800010000000000000007aaaaaaaabbbbbbbbbede0001cccccccc");
    let mut datagram = [header.clone(), vec![0xd5; 40]].concat();
    near.send[0].crypt(7, 1, &mut datagram[header.len()..]).unwrap();
    let tag = near.send[0].tag(&datagram, &[0; 4]);
    datagram.extend(tag);
    assert_eq!(far.unprotect(&mut datagram).unwrap()[header.len()..], [0xd5; 40]);
}

#[test]
fn new_keys_go_on_with_the_same_numbers() {
    let (mut near, mut far) = ends();
    for index in [65_530, 65_540] {
        assert!(far.unprotect(&mut protected(&mut near, index, &[1; 20])).is_ok());
    }
    let old = protected(&mut near, 65_541, &[1; 20]);
    let (a, b) = ([1; 30], [2; 30]);
    assert!(near.rekey(SrtpKeys::new(a, b)) && far.rekey(SrtpKeys::new(b, a)));
    assert_eq!(far.unprotect(&mut old.clone()), Err(Refused::Forged));
    assert!(far.unprotect(&mut protected(&mut near, 65_541, &[1; 20])).is_ok());
}

#[test]
fn keys_are_never_shown() {
    let (near, _) = ends();
    let shown = format!("{:?} {near:?}", near.keys);
    assert!(!shown.contains("225") && !shown.to_lowercase().contains("e1f9"), "{shown}");
}

proptest! {
    #[test]
    fn no_datagram_passes_without_the_key(mut data in proptest::collection::vec(any::<u8>(), 0..400), version in any::<bool>()) {
        if let (true, Some(first)) = (version, data.first_mut()) {
            *first = 0x80 | (*first & 0x3f);
        }
        let (_, mut far) = ends();
        prop_assert!(far.unprotect(&mut data.clone()).is_err());
        prop_assert!(far.unprotect_control(&mut data).is_err());
        prop_assert!(far.sources.is_empty());
    }
}
