//! Our answer to an offer (RFC 3264 section 6): one line for each stream offered, in the same order, all but one audio stream declined.

use super::crypto::{Crypto, Key};
use super::offer::{audio, session, write};
use super::{Description, LocalAudio};
use sdp_types::Media;

/// Answers with the first codec of the offer, so that there is never a doubt which one is in use. `own` is our key, used where the stream is
/// encrypted.
pub(crate) fn answer(offered: &Description, local: LocalAudio, own: Key, version: u64) -> String {
    let mut session = session(local, version);
    let remote = &offered.audio;
    for (index, stream) in offered.streams.iter().enumerate() {
        session.medias.push(if index == offered.chosen {
            let codec = remote.codecs.get(..1).unwrap_or_default();
            let direction = remote.direction.mirrored();
            let mut media = audio(local, &stream.proto, codec, remote.telephone_event, remote.ptime_ms, direction);
            if let Some(Crypto { tag, .. }) = offered.crypto {
                media.add_attribute_with_value("crypto", Crypto { tag, key: own }.write());
            }
            media
        } else {
            declined(stream)
        });
    }
    write(&session)
}

/// The same line with port 0; attributes of a declined stream mean nothing.
fn declined(stream: &Media) -> Media {
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
    use crate::sdp::{Terms, read};
    use proptest::prelude::*;

    const TERMS: Terms = Terms { srtp: Srtp::Offered, own: Key([5; 30]) };

    fn local() -> LocalAudio {
        LocalAudio { address: "192.0.2.1:20000".parse().unwrap(), session_id: 7, srtp: None }
    }

    fn answer_to(offer: &str) -> String {
        answer(&read(offer.as_bytes(), &TERMS).unwrap(), local(), TERMS.own, 1)
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
    fn an_encrypted_stream_is_answered_with_our_key_under_its_tag() {
        let key = "WVNfX19zZW1jdGwgKCkgewkyMjA7fQp9CnVubGVz";
        let text = answer_to(&format!(
            "v=0\r\nc=IN IP4 10.0.0.1\r\nm=audio 4000 RTP/SAVP 8\r\na=crypto:1 AES_CM_128_HMAC_SHA1_32 inline:{key}\r\n\
             a=crypto:2 AES_CM_128_HMAC_SHA1_80 inline:{key}\r\nm=audio 4002 RTP/AVP 8\r\n"
        ));
        assert!(text.contains("m=audio 20000 RTP/SAVP 8\r\n") && text.contains("m=audio 0 RTP/AVP 8"), "{text}");
        assert!(text.contains("a=crypto:2 AES_CM_128_HMAC_SHA1_80 inline:BQUFBQUF"), "{text}");
        assert_eq!(text.matches("a=crypto").count(), 1, "{text}");
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
