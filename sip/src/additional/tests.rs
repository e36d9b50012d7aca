//! Blocks in the manner of RFC 7852, in bodies and in locations.

use super::*;
use crate::location::parts;
use proptest::prelude::*;

const PROVIDER: &str = "<sub:EmergencyCallData.ProviderInfo xmlns:sub=\"urn:ietf:params:xml:ns:EmergencyCallData:ProviderInfo\">\
    <sub:DataProviderReference>a@carrier</sub:DataProviderReference><sub:DataProviderString>Telko Nusantara</sub:DataProviderString>\
    <sub:ProviderID>urn:nena:companyid:ID123</sub:ProviderID><sub:ContactURI>tel:+62778000</sub:ContactURI><sub:Language>id</sub:Language>\
    </sub:EmergencyCallData.ProviderInfo>";
const SUBSCRIBER: &str = "<EmergencyCallData.SubscriberInfo privacyRequested=\"false\"><DataProviderReference>x</DataProviderReference><SubscriberData>\
    <vcards xmlns=\"urn:ietf:params:xml:ns:vcard-4.0\"><vcard><fn><text>Siti Rahma</text></fn>\
    <tel><parameters><pref><integer>1</integer></pref><type><text>home</text></type></parameters><uri>tel:+62778123</uri></tel>\
    <group name=\"work\"><email><text>siti@example.id</text></email></group>\
    <adr><street>Jalan Imam Bonjol 7</street><locality>Batam</locality><code>29432</code></adr><uid><text>hidden</text></uid></vcard></vcards>\
    </SubscriberData></EmergencyCallData.SubscriberInfo>";

fn message(call_info: &[&str], blocks: &[(&str, &str, &str)]) -> (Fields, String) {
    let mut fields = Fields::default();
    fields.push("Content-Type", "multipart/mixed; boundary=b");
    call_info.iter().for_each(|value| fields.push("Call-Info", *value));
    let parts =
        blocks.iter().map(|(kind, id, body)| format!("--b\r\nContent-Type: {kind}\r\nContent-ID: <{id}>\r\n\r\n{body}\r\n"));
    let body = parts.collect::<String>() + "--b--\r\n";
    (fields, body)
}

fn told(call_info: &[&str], blocks: &[(&str, &str, &str)]) -> Vec<(DataKind, &'static str, String)> {
    let (fields, body) = message(call_info, blocks);
    read(&fields, &parts(&fields, body.as_bytes())).into_iter().map(|data| (data.kind, data.label, data.value)).collect()
}

#[test]
fn a_provider_and_a_subscriber_are_read_in_the_order_of_call_info() {
    let found = told(
        &["<cid:two@h>;purpose=EmergencyCallData.SubscriberInfo, <cid:one@h>;purpose=\"EmergencyCallData.ProviderInfo\""],
        &[
            ("application/EmergencyCallData.ProviderInfo+xml", "one@h", PROVIDER),
            ("application/emergencycalldata.subscriberinfo+xml; charset=utf-8", "two@h", SUBSCRIBER),
        ],
    );
    let of = |label: &str| found.iter().find(|(_, found, _)| *found == label).map(|(_, _, value)| value.as_str());
    assert_eq!(found.first().map(|first| (first.0, first.1)), Some((DataKind::Subscriber, "fn")));
    assert_eq!(of("fn"), Some("Siti Rahma"));
    assert_eq!(of("tel"), Some("+62778123"));
    assert_eq!(of("email"), Some("siti@example.id"));
    assert_eq!(of("adr"), Some("Jalan Imam Bonjol 7, Batam, 29432"));
    assert_eq!(of("DataProviderString"), Some("Telko Nusantara"));
    assert_eq!(of("ContactURI"), Some("+62778000"));
    assert!(!found.iter().any(|(_, _, value)| value.contains("hidden") || value.contains("home")), "{found:?}");
}

#[test]
fn the_names_that_an_emergency_network_gives_the_call_and_its_incident_are_read() {
    let found = told(
        &[
            "<urn:emergency:uid:callid:a56e556d871:esrp.example>;purpose=emergency-CallId",
            "<urn:nena:uid:incidentid:be4g:esrp.example>;purpose=nena-IncidentId, <https://h/icon.png>;purpose=icon",
        ],
        &[],
    );
    let names = found.iter().map(|(kind, label, value)| (*kind, *label, value.as_str())).collect::<Vec<_>>();
    assert_eq!(
        names,
        [
            (DataKind::Network, "CallId", "urn:emergency:uid:callid:a56e556d871:esrp.example"),
            (DataKind::Network, "IncidentId", "urn:nena:uid:incidentid:be4g:esrp.example"),
        ]
    );
}

#[test]
fn device_service_and_comment_are_read() {
    let device = "<EmergencyCallData.DeviceInfo><DeviceClassification>phone</DeviceClassification><DeviceMfgr>Acme</DeviceMfgr>\
                  <UniqueDeviceID TypeOfDeviceID=\"IMEI\">35-0994</UniqueDeviceID></EmergencyCallData.DeviceInfo>";
    let service = "<EmergencyCallData.ServiceInfo><ServiceEnvironment>Residence</ServiceEnvironment><ServiceType>POTS</ServiceType>\
                   <ServiceType>VOIP</ServiceType><ServiceMobility>Fixed</ServiceMobility></EmergencyCallData.ServiceInfo>";
    let comment = "<EmergencyCallData.Comment><Comment xml:lang=\"id\">Pasien\n   jantung</Comment></EmergencyCallData.Comment>";
    let found = told(
        &[],
        &[
            ("application/EmergencyCallData.DeviceInfo+xml", "1", device),
            ("application/EmergencyCallData.ServiceInfo+xml", "2", service),
            ("application/EmergencyCallData.Comment+xml", "3", comment),
        ],
    );
    for expected in [
        (DataKind::Device, "UniqueDeviceID", "IMEI 35-0994"),
        (DataKind::Service, "ServiceType", "POTS"),
        (DataKind::Service, "ServiceType", "VOIP"),
        (DataKind::Comment, "Comment", "Pasien jantung"),
    ] {
        assert!(found.contains(&(expected.0, expected.1, expected.2.to_owned())), "{expected:?} in {found:?}");
    }
}

#[test]
fn what_a_location_says_of_its_provider_is_read_too() {
    let location = format!(
        "<presence><tuple><status><geopriv><location-info/><provided-by><EmergencyCallDataValue>{PROVIDER}</EmergencyCallDataValue></provided-by></geopriv></status></tuple></presence>"
    );
    let found = told(&[], &[("application/pidf+xml", "l", &location)]);
    assert!(found.contains(&(DataKind::Provider, "DataProviderString", "Telko Nusantara".into())));
}

#[test]
fn data_elsewhere_is_named_and_nothing_else_of_call_info_is() {
    let (fields, _) = message(
        &[
            "<https://carrier.example/p?id=1>;purpose=EmergencyCallData.ProviderInfo, <http://carrier.example/p>;purpose=EmergencyCallData.ServiceInfo",
            "<https://carrier.example/photo.jpg>;purpose=icon, <cid:x@h>;purpose=EmergencyCallData.Comment, <https://h/y>;purpose=EmergencyCallData.Unknown",
        ],
        &[],
    );
    let expected =
        DataReference { kind: DataKind::Provider, reference: Reference::Https("https://carrier.example/p?id=1".into()) };
    assert_eq!(references(&fields), [expected]);
}

#[test]
fn broken_blocks_and_too_much_of_them_hurt_nothing() {
    assert!(
        told(
            &["<cid:a>;purpose=EmergencyCallData.Comment"],
            &[("application/EmergencyCallData.Comment+xml", "a", "<EmergencyCallData.Comment")]
        )
        .is_empty()
    );
    assert!(told(&[], &[("application/EmergencyCallData.eCall.MSD", "a", "\u{1}\u{2}")]).is_empty());
    let many: String = (0..500).map(|n| format!("<Comment>{n} {}</Comment>", "x".repeat(100))).collect();
    let found = additional_data(format!("<EmergencyCallData.Comment>{many}</EmergencyCallData.Comment>").as_bytes());
    assert_eq!(found.len(), MAX_DATA);
    let long = additional_data(
        format!("<EmergencyCallData.Comment><Comment>{}</Comment></EmergencyCallData.Comment>", "é".repeat(9000)).as_bytes(),
    );
    assert_eq!(long[0].value.chars().count(), 300);
}

proptest! {
    #[test]
    fn no_text_makes_it_panic(text in "\\PC{0,200}") {
        let _ = additional_data(text.as_bytes());
        let _ = additional_data(format!("<EmergencyCallData.SubscriberInfo><SubscriberData>{text}</SubscriberData></EmergencyCallData.SubscriberInfo>").as_bytes());
    }
}
