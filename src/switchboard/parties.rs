//! People whom operators call into a call, and fallback numbers.

use super::line::arrangement::Joins;
use super::line::{Order, PartyEnd};
use super::{Call, LegKind, Switchboard, now, reached, tick};
use crate::clock;
use dispatch::contract::{CallState, DialMode, EndedBy, Event, MonitorMode, PartyState, PartyView, Refusal};
use dispatch::desk::{DialledParty, Entry, PartyEnd as Left};
use dispatch::domain::queue::Input;
use dispatch::id::{CallId, PartyId, UserId};

/// Parties of one call at once. A room of the voice engine holds more, with the supervisors.
const MAX_PARTIES: usize = 6;

impl Switchboard {
    /// Calls somebody into the operator's call.
    pub(super) fn dial(
        &mut self,
        operator: UserId,
        call: CallId,
        number: &str,
        name: Option<String>,
        mode: DialMode,
    ) -> Result<PartyId, Refusal> {
        let number = self.dialable(number)?;
        if self.routes.is_empty() {
            return Err(Refusal::NoTrunk);
        }
        let found = self.held_by(operator, call)?;
        if !matches!(found.view.state, CallState::Active | CallState::Held) {
            return Err(Refusal::NotAnswered);
        }
        let mode = match mode {
            // Without a caller whoever is called in talks with the operator and all others at once.
            DialMode::Consult if found.view.caller_gone_at.is_some() => DialMode::Conference,
            mode => mode,
        };
        if found.view.parties.len() >= MAX_PARTIES {
            return Err(Refusal::TooManyParties);
        }
        let party = PartyId(clock::new_id());
        match mode {
            DialMode::Blind if found.view.caller_gone_at.is_some() => return Err(Refusal::CallerGone),
            // Whoever is in the call already would wait with the caller for somebody who may never come.
            DialMode::Blind if !found.view.parties.is_empty() => return Err(Refusal::TooManyParties),
            DialMode::Blind => self.queue.handle(tick(), Input::Transfer { operator, call })?,
            // The queue knows of the hold, so that a resume by the operator's hand is possible while the party rings.
            DialMode::Consult => self.queue.handle(tick(), Input::Hold { operator, call })?,
            DialMode::Conference => {}
        }
        let (who, at) = (self.who(operator), now());
        let dialled = DialledParty { call, party, number: number.clone(), name: name.clone(), mode, operator: who.clone(), at };
        self.journal.record(Entry::PartyDialled(dialled));
        self.show_party(call, PartyView { id: party, name, number: number.clone(), state: PartyState::Dialling, since: at });
        let joins = if mode == DialMode::Consult { Joins::Operator } else { Joins::Everybody };
        if mode == DialMode::Consult {
            self.silence_is_meant(call);
        }
        if mode == DialMode::Blind {
            self.journal.record(Entry::Transferred { call, party, operator: who, at });
        }
        self.order(call, Order::Dial { party, number, routes: self.routes.clone(), joins });
        Ok(party)
    }

    pub(super) fn merge(&mut self, operator: UserId, call: CallId) -> Result<(), Refusal> {
        let found = self.held_by(operator, call)?;
        if !found.view.parties.iter().any(|party| party.state == PartyState::Consulting) {
            return Err(Refusal::NotAnswered);
        }
        self.queue.handle(tick(), Input::Resume { operator, call })?;
        self.order(call, Order::Merge { operator });
        self.journal.record(Entry::Merged { call, operator: self.who(operator), at: now() });
        self.all_joined(call);
        Ok(())
    }

    pub(super) fn drop_party(&mut self, operator: UserId, call: CallId, party: PartyId) -> Result<(), Refusal> {
        let found = self.held_by(operator, call)?;
        if !found.view.parties.iter().any(|known| known.id == party) {
            return Err(Refusal::NoSuchParty);
        }
        self.order(call, Order::DropParty { party });
        Ok(())
    }

    /// The caller has left an operator who talks with others, or calls them.
    pub(super) fn go_on_without_caller(&mut self, call: CallId, by: EndedBy) {
        let at = now();
        self.end_text(call);
        self.misses_caller_no_more(call);
        self.order(call, Order::CallerGone);
        self.all_joined(call);
        let Some(found) = self.calls.get_mut(&call) else { return };
        found.view.caller_gone_at = Some(at);
        // Nobody who has hung up is followed.
        found.following = None;
        self.board.call(&found.view);
        self.journal.record(Entry::CallerGone { call, by, at });
    }

    /// The operator leaves caller and parties alone. Whoever still rings is let go: nobody waits for an answer there any more, and a caller
    /// whom all others have left would seem to be in company as long as it rings.
    pub(super) fn hand_over(&mut self, operator: UserId, call: CallId) -> Result<(), Refusal> {
        let found = self.held_by(operator, call)?;
        if !found.view.parties.iter().any(|party| matches!(party.state, PartyState::Consulting | PartyState::Joined)) {
            return Err(Refusal::NotAnswered);
        }
        let ringing = unanswered(&found.view.parties);
        self.queue.handle(tick(), Input::HandOver { operator, call })?;
        self.journal.record(Entry::HandedOver { call, operator: self.who(operator), at: now() });
        for (party, _) in ringing {
            self.order(call, Order::DropParty { party });
        }
        Ok(())
    }

    pub(super) fn prompt_silent(&mut self, operator: UserId, call: CallId) -> Result<(), Refusal> {
        let found = self.held_by(operator, call)?;
        if found.view.state != CallState::Active {
            return Err(Refusal::NotAnswered);
        }
        if found.view.caller_gone_at.is_some() {
            return Err(Refusal::CallerGone);
        }
        self.order(call, Order::PromptSilent);
        self.journal.record(Entry::SilentPrompt { call, operator: self.who(operator), at: now() });
        Ok(())
    }

    /// The fallback number is one telephone or a few; more calls to it would take the places of callers and reach nobody.
    pub(super) fn dial_fallback(&mut self, call: CallId, nth: usize) {
        let busy = self.calls.values().filter(|call| call.fallback.is_some()).count();
        let number = self.fallback.as_ref().and_then(|fallback| Some((fallback.numbers.get(nth)?.clone(), fallback)));
        let Some((number, fallback)) = number else { return self.told(Input::FallbackFailed { call }) };
        if busy >= fallback.calls {
            metrics::counter!("siaga_fallback_full_total").increment(1);
            self.limited("fallback");
            return self.told(Input::FallbackFailed { call });
        }
        let (party, routes) = (PartyId(clock::new_id()), fallback.routes.clone());
        if let Some(found) = self.calls.get_mut(&call) {
            found.fallback = Some(party);
            self.order(call, Order::Dial { party, number, routes, joins: Joins::Everybody });
        }
    }

    pub(super) fn cancel_fallback(&mut self, call: CallId) {
        if let Some(party) = self.calls.get_mut(&call).and_then(|found| found.fallback.take()) {
            self.order(call, Order::DropParty { party });
        }
    }

    /// Whom the call was to be given to let it ring too long.
    pub(super) fn cancel_ringing(&mut self, call: CallId) {
        let Some(found) = self.calls.get(&call) else { return };
        for (party, rang) in unanswered(&found.view.parties) {
            self.order(call, Order::PartyGone { party, end: PartyEnd::NotReached(reached::too_long(true, rang)) });
        }
    }

    /// The call, if this operator has it.
    pub(super) fn held_by(&self, operator: UserId, call: CallId) -> Result<&Call, Refusal> {
        if !self.seats.contains_key(&operator) {
            return Err(Refusal::NoShift);
        }
        let found = self.calls.get(&call).ok_or(Refusal::NoSuchCall)?;
        let holder = self.queue.call(call).and_then(|status| status.operator);
        if holder == Some(operator) { Ok(found) } else { Err(Refusal::TakenByAnother) }
    }

    pub(super) fn hear_party(&mut self, call: CallId, party: PartyId, event: sip::Event) {
        match event {
            sip::Event::OutboundRinging { trunk, .. } => {
                self.party_goes_over(call, party, trunk);
                self.change_party(call, party, PartyState::Ringing);
            }
            sip::Event::OutboundEarly { audio, .. } => self.order(call, Order::Early { of: Some(party), audio }),
            sip::Event::OutboundAnswered { trunk, audio, .. } => {
                self.party_goes_over(call, party, trunk);
                self.order(call, Order::PartyAnswered { party, audio });
            }
            sip::Event::Changed { audio, .. } => self.order(call, Order::PartyRemote { party, audio }),
            sip::Event::OutboundFailed { code, .. } => {
                let parties = self.calls.get(&call).map(|found| found.view.parties.as_slice()).unwrap_or_default();
                let rang = parties.iter().any(|known| known.id == party && known.state == PartyState::Ringing);
                let end = PartyEnd::NotReached(reached::failure(code, rang));
                self.order(call, Order::PartyGone { party, end });
            }
            sip::Event::Ended { by, .. } => {
                let end = if by == sip::EndedBy::RemoteBye { PartyEnd::HungUp } else { PartyEnd::Lost };
                self.order(call, Order::PartyGone { party, end });
            }
            _ => {}
        }
    }

    /// A party, or a fallback number, takes a line of this trunk.
    fn party_goes_over(&mut self, call: CallId, party: PartyId, trunk: sip::TrunkName) {
        let Some(found) = self.calls.get_mut(&call) else { return };
        if found.lines.insert(party, trunk.0.clone()).as_ref() != Some(&trunk.0) {
            self.show_lines(call);
        }
    }

    fn show_lines(&mut self, call: CallId) {
        if let Some(found) = self.calls.get_mut(&call) {
            found.view.other_lines = found.lines.values().cloned().collect();
            self.board.call(&found.view);
        }
    }

    /// A line says that a party has been called.
    pub(super) fn party_dialled(&mut self, call: CallId, party: PartyId, leg: sip::LegId) {
        if let Some(found) = self.calls.get(&call) {
            let is_fallback = found.fallback == Some(party);
            self.legs.insert(leg, (call, LegKind::Party(party)));
            if is_fallback {
                self.journal.record(Entry::FallbackDialled { call, at: now() });
            }
        }
        self.hear_early(leg);
    }

    /// A line says that a party talks.
    pub(super) fn party_up(&mut self, call: CallId, party: PartyId, consulted: bool) {
        let at = now();
        let Some(found) = self.calls.get_mut(&call) else { return };
        if found.fallback == Some(party) {
            found.view.answered_at.get_or_insert(at);
            self.journal.record(Entry::FallbackAnswered { call, at });
            return self.told(Input::FallbackAnswered { call });
        }
        // Who answers in the moment of being let go has left already, or was a fallback number and is shown nowhere.
        let Some(number) = number_of(&found.view.parties, party) else { return };
        self.journal.record(Entry::PartyJoined { call, party, number: Some(number), at });
        let aside = consulted && found.view.caller_gone_at.is_none();
        self.change_party(call, party, if aside { PartyState::Consulting } else { PartyState::Joined });
        self.is_to_be_heard(call);
        self.told(Input::TransferAnswered { call });
        if let Some(operator) = self.calls.get(&call).and_then(|found| found.view.operator).filter(|_| consulted) {
            self.consulted_by_phone(operator);
        }
    }

    /// A line says that a party is gone, or was never reached.
    pub(super) fn party_down(&mut self, call: CallId, party: PartyId, end: PartyEnd, resumed: bool) {
        self.legs.retain(|_, (of, kind)| *of != call || *kind != LegKind::Party(party));
        if self.calls.get_mut(&call).is_some_and(|found| found.lines.remove(&party).is_some()) {
            self.show_lines(call);
        }
        let Some(found) = self.calls.get_mut(&call) else { return };
        // A supervisor who has joined is still with the caller: it is not over because somebody else hung up.
        let is_over = end == PartyEnd::HungUp && !found.view.monitors.iter().any(|monitor| monitor.mode == MonitorMode::Barge);
        if found.fallback == Some(party) {
            found.fallback = None;
            return match end {
                PartyEnd::HungUp if is_over => self.told(Input::FallbackHungUp { call }),
                // The queue asked for it itself.
                PartyEnd::Dropped => {}
                PartyEnd::HungUp | PartyEnd::NotReached(_) | PartyEnd::Lost => {
                    self.journal.record(Entry::FallbackFailed { call, at: now() });
                    self.told(Input::FallbackFailed { call });
                }
            };
        }
        let Some(left) = found.view.parties.iter().find(|known| known.id == party).cloned() else { return };
        self.change_parties(call, |parties| parties.retain(|known| known.id != party));
        let Some(found) = self.calls.get(&call) else { return };
        let (why, failure) = match end {
            PartyEnd::HungUp => (Left::HungUp, None),
            PartyEnd::NotReached(failure) => (Left::NotAnswered, Some(failure)),
            PartyEnd::Dropped => (Left::Dropped, None),
            PartyEnd::Lost => (Left::Lost, None),
        };
        let (alone, operator) = (found.view.parties.is_empty(), found.view.operator);
        self.misses_no_more(call, &left);
        self.journal.record(Entry::PartyLeft { call, party, why, failure, at: now() });
        if let (Some(operator), Some(failure)) = (operator, failure) {
            let party = left.name.unwrap_or(left.number);
            self.board.tell(operator, Event::PartyUnreached { call, party, why: failure.why });
        }
        if let Some(operator) = operator {
            self.consulted_no_more(operator, party);
        }
        if let Some(operator) = operator.filter(|_| resumed) {
            self.told(Input::Resume { operator, call });
        }
        if let Some(operator) = operator {
            self.may_still_hold(operator, call);
        }
        if !alone {
            return;
        }
        self.told(Input::PartyGone { call, hung_up: is_over });
    }

    /// Whoever was consulted hears the caller from now on.
    pub(super) fn all_joined(&mut self, call: CallId) {
        let consulted = |party: &PartyView| party.state == PartyState::Consulting;
        if !self.calls.get(&call).is_some_and(|found| found.view.parties.iter().any(consulted)) {
            return;
        }
        self.change_parties(call, |parties| {
            for party in parties.iter_mut().filter(|party| consulted(party)) {
                party.state = PartyState::Joined;
                party.since = now();
            }
        });
    }

    fn show_party(&mut self, call: CallId, party: PartyView) {
        self.change_parties(call, |parties| parties.push(party));
    }

    fn change_party(&mut self, call: CallId, party: PartyId, state: PartyState) {
        self.change_parties(call, |parties| {
            if let Some(known) = parties.iter_mut().find(|known| known.id == party) {
                known.state = state;
                known.since = now();
            }
        });
    }

    /// Changes who else is in the call, and shows it.
    fn change_parties(&mut self, call: CallId, change: impl FnOnce(&mut Vec<PartyView>)) {
        if let Some(found) = self.calls.get_mut(&call) {
            change(&mut found.view.parties);
            self.board.call(&found.view);
        }
    }
}

/// The number of somebody who is in the call, or is being called into it.
fn number_of(parties: &[PartyView], party: PartyId) -> Option<String> {
    parties.iter().find(|known| known.id == party).map(|known| known.number.clone())
}

/// Those who have not answered yet, and whether it rings there.
fn unanswered(parties: &[PartyView]) -> Vec<(PartyId, bool)> {
    let waits = |party: &&PartyView| matches!(party.state, PartyState::Dialling | PartyState::Ringing);
    parties.iter().filter(waits).map(|party| (party.id, party.state == PartyState::Ringing)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use uuid::Uuid;

    fn party((n, state): (u128, PartyState)) -> PartyView {
        PartyView { id: PartyId(Uuid::from_u128(n)), name: None, number: "113".into(), state, since: now() }
    }

    #[test]
    fn a_fallback_number_that_answers_as_it_is_cancelled_joins_nobody() {
        let agency = party((1, PartyState::Ringing));
        let cancelled = PartyId(Uuid::from_u128(2));
        assert_eq!(number_of(&[], cancelled), None);
        assert_eq!(number_of(std::slice::from_ref(&agency), cancelled), None);
        assert_eq!(number_of(std::slice::from_ref(&agency), agency.id), Some("113".into()));
    }

    #[test]
    fn who_has_answered_stays_when_those_who_ring_are_let_go() {
        let states = [PartyState::Dialling, PartyState::Ringing, PartyState::Consulting, PartyState::Joined];
        let parties: Vec<PartyView> = (1..).zip(states).map(party).collect();
        let let_go: Vec<(u128, bool)> = unanswered(&parties).into_iter().map(|(party, rang)| (party.0.as_u128(), rang)).collect();
        assert_eq!(let_go, [(1, false), (2, true)]);
    }
}
