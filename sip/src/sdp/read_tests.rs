//! Descriptions as trunks write them.

use super::*;
use crate::sdp::{Families, Key};
use proptest::prelude::*;

const PLAIN: Terms = Terms { srtp: Srtp::Off, own: Key([0; 30]), families: Families::Both };

fn audio(text: &str) -> RemoteAudio {
    read(text.as_bytes(), &PLAIN).unwrap().audio
}

fn pcma() -> PayloadType {
    PayloadType { codec: Codec::Pcma, pt: 8 }
}

fn pcmu() -> PayloadType {
    PayloadType { codec: Codec::Pcmu, pt: 0 }
}

#[test]
fn voice_is_taken_where_it_can_be_reached_and_else_where_it_is() {
    let of = |text: &str, families| {
        let read = read(format!("v=0\r\n{text}").as_bytes(), &Terms { families, ..PLAIN }).unwrap();
        (read.chosen, read.audio.address.to_string())
    };
    let voice = |c: &str| format!("m=audio 4000 RTP/AVP 8\r\nc={c}\r\n");
    let (six, four) = (voice("IN IP6 2001:db8::9"), voice("IN IP4 10.0.0.1"));
    assert_eq!(of(&format!("{six}{four}"), Families::Ipv4), (1, "10.0.0.1:4000".into()));
    assert_eq!(of(&format!("{six}{four}"), Families::Both), (0, "[2001:db8::9]:4000".into()));
    assert_eq!(of(&six, Families::Ipv4), (0, "[2001:db8::9]:4000".into()), "its telephone may speak by the other one as well");
    let text = |c: &str| format!("m=text 4002 RTP/AVP 98\r\nc={c}\r\na=rtpmap:98 t140/1000\r\n");
    let twice = format!("v=0\r\n{four}{}{}", text("IN IP6 2001:db8::9"), text("IN IP4 10.0.0.1"));
    let taken = read(twice.as_bytes(), &Terms { families: Families::Ipv4, ..PLAIN }).unwrap().text.unwrap();
    assert_eq!(taken.place, 2, "text as well");
    assert_eq!(of(&voice("IN IP6 ::ffff:10.0.0.1"), Families::Ipv4).1, "10.0.0.1:4000", "IPv4 in a disguise");
    assert_eq!(of(&voice("IN IP6 sbc.example.net"), Families::Ipv4).1, "[::]:4000", "a name says nothing of that");
}

#[test]
fn a_plain_trunk_offer_is_read() {
    let audio = audio(
        "v=0\r\no=- 1 1 IN IP4 10.0.0.1\r\ns=-\r\nc=IN IP4 10.0.0.1\r\nt=0 0\r\nm=audio 40000 RTP/AVP 8 0 18 101\r\n\
         a=rtpmap:8 PCMA/8000\r\na=rtpmap:101 telephone-event/8000\r\na=fmtp:101 0-15\r\na=ptime:30\r\na=sendrecv\r\n",
    );
    let expected = RemoteAudio {
        address: "10.0.0.1:40000".parse().unwrap(),
        rtcp: None,
        codecs: vec![pcma(), pcmu()],
        telephone_event: Some(101),
        ptime_ms: 30,
        direction: Direction::SendRecv,
        srtp: None,
    };
    assert_eq!(audio, expected);
}

#[test]
fn odd_but_real_descriptions_are_read() {
    for (text, why) in [
        ("v=0\nc=IN IP4 10.0.0.1\nm=audio 4000 RTP/AVP 0", "no o=, s= or t=, bare LF, no end of line"),
        (
            "v=0\r\no=- 99999999999999999999999 1 IN IP4 h\r\ns= \r\nc=IN IP4 10.0.0.1\r\nm=audio  4000  RTP/AVP  0\r\n",
            "session id past 64 bits, double spaces",
        ),
        (
            "v=0\r\no=Jos\u{e9} 1 1 IN IP4 h\r\ns=-\r\nc=IN IP4 10.0.0.1\r\nb=AS:x\r\nm=audio 4000 RTP/AVP 0\r\na=rtpmap:0 pcmu/8000/1\r\n",
            "broken b=, lower case",
        ),
        ("v=0\r\nm=video 0 RTP/AVP 96\r\nm=audio 4000/2 RTP/AVPF 0\r\nc=IN IP4 10.0.0.1\r\n", "audio is not the first stream"),
    ] {
        let audio = audio(text);
        assert_eq!(audio.address, "10.0.0.1:4000".parse().unwrap(), "{why}");
        assert_eq!(audio.codecs, [pcmu()], "{why}");
    }
    let latin = b"v=0\r\ns=Jos\xe9\r\nc=IN IP6 2001:db8::1\r\nm=audio 4000 RTP/AVP 8\r\n";
    assert_eq!(read(latin, &PLAIN).unwrap().audio.address, "[2001:db8::1]:4000".parse().unwrap());
}

#[test]
fn a_host_name_is_no_address_and_no_hold() {
    let audio = audio("v=0\r\nc=IN IP4 media.carrier.example\r\nm=audio 4000 RTP/AVP 8\r\n");
    assert_eq!(audio.address, "0.0.0.0:4000".parse().unwrap());
    assert_eq!(audio.direction, Direction::SendRecv);
}

#[test]
fn hold_comes_in_three_forms() {
    let with = |session: &str, media: &str, address: &str| {
        audio(&format!("v=0\r\nc=IN IP4 {address}\r\n{session}m=audio 4000 RTP/AVP 8\r\n{media}")).direction
    };
    assert_eq!(with("", "a=sendonly\r\n", "10.0.0.1"), Direction::SendOnly);
    assert_eq!(with("a=inactive\r\n", "", "10.0.0.1"), Direction::Inactive);
    assert_eq!(with("a=inactive\r\n", "a=sendrecv\r\n", "10.0.0.1"), Direction::SendRecv);
    assert_eq!(with("", "", "0.0.0.0"), Direction::SendOnly);
}

#[test]
fn dynamic_payload_types_are_followed() {
    let audio = audio(
        "v=0\r\nc=IN IP4 10.0.0.1\r\nm=audio 4000 RTP/AVP 96 97 98 0\r\na=rtpmap:96 telephone-event/48000\r\na=rtpmap:97 PCMA/8000\r\n\
         a=rtpmap:98 telephone-event/8000\r\na=rtpmap:0 G726-32/8000\r\na=ptime:200\r\na=maxptime:40\r\n",
    );
    assert_eq!(audio.codecs, [PayloadType { codec: Codec::Pcma, pt: 97 }]);
    assert_eq!(audio.telephone_event, Some(98));
    assert_eq!(audio.ptime_ms, 40);
}

#[test]
fn without_usable_audio_there_is_an_error() {
    for text in [
        "v=0\r\nm=audio 0 RTP/AVP 8\r\n",
        "v=0\r\nm=audio 4000 RTP/SAVP 8\r\n",
        "v=0\r\nm=audio 4000 RTP/AVP 96\r\na=rtpmap:96 opus/48000/2\r\n",
        "v=0\r\nm=video 4000 RTP/AVP 8\r\n",
        "v=0\r\n",
    ] {
        assert_eq!(read(text.as_bytes(), &PLAIN).unwrap_err(), SdpError::NoAudio, "{text}");
    }
    for text in ["", "hello", "v=0\r\nm=audio x RTP/AVP 8\r\n"] {
        assert_eq!(read(text.as_bytes(), &PLAIN).unwrap_err(), SdpError::Unreadable, "{text}");
    }
}

#[test]
fn however_many_streams_a_telephone_offers_its_voice_is_taken() {
    let others = "m=video 5000 RTP/AVP 96\r\n".repeat(MAX_STREAMS - 1);
    let offer = |others: &str| format!("v=0\r\nc=IN IP4 10.0.0.1\r\n{others}m=audio 4000 RTP/AVP 8\r\n");
    assert_eq!(audio(&offer(&others)).address.port(), 4000);
    let more = offer(&format!("{others}m=video 5000 RTP/AVP 96\r\n"));
    assert_eq!(read(more.as_bytes(), &PLAIN).unwrap_err(), SdpError::Unreadable);
}

#[test]
fn encrypted_voice_is_taken_as_the_trunk_says() {
    let key = "a=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:WVNfX19zZW1jdGwgKCkgewkyMjA7fQp9CnVubGVz\r\n";
    let offer = |streams: &str| format!("v=0\r\nc=IN IP4 10.0.0.1\r\n{streams}");
    let secure = offer(&format!("m=audio 4000 RTP/SAVP 8\r\n{key}"));
    let keyless = offer("m=audio 4000 RTP/SAVP 8\r\na=crypto:1 F8_128_HMAC_SHA1_80 inline:x\r\n");
    let plain = offer("m=audio 4000 RTP/AVP 8\r\n");
    let both = offer(&format!("m=audio 4000 RTP/SAVP 8\r\n{key}m=audio 4002 RTP/AVP 8\r\n"));
    let taken = |text: &str, srtp: Srtp| {
        let terms = Terms { srtp, own: Key([3; 30]), families: Families::Both };
        read(text.as_bytes(), &terms).map(|read| (read.audio.address.port(), read.audio.srtp.is_some()))
    };
    for (text, srtp, expected) in [
        (&secure, Srtp::Off, Err(SdpError::NoAudio)),
        (&secure, Srtp::Offered, Ok((4000, true))),
        (&secure, Srtp::Required, Ok((4000, true))),
        (&keyless, Srtp::Offered, Err(SdpError::NoAudio)),
        (&keyless, Srtp::Required, Err(SdpError::NoAudio)),
        (&plain, Srtp::Offered, Ok((4000, false))),
        (&plain, Srtp::Required, Err(SdpError::NoAudio)),
        (&both, Srtp::Off, Ok((4002, false))),
        (&both, Srtp::Offered, Ok((4000, true))),
    ] {
        assert_eq!(taken(text, srtp), expected, "{srtp:?}: {text}");
    }
}

#[test]
fn the_offer_is_found_inside_a_multipart() {
    let mut fields = Fields::default();
    fields.push("Content-Type", "multipart/mixed;boundary=\"b 1\"");
    let body = "--b 1\r\nContent-Type: application/pidf+xml\r\n\r\n<x/>\r\n--b 1\r\nContent-Type: application/SDP;charset=x\r\n\r\n\
                v=0\r\nc=IN IP4 10.0.0.1\r\nm=audio 4000 RTP/AVP 8\r\n--b 1--\r\n";
    assert_eq!(offer_in(&fields, body.as_bytes(), &PLAIN).unwrap().unwrap().audio.codecs, [pcma()]);
    fields.set("Content-Type", "application/pidf+xml");
    assert!(offer_in(&fields, b"<x/>", &PLAIN).unwrap().is_none());
    assert!(offer_in(&Fields::default(), b"\r\n", &PLAIN).unwrap().is_none());
}

#[test]
fn languages_of_voice_text_and_session_are_found_in_their_order() {
    let text = "v=0\r\na=lang:en\r\nc=IN IP4 10.0.0.1\r\nm=video 5000 RTP/AVP 96\r\na=lang:de\r\nm=audio 4000 RTP/AVP 8\r\na=hlang-recv:id\r\n\
                a=hlang-send:min id*\r\nm=text 11000 RTP/AVP 98\r\na=rtpmap:98 t140/1000\r\na=lang:ms\r\n";
    assert_eq!(read(text.as_bytes(), &PLAIN).unwrap().languages, ["min", "id*", "id", "ms", "en"]);
}

#[test]
fn rtcp_goes_where_the_stream_says() {
    let with = |lines: &str| audio(&format!("v=0\r\nc=IN IP4 10.0.0.1\r\nm=audio 4000 RTP/AVP 8\r\n{lines}")).rtcp;
    let at = |text: &str| Some(text.parse().unwrap());
    assert_eq!(with("a=rtcp:4005\r\n"), at("10.0.0.1:4005"));
    assert_eq!(with("a=rtcp: 4005  IN IP4 10.0.0.9 \r\n"), at("10.0.0.9:4005"));
    assert_eq!(with("a=rtcp:4005 IN IP6 2001:db8::9\r\n"), at("[2001:db8::9]:4005"));
    assert_eq!(with("c=IN IP4 10.0.0.2\r\na=rtcp:4005 IN IP4 media.carrier.example\r\n"), at("10.0.0.2:4005"));
    for none in
        ["", "a=rtcp\r\n", "a=rtcp:\r\n", "a=rtcp:0\r\n", "a=rtcp:x IN IP4 10.0.0.9\r\n", "a=rtcp:70000\r\n", "a=rtcp-mux\r\n"]
    {
        assert_eq!(with(none), None, "{none}");
    }
}

#[test]
fn packets_are_ten_to_sixty_milliseconds_long() {
    for (lines, expected) in [
        ("a=ptime:10\r\n", 10),
        ("a=ptime:5\r\n", 10),
        ("a=ptime:60\r\n", 60),
        ("a=ptime:90\r\n", 60),
        ("a=ptime:40\r\na=maxptime:30\r\n", 30),
        ("a=maxptime:150\r\n", 20),
        ("a=ptime:x\r\n", 20),
        ("", 20),
    ] {
        let found = audio(&format!("v=0\r\nc=IN IP4 10.0.0.1\r\nm=audio 4000 RTP/AVP 8\r\n{lines}"));
        assert_eq!(found.ptime_ms, expected, "{lines}");
    }
}

proptest! {
    #[test]
    fn no_octets_make_it_panic(octets in proptest::collection::vec(any::<u8>(), 0..300)) {
        let mut body = b"v=0\r\n".to_vec();
        body.extend(octets);
        let _ = read(&body, &PLAIN);
    }

    #[test]
    fn no_lines_make_it_panic(lines in proptest::collection::vec("[cma]=[ -~]{0,40}", 0..12)) {
        let _ = read(format!("v=0\r\n{}", lines.join("\r\n")).as_bytes(), &PLAIN);
    }
}
