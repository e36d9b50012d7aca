//! Messages in the manner of RFC 4475, and what becomes of them.

use super::*;
use proptest::prelude::*;

fn source() -> SocketAddr {
    "192.0.2.1:5060".parse().unwrap()
}

fn judge(octets: &[u8]) -> Outcome {
    normalise(octets, source(), Framing::Datagram)
}

/// An INVITE whose lines may be replaced: `("CSeq", "...")` replaces that field, an empty value removes it.
fn invite(changes: &[(&str, &str)], body: &str) -> Vec<u8> {
    let mut lines = vec![
        ("", "INVITE sip:112@psap.example SIP/2.0".to_owned()),
        ("Via", "SIP/2.0/UDP 192.0.2.1:5060;branch=z9hG4bK1".to_owned()),
        ("From", "<sip:+62811@carrier.example>;tag=a".to_owned()),
        ("To", "<sip:112@psap.example>".to_owned()),
        ("Call-ID", "c1@carrier.example".to_owned()),
        ("CSeq", "1 INVITE".to_owned()),
        ("Max-Forwards", "70".to_owned()),
        ("Content-Length", body.len().to_string()),
    ];
    for (name, value) in changes {
        match lines.iter_mut().find(|(line, _)| line == name) {
            Some(line) => line.1 = (*value).to_owned(),
            None => lines.push((name, (*value).to_owned())),
        }
    }
    let mut text = String::new();
    for (name, value) in lines.iter().filter(|(_, value)| !value.is_empty()) {
        text.push_str(&if name.is_empty() { format!("{value}\r\n") } else { format!("{name}: {value}\r\n") });
    }
    (text + "\r\n" + body).into_bytes()
}

fn passed(octets: &[u8]) -> (Message, Vec<&'static str>) {
    match judge(octets) {
        Outcome::Pass { message, repairs } => (*message, repairs),
        other => panic!("not passed: {other:?}"),
    }
}

fn refused(octets: &[u8]) -> u16 {
    match judge(octets) {
        Outcome::Reply { octets, code, .. } => {
            assert!(octets.starts_with(format!("SIP/2.0 {code} ").as_bytes()));
            code
        }
        other => panic!("not refused: {other:?}"),
    }
}

#[test]
fn a_good_message_passes_untouched_but_for_its_length() {
    let (message, repairs) = passed(&invite(&[], "v=0\r\n"));
    assert_eq!(message.body, b"v=0\r\n");
    assert!(repairs.is_empty());
    assert_eq!(message.to_bytes(), invite(&[], "v=0\r\n"));
}

#[test]
fn a_torturous_but_valid_invite_passes() {
    // After RFC 4475 section 3.1.1.1: folding, compact names, odd case and spacing, unknown fields, escaped quotes.
    let octets = b"\r\n\r\nINVITE sip:vivekg@chair-dnrc.example.com;unknownparam SIP/2.0\r\n\
        TO :\r\n sip:vivekg@chair-dnrc.example.com ;   tag    = 1918181833n\r\n\
        from   : \"J Rosenberg \\\\\\\"\"       <sip:jdrosen@example.com>\r\n  ;\r\n  tag = 98asjd8\r\n\
        MaX-fOrWaRdS: 0068\r\nCall-ID: wsinv.ndaksdj@192.0.2.1\r\nCseq: 0009\r\n  INVITE\r\n\
        Via  : SIP  /   2.0\r\n /UDP\r\n    192.0.2.2;branch=390skdjuw\r\ns :\r\nNewFangledHeader:   newfangled value\r\n continued newfangled value\r\n\
        UnknownHeaderWithUnusualValue: ;;,,;;,;\r\nContent-Type: application/sdp\r\nRoute:\r\n <sip:services.example.com;lr;unknownwith=value;unknown-no-value>\r\n\
        v:  SIP  / 2.0  / TCP     spindle.example.com   ;\r\n  branch  =   z9hG4bK9ikj8  ,\r\n SIP  /    2.0   / UDP  192.168.255.111   ; branch=\r\n z9hG4bK30239\r\n\
        m:\"Quoted string \\\"\\\"\" <sip:jdrosen@example.com> ; newparam =\r\n      newvalue ;\r\n  secondparam ; q = 0.33\r\nl: 4\r\n\r\nv=0\n";
    let (message, repairs) = passed(octets);
    assert_eq!(message.method(), Some("INVITE"));
    assert_eq!(message.body, b"v=0\n");
    assert!(message.fields.in_dialog());
    assert!(message.fields.first("Via").unwrap().ends_with(";received=192.0.2.1"));
    assert_eq!(repairs, Vec::<&str>::new());
}

#[test]
fn latin1_bare_lf_and_a_missing_content_length_are_repaired() {
    let mut octets = invite(&[("Content-Length", "")], "v=0\r\n");
    let at = octets.windows(4).position(|w| w == b"<sip").unwrap();
    octets.splice(at..at, b"\"Jos\xe9\" ".iter().copied());
    let (message, repairs) = passed(&octets);
    assert!(message.fields.first("From").unwrap().starts_with("\"José\" "));
    assert_eq!(message.body, b"v=0\r\n");
    assert_eq!(repairs, ["latin1", "content_length"]);

    let bare = String::from_utf8(invite(&[], "")).unwrap().replace("\r\n", "\n");
    assert_eq!(passed(bare.as_bytes()).1, ["bare_lf"]);
}

#[test]
fn octets_after_the_body_are_discarded() {
    let mut octets = invite(&[], "v=0\r\n");
    octets.extend_from_slice(b"INVITE sip:other@host SIP/2.0\r\n\r\n");
    let (message, repairs) = passed(&octets);
    assert_eq!(message.body, b"v=0\r\n");
    assert_eq!(repairs, ["excess_octets"]);
}

#[test]
fn emergency_and_telephone_uris_pass() {
    for uri in [
        "urn:service:sos",
        "urn:service:sos.fire",
        "tel:112",
        "sip:112;phone-context=+62@h;user=phone",
        "sip:112@[2001:db8::1]:5060",
    ] {
        passed(&invite(&[("", &format!("INVITE {uri} SIP/2.0"))], ""));
    }
}

#[test]
fn malformed_requests_get_400() {
    for (changes, why) in [
        (&[("From", "")][..], "no From"),
        (&[("To", "")], "no To"),
        (&[("Call-ID", "")], "no Call-ID"),
        (&[("CSeq", "")], "no CSeq"),
        (&[("CSeq", "1 REGISTER")], "CSeq method mismatch"),
        (&[("CSeq", "36893488147419103232 INVITE")], "CSeq too large"),
        (&[("CSeq", "-1 INVITE")], "CSeq negative"),
        (&[("CSeq", "1")], "CSeq without method"),
        (&[("From", "<sip:a@b>")], "no From tag"),
        (&[("Max-Forwards", "300")], "Max-Forwards too large"),
        (&[("Content-Length", "-999")], "negative Content-Length"),
        (&[("Content-Length", "9999")], "Content-Length longer than the datagram"),
        (&[("Content-Length", "four")], "Content-Length no number"),
        (&[("f", "<sip:other@b>;tag=2")], "two From"),
        (&[("l", "7")], "two Content-Length"),
        (&[("", "INVITE sip:a b@c SIP/2.0")], "space in the Request-URI"),
        (&[("", "INVITE <sip:112@psap.example> SIP/2.0")], "brackets around the Request-URI"),
        (&[("", "INVITE 112 SIP/2.0")], "Request-URI without scheme"),
    ] {
        assert_eq!(refused(&invite(changes, "")), 400, "{why}");
    }
}

#[test]
fn other_refusals_have_their_own_codes() {
    assert_eq!(refused(&invite(&[("", "INVITE sip:112@h SIP/7.0")], "")), 505);
    assert_eq!(refused(&invite(&[("", "NEWMETHOD sip:112@h SIP/2.0"), ("CSeq", "1 NEWMETHOD")], "")), 501);
    assert_eq!(refused(&invite(&[("", "invite sip:112@h SIP/2.0"), ("CSeq", "1 invite")], "")), 501);
    assert_eq!(refused(&invite(&[("X-Long", &"x".repeat(MAX_HEAD))], "")), 513);
    assert_eq!(refused(&invite(&[("Content-Length", "99999")], "")), 513);
    let stream = normalise(&invite(&[("Content-Length", "")], ""), source(), Framing::Stream);
    assert!(matches!(stream, Outcome::Reply { code: 400, .. }));
}

#[test]
fn a_reply_names_the_true_source() {
    let Outcome::Reply { octets, .. } =
        normalise(&invite(&[("To", "")], ""), "198.51.100.7:9".parse().unwrap(), Framing::Datagram)
    else {
        panic!("not refused");
    };
    assert!(String::from_utf8(octets).unwrap().contains(";received=198.51.100.7\r\n"));
}

#[test]
fn what_cannot_be_answered_is_dropped_with_a_reason() {
    for (octets, reason) in [
        (b"\r\n\r\n".to_vec(), "keepalive"),
        (b"\x00\x01\x00\x00\x21\x12\xa4\x42".to_vec(), "not_sip"),
        (b"GET / HTTP/1.1\r\n\r\n".to_vec(), "not_sip"),
        (invite(&[("Via", "")], ""), "no_via"),
        (invite(&[("Via", "SIP/7.0/UDP h;branch=x")], ""), "bad_via"),
        (invite(&[("", "ACK sip:112@h SIP/2.0")], ""), "bad_ack"),
        (invite(&[("", "SIP/2.0 200 OK"), ("CSeq", "")], ""), "bad_response"),
    ] {
        assert_eq!(judge(&octets), Outcome::Drop(reason), "{}", String::from_utf8_lossy(&octets));
    }
}

#[test]
fn a_request_after_rfc_2543_gets_what_the_stack_needs_and_always_the_same() {
    let old = |method: &str| {
        let start = format!("{method} sip:112@psap.example SIP/2.0");
        let cseq = format!("1 {method}");
        passed(&invite(&[("", &start), ("CSeq", &cseq), ("Via", "SIP/2.0/UDP 192.0.2.1"), ("From", "<sip:a@b;user=phone>")], ""))
    };
    let (message, repairs) = old("INVITE");
    assert_eq!(repairs, ["rfc2543"]);
    assert_eq!(message.fields.first("From"), Some("<sip:a@b;user=phone>;tag=siaga-untagged"));
    let via = message.fields.first("Via").unwrap();
    assert!(via.starts_with("SIP/2.0/UDP 192.0.2.1;branch=z9hG4bK"), "{via}");
    assert_eq!(old("CANCEL").0.fields.first("Via"), Some(via), "a CANCEL finds its INVITE");
    let other =
        passed(&invite(&[("Call-ID", "other"), ("Via", "SIP/2.0/UDP 192.0.2.1"), ("From", "<sip:a@b;user=phone>")], "")).0;
    assert_ne!(other.fields.first("Via"), Some(via));
}

#[test]
fn a_host_is_one_before_the_stack_has_it() {
    for uri in [
        "sip:2001:db8::10",
        "sip:a@2001:db8::10",
        "sip:a@[::1",
        "sip:a@[::1]x",
        "sip:a@h:port",
        "sip:a@h:99999",
        "sip:a@",
        "sips:",
    ] {
        assert_eq!(refused(&invite(&[("", &format!("INVITE {uri} SIP/2.0"))], "")), 400, "{uri}");
    }
}

#[test]
fn another_version_is_refused_even_where_its_via_is_strange() {
    assert_eq!(refused(&invite(&[("", "OPTIONS sip:112@h SIP/7.0"), ("Via", "SIP/7.0/UDP h;branch=x")], "")), 505);
}

#[test]
fn a_forged_stamp_is_taken_off() {
    let (message, _) = passed(&invite(&[(stamp::HEADER, "udp 10.0.0.1:1 10.0.0.1:1 sip:x@y")], ""));
    assert_eq!(message.fields.first(stamp::HEADER), None);
}

#[test]
fn a_response_keeps_its_via() {
    let (message, _) = passed(&invite(&[("", "SIP/2.0 180 Ringing"), ("Via", "SIP/2.0/UDP 10.9.9.9;branch=z")], ""));
    assert_eq!(message.fields.first("Via"), Some("SIP/2.0/UDP 10.9.9.9;branch=z"));
    assert!(matches!(message.start, Start::Response { code: 180, .. }));
}

proptest! {
    #[test]
    fn no_octets_make_it_panic(octets in proptest::collection::vec(any::<u8>(), 0..600)) {
        let _ = judge(&octets);
    }

    #[test]
    fn no_damage_to_a_good_message_makes_it_panic(at in 0usize..300, octet in any::<u8>(), cut in 0usize..400) {
        let mut octets = invite(&[], "v=0\r\n");
        if let Some(place) = octets.get_mut(at) { *place = octet; }
        octets.truncate(cut.max(1));
        if let Outcome::Pass { message, .. } = judge(&octets) {
            // What passes is whole: judging it again changes nothing.
            let again = judge(&message.to_bytes());
            prop_assert_eq!(again, Outcome::Pass { message, repairs: vec![] });
        }
    }
}
