//! Stories of one trunk leg, or of two that are each other's far end, on virtual time.
#![allow(clippy::unwrap_used, clippy::indexing_slicing)]

use super::*;
use crate::clock;
use crate::srtp::SrtpKeys;
use proptest::prelude::*;
use std::time::Duration;

const NEAR: &str = "10.0.0.1:4000";
const FAR: &str = "10.0.0.2:6000";
const FAR_CONTROL: &str = "10.0.0.2:6001";
const STRANGER: &str = "192.0.2.9:6000";
const FRAME: [u8; 160] = [0x55; 160];

fn at(text: &str) -> SocketAddr {
    text.parse().unwrap()
}

fn ms(n: u64) -> Duration {
    Duration::from_millis(n)
}

fn remote(address: &str) -> RemoteAudio {
    RemoteAudio {
        address: at(address),
        codec: Codec::Pcma,
        pt: 8,
        telephone_event: Some(101),
        ptime_ms: 20,
        rtcp: RtcpAddress::NextPort,
        srtp: None,
        send: true,
        receive: true,
    }
}

fn leg(now: Instant, number: u32, remote: RemoteAudio) -> TrunkLeg {
    let random = u64::from(number) * 1_000;
    let mut leg = TrunkLeg::new(now, number, vec!["10.0.0.0/24".parse().unwrap()], [random, random << 32, random, random]);
    leg.set_remote(now, remote);
    leg
}

fn audio(stream: u64, sequence: u16, payload: &[u8]) -> Packet<'_> {
    let timestamp = u32::from(sequence) * payload.len() as u32;
    Packet {
        stream: StreamId(stream),
        sequence,
        timestamp,
        marker: false,
        content: Content::Audio { codec: Codec::Pcma, payload },
    }
}

fn sent(leg: &mut TrunkLeg, now: Instant, packet: &Packet<'_>) -> Vec<(SocketAddr, Vec<u8>)> {
    let mut datagrams = vec![];
    leg.send(now, packet, &mut |to, datagram, _| {
        datagrams.push((to, datagram.to_vec()));
        true
    });
    datagrams
}

fn report(leg: &mut TrunkLeg, now: Instant) -> Option<(Port, SocketAddr, Vec<u8>)> {
    let mut out = [0; MAX_CONTROL_DATAGRAM];
    let (port, to, length) = leg.poll_control(now, &mut out)?;
    Some((port, to, out[..length].to_vec()))
}

/// A datagram of a far end of the test's own.
fn rtp(payload_type: u8, sequence: u16, payload: &[u8]) -> Vec<u8> {
    let packet = rtp_rs::RtpPacketBuilder::new().payload_type(payload_type).ssrc(9).sequence(sequence.into());
    packet.timestamp(u32::from(sequence) * 160).payload(payload).build().unwrap()
}

#[test]
fn a_far_end_without_telephone_events_presses_keys_by_their_tones() {
    let now = clock::now();
    for (telephone_event, expected) in [(None, "911"), (Some(101), "")] {
        let mut leg = leg(now, 1, RemoteAudio { telephone_event, ..remote(FAR) });
        let (mut heard, mut payload) = (String::new(), [0; 160]);
        for (n, frame) in crate::tone::keys("911").chunks(160).enumerate() {
            let length = Codec::Pcma.encode(frame, &mut payload);
            let mut datagram = rtp(8, n as u16, &payload[..length]);
            heard.extend(leg.handle_datagram(now + ms(20 * n as u64), at(FAR), &mut datagram).and_then(|arrival| arrival.digit));
        }
        assert_eq!(heard, expected, "{telephone_event:?}");
    }
}

/// Two legs talk for this long over a network that takes `delay` and loses every n-th packet of the near one.
fn conversation(keys: Option<SrtpKeys>, seconds: u64, delay: Duration, lost: u64) -> [TrunkLeg; 2] {
    let start = clock::now();
    let swapped = keys.map(|keys| SrtpKeys { send: keys.receive, receive: keys.send, ..keys });
    let mut near = leg(start, 1, RemoteAudio { srtp: keys, ..remote(FAR) });
    let mut far = leg(start, 2, RemoteAudio { srtp: swapped, ..remote(NEAR) });
    // When, towards the near one, on which port, what.
    let mut network: std::collections::VecDeque<(Instant, bool, Port, Vec<u8>)> = Default::default();
    for n in 0..seconds * 50 {
        let now = start + ms(n * 20);
        while network.front().is_some_and(|(due, ..)| *due <= now) {
            let (due, to_near, port, mut datagram) = network.pop_front().unwrap();
            let (leg, from) = if to_near { (&mut near, FAR) } else { (&mut far, NEAR) };
            match port {
                Port::Rtp => assert!(leg.handle_datagram(due, at(from), &mut datagram).is_some()),
                Port::Rtcp => leg.handle_control(due, at(from), &mut datagram),
            }
        }
        for to_near in [false, true] {
            let leg = if to_near { &mut far } else { &mut near };
            for (_, datagram) in sent(leg, now, &audio(1, n as u16, &FRAME)) {
                if to_near || lost == 0 || n % lost > 0 {
                    network.push_back((now + delay, to_near, Port::Rtp, datagram));
                }
            }
            if let Some((port, _, datagram)) = report(leg, now) {
                network.push_back((now + delay, to_near, port, datagram));
            }
            leg.poll_quality(now, true);
        }
    }
    [near, far]
}

#[test]
fn two_legs_learn_from_each_others_reports_how_they_are_heard() {
    let [near, far] = conversation(None, 60, ms(60), 10);
    let (near, far) = (near.statistics(), far.statistics());
    assert!(near.control_received >= 10 && far.control_received >= 10);
    for statistics in [near, far] {
        let round_trip = statistics.round_trip.unwrap();
        assert!((ms(100)..=ms(160)).contains(&round_trip), "{round_trip:?}");
        assert_eq!((statistics.control_malformed, statistics.refused), (0, 0));
    }
    assert!((290..=300).contains(&far.lost), "{}", far.lost);
    let reported = near.far_end.unwrap();
    assert!(reported.lost >= 250 && (9.0..=11.0).contains(&reported.worst_loss_percent), "{reported:?}");
    assert_eq!(far.far_end.unwrap().lost, 0);
    let (good, bad) = (near.mos.unwrap(), far.mos.unwrap());
    assert!(good > 4.2 && (3.0..3.6).contains(&bad) && far.worst_mos.unwrap() <= bad, "{good} {bad}");
}

#[test]
fn protected_legs_understand_each_other_over_the_roll_over_and_a_wrong_key_nobody() {
    let keys = SrtpKeys::new([1; 30], [2; 30]);
    let [near, far] = conversation(Some(keys), 1_400, ms(20), 0);
    for statistics in [near.statistics(), far.statistics()] {
        assert_eq!((statistics.forged, statistics.replayed, statistics.lost), (0, 0, 0));
        assert!(statistics.received > 69_000 && statistics.round_trip.is_some());
    }
    let start = clock::now();
    let mut near = leg(start, 1, RemoteAudio { srtp: Some(keys), ..remote(FAR) });
    let mut wrong = leg(start, 2, RemoteAudio { srtp: Some(keys), ..remote(NEAR) });
    let (_, mut datagram) = sent(&mut near, start, &audio(1, 1, &FRAME)).remove(0);
    assert!(!datagram.windows(160).any(|part| part == FRAME), "nothing goes in clear");
    assert_eq!(wrong.handle_datagram(start, at(NEAR), &mut datagram), None);
    assert_eq!(wrong.handle_datagram(start, at(NEAR), &mut rtp(8, 1, &FRAME)), None, "nothing is taken in clear");
    assert_eq!((wrong.statistics().forged, wrong.statistics().received), (2, 0));
}

#[test]
fn a_forged_packet_does_not_take_a_protected_leg_over() {
    let start = clock::now();
    let mut leg = leg(start, 1, RemoteAudio { srtp: Some(SrtpKeys::new([1; 30], [2; 30])), ..remote(FAR) });
    assert_eq!(leg.handle_datagram(start, at("10.0.0.66:4000"), &mut rtp(8, 1, &FRAME)), None);
    assert_eq!(sent(&mut leg, start, &audio(1, 1, &FRAME))[0].0, at(FAR));
}

#[test]
fn reports_go_to_the_next_port_or_where_they_are_wanted() {
    let start = clock::now();
    let later = start + Duration::from_secs(10);
    let mut next = leg(start, 1, remote(FAR));
    let (port, to, _) = report(&mut next, later).unwrap();
    assert_eq!((port, to), (Port::Rtcp, at(FAR_CONTROL)));
    let mut elsewhere = leg(start, 1, RemoteAudio { rtcp: RtcpAddress::At(at("10.0.0.2:7777")), ..remote(FAR) });
    assert_eq!(report(&mut elsewhere, later).unwrap().1, at("10.0.0.2:7777"));
    let mut shared = leg(start, 1, RemoteAudio { rtcp: RtcpAddress::Muxed, ..remote(FAR) });
    let (port, to, mut datagram) = report(&mut shared, later).unwrap();
    assert_eq!((port, to), (Port::Rtp, at(FAR)));
    assert_eq!(next.handle_datagram(later, at(FAR), &mut datagram), None);
    assert_eq!(next.statistics().control_received, 1, "RTCP is known on the port of RTP");
    assert!(next.statistics().first_received.is_none());
    let mut held = leg(start, 1, remote("0.0.0.0:6000"));
    assert!(report(&mut held, later).is_none());
}

#[test]
fn control_packets_from_strangers_are_refused_and_none_ever_moves_the_audio() {
    let start = clock::now();
    let mut leg = leg(start, 1, remote(FAR));
    let mut datagram = report(&mut self::leg(start, 2, remote(NEAR)), start + Duration::from_secs(10)).unwrap().2;
    leg.handle_control(start, at(STRANGER), &mut datagram.clone());
    assert_eq!(leg.handle_datagram(start, at(STRANGER), &mut datagram.clone()), None);
    assert_eq!((leg.statistics().refused, leg.statistics().control_received), (2, 0));
    leg.handle_control(start, at("10.0.0.9:1234"), &mut datagram);
    assert_eq!(leg.statistics().control_received, 1);
    assert_eq!(sent(&mut leg, start, &audio(1, 1, &FRAME))[0].0, at(FAR));
    assert_eq!(report(&mut leg, start + Duration::from_secs(10)).unwrap().1, at("10.0.0.9:1234"), "answered where it came from");
}

#[test]
fn a_second_source_of_reports_does_not_take_over_from_the_first() {
    let start = clock::now();
    let mut leg = leg(start, 1, remote(FAR));
    let datagram = report(&mut self::leg(start, 2, remote(NEAR)), start + Duration::from_secs(10)).unwrap().2;
    leg.handle_control(start, at(FAR_CONTROL), &mut datagram.clone());
    leg.handle_control(start + ms(8_000), at("10.0.0.9:1234"), &mut datagram.clone());
    assert_eq!(report(&mut leg, start + ms(9_000)).unwrap().1, at(FAR_CONTROL));
    leg.handle_control(start, at(FAR_CONTROL), &mut b"no report".to_vec());
    assert_eq!(leg.statistics().control_malformed, 1);
}

#[test]
fn comfort_noise_and_empty_packets_are_a_sign_of_life_but_nothing_to_hear_and_reports_are_neither() {
    let start = clock::now();
    let mut leg = leg(start, 1, remote(FAR));
    for (n, payload_type, payload) in [(1u16, 13u8, &[0x40][..]), (2, 8, &[]), (3, 13, &[])] {
        let mut datagram = rtp(payload_type, n, payload);
        let arrival = leg.handle_datagram(start, at(FAR), &mut datagram).unwrap();
        assert!(matches!(arrival.what, What::Skipped { sequence, .. } if sequence == n));
    }
    let mut datagram = report(&mut self::leg(start, 2, remote(NEAR)), start + Duration::from_secs(10)).unwrap().2;
    assert_eq!(leg.handle_datagram(start, at(FAR), &mut datagram), None);
    assert_eq!(leg.statistics().unknown_payload, 0);
}

#[test]
fn the_first_sound_is_told_and_not_what_comes_before_it_without_any() {
    let start = clock::now();
    let mut leg = leg(start, 1, remote(FAR));
    let first = |leg: &mut TrunkLeg, sequence, payload_type, payload: &[u8]| {
        let mut datagram = rtp(payload_type, sequence, payload);
        leg.handle_datagram(start, at(FAR), &mut datagram).unwrap().first
    };
    for again in [0, 10] {
        assert!(!first(&mut leg, again + 1, 13, &[0x40]), "comfort noise");
        assert!(!first(&mut leg, again + 2, 8, &[]), "an empty packet");
        assert!(!first(&mut leg, again + 3, 101, &[1, 10, 0, 160]), "a key");
        assert!(first(&mut leg, again + 4, 8, &FRAME));
        assert!(!first(&mut leg, again + 5, 8, &FRAME));
        leg.await_first();
    }
}

#[test]
fn audio_that_is_encrypted_before_its_key_is_known_is_not_heard() {
    let start = clock::now();
    let keys = SrtpKeys::new([1; 30], [2; 30]);
    let mut far = leg(start, 2, RemoteAudio { srtp: Some(keys), ..remote(NEAR) });
    let mut near = TrunkLeg::new(start, 1, vec!["10.0.0.0/24".parse().unwrap()], [0; 4]);
    for sequence in 1..=3 {
        let (_, mut datagram) = sent(&mut far, start, &audio(1, sequence, &FRAME)).remove(0);
        let arrival = near.handle_datagram(start, at(FAR), &mut datagram).unwrap();
        assert!(matches!(arrival, Arrival { first: false, digit: None, what: What::Skipped { .. } }));
    }
    assert_eq!(near.statistics().enciphered, 3);
    near.set_remote(start, RemoteAudio { srtp: Some(SrtpKeys::new([2; 30], [1; 30])), ..remote(FAR) });
    let (_, mut datagram) = sent(&mut far, start, &audio(1, 4, &FRAME)).remove(0);
    let arrival = near.handle_datagram(start, at(FAR), &mut datagram).unwrap();
    assert!(arrival.first && matches!(arrival.what, What::Packet(_)));
    assert_eq!((near.statistics().enciphered, near.statistics().lost), (3, 0));
}

#[test]
fn a_far_end_that_names_no_address_is_sent_to_where_it_is_heard_and_one_that_holds_is_not() {
    let start = clock::now();
    let mut leg = leg(start, 1, remote("0.0.0.0:6000"));
    assert!(sent(&mut leg, start, &audio(1, 1, &FRAME)).is_empty(), "nobody knows where it is");
    assert_eq!(leg.handle_datagram(start, at(STRANGER), &mut rtp(8, 1, &FRAME)), None);
    assert!(sent(&mut leg, start, &audio(1, 2, &FRAME)).is_empty(), "a stranger gets nothing");
    assert!(leg.handle_datagram(start, at(FAR), &mut rtp(8, 1, &FRAME)).is_some());
    assert_eq!(sent(&mut leg, start, &audio(1, 3, &FRAME))[0].0, at(FAR));
    assert_eq!(leg.statistics().refused, 1);
    for held in [RemoteAudio { send: false, ..remote("0.0.0.0:6000") }, remote("10.0.0.2:0")] {
        leg.set_remote(start, held);
        assert!(sent(&mut leg, start, &audio(1, 4, &FRAME)).is_empty());
    }
}

#[test]
fn keys_that_come_faster_than_anybody_presses_them_are_told_up_to_a_bound() {
    let start = clock::now();
    let mut leg = leg(start, 1, remote(FAR));
    // Each 60 ms behind the one before by its timestamp, but a thousand a second.
    let told = (0..3_000u16).filter(|n| {
        let mut datagram = rtp(101, n * 3, &[7, 10, 0, 160]);
        let arrival = leg.handle_datagram(start + ms(u64::from(*n)), at(FAR), &mut datagram).unwrap();
        arrival.digit.is_some()
    });
    assert_eq!(told.count(), 60);
}

#[test]
fn packets_leave_in_the_length_that_the_far_end_asked_for_whatever_length_they_came_in() {
    let payload = [0x55; 480];
    for ptime_ms in [10u8, 20, 30, 40, 60] {
        for came in [80usize, 160, 240, 320, 480] {
            let start = clock::now();
            let mut leg = leg(start, 1, RemoteAudio { ptime_ms, ..remote(FAR) });
            let wanted = usize::from(ptime_ms) * 8;
            let mut datagrams = vec![];
            for n in 0..(9_600 / came) as u16 {
                let now = start + ms(u64::from(n) * came as u64 / 8);
                datagrams.extend(sent(&mut leg, now, &audio(1, n, &payload[..came])));
            }
            assert_eq!(datagrams.len(), 9_600 / wanted, "{came} samples to {ptime_ms} ms");
            let read: Vec<_> = datagrams.iter().map(|(_, datagram)| rtp_rs::RtpReader::new(datagram).unwrap()).collect();
            for pair in read.windows(2) {
                assert_eq!(u16::from(pair[1].sequence_number()).wrapping_sub(pair[0].sequence_number().into()), 1);
                assert_eq!(pair[1].timestamp().wrapping_sub(pair[0].timestamp()), wanted as u32);
                assert_eq!(pair[0].payload().len(), wanted);
            }
            assert_eq!(leg.statistics().sent, (9_600 / wanted) as u64);
        }
    }
}

#[test]
fn lengths_that_no_telephone_sends_become_the_nearest_that_one_does() {
    let start = clock::now();
    for (ptime_ms, samples) in [(0u8, 80usize), (5, 80), (255, 480)] {
        let mut leg = leg(start, 1, RemoteAudio { ptime_ms, ..remote(FAR) });
        let datagrams = sent(&mut leg, start, &audio(1, 1, &[0x55; 480]));
        assert_eq!(datagrams[0].1.len(), 12 + samples);
    }
}

#[test]
fn the_last_report_says_goodbye() {
    let start = clock::now();
    let mut near = leg(start, 1, remote(FAR));
    let mut far = leg(start, 2, remote(NEAR));
    sent(&mut near, start, &audio(1, 1, &FRAME));
    let mut out = [0; MAX_CONTROL_DATAGRAM];
    let (_, _, length) = near.goodbye(start, &mut out).unwrap();
    far.handle_control(start, at(NEAR), &mut out[..length]);
    assert!(far.statistics().goodbye);
}

proptest! {
    /// Whatever comes from whom, nothing breaks, and audio and reports only ever go to the trunk's networks or its own host.
    #[test]
    fn nobody_outside_the_networks_ever_gets_the_audio(
        protected in any::<bool>(),
        datagrams in proptest::collection::vec((0usize..6, any::<bool>(), proptest::collection::vec(any::<u8>(), 0..200), 0u64..3_000), 0..60),
    ) {
        let sources = [FAR, FAR_CONTROL, STRANGER, "192.0.2.10:9", "[2001:db8::1]:4000", "10.0.0.77:5"];
        let start = clock::now();
        let srtp = protected.then_some(SrtpKeys::new([1; 30], [2; 30]));
        let mut leg = leg(start, 1, RemoteAudio { srtp, ..remote(FAR) });
        let mut now = start;
        for (n, (source, control, mut data, pause)) in datagrams.into_iter().enumerate() {
            now += ms(pause);
            // Half of them look like what they pretend to be.
            if data.len() > 2 && n % 2 == 0 {
                data[0] = 0x80;
                data[1] = if control { 200 + data[1] % 4 } else { [0, 8, 13, 101][usize::from(data[1] % 4)] };
            }
            if control {
                leg.handle_control(now, at(sources[source]), &mut data);
            } else {
                leg.handle_datagram(now, at(sources[source]), &mut data);
            }
            let mut destinations: Vec<_> = sent(&mut leg, now, &audio(1, n as u16, &FRAME)).into_iter().map(|(to, _)| to).collect();
            destinations.extend(report(&mut leg, now).map(|(_, to, _)| to));
            for to in destinations {
                prop_assert!(to.to_string().starts_with("10.0.0."), "sent to {to}");
            }
        }
    }
}
