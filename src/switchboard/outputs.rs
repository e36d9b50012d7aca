//! Carries out what the queue says, and shows what has changed by it.

use super::line::Order;
use super::line::arrangement::Sound;
use super::phones::Purpose;
use super::{LegKind, Switchboard, now, reached, tick};
use dispatch::contract::{AlarmKind, CallState, EndedBy, Event, Withdrawal};
use dispatch::desk::{Entry, PartyEnd, Who};
use dispatch::domain::queue::{CallStatus, Input, Output, QueueAlarm};
use dispatch::id::{CallId, UserId};

impl Switchboard {
    /// Tells the queue what happened by itself; such inputs are never refused.
    pub(super) fn told(&mut self, input: Input) {
        if let Err(refusal) = self.queue.handle(tick(), input) {
            tracing::debug!(%refusal, "the queue ignored an event");
        }
    }

    /// Does what the queue says until it is silent. What has changed is shown first, so that a console that reads a snapshot because
    /// of an event finds the event's change in it.
    pub(super) fn settle(&mut self) {
        loop {
            let outputs: Vec<Output> = std::iter::from_fn(|| self.queue.poll_output()).collect();
            self.show();
            if outputs.is_empty() && !self.see_off() {
                return;
            }
            for output in outputs {
                self.carry_out(output);
            }
        }
    }

    fn carry_out(&mut self, output: Output) {
        match output {
            Output::Ring { call, operator } => self.ring(call, operator),
            Output::StopRinging { call, operator, why } => self.stop_ringing(call, operator, why),
            Output::Bridge { call, operator } => {
                self.leave_monitoring(operator);
                self.bridge(call, operator);
            }
            Output::Unbridge { call, operator } => {
                self.order(call, Order::Unbridge);
                self.text_is_with(call, None);
                self.all_joined(call);
                self.silence_is_meant(call);
                self.free_phone(operator, call);
                // With the call over, a page that was lost during it counts.
                self.present(operator);
            }
            Output::Release { call, why } => self.release(call, why),
            Output::Announce { call, position } => {
                self.order(call, Order::Wait(Sound::Busy { position: u32::try_from(position).ok() }));
            }
            Output::Ringback { call } => self.order(call, Order::Wait(Sound::Ringback)),
            Output::RaiseAlarm { alarm } => {
                let kind = self.alarm(alarm);
                self.desk.raise_alarm(kind, now());
            }
            Output::ClearAlarm { alarm } => self.desk.clear_alarms(|kind| is_same(kind, alarm)),
            Output::DialFallback { call, nth } => self.dial_fallback(call, nth),
            Output::CancelFallback { call } => self.cancel_fallback(call),
            Output::CancelTransfer { call } => self.cancel_ringing(call),
        }
    }

    /// What an operator writes at a phone alone is about this call.
    pub(super) fn has_report_of(&mut self, operator: UserId, call: CallId) {
        if let (Some(seat), Some(found)) = (self.seats.get_mut(&operator), self.calls.get(&call)) {
            seat.last_report = Some(found.view.report);
        }
    }

    fn ring(&mut self, call: CallId, operator: UserId) {
        let Some(found) = self.calls.get_mut(&call) else { return };
        let (view, rang_before) = (found.view.clone(), std::mem::replace(&mut found.rang, true));
        // Where one operator's voice is, all are.
        if !rang_before {
            self.order(call, Order::MayTalkWith { operator });
        }
        self.journal.record(Entry::Offered { call, operator: self.who(operator), at: now() });
        self.board.tell(operator, Event::Offered { call: view });
        // It may have moved on already.
        if self.queue.operator(operator).is_some_and(|status| status.call == Some(call)) {
            self.ring_phone(operator, Purpose::Offer(call));
        }
    }

    fn stop_ringing(&mut self, call: CallId, operator: UserId, why: Withdrawal) {
        let who = self.who(operator);
        match why {
            Withdrawal::NoAnswer => self.journal.record(Entry::Missed { call, operator: who, at: now() }),
            Withdrawal::Declined => self.journal.record(Entry::Declined { call, operator: who, at: now() }),
            Withdrawal::CallerHungUp | Withdrawal::AnsweredElsewhere | Withdrawal::OperatorGone | Withdrawal::NeededElsewhere => {
            }
        }
        self.free_phone(operator, call);
        self.board.tell(operator, Event::OfferWithdrawn { call, why });
    }

    /// The end of a call: its line finishes alone, everybody is told, and nothing of it is left here.
    fn release(&mut self, call: CallId, by: EndedBy) {
        self.end_text(call);
        self.nobody_monitors(call);
        self.order(call, Order::Release);
        let Some(mut found) = self.calls.remove(&call) else { return };
        let dialled = self.legs.values().any(|leg| *leg == (call, LegKind::Caller));
        self.legs.retain(|_, (of, _)| *of != call);
        let at = now();
        for party in std::mem::take(&mut found.view.parties) {
            self.journal.record(Entry::PartyLeft { call, party: party.id, why: PartyEnd::Lost, failure: None, at });
        }
        found.view.state = CallState::Ended;
        found.view.ended_at = Some(at);
        found.view.ended_by = Some(by);
        let failure = (by == EndedBy::NotReached).then(|| found.failure.unwrap_or(reached::too_long(dialled, found.rang)));
        found.view.unreached = failure.map(|failure| failure.why);
        let operator = found.view.operator.map(|operator| self.who(operator));
        if let Some(heard) = found.hearing.summary() {
            self.journal.record(Entry::Quality { call, heard, at });
        }
        self.journal.record(Entry::Ended { call, by, operator, failure, at });
        metrics::counter!("siaga_calls_ended_total", "by" => label(by)).increment(1);
        self.silence_is_meant(call);
        self.board.call_ended(&found.view);
    }

    /// Shows every call and operator whose state has changed.
    pub(super) fn show(&mut self) {
        for status in self.queue.take_changed_calls() {
            self.show_call(status);
        }
        for status in self.queue.take_changed_operators() {
            if let Some(seat) = self.seats.get(&status.operator) {
                let page_open = self.pages.contains(&status.operator);
                self.board.operator(seat.view(status, page_open, self.has_voice(seat)));
            }
        }
        for phone in self.phones.views(now()) {
            self.board.phone(phone);
        }
    }

    fn show_call(&mut self, status: CallStatus) {
        let call = status.call;
        let Some(found) = self.calls.get_mut(&call) else { return };
        let before = found.shown;
        if before == Some((status.state, status.operator)) {
            return;
        }
        found.shown = Some((status.state, status.operator));
        found.view.state = status.state;
        // With others in the room, whoever is silent is told anew.
        found.unheard.clear();
        // While it rings the call is nobody's yet; whoever had it last stays written until somebody else takes it.
        let waits = matches!(status.state, CallState::Waiting | CallState::Ringing);
        found.view.waiting_since = found.view.waiting_since.or_else(|| Some(now())).filter(|_| waits);
        if !waits {
            found.view.operator = status.operator;
            found.view.operator_name =
                status.operator.and_then(|operator| self.seats.get(&operator)).map(|seat| seat.name.clone());
        }
        let view = found.view.clone();
        let was = before.map(|(state, _)| state);
        let operator = status.operator.or(before.and_then(|(_, operator)| operator)).map(|operator| self.who(operator));
        if let Some(entry) = told(call, was, status.state, operator) {
            self.journal.record(entry);
        }
        match (was, status.state) {
            // One who is put aside, or holds meanwhile, may be with the caller again before the headset is.
            (Some(CallState::Calling | CallState::Active | CallState::Held), CallState::Detached) => {
                self.order(call, Order::Cover)
            }
            (Some(CallState::Detached), CallState::Active | CallState::Held) => self.order(call, Order::Uncover),
            _ => {}
        }
        self.board.call(&view);
    }

    /// The operator as the journal names people; an operator whose shift has ended keeps the id.
    pub(super) fn who(&self, operator: UserId) -> Who {
        let name = self.seats.get(&operator).map(|seat| seat.name.clone()).unwrap_or_default();
        Who { user: operator, name }
    }

    fn alarm(&self, alarm: QueueAlarm) -> AlarmKind {
        match alarm {
            QueueAlarm::NobodyReady { call } => AlarmKind::NobodyReady { call },
            QueueAlarm::Unanswered { call, operator } => {
                AlarmKind::Unanswered { call, operator, operator_name: self.who(operator).name }
            }
            QueueAlarm::OperatorLost { call, operator } => {
                AlarmKind::OperatorLost { call, operator, operator_name: self.who(operator).name }
            }
        }
    }
}

/// What the timeline says of a change that no person made.
fn told(call: CallId, was: Option<CallState>, is: CallState, operator: Option<Who>) -> Option<Entry> {
    use CallState::{Active, Calling, Detached, Fallback, Held, Ringing, Transferred, Transferring, Waiting};
    let at = now();
    match (was?, is) {
        (Calling | Active | Held, Detached) => Some(Entry::Detached { call, operator: operator?, at }),
        (Detached, Active | Held) => Some(Entry::Returned { call, operator: operator?, at }),
        (Detached | Fallback | Transferring | Transferred, Waiting | Ringing) => Some(Entry::Requeued { call, at }),
        _ => None,
    }
}

fn is_same(kind: &AlarmKind, alarm: QueueAlarm) -> bool {
    match (kind, alarm) {
        (AlarmKind::NobodyReady { call }, QueueAlarm::NobodyReady { call: of }) => *call == of,
        (AlarmKind::Unanswered { call, operator, .. }, QueueAlarm::Unanswered { call: of, operator: by })
        | (AlarmKind::OperatorLost { call, operator, .. }, QueueAlarm::OperatorLost { call: of, operator: by }) => {
            *call == of && *operator == by
        }
        _ => false,
    }
}

fn label(by: EndedBy) -> &'static str {
    match by {
        EndedBy::Caller => "caller",
        EndedBy::CallerBeforeAnswer => "caller_before_answer",
        EndedBy::CallerLeft => "caller_left",
        EndedBy::Operator => "operator",
        EndedBy::Network => "network",
        EndedBy::Restart => "restart",
        EndedBy::Party => "party",
        EndedBy::NotReached => "not_reached",
    }
}
