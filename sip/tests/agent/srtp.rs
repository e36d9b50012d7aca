//! Encrypted voice in calls to us: what is taken on which trunk, and where the keys go.

use crate::support::{Desk, OFFER, Peer, audio, desk_of, field, trunk, within};
use sip::{Limits, LocalMedia, LocalText, Srtp};

const URI: &str = "sip:112@psap.example";
const SECURE: &str = "v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\nm=audio 40000 RTP/SAVP 8\r\n\
                      a=crypto:4 AES_CM_128_HMAC_SHA1_80 inline:AQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEB|2^31\r\n";

async fn desk_with_srtp(srtp: Srtp) -> (Desk, Peer) {
    let mut telco = trunk("telco", "127.0.0.1/32");
    telco.srtp = srtp;
    let desk = desk_of(&["udp://127.0.0.1:0"], Limits::default(), telco).await;
    let peer = Peer::new("127.0.0.1", desk.udp()).await;
    (desk, peer)
}

#[tokio::test]
async fn an_encrypted_call_is_answered_with_a_key_of_ours_and_both_keys_are_told() {
    for srtp in [Srtp::Offered, Srtp::Required] {
        let (mut desk, mut peer) = desk_with_srtp(srtp).await;
        let invite = peer.request("INVITE", URI, &[], SECURE);
        peer.send(&invite).await;
        let invitation = desk.invited().await;
        let keys = invitation.audio.unwrap().srtp.expect("keys");
        assert_eq!(keys.receive, [1; sip::KEY_LENGTH]);
        desk.answer_unheard(invitation.leg).await;
        let answered = peer.receive_until("SIP/2.0 200").await;
        assert!(answered.contains("m=audio 20000 RTP/SAVP 8\r\n"), "{answered}");
        let line = answered.lines().find_map(|line| line.strip_prefix("a=crypto:4 AES_CM_128_HMAC_SHA1_80 inline:")).unwrap();
        assert_eq!(line.len(), 40);
        peer.send(&within(&invite, &answered, "ACK", 1)).await;
        assert!(matches!(desk.next().await, sip::Event::Confirmed { .. }));
    }
}

#[tokio::test]
async fn each_call_has_a_key_of_its_own() {
    let (mut desk, mut peer) = desk_with_srtp(Srtp::Required).await;
    let mut keys = Vec::new();
    for _ in 0..2 {
        let invite = peer.request("INVITE", URI, &[], SECURE);
        peer.send(&invite).await;
        keys.push(desk.invited().await.audio.unwrap().srtp.unwrap().send);
    }
    assert_ne!(keys[0], keys[1]);
}

#[tokio::test]
async fn what_the_trunk_does_not_want_gets_488() {
    let keyless = SECURE.replace("AES_CM_128_HMAC_SHA1_80", "AEAD_AES_128_GCM");
    for (srtp, body, expected) in [
        (Srtp::Off, SECURE, "RTP/AVP is needed"),
        (Srtp::Offered, keyless.as_str(), "RTP/AVP or RTP/SAVP"),
        (Srtp::Required, keyless.as_str(), "RTP/SAVP with a=crypto"),
        (Srtp::Required, OFFER, "RTP/SAVP with a=crypto"),
    ] {
        let (mut desk, mut peer) = desk_with_srtp(srtp).await;
        let (code, text) = peer.ask("INVITE", URI, &[], body).await;
        assert_eq!(code, 488, "{srtp:?}");
        assert!(field(&text, "Warning").is_some_and(|warning| warning.contains(expected)), "{text}");
        assert!(desk.is_quiet());
    }
}

#[tokio::test]
async fn plain_voice_is_taken_where_encryption_is_only_offered() {
    let (mut desk, mut peer) = desk_with_srtp(Srtp::Offered).await;
    let invite = peer.request("INVITE", URI, &[], OFFER);
    peer.send(&invite).await;
    assert_eq!(desk.invited().await.audio.unwrap().srtp, None);
}

const KEY: &str = "a=crypto:4 AES_CM_128_HMAC_SHA1_80 inline:AQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEB\r\n";
const TEXT: &str = "m=text 41000 RTP/AVP 100 98\r\na=rtpmap:98 t140/1000\r\na=rtpmap:100 red/1000\r\na=fmtp:100 98/98/98\r\n";

#[tokio::test]
async fn encrypted_voice_and_real_time_text_are_answered_together() {
    for srtp in [Srtp::Offered, Srtp::Required] {
        let (mut desk, mut peer) = desk_with_srtp(srtp).await;
        let invite = peer.request("INVITE", URI, &[], &format!("{SECURE}{TEXT}"));
        peer.send(&invite).await;
        let call = desk.invited().await;
        assert_eq!(call.text.map(|text| (text.address.port(), text.redundancy_pt)), Some((41_000, Some(100))));
        let keys = call.audio.unwrap().srtp.expect("keys");
        assert_eq!(keys.receive, [1; sip::KEY_LENGTH]);
        let place = LocalText { address: "127.0.0.1:20002".parse().unwrap() };
        desk.agent.answer(call.leg, LocalMedia::from(audio()).with_text(place)).await.unwrap();
        let answered = peer.response(200, "INVITE").await;
        let (voice, text) = answered.split_once("m=text 20002 RTP/AVP 100 98\r\n").expect("text");
        assert!(voice.contains("m=audio 20000 RTP/SAVP 8\r\n") && voice.contains("a=crypto:4 "), "{answered}");
        assert!(!text.contains("crypto"), "{answered}");
    }
}

#[tokio::test]
async fn encrypted_text_is_answered_with_a_key_of_its_own() {
    let (mut desk, mut peer) = desk_with_srtp(Srtp::Required).await;
    let secret = format!("m=text 41000 RTP/SAVP 98\r\na=rtpmap:98 t140/1000\r\n{KEY}");
    let invite = peer.request("INVITE", URI, &[], &format!("{SECURE}{secret}"));
    peer.send(&invite).await;
    let call = desk.invited().await;
    let (voice, text) = (call.audio.unwrap().srtp.unwrap(), call.text.unwrap().srtp.unwrap());
    assert_eq!(text.receive, [1; sip::KEY_LENGTH]);
    assert_ne!(text.send, voice.send);
    let place = LocalText { address: "127.0.0.1:20002".parse().unwrap() };
    desk.agent.answer(call.leg, LocalMedia::from(audio()).with_text(place)).await.unwrap();
    let answered = peer.response(200, "INVITE").await;
    let (_, said) = answered.split_once("m=text 20002 RTP/SAVP 98\r\n").expect("encrypted text");
    assert!(said.contains("a=crypto:4 AES_CM_128_HMAC_SHA1_80 inline:"), "{answered}");
}

#[tokio::test]
async fn whatever_else_is_in_its_description_a_call_with_one_usable_voice_is_answered() {
    let plain = "m=audio 40002 RTP/AVP 8\r\n";
    let secure = &format!("m=audio 40000 RTP/SAVP 8\r\n{KEY}");
    let unknown = "m=audio 40004 RTP/SAVP 8\r\na=crypto:1 AEAD_AES_256_GCM inline:x\r\na=crypto:x\r\na=crypto\r\n";
    let secret_text = &format!("m=text 41000 RTP/SAVP 98\r\na=rtpmap:98 t140/1000\r\n{KEY}");
    for (srtp, streams, port) in [
        (Srtp::Off, [secure, plain], 40_002),
        (Srtp::Off, [plain, secure], 40_002),
        (Srtp::Offered, [secure, plain], 40_000),
        (Srtp::Offered, [unknown, plain], 40_002),
        (Srtp::Offered, [unknown, secure], 40_000),
        (Srtp::Required, [plain, secure], 40_000),
        (Srtp::Off, [secret_text, plain], 40_002),
        (Srtp::Required, [secret_text, secure], 40_000),
        (Srtp::Off, [plain, KEY], 40_002),
        (Srtp::Offered, [unknown, "m=audio 40002 RTP/AVP 8\r\na=crypto:1 nonsense\r\n"], 40_002),
        (Srtp::Off, ["m=audio 40006 UDP/TLS/RTP/SAVP 8\r\n", plain], 40_002),
        (Srtp::Off, ["m=audio x RTP/SAVP 8\r\n", plain], 40_002),
        (Srtp::Required, ["m=audio 40002 RTP/SAVP\r\n", secure], 40_000),
    ] {
        let offer = format!("v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\n{}", streams.concat());
        let (mut desk, mut peer) = desk_with_srtp(srtp).await;
        let invite = peer.request("INVITE", URI, &[], &offer);
        peer.send(&invite).await;
        let call = desk.invited().await;
        assert_eq!(call.audio.map(|audio| audio.address.port()), Some(port), "{offer}");
        desk.answer_unheard(call.leg).await;
        let answered = peer.response(200, "INVITE").await;
        assert_eq!(answered.matches("\r\nm=").count(), offer.matches("\r\nm=").count(), "{answered}");
        assert_eq!(answered.matches("m=audio 20000 ").count(), 1, "{answered}");
        assert_eq!(answered.contains("a=crypto:4 "), port == 40_000, "{answered}");
    }
}
