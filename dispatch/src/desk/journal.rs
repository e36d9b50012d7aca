//! The journal: what the switchboard tells the store without waiting for it. A bounded channel, and a task that writes in order
//! and tries until the database takes it.

use super::alarms::AlarmBoard;
use super::entry::Entry;
use super::{DeskSettings, LiveHub, Principal};
use crate::clock;
use crate::contract::{Actor, AlarmKind, AlarmView, TimelineEntry};
use crate::id::UserId;
use crate::store::{NewEvent, Store, StoreError, Unit};
use jiff::Timestamp;
use serde_json::json;
use std::time::Duration;
use tokio::sync::{mpsc, oneshot};
use uuid::Uuid;

/// The most entries that are written in one transaction.
const BATCH: usize = 64;
const FIRST_RETRY: Duration = Duration::from_millis(100);
const LONGEST_RETRY: Duration = Duration::from_secs(5);

/// The switchboard's end of the journal; a cheap clone.
#[derive(Clone)]
pub struct Journal {
    sender: mpsc::Sender<Item>,
    board: AlarmBoard,
}

enum Item {
    Write { key: Uuid, what: What },
    Flush(oneshot::Sender<()>),
}

#[derive(Debug)]
enum What {
    Call(Box<Entry>),
    AlarmRaised(Box<AlarmView>),
    AlarmEnded(Box<Ended>),
}

/// An alarm is over, by itself or because somebody silenced it.
#[derive(Debug)]
struct Ended {
    alarm: AlarmView,
    by: Option<(UserId, Actor)>,
    at: Timestamp,
}

impl Journal {
    pub(super) fn start(store: Store, live: LiveHub, board: AlarmBoard, settings: &DeskSettings) -> Self {
        let (sender, receiver) = mpsc::channel(settings.journal_capacity.max(BATCH));
        let writer = Writer { store, live, board: board.clone(), node: settings.node.clone() };
        tokio::spawn(writer.run(receiver));
        Self { sender, board }
    }

    /// Keeps the entry to be written in order. Never waits; when too many wait already, the new one is dropped, counted
    /// (`siaga_journal_dropped_total`) and the alarm `StoreFailing` sounds.
    pub fn record(&self, entry: Entry) {
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
        if self.sender.try_send(Item::Write { key: clock::new_id(), what }).is_err() {
            metrics::counter!("siaga_journal_dropped_total").increment(1);
            let _ = self.board.raise(AlarmKind::StoreFailing, clock::now());
        }
    }

    /// Returns when every entry recorded before has been written (or given up).
    pub async fn flush(&self) {
        let (done, flushed) = oneshot::channel();
        if self.sender.send(Item::Flush(done)).await.is_ok() {
            let _ = flushed.await;
        }
    }
}

/// The task's side.
struct Writer {
    store: Store,
    live: LiveHub,
    board: AlarmBoard,
    node: String,
}

impl Writer {
    /// Ends when every clone of the journal is gone and all is written.
    async fn run(self, mut receiver: mpsc::Receiver<Item>) {
        let mut items = Vec::with_capacity(BATCH);
        while receiver.recv_many(&mut items, BATCH).await > 0 {
            let (mut writes, mut flushes) = (Vec::new(), Vec::new());
            for item in items.drain(..) {
                match item {
                    Item::Write { key, what } => writes.push((key, what)),
                    Item::Flush(done) => flushes.push(done),
                }
            }
            self.write(&writes).await;
            for done in flushes {
                let _ = done.send(());
            }
        }
    }

    /// Writes a batch; if the database refuses it, each entry by itself, so that a bad one takes no other with it.
    async fn write(&self, batch: &[(Uuid, What)]) {
        if batch.is_empty() || self.try_until_answered(batch).await.is_ok() {
            return;
        }
        for entry in batch {
            if let Err(error) = self.try_until_answered(std::slice::from_ref(entry)).await {
                metrics::counter!("siaga_journal_refused_total").increment(1);
                tracing::error!(%error, "the database refused an entry of the journal, which is lost");
            }
        }
    }

    /// Tries until the database takes the batch, or refuses it for good. Meanwhile the alarm sounds and entries wait in memory.
    async fn try_until_answered(&self, batch: &[(Uuid, What)]) -> Result<(), StoreError> {
        let mut pause = FIRST_RETRY;
        loop {
            match self.try_once(batch).await {
                Ok(entries) => {
                    self.live.tell_entries(entries);
                    self.board.clear(|alarm| alarm.kind == AlarmKind::StoreFailing);
                    return Ok(());
                }
                Err(error) if error.is_refused() => return Err(error),
                Err(error) => {
                    metrics::counter!("siaga_journal_retries_total").increment(1);
                    tracing::warn!(%error, "the journal cannot be written; trying again");
                    let _ = self.board.raise(AlarmKind::StoreFailing, clock::now());
                    tokio::time::sleep(pause).await;
                    pause = (pause * 2).min(LONGEST_RETRY);
                }
            }
        }
    }

    async fn try_once(&self, batch: &[(Uuid, What)]) -> Result<Vec<TimelineEntry>, StoreError> {
        let mut unit = self.store.begin().await?;
        for (key, what) in batch {
            let dedupe = format!("journal:{key}");
            // A commit whose answer was lost may have happened.
            if unit.db().event_is_known(&dedupe).await? {
                continue;
            }
            match what {
                What::Call(entry) => entry.write(&mut unit, &self.node, dedupe).await?,
                What::AlarmRaised(alarm) => unit.db().insert_alarm(alarm, &self.node).await?,
                What::AlarmEnded(ended) => {
                    let user = ended.by.as_ref().map(|(user, _)| *user);
                    unit.db().end_alarm(ended.alarm.id, user, ended.at).await?;
                    if let Some((_, actor)) = &ended.by {
                        acknowledged(&mut unit, &ended.alarm, actor.clone(), ended.at, dedupe);
                    }
                }
            }
        }
        unit.commit().await
    }
}

/// The event of a person silencing an alarm, on the timeline of what the alarm is about.
fn acknowledged(unit: &mut Unit, alarm: &AlarmView, actor: Actor, at: Timestamp, dedupe: String) {
    let (call, incident) = match &alarm.kind {
        AlarmKind::NobodyReady { call }
        | AlarmKind::Unanswered { call, .. }
        | AlarmKind::OperatorLost { call, .. }
        | AlarmKind::OneWayAudio { call, .. }
        | AlarmKind::RecordingFailing { call } => (Some(*call), None),
        AlarmKind::Unacknowledged { incident, .. } | AlarmKind::Undeliverable { incident, .. } => (None, Some(*incident)),
        AlarmKind::StoreFailing => (None, None),
    };
    let data = json!({ "alarm": alarm.kind, "raised_at": alarm.raised_at });
    unit.event(NewEvent { at, actor, kind: "alarm.acknowledged", call, incident, data, dedupe: Some(dedupe) });
}
