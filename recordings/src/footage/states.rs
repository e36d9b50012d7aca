//! What each camera is doing, as seen from the network and from the disk.

use super::types::{CameraId, State};
use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

/// A cheap clone; all clones show the same.
#[derive(Clone, Default)]
pub struct States(Arc<Mutex<HashMap<CameraId, Seen>>>);

struct Seen {
    network: State,
    /// Why the last group of pictures is not on disk.
    disk: Option<&'static str>,
}

impl States {
    pub fn set(&self, camera: CameraId, network: State) {
        self.lock().entry(camera).or_insert(Seen { network: State::Connecting, disk: None }).network = network;
    }

    /// Says how the last write went. A camera that is not known any more stays so.
    pub fn set_disk(&self, camera: CameraId, disk: Option<&'static str>) {
        if let Some(seen) = self.lock().get_mut(&camera) {
            seen.disk = disk;
        }
    }

    pub fn remove(&self, camera: CameraId) {
        self.lock().remove(&camera);
    }

    pub fn get(&self, camera: CameraId) -> Option<State> {
        self.lock().get(&camera).map(Seen::state)
    }

    pub fn all(&self) -> Vec<(CameraId, State)> {
        self.lock().iter().map(|(camera, seen)| (*camera, seen.state())).collect()
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<CameraId, Seen>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Seen {
    fn state(&self) -> State {
        match (&self.network, self.disk) {
            (State::Recording, Some(why)) => State::Failing { why: why.into() },
            (state, _) => state.clone(),
        }
    }
}
