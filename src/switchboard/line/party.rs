//! People who are called into a call: an agency, a mobile phone, the fallback number.

use super::arrangement::{Caller, Joins, Party, Reach};
use super::{Line, PartyEnd, Report, Wish, convert};
use crate::switchboard::reached::NO_WAY;
use dispatch::desk::HeardSide;
use dispatch::id::PartyId;
use std::collections::HashMap;
use uuid::Uuid;

/// The legs of the parties of one call.
#[derive(Default)]
pub(super) struct Parties(HashMap<PartyId, sip::LegId>);

impl Line {
    pub(super) async fn dial(&mut self, party: PartyId, number: String, routes: Vec<sip::TrunkName>, joins: Joins) {
        let media = party.0;
        let is_gone = self.room.standing.caller == Caller::Gone;
        let joins = if is_gone { Joins::Operator } else { joins };
        match self.plant.call_out(self.call, media, Wish { number, routes, with_text: false, callback: false }).await {
            Ok((leg, _)) => {
                self.parties.0.insert(party, leg);
                self.room.standing.parties.push(Party { id: party, media, joins, reach: Reach::Rings });
                if joins == Joins::Operator && !is_gone {
                    self.room.standing.caller = Caller::Held;
                }
                self.room.arrange_or_tell("nobody hears that a party rings").await;
                self.plant.report(Report::PartyDialled { call: self.call, party, leg }).await;
            }
            Err(error) => {
                tracing::error!(call = %self.call, %error, "a party cannot be called");
                // The caller was not put aside yet.
                let resumed = joins == Joins::Operator && self.room.standing.caller == Caller::Talking;
                let end = PartyEnd::NotReached(NO_WAY);
                self.plant.report(Report::PartyNotCalled { error }).await;
                self.plant.report(Report::PartyDown { call: self.call, party, end, resumed }).await;
            }
        }
    }

    pub(super) async fn party_answered(&mut self, id: PartyId, audio: &sip::RemoteAudio) {
        let Some(media) = self.room.standing.party(id).map(|party| party.media) else { return };
        if let Some(remote) = convert::remote_audio(audio) {
            self.plant.media.set_remote(media, remote).await;
        }
        let joined = self.room.change_in_any_case(|standing| {
            if standing.operator.is_none() {
                standing.caller = Caller::Talking;
            }
            if let Some(party) = standing.party(id) {
                party.reach = Reach::Answered;
            }
        });
        let joined = match joined.await {
            Ok(()) => self.answer().await,
            Err(error) => Err(error.to_string()),
        };
        match joined {
            Ok(()) => {
                let consulted = self.room.standing.party(id).is_some_and(|party| party.joins == Joins::Operator);
                self.plant.report(Report::PartyUp { call: self.call, party: id, consulted }).await;
            }
            Err(error) => {
                tracing::error!(call = %self.call, %error, "a party cannot be joined");
                self.party_gone(id, PartyEnd::Lost).await;
            }
        }
    }

    /// Whoever of the others is left goes on; a caller who would be alone waits again, with what was heard before.
    pub(super) async fn party_gone(&mut self, id: PartyId, end: PartyEnd) {
        let Some(at) = self.room.standing.parties.iter().position(|party| party.id == id) else { return };
        let party = self.room.standing.parties.remove(at);
        if let Some(leg) = self.parties.0.remove(&id) {
            self.plant.sip.hang_up(leg).await;
        }
        let company = self.room.standing.in_company();
        let resumed =
            self.room.standing.caller == Caller::Held && party.joins == Joins::Operator && !self.room.standing.consults();
        match self.room.standing.caller {
            Caller::Talking if self.room.standing.operator.is_none() && !company => {
                self.room.standing.caller = Caller::Waiting(self.waits_with);
            }
            Caller::Held if resumed => self.room.standing.caller = Caller::Talking,
            _ => {}
        }
        self.room.arrange_or_tell("who is left after a party went does not hear each other").await;
        self.close_party(&party).await;
        let end = match end {
            PartyEnd::HungUp | PartyEnd::Lost if !party.answered() => PartyEnd::NotReached(NO_WAY),
            end => end,
        };
        self.plant.report(Report::PartyDown { call: self.call, party: id, end, resumed }).await;
    }

    pub(super) async fn party_remote(&mut self, id: PartyId, audio: &sip::RemoteAudio) {
        if let (Some(party), Some(remote)) = (self.room.standing.party(id), convert::remote_audio(audio)) {
            let media = party.media;
            self.plant.media.set_remote(media, remote).await;
        }
    }

    pub(super) async fn drop_parties(&mut self) {
        for (_, leg) in std::mem::take(&mut self.parties.0) {
            self.plant.sip.hang_up(leg).await;
        }
        for party in std::mem::take(&mut self.room.standing.parties) {
            self.close_party(&party).await;
        }
    }

    /// Whoever never answered was not heard, whatever the carrier let be heard instead.
    async fn close_party(&mut self, party: &Party) {
        match party.answered() {
            true => self.close_heard(party.media, HeardSide::Party { party: party.id }).await,
            false => drop(self.plant.media.close(party.media).await),
        }
    }

    /// Closes a leg, and tells how it was heard.
    pub(super) async fn close_heard(&mut self, leg: Uuid, side: HeardSide) {
        if let Some(statistics) = self.plant.media.close(leg).await {
            self.plant.report(Report::WasHeard { call: self.call, side, statistics }).await;
        }
    }
}
