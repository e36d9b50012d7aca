//! Who may do what: the checks of a request before any transaction or dialog exists for it. Pure.
//!
//! Refusals are stateless (RFC 3261 section 8.2.7): a flood of them costs no memory. What passes here is handed to the SIP stack.

use crate::alert::{self, Carried};
use crate::config::{Limits, Srtp};
use crate::event::OfferTrouble;
use crate::location::multipart::is_multipart;
use crate::message::reply::{ACCEPT, ALLOW, SUPPORTED, phrase, reply};
use crate::message::{Fields, Message, Start, parameter};
use crate::sdp::{self, Terms};
use crate::session_timer::Said;
use crate::{additional, dialled};

#[derive(Debug, PartialEq)]
pub(crate) enum Verdict {
    /// Belongs to a dialog or transaction, or may begin one.
    Pass,
    /// A call that may begin if there is room for it.
    Invite,
    /// An alert without a call; the reply depends on whether there is room to tell it.
    Alert(Box<Carried>),
    /// A final reply; `OPTIONS` gets its 200 this way, too.
    Reply(Refusal),
}

#[derive(Debug, PartialEq)]
pub(crate) struct Refusal {
    pub code: u16,
    /// Label of the counter.
    pub reason: &'static str,
    pub extra: Vec<(&'static str, String)>,
}

impl Refusal {
    pub(crate) fn new(code: u16, reason: &'static str) -> Self {
        Refusal { code, reason, extra: Vec::new() }
    }

    #[must_use]
    pub(crate) fn with(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.extra.push((name, value.into()));
        self
    }

    /// 503 that says when to come back.
    pub(crate) fn unavailable(reason: &'static str, retry_after_s: u32) -> Self {
        Refusal::new(503, reason).with("Retry-After", retry_after_s.to_string())
    }

    /// A method that is not served here.
    pub(crate) fn not_allowed() -> Self {
        Refusal::new(405, "method").with("Allow", ALLOW)
    }

    /// 200 to an alert that was told, now or before.
    pub(crate) fn heard() -> Self {
        Refusal::new(200, "alert")
    }

    /// The same INVITE came by another way already (RFC 3261 section 8.2.2.2).
    pub(crate) fn merged() -> Self {
        Refusal::new(482, "merged")
    }

    /// An address of no trunk: its operator is told that it is not known here.
    pub(crate) fn stranger() -> Self {
        Refusal::new(403, "stranger")
    }

    /// The stack could not read it, although it looked whole.
    pub(crate) fn unreadable() -> Self {
        Refusal::new(400, "unreadable")
    }

    /// What the owner should know of this refusal: a carrier whose calls are refused so sends others like it.
    pub(crate) fn trouble(&self) -> Option<OfferTrouble> {
        match self.reason {
            "no_codec" => Some(OfferTrouble::NoCodec),
            "bad_sdp" => Some(OfferTrouble::Unreadable),
            _ => None,
        }
    }

    pub(crate) fn octets(&self, fields: &Fields) -> Option<Vec<u8>> {
        reply(fields, self.code, phrase(self.code), &self.extra)
    }
}

/// Judges a trunk's message. `srtp`: what the trunk wants of voice.
pub(crate) fn judge(message: &Message, srtp: Srtp, limits: &Limits) -> Verdict {
    let min_session_s = limits.min_session_s;
    let allow = if limits.take_alerts { format!("{ALLOW}, MESSAGE") } else { ALLOW.to_owned() };
    let Start::Request { method, uri } = &message.start else { return Verdict::Pass };
    let fields = &message.fields;
    match method.as_str() {
        "ACK" | "CANCEL" => return Verdict::Pass,
        _ if fields.in_dialog() => {
            let refusal = unsupported(fields).or_else(|| too_brief(method, fields, min_session_s));
            return refusal.map_or(Verdict::Pass, Verdict::Reply);
        }
        "BYE" | "INFO" | "UPDATE" | "PRACK" | "NOTIFY" => return Verdict::Reply(Refusal::new(481, "no_dialog")),
        "INVITE" | "OPTIONS" => {}
        "MESSAGE" if limits.take_alerts => {}
        _ => return Verdict::Reply(Refusal::new(405, "method").with("Allow", allow)),
    }
    if !dialled::is_served(uri) {
        return Verdict::Reply(Refusal::new(416, "uri_scheme"));
    }
    if let Some(refusal) = unsupported(fields).or_else(|| too_brief(method, fields, min_session_s)) {
        return Verdict::Reply(refusal);
    }
    if method == "OPTIONS" {
        let able =
            Refusal::new(200, "options").with("Allow", allow).with("Accept", ACCEPT).with("Supported", SUPPORTED.join(", "));
        return Verdict::Reply(able.with("Accept-Language", "id, en"));
    }
    if let Some(refusal) = encoded(fields, &message.body) {
        return Verdict::Reply(refusal);
    }
    if method == "MESSAGE" {
        return match alert::read(fields, &message.body) {
            Ok(carried) => Verdict::Alert(Box::new(carried)),
            Err(fault) => Verdict::Reply(match fault.error() {
                Some(error) => Refusal::new(425, "alert").with("AlertMsg-Error", error),
                None => Refusal::new(415, "content_type").with("Accept", alert::ACCEPT),
            }),
        };
    }
    if is_strange(fields, &message.body) {
        return Verdict::Reply(Refusal::new(415, "content_type").with("Accept", ACCEPT));
    }
    match sdp::offer_in(fields, &message.body, &Terms::without_key(srtp, limits.families)) {
        Ok(_) => Verdict::Invite,
        // RFC 3261 section 13.3.1.3, 20.43: 305 is "incompatible media format", 399 anything else.
        Err(sdp::SdpError::NoAudio) => Verdict::Reply(
            Refusal::new(488, "no_codec")
                .with("Warning", format!("305 siaga \"PCMA or PCMU over {} is needed\"", profile(srtp)))
                .with("Accept", ACCEPT),
        ),
        Err(sdp::SdpError::Unreadable) => {
            Verdict::Reply(Refusal::new(488, "bad_sdp").with("Warning", "399 siaga \"unreadable session description\""))
        }
    }
}

fn profile(srtp: Srtp) -> &'static str {
    match srtp {
        Srtp::Off => "RTP/AVP",
        Srtp::Offered => "RTP/AVP or RTP/SAVP",
        Srtp::Required => "RTP/SAVP with a=crypto",
    }
}

/// 420 when the request requires what we do not have (RFC 3261 section 8.2.2.3).
fn unsupported(fields: &Fields) -> Option<Refusal> {
    let required = fields.all("Require").flat_map(|value| value.split(',')).map(str::trim).filter(|tag| !tag.is_empty());
    let missing: Vec<&str> = required.filter(|tag| !SUPPORTED.iter().any(|have| have.eq_ignore_ascii_case(tag))).collect();
    (!missing.is_empty()).then(|| Refusal::new(420, "require").with("Unsupported", missing.join(", ")))
}

/// 415 to a body in an encoding that is not read (RFC 3261 section 8.2.3).
fn encoded(fields: &Fields, body: &[u8]) -> Option<Refusal> {
    let plain =
        fields.first("Content-Encoding").is_none_or(|encoding| encoding.is_empty() || encoding.eq_ignore_ascii_case("identity"));
    (!plain && !body.is_empty()).then(|| Refusal::new(415, "content_encoding").with("Accept-Encoding", "identity"))
}

/// Whether the whole body is of a type that means nothing here, and the sender does not say that it may be passed over.
fn is_strange(fields: &Fields, body: &[u8]) -> bool {
    let Some(kind) = fields.first("Content-Type").filter(|_| !body.iter().all(u8::is_ascii_whitespace)) else { return false };
    let plain = kind.split(';').next().unwrap_or_default().trim();
    let known = ["application/sdp", "application/pidf+xml"].iter().any(|known| plain.eq_ignore_ascii_case(known))
        || is_multipart(kind, "")
        || additional::is_media_type(kind);
    let optional = fields.first("Content-Disposition").and_then(|value| parameter(value, "handling"));
    !known && !optional.is_some_and(|handling| handling.eq_ignore_ascii_case("optional"))
}

/// 422 to a request whose session interval is too short (RFC 4028 section 9).
fn too_brief(method: &str, fields: &Fields, min_session_s: u32) -> Option<Refusal> {
    let brief = matches!(method, "INVITE" | "UPDATE") && Said::read(fields).is_too_brief(min_session_s);
    brief.then(|| Refusal::new(422, "session_interval").with("Min-SE", min_session_s.to_string()))
}

#[cfg(test)]
mod tests {
    use super::*;

    const SDP: &str = "v=0\r\no=- 1 1 IN IP4 10.0.0.1\r\ns=-\r\nc=IN IP4 10.0.0.1\r\nt=0 0\r\nm=audio 4000 RTP/AVP 8\r\n";

    fn request(method: &str, uri: &str, more: &[(&str, &str)], body: &str) -> Message {
        let mut fields = Fields::default();
        for (name, value) in [("Via", "SIP/2.0/UDP h;branch=1"), ("From", "<sip:a@b>;tag=1"), ("Call-ID", "c"), ("CSeq", "1 X")] {
            fields.push(name, value);
        }
        fields.push("To", "<sip:112@h>");
        if !body.is_empty() {
            fields.push("Content-Type", "application/sdp");
        }
        for (name, value) in more {
            fields.set(name, *value);
        }
        Message { start: Start::Request { method: method.into(), uri: uri.into() }, fields, body: body.into() }
    }

    fn limits() -> Limits {
        Limits { take_alerts: true, ..Limits::default() }
    }

    fn verdict(message: &Message) -> Verdict {
        judge(message, Srtp::Off, &limits())
    }

    fn code(message: &Message) -> u16 {
        match verdict(message) {
            Verdict::Reply(refusal) => refusal.code,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn calls_to_every_emergency_form_may_begin() {
        for uri in ["sip:112@h", "sips:112@h", "tel:112", "urn:service:sos", "urn:service:sos.ambulance"] {
            assert_eq!(verdict(&request("INVITE", uri, &[], SDP)), Verdict::Invite, "{uri}");
            assert_eq!(verdict(&request("INVITE", uri, &[], "")), Verdict::Invite, "delayed offer to {uri}");
        }
    }

    #[test]
    fn each_refusal_has_its_code() {
        let dialog = &[("To", "<sip:112@h>;tag=2")][..];
        assert_eq!(code(&request("INVITE", "http://h", &[], SDP)), 416);
        assert_eq!(code(&request("INVITE", "sip:112@h", &[("Require", "timer, nothing")], SDP)), 420);
        assert_eq!(
            code(&request("INVITE", "sip:112@h", &[], "v=0\r\nm=audio 4000 RTP/AVP 96\r\na=rtpmap:96 opus/48000/2\r\n")),
            488
        );
        assert_eq!(code(&request("INVITE", "sip:112@h", &[], "nonsense")), 488);
        assert_eq!(code(&request("REGISTER", "sip:h", &[], "")), 405);
        assert_eq!(code(&request("BYE", "sip:112@h", &[], "")), 481);
        assert_eq!(code(&request("NOTIFY", "sip:112@h", &[], "")), 481);
        assert_eq!(code(&request("UPDATE", "sip:112@h", &[("To", "<sip:112@h>;tag=2"), ("Require", "precondition")], "")), 420);
        let brief = &[("Supported", "timer"), ("Session-Expires", "60")][..];
        assert_eq!(code(&request("INVITE", "sip:112@h", brief, SDP)), 422);
        assert_eq!(code(&request("UPDATE", "sip:112@h", &[brief, dialog].concat(), "")), 422);
        assert_eq!(verdict(&request("BYE", "sip:112@h", dialog, "")), Verdict::Pass);
        assert_eq!(verdict(&request("INVITE", "sip:112@h", dialog, SDP)), Verdict::Pass);
    }

    #[test]
    fn unsupported_extensions_are_listed_and_supported_ones_pass() {
        let Verdict::Reply(refusal) = verdict(&request(
            "INVITE",
            "sip:112@h",
            &[("Require", "precondition, resource-priority, 100rel, nothing, timer")],
            SDP,
        )) else {
            panic!("passed");
        };
        assert_eq!(refusal.extra, [("Unsupported", "precondition, nothing".to_owned())]);
        assert_eq!(
            verdict(&request("INVITE", "sip:112@h", &[("Require", "Resource-Priority, 100rel, timer")], SDP)),
            Verdict::Invite
        );
    }

    #[test]
    fn voice_is_taken_as_the_trunk_wants_it_and_a_refusal_says_what_that_is() {
        let secure = SDP.replace("RTP/AVP", "RTP/SAVP")
            + "a=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:WVNfX19zZW1jdGwgKCkgewkyMjA7fQp9CnVubGVz\r\n";
        for (srtp, plain_passes, secure_passes) in
            [(Srtp::Off, true, false), (Srtp::Offered, true, true), (Srtp::Required, false, true)]
        {
            for (body, passes) in [(SDP, plain_passes), (secure.as_str(), secure_passes)] {
                match judge(&request("INVITE", "sip:112@h", &[], body), srtp, &limits()) {
                    Verdict::Invite => assert!(passes, "{srtp:?}"),
                    Verdict::Reply(refusal) => {
                        assert!(!passes && refusal.code == 488, "{srtp:?}");
                        assert!(refusal.extra.iter().any(|(_, value)| value.contains(profile(srtp))), "{srtp:?}");
                    }
                    other => panic!("{other:?}"),
                }
            }
        }
    }

    #[test]
    fn a_body_that_means_nothing_here_is_415_unless_it_may_be_passed_over() {
        let strange = |more: &[(&str, &str)]| request("INVITE", "sip:112@h", more, "<audio/>");
        assert_eq!(code(&strange(&[("Content-Type", "application/unknownformat")])), 415);
        let optional =
            [("Content-Type", "application/ISUP;version=itu-t92+"), ("Content-Disposition", "signal;handling=optional")];
        assert_eq!(verdict(&strange(&optional)), Verdict::Invite);
        for kind in ["application/pidf+xml", "multipart/mixed;boundary=b", "application/EmergencyCallData.ProviderInfo+xml"] {
            assert_eq!(verdict(&strange(&[("Content-Type", kind)])), Verdict::Invite, "{kind}");
        }
        assert_eq!(code(&request("INVITE", "sip:112@h", &[("Content-Encoding", "gzip")], SDP)), 415);
        assert_eq!(verdict(&request("INVITE", "sip:112@h", &[("Content-Encoding", "identity")], SDP)), Verdict::Invite);
    }

    #[test]
    fn an_alert_is_taken_and_a_bad_one_is_told_why() {
        let good = "<alert><identifier>1</identifier><sender>s</sender><sent>t</sent><status>Actual</status><msgType>Ack</msgType><scope>Public</scope></alert>";
        let cap = [("Content-Type", "application/EmergencyCallData.cap+xml")];
        let message = |body: &str, more: &[(&str, &str)]| request("MESSAGE", "urn:service:sos", more, body);
        assert!(matches!(verdict(&message(good, &cap)), Verdict::Alert(carried) if carried.cap.identifier == "1"));
        let Verdict::Reply(refusal) = verdict(&message("<alert", &cap)) else { panic!("passed") };
        assert_eq!(refusal.code, 425);
        assert_eq!(refusal.extra, [("AlertMsg-Error", "103 ;code=\"Alert payload was corrupted\"".to_owned())]);
        let Verdict::Reply(refusal) = verdict(&message("hello", &[("Content-Type", "text/plain")])) else { panic!("passed") };
        assert_eq!((refusal.code, refusal.extra.first().map(|(name, _)| *name)), (415, Some("Accept")));
    }

    #[test]
    fn an_alert_that_nobody_would_hear_is_not_taken() {
        let Verdict::Reply(refusal) = judge(&request("MESSAGE", "urn:service:sos", &[], "x"), Srtp::Off, &Limits::default())
        else {
            panic!("passed")
        };
        assert_eq!((refusal.code, refusal.extra.first().map(|(_, value)| value.contains("MESSAGE"))), (405, Some(false)));
    }

    #[test]
    fn options_says_what_is_served() {
        let Verdict::Reply(able) = verdict(&request("OPTIONS", "sip:112@h", &[], "")) else { panic!("passed") };
        assert_eq!(able.code, 200);
        let names: Vec<_> = able.extra.iter().map(|(name, _)| *name).collect();
        assert_eq!(names, ["Allow", "Accept", "Supported", "Accept-Language"]);
    }
}
