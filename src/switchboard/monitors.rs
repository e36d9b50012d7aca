//! Supervisors who listen to a call, whisper to its operator, or join it. A supervisor is at one call at a time, and never while
//! ready for calls of his or her own.

use super::line::Order;
use super::phones::Purpose;
use super::{Switchboard, now};
use dispatch::contract::{CallState, MonitorMode, MonitorView, OperatorState, Refusal};
use dispatch::desk::{Entry, Who};
use dispatch::id::{CallId, UserId};

impl Switchboard {
    pub(super) fn monitor(
        &mut self,
        supervisor: UserId,
        name: String,
        call: CallId,
        mode: Option<MonitorMode>,
    ) -> Result<(), Refusal> {
        let found = self.calls.get(&call).ok_or(Refusal::NoSuchCall)?;
        let Some(mode) = mode else {
            if self.monitors.get(&supervisor) == Some(&call) {
                self.leave_monitoring(supervisor);
            }
            return Ok(());
        };
        // Also where none of us has the call: whoever it was given to, or the fallback number.
        let talks = [CallState::Active, CallState::Held, CallState::Detached, CallState::Transferred, CallState::Fallback];
        if !talks.contains(&found.view.state) {
            return Err(Refusal::NotAnswered);
        }
        let seat = self.seats.get(&supervisor).ok_or(Refusal::NoShift)?;
        if !self.has_voice(seat) {
            return Err(Refusal::NoMedia);
        }
        match self.queue.operator(supervisor).map(|status| status.state) {
            Some(OperatorState::Preparing | OperatorState::Paused { .. }) => {}
            _ => return Err(Refusal::Busy),
        }
        if self.monitors.get(&supervisor).is_some_and(|other| *other != call) {
            self.leave_monitoring(supervisor);
        }
        self.monitors.insert(supervisor, call);
        self.journal.record(Entry::Monitored {
            call,
            supervisor: Who { user: supervisor, name: name.clone() },
            mode: Some(mode),
            at: now(),
        });
        self.show_monitors(call, |monitors| {
            monitors.retain(|monitor| monitor.supervisor != supervisor);
            monitors.push(MonitorView { supervisor, name, mode });
        });
        self.tell_text_so_far(call);
        match self.phone_of(supervisor).map(|phone| phone.call_for(call).is_some_and(|own| own.is_up())) {
            // The supervisor hears the call once the handset is lifted.
            Some(false) => self.ring_phone(supervisor, Purpose::Monitor(call)),
            Some(true) | None => self.order(call, Order::Monitor { supervisor, mode: Some(mode) }),
        }
        Ok(())
    }

    /// A supervisor's handset is lifted.
    pub(super) fn monitor_by_phone(&mut self, supervisor: UserId, call: CallId) {
        let views = self.calls.get(&call).map(|found| found.view.monitors.as_slice()).unwrap_or_default();
        match views.iter().find(|monitor| monitor.supervisor == supervisor).map(|monitor| monitor.mode) {
            Some(mode) => self.order(call, Order::Monitor { supervisor, mode: Some(mode) }),
            None => self.free_phone(supervisor, call),
        }
    }

    /// Takes a person out of the call that he or she supervises, if there is one.
    pub(super) fn leave_monitoring(&mut self, supervisor: UserId) {
        let Some(call) = self.monitors.remove(&supervisor) else { return };
        self.order(call, Order::Monitor { supervisor, mode: None });
        let who = self.who(supervisor);
        self.journal.record(Entry::Monitored { call, supervisor: who, mode: None, at: now() });
        self.show_monitors(call, |monitors| monitors.retain(|monitor| monitor.supervisor != supervisor));
        self.free_phone(supervisor, call);
    }

    /// The call is over: nobody supervises it any more.
    pub(super) fn nobody_monitors(&mut self, call: CallId) {
        let there: Vec<UserId> = self.monitors.iter().filter(|(_, of)| **of == call).map(|(who, _)| *who).collect();
        for supervisor in there {
            self.leave_monitoring(supervisor);
        }
    }

    fn show_monitors(&mut self, call: CallId, change: impl FnOnce(&mut Vec<MonitorView>)) {
        if let Some(found) = self.calls.get_mut(&call) {
            change(&mut found.view.monitors);
            self.board.call(&found.view);
        }
    }
}
