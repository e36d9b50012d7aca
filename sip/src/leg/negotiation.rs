//! Offer and answer over the life of one leg (RFC 3264, RFC 6337). Pure: descriptions in, descriptions out.

mod forked;

use super::branches::Branches;
use crate::config::Srtp;
use crate::message::Fields;
use crate::sdp::{
    self, Crypto, Description, Key, Keys, LocalMedia, LocalText, RemoteAudio, RemoteText, SdpError, SrtpKeys, SrtpSuite, Terms,
    TextStream, TextTypes,
};
use std::net::IpAddr;

/// What both sides said last.
#[derive(Debug)]
pub(crate) struct Negotiation {
    terms: Terms,
    /// Our address as the other side sees it, where that is another.
    public: Option<IpAddr>,
    /// Where the far end's voice was last, or else where its call came from: its family of addresses is the one that is told.
    far_end: Option<IpAddr>,
    /// Whether an offer of ours asks for encryption before anything is settled.
    secure: bool,
    local: Option<LocalMedia>,
    /// Version of our description, and the description.
    said: Option<(u64, String)>,
    /// The peer's offer that our next description answers.
    offered: Option<Description>,
    turn: Turn,
    /// Our offer to a caller who made none was answered ahead of the 2xx, in a PRACK.
    answered_early: bool,
    remote: Option<RemoteAudio>,
    /// The answer as provisional responses gave it ahead of the 2xx.
    branches: Branches,
    /// Where it was said last that a call of ours is heard before its answer.
    heard: Option<RemoteAudio>,
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
    /// An offer of ours is under way; the answer comes in an ACK, a PRACK or a 2xx.
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
            far_end: None,
            secure,
            local: None,
            said: None,
            offered: None,
            turn,
            answered_early: false,
            remote: None,
            branches: Branches::default(),
            heard: None,
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
        let far_end = remote.as_ref().and_then(place);
        let secure = terms.srtp == Srtp::Required;
        Negotiation { offered: offer, remote, far_end, text, text_types, ..Negotiation::new(terms, secure) }
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

    /// The INVITE came from this address.
    pub(crate) fn across(mut self, peer: IpAddr) -> Self {
        self.far_end = self.far_end.or(Some(peer));
        self
    }

    /// Whether the INVITE had an offer, so that early media can be answered.
    pub(crate) fn has_offer(&self) -> bool {
        self.offered.is_some()
    }

    /// Our description for 183 or 200: an answer, or an offer where the INVITE had none. The same twice when nothing changed;
    /// once settled it stays as it was said, since only a new offer can change it, and so does an offer that waits for its answer.
    pub(crate) fn describe(&mut self, local: LocalMedia) -> String {
        if let (Turn::Asked | Turn::Settled, Some((_, text))) = (self.turn, &self.said) {
            return text.clone();
        }
        self.take(local);
        match &self.offered {
            Some(offered) => {
                let (offered, own, local) = (offered.clone(), self.terms.own, self.shown(local));
                self.say(|version| sdp::answer(&offered, local, own, version))
            }
            None => self.ask(local),
        }
    }

    /// Our description for the 2xx to the INVITE. `None`: our offer is answered already, and a response to the INVITE makes no other (RFC 3261
    /// section 13.2.1).
    pub(crate) fn conclude(&mut self, local: LocalMedia) -> Option<String> {
        (!self.answered_early).then(|| self.describe(local))
    }

    /// Whether an offer of ours went out ahead of the 2xx: it is made once.
    pub(crate) fn has_asked(&self) -> bool {
        self.answered_early || self.turn == Turn::Asked
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
        let suite = |srtp: Option<SrtpKeys>| srtp.map(|keys| keys.suite);
        let voice = self.remote.as_ref().map_or(self.secure.then(SrtpSuite::default), |remote| suite(remote.srtp));
        let text = self.text.as_ref().map_or(voice, |text| suite(text.srtp));
        let own = self.terms.own;
        let keys = Keys {
            voice: voice.map(|suite| Crypto::offer(suite, own)),
            text: text.map(|suite| Crypto::offer(suite, own.of_text())),
        };
        let (local, types, before) = (self.shown(local), self.text_types, self.offered.clone());
        self.say(|version| sdp::offer(local, keys, types, before.as_ref(), version))
    }

    /// As the far end is to see it.
    fn shown(&self, local: LocalMedia) -> LocalMedia {
        let local = local.seen_at(self.public);
        self.far_end.map_or(local, |far_end| local.towards(far_end))
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

    /// Takes the body of an ACK or a 2xx. `Some`: it answers our offer and says something new.
    pub(crate) fn answered(&mut self, fields: &Fields, body: &[u8]) -> Option<RemoteAudio> {
        if self.turn != Turn::Asked {
            return None;
        }
        self.turn = Turn::Settled;
        let answer = self.answer_in(fields, body)?;
        self.learn(answer)
    }

    /// Takes the body of a PRACK that answers the offer in a response to the INVITE (RFC 3262 section 5).
    pub(crate) fn answered_early(&mut self, fields: &Fields, body: &[u8]) -> Option<RemoteAudio> {
        if self.turn != Turn::Asked {
            return None;
        }
        // With one that cannot be taken our offer stands, and the 2xx repeats it.
        let answer = self.answer_in(fields, body)?;
        self.turn = Turn::Settled;
        self.answered_early = true;
        self.learn(answer)
    }

    /// What answers our offer, as far as it is an answer to that: text in clear is none to encrypted text (RFC 3264 section 6), nor is a suite that
    /// we did not name (RFC 4568 section 5.1.3).
    fn answer_in(&self, fields: &Fields, body: &[u8]) -> Option<Description> {
        let mut answer = sdp::offer_in(fields, body, &self.terms).ok().flatten()?;
        let named = |crypto: Option<Crypto>| {
            let is_in = |offer: &str| crypto.is_none_or(|crypto| offer.contains(crypto.suite.name()));
            self.said().is_none_or(is_in)
        };
        if !named(answer.crypto) {
            return None;
        }
        answer.text = answer.text.filter(|text| named(text.crypto));
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
                let (own, local) = (self.terms.own, self.shown(local));
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
        self.far_end = place(&audio).or(self.far_end);
        let new = self.remote.as_ref() != Some(&audio);
        self.remote = Some(audio.clone());
        new.then_some(audio)
    }
}

/// Where voice is, if that is named.
fn place(audio: &RemoteAudio) -> Option<IpAddr> {
    Some(audio.address.ip()).filter(|ip| !ip.is_unspecified())
}

#[cfg(test)]
#[path = "negotiation_tests.rs"]
mod tests;
