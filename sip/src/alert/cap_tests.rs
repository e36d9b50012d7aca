//! Alerts as a detector, a weather service and a bad sender write them.

use super::*;
use proptest::prelude::*;

pub(crate) const ALERT: &str = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<alert xmlns=\"urn:oasis:names:tc:emergency:cap:1.2\">\
    <identifier>S-1</identifier><sender>sip:sensor@mall.example</sender><sent>2026-11-25T04:00:00+07:00</sent><status>Actual</status>\
    <msgType>Alert</msgType><scope>Private</scope><incidents>abc</incidents><info><language>id</language><category>Fire</category><category>Rescue</category>\
    <event>Kebakaran</event><urgency>Immediate</urgency><severity>Severe</severity><certainty>Likely</certainty>\
    <headline>Detektor asap lantai 3</headline><description>Asap di lorong.\nDua detektor.</description>\
    <parameter><valueName>SENSOR-DATA-NAMESPACE1</valueName><value>123</value></parameter><parameter><valueName>empty</valueName></parameter>\
    <area><areaDesc>Nagoya Hill</areaDesc><circle>1.1455,104.0140 0.25</circle><polygon>1,104 1,104.02 1.02,104.01 1,104</polygon><circle>x</circle></area>\
    </info></alert>";

fn without(element: &str) -> Result<Cap, CapError> {
    let (open, close) = (format!("<{element}>"), format!("</{element}>"));
    let from = ALERT.find(&open).unwrap();
    let to = ALERT.find(&close).unwrap() + close.len();
    read(format!("{}{}", &ALERT[..from], &ALERT[to..]).as_bytes())
}

#[test]
fn an_alert_is_read_whole() {
    let cap = read(ALERT.as_bytes()).unwrap();
    assert_eq!((cap.identifier.as_str(), cap.sender.as_str()), ("S-1", "sip:sensor@mall.example"));
    assert_eq!((cap.status, cap.message_type, cap.scope), (Status::Actual, MessageType::Alert, Scope::Private));
    let info = &cap.infos[0];
    assert_eq!(info.categories, [Category::Fire, Category::Rescue]);
    assert_eq!((info.urgency, info.severity, info.certainty), (Urgency::Immediate, Severity::Severe, Certainty::Likely));
    assert_eq!((info.event.as_str(), info.headline.as_deref()), ("Kebakaran", Some("Detektor asap lantai 3")));
    assert_eq!(info.description.as_deref(), Some("Asap di lorong.\nDua detektor."));
    assert_eq!(info.parameters, [("SENSOR-DATA-NAMESPACE1".to_owned(), "123".to_owned())]);
    let area = &info.areas[0];
    assert_eq!(area.circles, [((1.1455, 104.0140), 250.0)]);
    assert_eq!(area.polygons, [vec![(1.0, 104.0), (1.0, 104.02), (1.02, 104.01)]]);
    assert_eq!(area.centre(), Some(((1.1455, 104.0140), 250.0)));
}

#[test]
fn what_is_required_is_missed_by_name() {
    for element in
        ["identifier", "sender", "sent", "status", "msgType", "scope", "event", "urgency", "severity", "certainty", "areaDesc"]
    {
        assert_eq!(without(element), Err(CapError::Element(element)));
    }
    for element in ["headline", "description", "language"] {
        assert!(without(element).is_ok(), "{element}");
    }
    let unknown = ALERT.replace("<status>Actual", "<status>Perhaps");
    assert_eq!(read(unknown.as_bytes()), Err(CapError::Element("status")));
}

#[test]
fn an_acknowledgement_needs_no_info() {
    let from = ALERT.find("<info>").unwrap();
    let text = format!("{}</alert>", &ALERT[..from]).replace("<msgType>Alert", "<msgType>Ack");
    assert!(read(text.as_bytes()).unwrap().infos.is_empty());
}

#[test]
fn what_is_no_cap_is_corrupt() {
    for text in ["", "<alert", "<presence/>", "hello", "<!DOCTYPE a [<!ENTITY b \"c\">]><alert>&b;</alert>"] {
        assert_eq!(read(text.as_bytes()), Err(CapError::Corrupt), "{text}");
    }
}

#[test]
fn everything_that_repeats_is_bounded() {
    let parameter = "<parameter><valueName>a</valueName><value>b</value></parameter>";
    let circle = "<circle>1,104 1</circle>";
    let text = ALERT
        .replace("<area>", &format!("{}<area>", parameter.repeat(200)))
        .replace("<polygon>", &format!("{}<polygon>", circle.repeat(200)));
    let cap = read(text.as_bytes()).unwrap();
    assert_eq!((cap.infos[0].parameters.len(), cap.infos[0].areas[0].circles.len()), (MAX_PARAMETERS, MAX_SHAPES));
    let corners = "1,104 ".repeat(5000);
    let text = ALERT.replace("1,104 1,104.02 1.02,104.01 1,104", &corners);
    assert!(read(text.as_bytes()).unwrap().infos[0].areas[0].polygons.is_empty());
}

proptest! {
    #[test]
    fn no_damage_makes_it_panic(at in 0usize..1200, cut in 0usize..40, with in "[<>/&a-z ]{0,6}") {
        let from = (0..=at.min(ALERT.len())).rev().find(|at| ALERT.is_char_boundary(*at)).unwrap();
        let to = (from + cut).min(ALERT.len());
        let text = format!("{}{with}{}", &ALERT[..from], ALERT.get(to..).unwrap_or_default());
        let _ = read(text.as_bytes());
    }
}
