//! What is done with the database once it answers: tables, the calls that a stop had interrupted, recordings that a crash had cut
//! short, cameras. A server whose database is down at the start takes calls all the same: they are announced to, recorded, and ring
//! at the fallback number, and this is tried again until it succeeds.

use crate::archive::RecordingArchive;
use anyhow::Context;
use dispatch::desk::{Desk, DeskError, Entry};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

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

    /// Tries once, and goes on trying in a task of its own if the database may answer later. The receiver tells whether it has.
    ///
    /// # Errors
    /// What only a person can mend.
    pub async fn begin(mut self, stop: CancellationToken) -> anyhow::Result<watch::Receiver<bool>> {
        let (told, opened) = watch::channel(false);
        match self.attempt().await {
            Ok(()) => {
                told.send_replace(true);
            }
            Err(error) if error.may_pass() => {
                tracing::error!(
                    error = because(&error),
                    "setting `database.url`: the database does not answer; calls are taken without it, nobody can sign in, and it is tried again"
                );
                tokio::spawn(self.go_on(told, stop));
            }
            Err(DeskError::Store(error)) => return Err(error.into()),
            Err(error) => return Err(error).context("the database could not be brought up to date"),
        }
        Ok(opened)
    }

    async fn go_on(mut self, told: watch::Sender<bool>, stop: CancellationToken) {
        while stop.run_until_cancelled(tokio::time::sleep(AGAIN)).await.is_some() {
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
        self.archive.reload_cameras(&self.desk).await
    }
}

/// The cause below the message that is meant for people at consoles.
fn because(error: &DeskError) -> String {
    std::error::Error::source(error).map_or_else(|| error.to_string(), ToString::to_string)
}
