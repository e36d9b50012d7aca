//! Telling the recorder which footage must be kept, until it knows. In a task of its own: a disk that is stuck holds up nothing
//! else.

use super::{Desk, DeskError};
use crate::clock;
use crate::contract::{Actor, AlarmKind, Archive, FootageHold, FootageView};
use crate::id::FootageId;
use crate::store::NewEvent;
use futures::StreamExt;
use jiff::{SignedDuration, Timestamp};
use serde_json::json;
use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::sync::Semaphore;

/// The recorder is asked again for ranges that ended at most this long ago; what it has not held by then is gone from its ring.
const HOLD_WITHIN: SignedDuration = SignedDuration::from_hours(24);
/// The recorder has this long for each.
const PATIENCE: Duration = Duration::from_secs(10);
/// Footage that could not be held for this long calls for a person.
const ALARM_AFTER: SignedDuration = SignedDuration::from_mins(1);
/// Holds under way at the same time.
const AT_ONCE: usize = 4;

/// At most one task tells the recorder, and at most one waits for its turn: whoever waits reads what has been written meanwhile.
#[derive(Clone)]
pub(super) struct Holder {
    turn: Arc<Semaphore>,
    next: Arc<Semaphore>,
    /// Since when each could not be held; as many as one round takes.
    failing: Arc<Mutex<HashMap<FootageId, Timestamp>>>,
}

impl Default for Holder {
    fn default() -> Self {
        Self { turn: Arc::new(Semaphore::new(1)), next: Arc::new(Semaphore::new(1)), failing: Arc::default() }
    }
}

impl Desk {
    /// Tells the recorder, without letting anybody wait for it.
    pub(super) fn hold_soon(&self) {
        let Ok(next) = self.holder.next.clone().try_acquire_owned() else { return };
        let desk = self.clone();
        tokio::spawn(async move {
            let Ok(_turn) = desk.holder.turn.acquire().await else { return };
            drop(next);
            desk.hold_round(clock::now()).await;
        });
    }

    /// Tells the recorder of all footage that it does not know of yet at `now`. What fails is tried again by
    /// [`Desk::keep_watch`]; when it has failed for a minute the alarm `FootageFailing` sounds.
    pub async fn hold_unheld(&self, now: Timestamp) {
        if let Ok(_turn) = self.holder.turn.acquire().await {
            self.hold_round(now).await;
        }
    }

    async fn hold_round(&self, now: Timestamp) {
        let Some(archive) = self.archive.get() else { return };
        let unheld = async { self.store.read().await?.db().unheld_footage(now - HOLD_WITHIN).await };
        let Ok(unheld) = unheld.await else { return };
        self.failing(|failing| failing.retain(|id, _| unheld.iter().any(|footage| footage.id == *id)));
        let holds: Vec<_> = unheld.iter().map(|footage| self.hold(archive.as_ref(), footage, now)).collect();
        futures::stream::iter(holds).buffer_unordered(AT_ONCE).collect::<()>().await;
    }

    async fn hold(&self, archive: &dyn Archive, footage: &FootageView, now: Timestamp) {
        let FootageView { id, camera, from, to, .. } = *footage;
        let held = tokio::time::timeout(PATIENCE, archive.hold_footage(FootageHold { footage: id, camera, from, to }));
        let error = match held.await {
            Ok(Ok(())) => match self.set_held(footage).await {
                Ok(()) => return self.held(footage),
                // Holding it again changes nothing.
                Err(error) => return tracing::warn!(footage = %id, %error, "footage is held, but that could not be written down"),
            },
            Ok(Err(error)) => error.to_string(),
            Err(_) => "the recorder did not answer in time".into(),
        };
        metrics::counter!("siaga_footage_hold_failures_total").increment(1);
        tracing::warn!(footage = %id, error, "footage could not be held; it is tried again");
        let since = self.failing(|failing| *failing.entry(id).or_insert(now));
        if now.duration_since(since) >= ALARM_AFTER {
            self.raise_alarm(alarm(footage), now);
        }
    }

    fn held(&self, footage: &FootageView) {
        self.failing(|failing| failing.remove(&footage.id));
        let over = alarm(footage);
        self.clear_alarms(|kind| *kind == over);
    }

    fn failing<T>(&self, with: impl FnOnce(&mut HashMap<FootageId, Timestamp>) -> T) -> T {
        with(&mut self.holder.failing.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// The event says what is true: it is written when the recorder has taken the hold.
    async fn set_held(&self, footage: &FootageView) -> Result<(), DeskError> {
        let mut unit = self.store.begin().await?;
        if unit.db().set_footage_held(footage.id).await? {
            let call = unit.db().incident_calls(footage.incident).await?.first().map(|call| call.id);
            unit.event(NewEvent {
                at: clock::now(),
                actor: Actor::System,
                kind: "footage.kept",
                call,
                incident: Some(footage.incident),
                data: json!({ "cameras": [footage.camera_name], "from": footage.from, "to": footage.to }),
                dedupe: None,
            });
        }
        self.tell_entries(unit.commit().await?);
        Ok(())
    }
}

fn alarm(footage: &FootageView) -> AlarmKind {
    AlarmKind::FootageFailing { camera: footage.camera, camera_name: footage.camera_name.clone(), incident: footage.incident }
}
