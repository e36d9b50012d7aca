//! What a browser sends, and the payload types that were agreed for it.

use crate::g711::Codec;
use crate::packet::{Content, MAX_AUDIO, Packet, StreamId};
use std::sync::Arc;
use str0m::Rtc;
use str0m::format::Codec::{PCMA, PCMU, Tele};
use str0m::media::{Mid, Pt};

#[derive(Debug, Clone, Copy, Default)]
pub(super) struct PayloadTypes {
    pub pcma: Option<Pt>,
    pub pcmu: Option<Pt>,
    pub event: Option<Pt>,
}

impl PayloadTypes {
    pub fn of(rtc: &Rtc, mid: Mid) -> PayloadTypes {
        let agreed = rtc.media(mid).map(|media| media.remote_pts()).unwrap_or_default();
        let of = |codec| {
            let params = rtc.codec_config().params().iter();
            params.filter(|params| params.spec().codec == codec).map(|params| params.pt()).find(|pt| agreed.contains(pt))
        };
        PayloadTypes { pcma: of(PCMA), pcmu: of(PCMU), event: of(Tele) }
    }

    pub fn codec(&self, payload_type: Pt) -> Option<Codec> {
        if Some(payload_type) == self.pcma {
            Some(Codec::Pcma)
        } else if Some(payload_type) == self.pcmu {
            Some(Codec::Pcmu)
        } else {
            None
        }
    }

    /// The same codec if the browser takes it, else the other.
    pub fn for_sending(&self, codec: Codec) -> Option<(Pt, Codec)> {
        let pcma = self.pcma.map(|payload_type| (payload_type, Codec::Pcma));
        let pcmu = self.pcmu.map(|payload_type| (payload_type, Codec::Pcmu));
        match codec {
            Codec::Pcma => pcma.or(pcmu),
            Codec::Pcmu => pcmu.or(pcma),
        }
    }
}

/// A packet from the browser.
#[derive(Debug, Clone)]
pub(crate) struct Incoming {
    pub(super) stream: StreamId,
    pub(super) sequence: u16,
    pub(super) timestamp: u32,
    pub(super) marker: bool,
    pub(super) codec: Option<Codec>,
    pub(super) payload: Arc<[u8]>,
}

impl Incoming {
    /// The packet, or `None` if there is nothing in it to pass on.
    pub fn packet(&self) -> Option<Packet<'_>> {
        let content = match self.codec {
            Some(codec) if (1..=MAX_AUDIO).contains(&self.payload.len()) => Content::Audio { codec, payload: &self.payload },
            Some(_) => return None,
            None => Content::Event(*self.payload.first_chunk()?),
        };
        let Incoming { stream, sequence, timestamp, marker, .. } = *self;
        Some(Packet { stream, sequence, timestamp, marker, content })
    }

    /// The number it takes in the browser's stream.
    pub fn number(&self) -> (StreamId, u16) {
        (self.stream, self.sequence)
    }
}
