//! The queue on virtual time.

mod properties;
mod stories;
mod stories_of_loss;
mod stories_of_order;
mod stories_of_transfer;

use super::*;
use crate::contract::CallState;
use uuid::Uuid;

/// A queue with a clock that the test moves.
pub struct Room {
    pub queue: Queue,
    pub now: Timestamp,
}

pub fn operator(n: u128) -> UserId {
    UserId(Uuid::from_u128(0x0b00 + n))
}

pub fn call(n: u128) -> CallId {
    CallId(Uuid::from_u128(0xca00 + n))
}

pub fn seconds(n: i64) -> jiff::SignedDuration {
    jiff::SignedDuration::from_secs(n)
}

impl Room {
    pub fn new(settings: QueueSettings) -> Self {
        Self { queue: Queue::new(settings), now: Timestamp::UNIX_EPOCH }
    }

    pub fn with_fallback() -> Self {
        Self::new(QueueSettings { fallback_after: Some(seconds(60)), ..QueueSettings::default() })
    }

    /// A room in which operators `1..=n` became ready in this order.
    pub fn with_ready(n: u128) -> Self {
        let mut room = Self::new(QueueSettings::default());
        for n in 1..=n {
            room.ready(n);
        }
        room
    }

    pub fn ready(&mut self, n: u128) -> Vec<Output> {
        self.ready_with(n, &[], &[])
    }

    /// Operator `n` becomes ready, who has these skills and languages.
    pub fn ready_with(&mut self, n: u128, skills: &[&str], languages: &[&str]) -> Vec<Output> {
        self.queue.handle(self.now, shift(n, skills, languages)).unwrap();
        self.given(Input::OperatorReady { operator: operator(n) })
    }

    /// Takes an input that must be accepted, and gives what follows.
    pub fn given(&mut self, input: Input) -> Vec<Output> {
        self.queue.handle(self.now, input).unwrap();
        self.outputs()
    }

    pub fn refused(&mut self, input: Input) -> Refusal {
        let before: Vec<_> = self.queue.calls().collect();
        let refusal = self.queue.handle(self.now, input).unwrap_err();
        assert_eq!(self.outputs(), [], "a refusal changes nothing");
        assert_eq!(before, self.queue.calls().collect::<Vec<_>>());
        refusal
    }

    /// Time passes, with every timeout handled at its moment.
    pub fn after(&mut self, duration: jiff::SignedDuration) -> Vec<Output> {
        let end = self.now + duration;
        while let Some(at) = self.queue.poll_timeout().filter(|at| *at <= end) {
            self.now = at;
            self.queue.handle_timeout(at);
        }
        self.now = end;
        self.outputs()
    }

    pub fn arrives(&mut self, n: u128) -> Vec<Output> {
        self.given(arrival(n, Priority::Normal))
    }

    pub fn answers(&mut self, by: u128, n: u128) -> Vec<Output> {
        self.given(Input::Answer { operator: operator(by), call: call(n) })
    }

    /// Operator `by` answers call `n`, and both hear each other.
    pub fn talks(&mut self, by: u128, n: u128) {
        self.answers(by, n);
        self.given(Input::BridgeUp { call: call(n) });
        assert_eq!(self.state(n), Some((CallState::Active, Some(operator(by)))));
    }

    pub fn state(&self, n: u128) -> Option<(CallState, Option<UserId>)> {
        self.queue.call(call(n)).map(|call| (call.state, call.operator))
    }

    fn outputs(&mut self) -> Vec<Output> {
        std::iter::from_fn(|| self.queue.poll_output()).collect()
    }
}

pub fn shift(n: u128, skills: &[&str], languages: &[&str]) -> Input {
    let words = |words: &[&str]| words.iter().map(|word| (*word).to_owned()).collect();
    let abilities = Abilities { skills: words(skills), languages: words(languages) };
    Input::ShiftStarted { operator: operator(n), abilities }
}

pub fn arrival(n: u128, priority: Priority) -> Input {
    Input::CallArrived { call: call(n), priority, again: false, wants: Wants::default() }
}

/// Operator `by` calls somebody who has not called 112.
pub fn call_out(by: u128, n: u128) -> Input {
    Input::CallOut { operator: operator(by), call: call(n), callback: false }
}

pub fn ring(n: u128, by: u128) -> Output {
    Output::Ring { call: call(n), operator: operator(by) }
}

pub fn stop(n: u128, by: u128, why: Withdrawal) -> Output {
    Output::StopRinging { call: call(n), operator: operator(by), why }
}

pub fn bridge(n: u128, by: u128) -> Output {
    Output::Bridge { call: call(n), operator: operator(by) }
}

pub fn unbridge(n: u128, by: u128) -> Output {
    Output::Unbridge { call: call(n), operator: operator(by) }
}

pub fn release(n: u128, why: EndedBy) -> Output {
    Output::Release { call: call(n), why }
}

pub fn nobody_ready(n: u128) -> QueueAlarm {
    QueueAlarm::NobodyReady { call: call(n) }
}

pub fn unanswered(n: u128, by: u128) -> QueueAlarm {
    QueueAlarm::Unanswered { call: call(n), operator: operator(by) }
}

pub fn lost(n: u128, by: u128) -> QueueAlarm {
    QueueAlarm::OperatorLost { call: call(n), operator: operator(by) }
}

pub fn raise(alarm: QueueAlarm) -> Output {
    Output::RaiseAlarm { alarm }
}

pub fn clear(alarm: QueueAlarm) -> Output {
    Output::ClearAlarm { alarm }
}

pub fn ringback(n: u128) -> Output {
    Output::Ringback { call: call(n) }
}

pub fn announce(n: u128) -> Output {
    announce_at(n, 1)
}

pub fn announce_at(n: u128, position: usize) -> Output {
    Output::Announce { call: call(n), position }
}

pub fn dial_fallback(n: u128, nth: usize) -> Output {
    Output::DialFallback { call: call(n), nth }
}
