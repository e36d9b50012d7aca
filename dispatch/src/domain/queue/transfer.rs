//! Calls that operators make, and calls that they give away.

use super::call::{ANNOUNCED, Call, CallerIs, Hears, Phase, UNANNOUNCED};
use super::operator::{Presence, Work};
use super::types::{Output, QueueAlarm};
use super::{Queue, Unbridged};
use crate::contract::{EndedBy, Refusal};
use crate::id::{CallId, UserId};
use jiff::Timestamp;

impl Queue {
    pub(super) fn call_out(&mut self, now: Timestamp, id: UserId, call: CallId, callback: bool) -> Result<(), Refusal> {
        let operator = self.operators.get(&id).ok_or(Refusal::NoShift)?;
        match operator.work {
            Work::Busy(_) | Work::Ringing(_) => return Err(Refusal::Busy),
            Work::Idle | Work::WrapUp { .. } => {}
        }
        if operator.presence == Presence::Away {
            return Err(Refusal::NoMedia);
        }
        if self.calls.contains_key(&call) {
            return Err(Refusal::Unavailable);
        }
        let until = now + self.settings.calling;
        self.seen_at_the_desk(id);
        self.set_work(now, id, Work::Busy(call));
        let phase = Phase::Calling { operator: id, until };
        self.calls.insert(call, Call { in_need: callback, ..Call::new(call, now, phase) });
        Ok(())
    }

    pub(super) fn outbound_answered(&mut self, now: Timestamp, id: CallId) -> Result<(), Refusal> {
        let until = now + self.settings.grace;
        let Some(call) = self.calls.get_mut(&id) else { return Ok(()) };
        let Phase::Calling { operator, .. } = call.phase else { return Ok(()) };
        call.answered = true;
        call.phase = Phase::Talking { operator, caller: CallerIs::There };
        let Some(found) = self.operators.get_mut(&operator) else { return Ok(()) };
        found.since = now;
        if found.presence == Presence::Away {
            call.phase = Phase::Detached { operator, caller: CallerIs::There, until };
            self.raise(id, QueueAlarm::OperatorLost { call: id, operator });
        }
        Ok(())
    }

    pub(super) fn outbound_failed(&mut self, now: Timestamp, id: CallId) -> Result<(), Refusal> {
        if self.calls.get(&id).is_some_and(|call| matches!(call.phase, Phase::Calling { .. })) {
            self.release(now, id, EndedBy::NotReached);
        }
        Ok(())
    }

    /// The caller hears ringing from now on.
    pub(super) fn transfer(&mut self, now: Timestamp, operator: UserId, id: CallId) -> Result<(), Refusal> {
        let until = now + self.settings.transfer;
        self.give_away(now, operator, id, Phase::Transferring { until })?;
        if let Some(call) = self.calls.get_mut(&id) {
            call.hears = Hears::Ringback;
            self.outputs.push_back(Output::Ringback { call: id });
        }
        Ok(())
    }

    pub(super) fn hand_over(&mut self, now: Timestamp, operator: UserId, id: CallId) -> Result<(), Refusal> {
        self.give_away(now, operator, id, Phase::Transferred { taken_at: now + ANNOUNCED, announced: true })
    }

    fn give_away(&mut self, now: Timestamp, operator: UserId, id: CallId, phase: Phase) -> Result<(), Refusal> {
        self.require_holder(operator, id)?;
        if !self.calls.get(&id).is_some_and(Call::is_talking) {
            return Err(Refusal::NotAnswered);
        }
        if self.caller_gone_by(id).is_some() {
            return Err(Refusal::CallerGone);
        }
        self.clear_alarms(id);
        self.unbridge(now, id, Unbridged::Over);
        if let Some(call) = self.calls.get_mut(&id) {
            call.phase = phase;
        }
        Ok(())
    }

    pub(super) fn transfer_answered(&mut self, now: Timestamp, id: CallId) -> Result<(), Refusal> {
        if let Some(call) = self.calls.get_mut(&id)
            && matches!(call.phase, Phase::Transferring { .. })
        {
            call.phase = Phase::Transferred { taken_at: now + UNANNOUNCED, announced: false };
            call.hears = Hears::Nothing;
        }
        Ok(())
    }

    pub(super) fn transfer_failed(&mut self, now: Timestamp, id: CallId) -> Result<(), Refusal> {
        if self.calls.get(&id).is_some_and(|call| matches!(call.phase, Phase::Transferring { .. })) {
            self.return_to_head(now, id, Unbridged::Lost);
        }
        Ok(())
    }

    pub(super) fn party_gone(&mut self, now: Timestamp, id: CallId, hung_up: bool) -> Result<(), Refusal> {
        let Some(call) = self.calls.get(&id) else { return Ok(()) };
        match (&call.phase, call.caller_gone_by()) {
            (_, Some(by)) => self.release(now, id, by),
            (Phase::Transferred { taken_at, .. }, None) if hung_up && now >= *taken_at => self.release(now, id, EndedBy::Party),
            // Nobody told the caller that it is over, or nobody was there to be told what it is about.
            (Phase::Transferred { .. } | Phase::Transferring { .. }, None) => self.return_to_head(now, id, Unbridged::Lost),
            _ => {}
        }
        Ok(())
    }
}
