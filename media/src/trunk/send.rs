//! Makes datagrams of packets for a trunk leg.

use super::receive::PayloadTypes;
use crate::g711::Codec;
use crate::packet::{Content, MAX_AUDIO, Packet, Stamp, StreamId};
use crate::rewrite::Rewriter;
use rtp_rs::RtpPacketBuilder;
use std::time::Instant;

/// Room for the longest datagram sent.
pub(crate) const MAX_DATAGRAM: usize = 12 + MAX_AUDIO;

/// The sending half of a trunk leg: one SSRC for its whole life.
#[derive(Debug)]
pub(crate) struct Sender {
    ssrc: u32,
    rewriter: Rewriter,
    /// The last audio sent, in the codec it was sent in.
    audio: [u8; MAX_AUDIO],
}

/// A datagram that was made.
#[derive(Debug)]
pub(crate) struct Made<'a> {
    pub length: usize,
    pub stamp: Stamp,
    /// The audio in it; `None` for an event.
    pub audio: Option<(Codec, &'a [u8])>,
}

impl Sender {
    pub fn new(random: u64, random_stream: u64) -> Sender {
        Sender { ssrc: random as u32, rewriter: Rewriter::new(random_stream), audio: [0; MAX_AUDIO] }
    }

    /// Writes the datagram for `packet` into `out`. `None`: the far end takes no such content, or the packet is too old.
    pub fn make(
        &mut self,
        now: Instant,
        packet: &Packet<'_>,
        types: PayloadTypes,
        codec: Codec,
        out: &mut [u8; MAX_DATAGRAM],
    ) -> Option<Made<'_>> {
        let payload_type = match packet.content {
            Content::Audio { .. } => types.audio.map_or(codec.static_payload_type(), |(payload_type, _)| payload_type),
            Content::Event(_) => match types.telephone_event {
                Some(payload_type) => payload_type,
                None => {
                    self.rewriter.skip(packet.stream, packet.sequence);
                    return None;
                }
            },
        };
        let stamp = self.rewriter.place(now, packet)?;
        let (payload, audio): (&[u8], _) = match &packet.content {
            Content::Audio { codec: from, payload } => {
                let length = from.transcode(codec, payload, &mut self.audio);
                let payload = self.audio.get(..length)?;
                (payload, Some((codec, payload)))
            }
            Content::Event(payload) => (payload, None),
        };
        let length = RtpPacketBuilder::new()
            .payload_type(payload_type)
            .ssrc(self.ssrc)
            .sequence((stamp.sequence as u16).into())
            .timestamp(stamp.timestamp)
            .marked(stamp.marker)
            .payload(payload)
            .build_into(out)
            .ok()?;
        Some(Made { length, stamp, audio })
    }

    pub fn skip(&mut self, stream: StreamId, sequence: u16) {
        self.rewriter.skip(stream, sequence);
    }

    pub fn rewriter(&mut self) -> &mut Rewriter {
        &mut self.rewriter
    }
}
