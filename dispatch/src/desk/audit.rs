//! Looking over shoulders: who saw what.

use super::{Desk, DeskError, Principal, check};
use crate::clock;
use crate::contract::{AuditEntry, Role};

impl Desk {
    /// Writes down that the person did this. What is watched over is not shown if this fails.
    pub async fn audit(&self, who: &Principal, action: &str, subject: &str) -> Result<(), DeskError> {
        let mut unit = self.store.begin().await?;
        unit.db().insert_audit(clock::now(), who.user, &who.name, &check::cut(action, 100), &check::cut(subject, 200)).await?;
        unit.commit().await?;
        Ok(())
    }

    /// Newest first; `before` is the `seq` of the last entry seen.
    pub async fn audit_entries(&self, who: &Principal, before: Option<i64>, limit: i64) -> Result<Vec<AuditEntry>, DeskError> {
        who.require(Role::Manager)?;
        let before = before.unwrap_or(i64::MAX);
        Ok(self.store.read().await?.db().audit_entries(before, check::limit(limit)).await?)
    }
}
