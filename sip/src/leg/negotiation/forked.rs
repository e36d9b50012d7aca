//! What the branches of a call of ours say of its sound, each for itself, until the 2xx of one of them is the answer (RFC 3261 section 13.2.2.4).

use super::super::branches::{Branch, Changed};
use super::{Negotiation, Turn, Unready};
use crate::message::Fields;
use crate::sdp::{self, Description, RemoteAudio, SdpError};

impl Negotiation {
    /// [`Negotiation::ready`] within one branch of a call of ours that is not answered: it may offer once it has answered our offer reliably.
    pub(crate) fn ready_in(&self, branch: &str) -> Result<(), Unready> {
        if self.branches.is_settled(branch) { Ok(()) } else { self.ready() }
    }

    /// Takes a provisional response to our INVITE from one branch. `Some`: it says where the call is to be heard already, and that is news. Each
    /// branch of a forked call says so for itself; the last word counts until the 2xx.
    pub(crate) fn early(&mut self, branch: &str, reliable: bool, fields: &Fields, body: &[u8]) -> Option<RemoteAudio> {
        if self.turn != Turn::Asked || self.branches.is_settled(branch) {
            return None;
        }
        let answer = self.answer_in(fields, body)?;
        self.heard_in(branch, answer, reliable, None)
    }

    fn heard_in(&mut self, branch: &str, answer: Description, settled: bool, changed: Option<Changed>) -> Option<RemoteAudio> {
        let audio = answer.audio.clone();
        let is_news =
            self.branches.put(branch, answer, settled, changed) && self.heard.replace(audio.clone()).as_ref() != Some(&audio);
        is_news.then_some(audio)
    }

    /// Takes the 2xx to our INVITE from one branch. Where it says nothing of its own, what a provisional response said is the answer, and so it is
    /// where that was reliable (RFC 3261 section 13.2.1). `None`: it has no audio.
    pub(crate) fn accepted(&mut self, branch: &str, fields: &Fields, body: &[u8]) -> Option<RemoteAudio> {
        if self.turn != Turn::Asked {
            return None;
        }
        self.turn = Turn::Settled;
        let mut ended = self.branches.end(branch);
        if let Some(Changed { said, offered }) = ended.as_mut().and_then(|branch| branch.changed.take()) {
            (self.said, self.offered) = (Some(said), Some(offered));
        }
        let answer = match (ended, sdp::offer_in(fields, body, &self.terms)) {
            (Some(Branch { answer, settled: true, .. }), _) | (Some(Branch { answer, .. }), Ok(None)) => answer,
            _ => self.answer_in(fields, body)?,
        };
        self.learn(answer);
        self.remote.clone()
    }

    /// Takes an UPDATE within a branch of a call of ours that is not answered (RFC 3311); as [`Negotiation::changed`].
    pub(crate) fn changed_in(
        &mut self,
        branch: &str,
        fields: &Fields,
        body: &[u8],
    ) -> Result<(Option<String>, Option<RemoteAudio>), SdpError> {
        let (turn, first) = (self.turn, (self.said.clone(), self.offered.clone()));
        let heard = (self.remote.clone(), self.text.clone(), self.text_types);
        if let Some(Changed { said, offered }) = self.branches.changed(branch).cloned() {
            (self.said, self.offered) = (Some(said), Some(offered));
        }
        let changed = self.changed(fields, body, false);
        // What the other branches may still answer is our first offer.
        let within = (std::mem::replace(&mut self.said, first.0), std::mem::replace(&mut self.offered, first.1));
        (self.remote, self.text, self.text_types) = heard;
        self.turn = turn;
        let (said, _) = changed?;
        let (Some(ours), Some(offered)) = within else { return Ok((said, None)) };
        if said.is_none() {
            return Ok((said, None));
        }
        let changed = Changed { said: ours, offered: offered.clone() };
        Ok((said, self.heard_in(branch, offered, true, Some(changed))))
    }
}
