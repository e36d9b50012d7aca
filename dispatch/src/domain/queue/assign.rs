//! Brings waiting calls and available operators together, and tells callers for whom there is nobody.

use super::Queue;
use super::call::{Call, Hears, Phase};
use super::operator::Work;
use super::types::{Output, QueueAlarm};
use crate::id::{CallId, UserId};
use jiff::Timestamp;

impl Queue {
    /// Rings until either calls or operators are used up. Runs after every input, and changes nothing the second time.
    pub(super) fn assign(&mut self, now: Timestamp) {
        while let Some(call) = self.next_call() {
            let Some(operator) = self.next_operator(call) else { break };
            self.ring(now, call, operator);
        }
        let left: Vec<CallId> = self.calls.values().filter(|call| call.is_waiting()).map(|call| call.id).collect();
        for id in left {
            self.nobody_ready(id);
        }
    }

    fn next_call(&self) -> Option<CallId> {
        self.calls.values().filter(|call| call.is_waiting()).min_by_key(|call| call.rank()).map(|call| call.id)
    }

    /// The longest idle of those who have not missed this call; if all have, the longest idle of all.
    fn next_operator(&self, call: CallId) -> Option<UserId> {
        let call = self.calls.get(&call)?;
        let available = self.operators.values().filter(|operator| operator.is_available());
        available.min_by_key(|operator| (call.missed.contains(&operator.id), operator.line)).map(|operator| operator.id)
    }

    fn ring(&mut self, now: Timestamp, id: CallId, operator: UserId) {
        let until = now + self.settings.ring;
        self.clear(id, QueueAlarm::NobodyReady { call: id });
        self.set_work(now, operator, Work::Ringing(id));
        let Some(call) = self.calls.get_mut(&id) else { return };
        call.phase = Phase::Ringing { operator, until };
        if call.missed.contains(&operator) {
            // Everybody who is ready has missed it: the next round begins.
            call.missed.clear();
        }
        if call.hears != Hears::Ringback {
            call.hears = Hears::Ringback;
            self.outputs.push_back(Output::Ringback { call: id });
        }
        self.outputs.push_back(Output::Ring { call: id, operator });
    }

    fn nobody_ready(&mut self, id: CallId) {
        let alarm = QueueAlarm::NobodyReady { call: id };
        let Some(call) = self.calls.get_mut(&id) else { return };
        if call.hears != Hears::Announcement {
            call.hears = Hears::Announcement;
            self.outputs.push_back(Output::Announce { call: id });
        }
        let sounding = |call: &Call| call.alarms.contains(&alarm);
        if self.calls.get(&id).is_some_and(|call| !sounding(call)) {
            self.raise(id, alarm);
        }
    }
}
