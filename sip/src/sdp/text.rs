//! Real-time text beside the voice: T.140 over RTP with redundancy (RFC 4103). Pure.

use super::crypto::{Crypto, Key, Terms, protection};
use super::read::{direction_of_stream, ip};
use super::{LocalText, RemoteText, SrtpKeys};
use crate::config::Srtp;
use sdp_types::{Connection, Media, MediaType, Session, TransportProto};
use std::net::{IpAddr, SocketAddr};

/// What stands for text, and for text with earlier text repeated.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct TextTypes {
    pt: u8,
    redundancy: Option<u8>,
}

/// Those of our first offer.
impl Default for TextTypes {
    fn default() -> Self {
        TextTypes { pt: 98, redundancy: Some(99) }
    }
}

impl From<&RemoteText> for TextTypes {
    fn from(text: &RemoteText) -> Self {
        TextTypes { pt: text.pt, redundancy: text.redundancy_pt }
    }
}

/// A stream of text that can be taken.
#[derive(Debug, Clone)]
pub(crate) struct TextStream {
    /// Its index among all streams.
    pub place: usize,
    pub remote: RemoteText,
    /// The key line taken, if it is encrypted.
    pub crypto: Option<Crypto>,
}

/// Reads a stream. `None`: it is no text, or switched off, or in another form. In clear it is taken even where voice has to be encrypted: there
/// may be nothing else that the caller can say.
pub(super) fn read(session: &Session, place: usize, media: &Media, terms: &Terms) -> Option<TextStream> {
    if !media.media.eq_ignore_ascii_case("text") || media.port == 0 {
        return None;
    }
    let srtp = if terms.srtp == Srtp::Required { Srtp::Offered } else { terms.srtp };
    let crypto = protection(media, srtp)?;
    let srtp = crypto.map(|crypto| SrtpKeys::new(terms.own.of_text(), crypto));
    let pt = payload_type(media, "t140")?;
    let remote =
        RemoteText { address: SocketAddr::new(ip(session, media), media.port), pt, redundancy_pt: redundancy(media, pt), srtp };
    Some(TextStream { place, remote, crypto })
}

/// The payload type of `red` whose `fmtp` repeats the text (RFC 4103 section 10.1); one without `fmtp` can mean nothing else here.
fn redundancy(media: &Media, text: u8) -> Option<u8> {
    let red = payload_type(media, "red")?;
    let carries = media.get_attribute_values("fmtp").flatten().filter_map(|value| value.trim().split_once(char::is_whitespace));
    let mut carries = carries.filter(|(pt, _)| pt.parse() == Ok(red)).map(|(_, list)| list.trim());
    let text = text.to_string();
    carries.all(|list| list.split('/').all(|pt| pt.trim() == text)).then_some(red)
}

fn payload_type(media: &Media, name: &str) -> Option<u8> {
    let formats: Vec<u8> = media.fmt.split_whitespace().filter_map(|pt| pt.parse().ok()).filter(|pt| *pt < 128).collect();
    media.get_attribute_values("rtpmap").flatten().find_map(|value| {
        let (pt, encoding) = value.trim().split_once(char::is_whitespace)?;
        let pt: u8 = pt.parse().ok().filter(|pt| formats.contains(pt))?;
        let (known, rate) = encoding.trim().split_once('/')?;
        (known.eq_ignore_ascii_case(name) && rate.split('/').next() == Some("1000")).then_some(pt)
    })
}

/// Our half of a text stream that was offered. `voice` is our key for the voice beside it.
pub(super) fn answer(offered: &Media, taken: &TextStream, local: LocalText, voice: Key, session: IpAddr) -> Media {
    let direction = direction_of_stream(offered).unwrap_or_default().mirrored();
    let mut media = stream(&offered.proto, (&taken.remote).into(), local, session);
    media.add_attribute_from_str(direction.name());
    if let Some(crypto) = taken.crypto {
        media.add_attribute_with_value("crypto", crypto.answer(voice.of_text()).write());
    }
    media
}

/// The text stream of an offer of ours. With a key line, encrypted text is all that is offered.
pub(super) fn offer(local: LocalText, types: TextTypes, crypto: Option<Crypto>, session: IpAddr) -> Media {
    let proto = if crypto.is_some() { "RTP/SAVP" } else { "RTP/AVP" };
    let mut media = stream(proto, types, local, session);
    media.add_attribute_from_str("sendrecv");
    if let Some(crypto) = crypto {
        media.add_attribute_with_value("crypto", crypto.write());
    }
    media
}

fn stream(proto: &str, types: TextTypes, local: LocalText, session: IpAddr) -> Media {
    let TextTypes { pt, redundancy } = types;
    let formats: Vec<String> = redundancy.into_iter().chain([pt]).map(|pt| pt.to_string()).collect();
    let mut media = Media::new(MediaType::Text, local.address.port(), TransportProto::RtpAvp, formats.join(" "));
    media.proto = proto.to_owned();
    if local.address.ip() != session {
        media.connections.push(Connection::from_ip_addr(local.address.ip()));
    }
    media.add_attribute_with_value("rtpmap", format!("{pt} t140/1000"));
    if let Some(red) = redundancy {
        media.add_attribute_with_value("rtpmap", format!("{red} red/1000"));
        media.add_attribute_with_value("fmtp", format!("{red} {pt}/{pt}/{pt}"));
    }
    media
}

#[cfg(test)]
mod tests {
    use super::TextStream;
    use crate::config::Srtp;
    use crate::sdp::{
        Crypto, Description, Families, Key, Keys, LocalAudio, LocalMedia, LocalText, SrtpSuite, Terms, TextTypes, answer, offer,
        read,
    };

    const TERMS: Terms = Terms { srtp: Srtp::Off, own: Key([5; 30]), families: Families::Both };

    const AUDIO: &str = "v=0\r\nc=IN IP4 10.0.0.1\r\nm=audio 4000 RTP/AVP 8\r\n";

    fn local() -> LocalMedia {
        let audio = LocalAudio { address: "192.0.2.1:20000".parse().unwrap(), other: None, session_id: 7, srtp: None };
        LocalMedia::from(audio).with_text(LocalText { address: "192.0.2.1:20002".parse().unwrap() })
    }

    fn described(text: &str) -> Description {
        read(format!("{AUDIO}{text}").as_bytes(), &TERMS).unwrap()
    }

    fn text_of(text: &str) -> Option<(String, u8, Option<u8>)> {
        described(text).text.map(|TextStream { remote, .. }| (remote.address.to_string(), remote.pt, remote.redundancy_pt))
    }

    const TEXT: &str = "m=text 11000 RTP/AVP 100 98\r\na=rtpmap:98 t140/1000\r\na=rtpmap:100 red/1000\r\na=fmtp:100 98/98/98\r\n";

    #[test]
    fn a_text_stream_is_read_with_its_redundancy() {
        assert_eq!(text_of(TEXT), Some(("10.0.0.1:11000".into(), 98, Some(100))));
        assert_eq!(
            text_of("m=text 11000 RTP/AVP 98\r\nc=IN IP4 10.0.0.9\r\na=rtpmap:98 T140/1000\r\n"),
            Some(("10.0.0.9:11000".into(), 98, None))
        );
        let other = "m=text 11000 RTP/AVP 100 98\r\na=rtpmap:98 t140/1000\r\na=rtpmap:100 red/1000\r\na=fmtp:100 97/97\r\n";
        assert_eq!(text_of(other), Some(("10.0.0.1:11000".into(), 98, None)), "redundancy of something else");
    }

    #[test]
    fn what_is_no_real_time_text_is_none() {
        for stream in [
            "m=text 0 RTP/AVP 98\r\na=rtpmap:98 t140/1000\r\n",
            "m=text 11000 RTP/SAVP 98\r\na=rtpmap:98 t140/1000\r\n",
            "m=text 11000 RTP/AVP 98\r\na=rtpmap:98 t140/8000\r\n",
            "m=text 11000 RTP/AVP 98\r\na=rtpmap:97 t140/1000\r\n",
            "m=text 11000 RTP/AVP 98\r\n",
            "m=message 2855 TCP/MSRP *\r\n",
        ] {
            assert_eq!(text_of(stream), None, "{stream}");
        }
    }

    #[test]
    fn text_is_declined_unless_the_owner_gives_it_a_place() {
        let offered = described(&format!("{TEXT}a=sendonly\r\nm=text 12000 RTP/AVP 98\r\na=rtpmap:98 t140/1000\r\n"));
        let without = answer(&offered, local().audio.into(), TERMS.own, 1);
        assert_eq!(without.matches("m=text 0 RTP/AVP").count(), 2, "{without}");
        let with = answer(&offered, local(), TERMS.own, 1);
        assert!(
            with.contains(
                "m=text 20002 RTP/AVP 100 98\r\na=rtpmap:98 t140/1000\r\na=rtpmap:100 red/1000\r\na=fmtp:100 98/98/98\r\na=recvonly\r\nm=text 0 RTP/AVP 98\r\n"
            ),
            "{with}"
        );
    }

    #[test]
    fn our_offer_has_text_when_there_is_a_place_for_it() {
        let ours = read(offer(local(), Keys::default(), TextTypes::default(), None, 1).as_bytes(), &TERMS).unwrap();
        assert_eq!(
            ours.text.map(|TextStream { remote, .. }| (remote.address, remote.redundancy_pt)),
            Some(("192.0.2.1:20002".parse().unwrap(), Some(99)))
        );
        assert!(!offer(local().audio.into(), Keys::default(), TextTypes::default(), None, 1).contains("m=text"));
        let elsewhere = LocalMedia { text: Some(LocalText { address: "192.0.2.2:20002".parse().unwrap() }), ..local() };
        assert!(
            offer(elsewhere, Keys::default(), TextTypes::default(), None, 1)
                .contains("m=text 20002 RTP/AVP 99 98\r\nc=IN IP4 192.0.2.2\r\n")
        );
    }

    #[test]
    fn a_payload_type_of_the_other_sides_means_the_same_in_our_offer() {
        let theirs = described(TEXT).text.unwrap().remote;
        let with = |red| TextTypes::from(&crate::sdp::RemoteText { redundancy_pt: red, ..theirs.clone() });
        let said = offer(local(), Keys::default(), with(Some(100)), None, 2);
        assert!(said.contains("m=text 20002 RTP/AVP 100 98\r\na=rtpmap:98 t140/1000\r\na=rtpmap:100 red/1000\r\n"), "{said}");
        let said = offer(local(), Keys::default(), with(None), None, 2);
        assert!(said.contains("m=text 20002 RTP/AVP 98\r\n") && !said.contains("red/1000"), "{said}");
    }

    const SECRET: &str = "m=text 11000 RTP/SAVP 98\r\na=rtpmap:98 t140/1000\r\na=crypto:3 AES_CM_128_HMAC_SHA1_80 inline:AQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEB\r\n";

    #[test]
    fn encrypted_text_has_a_key_of_its_own_beside_the_voices() {
        for srtp in [Srtp::Offered, Srtp::Required] {
            let terms = Terms { srtp, ..TERMS };
            let voice = AUDIO.replace(
                "RTP/AVP 8\r\n",
                "RTP/SAVP 8\r\na=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:AgICAgICAgICAgICAgICAgICAgICAgICAgICAgIC\r\n",
            );
            let offered = read(format!("{voice}{SECRET}").as_bytes(), &terms).unwrap();
            let keys = offered.text.as_ref().unwrap().remote.srtp.unwrap();
            assert_eq!((keys.send, keys.receive), (TERMS.own.of_text().0, [1; 30]));
            assert_ne!(keys.send, offered.audio.srtp.unwrap().send);
            let said = answer(&offered, local(), terms.own, 1);
            let (_, text) = said.split_once("m=text 20002 RTP/SAVP 98\r\n").expect("encrypted text");
            let theirs = Terms { own: Key([1; 30]), ..terms };
            assert!(text.contains("a=crypto:3 "), "{said}");
            let heard = read(said.as_bytes(), &theirs).unwrap().text.unwrap().remote.srtp.unwrap();
            assert_eq!(heard.receive, keys.send, "what we say is what they hear by");
        }
    }

    #[test]
    fn encrypted_text_is_taken_before_text_in_clear_wherever_it_stands() {
        for streams in [format!("{TEXT}{SECRET}"), format!("{SECRET}{TEXT}")] {
            let terms = Terms { srtp: Srtp::Offered, ..TERMS };
            let read = read(format!("{AUDIO}{streams}").as_bytes(), &terms).unwrap();
            assert!(read.text.unwrap().remote.srtp.is_some(), "{streams}");
        }
    }

    #[test]
    fn with_a_key_only_encrypted_text_is_offered() {
        let line = |key| Some(Crypto::offer(SrtpSuite::Sha1_80, key));
        let keys = Keys { voice: line(Key([5; 30])), text: line(Key([5; 30]).of_text()) };
        let said = offer(local(), keys, TextTypes::default(), None, 1);
        assert!(said.contains("m=text 20002 RTP/SAVP 99 98\r\n"), "{said}");
        let heard = read(said.as_bytes(), &Terms { srtp: Srtp::Required, own: Key([1; 30]), families: Families::Both }).unwrap();
        assert_eq!(heard.text.unwrap().remote.srtp.unwrap().receive, Key([5; 30]).of_text().0);
        assert!(
            offer(local(), Keys { text: None, ..keys }, TextTypes::default(), None, 1).contains("m=text 20002 RTP/AVP 99 98\r\n"),
            "text that is in clear stays so"
        );
    }
}
