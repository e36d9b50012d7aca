//! Feature codes: what an operator does at a desk phone alone. `*11` begins the shift and takes calls, `*12` pauses, with one more key for the
//! reason, `*13` ends the shift, `*14` says with one more key what the last call was, `*15` calls the next caller back. The answer is a tone: two
//! that rise mean yes, three that are low mean no.

use super::Switchboard;
use super::line::Report;
use dispatch::contract::{Disposition, Learned, OperatorState, Readiness, Refusal, UserView};
use dispatch::id::UserId;
use std::sync::Arc;

/// The reasons of a pause by the key behind `*12`, as the console names them, which says them in its language.
const PAUSES: [(&str, &str); 5] = [("", "phone"), ("1", "break"), ("2", "prayer"), ("3", "paperwork"), ("4", "handover")];

/// What the last call was, by the key behind `*14`, in the order of the console's buttons.
const DISPOSITIONS: [(&str, Disposition); 4] =
    [("1", Disposition::Normal), ("2", Disposition::Information), ("3", Disposition::Prank), ("4", Disposition::Ghost)];

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Code {
    Ready,
    /// For this reason.
    Pause(&'static str),
    End,
    /// The last call was this.
    Close(Disposition),
    CallBack,
}

impl Code {
    fn read(dialled: &str) -> Option<Self> {
        match dialled {
            "*11" => Some(Self::Ready),
            "*13" => Some(Self::End),
            "*15" => Some(Self::CallBack),
            _ => {
                let pause = dialled.strip_prefix("*12").and_then(|key| PAUSES.iter().find(|(known, _)| *known == key));
                let close = dialled.strip_prefix("*14").and_then(|key| DISPOSITIONS.iter().find(|(known, _)| *known == key));
                pause.map(|(_, reason)| Self::Pause(reason)).or(close.map(|(_, disposition)| Self::Close(*disposition)))
            }
        }
    }
}

/// A phone's call to a feature code, or to a number.
#[derive(Debug)]
pub struct FeatureCall {
    pub phone: String,
    pub leg: sip::LegId,
    pub audio: Option<sip::RemoteAudio>,
}

/// Whose phone a feature code is dialled at.
#[derive(Debug)]
pub enum Owner {
    Person(Box<UserView>),
    /// There is no such person, or not any more.
    Nobody,
    /// The database does not say.
    Untold,
}

impl Switchboard {
    pub(super) fn feature(&mut self, call: FeatureCall, dialled: &str) {
        let (Some(code), Some(phone)) = (Code::read(dialled), self.phones.get(&call.phone)) else {
            return self.phone_dials(call, dialled);
        };
        let (operator, owner) = (phone.operator, phone.owner.clone());
        match (code, operator, owner) {
            (Code::Ready, Some(operator), _) => {
                let done = self.may_be_ready(operator);
                self.confirm(call, done, true);
            }
            (Code::Ready, None, Some(owner)) => self.ask_who(call, owner),
            (Code::Pause(reason), Some(operator), _) => {
                let readiness = Readiness::Paused { reason: reason.into() };
                let done = self.set_readiness(operator, readiness);
                self.confirm(call, done, false);
            }
            (Code::End, Some(operator), _) => {
                let done = self.end_shift(operator);
                self.confirm(call, done, false);
            }
            (Code::Close(disposition), Some(operator), _) => self.close_by_phone(call, operator, disposition),
            (Code::CallBack, Some(operator), _) => self.call_back_by_phone(call, operator),
            (_, None, _) => self.confirm(call, Err(Refusal::NoShift), false),
        }
    }

    /// Whose phone it is stands in the database, which nothing here waits for.
    fn ask_who(&self, call: FeatureCall, owner: String) {
        let (desk, reports) = (self.desk.clone(), self.plant.reports.clone());
        tokio::spawn(async move {
            let owner = match desk.person(&owner).await {
                Ok(Some(person)) => Owner::Person(Box::new(person)),
                Ok(None) => Owner::Nobody,
                Err(error) => {
                    tracing::warn!(%error, phone = call.phone, "whose phone it is cannot be read");
                    Owner::Untold
                }
            };
            // The switchboard ends before its tasks at a stop.
            let _ = reports.send(Report::PhoneOwner { call, owner }).await;
        });
    }

    /// Begins the shift of the person whose phone it is, or moves it to this phone. While the database is away, of who it was last.
    pub(super) fn sign_on(&mut self, call: FeatureCall, owner: Owner) {
        let person = match owner {
            Owner::Person(person) => {
                self.owners.insert(call.phone.clone(), UserView::clone(&person));
                Some(*person)
            }
            Owner::Nobody => {
                self.owners.remove(&call.phone);
                None
            }
            Owner::Untold => self.owners.get(&call.phone).cloned(),
        };
        let done = match person {
            None => Err(Refusal::Unavailable),
            Some(person) => {
                let (operator, name) = (person.id, person.name);
                let learned = Learned { skills: person.skills, languages: person.languages };
                let started = match self.seats.contains_key(&operator) {
                    true => Ok(()),
                    false => self.start_shift(operator, name, Some(learned)),
                };
                started.and_then(|()| self.use_phone(operator, Some(&person.username), Some(call.phone.clone())))
            }
        };
        self.confirm(call, done, true);
    }

    fn may_be_ready(&self, operator: UserId) -> Result<(), Refusal> {
        match self.queue.operator(operator).map(|status| status.state) {
            None => Err(Refusal::NoShift),
            Some(OperatorState::Busy) => Err(Refusal::Busy),
            Some(_) => Ok(()),
        }
    }

    /// The phone hears how it went. `ready`: calls may come once the phone is free again.
    pub(super) fn confirm(&mut self, call: FeatureCall, done: Result<(), Refusal>, ready: bool) {
        let FeatureCall { phone, leg, audio } = call;
        if let Err(refusal) = &done {
            tracing::info!(phone, %refusal, "a feature code was refused");
        }
        let outcome = if done.is_ok() { "done" } else { "refused" };
        metrics::counter!("siaga_phone_codes_total", "outcome" => outcome).increment(1);
        let pcm = if done.is_ok() { yes() } else { no() };
        let after = (ready && done.is_ok()).then_some(Report::PhoneReady { phone });
        let plant = self.plant.clone();
        self.legs.insert(leg, (dispatch::id::CallId(crate::clock::new_id()), super::LegKind::Test));
        if !self.feature_calls.play(plant.clone(), leg, plant.phones.to_vec(), audio, pcm, after) {
            self.limited("feature_codes");
        }
        // Whoever dialled may have hung up while the database was asked.
        self.hear_early(leg);
    }

    /// Whoever dialled for calls has heard the answer, and the phone is free.
    pub(super) fn phone_ready(&mut self, phone: &str) {
        let Some(operator) = self.phones.get(phone).and_then(|phone| phone.operator) else { return };
        if let Err(refusal) = self.set_readiness(operator, Readiness::Ready) {
            tracing::info!(phone, %refusal, "an operator is not ready after all");
        }
    }
}

/// Two tones that rise.
pub(super) fn yes() -> Arc<[i16]> {
    melody(&[(660, 150), (0, 50), (880, 250)])
}

/// Three that are low.
fn no() -> Arc<[i16]> {
    melody(&[(300, 200), (0, 100), (300, 200), (0, 100), (300, 200)])
}

/// Frequencies with their milliseconds, at a level that is heard and hurts nobody.
fn melody(notes: &[(u32, u32)]) -> Arc<[i16]> {
    let note = |(hz, ms): &(u32, u32)| {
        let step = f64::from(*hz) * std::f64::consts::TAU / 8000.0;
        (0..ms * 8).map(move |n| ((f64::from(n) * step).sin() * 6000.0) as i16)
    };
    notes.iter().flat_map(note).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_are_read_and_nothing_else_is_one() {
        assert_eq!(["*11", "*12", "*13"].map(Code::read), [Some(Code::Ready), Some(Code::Pause("phone")), Some(Code::End)]);
        assert_eq!(["*122", "*129"].map(Code::read), [Some(Code::Pause("prayer")), None]);
        let closes = ["*141", "*144"].map(Code::read);
        assert_eq!(closes, [Some(Code::Close(Disposition::Normal)), Some(Code::Close(Disposition::Ghost))]);
        assert_eq!(["*14", "*145", "*15", "*151"].map(Code::read), [None, None, Some(Code::CallBack), None]);
        assert_eq!(["112", "*1", "11", ""].map(Code::read), [None; 4]);
    }

    #[test]
    fn yes_and_no_sound_for_less_than_a_second_and_are_told_apart() {
        assert!(yes().len() < 8000 && no().len() < 8000);
        assert_ne!(yes(), no());
    }
}
