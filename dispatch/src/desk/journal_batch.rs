//! Entries of the journal in one transaction: their rows, their events, and what the consoles are told once it is committed.

use super::alarms::AlarmBoard;
use super::alert_rows::Alerted;
use super::entry_rows::Touched;
use super::journal::{Ended, Look, Waiting, What};
use super::journal_rows::Rows;
use super::{DeskSettings, LiveHub};
use crate::contract::{Actor, AlarmKind, AlarmView, Audience, Event, TimelineEntry};
use crate::store::{AlarmEnd, NewEvent, Store, StoreError, Unit};
use jiff::Timestamp;
use serde_json::json;
use std::collections::HashSet;
use uuid::Uuid;

/// What is in the database now, and not told yet.
pub(super) struct Written {
    pub touched: Touched,
    entries: Vec<TimelineEntry>,
    alerted: Alerted,
}

/// The key under which the event of an entry is known, so that an entry that is written twice happens once.
pub(super) fn dedupe(key: Uuid) -> String {
    format!("journal:{key}")
}

pub(super) async fn write(
    batch: &[Waiting],
    store: &Store,
    board: &AlarmBoard,
    settings: &DeskSettings,
) -> Result<Written, StoreError> {
    let mut unit = store.begin().await?;
    let mut alerted = Alerted::default();
    let keys: Vec<String> = batch.iter().map(|Waiting { key, .. }| dedupe(*key)).collect();
    // A commit whose answer was lost may have happened.
    let known = unit.db().known_events(&keys).await?;
    alerted.raised = untold_alarms(&mut unit, batch, &known, settings).await?;
    let new: Vec<_> = batch.iter().zip(keys).filter(|(_, dedupe)| !known.contains(dedupe)).collect();
    insert_beginnings(&mut unit, new.iter().map(|(Waiting { what, .. }, _)| what), &settings.node).await?;
    let mut rows = Rows::of(unit);
    for (Waiting { key, what }, dedupe) in new {
        match what {
            What::Call(entry) => entry.write(&mut rows, dedupe).await?,
            // It has its row already.
            What::AlarmRaised(_) => {}
            What::AlarmEnded(ended) => {
                let Ended { alarm, by, at } = &**ended;
                let user = by.as_ref().map(|(user, _)| *user);
                rows.end_alarm(AlarmEnd { alarm: alarm.id, by: user, at: *at });
                if let Some((_, actor)) = by {
                    rows.event(acknowledged(alarm, actor.clone(), *at, dedupe));
                }
            }
            What::Look(look) => {
                let Look { user, name, action, subject, at } = &**look;
                rows.db().await?.insert_audit(*at, *user, name, action, subject).await?;
            }
            What::Alert(received) => {
                let sounding: Vec<AlarmView> = board.all().into_iter().chain(alerted.raised.iter().cloned()).collect();
                alerted.add(received.write(rows.unit().await?, settings, *key, &sounding).await?);
            }
        }
    }
    // What was lost while nothing could be written calls for somebody also after a restart.
    let lost = board.those(|alarm| alarm.kind == AlarmKind::EntriesLost);
    rows.db().await?.insert_alarms(&lost, &settings.node).await?;
    let (entries, touched) = rows.commit().await?;
    Ok(Written { entries, touched, alerted })
}

/// The rows of all calls and alarms that begin in a batch, together: nothing in it is about them before that.
async fn insert_beginnings<'a>(unit: &mut Unit, batch: impl Iterator<Item = &'a What>, node: &str) -> Result<(), StoreError> {
    let (mut calls, mut reports, mut alarms) = (Vec::new(), Vec::new(), Vec::new());
    for what in batch {
        match what {
            What::Call(entry) => {
                let (call, report) = entry.begins().unzip();
                calls.extend(call);
                reports.extend(report);
            }
            What::AlarmRaised(alarm) => alarms.push((**alarm).clone()),
            What::AlarmEnded(_) | What::Look(_) | What::Alert(_) => {}
        }
    }
    unit.db().insert_calls(&calls, node).await?;
    unit.db().insert_reports(&reports).await?;
    unit.db().insert_alarms(&alarms, node).await
}

/// The alarms of alerts that were written before without anybody having been told.
async fn untold_alarms(
    unit: &mut Unit,
    batch: &[Waiting],
    known: &HashSet<String>,
    settings: &DeskSettings,
) -> Result<Vec<AlarmView>, StoreError> {
    let is_known_alert = |Waiting { key, what }: &Waiting| matches!(what, What::Alert(_)) && known.contains(&dedupe(*key));
    if !batch.iter().any(is_known_alert) {
        return Ok(Vec::new());
    }
    let mut alarms = unit.db().sounding_alarms(&settings.node).await?;
    alarms.retain(|alarm| batch.iter().any(|entry| entry.key == alarm.id.0 && is_known_alert(entry)));
    Ok(alarms)
}

impl Written {
    /// Never waits, so that nothing that is committed stays untold.
    pub fn tell(self, live: &LiveHub, board: &AlarmBoard) {
        let Alerted { received, incidents, footage, raised, ended } = self.alerted;
        if received > 0 {
            metrics::counter!("siaga_alerts_received_total").increment(received);
        }
        live.tell_entries(self.entries);
        for incident in incidents {
            live.tell(Audience::Everyone, Event::Incident { incident });
        }
        for footage in footage {
            live.tell(Audience::Everyone, Event::Footage { footage });
        }
        for alarm in raised {
            board.sound(alarm);
        }
        board.clear(|alarm| ended.contains(&alarm.id));
    }
}

/// The event of a person silencing an alarm, on the timeline of what the alarm is about.
fn acknowledged(alarm: &AlarmView, actor: Actor, at: Timestamp, dedupe: String) -> NewEvent {
    let (call, incident) = match &alarm.kind {
        AlarmKind::NobodyReady { call }
        | AlarmKind::Unanswered { call, .. }
        | AlarmKind::OperatorLost { call, .. }
        | AlarmKind::OneWayAudio { call, .. }
        | AlarmKind::PartySilent { call, .. }
        | AlarmKind::RecordingFailing { call }
        | AlarmKind::RecordingGap { call } => (Some(*call), None),
        AlarmKind::Unacknowledged { incident, .. }
        | AlarmKind::Undeliverable { incident, .. }
        | AlarmKind::MachineAlert { incident, .. }
        | AlarmKind::FootageFailing { incident, .. } => (None, Some(*incident)),
        AlarmKind::StoreFailing
        | AlarmKind::EntriesLost
        | AlarmKind::TrunkDown { .. }
        | AlarmKind::LimitReached { .. }
        | AlarmKind::CallsRefused { .. }
        | AlarmKind::LocationNotAllowed { .. }
        | AlarmKind::VoiceBeyondReach { .. } => (None, None),
    };
    let data = json!({ "alarm": alarm.kind, "raised_at": alarm.raised_at });
    NewEvent { at, actor, kind: "alarm.acknowledged", call, incident, data, dedupe: Some(dedupe) }
}
