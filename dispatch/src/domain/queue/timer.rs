//! What the queue does by itself when time passes.

use super::call::{Call, Fallback, Phase};
use super::operator::{Operator, Presence, Wish, Work};
use super::types::{Output, QueueAlarm};
use super::{Queue, Unbridged};
use crate::contract::{EndedBy, Withdrawal};
use crate::id::{CallId, UserId};
use jiff::Timestamp;

/// After so many rings in a row without a sign of anybody, whoever sat there has left the desk.
const LEFT_RINGING: u32 = 3;

impl Queue {
    /// When to call [`Queue::handle_timeout`] next; `None` while nothing waits for anything.
    pub fn poll_timeout(&self) -> Option<Timestamp> {
        let calls = self.calls.values().filter_map(|call| call.deadline());
        calls.chain(self.operators.values().filter_map(|operator| operator.deadline())).min()
    }

    /// Does everything that is due at `now`. Harmless when nothing is.
    pub fn handle_timeout(&mut self, now: Timestamp) {
        let is_due = |at: Option<Timestamp>| at.is_some_and(|at| at <= now);
        let rested: Vec<UserId> =
            self.operators.values().filter(|operator| is_due(operator.deadline())).map(|operator| operator.id).collect();
        for operator in rested {
            self.end_wrap_up(now, operator);
        }
        let due: Vec<CallId> = self.calls.values().filter(|call| is_due(call.deadline())).map(|call| call.id).collect();
        for id in due {
            self.phase_due(now, id);
            self.fallback_is_due(now, id);
        }
        self.assign(now);
    }

    /// The operator is idle from now on.
    pub(super) fn end_wrap_up(&mut self, now: Timestamp, operator: UserId) {
        self.set_work(now, operator, Work::Idle);
        self.send_to_end_of_line(operator);
    }

    fn phase_due(&mut self, now: Timestamp, id: CallId) {
        let next_reminder = now + self.settings.remind;
        let Some(call) = self.calls.get_mut(&id) else { return };
        match &mut call.phase {
            Phase::Waiting { remind_at } if *remind_at <= now => {
                *remind_at = next_reminder;
                self.raise(id, QueueAlarm::NobodyReady { call: id });
            }
            Phase::Ringing { until } => {
                let missed: Vec<UserId> = until.iter().filter(|(_, until)| **until <= now).map(|(by, _)| *by).collect();
                for operator in &missed {
                    self.pass_on(now, id, *operator, Withdrawal::NoAnswer);
                    self.raise(id, QueueAlarm::Unanswered { call: id, operator: *operator });
                }
                self.nobody_answered(&missed);
            }
            Phase::Claimed { until, .. } | Phase::Detached { until, .. } if *until <= now => {
                self.return_to_head(now, id, Unbridged::Lost);
            }
            Phase::Calling { until, .. } if *until <= now => self.release(now, id, EndedBy::NotReached),
            Phase::Transferring { until } if *until <= now => {
                self.outputs.push_back(Output::CancelTransfer { call: id });
                self.return_to_head(now, id, Unbridged::Lost);
            }
            _ => {}
        }
    }

    /// No call is to lose its time again and again where nobody sits, while somebody else can take it: it goes there from now on. Where all who can
    /// let it ring, they are rung on and on, for ringing may still be heard.
    fn nobody_answered(&mut self, missed: &[UserId]) {
        let others_are_there = self.operators.values().any(|other| other.is_at_hand() && !missed.contains(&other.id));
        for id in missed {
            let Some(operator) = self.operators.get_mut(id) else { continue };
            operator.unanswered = operator.unanswered.saturating_add(1);
            if operator.unanswered >= LEFT_RINGING && others_are_there {
                operator.wish = Wish::Silent;
            }
        }
    }

    /// Somebody waits, and nobody else is at hand any more: who was paused for not answering is rung again.
    pub(super) fn wake_the_silent(&mut self) {
        if !self.calls.values().any(Call::is_waiting) || self.operators.values().any(Operator::is_at_hand) {
            return;
        }
        let silent = |operator: &&Operator| operator.presence == Presence::Here && operator.wish == Wish::Silent;
        let silent: Vec<UserId> = self.operators.values().filter(silent).map(|operator| operator.id).collect();
        for id in silent {
            if let Some(operator) = self.operators.get_mut(&id) {
                operator.wish = Wish::Ready;
                operator.unanswered = 0;
            }
        }
    }

    fn fallback_is_due(&mut self, now: Timestamp, id: CallId) {
        let Some(call) = self.calls.get(&id) else { return };
        match call.fallback {
            Fallback::Due(at) if at <= now && call.is_unclaimed() => self.dial_fallback(now, id, 0),
            Fallback::Dialling { nth, until } if until <= now => {
                self.outputs.push_back(Output::CancelFallback { call: id });
                self.fallback_over(now, id, nth);
            }
            _ => {}
        }
    }

    pub(super) fn dial_fallback(&mut self, now: Timestamp, id: CallId, nth: usize) {
        let until = now + self.settings.fallback_ring;
        if let Some(call) = self.calls.get_mut(&id) {
            call.fallback = Fallback::Dialling { nth, until };
            self.outputs.push_back(Output::DialFallback { call: id, nth });
        }
    }

    /// The `nth` fallback number was in vain: the next one, or the first again later.
    pub(super) fn fallback_over(&mut self, now: Timestamp, id: CallId, nth: usize) {
        if nth + 1 < self.settings.fallbacks {
            return self.dial_fallback(now, id, nth + 1);
        }
        let again = self.fallback_due(now);
        if let Some(call) = self.calls.get_mut(&id) {
            call.fallback = again;
        }
    }
}
