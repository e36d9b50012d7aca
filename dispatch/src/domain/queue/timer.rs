//! What the queue does by itself when time passes.

use super::Queue;
use super::call::{Fallback, Phase};
use super::types::{Output, QueueAlarm};
use crate::contract::Withdrawal;
use crate::id::CallId;
use jiff::Timestamp;

impl Queue {
    /// When to call [`Queue::handle_timeout`] next; `None` while no call waits for anything.
    pub fn poll_timeout(&self) -> Option<Timestamp> {
        self.calls.values().filter_map(|call| call.deadline()).min()
    }

    /// Does everything that is due at `now`. Harmless when nothing is.
    pub fn handle_timeout(&mut self, now: Timestamp) {
        let due: Vec<CallId> =
            self.calls.values().filter(|call| call.deadline().is_some_and(|at| at <= now)).map(|call| call.id).collect();
        for id in due {
            self.phase_due(now, id);
            self.fallback_is_due(now, id);
        }
        self.assign(now);
    }

    fn phase_due(&mut self, now: Timestamp, id: CallId) {
        let next_reminder = now + self.settings.remind;
        let Some(call) = self.calls.get_mut(&id) else { return };
        match &mut call.phase {
            Phase::Waiting { remind_at } if *remind_at <= now => {
                *remind_at = next_reminder;
                self.raise(id, QueueAlarm::NobodyReady { call: id });
            }
            Phase::Ringing { operator, until } if *until <= now => {
                let operator = *operator;
                self.pass_on(now, id, Withdrawal::NoAnswer);
                self.raise(id, QueueAlarm::Unanswered { call: id, operator });
            }
            Phase::Claimed { until, .. } | Phase::Detached { until, .. } if *until <= now => self.return_to_head(now, id),
            _ => {}
        }
    }

    fn fallback_is_due(&mut self, now: Timestamp, id: CallId) {
        let until = now + self.settings.fallback_ring;
        let again = self.fallback_due(now);
        let Some(call) = self.calls.get_mut(&id) else { return };
        match call.fallback {
            Fallback::Due(at) if at <= now && call.is_unclaimed() => {
                call.fallback = Fallback::Dialling { until };
                self.outputs.push_back(Output::DialFallback { call: id });
            }
            Fallback::Dialling { until } if until <= now => {
                call.fallback = again;
                self.outputs.push_back(Output::CancelFallback { call: id });
            }
            _ => {}
        }
    }
}
