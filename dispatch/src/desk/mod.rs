//! The use cases: what people, teams and the switchboard do, each as one method of [`Desk`]. Each loads what it needs, asks the
//! domain for the transition, writes change, event and message in one transaction, and tells the consoles. It holds no SQL and
//! knows no HTTP.

mod access;
mod agencies;
mod alarms;
mod alert_rows;
mod alerts;
mod audit;
mod callbacks;
mod callers;
mod calls;
mod cameras;
mod chat_moved;
mod chats;
mod check;
mod delivery;
mod dispatches;
mod entry;
mod entry_event;
mod entry_rows;
mod error;
mod footage;
mod hold;
mod import;
mod incident_types;
mod incidents;
mod journal;
mod journal_batch;
mod journal_rows;
mod journal_spill;
mod journal_writer;
mod live;
mod parse;
mod presses;
mod principal;
mod publish;
mod recover;
mod redo;
mod refused;
mod reports;
mod reputations;
mod run;
mod secrets;
mod sessions;
mod settings;
mod sign_in;
mod statistics;
mod teams;
mod types;
mod untold;
mod users;
mod watch;

pub use callbacks::ClaimedCallback;
pub use entry::{
    ArrivedCall, DialledCall, DialledParty, Entry, Failure, HeardQuality, HeardSide, HeardUs, Missing, PartyEnd, SaidLine,
    Sought, Unfetched, Who,
};
pub use error::DeskError;
pub use import::ImportSummary;
pub use journal::Journal;
pub use live::LiveHub;
pub use parse::*;
pub use principal::Principal;
pub use redo::Redo;
pub use settings::{DeskSettings, WrittenNumbers};
pub use types::*;

use crate::contract::Archive;
use crate::store::Store;
use alarms::AlarmBoard;
use callers::Callers;
use hold::Holder;
use refused::RefusedSignIns;
use sessions::SeenSessions;
use std::sync::{Arc, OnceLock};
use tokio::sync::{Notify, Semaphore};

/// A cheap clone of the whole desk.
#[derive(Clone)]
pub struct Desk {
    store: Store,
    live: LiveHub,
    settings: Arc<DeskSettings>,
    journal: Journal,
    board: AlarmBoard,
    callers: Callers,
    archive: Arc<OnceLock<Arc<dyn Archive>>>,
    outbox_wake: Arc<Notify>,
    holder: Holder,
    seen_sessions: SeenSessions,
    refused_sign_ins: RefusedSignIns,
    /// Passwords are hashed by at most this many threads, so that signing in cannot starve the calls.
    hashers: Arc<Semaphore>,
}

impl Desk {
    /// Starts the journal's task, so it must be called within a tokio runtime.
    pub fn new(store: Store, live: LiveHub, settings: DeskSettings) -> Self {
        let board = AlarmBoard::new(live.clone());
        let callers = Callers::default();
        let settings = Arc::new(settings);
        let journal = Journal::start(store.clone(), live.clone(), board.clone(), callers.clone(), settings.clone());
        Self {
            store,
            live,
            settings,
            journal,
            board,
            callers,
            archive: Arc::default(),
            outbox_wake: Arc::default(),
            holder: Holder::default(),
            seen_sessions: SeenSessions::default(),
            refused_sign_ins: RefusedSignIns::default(),
            hashers: Arc::new(Semaphore::new(2)),
        }
    }

    /// Gives the desk its recordings; before this, holds of footage wait. Called once.
    pub fn attach_archive(&self, archive: Arc<dyn Archive>) {
        if self.archive.set(archive).is_err() {
            tracing::error!("the archive was attached twice; the first one stays");
        }
    }

    pub fn live(&self) -> &LiveHub {
        &self.live
    }

    pub fn settings(&self) -> &DeskSettings {
        &self.settings
    }

    /// Where the switchboard writes what happened to calls.
    pub fn journal(&self) -> &Journal {
        &self.journal
    }

    /// Notified when a message was put into the outbox.
    pub fn outbox_wake(&self) -> Arc<Notify> {
        self.outbox_wake.clone()
    }

    /// Whether the database answers.
    pub async fn ping(&self) -> Result<(), DeskError> {
        Ok(self.store.ping().await?)
    }

    /// The store below, for tools that need no person.
    pub fn store(&self) -> &Store {
        &self.store
    }
}
