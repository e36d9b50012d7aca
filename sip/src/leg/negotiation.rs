//! Offer and answer over the life of one leg (RFC 3264, RFC 6337). Pure: descriptions in, descriptions out.

use crate::config::Srtp;
use crate::message::Fields;
use crate::sdp::{self, Description, Key, Keys, LocalMedia, LocalText, RemoteAudio, RemoteText, SdpError, Terms, TextStream, TextTypes};
use std::net::IpAddr;

/// What both sides said last.
#[derive(Debug)]
pub(crate) struct Negotiation {
    terms: Terms,
    /// Our address as the other side sees it, where that is another.
    public: Option<IpAddr>,
    /// Whether an offer of ours asks for encryption before anything is settled.
    secure: bool,
    local: Option<LocalMedia>,
    /// Version of our description, and the description.
    said: Option<(u64, String)>,
    /// The peer's offer that our next description answers.
    offered: Option<Description>,
    turn: Turn,
    remote: Option<RemoteAudio>,
    /// The answer as a provisional response gave it ahead of the 2xx.
    early: Option<Description>,
    text: Option<RemoteText>,
    /// By what text is known, as the other side has it.
    text_types: TextTypes,
    /// `text` is other than what was told last.
    text_is_news: bool,
}

/// Whose move it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
enum Turn {
    /// The INVITE's offer is not answered yet in a message that surely arrives, or ours is still to be made.
    #[default]
    Open,
    /// An offer of ours is under way; the answer comes in an ACK or a 2xx.
    Asked,
    /// Either side may offer.
    Settled,
}

/// Why an offer cannot be taken now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Unready {
    /// Before the INVITE's own exchange is done.
    Open,
    /// Glare: an offer of ours is not answered.
    Asked,
}

impl Negotiation {
    fn new(terms: Terms, secure: bool) -> Self {
        let turn = Turn::Open;
        Negotiation {
            terms,
            public: None,
            secure,
            local: None,
            said: None,
            offered: None,
            turn,
            remote: None,
            early: None,
            text: None,
            text_types: TextTypes::default(),
            text_is_news: false,
        }
    }

    /// For an INVITE received, with its offer if it has one. Where it has none, plain voice is offered unless that is forbidden: it is taken by
    /// every caller.
    pub(crate) fn inbound(offer: Option<Description>, terms: Terms) -> Self {
        let remote = offer.as_ref().map(|offer| offer.audio.clone());
        let text = offer.as_ref().and_then(|offer| offer.text.as_ref()).map(|text| text.remote.clone());
        let text_types = text.as_ref().map(TextTypes::from).unwrap_or_default();
        Negotiation { offered: offer, remote, text, text_types, ..Negotiation::new(terms, terms.srtp == Srtp::Required) }
    }

    /// For an INVITE to be sent; returns the offer for it.
    pub(crate) fn outbound(local: LocalMedia, terms: Terms) -> (Self, String) {
        let mut talk = Negotiation::new(terms, terms.srtp != Srtp::Off);
        let offer = talk.ask(local);
        (talk, offer)
    }

    /// The other side sees us at this address. The offer of a call of ours is made of [`LocalMedia::seen_at`] already.
    pub(crate) fn seen_at(mut self, public: Option<IpAddr>) -> Self {
        self.public = public;
        self
    }

    /// Whether the INVITE had an offer, so that early media can be answered.
    pub(crate) fn has_offer(&self) -> bool {
        self.offered.is_some()
    }

    /// Our description for 183 or 200: an answer, or an offer where the INVITE had none. The same twice when nothing changed;
    /// once settled it stays as it was said, since only a new offer can change it.
    pub(crate) fn describe(&mut self, local: LocalMedia) -> String {
        if let (Turn::Settled, Some((_, text))) = (self.turn, &self.said) {
            return text.clone();
        }
        self.take(local);
        match &self.offered {
            Some(offered) => {
                let (offered, own, local) = (offered.clone(), self.terms.own, local.seen_at(self.public));
                self.say(|version| sdp::answer(&offered, local, own, version))
            }
            None => self.ask(local),
        }
    }

    /// Our answer went out in a message that is repeated until it is acknowledged: a reliable 183, or a 2xx.
    pub(crate) fn settle(&mut self) {
        if self.turn == Turn::Open && self.offered.is_some() {
            self.turn = Turn::Settled;
        }
    }

    /// Whether an offer can be taken or made (RFC 3261 section 14.2, RFC 3311 section 5.2).
    pub(crate) fn ready(&self) -> Result<(), Unready> {
        match self.turn {
            Turn::Open => Err(Unready::Open),
            Turn::Asked => Err(Unready::Asked),
            Turn::Settled => Ok(()),
        }
    }

    /// Our newest description.
    pub(crate) fn said(&self) -> Option<&str> {
        self.said.as_ref().map(|(_, text)| text.as_str())
    }

    /// What we said last, as an offer that changes nothing. `None`: it is not our turn.
    pub(crate) fn repeat(&mut self) -> Option<String> {
        self.ready().ok()?;
        let (_, text) = self.said.as_ref()?;
        self.turn = Turn::Asked;
        Some(text.clone())
    }

    /// Our offer was refused; the session stays as it was.
    pub(crate) fn withdraw(&mut self) {
        if self.turn == Turn::Asked {
            self.turn = Turn::Settled;
        }
    }

    fn ask(&mut self, local: LocalMedia) -> String {
        self.take(local);
        self.turn = Turn::Asked;
        // What is encrypted stays so, and what is not as well.
        let secure = self.remote.as_ref().map_or(self.secure, |remote| remote.srtp.is_some());
        let secure_text = self.text.as_ref().map_or(secure, |text| text.srtp.is_some());
        let own = self.terms.own;
        let keys = Keys { voice: secure.then_some(own), text: secure_text.then_some(own) };
        let (local, types, before) = (local.seen_at(self.public), self.text_types, self.offered.clone());
        self.say(|version| sdp::offer(local, keys, types, before.as_ref(), version))
    }

    fn take(&mut self, local: LocalMedia) {
        self.local = Some(local.seen_at(self.public));
        if let Some(keys) = local.audio.srtp {
            self.terms.own = Key(keys.send);
        }
    }

    /// Keeps the version while the words stay the same (RFC 3264 section 8).
    fn say(&mut self, words: impl Fn(u64) -> String) -> String {
        let text = match &self.said {
            Some((version, before)) if words(*version) == *before => before.clone(),
            Some((version, _)) => words(version + 1),
            None => words(1),
        };
        let version = self.said.as_ref().map_or(1, |(version, before)| version + u64::from(*before != text));
        self.said = Some((version, text.clone()));
        text
    }

    /// Takes a provisional response to our INVITE. `Some`: it says where the call is to be heard already, and that is news. Each branch of a forked
    /// call says so for itself; the last word counts until the 2xx.
    pub(crate) fn early(&mut self, fields: &Fields, body: &[u8]) -> Option<RemoteAudio> {
        if self.turn != Turn::Asked {
            return None;
        }
        let answer = self.answer_in(fields, body)?;
        let audio = answer.audio.clone();
        let known = self.early.replace(answer);
        (known.map(|known| known.audio).as_ref() != Some(&audio)).then_some(audio)
    }

    /// Takes the 2xx to our INVITE. Where it says nothing of its own, what a provisional response said is the answer (RFC 3261 section 13.2.1).
    pub(crate) fn accepted(&mut self, fields: &Fields, body: &[u8]) -> Option<RemoteAudio> {
        let early = self.early.take();
        match sdp::offer_in(fields, body, &self.terms) {
            Ok(None) if self.turn == Turn::Asked => {
                self.turn = Turn::Settled;
                self.learn(early?)
            }
            _ => self.answered(fields, body),
        }
    }

    /// Takes the body of an ACK or a 2xx. `Some`: it answers our offer and says something new.
    pub(crate) fn answered(&mut self, fields: &Fields, body: &[u8]) -> Option<RemoteAudio> {
        if self.turn != Turn::Asked {
            return None;
        }
        self.turn = Turn::Settled;
        let answer = self.answer_in(fields, body)?;
        self.learn(answer)
    }

    /// What answers our offer, as far as it is an answer to that: text in clear is none to encrypted text (RFC 3264 section 6).
    fn answer_in(&self, fields: &Fields, body: &[u8]) -> Option<Description> {
        let mut answer = sdp::offer_in(fields, body, &self.terms).ok().flatten()?;
        let declined = |line: &str| line.starts_with("m=text 0 ");
        let asks_secret = |line: &str| line.starts_with("m=text ") && line.contains(" RTP/SAVP") && !declined(line);
        if self.said.as_ref().is_some_and(|(_, offer)| offer.lines().any(asks_secret)) {
            answer.text = answer.text.filter(|text| text.crypto.is_some());
        }
        Some(answer)
    }

    /// Takes a re-INVITE or UPDATE. Returns our description for its 200 (an UPDATE without offer needs none) and the remote audio if it changed.
    pub(crate) fn changed(
        &mut self,
        fields: &Fields,
        body: &[u8],
        is_invite: bool,
    ) -> Result<(Option<String>, Option<RemoteAudio>), SdpError> {
        let offer = sdp::offer_in(fields, body, &self.terms)?;
        if offer.is_none() && !is_invite {
            return Ok((None, None));
        }
        // Before our own description there is nothing to change; the caller of this has refused such requests.
        let local = self.local.ok_or(SdpError::NoAudio)?;
        match offer {
            Some(mut offer) => {
                // What has been encrypted does not go on in clear where everything is to be encrypted.
                let was_secret = self.text.as_ref().is_some_and(|text| text.srtp.is_some());
                let in_clear = |text: &TextStream| text.crypto.is_none();
                if self.terms.srtp == Srtp::Required && was_secret && offer.text.as_ref().is_some_and(in_clear) {
                    offer.text = None;
                }
                let own = self.terms.own;
                let text = self.say(|version| sdp::answer(&offer, local, own, version));
                self.offered = Some(offer.clone());
                self.turn = Turn::Settled;
                Ok((Some(text), self.learn(offer)))
            }
            None => Ok((Some(self.ask(local)), None)),
        }
    }

    /// Whether this has an offer, if only an unusable one. An UPDATE may have another body, for example where the caller is.
    pub(crate) fn is_offered(&self, fields: &Fields, body: &[u8]) -> bool {
        !matches!(sdp::offer_in(fields, body, &self.terms), Ok(None))
    }

    /// Whether this offers real-time text that would be declined, because nobody has said where it goes.
    pub(crate) fn lacks_place(&self, fields: &Fields, body: &[u8]) -> bool {
        let offers =
            || sdp::offer_in(fields, body, &self.terms).is_ok_and(|offer| offer.is_some_and(|offer| offer.text.is_some()));
        self.local.is_some_and(|local| local.text.is_none()) && offers()
    }

    /// From the next description on, real-time text has a place.
    pub(crate) fn place(&mut self, text: LocalText) {
        self.local = self.local.map(|local| local.with_text(text).seen_at(self.public));
        // What was declined before is news when it is taken.
        self.text = None;
    }

    /// The remote side's real-time text, once after each change of it.
    pub(crate) fn text_changed(&mut self) -> Option<Option<RemoteText>> {
        std::mem::take(&mut self.text_is_news).then(|| self.text.clone())
    }

    fn learn(&mut self, description: Description) -> Option<RemoteAudio> {
        let Description { audio, text, .. } = description;
        let text = text.map(|text| text.remote);
        self.text_is_news |= self.text != text;
        self.text_types = text.as_ref().map_or(self.text_types, TextTypes::from);
        self.text = text;
        let new = self.remote.as_ref() != Some(&audio);
        self.remote = Some(audio.clone());
        new.then_some(audio)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sdp::{Direction, LocalAudio};

    const TERMS: Terms = Terms { srtp: Srtp::Off, own: Key([4; 30]) };

    fn sdp(direction: &str) -> String {
        format!("v=0\r\nc=IN IP4 10.0.0.1\r\nm=audio 4000 RTP/AVP 8\r\na={direction}\r\n")
    }

    fn local() -> LocalMedia {
        LocalAudio { address: "192.0.2.1:20000".parse().unwrap(), session_id: 7, srtp: None }.into()
    }

    fn with_offer() -> Negotiation {
        Negotiation::inbound(sdp::offer_in(&Fields::default(), sdp("sendrecv").as_bytes(), &TERMS).unwrap(), TERMS)
    }

    #[test]
    fn early_media_and_the_answer_say_the_same() {
        let mut talk = with_offer();
        assert_eq!(talk.describe(local()), talk.describe(local()));
    }

    #[test]
    fn behind_a_nat_the_address_is_told_that_the_other_side_sees() {
        let public = Some("198.51.100.9".parse().unwrap());
        let mut talk = with_offer().seen_at(public);
        let text = LocalText { address: "192.0.2.1:20002".parse().unwrap() };
        let answer = talk.describe(local().with_text(text));
        assert!(
            answer.contains("c=IN IP4 198.51.100.9") && answer.contains("m=audio 20000") && !answer.contains("192.0.2.1"),
            "{answer}"
        );
        let (again, _) = talk.changed(&Fields::default(), sdp("sendonly").as_bytes(), true).unwrap();
        assert!(again.unwrap().contains("c=IN IP4 198.51.100.9"));
        let (_, offer) = Negotiation::outbound(local().seen_at(public), TERMS);
        assert!(offer.contains("c=IN IP4 198.51.100.9") && !offer.contains("192.0.2.1"), "{offer}");
        let other_family = Some("2001:db8::9".parse().unwrap());
        assert!(with_offer().seen_at(other_family).describe(local()).contains("c=IN IP4 192.0.2.1"));
    }

    #[test]
    fn an_offer_is_taken_once_the_first_exchange_is_done_and_never_across_one_of_ours() {
        let mut talk = with_offer();
        assert_eq!((talk.ready(), talk.repeat()), (Err(Unready::Open), None));
        let said = talk.describe(local());
        assert_eq!(talk.ready(), Err(Unready::Open), "an unreliable 183 may be lost");
        talk.settle();
        let other = LocalAudio { session_id: 8, ..local().audio }.into();
        assert_eq!((talk.ready(), talk.describe(other)), (Ok(()), said.clone()), "settled is settled");
        assert_eq!(talk.repeat(), Some(said.clone()), "no word and no version changes");
        assert_eq!((talk.ready(), talk.repeat()), (Err(Unready::Asked), None));
        talk.withdraw();
        assert_eq!(talk.repeat(), Some(said));
        assert!(talk.answered(&Fields::default(), sdp("inactive").as_bytes()).is_some());
        assert_eq!(talk.ready(), Ok(()));
    }

    #[test]
    fn without_an_offer_nothing_is_settled_before_the_answer_to_ours() {
        let mut talk = Negotiation::inbound(None, TERMS);
        talk.settle();
        assert_eq!(talk.ready(), Err(Unready::Open));
        talk.describe(local());
        talk.settle();
        assert_eq!(talk.ready(), Err(Unready::Asked));
    }

    #[test]
    fn a_hold_is_answered_and_told_once_and_the_version_grows() {
        let mut talk = with_offer();
        assert!(talk.describe(local()).contains("o=- 7 1 "));
        let (text, audio) = talk.changed(&Fields::default(), sdp("sendonly").as_bytes(), true).unwrap();
        let text = text.unwrap();
        assert!(text.contains("o=- 7 2 ") && text.contains("a=recvonly"), "{text}");
        assert_eq!(audio.unwrap().direction, Direction::SendOnly);
        let (again, nothing) = talk.changed(&Fields::default(), sdp("sendonly").as_bytes(), true).unwrap();
        assert_eq!((again, nothing), (Some(text), None));
    }

    #[test]
    fn without_an_offer_ours_goes_out_and_the_ack_answers() {
        let mut talk = Negotiation::inbound(None, TERMS);
        assert!(talk.describe(local()).contains("RTP/AVP 8 0 101"));
        assert!(talk.answered(&Fields::default(), sdp("sendrecv").as_bytes()).is_some());
        assert_eq!(talk.answered(&Fields::default(), sdp("sendonly").as_bytes()), None, "a second answer is not expected");
    }

    #[test]
    fn an_empty_reinvite_is_offered_to_and_an_empty_update_is_not() {
        let mut talk = with_offer();
        talk.describe(local());
        assert_eq!(talk.changed(&Fields::default(), b"", false), Ok((None, None)));
        let (offer, _) = talk.changed(&Fields::default(), b"", true).unwrap();
        assert!(offer.unwrap().contains("RTP/AVP 8 0 101"));
        assert_eq!(talk.answered(&Fields::default(), sdp("inactive").as_bytes()).unwrap().direction, Direction::Inactive);
    }

    #[test]
    fn text_that_comes_and_goes_is_answered_and_told_once() {
        let with_text = format!("{}m=text 4002 RTP/AVP 98\r\na=rtpmap:98 t140/1000\r\n", sdp("sendrecv"));
        let mut talk = with_offer();
        talk.describe(local().with_text(LocalText { address: "192.0.2.1:20002".parse().unwrap() }));
        talk.settle();
        assert_eq!(talk.text_changed(), None);
        let (answer, _) = talk.changed(&Fields::default(), with_text.as_bytes(), true).unwrap();
        assert!(answer.unwrap().contains("m=text 20002 RTP/AVP 98"));
        assert_eq!(talk.text_changed().flatten().map(|text| text.address.port()), Some(4002));
        assert_eq!(talk.text_changed(), None);
        talk.changed(&Fields::default(), sdp("sendrecv").as_bytes(), true).unwrap();
        assert_eq!(talk.text_changed(), Some(None));
    }

    #[test]
    fn our_offers_know_text_by_the_other_sides_payload_types() {
        let theirs = "m=text 4002 RTP/AVP 106 105\r\na=rtpmap:105 t140/1000\r\na=rtpmap:106 red/1000\r\na=fmtp:106 105/105\r\n";
        let with_theirs = format!("{}{theirs}", sdp("sendrecv"));
        let asked = |talk: &mut Negotiation| talk.changed(&Fields::default(), b"", true).unwrap().0.unwrap();
        let is_theirs = |said: &str| said.contains("m=text 20002 RTP/AVP 106 105\r\n") && said.contains("a=fmtp:106 105/105/105\r\n");

        let offer = sdp::offer_in(&Fields::default(), with_theirs.as_bytes(), &TERMS).unwrap();
        let mut talk = Negotiation::inbound(offer, TERMS);
        talk.describe(with_text());
        talk.settle();
        assert!(is_theirs(&asked(&mut talk)), "it was their offer");

        let mut talk = Negotiation::inbound(None, TERMS);
        assert!(talk.describe(with_text()).contains("m=text 20002 RTP/AVP 99 98\r\n"));
        talk.answered(&Fields::default(), with_theirs.as_bytes());
        assert!(is_theirs(&asked(&mut talk)), "it was their answer");
        talk.answered(&Fields::default(), sdp("sendrecv").as_bytes());
        assert!(is_theirs(&asked(&mut talk)), "and they have no text now");
    }

    #[test]
    fn an_unusable_change_leaves_the_session_as_it_was() {
        let mut talk = with_offer();
        let before = talk.describe(local());
        let video = b"v=0\r\nm=audio 4000 RTP/AVP 96\r\na=rtpmap:96 opus/48000/2\r\n";
        assert_eq!(talk.changed(&Fields::default(), video, true), Err(SdpError::NoAudio));
        assert_eq!(talk.describe(local()), before);
    }

    fn secure(port: u16, key: char) -> String {
        let key = key.to_string().repeat(40);
        format!("v=0\r\nc=IN IP4 10.0.0.1\r\nm=audio {port} RTP/SAVP 8\r\na=crypto:3 AES_CM_128_HMAC_SHA1_80 inline:{key}\r\n")
    }

    #[test]
    fn an_encrypted_call_keeps_our_key_and_follows_the_callers() {
        let terms = Terms { srtp: Srtp::Offered, own: Key([4; 30]) };
        let offer = sdp::offer_in(&Fields::default(), secure(4000, 'A').as_bytes(), &terms).unwrap();
        assert_eq!(offer.as_ref().unwrap().audio.srtp.unwrap().receive, [0; 30]);
        let mut talk = Negotiation::inbound(offer, terms);
        let ours = "a=crypto:3 AES_CM_128_HMAC_SHA1_80 inline:BAQEBAQE";
        assert!(talk.describe(local()).contains(ours));
        let (text, audio) = talk.changed(&Fields::default(), secure(4002, '/').as_bytes(), true).unwrap();
        assert!(text.unwrap().contains(ours));
        let keys = audio.unwrap().srtp.unwrap();
        assert_eq!((keys.send, keys.receive), ([4; 30], [255; 30]));
        let (offer, _) = talk.changed(&Fields::default(), b"", true).unwrap();
        assert!(offer.unwrap().contains("RTP/SAVP"), "an offer of ours stays encrypted");
    }

    #[test]
    fn without_an_offer_plain_voice_is_offered_unless_encryption_is_required() {
        for (srtp, expected) in [(Srtp::Off, "RTP/AVP"), (Srtp::Offered, "RTP/AVP"), (Srtp::Required, "RTP/SAVP")] {
            let mut talk = Negotiation::inbound(None, Terms { srtp, own: Key([4; 30]) });
            assert!(talk.describe(local()).contains(expected), "{srtp:?}");
        }
    }

    #[test]
    fn what_is_heard_before_the_answer_is_told_once_and_stands_where_the_answer_says_nothing() {
        let (mut talk, _) = Negotiation::outbound(local(), TERMS);
        assert_eq!(talk.early(&Fields::default(), b""), None, "a plain 180");
        let early = talk.early(&Fields::default(), sdp("sendrecv").as_bytes()).unwrap();
        assert_eq!(talk.early(&Fields::default(), sdp("sendrecv").as_bytes()), None);
        assert_eq!(talk.ready(), Err(Unready::Asked), "it may still be said otherwise");
        assert_eq!(talk.accepted(&Fields::default(), b""), Some(early));
        assert_eq!(talk.ready(), Ok(()));

        let (mut talk, _) = Negotiation::outbound(local(), TERMS);
        talk.early(&Fields::default(), sdp("sendrecv").as_bytes()).unwrap();
        let other = sdp("sendrecv").replace("4000", "5000");
        assert_eq!(talk.accepted(&Fields::default(), other.as_bytes()).unwrap().address.port(), 5000);
        let (mut talk, _) = Negotiation::outbound(local(), TERMS);
        assert_eq!(talk.accepted(&Fields::default(), b""), None, "nothing was ever answered");
    }

    #[test]
    fn a_key_of_the_media_sides_own_is_the_one_that_is_said() {
        let terms = Terms { srtp: Srtp::Required, own: Key([4; 30]) };
        let keys = sdp::SrtpKeys { send: [1; 30], receive: [0; 30] };
        let (mut talk, offer) = Negotiation::outbound(LocalAudio { srtp: Some(keys), ..local().audio }.into(), terms);
        assert!(offer.contains("inline:AQEBAQEB"));
        let audio = talk.answered(&Fields::default(), secure(4000, 'A').as_bytes()).unwrap();
        assert_eq!(audio.srtp.unwrap().send, [1; 30]);
    }

    const SECRET_VOICE: &str =
        "m=audio 4000 RTP/SAVP 8\r\na=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:AQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEB\r\n";
    const SECRET_TEXT: &str = "m=text 4002 RTP/SAVP 98\r\na=rtpmap:98 t140/1000\r\na=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:AgICAgICAgICAgICAgICAgICAgICAgICAgICAgIC\r\n";
    const CLEAR_TEXT: &str = "m=text 4002 RTP/AVP 98\r\na=rtpmap:98 t140/1000\r\n";

    fn with_text() -> LocalMedia {
        local().with_text(LocalText { address: "192.0.2.1:20002".parse().unwrap() })
    }

    fn both(text: &str) -> String {
        format!("v=0\r\nc=IN IP4 10.0.0.1\r\n{SECRET_VOICE}{text}")
    }

    #[test]
    fn an_answer_in_clear_to_encrypted_text_is_no_text() {
        let terms = Terms { srtp: Srtp::Required, ..TERMS };
        let secret = |answer: &str| {
            let (mut talk, offer) = Negotiation::outbound(with_text(), terms);
            assert!(offer.contains("m=text 20002 RTP/SAVP "), "{offer}");
            talk.accepted(&Fields::default(), both(answer).as_bytes()).unwrap();
            talk.text.map(|text| text.srtp.is_some())
        };
        assert_eq!((secret(SECRET_TEXT), secret(CLEAR_TEXT)), (Some(true), None));
    }

    #[test]
    fn text_that_was_encrypted_does_not_go_on_in_clear_where_encryption_is_required() {
        for (srtp, goes_on) in [(Srtp::Required, false), (Srtp::Offered, true)] {
            let terms = Terms { srtp, ..TERMS };
            let offer = sdp::offer_in(&Fields::default(), both(SECRET_TEXT).as_bytes(), &terms).unwrap();
            let mut talk = Negotiation::inbound(offer, terms);
            assert!(talk.describe(with_text()).contains("m=text 20002 RTP/SAVP 98\r\n"));
            talk.settle();
            let (said, _) = talk.changed(&Fields::default(), both(CLEAR_TEXT).as_bytes(), true).unwrap();
            assert_eq!(said.unwrap().contains("m=text 20002 RTP/AVP 98\r\n"), goes_on, "{srtp:?}");
            assert_eq!(talk.text.is_some(), goes_on);
        }
    }

    #[test]
    fn an_answer_in_clear_to_what_we_repeat_of_encrypted_text_is_no_text() {
        let terms = Terms { srtp: Srtp::Offered, ..TERMS };
        let offer = sdp::offer_in(&Fields::default(), both(SECRET_TEXT).as_bytes(), &terms).unwrap();
        let mut talk = Negotiation::inbound(offer, terms);
        talk.describe(with_text());
        talk.settle();
        assert!(talk.repeat().unwrap().contains("m=text 20002 RTP/SAVP 98\r\n"));
        talk.answered(&Fields::default(), both(CLEAR_TEXT).as_bytes());
        assert_eq!(talk.text, None);
    }
}
