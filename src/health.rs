//! Whether the parts that a call needs can do their work, for `/readyz`.

use crate::archive::RecordingArchive;
use async_trait::async_trait;
use dispatch::desk::Desk;
use std::sync::Arc;
use std::time::Duration;
use web::Check;

/// Shorter than what the database is waited for elsewhere, so that a probe is told which part does not answer.
const PATIENCE: Duration = Duration::from_secs(2);

pub struct Health {
    desk: Desk,
    archive: Arc<RecordingArchive>,
    listeners: usize,
}

impl Health {
    pub fn new(desk: Desk, archive: Arc<RecordingArchive>, listeners: usize) -> Self {
        Self { desk, archive, listeners }
    }
}

#[async_trait]
impl web::Readiness for Health {
    async fn checks(&self) -> Vec<Check> {
        let ping = tokio::time::timeout(PATIENCE, self.desk.ping());
        let (store, disk) = tokio::join!(ping, self.archive.can_write());
        let store = matches!(store, Ok(Ok(_)));
        vec![
            check("sip", self.listeners > 0, "look at setting `sip.listen`"),
            check("store", store, "look at the database named by `database.url`; calls are answered meanwhile"),
            check("disk", disk, "make room on the disk of `recordings.directory`; calls are answered meanwhile"),
        ]
    }
}

fn check(name: &'static str, ok: bool, remedy: &str) -> Check {
    Check { name, ok, detail: (!ok).then(|| remedy.to_string()) }
}
