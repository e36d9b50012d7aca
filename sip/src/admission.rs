//! Who may do what: the checks of a request before any transaction or dialog exists for it. Pure.
//!
//! Refusals are stateless (RFC 3261 section 8.2.7): a flood of them costs no memory. What passes here is handed to the SIP stack.

use crate::config::Srtp;
use crate::dialled;
use crate::message::reply::{ACCEPT, ALLOW, SUPPORTED, phrase, reply};
use crate::message::{Fields, Message, Start};
use crate::sdp::{self, Terms};
use crate::session_timer::Said;

#[derive(Debug, PartialEq)]
pub(crate) enum Verdict {
    /// Belongs to a dialog or transaction, or may begin one.
    Pass,
    /// A call that may begin if there is room for it.
    Invite,
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
    fn new(code: u16, reason: &'static str) -> Self {
        Refusal { code, reason, extra: Vec::new() }
    }

    fn with(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.extra.push((name, value.into()));
        self
    }

    /// 503 that says when to come back.
    pub(crate) fn unavailable(reason: &'static str, retry_after_s: u32) -> Self {
        Refusal::new(503, reason).with("Retry-After", retry_after_s.to_string())
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

    pub(crate) fn octets(&self, fields: &Fields) -> Option<Vec<u8>> {
        reply(fields, self.code, phrase(self.code), &self.extra)
    }
}

/// Judges a trunk's message. `min_session_s`: the shortest session interval taken.
pub(crate) fn judge(message: &Message, srtp: Srtp, min_session_s: u32) -> Verdict {
    let Start::Request { method, uri } = &message.start else { return Verdict::Pass };
    let fields = &message.fields;
    match method.as_str() {
        "ACK" | "CANCEL" => return Verdict::Pass,
        _ if fields.in_dialog() => {
            let refusal = unsupported(fields).or_else(|| too_brief(method, fields, min_session_s));
            return refusal.map_or(Verdict::Pass, Verdict::Reply);
        }
        "BYE" | "INFO" | "UPDATE" | "PRACK" => return Verdict::Reply(Refusal::new(481, "no_dialog")),
        "INVITE" | "OPTIONS" => {}
        _ => return Verdict::Reply(Refusal::new(405, "method").with("Allow", ALLOW)),
    }
    if !dialled::is_served(uri) {
        return Verdict::Reply(Refusal::new(416, "uri_scheme"));
    }
    if let Some(refusal) = unsupported(fields).or_else(|| too_brief(method, fields, min_session_s)) {
        return Verdict::Reply(refusal);
    }
    if method == "OPTIONS" {
        let able =
            Refusal::new(200, "options").with("Allow", ALLOW).with("Accept", ACCEPT).with("Supported", SUPPORTED.join(", "));
        return Verdict::Reply(able.with("Accept-Language", "id, en"));
    }
    match sdp::offer_in(fields, &message.body, &Terms::without_key(srtp)) {
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

    fn verdict(message: &Message) -> Verdict {
        judge(message, Srtp::Off, 90)
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
                match judge(&request("INVITE", "sip:112@h", &[], body), srtp, 90) {
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
    fn options_says_what_is_served() {
        let Verdict::Reply(able) = verdict(&request("OPTIONS", "sip:112@h", &[], "")) else { panic!("passed") };
        assert_eq!(able.code, 200);
        let names: Vec<_> = able.extra.iter().map(|(name, _)| *name).collect();
        assert_eq!(names, ["Allow", "Accept", "Supported", "Accept-Language"]);
    }
}
