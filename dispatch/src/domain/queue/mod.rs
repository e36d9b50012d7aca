//! The queue of waiting calls and ready operators: who rings where, who has whom, and what happens when somebody goes away.
//!
//! It is a state machine without clock or socket. Feed it with [`Queue::handle`] and, at [`Queue::poll_timeout`], with
//! [`Queue::handle_timeout`]; after each, do what [`Queue::poll_output`] says until it is `None`.
//!
//! - The operator who has been idle longest is rung first, or all are; of the calls the one that lost its operator, then a caller
//!   before whom we have called, then the highest priority: a call that is more urgent so takes the operator at whom another only rings.
//!   Then who gave up before and calls again or has waited for long, then the oldest.
//! - While a call rings at nobody, no operator is available: an available operator is rung at once, even one who has missed this
//!   call, if all others are taken or have missed it too. Only a call that asks for a skill or a language waits a little for who
//!   has it, if such an operator takes calls.
//! - Who lets it ring out three times in a row is paused while somebody else is at hand.
//! - An operator has at most one call, a call at most one operator, and the first claim wins.
//! - No call is refused or forgotten: one that waits always has a deadline at which somebody is told again.

mod ability;
mod assign;
mod call;
mod operator;
mod people;
mod timer;
mod tracked;
mod transfer;
mod types;

#[cfg(test)]
mod tests;

pub use ability::{Abilities, Wants};
pub use types::*;

use crate::contract::{EndedBy, Refusal, Withdrawal};
use crate::id::{CallId, UserId};
use call::{Call, CallerIs, FALLBACK_TALK, Fallback, Hears, Phase};
use jiff::Timestamp;
use operator::{Operator, Wish, Work};
use std::collections::VecDeque;
use tracked::Tracked;

/// See the module.
#[derive(Debug)]
pub struct Queue {
    settings: QueueSettings,
    calls: Tracked<CallId, Call>,
    operators: Tracked<UserId, Operator>,
    outputs: VecDeque<Output>,
    /// The last place given out in the line of operators.
    line: u64,
}

/// Why an operator does not have a call any more.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Unbridged {
    /// It is over for the operator, who may write it up.
    Over,
    /// It was lost to the operator.
    Lost,
}

impl Queue {
    pub fn new(settings: QueueSettings) -> Self {
        Self { settings, calls: Tracked::new(), operators: Tracked::new(), outputs: VecDeque::new(), line: 0 }
    }

    /// Takes one input.
    ///
    /// # Errors
    /// Only for what a person made; nothing has changed then.
    pub fn handle(&mut self, now: Timestamp, input: Input) -> Result<(), Refusal> {
        let outcome = match input {
            Input::CallArrived { call, priority, again, wants } => self.call_arrived(now, call, priority, again, wants),
            Input::CallerGone { call } => self.caller_gone(now, call, None),
            Input::CallLost { call } => self.caller_gone(now, call, Some(EndedBy::Network)),
            Input::CallerLeftOthers { call, lost } => self.caller_left_others(now, call, lost.then_some(EndedBy::Network)),
            Input::ShiftStarted { operator, abilities } => self.shift_started(now, operator, abilities),
            Input::OperatorReady { operator } => self.operator_ready(now, operator),
            Input::OperatorPaused { operator, reason } => self.operator_paused(now, operator, reason),
            Input::OperatorGone { operator } => self.operator_gone(now, operator),
            Input::OperatorBack { operator } => self.operator_back(now, operator),
            Input::EndShift { operator } => self.end_shift(now, operator),
            Input::Answer { operator, call } => self.answer(now, operator, call),
            Input::Decline { operator, call } => self.decline(now, operator, call),
            Input::OperatorHungUp { operator, call } => self.operator_hung_up(now, operator, call),
            Input::Hold { operator, call } => self.set_held(operator, call, true),
            Input::Resume { operator, call } => self.set_held(operator, call, false),
            Input::CallOut { operator, call, callback } => self.call_out(now, operator, call, callback),
            Input::OutboundAnswered { call } => self.outbound_answered(now, call),
            Input::OutboundFailed { call } => self.outbound_failed(now, call),
            Input::Transfer { operator, call } => self.transfer(now, operator, call),
            Input::TransferAnswered { call } => self.transfer_answered(now, call),
            Input::TransferFailed { call } => self.transfer_failed(now, call),
            Input::HandOver { operator, call } => self.hand_over(now, operator, call),
            Input::PartyGone { call, hung_up } => self.party_gone(now, call, hung_up),
            Input::BridgeUp { call } => self.bridge_up(now, call),
            Input::BridgeFailed { call, operator } => self.bridge_failed(now, call, operator),
            Input::FallbackAnswered { call } => self.fallback_answered(now, call),
            Input::FallbackFailed { call } => self.fallback_failed(now, call),
            Input::FallbackHungUp { call } => self.fallback_hung_up(now, call),
        };
        self.assign(now);
        outcome
    }

    /// The next thing to do, until `None`.
    pub fn poll_output(&mut self) -> Option<Output> {
        self.outputs.pop_front()
    }

    /// Every call in the house, oldest first.
    pub fn calls(&self) -> impl Iterator<Item = CallStatus> + '_ {
        let mut calls: Vec<&Call> = self.calls.values().collect();
        calls.sort_by_key(|call| (call.arrived, call.id));
        calls.into_iter().map(Call::status)
    }

    /// Those that may have changed since this was asked last, oldest first.
    pub fn take_changed_calls(&mut self) -> Vec<CallStatus> {
        // Ids ascend with time.
        self.calls.take_touched().map(Call::status).collect()
    }

    pub fn call(&self, id: CallId) -> Option<CallStatus> {
        self.calls.get(&id).map(Call::status)
    }

    /// Whether this operator has taken the call and waits for [`Input::BridgeUp`].
    pub fn is_claimed(&self, id: CallId, by: UserId) -> bool {
        self.calls.get(&id).is_some_and(|call| matches!(call.phase, Phase::Claimed { operator, .. } if operator == by))
    }

    /// How a call will have ended whose caller has left an operator who goes on with others.
    pub fn caller_gone_by(&self, id: CallId) -> Option<EndedBy> {
        self.calls.get(&id).and_then(Call::caller_gone_by)
    }

    /// Every operator on shift.
    pub fn operators(&self) -> impl Iterator<Item = OperatorStatus> + '_ {
        self.operators.values().map(Operator::status)
    }

    /// Those that may have changed since this was asked last; also those of whom only their presence was told once more.
    pub fn take_changed_operators(&mut self) -> Vec<OperatorStatus> {
        self.operators.take_touched().map(Operator::status).collect()
    }

    pub fn operator(&self, id: UserId) -> Option<OperatorStatus> {
        self.operators.get(&id).map(Operator::status)
    }

    fn call_arrived(&mut self, now: Timestamp, id: CallId, priority: Priority, again: bool, wants: Wants) -> Result<(), Refusal> {
        let fallback = self.fallback_due(now);
        let choosy_until = (!wants.is_nothing()).then(|| now + self.settings.skill_wait);
        let phase = Phase::Waiting { remind_at: now + self.settings.remind };
        if !self.calls.contains_key(&id) {
            // A nuisance that gave up gains nothing by it, and who goes first anyway needs nothing.
            let again = again && priority == Priority::Normal;
            let call = Call { priority, again, wants, choosy_until, fallback, ..Call::new(id, now, phase) };
            self.calls.insert(id, call);
        }
        Ok(())
    }

    fn caller_gone(&mut self, now: Timestamp, id: CallId, why: Option<EndedBy>) -> Result<(), Refusal> {
        if let Some(call) = self.calls.get(&id) {
            let why = ended_by_caller(now, call, why);
            self.release(now, id, why);
        }
        Ok(())
    }

    /// An operator who has the call goes on with the others; where nobody of us has it, it is over for all.
    fn caller_left_others(&mut self, now: Timestamp, id: CallId, why: Option<EndedBy>) -> Result<(), Refusal> {
        let Some(call) = self.calls.get_mut(&id) else { return Ok(()) };
        let by = ended_by_caller(now, call, why);
        match &mut call.phase {
            Phase::Talking { caller, .. } | Phase::Detached { caller, .. } => *caller = CallerIs::Gone { by },
            _ => self.release(now, id, by),
        }
        Ok(())
    }

    fn bridge_up(&mut self, now: Timestamp, id: CallId) -> Result<(), Refusal> {
        if let Some(call) = self.calls.get_mut(&id)
            && let Phase::Claimed { operator, .. } = call.phase
        {
            call.phase = Phase::Talking { operator, caller: CallerIs::There };
            call.answered = true;
            if let Some(operator) = self.operators.get_mut(&operator) {
                operator.since = now;
            }
        }
        Ok(())
    }

    fn bridge_failed(&mut self, now: Timestamp, id: CallId, operator: UserId) -> Result<(), Refusal> {
        let claimed = |call: &Call| matches!(call.phase, Phase::Claimed { operator: by, .. } if by == operator);
        if self.calls.get(&id).is_some_and(claimed) {
            self.return_to_head(now, id, Unbridged::Lost);
        }
        Ok(())
    }

    fn fallback_answered(&mut self, now: Timestamp, id: CallId) -> Result<(), Refusal> {
        let Some(Fallback::Dialling { nth, .. }) = self.calls.get(&id).map(|call| call.fallback) else { return Ok(()) };
        self.withdraw_all(now, id, None, Withdrawal::AnsweredElsewhere);
        self.clear_alarms(id);
        if let Some(call) = self.calls.get_mut(&id) {
            call.phase = Phase::Fallback { nth, taken_at: now + FALLBACK_TALK };
            call.answered = true;
            call.hears = Hears::Nothing;
            call.fallback = Fallback::Off;
        }
        Ok(())
    }

    fn fallback_failed(&mut self, now: Timestamp, id: CallId) -> Result<(), Refusal> {
        let Some(call) = self.calls.get(&id) else { return Ok(()) };
        if let Fallback::Dialling { nth, .. } = call.fallback {
            self.fallback_over(now, id, nth);
        } else if matches!(call.phase, Phase::Fallback { .. }) {
            self.return_to_head(now, id, Unbridged::Lost);
        }
        Ok(())
    }

    /// A mailbox is no help: the caller waits again, and the next number is tried.
    fn fallback_hung_up(&mut self, now: Timestamp, id: CallId) -> Result<(), Refusal> {
        match self.calls.get(&id).map(|call| &call.phase) {
            Some(&Phase::Fallback { taken_at, .. }) if now >= taken_at => self.release(now, id, EndedBy::Operator),
            Some(&Phase::Fallback { nth, .. }) => {
                self.return_to_head(now, id, Unbridged::Lost);
                self.fallback_over(now, id, nth);
            }
            _ => {}
        }
        Ok(())
    }

    /// Ends a call wherever it stands; for a caller who is gone already it ended then.
    fn release(&mut self, now: Timestamp, id: CallId, why: EndedBy) {
        let why = self.caller_gone_by(id).unwrap_or(why);
        self.withdraw_all(now, id, None, Withdrawal::CallerHungUp);
        self.unbridge(now, id, Unbridged::Over);
        self.clear_alarms(id);
        if let Some(call) = self.calls.remove(&id) {
            if matches!(call.phase, Phase::Fallback { .. }) || matches!(call.fallback, Fallback::Dialling { .. }) {
                self.outputs.push_back(Output::CancelFallback { call: id });
            }
            self.outputs.push_back(Output::Release { call: id, why });
        }
    }

    /// Whoever had the call lost it: it waits again, before all others. The one who lost it is asked last. Without a caller there is nobody to
    /// wait; and whom an operator called for help, or for a word, goes before nobody and has no use for a fallback number.
    fn return_to_head(&mut self, now: Timestamp, id: CallId, why: Unbridged) {
        if let Some(by) = self.caller_gone_by(id) {
            return self.release(now, id, by);
        }
        let lost_by = self.unbridge(now, id, why);
        let fallback = self.fallback_due(now);
        let remind_at = now + self.settings.remind;
        if let Some(call) = self.calls.get_mut(&id) {
            call.phase = Phase::Waiting { remind_at };
            call.returned = call.in_need;
            call.choosy_until = None;
            call.fallback = if call.in_need { fallback } else { Fallback::Off };
            call.missed = lost_by.into_iter().collect();
        }
    }

    /// Stops the ringing at one operator; a call that rings at nobody else then waits. `false` if it does not ring there.
    fn withdraw(&mut self, now: Timestamp, id: CallId, operator: UserId, why: Withdrawal) -> bool {
        let remind_at = now + self.settings.remind;
        let Some(call) = self.calls.get_mut(&id) else { return false };
        let Phase::Ringing { until } = &mut call.phase else { return false };
        if until.remove(&operator).is_none() {
            return false;
        }
        if until.is_empty() {
            call.phase = Phase::Waiting { remind_at };
        }
        self.set_work(now, operator, Work::Idle);
        self.outputs.push_back(Output::StopRinging { call: id, operator, why });
        true
    }

    /// Stops the ringing at everybody but one.
    fn withdraw_all(&mut self, now: Timestamp, id: CallId, but: Option<UserId>, why: Withdrawal) {
        let Some(Phase::Ringing { until }) = self.calls.get(&id).map(|call| &call.phase) else { return };
        let rung: Vec<UserId> = until.keys().copied().filter(|operator| Some(*operator) != but).collect();
        for operator in rung {
            self.withdraw(now, id, operator, why);
        }
    }

    /// Frees the operator who has the call. The call's phase is the caller's to set. Gives who had it.
    fn unbridge(&mut self, now: Timestamp, id: CallId, why: Unbridged) -> Option<UserId> {
        let call = self.calls.get(&id)?;
        let (operator, talked) = (call.holder()?, call.is_talking());
        let ready = self.operators.get(&operator).is_some_and(|operator| operator.wish == Wish::Ready);
        let writes_up = why == Unbridged::Over && talked && ready && self.settings.wrap_up.is_positive();
        let work = if writes_up { Work::WrapUp { until: now + self.settings.wrap_up } } else { Work::Idle };
        self.set_work(now, operator, work);
        self.send_to_end_of_line(operator);
        self.outputs.push_back(Output::Unbridge { call: id, operator });
        Some(operator)
    }

    fn set_work(&mut self, now: Timestamp, operator: UserId, work: Work) {
        if let Some(operator) = self.operators.get_mut(&operator) {
            operator.work = work;
            operator.since = now;
        }
    }

    fn send_to_end_of_line(&mut self, operator: UserId) {
        if let Some(operator) = self.operators.get_mut(&operator) {
            self.line += 1;
            operator.line = self.line;
        }
    }

    fn fallback_due(&self, now: Timestamp) -> Fallback {
        self.settings.fallback_after.map_or(Fallback::Off, |after| Fallback::Due(now + after))
    }

    /// Raises, or raises again.
    fn raise(&mut self, id: CallId, alarm: QueueAlarm) {
        if let Some(call) = self.calls.get_mut(&id) {
            call.alarms.insert(alarm);
            self.outputs.push_back(Output::RaiseAlarm { alarm });
        }
    }

    fn clear(&mut self, id: CallId, alarm: QueueAlarm) {
        if self.calls.get_mut(&id).is_some_and(|call| call.alarms.remove(&alarm)) {
            self.outputs.push_back(Output::ClearAlarm { alarm });
        }
    }

    fn clear_alarms(&mut self, id: CallId) {
        let alarms = self.calls.get_mut(&id).map(|call| std::mem::take(&mut call.alarms)).unwrap_or_default();
        self.outputs.extend(alarms.into_iter().map(|alarm| Output::ClearAlarm { alarm }));
    }
}

/// How a call ends that its caller leaves as it stands; `why` if it was not the caller's wish.
fn ended_by_caller(now: Timestamp, call: &Call, why: Option<EndedBy>) -> EndedBy {
    match (&call.phase, why) {
        (Phase::Calling { .. }, _) => EndedBy::NotReached,
        (_, Some(why)) => why,
        (_, None) if !call.answered => EndedBy::CallerBeforeAnswer,
        // A machine answered, and the caller has spoken with nobody there: somebody is to call back.
        (Phase::Fallback { taken_at, .. } | Phase::Transferred { taken_at, announced: false }, None) if now < *taken_at => {
            EndedBy::CallerLeft
        }
        (Phase::Talking { .. } | Phase::Fallback { .. } | Phase::Transferred { .. }, None) => EndedBy::Caller,
        (_, None) => EndedBy::CallerLeft,
    }
}
