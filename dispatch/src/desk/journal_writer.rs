//! The journal's task: it writes entries in order. What the database does not take within a moment, or not as fast as it comes, goes
//! on to the disk, and from there into the database when it can; without a file, or when that is full, entries wait in memory.

use super::alarms::AlarmBoard;
use super::alerts::WaitingAlerts;
use super::journal::{BATCH, Item, Waiting, What};
use super::journal_batch;
use super::journal_spill::{Oldest, Spill, SpillError};
use super::untold::Untold;
use super::{AlertKey, DeskSettings, LiveHub};
use crate::clock;
use crate::contract::AlarmKind;
use crate::store::{Store, StoreError};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::mpsc;
use tokio::time::{MissedTickBehavior, interval, sleep, timeout};
use uuid::Uuid;

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
    alerts: WaitingAlerts,
    settings: Arc<DeskSettings>,
    spill: Option<Spill>,
    /// Something waits in a file that could not be opened yet.
    left_over: bool,
    /// Because another process still has it.
    is_taken: bool,
    untold: Untold,
}

impl Writer {
    pub fn new(
        receiver: mpsc::Receiver<Item>,
        store: Store,
        live: LiveHub,
        board: AlarmBoard,
        alerts: WaitingAlerts,
        settings: Arc<DeskSettings>,
    ) -> Self {
        Self {
            pressing: receiver.max_capacity() / 4,
            receiver,
            store,
            live,
            board,
            alerts,
            settings,
            spill: None,
            left_over: false,
            is_taken: false,
            untold: Untold::default(),
        }
    }

    /// Ends when every clone of the journal is gone and all is written, or on the disk.
    pub async fn run(mut self) {
        self.left_over = self.settings.spill.as_deref().is_some_and(|path| path.exists());
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
                let _ = done.send(!self.has_backlog() && !self.is_taken);
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
                    self.lost(alerts_among(std::slice::from_ref(entry)));
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
            match journal_batch::write(batch, &self.store, &self.board, &self.settings).await {
                Ok(written) => {
                    self.untold.add(written.touched);
                    written.tell(&self.live, &self.board);
                    self.alerts.are_kept(batch.iter().map(|entry| entry.key));
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
                self.lost(Vec::new());
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
        let (count, alerts) = (entries.len() as u64, alerts_among(&entries));
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
                self.lost(alerts);
                Ok(())
            }
        }
    }

    async fn open_spill(&mut self) {
        let Some(path) = self.settings.spill.clone() else { return };
        let opened = tokio::task::spawn_blocking(move || Spill::open(&path)).await;
        self.is_taken = matches!(opened, Ok(Err(SpillError::Taken)));
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

    /// Something is lost for good: the alarm stays until somebody silences it. `alerts` are those of machines among it.
    fn lost(&self, alerts: Vec<(Uuid, AlertKey)>) {
        for (key, alert) in alerts {
            self.alerts.is_lost(key, &alert);
        }
        let _ = self.board.raise(AlarmKind::EntriesLost, clock::now());
    }
}

fn alerts_among(entries: &[Waiting]) -> Vec<(Uuid, AlertKey)> {
    let alert = |Waiting { key, what }: &Waiting| match what {
        What::Alert(received) => Some((*key, received.alert.key())),
        What::Call(_) | What::AlarmRaised(_) | What::AlarmEnded(_) | What::Look(_) => None,
    };
    entries.iter().filter_map(alert).collect()
}
