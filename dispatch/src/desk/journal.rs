//! The journal: what the switchboard tells the store without waiting for it. This is the telling end, a bounded channel;
//! `journal_writer` is the other end, and `journal_spill` the file where entries outlive a database that does not answer.

use super::alarms::AlarmBoard;
use super::callers::Callers;
use super::entry::Entry;
use super::journal_writer::Writer;
use super::{DeskSettings, LiveHub, Principal};
use crate::clock;
use crate::contract::{Actor, AlarmKind, AlarmView};
use crate::id::UserId;
use crate::store::Store;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use std::time::Duration;
use tokio::sync::{mpsc, oneshot};
use uuid::Uuid;

/// The most entries that are written in one transaction.
pub(super) const BATCH: usize = 64;

/// The switchboard's end of the journal; a cheap clone.
#[derive(Clone)]
pub struct Journal {
    sender: mpsc::Sender<Item>,
    board: AlarmBoard,
    callers: Callers,
}

pub(super) enum Item {
    Write(Waiting),
    Flush(oneshot::Sender<()>),
}

/// An entry on its way to the database. Written twice under the same key it is written once.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Waiting {
    pub key: Uuid,
    pub what: What,
}

#[derive(Debug, Serialize, Deserialize)]
pub(super) enum What {
    Call(Box<Entry>),
    AlarmRaised(Box<AlarmView>),
    AlarmEnded(Box<Ended>),
}

/// An alarm is over, by itself or because somebody silenced it.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Ended {
    pub alarm: AlarmView,
    pub by: Option<(UserId, Actor)>,
    pub at: Timestamp,
}

impl Journal {
    pub(super) fn start(store: Store, live: LiveHub, board: AlarmBoard, callers: Callers, settings: &DeskSettings) -> Self {
        let (sender, receiver) = mpsc::channel(settings.journal_capacity.max(BATCH));
        tokio::spawn(Writer::new(receiver, store, live, board.clone(), settings).run());
        Self { sender, board, callers }
    }

    /// Keeps the entry to be written in order. Never waits; when too many wait already, the new one is dropped, counted
    /// (`siaga_journal_dropped_total`) and the alarm `EntriesLost` sounds until somebody silences it.
    pub fn record(&self, entry: Entry) {
        self.callers.note(&entry);
        self.keep(What::Call(Box::new(entry)));
    }

    pub(super) fn alarm_raised(&self, alarm: AlarmView) {
        self.keep(What::AlarmRaised(Box::new(alarm)));
    }

    pub(super) fn alarm_ended(&self, alarm: AlarmView, by: Option<&Principal>, at: Timestamp) {
        let by = by.map(|who| (who.user, who.actor()));
        self.keep(What::AlarmEnded(Box::new(Ended { alarm, by, at })));
    }

    fn keep(&self, what: What) {
        if self.sender.try_send(Item::Write(Waiting { key: clock::new_id(), what })).is_err() {
            metrics::counter!("siaga_journal_dropped_total").increment(1);
            let _ = self.board.raise(AlarmKind::EntriesLost, clock::now());
        }
    }

    /// Returns when every entry recorded before is in the database, or on the disk if the database does not answer.
    pub async fn flush(&self) {
        let (done, flushed) = oneshot::channel();
        if self.sender.send(Item::Flush(done)).await.is_ok() {
            let _ = flushed.await;
        }
    }

    /// As [`Journal::flush`], but waits no longer than this.
    pub(super) async fn flush_within(&self, limit: Duration) {
        if tokio::time::timeout(limit, self.flush()).await.is_err() {
            metrics::counter!("siaga_journal_slow_flushes_total").increment(1);
        }
    }
}
