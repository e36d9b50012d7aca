//! Offer and answer over the life of one leg (RFC 3264, RFC 6337). Pure: descriptions in, descriptions out.

use crate::message::Fields;
use crate::sdp::{self, Description, LocalAudio, RemoteAudio, SdpError};

/// What both sides said last.
#[derive(Debug, Default)]
pub(crate) struct Negotiation {
    local: Option<LocalAudio>,
    /// Version of our description, and the description.
    said: Option<(u64, String)>,
    /// The peer's offer that our next description answers.
    offered: Option<Description>,
    /// An offer of ours is under way; the answer comes in an ACK or a 2xx.
    asked: bool,
    remote: Option<RemoteAudio>,
}

impl Negotiation {
    /// For an INVITE received, with its offer if it has one.
    pub(crate) fn inbound(offer: Option<Description>) -> Self {
        let remote = offer.as_ref().map(|offer| offer.audio.clone());
        Negotiation { offered: offer, remote, ..Negotiation::default() }
    }

    /// For an INVITE to be sent; returns the offer for it.
    pub(crate) fn outbound(local: LocalAudio) -> (Self, String) {
        let mut talk = Negotiation { local: Some(local), ..Negotiation::default() };
        let offer = talk.ask(local);
        (talk, offer)
    }

    /// Whether the INVITE had an offer, so that early media can be answered.
    pub(crate) fn has_offer(&self) -> bool {
        self.offered.is_some()
    }

    /// Our description for 183 or 200: an answer, or an offer where the INVITE had none. The same twice when nothing changed.
    pub(crate) fn describe(&mut self, local: LocalAudio) -> String {
        self.local = Some(local);
        match &self.offered {
            Some(offered) => {
                let offered = offered.clone();
                self.say(|version| sdp::answer(&offered, local, version))
            }
            None => self.ask(local),
        }
    }

    fn ask(&mut self, local: LocalAudio) -> String {
        self.asked = true;
        self.say(|version| sdp::offer(local, version))
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
        if !std::mem::take(&mut self.asked) {
            return None;
        }
        let answer = sdp::offer_in(fields, body).ok().flatten()?;
        self.learn(answer.audio)
    }

    /// Takes a re-INVITE or UPDATE. Returns our description for its 200 (an UPDATE without offer needs none) and the remote audio if it changed.
    pub(crate) fn changed(
        &mut self,
        fields: &Fields,
        body: &[u8],
        is_invite: bool,
    ) -> Result<(Option<String>, Option<RemoteAudio>), SdpError> {
        // Before our own description there is nothing to change; the caller of this has refused such requests.
        let local = self.local.ok_or(SdpError::NoAudio)?;
        match sdp::offer_in(fields, body)? {
            Some(offer) => {
                let text = self.say(|version| sdp::answer(&offer, local, version));
                let audio = offer.audio.clone();
                self.offered = Some(offer);
                self.asked = false;
                Ok((Some(text), self.learn(audio)))
            }
            None if is_invite => Ok((Some(self.ask(local)), None)),
            None => Ok((None, None)),
        }
    }

    fn learn(&mut self, audio: RemoteAudio) -> Option<RemoteAudio> {
        let new = self.remote.as_ref() != Some(&audio);
        self.remote = Some(audio.clone());
        new.then_some(audio)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sdp::Direction;

    fn sdp(direction: &str) -> String {
        format!("v=0\r\nc=IN IP4 10.0.0.1\r\nm=audio 4000 RTP/AVP 8\r\na={direction}\r\n")
    }

    fn local() -> LocalAudio {
        LocalAudio { address: "192.0.2.1:20000".parse().unwrap(), session_id: 7 }
    }

    fn with_offer() -> Negotiation {
        Negotiation::inbound(sdp::offer_in(&Fields::default(), sdp("sendrecv").as_bytes()).unwrap())
    }

    #[test]
    fn early_media_and_the_answer_say_the_same() {
        let mut talk = with_offer();
        assert_eq!(talk.describe(local()), talk.describe(local()));
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
        let mut talk = Negotiation::inbound(None);
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
    fn an_unusable_change_leaves_the_session_as_it_was() {
        let mut talk = with_offer();
        let before = talk.describe(local());
        let video = b"v=0\r\nm=audio 4000 RTP/AVP 96\r\na=rtpmap:96 opus/48000/2\r\n";
        assert_eq!(talk.changed(&Fields::default(), video, true), Err(SdpError::NoAudio));
        assert_eq!(talk.describe(local()), before);
    }
}
