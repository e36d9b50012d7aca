//! Calls to operators' desk phones: they ring beside the console, are lifted, put down, hold, and are lost.

use super::line::{CallOutError, Order, Plant, Report};
use super::phones::{Phone, PhoneCall, Purpose, Stage};
use super::{Switchboard, convert, reached, tick};
use crate::clock;
use dispatch::contract::{CallState, OperatorState, Refusal};
use dispatch::domain::queue::Input;
use dispatch::id::{CallId, UserId};
use std::time::Duration;
use uuid::Uuid;

/// How long a phone is left alone that has refused a call.
const REST: Duration = Duration::from_secs(5);

impl Switchboard {
    /// The operator works with this phone from now on, or with the browser's headset.
    pub(super) fn use_phone(&mut self, operator: UserId, username: Option<&str>, phone: Option<String>) -> Result<(), Refusal> {
        let seat = self.seats.get(&operator).ok_or(Refusal::NoShift)?;
        if seat.phone == phone {
            return Ok(());
        }
        let status = self.queue.operator(operator).ok_or(Refusal::NoShift)?;
        // A call that is up stays with what it is up by, unless that is lost.
        let occupied = status.state == OperatorState::Busy && status.present;
        if occupied || status.state == OperatorState::Ringing || self.monitors.contains_key(&operator) {
            return Err(Refusal::Busy);
        }
        if let Some(name) = &phone {
            let wanted = self.phones.get(name).ok_or(Refusal::NoSuchPhone)?;
            let is_anothers = wanted.owner.as_deref().is_some_and(|owner| Some(owner) != username);
            if is_anothers || wanted.operator.is_some_and(|by| by != operator) {
                return Err(Refusal::PhoneTaken);
            }
            if !wanted.is_registered() {
                return Err(Refusal::PhoneAway);
            }
            wanted.operator = Some(operator);
        }
        self.give_up_phone(operator);
        if let Some(seat) = self.seats.get_mut(&operator) {
            seat.phone = phone;
        }
        match status.call.filter(|_| status.state == OperatorState::Busy) {
            Some(call) if self.phone_of(operator).is_none() => self.order(call, Order::Voice { of: operator, leg: None }),
            _ => self.find_again(operator),
        }
        self.present(operator);
        Ok(())
    }

    /// The operator's phone is anybody's again.
    pub(super) fn give_up_phone(&mut self, operator: UserId) {
        let Some(name) = self.seats.get_mut(&operator).and_then(|seat| seat.phone.take()) else { return };
        if let Some(phone) = self.phones.get(&name) {
            phone.operator = None;
            if let Some(call) = phone.call.take() {
                self.put_down(call);
            }
        }
    }

    pub(super) fn phone_of(&mut self, operator: UserId) -> Option<&mut Phone> {
        let name = self.seats.get(&operator)?.phone.as_deref()?;
        self.phones.get(name)
    }

    /// Calls the operator's phone, if the operator works with one. A call that is there already makes room.
    pub(super) fn ring_phone(&mut self, operator: UserId, purpose: Purpose) {
        let number = self.calls.get(&purpose.call()).and_then(|found| found.view.number.clone());
        let (plant, media) = (self.plant.clone(), clock::new_id());
        let lift = match purpose {
            Purpose::Take(_) | Purpose::Monitor(_) | Purpose::CallOut { .. } => sip::Lift::Phone,
            // The person may be away from a phone that rings or comes back, and nobody is to be heard unawares.
            Purpose::Offer(_) | Purpose::Return(_) | Purpose::Talk(_) => sip::Lift::Person,
        };
        let Some(phone) = self.phone_of(operator) else { return };
        let name = phone.name.clone();
        let before = phone.call.replace(PhoneCall::new(media, None, purpose));
        if let Some(before) = before {
            self.put_down(before);
        }
        metrics::counter!("siaga_phone_calls_total").increment(1);
        tokio::spawn(plant.call_phone(name, media, number, lift));
    }

    /// Brings a call and its operator together; whoever works with a phone lifts the handset first.
    pub(super) fn bridge(&mut self, call: CallId, operator: UserId) {
        let Some(phone) = self.phone_of(operator) else {
            self.order(call, Order::Voice { of: operator, leg: None });
            return self.order(call, Order::Bridge { operator });
        };
        match phone.call_for(call) {
            Some(own) if own.is_up() => {
                own.purpose = Purpose::Talk(call);
                let leg = Some(own.media);
                self.order(call, Order::Voice { of: operator, leg });
                self.order(call, Order::Bridge { operator });
            }
            // It rings there; the answer at the console asks for the handset.
            Some(own) => own.purpose = Purpose::Take(call),
            None => self.ring_phone(operator, Purpose::Take(call)),
        }
    }

    /// The call is not this operator's any more, or rings here no longer.
    pub(super) fn free_phone(&mut self, operator: UserId, call: CallId) {
        if let Some(own) = self.phone_of(operator).and_then(|phone| phone.take_call_for(call)) {
            self.put_down(own);
        }
    }

    /// Ends a call to a phone, wherever it stands. What waits for it to be lifted never begins.
    fn put_down(&self, call: PhoneCall) {
        self.hang_up(call.legs());
        let (engine, media) = (self.plant.media.clone(), call.media);
        tokio::spawn(async move { engine.close(media).await });
        if let Purpose::CallOut { mut orders, .. } = call.purpose {
            // The call's orders are taken until it is forgotten, which follows.
            tokio::spawn(async move { while orders.recv().await.is_some() {} });
        }
    }

    /// A call to a phone, or from it, has a voice and is on its way.
    pub(super) fn phone_calling(&mut self, name: &str, media: Uuid, leg: sip::LegId, audio: sip::LocalAudio) {
        match self.phones.get(name).and_then(|phone| phone.call.as_mut()).filter(|call| call.media == media) {
            Some(call) => {
                (call.leg, call.local) = (Some(leg), Some(audio));
                self.hear_early(leg);
            }
            // It was given up meanwhile.
            None => {
                let plant = self.plant.clone();
                tokio::spawn(async move {
                    plant.sip.hang_up(leg).await;
                    plant.media.close(media).await;
                });
            }
        }
    }

    pub(super) fn phone_not_called(&mut self, name: &str, media: Uuid, error: &CallOutError) {
        self.no_call_out(error);
        let call = self.phones.get(name).and_then(|phone| phone.call.take_if(|call| call.media == media));
        if let Some(call) = call {
            self.phone_refused(name, call, true);
        }
    }

    /// What SIP tells of a leg to a phone.
    pub(super) fn hear_phone(&mut self, name: &str, event: sip::Event) {
        let second = self.phones.get(name).and_then(|phone| phone.call.as_ref()?.second.as_ref());
        if second.is_some_and(|second| event.leg() == Some(second.leg)) {
            return self.hear_second(name, event);
        }
        match event {
            sip::Event::OutboundAnswered { audio, .. } => self.lifted(name, Some(audio)),
            sip::Event::Confirmed { audio, .. } => self.lifted(name, audio),
            sip::Event::OutboundFailed { code, .. } => {
                if let Some(call) = self.phones.get(name).and_then(|phone| phone.call.take()) {
                    // The phone itself says no, or there was no way to it.
                    self.phone_refused(name, call, matches!(code, 408 | 500..600));
                }
            }
            sip::Event::Changed { audio, .. } => self.phone_changed(name, audio),
            sip::Event::Referred { leg, to } => self.referred(name, leg, &to),
            sip::Event::Digit { digit, .. } => self.phone_info(name, digit),
            sip::Event::Ended { by, .. } => self.handset_down(name, by == sip::EndedBy::RemoteBye),
            _ => {}
        }
    }

    /// The handset was lifted.
    fn lifted(&mut self, name: &str, audio: Option<sip::RemoteAudio>) {
        let Some(phone) = self.phones.get(name) else { return };
        let (Some(operator), Some(own)) = (phone.operator, phone.call.as_mut()) else { return };
        own.stage = Stage::Lifted;
        own.remote = audio.or(own.remote.take());
        self.plant.speak_with(own);
        let (media, call) = (own.media, own.purpose.call());
        match std::mem::replace(&mut own.purpose, Purpose::Talk(call)) {
            Purpose::Offer(call) => {
                if let Err(refusal) = self.queue.handle(tick(), Input::Answer { operator, call }) {
                    tracing::debug!(%refusal, "a lifted handset has no call");
                    self.free_phone(operator, call);
                }
            }
            Purpose::Take(call) | Purpose::Talk(call) => self.bridge(call, operator),
            Purpose::Return(call) => {
                self.order(call, Order::Voice { of: operator, leg: Some(media) });
                self.present(operator);
                // It may have held the caller when it was lost.
                self.phone_stands(name);
            }
            Purpose::Monitor(call) => {
                own.purpose = Purpose::Monitor(call);
                self.order(call, Order::Voice { of: operator, leg: Some(media) });
                self.monitor_by_phone(operator, call);
            }
            Purpose::CallOut { call, number, orders } => {
                self.begin_line(call, (operator, Some(media)), number, orders);
            }
        }
    }

    /// Nobody lifted the handset of this phone, whose call is over.
    fn phone_refused(&mut self, name: &str, call: PhoneCall, unreachable: bool) {
        let operator = self.phones.get(name).and_then(|phone| phone.operator);
        let id = call.purpose.call();
        match (&call.purpose, operator) {
            (Purpose::Offer(_), Some(operator)) => {
                if !unreachable {
                    self.told(Input::Decline { operator, call: id });
                }
                self.rest(name, operator);
            }
            (Purpose::Take(_), Some(operator)) => self.told(Input::BridgeFailed { call: id, operator }),
            (Purpose::CallOut { .. }, _) => self.not_reached(id, reached::NOT_LIFTED),
            (Purpose::Monitor(_), Some(operator)) => self.leave_monitoring(operator),
            _ => {}
        }
        self.put_down(call);
    }

    /// For a moment no call is offered to a phone that has refused one: it goes on to others, or waits.
    fn rest(&mut self, name: &str, operator: UserId) {
        let Some(phone) = self.phones.get(name) else { return };
        phone.rests = true;
        self.present(operator);
        self.plant.report_after(REST, Report::PhoneRested { phone: name.to_owned() });
    }

    pub(super) fn phone_rested(&mut self, name: &str) {
        let Some(phone) = self.phones.get(name) else { return };
        phone.rests = false;
        if let Some(operator) = phone.operator {
            self.present(operator);
        }
    }

    /// The handset was put down, or the phone is lost.
    fn handset_down(&mut self, name: &str, hung_up: bool) {
        let Some(phone) = self.phones.get(name) else { return };
        let (operator, own) = (phone.operator, phone.call.take());
        let (Some(operator), Some(own)) = (operator, own) else { return };
        if !own.is_up() {
            return self.phone_refused(name, own, false);
        }
        let call = own.purpose.call();
        match own.purpose {
            Purpose::Monitor(_) => self.leave_monitoring(operator),
            // The bridge is not up yet: nobody has spoken with the caller.
            _ if self.queue.call(call).is_some_and(|status| status.state == CallState::Ringing) => {
                self.told(Input::BridgeFailed { call, operator });
            }
            _ if hung_up => self.told(Input::OperatorHungUp { operator, call }),
            // The leg in the voice engine stays until the line has another one, or the operator has lost the call.
            _ => {
                self.present(operator);
                self.hang_up(own.second.map(|second| second.leg));
                return self.find_again(operator);
            }
        }
        self.put_down(PhoneCall { leg: None, purpose: Purpose::Talk(call), ..own });
    }

    pub(super) fn hang_up(&self, legs: impl IntoIterator<Item = sip::LegId, IntoIter: Send + 'static>) {
        let (sip, legs) = (self.plant.sip.clone(), legs.into_iter());
        tokio::spawn(async move {
            for leg in legs {
                sip.hang_up(leg).await;
            }
        });
    }

    /// Calls a phone again whose operator had a call when it was lost.
    fn find_again(&mut self, operator: UserId) {
        let Some(status) = self.queue.operator(operator) else { return };
        let Some(call) = status.call.filter(|_| status.state == OperatorState::Busy && !status.present) else { return };
        if self.phone_of(operator).is_some_and(|phone| phone.is_registered() && phone.call.is_none()) {
            self.ring_phone(operator, Purpose::Return(call));
        }
    }

    /// The phone holds, goes on, or is heard from elsewhere.
    fn phone_changed(&mut self, name: &str, audio: sip::RemoteAudio) {
        if let Some(own) = self.phones.get(name).and_then(|phone| phone.call.as_mut()) {
            own.remote = Some(audio);
            self.phone_stands(name);
        }
    }

    /// A phone has registered, or cannot be reached any more.
    pub(super) fn phone_registered(&mut self, name: &str, registered: bool) {
        self.phones.register(name, registered);
        let Some(phone) = self.phones.get(name) else { return };
        let Some(operator) = phone.operator else { return };
        match phone.call.as_mut().map(|own| (registered, own.stage)) {
            Some((false, Stage::Calling)) => {
                if let Some(own) = phone.call.take() {
                    self.phone_refused(name, own, true);
                }
            }
            // Of a handset that was silent already this is the proof that it is lost.
            Some((_, Stage::Silent)) => self.handset_lost(name),
            // One that holds its call is heard of in no other way.
            Some((_, Stage::Lifted | Stage::Moved)) if phone.call.as_ref().is_some_and(PhoneCall::is_held) => {
                self.handset_lost(name)
            }
            Some((true, Stage::Lifted)) => {
                if let Some(own) = &mut phone.call {
                    own.stage = Stage::Moved;
                }
            }
            Some(_) | None => {}
        }
        self.present(operator);
        if registered {
            self.find_again(operator);
        }
    }

    /// Ends a call to a phone that is not there any more. Its leg in the voice engine is the line's.
    fn handset_lost(&mut self, name: &str) {
        if let Some(own) = self.phones.get(name).and_then(|phone| phone.call.take()) {
            self.hang_up(own.legs());
        }
    }

    /// Nothing is heard of an operator for some seconds: a phone is asked whether it is still there.
    pub(super) fn phone_silent(&mut self, call: CallId, silent: bool) {
        let Some(operator) = self.queue.call(call).and_then(|status| status.operator) else { return };
        let Some(phone) = self.phone_of(operator) else { return };
        let (name, registered) = (phone.name.clone(), phone.is_registered());
        let Some(own) = phone.call_for(call).filter(|own| own.is_up()) else { return };
        let before = std::mem::replace(&mut own.stage, if silent { Stage::Silent } else { Stage::Lifted });
        if silent && registered && before != Stage::Moved {
            self.plant.sip.doubt_phone(name.as_str().into());
        } else if silent {
            self.phone_registered(&name, registered);
        }
    }
}

impl Plant {
    /// The phone's voice goes to and comes from the call in which it speaks.
    pub(super) fn speak_with(&self, own: &PhoneCall) {
        let Some(remote) = own.speaks().and_then(convert::remote_audio) else { return };
        if self.handsets.try_send((own.media, remote)).is_err() {
            metrics::counter!("siaga_handset_moves_dropped_total").increment(1);
            tracing::error!("the voice engine does not follow the desk phones");
        }
    }

    /// Calls a phone with voice under this id.
    async fn call_phone(self, phone: String, media: Uuid, caller: Option<String>, lift: sip::Lift) {
        let dialled = async {
            let address = self.media.open_helper(media, self.phones.to_vec(), None).await?;
            let audio = self.local_audio(media, address);
            let call = sip::PhoneCall { phone: phone.as_str().into(), caller, audio, lift };
            Ok::<_, CallOutError>((self.sip.call_phone(call).await?, audio))
        };
        match dialled.await {
            Ok((leg, audio)) => self.report(Report::PhoneCalling { phone, media, leg, audio }).await,
            Err(error) => {
                tracing::warn!(phone, %error, "a desk phone cannot be called");
                self.media.close(media).await;
                self.report(Report::PhoneNotCalled { phone, media, error }).await;
            }
        }
    }
}
