//! What the voice engine tells the switchboard.

use super::line::{Order, Report};
use super::phone_keys::KeyBy;
use super::{Call, Switchboard, now, tick};
use dispatch::contract::{CallSide, CallState, Event};
use dispatch::desk::Entry;
use dispatch::id::{CallId, PartyId, UserId};
use std::time::Duration;
use uuid::Uuid;

/// A page that is read again has its voice back within this time.
const RELOADS: Duration = Duration::from_secs(3);

impl Switchboard {
    pub(super) fn hear_voice(&mut self, event: media::Event) {
        match event {
            media::Event::OperatorConnected { operator } => self.headset(UserId(operator), true),
            media::Event::OperatorDisconnected { operator } => self.headset(UserId(operator), false),
            media::Event::OneWay { leg, silent } => self.one_way(CallId(leg), silent),
            media::Event::HeardAgain { leg, again } => self.heard_again(CallId(leg), again),
            media::Event::Digit { leg, digit, passed_on } => self.key(leg, digit, passed_on),
            media::Event::Quality { leg, loss_percent, jitter_ms, mos } => self.quality(leg, loss_percent, jitter_ms, mos),
            media::Event::Text { leg, text: media::Text(text) } => self.text_heard(CallId(leg), &text),
            media::Event::FirstPacket { leg } => self.first_heard(leg),
            media::Event::Dropped { .. } => self.limited("media_events"),
            media::Event::Played { .. } => {}
        }
    }

    /// Of a caller's leg, or of the headset of whoever has a call.
    fn quality(&mut self, leg: Uuid, loss_percent: f32, jitter_ms: f32, mos: f32) {
        let call = CallId(leg);
        if self.calls.contains_key(&call) {
            return self.board.quality(call, CallSide::Caller, loss_percent, jitter_ms, mos);
        }
        let operator = self.phones.speaker(leg).unwrap_or(UserId(leg));
        let Some(call) = self.queue.operator(operator).and_then(|status| status.call) else { return };
        if let Some(found) = self.calls.get_mut(&call) {
            found.hearing.add(loss_percent, jitter_ms, mos);
            self.board.quality(call, CallSide::Operator, loss_percent, jitter_ms, mos);
        }
    }

    fn headset(&mut self, operator: UserId, connected: bool) {
        if let Some(seat) = self.seats.get_mut(&operator) {
            seat.media_connected = connected;
            let by_headset = seat.phone.is_none();
            // A call that was lost with a desk phone goes on by the headset.
            if let Some(call) = self.queue.operator(operator).and_then(|status| status.call).filter(|_| connected && by_headset) {
                self.order(call, Order::Voice { of: operator, leg: None });
            }
            self.present(operator);
        }
        if !connected && self.monitors.contains_key(&operator) {
            self.plant.report_after(RELOADS, Report::MonitorAway { supervisor: operator });
        }
    }

    /// A supervisor whose headset has not come back leaves the call: who is only there by name would keep its caller from hearing that nobody is.
    pub(super) fn monitor_away(&mut self, supervisor: UserId) {
        let has_voice = self.seats.get(&supervisor).is_some_and(|seat| self.has_voice(seat));
        if !has_voice {
            self.leave_monitoring(supervisor);
        }
    }

    /// What we called is heard before it answers: the call itself, or a party of one.
    fn first_heard(&mut self, leg: Uuid) {
        let (call, party) = (CallId(leg), PartyId(leg));
        self.is_reached(call);
        let with = |found: &&Call| found.view.parties.iter().any(|known| known.id == party);
        match self.calls.get(&call).map(|found| found.view.state) {
            Some(CallState::Calling) => self.order(call, Order::Heard { of: None }),
            Some(_) => {}
            None => {
                if let Some(call) = self.calls.values().find(with).map(|found| found.view.id) {
                    self.order(call, Order::Heard { of: Some(party) });
                }
            }
        }
    }

    /// A key at the caller's telephone, or at an operator's desk phone, where it is meant for whom the operator speaks with.
    fn key(&mut self, leg: Uuid, digit: char, passed_on: bool) {
        if self.calls.contains_key(&CallId(leg)) {
            return self.digit(CallId(leg), digit, KeyBy::Voice);
        }
        self.phone_key(leg, digit, passed_on);
    }

    /// A key that the caller pressed is kept, and goes to the operator of the call.
    pub(super) fn digit(&mut self, call: CallId, digit: char, by: KeyBy) {
        let Some(found) = self.calls.get_mut(&call) else { return };
        if !found.keys.press(digit, by, tick()) {
            return;
        }
        let operator = found.view.operator;
        self.journal.record(Entry::Digit { call, digit, at: now() });
        if let Some(operator) = operator {
            self.board.tell(operator, Event::Digit { call, digit });
        }
    }
}
