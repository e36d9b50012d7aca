//! The use cases: what people, teams and the switchboard do, each as one method of [`Desk`]. Each loads what it needs, asks the
//! domain for the transition, writes change, event and message in one transaction, and tells the consoles. It holds no SQL and
//! knows no HTTP.

mod error;
mod import;
mod journal;
mod live;
mod pending;
mod principal;
mod settings;
mod types;

pub use error::DeskError;
pub use import::*;
pub use journal::{ArrivedCall, Entry, Journal, Who};
pub use live::LiveHub;
pub use principal::Principal;
pub use settings::DeskSettings;
pub use types::*;

use crate::store::Store;
use std::sync::Arc;

/// A cheap clone of the whole desk.
#[derive(Clone)]
pub struct Desk {
    store: Store,
    live: LiveHub,
    settings: Arc<DeskSettings>,
    journal: Journal,
}

impl Desk {
    /// Starts the journal's task, so it must be called within a tokio runtime.
    pub fn new(store: Store, live: LiveHub, settings: DeskSettings) -> Self {
        Self { store, live, settings: Arc::new(settings), journal: Journal {} }
    }

    /// The store below, for tools that need no person.
    pub fn store(&self) -> &Store {
        &self.store
    }
}
