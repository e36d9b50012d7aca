//! Makes datagrams of packets for a trunk leg.

use super::packetise::Packetiser;
use super::receive::PayloadTypes;
use crate::g711::Codec;
use crate::packet::{Content, MAX_AUDIO, Packet, Stamp, StreamId};
use crate::rewrite::Rewriter;
use crate::srtp;
use rtp_rs::RtpPacketBuilder;
use std::time::Instant;

/// Room for the longest datagram sent.
const MAX_DATAGRAM: usize = 12 + MAX_AUDIO + srtp::OVERHEAD;

/// The sending half of a trunk leg: one SSRC for its whole life.
#[derive(Debug)]
pub(crate) struct Sender {
    rewriter: Rewriter,
    packetiser: Packetiser,
    transmission: Transmission,
}

/// What was sent so far, as sender reports tell it.
#[derive(Debug, Clone, Copy)]
pub(super) struct Transmission {
    pub ssrc: u32,
    pub packets: u64,
    pub octets: u64,
    /// The timestamp of the newest audio, and when it was sent.
    pub newest: Option<(u32, Instant)>,
}

/// What the far end takes.
#[derive(Debug, Clone, Copy)]
pub(super) struct Wish {
    pub types: PayloadTypes,
    pub codec: Codec,
    /// Samples in a packet, if it said so.
    pub length: Option<usize>,
}

/// A datagram that was made: `length` bytes at the beginning of the buffer.
#[derive(Debug)]
pub(crate) struct Made<'a> {
    pub datagram: &'a mut [u8],
    pub length: usize,
    pub stamp: Stamp,
    /// The audio in it; `None` for an event.
    pub audio: Option<(Codec, &'a [u8])>,
}

impl Sender {
    /// For a leg numbered `source` among all sources.
    pub fn new(source: u32, random: u64, random_stream: u64) -> Sender {
        let transmission = Transmission { ssrc: random as u32, packets: 0, octets: 0, newest: None };
        Sender { rewriter: Rewriter::new(random_stream), packetiser: Packetiser::new(source), transmission }
    }

    pub fn transmission(&self) -> &Transmission {
        &self.transmission
    }

    /// Makes the datagrams for `packet`: one, or as many as its audio fills in packets of the far end's length. None: the far
    /// end takes no such content, or the packet is too old, which makes this false.
    pub fn make(&mut self, now: Instant, packet: &Packet<'_>, wish: Wish, mut made: impl FnMut(Made<'_>)) -> bool {
        let Sender { rewriter, packetiser, transmission } = self;
        let mut emit = |packet: &Packet<'_>| transmission.write(now, rewriter, packet, wish, &mut made);
        match packet.content {
            Content::Event(_) if wish.types.telephone_event.is_none() => {
                rewriter.skip(packet.stream, packet.sequence);
                true
            }
            Content::Event(_) if packetiser.cuts(packet.stream) => {
                packetiser.event(packet, emit);
                true
            }
            Content::Event(_) => {
                emit(packet);
                true
            }
            Content::Audio { codec, payload } => {
                let mut audio = [0; MAX_AUDIO];
                let length = codec.transcode(wish.codec, payload, &mut audio);
                let Some(payload) = audio.get(..length) else { return false };
                match wish.length {
                    Some(length) if length != payload.len() || packetiser.cuts(packet.stream) => {
                        packetiser.audio(now, packet, wish.codec, payload, length, emit)
                    }
                    _ => {
                        packetiser.stop();
                        emit(&Packet { content: Content::Audio { codec: wish.codec, payload }, ..*packet });
                        true
                    }
                }
            }
        }
    }

    /// Makes the datagrams for what is left of a source that has ended: it waits for nothing to fill its packets up, unless
    /// it was cut already, which `restart` finishes.
    pub fn make_rest(&mut self, now: Instant, packet: &Packet<'_>, wish: Wish, made: impl FnMut(Made<'_>)) -> bool {
        let length = wish.length.filter(|_| self.packetiser.cuts(packet.stream));
        self.make(now, packet, Wish { length, ..wish }, made)
    }

    pub fn skip(&mut self, stream: StreamId, sequence: u16) {
        self.rewriter.skip(stream, sequence);
    }

    /// What comes next is a new beginning, even of the same source. What was begun of a packet leaves first.
    pub fn restart(&mut self, now: Instant, wish: Wish, mut made: impl FnMut(Made<'_>)) {
        let Sender { rewriter, packetiser, transmission } = self;
        packetiser.finish(now, |packet| transmission.write(now, rewriter, packet, wish, &mut made));
        rewriter.restart();
    }

    pub fn rewriter(&mut self) -> &mut Rewriter {
        &mut self.rewriter
    }
}

impl Transmission {
    /// Writes a packet that is in the far end's codec already.
    fn write(&mut self, now: Instant, rewriter: &mut Rewriter, packet: &Packet<'_>, wish: Wish, made: &mut impl FnMut(Made<'_>)) {
        let Some(stamp) = rewriter.place(now, packet) else { return };
        let (payload_type, payload, audio): (_, &[u8], _) = match &packet.content {
            Content::Audio { codec, payload } => {
                let payload_type = wish.types.audio.map_or(wish.codec.static_payload_type(), |(payload_type, _)| payload_type);
                (payload_type, payload, Some((*codec, *payload)))
            }
            Content::Event(payload) => {
                let Some(payload_type) = wish.types.telephone_event else { return };
                (payload_type, payload, None)
            }
        };
        let mut datagram = [0; MAX_DATAGRAM];
        let built = RtpPacketBuilder::new()
            .payload_type(payload_type)
            .ssrc(self.ssrc)
            .sequence((stamp.sequence as u16).into())
            .timestamp(stamp.timestamp)
            .marked(stamp.marker)
            .payload(payload)
            .build_into(&mut datagram);
        let Ok(length) = built else { return };
        self.packets += 1;
        self.octets += payload.len() as u64;
        if audio.is_some() {
            self.newest = Some((stamp.timestamp, now));
        }
        made(Made { datagram: &mut datagram, length, stamp, audio });
    }
}
