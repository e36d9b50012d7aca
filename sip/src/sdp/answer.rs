//! Our answer to an offer (RFC 3264 section 6): one line for each stream offered, in the same order, all declined but one of audio and, where
//! there is a place for it, one of text. No group is answered: streams are never bundled (RFC 9143 section 7.3), only their names are kept.

use super::crypto::Key;
use super::offer::{audio, session, write};
use super::{Description, LocalAudio, LocalMedia, text};
use sdp_types::Media;

const MAX_MID: usize = 64;

/// Answers with the first codec of the offer, so that there is never a doubt which one is in use. `own` is our key, used where voice or text
/// is encrypted.
pub(crate) fn answer(offered: &Description, local: LocalMedia, own: Key, version: u64) -> String {
    let ours = local.audio.towards(offered.audio.address.ip());
    let mut session = session(ours, version);
    for (index, stream) in offered.streams.iter().enumerate() {
        let mut answered = match (&offered.text, local.text) {
            _ if index == offered.chosen => voice(offered, stream, ours, own),
            (Some(taken), Some(text)) if index == taken.place => {
                let text = text.towards(taken.remote.address.ip(), ours);
                text::answer(stream, taken, text, own, ours.address.ip())
            }
            _ => declined(stream),
        };
        if let Some(mid) = mid(stream) {
            answered.add_attribute_with_value("mid", mid);
        }
        session.medias.push(answered);
    }
    write(&session)
}

fn voice(offered: &Description, stream: &Media, local: LocalAudio, own: Key) -> Media {
    let remote = &offered.audio;
    let codec = remote.codecs.get(..1).unwrap_or_default();
    let mut media = audio(local, &stream.proto, codec, remote.telephone_event, remote.ptime_ms, remote.direction.mirrored());
    if let Some(crypto) = offered.crypto {
        media.add_attribute_with_value("crypto", crypto.answer(own).write());
    }
    media
}

/// The name of a stream (RFC 5888 section 9.1): a token, which comes back with the answer.
pub(super) fn mid(stream: &Media) -> Option<&str> {
    let mid = stream.get_first_attribute_value("mid").flatten()?.trim();
    let token =
        !mid.is_empty() && mid.len() <= MAX_MID && mid.chars().all(|c| c.is_ascii_graphic() && !"\"(),/:;<=>?@[\\]".contains(c));
    token.then_some(mid)
}

/// The same line with port 0; attributes of a declined stream mean nothing.
pub(super) fn declined(stream: &Media) -> Media {
    Media {
        port: 0,
        num_ports: None,
        media_title: None,
        connections: Vec::new(),
        bandwidths: Vec::new(),
        key: None,
        attributes: Vec::new(),
        ..stream.clone()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Srtp;
    use crate::sdp::{Families, LocalText, Terms, read};
    use proptest::prelude::*;

    const TERMS: Terms = Terms { srtp: Srtp::Offered, own: Key([5; 30]), families: Families::Both };

    fn local() -> LocalAudio {
        LocalAudio { address: "192.0.2.1:20000".parse().unwrap(), other: None, session_id: 7, srtp: None }
    }

    fn answer_to(offer: &str) -> String {
        answer(&read(offer.as_bytes(), &TERMS).unwrap(), local().into(), TERMS.own, 1)
    }

    #[test]
    fn every_stream_is_answered_in_order_and_only_audio_is_taken() {
        let text = answer_to(
            "v=0\r\nc=IN IP4 10.0.0.1\r\nm=video 5000 RTP/AVP 96\r\na=rtpmap:96 H264/90000\r\nm=audio 4000 RTP/AVP 18 8 0 96\r\n\
             a=rtpmap:96 telephone-event/8000\r\na=ptime:40\r\nm=audio 4002 RTP/AVP 8\r\nm=application 9 DTLS/SCTP 5000\r\n",
        );
        let lines: Vec<&str> = text.lines().filter(|line| line.starts_with("m=")).collect();
        assert_eq!(
            lines,
            ["m=video 0 RTP/AVP 96", "m=audio 20000 RTP/AVP 8 96", "m=audio 0 RTP/AVP 8", "m=application 0 DTLS/SCTP 5000"]
        );
        assert!(
            text.contains(
                "a=rtpmap:8 PCMA/8000\r\na=rtpmap:96 telephone-event/8000\r\na=fmtp:96 0-15\r\na=ptime:40\r\na=sendrecv\r\n"
            ),
            "{text}"
        );
    }

    #[test]
    fn an_encrypted_stream_is_answered_with_our_key_under_the_tag_of_the_first_line_that_is_of_use() {
        let key = "WVNfX19zZW1jdGwgKCkgewkyMjA7fQp9CnVubGVz";
        let text = answer_to(&format!(
            "v=0\r\nc=IN IP4 10.0.0.1\r\nm=audio 4000 RTP/SAVP 8\r\na=crypto:1 AEAD_AES_128_GCM inline:{key}\r\n\
             a=crypto:2 AES_CM_128_HMAC_SHA1_32 inline:{key}\r\na=crypto:3 AES_CM_128_HMAC_SHA1_80 inline:{key}\r\nm=audio 4002 RTP/AVP 8\r\n"
        ));
        assert!(text.contains("m=audio 20000 RTP/SAVP 8\r\n") && text.contains("m=audio 0 RTP/AVP 8"), "{text}");
        assert!(text.contains("a=crypto:2 AES_CM_128_HMAC_SHA1_32 inline:BQUFBQUF"), "{text}");
        assert_eq!(text.matches("a=crypto").count(), 1, "{text}");
    }

    #[test]
    fn each_stream_is_answered_in_the_family_of_addresses_that_it_names_and_of_two_that_stand_for_one_the_first_is_taken() {
        let both = LocalAudio { other: Some("2001:db8::1".parse().unwrap()), ..local() };
        let media = LocalMedia::from(both).with_text(LocalText { address: "192.0.2.1:20002".parse().unwrap() });
        let six = "v=0\r\nc=IN IP6 2001:db8::9\r\nm=audio 4000 RTP/AVP 8\r\n";
        let four = "m=text 4002 RTP/AVP 98\r\nc=IN IP4 10.0.0.1\r\na=rtpmap:98 t140/1000\r\n";
        let offer = read(format!("{six}{four}").as_bytes(), &TERMS).unwrap();
        let said = answer(&offer, media, TERMS.own, 1);
        assert!(said.contains("c=IN IP6 2001:db8::1\r\nt=0 0\r\nm=audio 20000 "), "{said}");
        assert!(said.contains("m=text 20002 RTP/AVP 98\r\nc=IN IP4 192.0.2.1\r\n"), "{said}");

        // RFC 4091: a caller of both families names two streams, of which one is taken.
        let two = "v=0\r\na=group:ANAT 1 2\r\nm=audio 4000 RTP/AVP 8\r\nc=IN IP6 2001:db8::9\r\na=mid:1\r\n\
                   m=audio 4002 RTP/AVP 8\r\nc=IN IP4 10.0.0.1\r\na=mid:2\r\n";
        for (families, ports) in [(Families::Ipv4, ["0", "20000"]), (Families::Both, ["20000", "0"])] {
            let offer = read(two.as_bytes(), &Terms { families, ..TERMS }).unwrap();
            let said = answer(&offer, both.into(), TERMS.own, 1);
            let taken: Vec<_> = said.lines().filter_map(|line| line.strip_prefix("m=audio ")?.split(' ').next()).collect();
            assert_eq!(taken, ports, "{said}");
        }
    }

    #[test]
    fn the_direction_is_mirrored() {
        for (offered, answered) in
            [("sendrecv", "sendrecv"), ("sendonly", "recvonly"), ("recvonly", "sendonly"), ("inactive", "inactive")]
        {
            let text = answer_to(&format!("v=0\r\nc=IN IP4 10.0.0.1\r\nm=audio 4000 RTP/AVP 8\r\na={offered}\r\n"));
            assert!(text.contains(&format!("\r\na={answered}\r\n")), "{text}");
        }
    }

    #[test]
    fn no_telephone_event_is_invented() {
        assert!(!answer_to("v=0\r\nc=IN IP4 10.0.0.1\r\nm=audio 4000 RTP/AVP 0\r\n").contains("telephone-event"));
    }

    #[test]
    fn comfort_noise_is_never_answered() {
        let text = answer_to(
            "v=0\r\nc=IN IP4 10.0.0.1\r\nm=audio 4000 RTP/AVP 13 8 118 101\r\na=rtpmap:13 CN/8000\r\na=rtpmap:118 CN/16000\r\na=rtpmap:101 telephone-event/8000\r\n",
        );
        assert!(text.contains("m=audio 20000 RTP/AVP 8 101\r\n") && !text.contains("CN/"), "{text}");
    }

    #[test]
    fn names_of_streams_come_back_and_bundles_do_not() {
        let text = answer_to(
            "v=0\r\na=group:BUNDLE 0 v\r\nc=IN IP4 10.0.0.1\r\nm=audio 4000 RTP/AVP 8\r\na=mid:0\r\na=rtcp-mux\r\nm=video 5000 RTP/AVP 96\r\na=mid:v\r\n\
             m=video 5002 RTP/AVP 96\r\na=mid:not a token\r\n",
        );
        assert!(!text.contains("BUNDLE") && !text.contains("rtcp-mux"), "{text}");
        assert!(text.contains("a=sendrecv\r\na=mid:0\r\nm=video 0 RTP/AVP 96\r\na=mid:v\r\nm=video 0 RTP/AVP 96\r\n"), "{text}");
    }

    #[test]
    fn streams_that_cannot_be_read_are_declined_like_unknown_ones() {
        let text = answer_to(
            "v=0\r\nc=IN IP4 10.0.0.1\r\nm=video x RTP/AVP 96\r\nm=image 5004/y udptl t38\r\nm=hologram\r\nm=video 99999 RTP/SAVPF\r\nm=audio 4000 RTP/AVP 8\r\n",
        );
        let lines: Vec<&str> = text.lines().filter(|line| line.starts_with("m=")).collect();
        assert_eq!(
            lines,
            [
                "m=video 0 RTP/AVP 96",
                "m=image 0 udptl t38",
                "m=hologram 0 RTP/AVP 0",
                "m=video 0 RTP/SAVPF 0",
                "m=audio 20000 RTP/AVP 8"
            ]
        );
    }

    proptest! {
        #[test]
        fn an_answer_always_has_as_many_streams_as_the_offer(before in 0usize..5, after in 0usize..5) {
            let other = "m=video 5000 RTP/AVP 96\r\n";
            let offer = format!("v=0\r\nc=IN IP4 10.0.0.1\r\n{}m=audio 4000 RTP/AVP 8\r\n{}", other.repeat(before), other.repeat(after));
            let text = answer_to(&offer);
            prop_assert_eq!(text.matches("m=").count(), before + 1 + after);
            prop_assert_eq!(text.matches("m=video 0 ").count(), before + after);
            prop_assert!(read(text.as_bytes(), &TERMS).is_ok());
        }
    }
}
