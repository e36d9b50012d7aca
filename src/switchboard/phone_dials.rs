//! What an operator does at the desk phone alone, beside lifting it: calls a number, consults somebody by a second call, and gives the call
//! away by the phone's transfer key.

use super::features::FeatureCall;
use super::line::{CallOutError, Plant, Report};
use super::phones::{PhoneCall, Purpose, SecondCall};
use super::{Switchboard, convert};
use crate::clock;
use dispatch::contract::{CallState, DialMode, Refusal};
use dispatch::id::{CallId, PartyId, UserId};
use std::time::Duration;
use uuid::Uuid;

/// A phone that turns from one of its calls to the other may take up the one before it puts the other aside.
const CONFERENCE: Duration = Duration::from_millis(300);

impl Switchboard {
    /// A number was dialled at a phone: for an operator who is free it is a call out, for one who talks it is somebody to consult.
    pub(super) fn phone_dials(&mut self, dialled: FeatureCall, number: &str) {
        let Some(phone) = self.phones.get(&dialled.phone).filter(|_| !number.starts_with('*')) else {
            let (sip, leg) = (self.plant.sip.clone(), dialled.leg);
            tokio::spawn(async move { sip.reject(leg, sip::Reject::NotFound).await });
            return;
        };
        let done = match (phone.operator, &phone.call) {
            (None, _) => Err(Refusal::NoShift),
            (Some(operator), None) => self.call_out_by_phone(operator, &dialled, number, None),
            (Some(operator), Some(own)) => match (own.talk(), own.local) {
                // A new dialog's receiver would not know how often the numbers of an encrypted voice have begun anew (RFC 3711 section 3.3.1).
                (Some(call), Some(local)) if own.second.is_none() && !own.is_encrypted() => {
                    self.consult_by_phone(operator, call, (&dialled, local), number)
                }
                _ => Err(Refusal::Busy),
            },
        };
        if done.is_err() {
            self.confirm(dialled, done, false);
        }
    }

    /// The handset is lifted already; the line begins when the phone has heard so.
    pub(super) fn call_out_by_phone(
        &mut self,
        operator: UserId,
        dialled: &FeatureCall,
        number: &str,
        callback_of: Option<CallId>,
    ) -> Result<(), Refusal> {
        let (begun, number, orders) = self.begin_call_out(operator, number, callback_of)?;
        let (plant, media, leg) = (self.plant.clone(), clock::new_id(), dialled.leg);
        let purpose = Purpose::CallOut { call: begun.call, number, orders };
        if let Some(phone) = self.phones.get(&dialled.phone) {
            phone.call = Some(PhoneCall { remote: dialled.audio.clone(), ..PhoneCall::new(media, Some(leg), purpose) });
        }
        metrics::counter!("siaga_phone_calls_total").increment(1);
        tokio::spawn(plant.take_phone(dialled.phone.clone(), media, leg));
        Ok(())
    }

    /// The phone's second call has the voice of its first, which is put aside.
    fn consult_by_phone(
        &mut self,
        operator: UserId,
        call: CallId,
        (dialled, local): (&FeatureCall, sip::LocalAudio),
        number: &str,
    ) -> Result<(), Refusal> {
        let party = self.dial(operator, call, number, None, DialMode::Consult)?;
        let (sip, leg) = (self.plant.sip.clone(), dialled.leg);
        if let Some(own) = self.phones.get(&dialled.phone).and_then(|phone| phone.call_for(call)) {
            own.second = Some(SecondCall { leg, party, remote: dialled.audio.clone() });
        }
        metrics::counter!("siaga_phone_calls_total").increment(1);
        tokio::spawn(async move {
            if let Err(error) = sip.answer(leg, local).await {
                // Its end follows.
                tracing::debug!(%error, "a phone's second call cannot be answered");
            }
        });
        Ok(())
    }

    /// What SIP tells of a phone's second call.
    pub(super) fn hear_second(&mut self, name: &str, event: sip::Event) {
        let Some(own) = self.phones.get(name).and_then(|phone| phone.call.as_mut()) else { return };
        match (event, &mut own.second) {
            (sip::Event::Confirmed { audio: Some(audio), .. } | sip::Event::Changed { audio, .. }, Some(second)) => {
                second.remote = Some(audio);
                self.phone_stands(name);
            }
            (sip::Event::Confirmed { audio: None, .. }, _) => self.phone_stands(name),
            (sip::Event::Referred { leg, to }, _) => self.referred(name, leg, &to),
            (sip::Event::Digit { digit, .. }, _) => self.phone_info(name, digit),
            (sip::Event::Ended { by, .. }, _) => {
                self.second_down(name, matches!(by, sip::EndedBy::RemoteBye | sip::EndedBy::Cancelled))
            }
            _ => {}
        }
    }

    /// The phone has put one of its calls aside, or taken one up: the operator is with whom the phone speaks first.
    pub(super) fn phone_stands(&mut self, name: &str) {
        let Some(phone) = self.phones.get(name) else { return };
        let (Some(operator), Some(own)) = (phone.operator, &phone.call) else { return };
        self.plant.speak_with(own);
        let (Some(call), holds) = (own.talk(), own.is_held()) else { return };
        let in_both = own.speaks_in_both();
        let done = match (holds, self.queue.call(call).map(|status| status.state)) {
            (true, Some(CallState::Active)) => self.hold(operator, call),
            (false, Some(CallState::Held)) => self.resume(operator, call),
            _ => Ok(()),
        };
        if let Err(refusal) = done {
            tracing::debug!(%refusal, "a phone cannot hold its call");
        }
        if in_both {
            self.plant.report_after(CONFERENCE, Report::PhoneSettled { phone: name.to_owned() });
        }
    }

    /// A phone that goes on speaking in both of its calls holds a conference, and so does the call.
    pub(super) fn phone_settled(&mut self, name: &str) {
        let Some(phone) = self.phones.get(name) else { return };
        let (Some(operator), Some(own)) = (phone.operator, &phone.call) else { return };
        let Some(call) = own.talk().filter(|_| own.speaks_in_both()) else { return };
        if self.queue.call(call).is_some_and(|status| status.state == CallState::Active)
            && let Err(refusal) = self.merge(operator, call)
        {
            // Whoever still rings comes in with the answer.
            tracing::debug!(%refusal, "a phone's conference is not complete yet");
        }
    }

    /// Somebody who was called by a phone's second call has answered.
    pub(super) fn consulted_by_phone(&mut self, operator: UserId) {
        if let Some(name) = self.phone_of(operator).map(|phone| phone.name.clone()) {
            self.phone_settled(&name);
        }
    }

    /// The phone's second call is over: the operator has hung up, or it was lost, and then whoever is in the call stays.
    fn second_down(&mut self, name: &str, hung_up: bool) {
        let Some(phone) = self.phones.get(name) else { return };
        let (Some(operator), Some(own)) = (phone.operator, phone.call.as_mut()) else { return };
        let Some(second) = own.second.take() else { return };
        let call = own.purpose.call();
        self.plant.speak_with(own);
        if hung_up && let Err(refusal) = self.drop_party(operator, call, second.party) {
            tracing::debug!(%refusal, "whoever was consulted is gone already");
        }
        self.may_still_hold(operator, call);
    }

    /// Whom the operator consulted by phone is gone; so is the phone's call there.
    pub(super) fn consulted_no_more(&mut self, operator: UserId, party: PartyId) {
        let plant = self.plant.clone();
        let Some(own) = self.phone_of(operator).and_then(|phone| phone.call.as_mut()) else { return };
        if let Some(second) = own.second.take_if(|second| second.party == party) {
            plant.speak_with(own);
            self.hang_up(Some(second.leg));
        }
    }

    /// The consultation is over, but the phone goes on holding the caller until its operator takes the call up.
    pub(super) fn may_still_hold(&mut self, operator: UserId, call: CallId) {
        let holds = self.phone_of(operator).and_then(|phone| phone.call_for(call)).is_some_and(|own| own.is_held());
        let is_active = self.queue.call(call).is_some_and(|status| status.state == CallState::Active);
        if holds
            && is_active
            && let Err(refusal) = self.hold(operator, call)
        {
            tracing::debug!(%refusal, "a call that its phone holds cannot be held");
        }
    }

    /// The phone's transfer key: to a number at once, or to whom the operator has consulted.
    pub(super) fn referred(&mut self, name: &str, leg: sip::LegId, to: &sip::Referral) {
        let done = self.give_away(name, to);
        if let Err(refusal) = &done {
            tracing::info!(phone = name, %refusal, "a phone cannot give its call away");
        }
        self.plant.sip.refer_over(leg, done.map_err(|refusal| convert::reject(&refusal)));
    }

    fn give_away(&mut self, name: &str, to: &sip::Referral) -> Result<(), Refusal> {
        let phone = self.phones.get(name).ok_or(Refusal::NoSuchPhone)?;
        let (Some(operator), Some(own)) = (phone.operator, &phone.call) else { return Err(Refusal::NoShift) };
        let call = own.talk().ok_or(Refusal::NotAnswered)?;
        let consulted = own.second.as_ref().map(|second| second.party);
        match (to, consulted) {
            (sip::Referral::OtherCall, None) => Err(Refusal::NoSuchParty),
            (sip::Referral::OtherCall, Some(_)) => self.hand_over(operator, call),
            // Phones that do not know Replaces name whom they consulted by the number.
            (sip::Referral::Number(number), Some(party)) => match self.number_of(call, party) == Some(self.dialable(number)?) {
                true => self.hand_over(operator, call),
                false => Err(Refusal::TooManyParties),
            },
            (sip::Referral::Number(number), None) if number.starts_with('*') => Err(Refusal::BadNumber),
            (sip::Referral::Number(number), None) => self.dial(operator, call, number, None, DialMode::Blind).map(|_| ()),
        }
    }

    fn number_of(&self, call: CallId, party: PartyId) -> Option<String> {
        let parties = &self.calls.get(&call)?.view.parties;
        parties.iter().find(|known| known.id == party).map(|known| known.number.clone())
    }
}

impl Plant {
    /// Answers a phone that calls a number, with voice under this id.
    async fn take_phone(self, phone: String, media: Uuid, leg: sip::LegId) {
        let taken = async {
            let address = self.media.open_helper(media, self.phones.to_vec(), None).await?;
            let audio = self.local_audio(media, address);
            self.report(Report::PhoneCalling { phone: phone.clone(), media, leg, audio }).await;
            Ok::<_, CallOutError>(self.sip.answer(leg, audio).await?)
        };
        if let Err(error) = taken.await {
            tracing::warn!(phone, %error, "a phone that calls cannot be answered");
            self.sip.reject(leg, sip::Reject::Unavailable { retry_after_s: 5 }).await;
            self.media.close(media).await;
            self.report(Report::PhoneNotCalled { phone, media, error }).await;
        }
    }
}
