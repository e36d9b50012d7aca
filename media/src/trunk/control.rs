//! RTCP of a trunk leg (RFC 3550 section 6): what we report, and what we learn from the far end's reports. No socket, and no
//! name of anybody: our canonical name is a random one for each leg (RFC 7022 section 4.2).

use super::receive::Reception;
use super::send::Transmission;
use crate::statistics::{FarEnd, LegStatistics};
use rtcp_types::prelude::*;
use rtcp_types::{
    Bye, Compound, Packet, ReceiverReport, ReportBlock, ReportBlockBuilder, Sdes, SdesChunk, SdesItem, SenderReport,
};
use std::collections::VecDeque;
use std::time::{Duration, Instant};

/// Reports are sent this often. Each leg begins at a moment of its own, so that many do not report at once.
const INTERVAL: Duration = Duration::from_secs(5);
/// Our reports that the far end may still answer.
const MAX_REPORTS: usize = 4;
/// Room for the longest datagram sent: a report, the name, and a goodbye.
pub(crate) const MAX_CONTROL: usize = 128;
/// Packet types that RFC 5761 section 4 gives to RTCP where both share a port.
const TYPES: std::ops::RangeInclusive<u8> = 192..=223;

#[derive(Debug)]
pub(super) struct Control {
    opened: Instant,
    name: String,
    due: Instant,
    /// The middle of the NTP timestamps of our newest sender reports, and when they left.
    reports: VecDeque<(u32, Instant)>,
    /// That of the far end's newest, and when it came.
    heard: Option<(u32, Instant)>,
    /// Packets we had sent when the last two reports left: who falls silent sends no sender reports.
    sent: [u64; 2],
    /// The SSRC that was last reported on, and what was expected and had come of it then.
    reported: Option<(u32, u64, u64)>,
    far_end: Option<FarEnd>,
    round_trip: Option<Duration>,
}

/// Whether a datagram on a port of RTP is RTCP.
pub(super) fn is_control(data: &[u8]) -> bool {
    data.get(1).is_some_and(|packet_type| TYPES.contains(packet_type))
}

impl Control {
    pub fn new(now: Instant, random: [u64; 2]) -> Control {
        let [one, two] = random;
        let phase = Duration::from_millis(one % 5_000);
        Control {
            opened: now,
            name: format!("{:016x}{:08x}", two, one >> 32),
            due: now + INTERVAL / 2 + phase,
            reports: VecDeque::new(),
            heard: None,
            sent: [0; 2],
            reported: None,
            far_end: None,
            round_trip: None,
        }
    }

    pub fn round_trip(&self) -> Option<Duration> {
        self.round_trip
    }

    pub fn far_end(&self) -> Option<FarEnd> {
        self.far_end
    }

    /// Reads a packet of the far end; `ssrc` is ours. False if it is no RTCP.
    pub fn take(&mut self, now: Instant, data: &[u8], ssrc: u32, counts: &mut LegStatistics) -> bool {
        let mut understood = false;
        // What follows a part that is not understood is not looked at.
        for packet in Compound::parse(data).into_iter().flatten().map_while(Result::ok) {
            understood = true;
            match packet {
                Packet::Sr(report) => {
                    self.heard = Some((middle(report.ntp_timestamp()), now));
                    report.report_blocks().for_each(|block| self.learn(now, &block, ssrc));
                }
                Packet::Rr(report) => report.report_blocks().for_each(|block| self.learn(now, &block, ssrc)),
                Packet::Bye(_) => counts.goodbye = true,
                _ => {}
            }
        }
        if understood {
            counts.control_received += 1;
        } else {
            counts.control_malformed += 1;
        }
        understood
    }

    fn learn(&mut self, now: Instant, block: &ReportBlock<'_>, ssrc: u32) {
        if block.ssrc() != ssrc {
            return;
        }
        // The sum is a signed number of 24 bits; copies can make it negative.
        let lost = block.cumulative_lost();
        let far_end = self.far_end.get_or_insert_default();
        far_end.lost = if lost & 0x80_0000 == 0 { u64::from(lost) } else { 0 };
        far_end.worst_loss_percent = far_end.worst_loss_percent.max(f32::from(block.fraction_lost()) * 100.0 / 256.0);
        far_end.jitter_ms = block.interarrival_jitter() as f32 / 8.0;
        // Only a report of ours can be answered, so nobody can make us believe in any other time.
        let last = block.last_sender_report_timestamp();
        if let Some((_, left)) = self.reports.iter().find(|(middle, _)| *middle == last) {
            let held = Duration::from_secs_f64(f64::from(block.delay_since_last_sender_report_timestamp()) / 65_536.0);
            if let Some(round_trip) = now.saturating_duration_since(*left).checked_sub(held) {
                self.round_trip = Some(round_trip);
            }
        }
    }

    /// Writes a report into `out` if its time has come.
    pub fn poll(&mut self, now: Instant, sent: &Transmission, heard: Option<&Reception>, out: &mut [u8]) -> Option<usize> {
        if now < self.due {
            return None;
        }
        self.due = (self.due + INTERVAL).max(now);
        self.write(now, sent, heard, false, out)
    }

    /// Writes the last report, with a goodbye.
    pub fn goodbye(&mut self, now: Instant, sent: &Transmission, heard: Option<&Reception>, out: &mut [u8]) -> Option<usize> {
        self.write(now, sent, heard, true, out)
    }

    fn write(
        &mut self,
        now: Instant,
        sent: &Transmission,
        heard: Option<&Reception>,
        goodbye: bool,
        out: &mut [u8],
    ) -> Option<usize> {
        let [older, newer] = self.sent;
        self.sent = [newer, sent.packets];
        let block = heard.map(|heard| self.block(now, heard));
        let name = self.name.clone();
        let names =
            Sdes::builder().add_chunk(SdesChunk::builder(sent.ssrc).add_item_owned(SdesItem::builder(SdesItem::CNAME, &name)));
        let mut compound = Compound::builder();
        compound = match sent.newest.filter(|_| sent.packets > older) {
            Some((timestamp, at)) => {
                let ntp = self.ntp(now);
                if self.reports.len() == MAX_REPORTS {
                    self.reports.pop_front();
                }
                self.reports.push_back((middle(ntp), now));
                let passed = crate::clock::samples(now.saturating_duration_since(at)) as u32;
                let report = SenderReport::builder(sent.ssrc)
                    .ntp_timestamp(ntp)
                    .rtp_timestamp(timestamp.wrapping_add(passed))
                    .packet_count(sent.packets as u32)
                    .octet_count(sent.octets as u32);
                compound.add_packet(block.into_iter().fold(report, |report, block| report.add_report_block(block)))
            }
            None => {
                let report = ReceiverReport::builder(sent.ssrc);
                compound.add_packet(block.into_iter().fold(report, |report, block| report.add_report_block(block)))
            }
        };
        compound = compound.add_packet(names);
        if goodbye {
            compound = compound.add_packet(Bye::builder().add_source(sent.ssrc));
        }
        compound.write_into(out).ok()
    }

    /// The report block on what is heard (RFC 3550 section 6.4.1 and appendix A.3).
    fn block(&mut self, now: Instant, heard: &Reception) -> ReportBlockBuilder {
        let (expected, received) = (heard.expected, heard.received);
        let before = self.reported.filter(|(ssrc, ..)| *ssrc == heard.ssrc);
        let (_, expected_before, received_before) = before.unwrap_or_default();
        self.reported = Some((heard.ssrc, expected, received));
        let new = expected.saturating_sub(expected_before);
        let lost_now = new.saturating_sub(received.saturating_sub(received_before));
        let fraction = (lost_now * 256).checked_div(new).unwrap_or(0).min(255) as u8;
        let lost = expected.saturating_sub(received).min(0x7f_ffff) as u32;
        let (last, delay) = self.heard.map_or((0, 0), |(middle, at)| {
            let passed = now.saturating_duration_since(at).as_secs_f64() * 65_536.0;
            (middle, passed as u32)
        });
        ReportBlock::builder(heard.ssrc)
            .fraction_lost(fraction)
            .cumulative_lost(lost)
            .extended_sequence_number(heard.highest)
            .interarrival_jitter(heard.jitter)
            .last_sender_report_timestamp(last)
            .delay_since_last_sender_report_timestamp(delay)
    }

    /// Time since the leg was opened, and one second, in NTP's format: a clock of the session's own is enough for round trips
    /// and for synchronisation within it (RFC 3550 section 6.4.1).
    fn ntp(&self, now: Instant) -> u64 {
        let passed = now.saturating_duration_since(self.opened) + Duration::from_secs(1);
        (passed.as_secs() << 32) | ((u64::from(passed.subsec_nanos()) << 32) / 1_000_000_000)
    }
}

fn middle(ntp: u64) -> u32 {
    (ntp >> 16) as u32
}

#[cfg(test)]
#[path = "control_tests.rs"]
mod tests;
