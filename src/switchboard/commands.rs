//! What people at consoles ask of the switchboard.

use super::line::Order;
use super::seat::Seat;
use super::{Switchboard, now, tick};
use dispatch::contract::{CallState, Command, Learned, MediaTest, Readiness, Refusal, Reply};
use dispatch::desk::Entry;
use dispatch::domain::queue::Input;
use dispatch::id::{CallId, UserId};

/// The keys of a telephone (RFC 4733 section 3.2).
const DIGITS: &str = "0123456789*#ABCD";
/// Digits sent at once.
const MAX_DIGITS: usize = 32;

impl Switchboard {
    pub(super) fn obey(&mut self, command: Command) {
        match command {
            Command::StartShift { operator, name, learned, reply } => answer(reply, self.start_shift(operator, name, learned)),
            Command::HasLearned { operator, learned } => self.has_learned(operator, learned),
            Command::EndShift { operator, reply } => answer(reply, self.end_shift(operator)),
            Command::UsePhone { operator, username, phone, reply } => {
                answer(reply, self.use_phone(operator, username.as_deref(), phone));
            }
            Command::SetReadiness { operator, readiness, reply } => answer(reply, self.set_readiness(operator, readiness)),
            Command::AttachMedia { operator, offer, reply } => self.attach_media(operator, offer, reply),
            Command::TestMedia { operator, reply } => self.test_media(operator, reply),
            Command::StopMonitoring { supervisor } => self.leave_monitoring(supervisor),
            Command::Dismiss { operator } => self.dismiss(operator),
            Command::BrowserGone { operator } => self.page(operator, false),
            Command::BrowserBack { operator } => self.page(operator, true),
            Command::Answer { operator, call, reply } => {
                answer(reply, self.ask(operator, call, Input::Answer { operator, call }))
            }
            Command::Decline { operator, call, reply } => {
                answer(reply, self.ask(operator, call, Input::Decline { operator, call }))
            }
            Command::HangUp { operator, call, reply } => {
                answer(reply, self.ask(operator, call, Input::OperatorHungUp { operator, call }))
            }
            Command::Hold { operator, call, reply } => answer(reply, self.hold(operator, call)),
            Command::Resume { operator, call, reply } => answer(reply, self.resume(operator, call)),
            Command::SendDigits { operator, call, digits, reply } => answer(reply, self.send_digits(operator, call, digits)),
            Command::TypeText { operator, call, id, text, reply } => self.type_text(operator, call, id, text, reply),
            Command::ReadText { reader, call, reply } => answer(reply, self.read_text(reader, call)),
            Command::CallOut { operator, number, callback_of, reply } => {
                answer(reply, self.call_out(operator, &number, callback_of));
            }
            Command::Dial { operator, call, number, name, mode, reply } => {
                answer(reply, self.dial(operator, call, &number, name, mode));
            }
            Command::Merge { operator, call, reply } => answer(reply, self.merge(operator, call)),
            Command::DropParty { operator, call, party, reply } => answer(reply, self.drop_party(operator, call, party)),
            Command::HandOver { operator, call, reply } => answer(reply, self.hand_over(operator, call)),
            Command::Monitor { supervisor, name, call, mode, reply } => {
                answer(reply, self.monitor(supervisor, name, call, mode));
            }
            Command::PromptSilent { operator, call, reply } => answer(reply, self.prompt_silent(operator, call)),
            Command::LocateCaller { number, location } => self.locate_caller(&number, location),
        }
    }

    pub(super) fn start_shift(&mut self, operator: UserId, name: String, learned: Option<Learned>) -> Result<(), Refusal> {
        // Whoever may begin a shift may work here again.
        self.dismissed.remove(&operator);
        if let Some(seat) = self.seats.get_mut(&operator) {
            seat.learn(learned);
        } else {
            let seat = Seat::new(name, learned);
            self.queue.handle(tick(), Input::ShiftStarted { operator, abilities: seat.abilities() })?;
            self.seats.insert(operator, seat);
        }
        self.present(operator);
        Ok(())
    }

    fn has_learned(&mut self, operator: UserId, learned: Learned) {
        if let Some(seat) = self.seats.get_mut(&operator) {
            seat.learn(Some(learned));
            self.present(operator);
        }
    }

    pub(super) fn end_shift(&mut self, operator: UserId) -> Result<(), Refusal> {
        if !self.seats.contains_key(&operator) {
            return Ok(());
        }
        self.queue.handle(tick(), Input::EndShift { operator })?;
        self.leave_monitoring(operator);
        self.give_up_phone(operator);
        self.seats.remove(&operator);
        self.board.operator_left(operator);
        let media = self.plant.media.clone();
        tokio::spawn(async move { media.detach_operator(operator.0).await });
        Ok(())
    }

    pub(super) fn set_readiness(&mut self, operator: UserId, readiness: Readiness) -> Result<(), Refusal> {
        let seat = self.seats.get(&operator).filter(|_| !self.dismissed.contains(&operator)).ok_or(Refusal::NoShift)?;
        match readiness {
            Readiness::Ready if !self.has_voice(seat) => Err(Refusal::NoMedia),
            Readiness::Ready => {
                self.leave_monitoring(operator);
                self.queue.handle(tick(), Input::OperatorReady { operator })
            }
            Readiness::Paused { reason } => self.queue.handle(tick(), Input::OperatorPaused { operator, reason }),
        }
    }

    /// The engine answers in its own time; the operator's other commands do not wait for it.
    fn attach_media(&mut self, operator: UserId, offer: String, reply: Reply<String>) {
        if !self.seats.contains_key(&operator) {
            return answer(reply, Err(Refusal::NoShift));
        }
        let media = self.plant.media.clone();
        tokio::spawn(async move {
            answer(reply, media.attach_operator(operator.0, offer).await.map_err(|error| Refusal::BadOffer(error.to_string())));
        });
    }

    fn test_media(&mut self, operator: UserId, reply: Reply<MediaTest>) {
        match self.seats.get(&operator) {
            None => answer(reply, Err(Refusal::NoShift)),
            Some(_) if self.queue.operator(operator).is_some_and(|status| status.call.is_some()) => {
                answer(reply, Err(Refusal::Busy))
            }
            Some(_) => {
                let media = self.plant.media.clone();
                tokio::spawn(async move {
                    let heard = media.test_operator(operator.0).await.map_err(|_| Refusal::NoMedia);
                    answer(reply, heard.map(|heard| MediaTest { microphone_dbfs: heard.microphone_dbfs }));
                });
            }
        }
    }

    /// A person's last page closed, or one opened, with or without a shift.
    fn page(&mut self, operator: UserId, open: bool) {
        if open {
            self.pages.insert(operator);
        } else {
            self.pages.remove(&operator);
        }
        self.present(operator);
    }

    /// Tells the queue whether a call can reach the operator.
    pub(super) fn present(&mut self, operator: UserId) {
        let (Some(seat), Some(status)) = (self.seats.get(&operator), self.queue.operator(operator)) else { return };
        let present = match &seat.phone {
            Some(phone) => self.phones.reaches(phone, &status.state),
            None => seat.is_present(&status.state, self.pages.contains(&operator)),
        };
        // Whoever is there is there with what they can do, which may have changed.
        let input = match present {
            true => Input::ShiftStarted { operator, abilities: seat.abilities() },
            false => Input::OperatorGone { operator },
        };
        self.told(input);
    }

    /// Whether the person can be heard: by the headset, or by the desk phone.
    pub(super) fn has_voice(&self, seat: &Seat) -> bool {
        match &seat.phone {
            Some(phone) => self.phones.is_registered(phone),
            None => seat.media_connected,
        }
    }

    /// A request about a call that the queue may refuse.
    fn ask(&mut self, operator: UserId, call: CallId, input: Input) -> Result<(), Refusal> {
        if !self.seats.contains_key(&operator) {
            return Err(Refusal::NoShift);
        }
        if !self.calls.contains_key(&call) {
            return Err(Refusal::NoSuchCall);
        }
        self.queue.handle(tick(), input)
    }

    pub(super) fn hold(&mut self, operator: UserId, call: CallId) -> Result<(), Refusal> {
        self.ask(operator, call, Input::Hold { operator, call })?;
        self.order(call, Order::Hold);
        self.silence_is_meant(call);
        self.journal.record(Entry::Held { call, operator: self.who(operator), at: now() });
        Ok(())
    }

    pub(super) fn resume(&mut self, operator: UserId, call: CallId) -> Result<(), Refusal> {
        if self.calls.get(&call).is_some_and(|found| found.view.state == CallState::Detached) {
            return Err(Refusal::NoMedia);
        }
        if self.phone_of(operator).and_then(|phone| phone.call_for(call)).is_some_and(|own| own.is_held()) {
            return Err(Refusal::PhoneHolds);
        }
        self.ask(operator, call, Input::Resume { operator, call })?;
        self.order(call, Order::Resume { operator });
        self.journal.record(Entry::Resumed { call, operator: self.who(operator), at: now() });
        Ok(())
    }

    fn send_digits(&mut self, operator: UserId, call: CallId, digits: String) -> Result<(), Refusal> {
        if digits.is_empty() || digits.len() > MAX_DIGITS || !digits.chars().all(|digit| DIGITS.contains(digit)) {
            return Err(Refusal::BadDigits);
        }
        let found = self.held_by(operator, call)?;
        if !takes_keys(found.view.state) {
            return Err(Refusal::NotAnswered);
        }
        self.order(call, Order::Digits(digits));
        Ok(())
    }
}

/// Keys are for a call that somebody has: one that waits or rings is nobody's, and its caller would only hear strange tones.
fn takes_keys(state: CallState) -> bool {
    matches!(state, CallState::Calling | CallState::Active | CallState::Held | CallState::Detached)
}

pub(super) fn answer<T>(reply: Reply<T>, result: Result<T, Refusal>) {
    // The console that asked may have gone; what was asked is done all the same.
    let _ = reply.send(result);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nobody_sends_keys_to_a_caller_who_waits_or_is_with_somebody_else() {
        use CallState::{Active, Calling, Detached, Ended, Fallback, Held, Ringing, Transferred, Transferring, Waiting};
        assert!([Calling, Active, Held, Detached].into_iter().all(takes_keys));
        assert!(![Waiting, Ringing, Fallback, Transferring, Transferred, Ended].into_iter().any(takes_keys));
    }
}
