//! Stateless replies (RFC 3261 section 8.2.7), built from the request's text so that even a malformed request gets its answer. Pure.

use super::{Fields, shown};
use std::hash::{DefaultHasher, Hash, Hasher};

/// The methods served, for `Allow`.
pub(crate) const ALLOW: &str = "INVITE, ACK, CANCEL, BYE, OPTIONS, INFO, UPDATE, PRACK";
/// The same for desk phones, which may give a call to somebody else.
pub(crate) const ALLOW_TO_PHONES: &str = "INVITE, ACK, CANCEL, BYE, OPTIONS, INFO, UPDATE, PRACK, REFER";
/// The bodies understood, for `Accept`.
pub(crate) const ACCEPT: &str = "application/sdp, application/pidf+xml, application/dtmf-relay, application/EmergencyCallData.ProviderInfo+xml, \
    application/EmergencyCallData.ServiceInfo+xml, application/EmergencyCallData.DeviceInfo+xml, application/EmergencyCallData.SubscriberInfo+xml, \
    application/EmergencyCallData.Comment+xml, multipart/mixed";
/// Extensions a request may `Require`, and those named in calls of ours whose provisional responses are to be reliable. `resource-priority`
/// (RFC 4412) is shown to the operator, no more is asked of us.
pub(crate) const SUPPORTED: [&str; 3] = ["resource-priority", crate::reliable::TAG, crate::session_timer::TAG];
/// Extensions named in requests of ours that ask for no reliable responses; those that come are acknowledged all the same.
pub(crate) const SUPPORTED_AS_CALLER: [&str; 2] = ["resource-priority", crate::session_timer::TAG];

/// A final response without body. `None`: the request has no Via, so there is nowhere to send one.
///
/// The To tag depends on the request alone: a retransmission gets the same reply (RFC 3261 section 8.2.7).
pub(crate) fn reply(fields: &Fields, code: u16, phrase: &str, extra: &[(&str, String)]) -> Option<Vec<u8>> {
    fields.first("Via")?;
    let mut out = format!("SIP/2.0 {code} {phrase}\r\n");
    for via in fields.all("Via") {
        out.push_str(&format!("Via: {via}\r\n"));
    }
    for name in ["From", "To", "Call-ID", "CSeq"] {
        let Some(mut value) = fields.first(name) else { continue };
        if name == "From" {
            value = shown(value);
        }
        out.push_str(&format!("{name}: {value}"));
        if name == "To" && !fields.in_dialog() {
            out.push_str(&format!(";tag={}", tag(fields)));
        }
        out.push_str("\r\n");
    }
    for (name, value) in extra {
        out.push_str(&format!("{name}: {value}\r\n"));
    }
    out.push_str("Content-Length: 0\r\n\r\n");
    Some(out.into_bytes())
}

fn tag(fields: &Fields) -> String {
    let mut hasher = DefaultHasher::new();
    for name in ["Via", "Call-ID", "CSeq", "From"] {
        fields.first(name).hash(&mut hasher);
    }
    format!("{:016x}", hasher.finish())
}

/// The reason phrase of a status this crate sends.
pub(crate) fn phrase(code: u16) -> &'static str {
    match code {
        200 => "OK",
        400 => "Bad Request",
        401 => "Unauthorized",
        403 => "Forbidden",
        405 => "Method Not Allowed",
        415 => "Unsupported Media Type",
        416 => "Unsupported URI Scheme",
        420 => "Bad Extension",
        425 => "Bad Alert Message",
        422 => "Session Interval Too Small",
        423 => "Interval Too Brief",
        481 => "Call/Transaction Does Not Exist",
        482 => "Loop Detected",
        488 => "Not Acceptable Here",
        501 => "Not Implemented",
        503 => "Service Unavailable",
        505 => "Version Not Supported",
        513 => "Message Too Large",
        _ => "Server Internal Error",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fields(to: &str) -> Fields {
        let mut fields = Fields::default();
        for (name, value) in [
            ("Via", "SIP/2.0/UDP a;branch=1"),
            ("Via", "SIP/2.0/UDP b;branch=2"),
            ("From", "<sip:a@b>;tag=1"),
            ("To", to),
            ("Call-ID", "c"),
            ("CSeq", "1 INVITE"),
        ] {
            fields.push(name, value);
        }
        fields
    }

    #[test]
    fn a_reply_carries_the_route_back_and_a_steady_tag() {
        let text = String::from_utf8(reply(&fields("<sip:c@d>"), 403, "Forbidden", &[]).unwrap()).unwrap();
        assert!(text.starts_with("SIP/2.0 403 Forbidden\r\nVia: SIP/2.0/UDP a;branch=1\r\nVia: SIP/2.0/UDP b;branch=2\r\n"));
        assert!(text.contains("To: <sip:c@d>;tag="));
        assert_eq!(reply(&fields("<sip:c@d>"), 403, "Forbidden", &[]).unwrap(), text.into_bytes());
    }

    #[test]
    fn a_tag_that_is_there_is_kept() {
        let text = String::from_utf8(reply(&fields("<sip:c@d>;tag=x"), 481, phrase(481), &[]).unwrap()).unwrap();
        assert!(text.contains("To: <sip:c@d>;tag=x\r\n"));
    }

    #[test]
    fn without_via_there_is_no_reply() {
        assert_eq!(reply(&Fields::default(), 400, "Bad Request", &[]), None);
    }
}
