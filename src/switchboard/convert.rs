//! Between the words of `sip`, `media` and `dispatch`, which know nothing of each other.

use dispatch::contract::{CallerLocation, Position};

/// What `media` needs of a negotiated description: the first codec both sides named. `None` if there is none.
pub fn remote_audio(audio: &sip::RemoteAudio) -> Option<media::RemoteAudio> {
    let chosen = audio.codecs.first()?;
    let (send, receive) = match audio.direction {
        // The direction is the peer's: it sends what we receive.
        sip::Direction::SendRecv => (true, true),
        sip::Direction::SendOnly => (false, true),
        sip::Direction::RecvOnly => (true, false),
        sip::Direction::Inactive => (false, false),
    };
    Some(media::RemoteAudio {
        address: audio.address,
        codec: match chosen.codec {
            sip::Codec::Pcma => media::Codec::Pcma,
            sip::Codec::Pcmu => media::Codec::Pcmu,
        },
        pt: chosen.pt,
        telephone_event: audio.telephone_event,
        ptime_ms: audio.ptime_ms,
        rtcp: media::RtcpAddress::NextPort,
        srtp: None,
        send,
        receive,
    })
}

pub fn location(location: &sip::Location) -> CallerLocation {
    CallerLocation {
        position: location.latitude_longitude.map(|(latitude, longitude)| Position { latitude, longitude }),
        radius_m: location.radius_m,
        civic: location.civic.clone(),
    }
}
