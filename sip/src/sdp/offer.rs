//! Our offer: PCMA, PCMU and telephone-event, and real-time text where there is a place for it.

use super::answer::{declined, mid};
use super::crypto::Crypto;
use super::{Codec, Description, Direction, LocalAudio, LocalMedia, PayloadType, TextTypes, text};
use sdp_types::{Connection, Media, MediaType, Origin, Session, TransportProto};

/// The telephone-event payload type of our offers.
pub(super) const TELEPHONE_EVENT: u8 = 101;

/// What of an offer is encrypted, and how: with a key line, nothing else is offered.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Keys {
    pub voice: Option<Crypto>,
    pub text: Option<Crypto>,
}

/// An offer in words of SDP. `version` grows with every description of a leg that differs from the one before (RFC 3264 section 8). Streams that
/// the other side has described `before` keep their places, and what we declined of them stays declined (section 8.2). `types`: what has stood for
/// text in this session.
pub(crate) fn offer(local: LocalMedia, keys: Keys, types: TextTypes, before: Option<&Description>, version: u64) -> String {
    let mut session = session(local.audio, version);
    let text = local.text.map(|text| text::offer(text, types, keys.text, local.audio.address.ip()));
    let Some(before) = before else {
        session.medias.push(voice(local.audio, keys.voice, TELEPHONE_EVENT, None));
        session.medias.extend(text);
        return write(&session);
    };
    let event = before.audio.telephone_event.unwrap_or(TELEPHONE_EVENT);
    let text_place = before.text.as_ref().map(|text| text.place);
    for (place, stream) in before.streams.iter().enumerate() {
        let mut line = match &text {
            // A payload type means the same for as long as the session lasts (section 8.3.2).
            _ if place == before.chosen => voice(local.audio, keys.voice, event, Some(&stream.proto)),
            Some(text) if text_place == Some(place) => text.clone(),
            _ => declined(stream),
        };
        if let Some(mid) = mid(stream) {
            line.add_attribute_with_value("mid", mid);
        }
        session.medias.push(line);
    }
    if text_place.is_none() {
        session.medias.extend(text);
    }
    write(&session)
}

/// `before`: the profile that the other side named, which stays unless it encrypts other than we do now.
fn voice(local: LocalAudio, crypto: Option<Crypto>, telephone_event: u8, before: Option<&String>) -> Media {
    let codecs = [PayloadType { codec: Codec::Pcma, pt: 8 }, PayloadType { codec: Codec::Pcmu, pt: 0 }];
    let fits = |proto: &&String| proto.contains("SAVP") == crypto.is_some();
    let proto = before.filter(fits).map_or(if crypto.is_some() { "RTP/SAVP" } else { "RTP/AVP" }, String::as_str);
    let mut media = audio(local, proto, &codecs, Some(telephone_event), 20, Direction::SendRecv);
    if let Some(crypto) = crypto {
        media.add_attribute_with_value("crypto", crypto.write());
    }
    media
}

pub(super) fn session(local: LocalAudio, version: u64) -> Session {
    let mut session = Session::new(Origin::with_ip_addr(local.session_id, version, local.origin()), "-");
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
    use crate::sdp::{Families, Key, SrtpSuite, Terms, read};

    #[test]
    fn our_offer_reads_back_as_what_it_says() {
        let local = LocalAudio { address: "192.0.2.1:20000".parse().unwrap(), other: None, session_id: 7, srtp: None };
        let text = offer(local.into(), Keys::default(), TextTypes::default(), None, 3);
        assert!(
            text.starts_with(
                "v=0\r\no=- 7 3 IN IP4 192.0.2.1\r\ns=-\r\nc=IN IP4 192.0.2.1\r\nt=0 0\r\nm=audio 20000 RTP/AVP 8 0 101\r\n"
            ),
            "{text}"
        );
        let audio = read(text.as_bytes(), &Terms::without_key(Srtp::Off, Families::Both)).unwrap().audio;
        assert_eq!(audio.address, local.address);
        assert_eq!(audio.codecs.iter().map(|c| c.pt).collect::<Vec<_>>(), [8, 0]);
        assert_eq!((audio.telephone_event, audio.ptime_ms, audio.direction), (Some(101), 20, Direction::SendRecv));
    }

    #[test]
    fn with_a_key_only_encrypted_voice_is_offered() {
        let local = LocalAudio { address: "192.0.2.1:20000".parse().unwrap(), other: None, session_id: 7, srtp: None };
        let text = offer(
            local.into(),
            Keys { voice: Some(Crypto::offer(SrtpSuite::Sha1_80, Key([1; 30]))), text: None },
            TextTypes::default(),
            None,
            0,
        );
        assert!(text.contains("m=audio 20000 RTP/SAVP 8 0 101\r\n"), "{text}");
        assert!(text.contains("a=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:AQEBAQEB"), "{text}");
        let terms = Terms { srtp: Srtp::Required, own: Key([2; 30]), families: Families::Both };
        let keys = read(text.as_bytes(), &terms).unwrap().audio.srtp.unwrap();
        assert_eq!((keys.send, keys.receive), ([2; 30], [1; 30]));
    }

    #[test]
    fn what_the_other_side_has_described_keeps_its_place_and_its_payload_types() {
        let theirs = "v=0\r\nc=IN IP4 10.0.0.1\r\nm=video 5000 RTP/AVP 99\r\na=mid:v\r\nm=audio 4000 RTP/AVP 8 96\r\n\
                      a=rtpmap:96 telephone-event/8000\r\na=mid:a\r\nm=image 5004 udptl t38\r\n";
        let before = read(theirs.as_bytes(), &Terms::without_key(Srtp::Off, Families::Both)).unwrap();
        let local = LocalAudio { address: "192.0.2.1:20000".parse().unwrap(), other: None, session_id: 7, srtp: None };
        let text = offer(local.into(), Keys::default(), TextTypes::default(), Some(&before), 2);
        let lines: Vec<&str> = text.lines().filter(|line| line.starts_with("m=") || line.starts_with("a=mid")).collect();
        assert_eq!(lines, ["m=video 0 RTP/AVP 99", "a=mid:v", "m=audio 20000 RTP/AVP 8 0 96", "a=mid:a", "m=image 0 udptl t38"]);
    }

    #[test]
    fn an_ipv6_address_is_named_as_such() {
        let local = LocalAudio { address: "[2001:db8::1]:20000".parse().unwrap(), other: None, session_id: 7, srtp: None };
        assert!(offer(local.into(), Keys::default(), TextTypes::default(), None, 0).contains("c=IN IP6 2001:db8::1\r\n"));
    }
}
