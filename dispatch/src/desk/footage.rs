//! Footage of the cameras nearest to an incident: which is kept, and telling the recorder until it knows.

use super::{Desk, DeskError, Principal};
use crate::clock;
use crate::contract::{Actor, CallView, FootageView};
use crate::domain::incident::Incident;
use crate::domain::place;
use crate::id::FootageId;
use crate::store::{NewEvent, NewFootage, Unit};
use jiff::{SignedDuration, Timestamp};
use serde_json::json;

/// The recorder is asked again for ranges that ended at most this long ago; what it has not held by then is gone from its ring.
const HOLD_WITHIN: SignedDuration = SignedDuration::from_hours(24);

impl Desk {
    pub async fn footage(&self, _who: &Principal, id: FootageId) -> Result<FootageView, DeskError> {
        self.store.read().await?.db().footage(id).await?.ok_or(DeskError::NotFound)
    }

    /// Rows for the nearest cameras that the incident does not have yet, from before the call to after it. They are held after the
    /// commit by [`Desk::hold_soon`].
    pub(super) async fn link_footage(
        &self,
        unit: &mut Unit,
        incident: &Incident,
        call: Option<&CallView>,
        now: Timestamp,
    ) -> Result<Vec<FootageView>, DeskError> {
        let Some(position) = incident.facts.position else { return Ok(Vec::new()) };
        let settings = &self.settings;
        let arrived_at = call.map_or(incident.opened_at, |call| call.arrived_at);
        let from = arrived_at - settings.footage_before;
        let to = (arrived_at + settings.footage_after).max(now);
        let cameras = unit.db().cameras().await?.into_iter().filter(|camera| camera.active);
        let near = place::nearest(position, cameras, |camera| camera.position, settings.camera_radius_m, settings.camera_limit);
        let mut linked = Vec::new();
        for (camera, distance_m) in near {
            let id = FootageId(clock::new_id());
            let footage = NewFootage { id, incident: incident.id, camera: camera.id, distance_m, from, to };
            if unit.db().insert_footage(&footage).await? {
                linked.push(FootageView {
                    id,
                    incident: incident.id,
                    camera: camera.id,
                    camera_name: camera.name,
                    distance_m,
                    from,
                    to,
                });
            }
        }
        if !linked.is_empty() {
            let cameras: Vec<_> = linked.iter().map(|footage| footage.camera_name.as_str()).collect();
            unit.event(NewEvent {
                at: now,
                actor: Actor::System,
                kind: "footage.kept",
                call: call.map(|call| call.id),
                incident: Some(incident.id),
                data: json!({ "cameras": cameras, "from": from, "to": to }),
                dedupe: None,
            });
        }
        Ok(linked)
    }

    /// Tells the recorder, without letting anybody wait for it.
    pub(super) fn hold_soon(&self) {
        let desk = self.clone();
        tokio::spawn(async move { desk.hold_unheld().await });
    }

    /// Tells the recorder of all footage that it does not know of yet. What fails is tried again by [`Desk::keep_watch`].
    pub(super) async fn hold_unheld(&self) {
        let Some(archive) = self.archive.get() else { return };
        let unheld = async { self.store.read().await?.db().unheld_footage(clock::now() - HOLD_WITHIN).await };
        let Ok(unheld) = unheld.await else { return };
        for hold in unheld {
            let id = hold.footage;
            match archive.hold_footage(hold).await {
                Ok(()) => {
                    if let Err(error) = self.set_held(id).await {
                        // Holding it again changes nothing.
                        tracing::warn!(footage = %id, %error, "footage is held, but that could not be written down");
                    }
                }
                Err(error) => {
                    metrics::counter!("siaga_footage_hold_failures_total").increment(1);
                    tracing::warn!(footage = %id, %error, "footage could not be held; it is tried again");
                }
            }
        }
    }

    async fn set_held(&self, id: FootageId) -> Result<(), DeskError> {
        let mut unit = self.store.begin().await?;
        unit.db().set_footage_held(id).await?;
        unit.commit().await?;
        Ok(())
    }
}
