//! What operators do: their shift, their readiness, and their hands on a call.

use super::ability::Abilities;
use super::call::{CallerIs, Fallback, Hears, Phase};
use super::operator::{Operator, Presence, Wish, Work};
use super::types::{Output, QueueAlarm};
use super::{Queue, Unbridged};
use crate::contract::{EndedBy, Refusal, Withdrawal};
use crate::id::{CallId, UserId};
use jiff::{SignedDuration, Timestamp};

/// Nobody answers or declines what they have heard for less.
const GLANCE: SignedDuration = SignedDuration::from_secs(2);

impl Queue {
    pub(super) fn shift_started(&mut self, now: Timestamp, id: UserId, abilities: Abilities) -> Result<(), Refusal> {
        if let Some(operator) = self.operators.get_mut(&id) {
            operator.abilities = abilities;
            return self.operator_back(now, id);
        }
        self.line += 1;
        let (wish, presence, work) = (Wish::Preparing, Presence::Here, Work::Idle);
        let operator = Operator { id, wish, presence, work, abilities, line: self.line, since: now, unanswered: 0 };
        self.operators.insert(id, operator);
        Ok(())
    }

    pub(super) fn operator_ready(&mut self, now: Timestamp, id: UserId) -> Result<(), Refusal> {
        let operator = self.operators.get_mut(&id).ok_or(Refusal::NoShift)?;
        operator.unanswered = 0;
        if operator.wish != Wish::Ready {
            operator.wish = Wish::Ready;
            if operator.work == Work::Idle {
                operator.since = now;
            }
            self.send_to_end_of_line(id);
        }
        if self.operators.get(&id).is_some_and(|operator| matches!(operator.work, Work::WrapUp { .. })) {
            self.end_wrap_up(now, id);
        }
        Ok(())
    }

    pub(super) fn operator_paused(&mut self, now: Timestamp, id: UserId, reason: String) -> Result<(), Refusal> {
        let operator = self.operators.get_mut(&id).ok_or(Refusal::NoShift)?;
        operator.wish = Wish::Paused { reason };
        match operator.work {
            Work::Idle => operator.since = now,
            Work::WrapUp { .. } => self.end_wrap_up(now, id),
            Work::Ringing(call) => self.pass_on(now, call, id, Withdrawal::Declined),
            Work::Busy(_) => {}
        }
        Ok(())
    }

    pub(super) fn operator_gone(&mut self, now: Timestamp, id: UserId) -> Result<(), Refusal> {
        let until = now + self.settings.grace;
        let Some(operator) = self.operators.get_mut(&id) else { return Ok(()) };
        operator.presence = Presence::Away;
        match operator.work {
            Work::Idle => operator.since = now,
            Work::WrapUp { .. } => {}
            Work::Ringing(call) => self.pass_on(now, call, id, Withdrawal::OperatorGone),
            Work::Busy(call) => match self.calls.get(&call).map(|call| call.phase.clone()) {
                Some(Phase::Claimed { .. }) => self.return_to_head(now, call, Unbridged::Lost),
                Some(Phase::Talking { operator, caller }) => {
                    if let Some(call) = self.calls.get_mut(&call) {
                        call.phase = Phase::Detached { operator, caller, until };
                    }
                    self.raise(call, QueueAlarm::OperatorLost { call, operator: id });
                }
                _ => {}
            },
        }
        Ok(())
    }

    pub(super) fn operator_back(&mut self, now: Timestamp, id: UserId) -> Result<(), Refusal> {
        let Some(operator) = self.operators.get_mut(&id) else { return Ok(()) };
        if operator.presence == Presence::Here {
            return Ok(());
        }
        operator.presence = Presence::Here;
        match operator.work {
            Work::Busy(call) => {
                if let Some(detached) = self.calls.get_mut(&call)
                    && let Phase::Detached { operator, caller, .. } = detached.phase
                {
                    detached.phase = Phase::Talking { operator, caller };
                    self.clear(call, QueueAlarm::OperatorLost { call, operator: id });
                }
            }
            Work::Idle | Work::Ringing(_) => {
                operator.since = now;
                self.send_to_end_of_line(id);
            }
            Work::WrapUp { .. } => {}
        }
        Ok(())
    }

    pub(super) fn end_shift(&mut self, now: Timestamp, id: UserId) -> Result<(), Refusal> {
        match self.operators.get(&id).ok_or(Refusal::NoShift)?.work {
            Work::Busy(_) => return Err(Refusal::Busy),
            Work::Ringing(call) => self.pass_on(now, call, id, Withdrawal::OperatorGone),
            Work::Idle | Work::WrapUp { .. } => {}
        }
        self.operators.remove(&id);
        Ok(())
    }

    pub(super) fn answer(&mut self, now: Timestamp, id: UserId, call: CallId) -> Result<(), Refusal> {
        let operator = self.operators.get(&id).ok_or(Refusal::NoShift)?;
        let rung_by = match operator.work {
            // The same click twice.
            Work::Busy(current) if current == call => return Ok(()),
            Work::Busy(_) => return Err(Refusal::Busy),
            Work::Ringing(other) if other != call => Some(other),
            Work::Ringing(_) | Work::Idle | Work::WrapUp { .. } => None,
        };
        let wanted = self.calls.get(&call).ok_or(Refusal::NoSuchCall)?;
        if !wanted.is_unclaimed() {
            return Err(Refusal::TakenByAnother);
        }
        if operator.presence == Presence::Away {
            return Err(Refusal::NoMedia);
        }
        match rung_by {
            // It came in the very moment of the answer: nobody has declined it.
            Some(other) if self.rings_since(other, id).is_some_and(|since| now < since + GLANCE) => {
                self.withdraw(now, other, id, Withdrawal::NeededElsewhere);
            }
            Some(other) => self.pass_on(now, other, id, Withdrawal::Declined),
            None => {}
        }
        self.withdraw_all(now, call, Some(id), Withdrawal::AnsweredElsewhere);
        self.claim(now, id, call);
        Ok(())
    }

    fn rings_since(&self, call: CallId, operator: UserId) -> Option<Timestamp> {
        match &self.calls.get(&call)?.phase {
            Phase::Ringing { until } => until.get(&operator).map(|until| *until - self.settings.ring),
            _ => None,
        }
    }

    fn claim(&mut self, now: Timestamp, operator: UserId, id: CallId) {
        let until = now + self.settings.bridge;
        self.clear_alarms(id);
        self.seen_at_the_desk(operator);
        self.set_work(now, operator, Work::Busy(id));
        if let Some(call) = self.calls.get_mut(&id) {
            call.phase = Phase::Claimed { operator, until };
            call.hears = Hears::Nothing;
            if matches!(std::mem::replace(&mut call.fallback, Fallback::Off), Fallback::Dialling { .. }) {
                self.outputs.push_back(Output::CancelFallback { call: id });
            }
            self.outputs.push_back(Output::Bridge { call: id, operator });
        }
    }

    pub(super) fn decline(&mut self, now: Timestamp, id: UserId, call: CallId) -> Result<(), Refusal> {
        let operator = self.operators.get(&id).ok_or(Refusal::NoShift)?;
        if operator.work == Work::Ringing(call) {
            self.seen_at_the_desk(id);
            self.pass_on(now, call, id, Withdrawal::Declined);
            return Ok(());
        }
        match self.calls.get(&call).ok_or(Refusal::NoSuchCall)? {
            // It has moved on already.
            waiting if waiting.is_unclaimed() => Ok(()),
            _ => Err(Refusal::TakenByAnother),
        }
    }

    pub(super) fn operator_hung_up(&mut self, now: Timestamp, id: UserId, call: CallId) -> Result<(), Refusal> {
        self.require_holder(id, call)?;
        let untouched = self.calls.get(&call).is_some_and(|call| matches!(call.phase, Phase::Claimed { .. }));
        // They do not hear each other yet: whoever thinks better of it leaves the caller to others, and nobody's 112 call is refused.
        match untouched {
            true => self.return_to_head(now, call, Unbridged::Lost),
            false => self.release(now, call, EndedBy::Operator),
        }
        Ok(())
    }

    pub(super) fn set_held(&mut self, id: UserId, call: CallId, wanted: bool) -> Result<(), Refusal> {
        self.require_holder(id, call)?;
        match self.calls.get_mut(&call).map(|call| &mut call.phase) {
            Some(
                Phase::Talking { caller: CallerIs::Gone { .. }, .. } | Phase::Detached { caller: CallerIs::Gone { .. }, .. },
            ) => Err(Refusal::CallerGone),
            Some(Phase::Talking { caller, .. } | Phase::Detached { caller, .. }) => {
                *caller = if wanted { CallerIs::Held } else { CallerIs::There };
                Ok(())
            }
            // Also for the moment after the answer in which the voices are not joined yet.
            _ => Err(Refusal::NotAnswered),
        }
    }

    pub(super) fn require_holder(&self, id: UserId, call: CallId) -> Result<(), Refusal> {
        if !self.operators.contains_key(&id) {
            return Err(Refusal::NoShift);
        }
        let call = self.calls.get(&call).ok_or(Refusal::NoSuchCall)?;
        if call.holder() == Some(id) { Ok(()) } else { Err(Refusal::TakenByAnother) }
    }

    /// Somebody sits there: rings that nobody answers are counted anew.
    pub(super) fn seen_at_the_desk(&mut self, id: UserId) {
        if let Some(operator) = self.operators.get_mut(&id) {
            operator.unanswered = 0;
        }
    }

    /// The call rings here no longer; who was rung goes to the end of the line and is asked last for this call.
    pub(super) fn pass_on(&mut self, now: Timestamp, id: CallId, operator: UserId, why: Withdrawal) {
        if self.withdraw(now, id, operator, why) {
            self.send_to_end_of_line(operator);
            if let Some(call) = self.calls.get_mut(&id) {
                call.missed.insert(operator);
            }
        }
    }
}
