//! Reports on their way, on virtual time.
#![allow(clippy::unwrap_used, clippy::indexing_slicing)]

use super::*;
use crate::clock;
use proptest::prelude::*;

fn seconds(n: f64) -> Duration {
    Duration::from_secs_f64(n)
}

fn sent(packets: u64, at: Instant) -> Transmission {
    Transmission { ssrc: 7, packets, octets: packets * 160, newest: Some((16_000, at)) }
}

fn heard(expected: u64, received: u64) -> Reception {
    Reception { ssrc: 9, expected, received, highest: 70_000, jitter: 24 }
}

struct Report {
    from_sender: bool,
    rtp_timestamp: Option<u32>,
    block: Option<(u32, u8, u32, u32, u32)>,
    name: String,
    goodbye: bool,
}

fn read(datagram: &[u8]) -> Report {
    let mut report = Report { from_sender: false, rtp_timestamp: None, block: None, name: String::new(), goodbye: false };
    let of = |block: ReportBlock<'_>| {
        let (highest, jitter) = (block.extended_sequence_number(), block.interarrival_jitter());
        (block.ssrc(), block.fraction_lost(), block.cumulative_lost(), highest, jitter)
    };
    for packet in Compound::parse(datagram).unwrap() {
        match packet.unwrap() {
            Packet::Sr(sr) => {
                report.from_sender = true;
                report.rtp_timestamp = Some(sr.rtp_timestamp());
                report.block = sr.report_blocks().map(of).next();
            }
            Packet::Rr(rr) => report.block = rr.report_blocks().map(of).next(),
            Packet::Sdes(names) => {
                report.name = names.chunks().next().unwrap().items().next().unwrap().get_value_string().unwrap();
            }
            Packet::Bye(bye) => report.goodbye = bye.ssrcs().eq([7]),
            other => panic!("{other:?}"),
        }
    }
    report
}

/// The moment of the first report.
fn due(control: &Control) -> Instant {
    control.due
}

#[test]
fn reports_tell_loss_since_the_last_one_and_in_all() {
    let start = clock::now();
    let mut control = Control::new(start, [3, 4]);
    let mut out = [0; MAX_CONTROL];
    let first = due(&control);
    assert_eq!(control.poll(first - seconds(0.001), &sent(10, start), None, &mut out), None);
    let length = control.poll(first, &sent(10, start), Some(&heard(100, 90)), &mut out).unwrap();
    assert_eq!(read(&out[..length]).block, Some((9, 25, 10, 70_000, 24)));
    assert_eq!(control.poll(first + seconds(4.9), &sent(10, start), None, &mut out), None);
    let length = control.poll(first + seconds(5.0), &sent(20, start), Some(&heard(300, 290)), &mut out).unwrap();
    assert_eq!(read(&out[..length]).block, Some((9, 0, 10, 70_000, 24)));
    let other = Reception { ssrc: 5, ..heard(50, 25) };
    let length = control.poll(first + seconds(10.0), &sent(30, start), Some(&other), &mut out).unwrap();
    assert_eq!(read(&out[..length]).block, Some((5, 128, 25, 70_000, 24)), "another source is another count");
}

#[test]
fn who_sends_reports_as_a_sender_and_who_fell_silent_as_a_receiver() {
    let start = clock::now();
    let mut control = Control::new(start, [0, 0]);
    let mut out = [0; MAX_CONTROL];
    let mut at = due(&control);
    let mut kinds = vec![];
    for packets in [0, 50, 50, 50, 60] {
        let mut sent = sent(packets, at - seconds(0.5));
        if packets == 0 {
            sent.newest = None;
        }
        let length = control.poll(at, &sent, None, &mut out).unwrap();
        let report = read(&out[..length]);
        if report.from_sender {
            assert_eq!(report.rtp_timestamp, Some(16_000 + 4_000), "the clock of the audio goes on");
        }
        kinds.push(report.from_sender);
        at += seconds(5.0);
    }
    assert_eq!(kinds, [false, true, true, false, true]);
}

#[test]
fn names_are_random_and_the_same_for_a_whole_leg() {
    let start = clock::now();
    let (mut one, mut other) = (Control::new(start, [1 << 40, 2]), Control::new(start, [5, 6]));
    let mut out = [0; MAX_CONTROL];
    let mut name = |control: &mut Control| {
        let at = due(control);
        let length = control.poll(at, &sent(1, start), None, &mut out).unwrap();
        read(&out[..length]).name
    };
    let first = name(&mut one);
    assert_eq!(first.len(), 24);
    assert_eq!(name(&mut one), first);
    assert_ne!(name(&mut other), first);
}

#[test]
fn many_legs_do_not_report_at_once() {
    let start = clock::now();
    let moments: std::collections::HashSet<_> = (0..100u64).map(|n| due(&Control::new(start, [n * 37, 0]))).collect();
    assert_eq!(moments.len(), 100);
}

#[test]
fn round_trips_are_measured_by_what_both_sides_report() {
    let start = clock::now();
    let (mut near, mut far) = (Control::new(start, [0, 1]), Control::new(start, [2_000, 2]));
    let mut counts = LegStatistics::default();
    let (mut out, mut back) = ([0; MAX_CONTROL], [0; MAX_CONTROL]);
    let sent_at = due(&near);
    let length = near.poll(sent_at, &sent(5, start), None, &mut out).unwrap();
    far.take(sent_at + seconds(0.040), &out[..length], 9, &mut counts);
    let answered = due(&far);
    let length =
        far.poll(answered, &Transmission { ssrc: 9, ..sent(5, start) }, Some(&Reception { ssrc: 7, ..heard(5, 5) }), &mut back);
    near.take(answered + seconds(0.030), &back[..length.unwrap()], 7, &mut counts);
    let round_trip = near.round_trip().unwrap();
    assert!((round_trip.as_secs_f64() - 0.070).abs() < 0.001, "{round_trip:?}");
    assert_eq!(near.far_end(), Some(FarEnd { lost: 0, worst_loss_percent: 0.0, jitter_ms: 3.0 }));
    assert_eq!((counts.control_received, counts.control_malformed), (2, 0));
}

#[test]
fn a_report_that_answers_none_of_ours_tells_no_round_trip() {
    let start = clock::now();
    let mut control = Control::new(start, [0, 1]);
    let mut counts = LegStatistics::default();
    let block = |ssrc| ReportBlock::builder(ssrc).fraction_lost(64).cumulative_lost(0xff_fffe).last_sender_report_timestamp(99);
    let mut out = [0; MAX_CONTROL];
    for ssrc in [7, 8] {
        let length = ReceiverReport::builder(9).add_report_block(block(ssrc)).write_into(&mut out).unwrap();
        control.take(start, &out[..length], 7, &mut counts);
    }
    assert_eq!(control.round_trip(), None);
    // Two copies more than were expected are no loss; the report on somebody else's audio is not ours.
    assert_eq!(control.far_end(), Some(FarEnd { lost: 0, worst_loss_percent: 25.0, jitter_ms: 0.0 }));
}

#[test]
fn goodbyes_are_said_and_heard() {
    let start = clock::now();
    let mut control = Control::new(start, [0, 1]);
    let mut counts = LegStatistics::default();
    let mut out = [0; MAX_CONTROL];
    let length = control.goodbye(start, &sent(3, start), Some(&heard(5, 5)), &mut out).unwrap();
    let report = read(&out[..length]);
    assert!(report.goodbye && report.from_sender && report.block.is_some());
    control.take(start, &out[..length], 7, &mut counts);
    assert!(counts.goodbye);
}

proptest! {
    #[test]
    fn no_datagram_breaks_the_reader(
        mut data in proptest::collection::vec(any::<u8>(), 0..300),
        kind in 198u8..210,
        plausible in any::<bool>(),
    ) {
        if plausible && data.len() >= 4 {
            let words = (data.len() / 4 - 1) as u8;
            data.truncate(usize::from(words + 1) * 4);
            (data[0], data[1], data[2], data[3]) = (0x80 | (data[0] & 0x3f), kind, 0, words);
        }
        let now = clock::now();
        let mut control = Control::new(now, [0, 1]);
        control.take(now, &data, 7, &mut LegStatistics::default());
        let mut out = [0; MAX_CONTROL];
        prop_assert!(control.goodbye(now, &sent(1, now), Some(&heard(1, 1)), &mut out).is_some());
    }
}
