//! What a call of ours lets be heard before it is answered: the carrier's own ringing, or an announcement that says why nobody will answer.
//!
//! Until something is really heard our own ringing goes on (RFC 3960 section 3.2): many carriers describe what they never send.

use super::arrangement::{Caller, Party, Reach, Sound};
use super::{Line, convert};
use dispatch::id::PartyId;

impl Line {
    pub(super) async fn early(&mut self, of: Option<PartyId>, audio: Option<&sip::RemoteAudio>) {
        let Some(party) = of else { return self.call_early(audio).await };
        let Some(Party { media, reach, .. }) = self.room.standing.party(party) else { return };
        *reach = match (*reach, audio) {
            (Reach::Answered, _) => return,
            (_, None) => Reach::Rings,
            (Reach::Early, Some(_)) => Reach::Early,
            (Reach::Rings | Reach::Described, Some(_)) => Reach::Described,
        };
        let media = *media;
        match audio.and_then(convert::remote_audio) {
            Some(remote) => self.plant.media.set_remote(media, remote).await,
            None => self.plant.media.await_first(media).await,
        }
        self.room.arrange_or_tell("a party is not heard before it answers").await;
    }

    async fn call_early(&mut self, audio: Option<&sip::RemoteAudio>) {
        if self.answered {
            return;
        }
        match audio {
            Some(audio) => self.remote(audio).await,
            None => {
                self.heard = false;
                self.plant.media.await_first(self.call.0).await;
            }
        }
        self.room.standing.caller = match audio {
            Some(_) if self.heard => Caller::Early,
            Some(_) => Caller::Waiting(Sound::Hush),
            None => Caller::Waiting(Sound::Silence),
        };
        self.room.arrange_or_tell("a call is not heard before it is answered").await;
    }

    pub(super) async fn heard(&mut self, of: Option<PartyId>) {
        match of.map(|party| self.room.standing.party(party)) {
            Some(Some(Party { reach: reach @ (Reach::Rings | Reach::Described), .. })) => *reach = Reach::Early,
            Some(_) => return,
            None => {
                self.heard = true;
                if self.answered {
                    return;
                }
                self.room.standing.caller = Caller::Early;
            }
        }
        self.room.arrange_or_tell("what is heard before the answer does not reach the operator").await;
    }
}
