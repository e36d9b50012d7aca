//! Our offer: PCMA, PCMU and telephone-event, and real-time text where there is a place for it.

use super::crypto::{Crypto, Key};
use super::{Codec, Direction, LocalAudio, LocalMedia, PayloadType, text};
use sdp_types::{Connection, Media, MediaType, Origin, Session, TransportProto};

/// The telephone-event payload type of our offers.
pub(super) const TELEPHONE_EVENT: u8 = 101;

/// What of an offer is encrypted, and by which key: with one, nothing else is offered. That of the text is made of the voice's.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Keys {
    pub voice: Option<Key>,
    pub text: Option<Key>,
}

/// An offer in words of SDP. `version` grows with every description of a leg that differs from the one before (RFC 3264 section 8).
pub(crate) fn offer(local: LocalMedia, keys: Keys, version: u64) -> String {
    let LocalMedia { audio: local, text } = local;
    let codecs = [PayloadType { codec: Codec::Pcma, pt: 8 }, PayloadType { codec: Codec::Pcmu, pt: 0 }];
    let mut session = session(local, version);
    let proto = if keys.voice.is_some() { "RTP/SAVP" } else { "RTP/AVP" };
    let mut media = audio(local, proto, &codecs, Some(TELEPHONE_EVENT), 20, Direction::SendRecv);
    if let Some(key) = keys.voice {
        media.add_attribute_with_value("crypto", Crypto { tag: 1, key }.write());
    }
    session.medias.push(media);
    session.medias.extend(text.map(|text| text::offer(text, keys.text, local.address.ip())));
    write(&session)
}

pub(super) fn session(local: LocalAudio, version: u64) -> Session {
    let mut session = Session::new(Origin::with_ip_addr(local.session_id, version, local.address.ip()), "-");
    session.connection = Some(Connection::from_ip_addr(local.address.ip()));
    session
}

pub(super) fn audio(
    local: LocalAudio,
    proto: &str,
    codecs: &[PayloadType],
    telephone_event: Option<u8>,
    ptime_ms: u8,
    direction: Direction,
) -> Media {
    let formats: Vec<String> = codecs.iter().map(|codec| codec.pt).chain(telephone_event).map(|pt| pt.to_string()).collect();
    let mut media = Media::new(MediaType::Audio, local.address.port(), TransportProto::RtpAvp, formats.join(" "));
    media.proto = proto.to_owned();
    for PayloadType { codec, pt } in codecs {
        media.add_attribute_with_value("rtpmap", format!("{pt} {}/8000", codec.name()));
    }
    if let Some(pt) = telephone_event {
        media.add_attribute_with_value("rtpmap", format!("{pt} telephone-event/8000"));
        media.add_attribute_with_value("fmtp", format!("{pt} 0-15"));
    }
    media.add_attribute_with_value("ptime", ptime_ms);
    media.add_attribute_from_str(direction.name());
    media
}

pub(super) fn write(session: &Session) -> String {
    let mut out = Vec::new();
    // Writing to a Vec cannot fail.
    let _ = session.write(&mut out);
    String::from_utf8_lossy(&out).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Srtp;
    use crate::sdp::{Terms, read};

    #[test]
    fn our_offer_reads_back_as_what_it_says() {
        let local = LocalAudio { address: "192.0.2.1:20000".parse().unwrap(), session_id: 7, srtp: None };
        let text = offer(local.into(), Keys::default(), 3);
        assert!(
            text.starts_with(
                "v=0\r\no=- 7 3 IN IP4 192.0.2.1\r\ns=-\r\nc=IN IP4 192.0.2.1\r\nt=0 0\r\nm=audio 20000 RTP/AVP 8 0 101\r\n"
            ),
            "{text}"
        );
        let audio = read(text.as_bytes(), &Terms::without_key(Srtp::Off)).unwrap().audio;
        assert_eq!(audio.address, local.address);
        assert_eq!(audio.codecs.iter().map(|c| c.pt).collect::<Vec<_>>(), [8, 0]);
        assert_eq!((audio.telephone_event, audio.ptime_ms, audio.direction), (Some(101), 20, Direction::SendRecv));
    }

    #[test]
    fn with_a_key_only_encrypted_voice_is_offered() {
        let local = LocalAudio { address: "192.0.2.1:20000".parse().unwrap(), session_id: 7, srtp: None };
        let text = offer(local.into(), Keys { voice: Some(Key([1; 30])), text: None }, 0);
        assert!(text.contains("m=audio 20000 RTP/SAVP 8 0 101\r\n"), "{text}");
        assert!(text.contains("a=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:AQEBAQEB"), "{text}");
        let terms = Terms { srtp: Srtp::Required, own: Key([2; 30]) };
        let keys = read(text.as_bytes(), &terms).unwrap().audio.srtp.unwrap();
        assert_eq!((keys.send, keys.receive), ([2; 30], [1; 30]));
    }

    #[test]
    fn an_ipv6_address_is_named_as_such() {
        let local = LocalAudio { address: "[2001:db8::1]:20000".parse().unwrap(), session_id: 7, srtp: None };
        assert!(offer(local.into(), Keys::default(), 0).contains("c=IN IP6 2001:db8::1\r\n"));
    }
}
