//! Looking over shoulders: who saw what.

use super::journal::Look;
use super::{Desk, DeskError, Principal, check};
use crate::clock;
use crate::contract::{AuditEntry, Role};
use crate::store::StoreError;
use std::time::Duration;

/// How long whoever reads the audit waits for what is on its way there.
const JOURNAL: Duration = Duration::from_secs(1);

impl Desk {
    /// Writes down that the person did this. What is watched over is not shown if this fails.
    pub async fn audit(&self, who: &Principal, action: &str, subject: &str) -> Result<(), DeskError> {
        let mut unit = self.store.begin().await?;
        unit.db().insert_audit(clock::now(), who.user, &who.name, &check::cut(action, 100), &check::cut(subject, 200)).await?;
        unit.commit().await?;
        Ok(())
    }

    /// As [`Desk::audit`], but the database may take it down later: for what cannot wait for it. Never waits.
    pub fn audit_soon(&self, who: &Principal, action: &str, subject: &str) -> Result<(), DeskError> {
        let (action, subject) = (check::cut(action, 100), check::cut(subject, 200));
        let look = Look { user: who.user, name: who.name.clone(), action, subject, at: clock::now() };
        if self.journal.look(look) { Ok(()) } else { Err(StoreError::TooSlow.into()) }
    }

    /// Newest first; `before` is the `seq` of the last entry seen.
    pub async fn audit_entries(&self, who: &Principal, before: Option<i64>, limit: i64) -> Result<Vec<AuditEntry>, DeskError> {
        who.require(Role::Manager)?;
        self.journal.flush_within(JOURNAL).await;
        let before = before.unwrap_or(i64::MAX);
        Ok(self.store.read().await?.db().audit_entries(before, check::limit(limit)).await?)
    }
}
