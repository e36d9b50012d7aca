//! Brings waiting calls and available operators together, and tells callers for whom there is nobody.

use super::Queue;
use super::call::{Call, Fallback, Hears, Phase};
use super::operator::{Operator, Work};
use super::types::{Output, QueueAlarm, Strategy};
use crate::contract::Withdrawal;
use crate::id::{CallId, UserId};
use jiff::Timestamp;
use std::cmp::Reverse;

/// Who is rung for a call that waits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Round {
    /// Those who have not missed it.
    First,
    /// All.
    Again,
}

impl Queue {
    /// Rings until either calls or operators are used up. Runs after every input, and changes nothing the second time.
    pub(super) fn assign(&mut self, now: Timestamp) {
        let is_over = |call: &&Call| call.choosy_until.is_some_and(|until| until <= now);
        let choosy_no_more: Vec<CallId> = self.calls.values().filter(is_over).map(|call| call.id).collect();
        for call in choosy_no_more {
            if let Some(call) = self.calls.get_mut(&call) {
                call.choosy_until = None;
            }
        }
        self.wake_the_silent();
        // Who has missed a call is rung for it again when nobody else could have it, not even one at whom a less urgent call rings.
        for round in [Round::First, Round::Again] {
            self.ring_all_that_can(now, round);
            while let Some((more, less, operator)) = self.to_take(now) {
                self.withdraw(now, less, operator, Withdrawal::NeededElsewhere);
                self.ring(now, more, vec![operator]);
                // For the other there may be somebody else.
                self.ring_all_that_can(now, round);
            }
        }
        for (before, id) in self.in_order(now, Call::is_waiting).into_iter().enumerate() {
            self.nobody_ready(now, id, before + 1);
        }
    }

    fn ring_all_that_can(&mut self, now: Timestamp, round: Round) {
        if self.operators.values().any(Operator::is_available) {
            for call in self.in_order(now, Call::is_waiting) {
                let operators = self.whom_to_ring(call, round);
                if !operators.is_empty() {
                    self.ring(now, call, operators);
                }
            }
        }
        if self.settings.strategy == Strategy::RingAll {
            self.ring_the_rest(now);
            for call in self.in_order(now, Call::is_waiting) {
                self.share(now, call);
            }
        }
    }

    fn in_order(&self, now: Timestamp, which: impl Fn(&Call) -> bool) -> Vec<CallId> {
        let mut calls: Vec<&Call> = self.calls.values().filter(|call| which(call)).collect();
        calls.sort_by_cached_key(|call| call.rank(now, self.settings.low_limit));
        calls.into_iter().map(|call| call.id).collect()
    }

    /// At whom a waiting call rings now: at nobody while who fits best is expected, or while there is nobody.
    fn whom_to_ring(&self, call: CallId, round: Round) -> Vec<UserId> {
        let Some(call) = self.calls.get(&call) else { return Vec::new() };
        let kept = self.is_kept(call);
        let mut operators: Vec<&Operator> = self.operators.values().filter(|operator| operator.is_available()).collect();
        if kept {
            operators.retain(|operator| is_best_for(operator, call));
        }
        if round == Round::First {
            operators.retain(|operator| !call.missed.contains(&operator.id));
        }
        // Who has missed it comes last, then who fits less, then who has been idle for less time.
        operators.sort_by_key(|operator| {
            let (abilities, wants) = (&operator.abilities, &call.wants);
            let missed = call.missed.contains(&operator.id);
            (missed, !abilities.understand(wants), !abilities.are_trained(wants), !abilities.please(wants), operator.line)
        });
        match self.settings.strategy {
            Strategy::LongestIdle => operators.truncate(1),
            // If all have missed it the next round begins with all.
            Strategy::RingAll if operators.iter().any(|operator| !call.missed.contains(&operator.id)) => {
                operators.retain(|operator| !call.missed.contains(&operator.id));
            }
            Strategy::RingAll => {}
        }
        operators.into_iter().map(|operator| operator.id).collect()
    }

    /// Whether the call is for those alone who have what it wants: there is one on shift who takes calls, and the time for that is
    /// not up.
    fn is_kept(&self, call: &Call) -> bool {
        call.choosy_until.is_some()
            && self.operators.values().any(|operator| operator.is_willing() && is_best_for(operator, call))
    }

    fn ring(&mut self, now: Timestamp, id: CallId, operators: Vec<UserId>) {
        let until = now + self.settings.ring;
        self.clear(id, QueueAlarm::NobodyReady { call: id });
        for operator in &operators {
            self.set_work(now, *operator, Work::Ringing(id));
        }
        let Some(call) = self.calls.get_mut(&id) else { return };
        if operators.iter().any(|operator| call.missed.contains(operator)) {
            // Everybody who is ready has missed it: the next round begins.
            call.missed.clear();
        }
        call.phase = Phase::Ringing { until: operators.iter().map(|operator| (*operator, until)).collect() };
        if call.hears != Hears::Ringback {
            call.hears = Hears::Ringback;
            self.outputs.push_back(Output::Ringback { call: id });
        }
        self.outputs.extend(operators.into_iter().map(|operator| Output::Ring { call: id, operator }));
    }

    /// Operators for whom no call waits are rung for those that ring already, but for calls which they have missed.
    fn ring_the_rest(&mut self, now: Timestamp) {
        let until = now + self.settings.ring;
        let ringing = self.in_order(now, |call| matches!(call.phase, Phase::Ringing { .. }));
        let mut rest: Vec<(u64, UserId)> = self
            .operators
            .values()
            .filter(|operator| operator.is_available())
            .map(|operator| (operator.line, operator.id))
            .collect();
        rest.sort_unstable();
        for (_, operator) in rest {
            let wanted = ringing.iter().copied().find(|id| self.may_join(*id, operator));
            let Some(call) = wanted.and_then(|id| self.calls.get_mut(&id)) else { continue };
            if let Phase::Ringing { until: rung } = &mut call.phase {
                rung.insert(operator, until);
            }
            let id = call.id;
            self.set_work(now, operator, Work::Ringing(id));
            self.outputs.push_back(Output::Ring { call: id, operator });
        }
    }

    /// A waiting call takes its share of those at whom others of its priority ring at all: no caller waits unheard while ten rings are for one.
    fn share(&mut self, now: Timestamp, id: CallId) {
        let mut mine = Vec::new();
        while let Some((from, operator)) = self.to_share(now, id, mine.len()) {
            self.withdraw(now, from, operator, Withdrawal::NeededElsewhere);
            mine.push(operator);
        }
        if !mine.is_empty() {
            self.ring(now, id, mine);
        }
    }

    /// Of the calls that ring at two more than `have` at least, and are no more urgent than this one, the one that rings at the most and has
    /// somebody for it; and who of those fits it best.
    fn to_share(&self, now: Timestamp, id: CallId, have: usize) -> Option<(CallId, UserId)> {
        let call = self.calls.get(&id)?;
        let urgency = |call: &Call| call.urgency(now, self.settings.low_limit);
        let mut rich: Vec<(&Call, Vec<UserId>)> =
            self.calls.values().filter(|from| urgency(from) <= urgency(call)).filter_map(rings_at).collect();
        rich.retain(|(_, rung)| rung.len() >= have + 2);
        rich.sort_by_key(|(from, rung)| (Reverse(rung.len()), from.arrived, from.id));
        rich.into_iter().find_map(|(from, rung)| {
            let fitting = rung.into_iter().filter(|operator| self.may_join(id, *operator));
            let best = fitting.filter_map(|operator| self.operators.get(&operator)).min_by_key(|operator| {
                let abilities = &operator.abilities;
                let fits = (!abilities.understand(&call.wants), !abilities.are_trained(&call.wants));
                (fits, is_best_for(operator, from), operator.line)
            })?;
            Some((from.id, best.id))
        })
    }

    /// The first call in the order that waits although a less urgent one rings at somebody who could take it; the last of those; and who
    /// of its operators fits the other best. Every turn moves an operator to a more urgent call, so that none is ever moved back.
    fn to_take(&self, now: Timestamp) -> Option<(CallId, CallId, UserId)> {
        let low_limit = self.settings.low_limit;
        let urgency = |call: &Call| call.urgency(now, low_limit);
        let mut ringing: Vec<(&Call, Vec<UserId>)> = self.calls.values().filter_map(rings_at).collect();
        let least = ringing.iter().map(|(call, _)| urgency(call)).min()?;
        // In a crowd of equals nobody need be sorted.
        let mut waiting: Vec<&Call> = self.calls.values().filter(|call| call.is_waiting() && urgency(call) > least).collect();
        waiting.sort_by_cached_key(|call| call.rank(now, low_limit));
        ringing.sort_by_cached_key(|(call, _)| Reverse(call.rank(now, low_limit)));
        waiting.into_iter().find_map(|more| {
            ringing.iter().filter(|(less, _)| urgency(less) < urgency(more)).find_map(|(less, rung)| {
                let fitting = rung.iter().filter(|operator| self.may_join(more.id, **operator));
                let best = fitting.filter_map(|operator| self.operators.get(operator)).min_by_key(|operator| {
                    let abilities = &operator.abilities;
                    (!abilities.understand(&more.wants), !abilities.are_trained(&more.wants), operator.line)
                })?;
                Some((more.id, less.id, best.id))
            })
        })
    }

    fn may_join(&self, call: CallId, operator: UserId) -> bool {
        let (Some(call), Some(operator)) = (self.calls.get(&call), self.operators.get(&operator)) else { return false };
        !call.missed.contains(&operator.id) && (!self.is_kept(call) || is_best_for(operator, call))
    }

    fn nobody_ready(&mut self, now: Timestamp, id: CallId, position: usize) {
        let alarm = QueueAlarm::NobodyReady { call: id };
        let every = self.settings.announce_every;
        let Some(call) = self.calls.get(&id) else { return };
        let hears = match call.hears {
            Hears::Announcement { position: told, since, .. } if told == position => {
                Hears::Announcement { position, since, next: None }
            }
            Hears::Announcement { position, since, .. } if since + every > now => {
                Hears::Announcement { position, since, next: Some(since + every) }
            }
            _ => {
                self.outputs.push_back(Output::Announce { call: id, position });
                Hears::Announcement { position, since: now, next: None }
            }
        };
        let too_many = self.settings.overflow_calls.is_some_and(|calls| position > calls);
        let overflows = too_many && !call.overflowed && matches!(call.fallback, Fallback::Due(_));
        let (changes, sounds) = (call.hears != hears || overflows, call.alarms.contains(&alarm));
        // In a crowd nothing is new for most of those who wait.
        if changes && let Some(call) = self.calls.get_mut(&id) {
            call.hears = hears;
            call.overflowed |= overflows;
        }
        if overflows {
            self.dial_fallback(now, id, 0);
        }
        if !sounds {
            self.raise(id, alarm);
        }
    }
}

fn rings_at(call: &Call) -> Option<(&Call, Vec<UserId>)> {
    match &call.phase {
        Phase::Ringing { until } => Some((call, until.keys().copied().collect())),
        _ => None,
    }
}

/// Has what the call wants, and has not missed it.
fn is_best_for(operator: &Operator, call: &Call) -> bool {
    operator.abilities.fit(&call.wants) && !call.missed.contains(&operator.id)
}
