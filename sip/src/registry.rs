//! Which calls exist: places for new ones, and the way from a leg's id to its task.
//!
//! A place is taken when an INVITE is admitted and given back when its [`Slot`] is dropped, after the last message of the call.

use crate::admission::Refusal;
use crate::alert::{Carried, Seen};
use crate::clock::new_leg_id;
use crate::config::{Limits, TrunkName};
use crate::counters;
use crate::error::LegError;
use crate::event::{Event, LegId};
use crate::leg::Command;
use rsipstack::dialog::DialogId;
use std::collections::{HashMap, VecDeque};
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use tokio::sync::{Notify, mpsc};

/// What makes two INVITEs the same call although they came by different ways (RFC 3261 section 8.2.2.2).
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) struct InviteKey {
    pub call_id: String,
    pub from_tag: String,
    pub cseq: String,
}

/// Dialogs of one call: a call of ours that is forked begins one with each branch.
const DIALOGS: usize = 8;
/// Requests of ours within one dialog that are under way at once, at the most that is thought of.
const UNDER_WAY: usize = 16;

/// The place of a new call in the event channel.
pub(crate) type Permit = mpsc::OwnedPermit<Event>;

pub(crate) struct Registry {
    inner: Mutex<Inner>,
    limits: Limits,
    events: mpsc::Sender<Event>,
    /// Told when the last call is over.
    pub(crate) emptied: Notify,
}

#[derive(Default)]
struct Inner {
    closed: bool,
    /// Admitted INVITEs with their branch; the permit waits for the leg's task.
    invites: HashMap<InviteKey, (String, Option<Permit>)>,
    outbound: usize,
    legs: HashMap<LegId, mpsc::Sender<Command>>,
    dialogs: HashMap<DialogId, Known>,
    alerts: Seen,
}

/// A dialog of a leg.
struct Known {
    leg: LegId,
    trunk: TrunkName,
    /// CSeq of the last requests of ours that went with credentials.
    authorised: VecDeque<u32>,
}

impl Inner {
    fn calls(&self) -> usize {
        self.invites.len() + self.outbound
    }
}

impl Registry {
    pub(crate) fn new(limits: Limits, events: mpsc::Sender<Event>) -> Arc<Self> {
        Arc::new(Registry { inner: Mutex::default(), limits, events, emptied: Notify::new() })
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        // The table stays whole even when a holder of the lock panicked.
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes a place for a new call, of which there may be `most`. A retransmission of an INVITE that has one is admitted again.
    pub(crate) fn admit(&self, key: InviteKey, branch: &str, most: usize) -> Result<(), Refusal> {
        let retry = self.limits.retry_after_s;
        let mut inner = self.lock();
        if let Some((known, _)) = inner.invites.get(&key) {
            return if known == branch { Ok(()) } else { Err(Refusal::merged()) };
        }
        if inner.closed {
            return Err(Refusal::unavailable("shutting_down", retry));
        }
        // Calls of ours are not counted: who is called to help must not keep callers out, nor these keep those from being called.
        if inner.invites.len() >= most {
            return Err(Refusal::unavailable("max_calls", retry));
        }
        if self.is_behind() {
            return Err(Refusal::unavailable("events_full", retry));
        }
        let permit = self.events.clone().try_reserve_owned().map_err(|_| Refusal::unavailable("events_full", retry))?;
        inner.invites.insert(key, (branch.to_owned(), Some(permit)));
        counters::running(inner.calls());
        Ok(())
    }

    /// Whether an INVITE has a place already: it is sent again, or merged.
    pub(crate) fn has(&self, key: &InviteKey) -> bool {
        self.lock().invites.contains_key(key)
    }

    /// Whether only the room reserved for running calls is left in the event channel.
    fn is_behind(&self) -> bool {
        self.events.capacity() <= self.limits.reserved_events.min(self.limits.events / 2)
    }

    /// Tells an alert, unless it was told before; says what to answer. One that could not be told is remembered by nobody: its sender tries again.
    pub(crate) fn tell_alert(&self, carried: Carried, trunk: &TrunkName, source: SocketAddr) -> Refusal {
        let retry = self.limits.retry_after_s;
        let mut inner = self.lock();
        let (sender, identifier) = (carried.cap.sender.clone(), carried.cap.identifier.clone());
        if inner.alerts.has(&sender, &identifier) {
            counters::alerted(trunk, "repeated");
            return Refusal::heard();
        }
        if inner.closed {
            return Refusal::unavailable("shutting_down", retry);
        }
        let event = Event::Alert(Box::new(carried.into_alert(new_leg_id(), trunk.clone(), source)));
        if self.is_behind() || self.events.try_send(event).is_err() {
            return Refusal::unavailable("events_full", retry);
        }
        inner.alerts.remember(&sender, &identifier);
        counters::alerted(trunk, "told");
        Refusal::heard()
    }

    /// The owner could not keep an alert that was told: it is taken when its sender sends it again.
    pub(crate) fn forget_alert(&self, sender: &str, identifier: &str) {
        self.lock().alerts.forget(sender, identifier);
    }

    /// Gives back the place of an INVITE that never became a call.
    pub(crate) fn forget(&self, key: &InviteKey) {
        self.release(|inner| {
            inner.invites.remove(key);
        });
    }

    /// Turns an admitted INVITE into a leg. `None`: it was not admitted, or is a leg already.
    pub(crate) fn begin(self: &Arc<Self>, key: InviteKey, leg: LegId, commands: mpsc::Sender<Command>) -> Option<(Slot, Permit)> {
        let mut inner = self.lock();
        let permit = inner.invites.get_mut(&key)?.1.take()?;
        inner.legs.insert(leg, commands);
        Some((Slot { registry: self.clone(), leg, dialogs: Vec::new(), invite: Some(key) }, permit))
    }

    /// Takes a place for a call of ours.
    pub(crate) fn begin_outbound(self: &Arc<Self>, leg: LegId, commands: mpsc::Sender<Command>) -> Result<Slot, LegError> {
        let mut inner = self.lock();
        if inner.closed || inner.outbound >= self.limits.max_calls {
            return Err(LegError::Full);
        }
        inner.outbound += 1;
        inner.legs.insert(leg, commands);
        counters::running(inner.calls());
        Ok(Slot { registry: self.clone(), leg, dialogs: Vec::new(), invite: None })
    }

    /// Whether there are calls of ours.
    pub(crate) fn is_calling(&self) -> bool {
        self.lock().outbound > 0
    }

    /// The leg's task.
    pub(crate) fn leg(&self, leg: LegId) -> Option<mpsc::Sender<Command>> {
        self.lock().legs.get(&leg).cloned()
    }

    /// The task of the leg that a dialog belongs to, confirmed or early; until its BYE is answered also one that has ended.
    pub(crate) fn leg_of(&self, dialog: &DialogId) -> Option<mpsc::Sender<Command>> {
        let inner = self.lock();
        inner.dialogs.get(dialog).and_then(|known| inner.legs.get(&known.leg)).cloned()
    }

    /// The trunk by which a dialog came about.
    pub(crate) fn trunk_of(&self, dialog: &DialogId) -> Option<TrunkName> {
        self.lock().dialogs.get(dialog).map(|known| known.trunk.clone())
    }

    /// A request of ours inside a dialog goes with credentials.
    pub(crate) fn authorised(&self, dialog: &DialogId, number: u32) {
        if let Some(Known { authorised, .. }) = self.lock().dialogs.get_mut(dialog)
            && !authorised.contains(&number)
        {
            authorised.truncate(UNDER_WAY - 1);
            authorised.push_front(number);
        }
    }

    /// Whether the request of ours with this number carried credentials. `None`: there is no such dialog.
    pub(crate) fn was_authorised(&self, dialog: &DialogId, number: u32) -> Option<bool> {
        Some(self.lock().dialogs.get(dialog)?.authorised.contains(&number))
    }

    /// Admits nothing any more; returns the legs there are.
    pub(crate) fn close(&self) -> Vec<mpsc::Sender<Command>> {
        let mut inner = self.lock();
        inner.closed = true;
        inner.legs.values().cloned().collect()
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.lock().calls() == 0
    }

    fn release(&self, change: impl FnOnce(&mut Inner)) {
        let mut inner = self.lock();
        change(&mut inner);
        counters::running(inner.calls());
        if inner.calls() == 0 {
            self.emptied.notify_waiters();
        }
    }
}

/// The place of one call, given back on drop.
pub(crate) struct Slot {
    registry: Arc<Registry>,
    leg: LegId,
    dialogs: Vec<DialogId>,
    invite: Option<InviteKey>,
}

impl Slot {
    /// Lets the leg be found by a dialog of its. `false`: it has too many already.
    pub(crate) fn is_dialog(&mut self, dialog: DialogId, trunk: &TrunkName) -> bool {
        if self.dialogs.contains(&dialog) {
            return true;
        }
        if self.dialogs.len() >= DIALOGS {
            counters::dropped("branches");
            return false;
        }
        self.registry
            .lock()
            .dialogs
            .insert(dialog.clone(), Known { leg: self.leg, trunk: trunk.clone(), authorised: VecDeque::new() });
        self.dialogs.push(dialog);
        true
    }

    /// The leg is found by no dialog any more.
    pub(crate) fn is_no_dialog(&mut self) {
        let mut inner = self.registry.lock();
        for dialog in self.dialogs.drain(..) {
            inner.dialogs.remove(&dialog);
        }
    }
}

impl Drop for Slot {
    fn drop(&mut self) {
        self.registry.release(|inner| {
            inner.legs.remove(&self.leg);
            for dialog in self.dialogs.drain(..) {
                inner.dialogs.remove(&dialog);
            }
            match self.invite.take() {
                Some(key) => {
                    inner.invites.remove(&key);
                }
                None => inner.outbound = inner.outbound.saturating_sub(1),
            }
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn registry(max_calls: usize, events: usize) -> (Arc<Registry>, mpsc::Receiver<Event>) {
        let (sender, receiver) = mpsc::channel(events);
        (Registry::new(Limits { max_calls, events, reserved_events: events / 2, ..Limits::default() }, sender), receiver)
    }

    fn admit(registry: &Registry, key: InviteKey, branch: &str) -> Result<(), Refusal> {
        registry.admit(key, branch, registry.limits.max_calls)
    }

    fn key(call: &str) -> InviteKey {
        InviteKey { call_id: call.into(), from_tag: "a".into(), cseq: "1 INVITE".into() }
    }

    fn begin(registry: &Arc<Registry>, call: &str) -> Option<(Slot, Permit)> {
        registry.begin(key(call), new_leg_id(), mpsc::channel(1).0)
    }

    #[test]
    fn a_retransmission_is_admitted_and_a_second_way_is_merged() {
        let (registry, _events) = registry(2, 8);
        admit(&registry, key("x"), "branch").unwrap();
        admit(&registry, key("x"), "branch").unwrap();
        assert_eq!(admit(&registry, key("x"), "other").unwrap_err().code, 482);
        assert!(begin(&registry, "x").is_some());
        assert!(registry.is_empty(), "the slot was dropped");
    }

    #[test]
    fn an_invite_becomes_one_leg_only() {
        let (registry, _events) = registry(2, 8);
        admit(&registry, key("x"), "branch").unwrap();
        let first = begin(&registry, "x");
        assert!(first.is_some() && begin(&registry, "x").is_none() && begin(&registry, "never seen").is_none());
    }

    #[test]
    fn past_the_limit_calls_are_told_when_to_come_back() {
        let (registry, _events) = registry(1, 8);
        admit(&registry, key("x"), "branch").unwrap();
        let refusal = admit(&registry, key("y"), "branch").unwrap_err();
        assert_eq!((refusal.code, refusal.extra.len()), (503, 1));
        registry.forget(&key("x"));
        admit(&registry, key("y"), "branch").unwrap();
    }

    #[test]
    fn who_is_called_to_help_has_a_place_in_a_full_house_and_takes_none_from_a_caller() {
        let (registry, _events) = registry(2, 16);
        let call_out = || registry.begin_outbound(new_leg_id(), mpsc::channel(1).0);
        let callers = |names: [&str; 3]| names.iter().filter(|call| admit(&registry, key(call), "branch").is_ok()).count();
        assert_eq!(callers(["a", "b", "c"]), 2);
        let (phone, agency) = (call_out().unwrap(), call_out().unwrap());
        assert_eq!(call_out().err(), Some(LegError::Full));
        registry.forget(&key("a"));
        assert!(admit(&registry, key("d"), "branch").is_ok());
        drop((phone, agency));
        assert!(call_out().is_ok());
    }

    #[test]
    fn new_calls_leave_room_for_the_events_of_running_ones() {
        let (registry, _events) = registry(100, 8);
        let admitted = (0..100).filter(|call| admit(&registry, key(&call.to_string()), "b").is_ok()).count();
        assert_eq!(admitted, 4);
    }

    #[test]
    fn a_leg_is_found_by_its_dialogs_and_by_no_more_than_it_may_have() {
        let (registry, _events) = registry(2, 8);
        let dialog = |tag: usize| DialogId { call_id: "c".into(), local_tag: "l".into(), remote_tag: tag.to_string() };
        let mut slot = registry.begin_outbound(new_leg_id(), mpsc::channel(1).0).unwrap();
        assert_eq!((0..100).filter(|tag| slot.is_dialog(dialog(*tag), &"telco".into())).count(), DIALOGS);
        assert!(slot.is_dialog(dialog(0), &"telco".into()), "it is one already");
        assert_eq!((0..100).filter(|tag| registry.leg_of(&dialog(*tag)).is_some()).count(), DIALOGS);
        slot.is_no_dialog();
        slot.is_dialog(dialog(99), &"telco".into());
        assert!(registry.leg_of(&dialog(0)).is_none() && registry.leg_of(&dialog(99)).is_some());
        drop(slot);
        assert!(registry.leg_of(&dialog(99)).is_none());
    }

    #[test]
    fn a_challenge_to_credentials_is_told_from_one_to_a_request_without_though_several_are_under_way() {
        let (registry, _events) = registry(2, 8);
        let dialog = DialogId { call_id: "c".into(), local_tag: "l".into(), remote_tag: "r".into() };
        registry.authorised(&dialog, 4);
        assert_eq!(registry.was_authorised(&dialog, 4), None);
        let mut slot = registry.begin_outbound(new_leg_id(), mpsc::channel(1).0).unwrap();
        slot.is_dialog(dialog.clone(), &"telco".into());
        for number in [4, 5, 5] {
            registry.authorised(&dialog, number);
        }
        let asked = [2, 3, 4, 5].map(|number| registry.was_authorised(&dialog, number));
        assert_eq!(asked, [Some(false), Some(false), Some(true), Some(true)]);
        (6..1_000).for_each(|number| registry.authorised(&dialog, number));
        assert_eq!((0..1_000).filter(|number| registry.was_authorised(&dialog, *number) == Some(true)).count(), UNDER_WAY);
    }

    #[test]
    fn once_closed_nothing_is_admitted() {
        let (registry, _events) = registry(2, 8);
        registry.close();
        assert_eq!(admit(&registry, key("x"), "b").unwrap_err().code, 503);
    }
}
