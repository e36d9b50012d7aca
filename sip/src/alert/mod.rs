//! Data-only emergency calls (RFC 8876): a MESSAGE that carries a CAP alert. Pure.
//!
//! There is no dialog and no sound: the alert is answered at once and told to the owner, once.

mod cap;
mod seen;

pub use cap::{AlertArea, Cap, Category, Certainty, Info, MessageType, Scope, Severity, Status, Urgency};
pub(crate) use seen::Seen;

use crate::additional::{self, AdditionalData, DataReference};
use crate::config::TrunkName;
use crate::event::LegId;
use crate::identity::{Identity, identity};
use crate::location::multipart::Part;
use crate::location::reference::{Reference, content_id, references};
use crate::location::{self, Location, location};
use crate::message::{Fields, entries, name_and_uri, parameter};
use cap::CapError;
use std::net::SocketAddr;

/// The media types of an alert: RFC 8876 section 9.2, and the one of CAP itself.
const MEDIA_TYPES: [&str; 2] = ["application/EmergencyCallData.cap+xml", "application/common-alerting-protocol+xml"];
/// For `Accept` in the answer to a MESSAGE with anything else.
pub(crate) const ACCEPT: &str =
    "application/EmergencyCallData.cap+xml, application/common-alerting-protocol+xml, multipart/mixed";

/// An alert that came in.
#[derive(Debug, Clone, PartialEq)]
pub struct Alert {
    /// Of this alert alone; no leg has it.
    pub id: LegId,
    pub trunk: TrunkName,
    /// Where the MESSAGE came from, as the packet says.
    pub source: SocketAddr,
    pub identity: Identity,
    pub cap: Cap,
    /// Where the sender is, beside the areas of the alert.
    pub location: Option<Location>,
    pub location_references: Vec<Reference>,
    pub additional: Vec<AdditionalData>,
    pub data_references: Vec<DataReference>,
    /// SIP Call-ID, to find the message in a trace of the carrier.
    pub call_id: String,
}

/// What a MESSAGE carries, before it is known whose it is.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Carried {
    pub identity: Identity,
    pub cap: Cap,
    pub location: Option<Location>,
    pub location_references: Vec<Reference>,
    pub additional: Vec<AdditionalData>,
    pub data_references: Vec<DataReference>,
    pub call_id: String,
}

impl Carried {
    pub(crate) fn into_alert(self, id: LegId, trunk: TrunkName, source: SocketAddr) -> Alert {
        let Carried { identity, cap, location, location_references, additional, data_references, call_id } = self;
        Alert { id, trunk, source, identity, cap, location, location_references, additional, data_references, call_id }
    }
}

/// Why a MESSAGE is no alert.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Unalarming {
    /// It carries no alert and does not say that it does.
    #[error("not an alert")]
    OtherContent,
    /// It says that it does, but there is none.
    #[error("alert payload not found")]
    Missing,
    /// It cannot be read.
    #[error("alert payload corrupted")]
    Corrupt,
    /// It lacks what an alert needs.
    #[error("alert payload incomplete")]
    Incomplete,
}

impl Unalarming {
    /// `AlertMsg-Error` (RFC 8876 section 5, registry of section 9.5). `None`: the content is refused, not the alert.
    pub(crate) fn error(self) -> Option<&'static str> {
        match self {
            Unalarming::OtherContent => None,
            Unalarming::Missing => Some("101 ;code=\"Alert payload was not present or could not be found\""),
            Unalarming::Incomplete => Some("102 ;code=\"Not enough information to determine the purpose of the alert\""),
            Unalarming::Corrupt => Some("103 ;code=\"Alert payload was corrupted\""),
        }
    }
}

/// Reads a MESSAGE. The part that Call-Info names comes first, then the first of an alert's type.
pub(crate) fn read(fields: &Fields, body: &[u8]) -> Result<Carried, Unalarming> {
    let parts = location::parts(fields, body);
    let purpose =
        |entry: &&str| parameter(entry, "purpose").is_some_and(|purpose| purpose.eq_ignore_ascii_case("EmergencyCallData.cap"));
    let named: Vec<&str> = fields.all("Call-Info").flat_map(entries).filter(purpose).collect();
    let is_alert = |part: &&Part<'_>| MEDIA_TYPES.iter().any(|kind| part.is(kind));
    let ids: Vec<String> = named.iter().filter_map(|entry| content_id(name_and_uri(entry)?.1)).collect();
    let by_name = parts.iter().filter(is_alert).find(|part| part.id.as_ref().is_some_and(|id| ids.contains(id)));
    let Some(part) = by_name.or_else(|| parts.iter().find(is_alert)) else {
        return Err(if named.is_empty() { Unalarming::OtherContent } else { Unalarming::Missing });
    };
    let cap = cap::read(&part.body).map_err(|error| match error {
        CapError::Corrupt => Unalarming::Corrupt,
        CapError::Element(_) => Unalarming::Incomplete,
    })?;
    Ok(Carried {
        identity: identity(fields),
        cap,
        location: location(fields, &parts),
        location_references: references(fields),
        additional: additional::read(fields, &parts),
        data_references: additional::references(fields),
        call_id: fields.first("Call-ID").unwrap_or_default().to_owned(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const ALERT: &str = "<alert><identifier>1</identifier><sender>s</sender><sent>2026-11-25T04:00:00+07:00</sent><status>Actual</status>\
                         <msgType>Ack</msgType><scope>Private</scope></alert>";

    fn carried(kind: &str, call_info: &str, body: &str) -> Result<Carried, Unalarming> {
        let mut fields = Fields::default();
        fields.push("Content-Type", kind);
        fields.push("Call-Info", call_info);
        fields.push("From", "<sip:sensor@mall>;tag=1");
        read(&fields, body.as_bytes())
    }

    #[test]
    fn an_alert_is_found_alone_or_among_parts() {
        for kind in ["application/EmergencyCallData.cap+xml", "application/common-alerting-protocol+xml;charset=utf-8"] {
            assert_eq!(carried(kind, "", ALERT).unwrap().cap.identifier, "1", "{kind}");
        }
        let body = format!(
            "--b\r\nContent-Type: application/EmergencyCallData.cap+xml\r\nContent-ID: <other@h>\r\n\r\n<alert/>\r\n\
             --b\r\nContent-Type: application/EmergencyCallData.cap+xml\r\nContent-ID: <this@h>\r\n\r\n{ALERT}\r\n\
             --b\r\nContent-Type: application/pidf+xml\r\n\r\n<presence><location-info><Point><pos>1 104</pos></Point></location-info></presence>\r\n--b--"
        );
        let found = carried("multipart/mixed;boundary=b", "<cid:this@h>;purpose=EmergencyCallData.cap", &body).unwrap();
        assert_eq!(found.location.unwrap().latitude_longitude, Some((1.0, 104.0)));
        assert_eq!(found.identity.number.as_deref(), Some("sensor"));
    }

    #[test]
    fn each_fault_has_its_code() {
        let named = "<cid:x@h>;purpose=EmergencyCallData.cap";
        for (kind, call_info, body, expected) in [
            ("text/plain", "", "hello", Unalarming::OtherContent),
            ("text/plain", named, "hello", Unalarming::Missing),
            ("application/EmergencyCallData.cap+xml", "", "<alert", Unalarming::Corrupt),
            ("application/EmergencyCallData.cap+xml", "", "<alert/>", Unalarming::Incomplete),
        ] {
            assert_eq!(carried(kind, call_info, body), Err(expected), "{kind} {body}");
        }
    }
}
