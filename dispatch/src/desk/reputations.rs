//! Reputations of numbers: lowered by what operators say of their calls, forgotten by themselves, cleared by supervisors.

use super::{Desk, DeskError, Principal};
use crate::clock;
use crate::contract::{CallDirection, CallView, Disposition, ReportView, ReputationView, Role};
use crate::domain::reputation;
use crate::id::ReputationId;
use crate::store::{NewEvent, Unit};
use jiff::Timestamp;
use serde_json::json;

/// Reputations shown at once; those marked last.
const SHOWN: i64 = 500;
/// The newest dispositions of a number that are looked at.
const LOOKED_AT: i64 = 200;

/// What a disposition made of a number; to be told to the memory after the commit.
#[must_use]
pub(super) struct Weighed {
    number: String,
    lowered_until: Option<Timestamp>,
}

impl Desk {
    /// Those in force, marked last first.
    pub async fn reputations(&self, who: &Principal) -> Result<Vec<ReputationView>, DeskError> {
        who.require(Role::Supervisor)?;
        let rows = self.store.read().await?.db().reputations(clock::now(), SHOWN).await?;
        Ok(rows.into_iter().map(Into::into).collect())
    }

    /// The number's calls have their usual place again, and its marks up to now do not count any more. Written into the audit.
    pub async fn clear_reputation(&self, who: &Principal, id: ReputationId) -> Result<(), DeskError> {
        who.require(Role::Supervisor)?;
        let now = clock::now();
        let mut unit = self.store.begin().await?;
        let mut row = unit.db().lock_reputation(id).await?.ok_or(DeskError::NotFound)?;
        (row.marks, row.expires_at, row.cleared_at) = (0, now, Some(now));
        unit.db().update_reputation(&row).await?;
        unit.db().insert_audit(now, who.user, &who.name, "reputation.cleared", &id.to_string()).await?;
        unit.commit().await?;
        self.callers.lower(&row.number, None);
        Ok(())
    }

    /// Takes up what kind of call it was, within the transaction that says so. The report is locked.
    pub(super) async fn weigh_number(
        &self,
        who: &Principal,
        unit: &mut Unit,
        call: Option<&CallView>,
        report: &ReportView,
        disposition: Disposition,
        now: Timestamp,
    ) -> Result<Option<Weighed>, DeskError> {
        unit.db().dispose_report(report.id, now).await?;
        let Some(call) = call.filter(|call| call.direction == CallDirection::Inbound) else { return Ok(None) };
        let Some(number) = call.number.clone().filter(|number| !number.is_empty()) else { return Ok(None) };
        let row = if reputation::is_mark(disposition) {
            Some(unit.db().hold_reputation(&number, ReputationId(clock::new_id()), now).await?)
        } else {
            // A number that was never marked has nothing to lose, and gets no row.
            unit.db().lock_reputation_of(&number).await?
        };
        let Some(mut row) = row else { return Ok(None) };
        let rules = self.settings.reputation;
        let said = unit.db().dispositions_of(&number, now - rules.window, LOOKED_AT).await?;
        let was_lowered = row.expires_at > now;
        let lowered = reputation::weigh(&said, row.cleared_at, now, rules);
        match lowered {
            Some(lowered) => {
                (row.marks, row.last_marked_at, row.expires_at) = (lowered.marks, lowered.last_marked_at, lowered.expires_at);
            }
            None => (row.marks, row.expires_at) = (0, now),
        }
        unit.db().update_reputation(&row).await?;
        let kind = match (was_lowered, lowered) {
            (false, Some(_)) => Some("reputation.lowered"),
            (true, None) => Some("reputation.restored"),
            _ => None,
        };
        if let Some(kind) = kind {
            let data = json!({ "marks": row.marks, "expires_at": row.expires_at });
            unit.event(NewEvent { at: now, actor: who.actor(), kind, call: Some(call.id), incident: None, data, dedupe: None });
        }
        Ok(Some(Weighed { number, lowered_until: lowered.map(|lowered| lowered.expires_at) }))
    }

    /// After the commit.
    pub(super) fn remember_weighed(&self, weighed: Option<Weighed>) {
        if let Some(Weighed { number, lowered_until }) = weighed {
            self.callers.lower(&number, lowered_until);
        }
    }
}
