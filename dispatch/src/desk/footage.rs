//! Footage of the cameras nearest to an incident: which is kept. `hold` tells the recorder.

use super::{Desk, DeskError, DeskSettings, Principal};
use crate::clock;
use crate::contract::{CallView, FootageView};
use crate::domain::incident::Incident;
use crate::domain::place;
use crate::id::FootageId;
use crate::store::{NewFootage, StoreError, Unit};
use jiff::Timestamp;

impl Desk {
    pub async fn footage(&self, _who: &Principal, id: FootageId) -> Result<FootageView, DeskError> {
        self.store.read().await?.db().footage(id).await?.ok_or(DeskError::NotFound)
    }

    /// As [`link_footage`], with this desk's settings. They are held after the commit by [`Desk::hold_soon`].
    pub(super) async fn link_footage(
        &self,
        unit: &mut Unit,
        incident: &Incident,
        call: Option<&CallView>,
        now: Timestamp,
    ) -> Result<Vec<FootageView>, DeskError> {
        Ok(link_footage(&self.settings, unit, incident, call, now).await?)
    }
}

/// Rows for the nearest cameras that the incident does not have yet, from before the call to after it.
pub(super) async fn link_footage(
    settings: &DeskSettings,
    unit: &mut Unit,
    incident: &Incident,
    call: Option<&CallView>,
    now: Timestamp,
) -> Result<Vec<FootageView>, StoreError> {
    let Some(position) = incident.facts.position else { return Ok(Vec::new()) };
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
    Ok(linked)
}
