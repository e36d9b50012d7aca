//! The cameras: kept up by managers, told to the recorder, found by place.

use super::agencies::name_taken;
use super::{Desk, DeskError, Principal, check};
use crate::clock;
use crate::contract::{CameraSource, CameraState, CameraView, Position, Role, SaveCamera};
use crate::domain::place;
use crate::id::CameraId;
use std::collections::HashMap;

impl Desk {
    /// Every camera with what its recorder does.
    pub async fn cameras(&self) -> Result<Vec<CameraView>, DeskError> {
        let cameras = self.store.read().await?.db().cameras().await?;
        Ok(self.with_states(cameras))
    }

    /// Active cameras within the radius, nearest first.
    pub async fn nearest_cameras(&self, position: Position) -> Result<Vec<CameraView>, DeskError> {
        check::position("latitude", Some(position))?;
        let cameras = self.cameras().await?.into_iter().filter(|camera| camera.active);
        let (radius_m, limit) = (self.settings.camera_radius_m, self.settings.camera_limit);
        let near = place::nearest(position, cameras, |camera| camera.position, radius_m, limit);
        Ok(near.into_iter().map(|(camera, distance)| CameraView { distance_m: Some(distance), ..camera }).collect())
    }

    /// The addresses of active cameras, for the recorder.
    pub async fn camera_sources(&self) -> Result<Vec<CameraSource>, DeskError> {
        Ok(self.store.read().await?.db().camera_sources().await?)
    }

    pub async fn create_camera(&self, who: &Principal, save: SaveCamera) -> Result<CameraView, DeskError> {
        self.put_camera(who, None, save).await
    }

    /// Without an address the stored one stays, with its credentials unless they are given.
    pub async fn update_camera(&self, who: &Principal, id: CameraId, save: SaveCamera) -> Result<CameraView, DeskError> {
        self.put_camera(who, Some(id), save).await
    }

    async fn put_camera(&self, who: &Principal, id: Option<CameraId>, save: SaveCamera) -> Result<CameraView, DeskError> {
        who.require(Role::Manager)?;
        let name = check::name("name", &save.name)?;
        check::position("position", Some(save.position))?;
        let url = save.url.as_deref().map(check::camera_url).transpose()?;
        let mut unit = self.store.begin().await?;
        let stored = match id {
            Some(id) => Some(unit.db().camera_source(id).await?.ok_or(DeskError::NotFound)?),
            None => None,
        };
        let id = id.unwrap_or_else(|| CameraId(clock::new_id()));
        let source = match (url, stored) {
            (Some(url), _) => CameraSource { id, url, username: save.username, password: save.password },
            (None, Some(stored)) => CameraSource {
                id,
                url: stored.url,
                username: save.username.or(stored.username),
                password: save.password.or(stored.password),
            },
            (None, None) => return Err(DeskError::invalid("url", "must not be empty")),
        };
        let state = CameraState::Off;
        let camera = CameraView { id, name, position: save.position, active: save.active, state, distance_m: None };
        unit.db().put_camera(&camera, &source).await.map_err(name_taken)?;
        unit.db().insert_audit(clock::now(), who.user, &who.name, "camera.saved", &id.to_string()).await?;
        unit.commit().await?;
        self.cameras_changed().await?;
        self.with_states(vec![camera]).pop().ok_or(DeskError::NotFound)
    }

    /// Tells the recorder.
    pub(super) async fn cameras_changed(&self) -> Result<(), DeskError> {
        if let Some(archive) = self.archive.get() {
            archive.cameras_changed(self.camera_sources().await?).await;
        }
        Ok(())
    }

    fn with_states(&self, mut cameras: Vec<CameraView>) -> Vec<CameraView> {
        let states = self.archive.get().map(|archive| archive.camera_states()).unwrap_or_default();
        let mut states: HashMap<CameraId, CameraState> = states.into_iter().collect();
        for camera in &mut cameras {
            if let Some(state) = states.remove(&camera.id) {
                camera.state = state;
            }
        }
        cameras
    }
}
