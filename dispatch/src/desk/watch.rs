//! What the desk does by itself as time passes: missing acknowledgements, and footage that the recorder does not know of yet,
//! which it leaves to a task of its own.

use super::delivery::system_event;
use super::{Desk, DeskError};
use crate::clock;
use crate::contract::{AlarmKind, IncidentState};
use crate::domain::dispatch::Reminder;
use crate::id::DispatchId;
use crate::store::DispatchRow;
use jiff::Timestamp;
use serde_json::json;
use std::time::Duration;

impl Desk {
    /// Every second until `stop`: overdue acknowledgements, and limits that are not reached any more; every ten: footage not held
    /// yet; every minute: what is known of numbers; every hour: sessions that have ended.
    pub async fn keep_watch(&self, stop: impl Future<Output = ()> + Send) {
        let mut stop = std::pin::pin!(stop);
        let mut ticks = tokio::time::interval(Duration::from_secs(1));
        ticks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        let mut tick = 0u64;
        loop {
            tokio::select! {
                () = &mut stop => return,
                _ = ticks.tick() => {}
            }
            if let Err(error) = self.due_alarms(clock::now()).await {
                tracing::warn!(%error, "overdue acknowledgements could not be looked up; trying again");
            }
            self.quiet_refusals(clock::now());
            if tick.is_multiple_of(60)
                && let Err(error) = self.learn_callers(clock::now()).await
            {
                tracing::warn!(%error, "what is known of callers' numbers could not be read; trying again in a minute");
            }
            if tick.is_multiple_of(10) {
                self.hold_soon();
            }
            if tick.is_multiple_of(3600)
                && let Err(error) = self.forget_expired(clock::now()).await
            {
                tracing::warn!(%error, "sessions that have ended could not be forgotten; trying again in an hour");
            }
            tick += 1;
        }
    }

    async fn forget_expired(&self, now: Timestamp) -> Result<(), DeskError> {
        let mut unit = self.store.begin().await?;
        unit.db().delete_expired(now).await?;
        unit.commit().await?;
        Ok(())
    }

    /// Raises what is overdue at `now`. A dispatch without acknowledgement first goes by the team's other channel too; the alarm
    /// sounds each time.
    pub async fn due_alarms(&self, now: Timestamp) -> Result<(), DeskError> {
        let due = self.store.read().await?.db().dispatches_due(now).await?;
        for id in due {
            self.remind(id, now).await?;
        }
        Ok(())
    }

    async fn remind(&self, id: DispatchId, now: Timestamp) -> Result<(), DeskError> {
        let mut unit = self.store.begin().await?;
        let Some(row) = unit.db().lock_dispatch(id).await? else { return Ok(()) };
        if row.incident_state == IncidentState::Closed {
            unit.db().put_dispatch(&row.dispatch.settle()).await?;
            unit.commit().await?;
            return Ok(());
        }
        let Some((overdue, reminder)) = row.dispatch.remind(now, self.settings.acknowledge_again) else { return Ok(()) };
        let row = DispatchRow { dispatch: overdue, ..row };
        unit.event(system_event(&row, "dispatch.overdue", json!({}), now));
        let rerouted = match reminder {
            Reminder::First => self.try_other(&mut unit, &row, row.dispatch.channel, now).await?,
            Reminder::Again => None,
        };
        let dispatch = rerouted.unwrap_or_else(|| row.dispatch.clone());
        unit.db().put_dispatch(&dispatch).await?;
        self.tell_entries(unit.commit().await?);
        self.outbox_wake.notify_one();
        let kind = AlarmKind::Unacknowledged {
            dispatch: dispatch.id,
            incident: dispatch.incident,
            incident_number: row.incident_number.clone(),
            team_name: row.team_name.clone(),
        };
        self.raise_alarm(kind, now);
        self.tell_dispatch(&DispatchRow { dispatch, ..row }.view());
        Ok(())
    }
}
