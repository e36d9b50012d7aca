//! What a call carries beside its voice, on the wire: each arrives with the invitation, and nothing of it can keep the call from ringing.

use crate::support::{OFFER, Peer, audio, desk, field, within, within_with};
use sip::{CellId, DataKind, Event, GeolocationRouting, LocalMedia, LocalText, LocationReference, Purpose, Shape};

const URI: &str = "urn:service:sos.fire";

/// A multipart of SDP and further parts: type, Content-ID, body.
fn parts(sdp: &str, more: &[(&str, &str, &str)]) -> String {
    let more = more.iter().map(|(kind, id, body)| format!("--b\r\nContent-Type: {kind}\r\nContent-ID: <{id}>\r\n\r\n{body}\r\n"));
    format!("--b\r\nContent-Type: application/sdp\r\n\r\n{sdp}\r\n{}--b--\r\n", more.collect::<String>())
}

const MIXED: (&str, &str) = ("Content-Type", "multipart/mixed;boundary=b");

#[tokio::test]
async fn everything_that_an_emergency_call_may_carry_arrives_at_once() {
    let mut desk = desk().await;
    let mut peer = Peer::new("127.0.0.1", desk.udp()).await;
    let location = "<presence xmlns=\"urn:ietf:params:xml:ns:pidf\"><device><geopriv><location-info><Circle><pos>1.13 104.05</pos><radius>50</radius></Circle>\
                    </location-info><method>GPS</method></geopriv><timestamp>2026-11-25T04:00:00Z</timestamp></device></presence>";
    let provider =
        "<EmergencyCallData.ProviderInfo><DataProviderString>Telko</DataProviderString></EmergencyCallData.ProviderInfo>";
    let sdp = format!("{OFFER}a=hlang-send:min id\r\nm=text 41000 RTP/AVP 98\r\na=rtpmap:98 t140/1000\r\n");
    let body = parts(
        &sdp,
        &[("application/pidf+xml", "l@h", location), ("application/EmergencyCallData.ProviderInfo+xml", "p@h", provider)],
    );
    let lines = [
        MIXED,
        ("Geolocation", "<cid:l@h>, <https://lis.telco.example/x>, <sip:l@lis.telco.example>"),
        ("Geolocation-Routing", "yes"),
        (
            "Call-Info",
            "<cid:p@h>;purpose=EmergencyCallData.ProviderInfo, <https://telco.example/s>;purpose=EmergencyCallData.SubscriberInfo",
        ),
        ("Resource-Priority", "esnet.1, wps.0"),
        ("P-Access-Network-Info", "3GPP-E-UTRAN-FDD; utran-cell-id-3gpp=5101004D2000DDD5; network-provided"),
        ("Accept-Language", "en;q=0.3, ms"),
    ];
    let request = peer.request("INVITE", URI, &lines, &body);
    peer.send(&request).await;
    let call = desk.invited().await;
    assert_eq!((call.service.as_deref(), call.purpose), (Some("sos.fire"), Purpose::Emergency));
    let place = call.location.unwrap();
    assert_eq!((place.latitude_longitude, place.shape), (Some((1.13, 104.05)), Some(Shape::Circle { radius_m: 50.0 })));
    assert_eq!((place.method.as_deref(), place.timestamp.as_deref()), (Some("GPS"), Some("2026-11-25T04:00:00Z")));
    let references = [
        LocationReference::Https("https://lis.telco.example/x".into()),
        LocationReference::Sip("sip:l@lis.telco.example".into()),
    ];
    assert_eq!(call.location_references, references);
    assert_eq!(call.location_routing, GeolocationRouting::Allowed);
    assert_eq!(
        call.additional.iter().map(|data| (data.kind, data.value.as_str())).collect::<Vec<_>>(),
        [(DataKind::Provider, "Telko")]
    );
    assert_eq!(call.data_references.iter().map(|data| data.kind).collect::<Vec<_>>(), [DataKind::Subscriber]);
    assert_eq!(call.priorities.iter().map(|priority| priority.namespace.as_str()).collect::<Vec<_>>(), ["wps", "esnet"]);
    assert_eq!(call.priority.as_deref(), Some("esnet.1, wps.0"));
    let cell = call.access.and_then(|access| access.cell).unwrap();
    assert_eq!((cell.mcc.as_str(), cell.mnc.as_str(), cell.area, cell.id), ("510", "10", 1234, CellId::Lte(56789)));
    assert_eq!(call.languages, ["min", "id", "ms", "en"]);
    assert_eq!(call.spoken, ["min", "id"], "what a telephone is set to says little of who calls");
    assert_eq!(call.text.map(|text| (text.address.port(), text.pt)), Some((41_000, 98)));
    assert!(call.audio.is_some());
}

#[tokio::test]
async fn bad_locations_and_data_never_keep_a_call_from_ringing() {
    let mut desk = desk().await;
    let mut peer = Peer::new("127.0.0.1", desk.udp()).await;
    let pidf = "application/pidf+xml";
    for (geolocation, kind, body) in [
        ("<cid:nothing@h>", pidf, "<presence/>"),
        ("<cid:l@h", pidf, "<presence"),
        (";;,,<>", pidf, "\u{0}\u{1}"),
        ("<https://>, <sip:>", "application/EmergencyCallData.ProviderInfo+xml", "<!DOCTYPE x [<!ENTITY a \"b\">]><x>&a;</x>"),
        ("<cid:l@h>", "multipart/mixed", "--\r\n--"),
        ("<cid:l@h>", "multipart/mixed;boundary=", "----"),
    ] {
        let lines = [
            MIXED,
            ("Geolocation", geolocation),
            ("Call-Info", "<cid:>;purpose=EmergencyCallData.;;="),
            ("Resource-Priority", ".,.,"),
            ("P-Access-Network-Info", ";;=,utran-cell-id-3gpp"),
            ("Accept-Language", ";q=x,"),
        ];
        let request = peer.request("INVITE", URI, &lines, &parts(OFFER, &[(kind, "l@h", body)]));
        peer.send(&request).await;
        let call = desk.invited().await;
        assert!(call.audio.is_some() && call.location.is_none() && call.additional.is_empty(), "{geolocation} {body}");
    }
}

#[tokio::test]
async fn where_the_caller_is_now_is_told_whenever_a_request_inside_the_call_says_it() {
    let mut desk = desk().await;
    let mut peer = Peer::new("127.0.0.1", desk.udp()).await;
    let place = |latitude: &str| {
        format!(
            "<presence xmlns=\"urn:ietf:params:xml:ns:pidf\"><device><geopriv><location-info><Point><pos>{latitude} 104.05</pos></Point>\
             </location-info></geopriv></device></presence>"
        )
    };
    let invite = peer.request("INVITE", URI, &[], OFFER);
    peer.send(&invite).await;
    let ringing = peer.receive_until("SIP/2.0 180").await;
    let leg = desk.invited().await.leg;
    // Before the answer no offer may be taken, and this is none.
    let pidf = [("Content-Type", "application/pidf+xml")];
    peer.send(&within_with(&invite, &ringing, "UPDATE", 2, &pidf, &place("1.13"))).await;
    peer.response(200, "UPDATE").await;
    let told = |event: Event| match event {
        Event::Located { leg: of, location } if of == leg => location.latitude_longitude,
        other => panic!("{other:?}"),
    };
    assert_eq!(told(desk.next().await), Some((1.13, 104.05)));
    desk.agent.answer(leg, audio()).await.unwrap();
    let answered = peer.receive_until("SIP/2.0 200").await;
    peer.send(&within(&invite, &answered, "ACK", 1)).await;
    assert!(matches!(desk.next().await, Event::Confirmed { .. }));
    let moved = parts(OFFER, &[("application/pidf+xml", "l@h", &place("1.14"))]);
    peer.send(&within_with(&invite, &answered, "INVITE", 3, &[MIXED, ("Geolocation", "<cid:l@h>")], &moved)).await;
    peer.receive_until("SIP/2.0 200").await;
    peer.send(&within(&invite, &answered, "ACK", 3)).await;
    assert_eq!(told(desk.next().await), Some((1.14, 104.05)));
}

#[tokio::test]
async fn a_test_call_is_told_as_one() {
    let mut desk = desk().await;
    let mut peer = Peer::new("127.0.0.1", desk.udp()).await;
    for (uri, to) in
        [("urn:service:test.sos.fire", "<urn:service:test.sos.fire>"), ("sip:psap@psap.example", "<urn:service:test.sos.fire>")]
    {
        let request = peer.request("INVITE", uri, &[("To", to)], OFFER);
        peer.send(&request).await;
        let call = desk.invited().await;
        assert_eq!((call.service.as_deref(), call.purpose), (Some("sos.fire"), Purpose::Test), "{uri}");
    }
}

#[tokio::test]
async fn video_and_unknown_streams_are_declined_in_their_order_and_the_call_is_taken() {
    let mut desk = desk().await;
    let mut peer = Peer::new("127.0.0.1", desk.udp()).await;
    let sdp = "v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\na=group:BUNDLE 0 1\r\nm=video 40002 RTP/AVP 96\r\na=mid:1\r\n\
               m=audio 40000 RTP/AVP 13 8\r\na=mid:0\r\nm=message 2855 TCP/MSRP *\r\nm=x-unknown zz\r\nm=text 41000 RTP/AVP 98\r\na=rtpmap:98 t140/1000\r\n";
    let request = peer.request("INVITE", URI, &[], sdp);
    peer.send(&request).await;
    let leg = desk.invited().await.leg;
    desk.agent.answer(leg, audio()).await.unwrap();
    let answer = peer.response(200, "INVITE").await;
    let streams: Vec<&str> = answer.lines().filter(|line| line.starts_with("m=")).collect();
    assert_eq!(
        streams,
        [
            "m=video 0 RTP/AVP 96",
            "m=audio 20000 RTP/AVP 8",
            "m=message 0 TCP/MSRP *",
            "m=x-unknown 0 RTP/AVP 0",
            "m=text 0 RTP/AVP 98"
        ]
    );
    assert!(answer.contains("a=mid:0") && answer.contains("a=mid:1") && !answer.contains("BUNDLE"), "{answer}");
}

#[tokio::test]
async fn real_time_text_is_answered_where_there_is_a_place_for_it_and_its_end_is_told() {
    let mut desk = desk().await;
    let mut peer = Peer::new("127.0.0.1", desk.udp()).await;
    let text = "m=text 41000 RTP/AVP 100 98\r\na=rtpmap:98 t140/1000\r\na=rtpmap:100 red/1000\r\na=fmtp:100 98/98/98\r\n";
    let invite = peer.request("INVITE", URI, &[], &format!("{OFFER}{text}"));
    peer.send(&invite).await;
    let call = desk.invited().await;
    assert_eq!(call.text.and_then(|text| text.redundancy_pt), Some(100));
    let place = LocalText { address: "127.0.0.1:20002".parse().unwrap() };
    desk.agent.answer(call.leg, LocalMedia::from(audio()).with_text(place)).await.unwrap();
    let answer = peer.response(200, "INVITE").await;
    assert!(answer.contains("m=text 20002 RTP/AVP 100 98\r\n"), "{answer}");
    peer.send(&within(&invite, &answer, "ACK", 1)).await;
    assert_eq!(desk.next().await, Event::Confirmed { leg: call.leg, audio: None });
    let again = within_with(&invite, &answer, "INVITE", 2, &[], OFFER);
    peer.send(&again).await;
    assert_eq!(desk.next().await, Event::TextChanged { leg: call.leg, text: None });
}

#[tokio::test]
async fn text_that_is_offered_later_waits_until_it_has_a_place() {
    let mut desk = desk().await;
    let mut peer = Peer::new("127.0.0.1", desk.udp()).await;
    let with_text = format!("{OFFER}m=text 41000 RTP/AVP 98\r\na=rtpmap:98 t140/1000\r\n");
    let invite = peer.request("INVITE", URI, &[], OFFER);
    peer.send(&invite).await;
    let leg = desk.invited().await.leg;
    desk.agent.answer(leg, audio()).await.unwrap();
    let answer = peer.response(200, "INVITE").await;
    peer.send(&within(&invite, &answer, "ACK", 1)).await;
    assert_eq!(desk.next().await, Event::Confirmed { leg, audio: None });

    // Nobody has a place: declined, and told of all the same.
    peer.send(&within_with(&invite, &answer, "INVITE", 2, &[], &with_text)).await;
    assert_eq!(desk.next().await, Event::TextOffered { leg });
    desk.agent.place_text(leg, None).await;
    let declined = peer.response(200, "2 INVITE").await;
    assert!(declined.contains("m=text 0 RTP/AVP 98\r\n"), "{declined}");
    assert!(matches!(desk.next().await, Event::TextChanged { text: Some(_), .. }));
    peer.send(&within(&invite, &answer, "ACK", 2)).await;

    peer.send(&within_with(&invite, &answer, "INVITE", 3, &[], &with_text)).await;
    assert_eq!(desk.next().await, Event::TextOffered { leg });
    desk.agent.place_text(leg, Some(LocalText { address: "127.0.0.1:20004".parse().unwrap() })).await;
    let taken = peer.response(200, "3 INVITE").await;
    assert!(taken.contains("m=text 20004 RTP/AVP 98\r\n"), "{taken}");
    assert!(matches!(desk.next().await, Event::TextChanged { text: Some(_), .. }));
}

#[tokio::test]
async fn an_offer_in_an_encoding_or_a_type_that_is_not_read_is_told_what_is() {
    let desk = desk().await;
    let mut peer = Peer::new("127.0.0.1", desk.udp()).await;
    let (code, text) = peer.ask("INVITE", URI, &[("Content-Type", "application/unknown")], "x").await;
    assert!(code == 415 && field(&text, "Accept").is_some_and(|accept| accept.contains("application/sdp")), "{text}");
    let (code, text) = peer.ask("INVITE", URI, &[("Content-Encoding", "gzip")], OFFER).await;
    assert_eq!((code, field(&text, "Accept-Encoding")), (415, Some("identity")));
}
