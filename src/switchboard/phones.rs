//! The operators' desk phones: which there are, who works with which, and what each is being called for. Pure.

use super::line::Inbox;
use super::phone_keys::Stars;
use dispatch::contract::{OperatorState, PhoneState, PhoneView};
use dispatch::id::{CallId, PartyId, UserId};
use jiff::Timestamp;
use uuid::Uuid;

/// All phones, in the order of the settings.
#[derive(Debug, Default)]
pub struct Phones(Vec<Phone>);

#[derive(Debug)]
pub struct Phone {
    pub name: String,
    /// User name of the person whose phone it always is.
    pub owner: Option<String>,
    registered: bool,
    /// Who works with it.
    pub operator: Option<UserId>,
    pub call: Option<PhoneCall>,
    /// It has refused a call a moment ago. A phone that refuses by itself would be asked again at once, and for ever.
    pub rests: bool,
    shown: (PhoneState, Timestamp),
}

/// A call to a phone, or from it.
#[derive(Debug)]
pub struct PhoneCall {
    /// The phone's leg in the voice engine.
    pub media: Uuid,
    /// `None`: it is not dialled yet.
    pub leg: Option<sip::LegId>,
    pub purpose: Purpose,
    pub stage: Stage,
    /// Our description of its voice, once there is one.
    pub local: Option<sip::LocalAudio>,
    /// The phone's own.
    pub remote: Option<sip::RemoteAudio>,
    /// Another call from the same phone, to somebody who is consulted meanwhile.
    pub second: Option<SecondCall>,
    pub stars: Stars,
}

/// A phone's call to somebody who is consulted. It has no voice of its own: the phone speaks in one of its two calls at a time.
#[derive(Debug)]
pub struct SecondCall {
    pub leg: sip::LegId,
    pub party: PartyId,
    pub remote: Option<sip::RemoteAudio>,
}

impl SecondCall {
    pub fn is_held(&self) -> bool {
        holds(self.remote.as_ref())
    }
}

/// Whether a phone that describes its voice so has put us aside.
fn holds(remote: Option<&sip::RemoteAudio>) -> bool {
    remote.is_some_and(|audio| matches!(audio.direction, sip::Direction::SendOnly | sip::Direction::Inactive))
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stage {
    /// Dialled, or rings.
    Calling,
    /// The handset is lifted.
    Lifted,
    /// It is, and the phone has registered at another place since: it may have been started anew.
    Moved,
    /// It is, and nothing has been heard of it for some seconds.
    Silent,
}

/// What a phone is called for.
#[derive(Debug)]
pub enum Purpose {
    /// A call rings at the operator; who lifts the handset answers it.
    Offer(CallId),
    /// The operator has the call and is to lift the handset.
    Take(CallId),
    /// The operator talks, and the phone was lost meanwhile.
    Return(CallId),
    /// A supervisor is to hear a call.
    Monitor(CallId),
    /// The operator calls somebody; the call's line begins when the handset is lifted.
    CallOut { call: CallId, number: String, orders: Inbox },
    /// The operator talks.
    Talk(CallId),
}

impl Purpose {
    pub fn call(&self) -> CallId {
        match self {
            Self::Offer(call) | Self::Take(call) | Self::Return(call) | Self::Monitor(call) | Self::Talk(call) => *call,
            Self::CallOut { call, .. } => *call,
        }
    }
}

impl PhoneCall {
    pub fn new(media: Uuid, leg: Option<sip::LegId>, purpose: Purpose) -> Self {
        Self { media, leg, purpose, stage: Stage::Calling, local: None, remote: None, second: None, stars: Stars::default() }
    }

    pub fn is_up(&self) -> bool {
        self.stage != Stage::Calling
    }

    pub fn is_held(&self) -> bool {
        holds(self.remote.as_ref())
    }

    /// Whether neither of two calls is put aside.
    pub fn speaks_in_both(&self) -> bool {
        !self.is_held() && self.second.as_ref().is_some_and(|second| !second.is_held())
    }

    pub fn is_encrypted(&self) -> bool {
        self.remote.as_ref().is_some_and(|audio| audio.srtp.is_some())
    }

    /// How the phone describes its voice in the call in which it speaks: the first, unless that is put aside.
    pub fn speaks(&self) -> Option<&sip::RemoteAudio> {
        let second = self.second.as_ref().filter(|_| self.is_held()).and_then(|second| second.remote.as_ref());
        second.or(self.remote.as_ref())
    }

    /// The call in which the operator talks by it.
    pub fn talk(&self) -> Option<CallId> {
        match self.purpose {
            Purpose::Talk(call) if self.is_up() => Some(call),
            _ => None,
        }
    }

    /// Every dialog of it.
    pub fn legs(&self) -> impl Iterator<Item = sip::LegId> + use<> {
        self.leg.into_iter().chain(self.second.as_ref().map(|second| second.leg))
    }
}

impl Phone {
    fn state(&self) -> PhoneState {
        match &self.call {
            Some(call) if call.is_up() => PhoneState::OffHook,
            _ if !self.registered => PhoneState::Away,
            Some(_) => PhoneState::Ringing,
            None => PhoneState::Registered,
        }
    }

    pub fn is_registered(&self) -> bool {
        self.registered
    }

    /// Whether a call can reach who works with it. A call that is up needs the lifted handset; for a new one the phone must be there.
    pub fn reaches(&self, state: &OperatorState) -> bool {
        match &self.call {
            Some(call) if call.is_up() => true,
            Some(PhoneCall { purpose: Purpose::Return(_), .. }) => false,
            Some(_) => self.registered,
            None => self.registered && !self.rests && *state != OperatorState::Busy,
        }
    }

    /// The call to it, if it is for this call.
    pub fn call_for(&mut self, call: CallId) -> Option<&mut PhoneCall> {
        self.call.as_mut().filter(|own| own.purpose.call() == call)
    }

    /// Takes the call to it away, if it is for this call.
    pub fn take_call_for(&mut self, call: CallId) -> Option<PhoneCall> {
        self.call.take_if(|own| own.purpose.call() == call)
    }

    fn view(&mut self, now: Timestamp) -> PhoneView {
        let state = self.state();
        if self.shown.0 != state {
            self.shown = (state, now);
        }
        let (state, since) = self.shown;
        PhoneView { name: self.name.clone(), state, since, belongs_to: self.owner.clone(), operator: self.operator }
    }
}

impl Phones {
    /// `phones`: names, each with the user name of its person.
    pub fn new(phones: impl IntoIterator<Item = (String, Option<String>)>, now: Timestamp) -> Self {
        let phone = |(name, owner)| {
            let shown = (PhoneState::Away, now);
            Phone { name, owner, registered: false, operator: None, call: None, rests: false, shown }
        };
        Self(phones.into_iter().map(phone).collect())
    }

    pub fn get(&mut self, name: &str) -> Option<&mut Phone> {
        self.0.iter_mut().find(|phone| phone.name == name)
    }

    pub fn is_registered(&self, name: &str) -> bool {
        self.0.iter().any(|phone| phone.name == name && phone.registered)
    }

    pub fn reaches(&self, name: &str, state: &OperatorState) -> bool {
        self.0.iter().any(|phone| phone.name == name && phone.reaches(state))
    }

    pub fn register(&mut self, name: &str, registered: bool) {
        if let Some(phone) = self.get(name) {
            phone.registered = registered;
        }
    }

    /// The phone that this leg is of.
    pub fn with_leg(&self, leg: sip::LegId) -> Option<&str> {
        let of = |phone: &&Phone| phone.call.as_ref().is_some_and(|call| call.legs().any(|own| own == leg));
        self.0.iter().find(of).map(|phone| phone.name.as_str())
    }

    /// Who talks by this leg of the voice engine, and the phone's call.
    pub fn talk_by(&mut self, media: Uuid) -> Option<(UserId, &mut PhoneCall)> {
        let of = |phone: &&mut Phone| phone.call.as_ref().is_some_and(|call| call.media == media);
        let phone = self.0.iter_mut().find(of)?;
        Some((phone.operator?, phone.call.as_mut()?))
    }

    /// Who talks by this leg of the voice engine.
    pub fn speaker(&self, media: Uuid) -> Option<UserId> {
        let of = |phone: &&Phone| phone.call.as_ref().is_some_and(|call| call.media == media);
        self.0.iter().find(of)?.operator
    }

    /// Whether whoever talks by this leg has put everybody aside at the phone.
    pub fn speaker_holds(&self, media: Uuid) -> bool {
        let holds = |call: &PhoneCall| call.is_held() && call.second.as_ref().is_none_or(SecondCall::is_held);
        self.0.iter().filter_map(|phone| phone.call.as_ref()).any(|call| call.media == media && holds(call))
    }

    /// How every phone stands.
    pub fn views(&mut self, now: Timestamp) -> Vec<PhoneView> {
        self.0.iter_mut().map(|phone| phone.view(now)).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const CALL: CallId = CallId(Uuid::from_u128(1));
    const BUSY: OperatorState = OperatorState::Busy;

    fn phones() -> Phones {
        let mut phones = Phones::new([("meja-1".to_owned(), None)], Timestamp::UNIX_EPOCH);
        phones.register("meja-1", true);
        phones
    }

    fn called(phones: &mut Phones, purpose: Purpose, stage: Stage) {
        let media = Uuid::from_u128(7);
        phones.get("meja-1").unwrap().call = Some(PhoneCall { stage, ..PhoneCall::new(media, None, purpose) });
    }

    #[test]
    fn a_new_call_needs_the_phone_and_one_that_is_up_the_lifted_handset() {
        let mut phones = phones();
        assert!(phones.reaches("meja-1", &OperatorState::Ready));
        called(&mut phones, Purpose::Take(CALL), Stage::Calling);
        assert!(phones.reaches("meja-1", &BUSY), "the operator is about to lift it");
        called(&mut phones, Purpose::Talk(CALL), Stage::Lifted);
        phones.register("meja-1", false);
        assert!(phones.reaches("meja-1", &BUSY), "who talks is there, registered or not");
        phones.get("meja-1").unwrap().call = None;
        phones.register("meja-1", true);
        assert!(!phones.reaches("meja-1", &BUSY), "the handset is gone from a call that is up");
        called(&mut phones, Purpose::Return(CALL), Stage::Calling);
        assert!(!phones.reaches("meja-1", &BUSY), "until it is lifted again");
        phones.get("meja-1").unwrap().call = None;
        phones.get("meja-1").unwrap().rests = true;
        assert!(!phones.reaches("meja-1", &OperatorState::Ready), "it has just refused one");
        phones.get("meja-1").unwrap().rests = false;
        assert!(phones.reaches("meja-1", &OperatorState::Ready));
        phones.register("meja-1", false);
        assert!(!phones.reaches("meja-1", &OperatorState::Ready));
        assert!(!phones.reaches("meja-9", &OperatorState::Ready));
    }

    #[test]
    fn a_phone_is_shown_as_it_stands_and_since_when() {
        let mut phones = phones();
        let at = |second| Timestamp::from_second(second).unwrap();
        let state = |phones: &mut Phones, second| phones.views(at(second)).first().map(|view| (view.state, view.since)).unwrap();
        assert_eq!(state(&mut phones, 1), (PhoneState::Registered, at(1)));
        called(&mut phones, Purpose::Offer(CALL), Stage::Calling);
        assert_eq!(state(&mut phones, 2), (PhoneState::Ringing, at(2)));
        assert_eq!(state(&mut phones, 3), (PhoneState::Ringing, at(2)));
        called(&mut phones, Purpose::Talk(CALL), Stage::Silent);
        assert_eq!(state(&mut phones, 4), (PhoneState::OffHook, at(4)));
        phones.get("meja-1").unwrap().call = None;
        phones.register("meja-1", false);
        assert_eq!(state(&mut phones, 5), (PhoneState::Away, at(5)));
    }
}
