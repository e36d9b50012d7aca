//! The journal: what the switchboard tells the store without waiting for it. This is the telling end, a bounded channel;
//! `journal_writer` is the other end, and `journal_spill` the file where entries outlive a database that does not answer.

use super::alarms::AlarmBoard;
use super::alerts::{Received, WaitingAlerts};
use super::callers::Callers;
use super::entry::{ArrivedCall, DialledCall, Entry};
use super::journal_writer::Writer;
use super::run::Run;
use super::{DeskSettings, LiveHub, Principal};
use crate::clock;
use crate::contract::{Actor, AlarmKind, AlarmView};
use crate::id::UserId;
use crate::store::Store;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::{mpsc, oneshot};
use uuid::Uuid;

/// The most entries that are written in one transaction.
pub(super) const BATCH: usize = 128;

/// The switchboard's end of the journal; a cheap clone.
#[derive(Clone)]
pub struct Journal {
    sender: mpsc::Sender<Item>,
    board: AlarmBoard,
    callers: Callers,
    alerts: WaitingAlerts,
    run: Run,
}

pub(super) enum Item {
    Write(Waiting),
    /// Answered with whether the database has everything.
    Flush(oneshot::Sender<bool>),
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
    Alert(Box<Received>),
    /// Twice only where the answer to a commit was lost: one look too many is better than one too few.
    Look(Box<Look>),
}

/// Somebody looks at what is watched over.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Look {
    pub user: UserId,
    pub name: String,
    pub action: String,
    pub subject: String,
    pub at: Timestamp,
}

/// An alarm is over, by itself or because somebody silenced it.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Ended {
    pub alarm: AlarmView,
    pub by: Option<(UserId, Actor)>,
    pub at: Timestamp,
}

impl Journal {
    pub(super) fn start(store: Store, live: LiveHub, board: AlarmBoard, callers: Callers, settings: Arc<DeskSettings>) -> Self {
        let (sender, receiver) = mpsc::channel(settings.journal_capacity.max(1));
        let alerts = WaitingAlerts::default();
        tokio::spawn(Writer::new(receiver, store, live, board.clone(), alerts.clone(), settings).run());
        Self { sender, board, callers, alerts, run: Run::new(clock::now()) }
    }

    /// Keeps the entry to be written in order. Never waits; when too many wait already, the new one is dropped, counted
    /// (`siaga_journal_dropped_total`) and the alarm `EntriesLost` sounds until somebody silences it. So does `RecordingGap` for a seal that
    /// says that something is missing.
    pub fn record(&self, entry: Entry) {
        self.callers.note(&entry);
        if let Entry::Arrived(ArrivedCall { call, .. }) | Entry::OutboundDialled(DialledCall { call, .. }) = &entry {
            self.run.began(call.0);
        }
        let gap = entry.gap();
        self.keep(What::Call(Box::new(entry)));
        if let Some((call, sealed_at)) = gap {
            metrics::counter!("siaga_recordings_incomplete_total").increment(1);
            if let Ok(alarm) = self.board.raise(AlarmKind::RecordingGap { call }, sealed_at) {
                self.alarm_raised(alarm);
            }
        }
    }

    pub(super) fn alarm_raised(&self, alarm: AlarmView) {
        self.run.began(alarm.id.0);
        self.keep(What::AlarmRaised(Box::new(alarm)));
    }

    pub(super) fn alarm_ended(&self, alarm: AlarmView, by: Option<&Principal>, at: Timestamp) {
        // Whenever it was raised: it is over, and not to be taken up.
        self.run.began(alarm.id.0);
        let by = by.map(|who| (who.user, who.actor()));
        self.keep(What::AlarmEnded(Box::new(Ended { alarm, by, at })));
    }

    /// Keeps an alert to be written in order. Never waits; one that there is no room for is lost, and whoever asked is told so.
    pub(super) fn alert(&self, received: Received) {
        let (key, alert) = (clock::new_id(), received.alert.key());
        // Its alarm has the same id.
        self.run.began(key);
        let may_wait = received.alert.is_distinct() && self.alerts.enter(key);
        if !(may_wait && self.send(key, What::Alert(Box::new(received)))) {
            self.alerts.is_lost(key, &alert);
            let _ = self.board.raise(AlarmKind::EntriesLost, clock::now());
        }
    }

    pub(super) fn alerts(&self) -> &WaitingAlerts {
        &self.alerts
    }

    /// Keeps a look for the audit. Never waits. `false`: it is not kept, so what is watched over is not to be shown.
    pub(super) fn look(&self, look: Look) -> bool {
        self.send(clock::new_id(), What::Look(Box::new(look)))
    }

    pub(super) fn run(&self) -> &Run {
        &self.run
    }

    fn keep(&self, what: What) {
        if !self.send(clock::new_id(), what) {
            let _ = self.board.raise(AlarmKind::EntriesLost, clock::now());
        }
    }

    /// `false`: it is dropped, for too many wait already.
    fn send(&self, key: Uuid, what: What) -> bool {
        let sent = self.sender.try_send(Item::Write(Waiting { key, what })).is_ok();
        if !sent {
            metrics::counter!("siaga_journal_dropped_total").increment(1);
        }
        sent
    }

    /// Returns when every entry recorded before is in the database, or on the disk if the database does not answer. `false`: something waits
    /// on the disk.
    pub async fn flush(&self) -> bool {
        let (done, flushed) = oneshot::channel();
        self.sender.send(Item::Flush(done)).await.is_ok() && flushed.await.unwrap_or(false)
    }

    /// As [`Journal::flush`], but waits no longer than this.
    pub(super) async fn flush_within(&self, limit: Duration) {
        if tokio::time::timeout(limit, self.flush()).await.is_err() {
            metrics::counter!("siaga_journal_slow_flushes_total").increment(1);
        }
    }
}
