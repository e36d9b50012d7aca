//! What is done with the database once it answers: tables, the calls that a stop had interrupted, recordings that a crash had cut
//! short, cameras. A server whose database is slow or down at the start takes calls all the same: they are announced to, recorded, and
//! ring at the fallback number, and this is tried again until it succeeds.

use crate::archive::RecordingArchive;
use anyhow::Context;
use dispatch::desk::{Desk, DeskError, Entry};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::{oneshot, watch};
use tokio_util::sync::CancellationToken;

/// How long a start waits for the database before it begins to take calls.
const PATIENCE: Duration = Duration::from_secs(2);
const AGAIN: Duration = Duration::from_secs(2);

pub struct Opening {
    desk: Desk,
    archive: Arc<RecordingArchive>,
    repaired: Vec<Entry>,
}

impl Opening {
    /// `repaired`: recordings that the journal does not know of yet.
    pub fn new(desk: Desk, archive: Arc<RecordingArchive>, repaired: Vec<Entry>) -> Self {
        Self { desk, archive, repaired }
    }

    /// Begins in a task of its own, which goes on until the database is open. The receiver tells when it is.
    ///
    /// # Errors
    /// What only a person can mend, if it shows within [`PATIENCE`]. What shows later must not stop a server that takes calls already.
    pub async fn begin(self, stop: CancellationToken) -> anyhow::Result<watch::Receiver<bool>> {
        let (told, opened) = watch::channel(false);
        let (refuse, refused) = oneshot::channel();
        tokio::spawn(stop.run_until_cancelled_owned(self.go_on(told, refuse)));
        match tokio::time::timeout(PATIENCE, refused).await {
            Ok(Ok(DeskError::Store(error))) => Err(error.into()),
            Ok(Ok(error)) => Err(error).context("the database could not be brought up to date"),
            // It is open, or will be tried again.
            Ok(Err(_)) => Ok(opened),
            Err(_) => {
                tracing::warn!("the database is slow to open; calls are taken without it meanwhile");
                Ok(opened)
            }
        }
    }

    /// Drops `refuse` when the first attempt is over, unless what it failed by is for its reader.
    async fn go_on(mut self, told: watch::Sender<bool>, refuse: oneshot::Sender<DeskError>) {
        let mut error = match self.attempt().await {
            Ok(()) => {
                told.send_replace(true);
                return;
            }
            Err(error) => error,
        };
        if !error.may_pass() {
            match refuse.send(error) {
                Ok(()) => return,
                Err(back) => error = back,
            }
        } else {
            drop(refuse);
        }
        tracing::error!(
            error = because(&error),
            "setting `database.url`: the database does not answer; calls are taken without it, nobody can sign in, and it is tried again"
        );
        loop {
            tokio::time::sleep(AGAIN).await;
            match self.attempt().await {
                Ok(()) => {
                    tracing::info!("the database answers now");
                    told.send_replace(true);
                    return;
                }
                Err(error) => tracing::warn!(error = because(&error), "the database still does not answer"),
            }
        }
    }

    async fn attempt(&mut self) -> Result<(), DeskError> {
        self.desk.recover().await?;
        for entry in self.repaired.drain(..) {
            self.desk.journal().record(entry);
        }
        self.archive.tell_missed_seals(&self.desk).await?;
        self.archive.reload_cameras(&self.desk).await?;
        self.desk.nothing_is_left();
        Ok(())
    }
}

/// The cause below the message that is meant for people at consoles.
fn because(error: &DeskError) -> String {
    std::error::Error::source(error).map_or_else(|| error.to_string(), ToString::to_string)
}
