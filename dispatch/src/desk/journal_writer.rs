//! The journal's task: it writes entries in order. What the database does not take within a moment, or not as fast as it comes, goes
//! on to the disk, and from there into the database when it can; without a file, or when that is full, entries wait in memory.

use super::alarms::AlarmBoard;
use super::entry_rows::Touched;
use super::journal::{BATCH, Item, Waiting, What};
use super::journal_spill::{Oldest, Spill, SpillError};
use super::untold::Untold;
use super::{DeskSettings, LiveHub};
use crate::clock;
use crate::contract::{Actor, AlarmKind, AlarmView, TimelineEntry};
use crate::store::{NewEvent, Store, StoreError, Unit};
use jiff::Timestamp;
use serde_json::json;
use std::path::PathBuf;
use std::time::Duration;
use tokio::sync::mpsc;
use tokio::time::{MissedTickBehavior, interval, sleep, timeout};

const FIRST_RETRY: Duration = Duration::from_millis(100);
const LONGEST_RETRY: Duration = Duration::from_secs(5);
/// A database that takes longer is left to itself for now, and entries go to the disk.
const MOMENT: Duration = Duration::from_secs(3);
/// Transactions begin this far apart: in a crowd several calls share one, and nobody sees the difference.
const PACE: Duration = Duration::from_millis(10);
/// The most entries that go to the disk at once.
const GULP: usize = 1_024;
/// How often a database that did not answer is asked again, and how long it has to say that it is there.
const ASK_EVERY: Duration = Duration::from_secs(1);
const ANSWER: Duration = Duration::from_secs(1);

/// The database did not take the entries; it may later.
struct Unavailable;

pub(super) struct Writer {
    receiver: mpsc::Receiver<Item>,
    /// More entries wait than the database takes in time; those go to the disk, which is faster.
    pressing: usize,
    store: Store,
    live: LiveHub,
    board: AlarmBoard,
    node: String,
    path: Option<PathBuf>,
    spill: Option<Spill>,
    /// Something waits in a file that another process still has.
    left_over: bool,
    untold: Untold,
}

impl Writer {
    pub fn new(receiver: mpsc::Receiver<Item>, store: Store, live: LiveHub, board: AlarmBoard, settings: &DeskSettings) -> Self {
        Self {
            pressing: receiver.max_capacity() / 4,
            receiver,
            store,
            live,
            board,
            node: settings.node.clone(),
            path: settings.spill.clone(),
            spill: None,
            left_over: false,
            untold: Untold::default(),
        }
    }

    /// Ends when every clone of the journal is gone and all is written, or on the disk.
    pub async fn run(mut self) {
        self.left_over = self.path.as_deref().is_some_and(|path| path.exists());
        self.catch_up().await;
        let mut ticks = interval(ASK_EVERY);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut items = Vec::with_capacity(GULP);
        let mut pace = interval(PACE);
        pace.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            pace.tick().await;
            let most = if self.is_pressed() { GULP } else { BATCH };
            tokio::select! {
                count = self.receiver.recv_many(&mut items, most) => {
                    if count == 0 {
                        return;
                    }
                }
                _ = ticks.tick(), if self.left_over || self.has_backlog() || self.untold.is_some() => {
                    self.untold.tell(&self.live);
                    self.catch_up().await;
                }
            }
            let (mut writes, mut flushes) = (Vec::new(), Vec::new());
            for item in items.drain(..) {
                match item {
                    Item::Write(entry) => writes.push(entry),
                    Item::Flush(done) => flushes.push(done),
                }
            }
            self.settle(writes).await;
            if !flushes.is_empty() {
                self.catch_up().await;
            }
            for done in flushes {
                let _ = done.send(());
            }
        }
    }

    fn is_pressed(&self) -> bool {
        self.receiver.len() > self.pressing
    }

    fn has_backlog(&self) -> bool {
        self.spill.as_ref().is_some_and(|spill| !spill.is_empty())
    }

    /// Brings the entries into the database, or on to the disk behind what waits there already. Waits while neither takes them.
    async fn settle(&mut self, mut entries: Vec<Waiting>) {
        let mut pause = FIRST_RETRY;
        if !entries.is_empty() && (entries.len() > BATCH || self.is_pressed()) {
            match self.keep_on_disk(entries).await {
                Ok(()) => return,
                Err(back) => entries = back,
            }
        }
        loop {
            if entries.is_empty() || (!self.has_backlog() && self.write_all(&entries).await.is_ok()) {
                return;
            }
            let _ = self.board.raise(AlarmKind::StoreFailing, clock::now());
            match self.keep_on_disk(entries).await {
                Ok(()) => return,
                Err(back) => entries = back,
            }
            metrics::counter!("siaga_journal_retries_total").increment(1);
            sleep(pause).await;
            pause = (pause * 2).min(LONGEST_RETRY);
            self.catch_up().await;
        }
    }

    /// What is written again, because a later batch was not taken, changes nothing.
    async fn write_all(&self, entries: &[Waiting]) -> Result<(), Unavailable> {
        for batch in entries.chunks(BATCH) {
            self.write(batch).await?;
        }
        Ok(())
    }

    /// Writes a batch; if the database refuses it, each entry by itself, so that a bad one takes no other with it.
    async fn write(&self, batch: &[Waiting]) -> Result<(), Unavailable> {
        let refused = timeout(MOMENT, self.try_until_answered(batch)).await.map_err(|_| Unavailable)?;
        if refused.is_err() {
            for entry in batch {
                let alone = self.try_until_answered(std::slice::from_ref(entry));
                if let Err(error) = timeout(MOMENT, alone).await.map_err(|_| Unavailable)? {
                    metrics::counter!("siaga_journal_refused_total").increment(1);
                    tracing::error!(%error, "the database refused an entry of the journal, which is lost");
                    self.lost();
                }
            }
        }
        if !self.has_backlog() {
            self.board.clear(|alarm| alarm.kind == AlarmKind::StoreFailing);
        }
        Ok(())
    }

    /// Tries until the database takes the batch, or refuses it for good.
    async fn try_until_answered(&self, batch: &[Waiting]) -> Result<(), StoreError> {
        let mut pause = FIRST_RETRY;
        loop {
            match self.try_once(batch).await {
                Ok((entries, touched)) => {
                    self.live.tell_entries(entries);
                    self.untold.add(touched);
                    return Ok(());
                }
                Err(error) if error.is_refused() => return Err(error),
                Err(error) => {
                    metrics::counter!("siaga_journal_retries_total").increment(1);
                    tracing::warn!(%error, "the journal cannot be written; trying again");
                    let _ = self.board.raise(AlarmKind::StoreFailing, clock::now());
                    sleep(pause).await;
                    pause = (pause * 2).min(LONGEST_RETRY);
                }
            }
        }
    }

    async fn try_once(&self, batch: &[Waiting]) -> Result<(Vec<TimelineEntry>, Touched), StoreError> {
        let mut unit = self.store.begin().await?;
        let mut touched = Touched::default();
        let keys: Vec<String> = batch.iter().map(|Waiting { key, .. }| format!("journal:{key}")).collect();
        // A commit whose answer was lost may have happened.
        let known = unit.db().known_events(&keys).await?;
        for (Waiting { what, .. }, dedupe) in batch.iter().zip(keys).filter(|(_, dedupe)| !known.contains(dedupe)) {
            match what {
                What::Call(entry) => touched = touched.and(entry.write(&mut unit, &self.node, dedupe).await?),
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
        // What was lost while nothing could be written calls for somebody also after a restart.
        for alarm in self.board.all().iter().filter(|alarm| alarm.kind == AlarmKind::EntriesLost) {
            unit.db().insert_alarm(alarm, &self.node).await?;
        }
        Ok((unit.commit().await?, touched))
    }

    /// Writes what waits on the disk, oldest first, as far as the database takes it and newer entries can wait.
    async fn catch_up(&mut self) {
        if self.left_over {
            self.open_spill().await;
            self.left_over = self.spill.is_none();
        }
        if !self.has_backlog() {
            return;
        }
        while self.has_backlog() {
            if self.is_pressed() {
                return;
            }
            if !matches!(timeout(ANSWER, self.store.ping()).await, Ok(Ok(()))) {
                return;
            }
            let Some(Ok(Oldest { entries, unreadable, to })) = self.on_disk(|spill| spill.oldest(BATCH)).await else { return };
            if unreadable > 0 {
                metrics::counter!("siaga_journal_unreadable_total").increment(unreadable);
                self.lost();
            }
            if !entries.is_empty() && self.write(&entries).await.is_err() {
                return;
            }
            if let Some(Err(error)) = self.on_disk(move |spill| spill.done(to)).await {
                // Entries that are written again change nothing.
                tracing::warn!(%error, "the journal's file could not be emptied; it is read again");
            }
        }
        self.board.clear(|alarm| alarm.kind == AlarmKind::StoreFailing);
    }

    /// Gives the entries back if the disk does not take them either.
    async fn keep_on_disk(&mut self, entries: Vec<Waiting>) -> Result<(), Vec<Waiting>> {
        if self.spill.is_none() {
            self.open_spill().await;
        }
        if self.spill.is_none() {
            return Err(entries);
        }
        let count = entries.len() as u64;
        let kept = self.on_disk(move |spill| match spill.append(&entries) {
            Ok(()) => Ok(()),
            Err(error) => Err((error, entries)),
        });
        match kept.await {
            Some(Ok(())) => {
                metrics::counter!("siaga_journal_spilled_total").increment(count);
                Ok(())
            }
            Some(Err((error, entries))) => {
                metrics::counter!("siaga_journal_spill_failures_total").increment(1);
                tracing::error!(%error, "the journal can be written neither to the database nor to the disk; it waits in memory");
                Err(entries)
            }
            None => {
                metrics::counter!("siaga_journal_dropped_total").increment(count);
                self.lost();
                Ok(())
            }
        }
    }

    async fn open_spill(&mut self) {
        let Some(path) = self.path.clone() else { return };
        let opened = tokio::task::spawn_blocking(move || Spill::open(&path)).await;
        match opened {
            Ok(Ok(spill)) => self.spill = Some(spill),
            Ok(Err(SpillError::Taken)) => tracing::debug!("another process holds the journal's file; entries wait in memory"),
            Ok(Err(error)) => tracing::error!(%error, "entries of the journal can only wait in memory"),
            Err(error) => tracing::error!(%error, "the journal's file could not be opened"),
        }
    }

    /// Works with the file on a thread that may wait for the disk. `None` without a file, or if the work failed in the program itself.
    async fn on_disk<T: Send + 'static>(&mut self, work: impl FnOnce(&mut Spill) -> T + Send + 'static) -> Option<T> {
        let mut spill = self.spill.take()?;
        let worked = tokio::task::spawn_blocking(move || {
            let result = work(&mut spill);
            (spill, result)
        });
        let (spill, result) = worked.await.ok()?;
        self.spill = Some(spill);
        Some(result)
    }

    /// Something is lost for good: the alarm stays until somebody silences it.
    fn lost(&self) {
        let _ = self.board.raise(AlarmKind::EntriesLost, clock::now());
    }
}

/// The event of a person silencing an alarm, on the timeline of what the alarm is about.
fn acknowledged(unit: &mut Unit, alarm: &AlarmView, actor: Actor, at: Timestamp, dedupe: String) {
    let (call, incident) = match &alarm.kind {
        AlarmKind::NobodyReady { call }
        | AlarmKind::Unanswered { call, .. }
        | AlarmKind::OperatorLost { call, .. }
        | AlarmKind::OneWayAudio { call, .. }
        | AlarmKind::PartySilent { call, .. }
        | AlarmKind::RecordingFailing { call } => (Some(*call), None),
        AlarmKind::Unacknowledged { incident, .. }
        | AlarmKind::Undeliverable { incident, .. }
        | AlarmKind::FootageFailing { incident, .. } => (None, Some(*incident)),
        AlarmKind::StoreFailing
        | AlarmKind::EntriesLost
        | AlarmKind::TrunkDown { .. }
        | AlarmKind::LimitReached { .. }
        | AlarmKind::CallsRefused { .. }
        | AlarmKind::VoiceBeyondReach { .. } => (None, None),
    };
    let data = json!({ "alarm": alarm.kind, "raised_at": alarm.raised_at });
    unit.event(NewEvent { at, actor, kind: "alarm.acknowledged", call, incident, data, dedupe: Some(dedupe) });
}
