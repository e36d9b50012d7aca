//! Alerts that machines send: a fire panel, a flood gauge (RFC 8876). Their senders are answered before anything is written, so the
//! journal keeps them as it keeps what happens to calls; `alert_rows` writes them. Here is how many may wait, and what becomes of one
//! that cannot be kept.

use super::{AlertKey, Desk, NewAlert};
use crate::clock;
use crate::domain::place;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use std::collections::HashSet;
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use uuid::Uuid;

/// Alerts that wait for the database at once: a sensor that raves takes no room from what happens to calls.
const WAITING: usize = 256;

/// Told of an alert that is lost.
type Lost = Box<dyn Fn(&AlertKey) + Send + Sync>;

/// An alert with the time at which it came, which its incident has however long it waits.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Received {
    pub alert: NewAlert,
    pub at: Timestamp,
}

/// The alerts that are in the journal and not in the database yet, by their keys there; a cheap clone.
#[derive(Clone, Default)]
pub(super) struct WaitingAlerts {
    keys: Arc<Mutex<HashSet<Uuid>>>,
    lost: Arc<OnceLock<Lost>>,
}

impl WaitingAlerts {
    fn keys(&self) -> MutexGuard<'_, HashSet<Uuid>> {
        // Each statement leaves the set whole.
        self.keys.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes a place for an alert. `false`: too many wait.
    pub fn enter(&self, key: Uuid) -> bool {
        let mut keys = self.keys();
        keys.len() < WAITING && keys.insert(key)
    }

    /// These entries are in the database; those of calls have no place here.
    pub fn are_kept(&self, entries: impl IntoIterator<Item = Uuid>) {
        let mut keys = self.keys();
        for key in entries {
            keys.remove(&key);
        }
    }

    /// An alert cannot be kept, and its sender was told that it is: whoever remembers that it came is to forget it, so that it is taken
    /// when it is sent again.
    pub fn is_lost(&self, key: Uuid, alert: &AlertKey) {
        self.keys().remove(&key);
        metrics::counter!("siaga_alerts_lost_total").increment(1);
        tracing::error!("an alert of a machine is lost: it could neither be written nor wait");
        if let Some(lost) = self.lost.get() {
            lost(alert);
        }
    }
}

impl NewAlert {
    pub(super) fn key(&self) -> AlertKey {
        AlertKey { sender: self.sender.clone(), identifier: self.identifier.clone() }
    }
}

impl Desk {
    /// Makes an incident of an alert, once for each identifier of a sender; an update or a cancellation goes to the incident that it is
    /// about. Never waits: while the database is away the alert waits for it, also over a restart. One that cannot be kept is counted
    /// (`siaga_alerts_lost_total`), sounds the alarm `EntriesLost` and is told to whoever asked by [`Desk::on_lost_alert`].
    pub fn take_alert(&self, alert: NewAlert) {
        // What no number stands for could not be read back.
        let position = alert.position.filter(|position| place::is_valid(*position));
        self.journal.alert(Received { alert: NewAlert { position, ..alert }, at: clock::now() });
    }

    /// Whom to tell of alerts that are lost. Called once.
    pub fn on_lost_alert(&self, lost: impl Fn(&AlertKey) + Send + Sync + 'static) {
        if self.journal.alerts().lost.set(Box::new(lost)).is_err() {
            tracing::error!("somebody is told of lost alerts already");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sensor_that_raves_is_bounded_and_what_was_written_makes_room() {
        let waiting = WaitingAlerts::default();
        let keys: Vec<Uuid> = (0..WAITING).map(|_| clock::new_id()).collect();
        assert!(keys.iter().all(|key| waiting.enter(*key)));
        assert!(!waiting.enter(clock::new_id()));
        // Entries of calls, and those of an earlier run, have no place to give back.
        waiting.are_kept([keys[0], keys[0], clock::new_id()]);
        assert!(waiting.enter(clock::new_id()) && !waiting.enter(clock::new_id()));
        waiting.is_lost(keys[1], &AlertKey { sender: "panel".into(), identifier: "1".into() });
        assert!(waiting.enter(clock::new_id()));
    }
}
