//! Keys that are pressed during a call. Those of an operator's desk phone are for whom the operator speaks with; the star twice has a caller who says
//! nothing asked to press a key.

use super::line::Order;
use super::phones::{PhoneCall, Purpose};
use super::{Switchboard, features, tick};
use dispatch::contract::{CallDirection, CallState, PartyState};
use dispatch::id::{CallId, UserId};
use jiff::{SignedDuration, Timestamp};
use uuid::Uuid;

/// Nobody presses a key twice within this time: a phone that says it beside the voice and by INFO as well has pressed it once.
const APART: SignedDuration = SignedDuration::from_millis(150);
/// Presses that are further apart are one and one.
const TOGETHER: SignedDuration = SignedDuration::from_secs(2);

/// How a caller's key is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum KeyBy {
    /// As an event or a tone beside or in the voice.
    Voice,
    /// By INFO.
    Signalling,
}

/// The keys of a caller's telephone, which may tell each in both ways: the last one that counted, how it was told, and when. A machine that dials presses
/// one twice within the time that a person needs, but tells it in one way.
#[derive(Debug, Default)]
pub struct Keys(Option<(char, KeyBy, Timestamp)>);

impl Keys {
    /// Whether this is a key that was not told yet.
    pub fn press(&mut self, key: char, by: KeyBy, at: Timestamp) -> bool {
        let told = self.0.is_some_and(|(last, how, since)| last == key && how != by && at.duration_since(since) < APART);
        if !told {
            self.0 = Some((key, by, at));
        }
        !told
    }
}

/// When the star was pressed, until a second time or another key.
#[derive(Debug, Default)]
pub struct Stars(Option<Timestamp>);

impl Stars {
    /// Whether this is the second star of two.
    fn press(&mut self, key: char, at: Timestamp) -> bool {
        let first = self.0.take().filter(|_| key == '*');
        let since = first.map(|first| at.duration_since(first));
        self.0 = match since {
            Some(since) if since < APART => first,
            Some(since) if since <= TOGETHER => return true,
            _ => (key == '*').then_some(at),
        };
        false
    }
}

impl Switchboard {
    /// A key that the phone sent by INFO.
    pub(super) fn phone_info(&mut self, name: &str, key: char) {
        let own = self.phones.get(name).and_then(|phone| phone.call.as_ref());
        if let Some(&PhoneCall { purpose: Purpose::Talk(_), media, .. }) = own {
            self.phone_key(media, key, false);
        }
    }

    /// A key of a desk phone in a call. `passed_on`: whoever the operator speaks with has heard it already.
    pub(super) fn phone_key(&mut self, media: Uuid, key: char, passed_on: bool) {
        let Some((operator, own)) = self.phones.talk_by(media) else { return };
        let twice = own.stars.press(key, tick());
        let Some(call) = self.queue.operator(operator).and_then(|status| status.call) else { return };
        if twice && self.is_callers_alone(call) {
            return self.ask_silent(operator, call, media);
        }
        if !passed_on {
            self.pass_key(call, key);
        }
    }

    /// Whether it is a caller of 112 who hears the keys, and nobody else.
    fn is_callers_alone(&self, call: CallId) -> bool {
        let view = self.calls.get(&call).map(|found| &found.view);
        view.is_some_and(|view| view.direction == CallDirection::Inbound && view.parties.is_empty())
    }

    /// The caller hears the question, and the operator that it is asked.
    fn ask_silent(&mut self, operator: UserId, call: CallId, media: Uuid) {
        match self.prompt_silent(operator, call) {
            Ok(()) => {
                let (plant, pcm) = (self.plant.clone(), features::yes());
                tokio::spawn(async move { plant.media.play(media, media::Sound::Samples { pcm, looped: false }).await });
            }
            Err(refusal) => tracing::info!(%refusal, "a silent caller was not asked"),
        }
    }

    fn pass_key(&mut self, call: CallId, key: char) {
        let Some(found) = self.calls.get(&call) else { return };
        // Not for a caller who is on hold, alone or while somebody else still rings.
        let asks = found.view.parties.iter().any(|party| party.state == PartyState::Consulting);
        if asks || found.view.state != CallState::Held {
            self.order(call, Order::Digits(key.to_string()));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The keys with their milliseconds; which of them was the second star.
    fn pressed(keys: &[(char, i64)]) -> Vec<bool> {
        let mut stars = Stars::default();
        keys.iter().map(|(key, at)| stars.press(*key, Timestamp::from_millisecond(*at).unwrap())).collect()
    }

    #[test]
    fn two_stars_one_behind_the_other_are_two() {
        assert_eq!(pressed(&[('*', 0), ('*', 400), ('*', 800), ('*', 1_200)]), [false, true, false, true]);
        assert_eq!(pressed(&[('*', 0), ('*', 2_001), ('*', 2_500)]), [false, false, true]);
        assert_eq!(pressed(&[('*', 0), ('1', 200), ('*', 400)]), [false; 3]);
    }

    #[test]
    fn a_callers_key_that_is_told_in_two_ways_is_one() {
        use KeyBy::{Signalling, Voice};
        let mut keys = Keys::default();
        let pressed = [
            ('1', Signalling, 0),
            ('1', Voice, 60),
            ('2', Voice, 90),
            ('2', Signalling, 149),
            ('2', Signalling, 400),
            ('2', Voice, 460),
        ];
        let counted = pressed.iter().filter(|(key, by, at)| keys.press(*key, *by, Timestamp::from_millisecond(*at).unwrap()));
        assert_eq!(counted.map(|(key, _, at)| (*key, *at)).collect::<Vec<_>>(), [('1', 0), ('2', 90), ('2', 400)]);
    }

    #[test]
    fn a_machine_may_press_a_key_twice_in_no_time() {
        let mut keys = Keys::default();
        assert!([0, 80, 160].into_iter().all(|at| keys.press('1', KeyBy::Voice, Timestamp::from_millisecond(at).unwrap())));
    }

    #[test]
    fn a_star_that_is_told_in_two_ways_is_one() {
        assert_eq!(pressed(&[('*', 0), ('*', 20)]), [false; 2]);
        assert_eq!(pressed(&[('*', 0), ('*', 20), ('*', 500), ('*', 520)]), [false, false, true, false]);
    }
}
