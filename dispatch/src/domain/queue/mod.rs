//! The queue of waiting calls and ready operators: who rings where, who has whom, and what happens when somebody goes away.
//!
//! It is a state machine without clock or socket. Feed it with [`Queue::handle`] and, at [`Queue::poll_timeout`], with
//! [`Queue::handle_timeout`]; after each, do what [`Queue::poll_output`] says until it is `None`.
//!
//! - The operator who has been idle longest is rung first; of the calls the one that lost its operator, then the highest priority,
//!   then the oldest.
//! - While a call rings at nobody, no operator is available: an available operator is rung at once, even one who has missed this
//!   call, if all others are taken or have missed it too.
//! - An operator has at most one call, a call at most one operator, and the first claim wins.
//! - No call is refused or forgotten: one that waits always has a deadline at which somebody is told again.

mod assign;
mod call;
mod operator;
mod people;
mod timer;
mod types;

#[cfg(test)]
mod tests;

pub use types::*;

use crate::contract::{EndedBy, Refusal, Withdrawal};
use crate::id::{CallId, UserId};
use call::{Call, Fallback, Hears, Phase};
use jiff::Timestamp;
use operator::{Operator, Work};
use std::collections::{BTreeMap, BTreeSet, VecDeque};

/// See the module.
#[derive(Debug)]
pub struct Queue {
    settings: QueueSettings,
    calls: BTreeMap<CallId, Call>,
    operators: BTreeMap<UserId, Operator>,
    outputs: VecDeque<Output>,
    /// The last place given out in the line of operators.
    line: u64,
}

impl Queue {
    pub fn new(settings: QueueSettings) -> Self {
        Self { settings, calls: BTreeMap::new(), operators: BTreeMap::new(), outputs: VecDeque::new(), line: 0 }
    }

    /// Takes one input.
    ///
    /// # Errors
    /// Only for what a person made; nothing has changed then.
    pub fn handle(&mut self, now: Timestamp, input: Input) -> Result<(), Refusal> {
        let outcome = match input {
            Input::CallArrived { call, priority } => self.call_arrived(now, call, priority),
            Input::CallerGone { call } => self.caller_gone(now, call, None),
            Input::CallLost { call } => self.caller_gone(now, call, Some(EndedBy::Network)),
            Input::ShiftStarted { operator } => self.shift_started(now, operator),
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

    pub fn call(&self, id: CallId) -> Option<CallStatus> {
        self.calls.get(&id).map(Call::status)
    }

    /// Every operator on shift.
    pub fn operators(&self) -> impl Iterator<Item = OperatorStatus> + '_ {
        self.operators.values().map(Operator::status)
    }

    pub fn operator(&self, id: UserId) -> Option<OperatorStatus> {
        self.operators.get(&id).map(Operator::status)
    }

    fn call_arrived(&mut self, now: Timestamp, id: CallId, priority: Priority) -> Result<(), Refusal> {
        let fallback = self.fallback_due(now);
        let phase = Phase::Waiting { remind_at: now + self.settings.remind };
        self.calls.entry(id).or_insert_with(|| Call {
            id,
            priority,
            arrived: now,
            returned: false,
            answered: false,
            phase,
            missed: BTreeSet::new(),
            hears: Hears::Nothing,
            fallback,
            alarms: BTreeSet::new(),
        });
        Ok(())
    }

    fn caller_gone(&mut self, now: Timestamp, id: CallId, why: Option<EndedBy>) -> Result<(), Refusal> {
        if let Some(call) = self.calls.get(&id) {
            let hung_up = if call.answered { EndedBy::Caller } else { EndedBy::CallerBeforeAnswer };
            self.release(now, id, why.unwrap_or(hung_up));
        }
        Ok(())
    }

    fn bridge_up(&mut self, now: Timestamp, id: CallId) -> Result<(), Refusal> {
        if let Some(call) = self.calls.get_mut(&id)
            && let Phase::Claimed { operator, .. } = call.phase
        {
            call.phase = Phase::Talking { operator, held: false };
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
            self.return_to_head(now, id);
        }
        Ok(())
    }

    fn fallback_answered(&mut self, now: Timestamp, id: CallId) -> Result<(), Refusal> {
        let dialling = |call: &Call| matches!(call.fallback, Fallback::Dialling { .. });
        if self.calls.get(&id).is_some_and(dialling) {
            self.withdraw(now, id, Withdrawal::AnsweredElsewhere);
            self.clear_alarms(id);
            if let Some(call) = self.calls.get_mut(&id) {
                call.phase = Phase::Fallback;
                call.answered = true;
                call.hears = Hears::Nothing;
                call.fallback = Fallback::Off;
            }
        }
        Ok(())
    }

    fn fallback_failed(&mut self, now: Timestamp, id: CallId) -> Result<(), Refusal> {
        let again = self.fallback_due(now);
        let Some(call) = self.calls.get_mut(&id) else { return Ok(()) };
        if matches!(call.fallback, Fallback::Dialling { .. }) {
            call.fallback = again;
        } else if call.phase == Phase::Fallback {
            self.return_to_head(now, id);
        }
        Ok(())
    }

    fn fallback_hung_up(&mut self, now: Timestamp, id: CallId) -> Result<(), Refusal> {
        if self.calls.get(&id).is_some_and(|call| call.phase == Phase::Fallback) {
            self.release(now, id, EndedBy::Operator);
        }
        Ok(())
    }

    /// Ends a call wherever it stands.
    fn release(&mut self, now: Timestamp, id: CallId, why: EndedBy) {
        self.withdraw(now, id, Withdrawal::CallerHungUp);
        self.unbridge(now, id);
        self.clear_alarms(id);
        if let Some(call) = self.calls.remove(&id) {
            if call.phase == Phase::Fallback || matches!(call.fallback, Fallback::Dialling { .. }) {
                self.outputs.push_back(Output::CancelFallback { call: id });
            }
            self.outputs.push_back(Output::Release { call: id, why });
        }
    }

    /// Whoever had the call lost it: it waits again, before all others. The one who lost it is asked last.
    fn return_to_head(&mut self, now: Timestamp, id: CallId) {
        let lost_by = self.unbridge(now, id);
        let fallback = self.fallback_due(now);
        let remind_at = now + self.settings.remind;
        if let Some(call) = self.calls.get_mut(&id) {
            call.phase = Phase::Waiting { remind_at };
            call.returned = true;
            call.fallback = fallback;
            call.missed = lost_by.into_iter().collect();
        }
    }

    /// Stops the ringing, if it rings; the call then waits. Gives who was rung.
    fn withdraw(&mut self, now: Timestamp, id: CallId, why: Withdrawal) -> Option<UserId> {
        let remind_at = now + self.settings.remind;
        let call = self.calls.get_mut(&id)?;
        let Phase::Ringing { operator, .. } = call.phase else { return None };
        call.phase = Phase::Waiting { remind_at };
        self.set_work(now, operator, Work::Idle);
        self.outputs.push_back(Output::StopRinging { call: id, operator, why });
        Some(operator)
    }

    /// Frees the operator who has the call. The call's phase is the caller's to set. Gives who had it.
    fn unbridge(&mut self, now: Timestamp, id: CallId) -> Option<UserId> {
        let operator = self.calls.get(&id)?.holder()?;
        self.set_work(now, operator, Work::Idle);
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
