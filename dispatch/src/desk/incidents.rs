//! Incidents: opened from a report, worked on, closed.

use super::delivery::dispatch_event;
use super::{Desk, DeskError, IncidentQuery, Principal, access, check};
use crate::clock;
use crate::contract::{AlarmKind, DispatchView, Disposition, IncidentDetail, IncidentView, TimelineEntry};
use crate::domain::dispatch::Watch;
use crate::domain::incident::{AlreadyClosed, Facts, Incident, State};
use crate::domain::{number, report};
use crate::id::{IncidentId, ReportId};
use crate::store::{NewEvent, Unit};
use jiff::Timestamp;
use serde_json::json;
use std::collections::HashMap;

impl Desk {
    /// Opens an incident from what the report says now. Opening the same report again gives the same incident.
    pub async fn open_incident(&self, who: &Principal, report: ReportId) -> Result<IncidentView, DeskError> {
        let now = clock::now();
        let mut unit = self.store.begin().await?;
        let mut report = unit.db().lock_report(report).await?.ok_or(DeskError::NotFound)?;
        let call = unit.db().call(report.call).await?.ok_or(DeskError::NotFound)?;
        access::may_write(who, &call)?;
        if let Some(id) = report.incident {
            let incident = unit.db().incident(id).await?.ok_or(DeskError::NotFound)?;
            drop(unit);
            return self.incident_view(incident).await;
        }
        if report::is_blank(&report.fields) {
            return Err(DeskError::invalid("place", "write first where it is or what happened"));
        }
        let day = number::day(now, &self.settings.zone);
        let n = unit.db().count_up(&format!("incidents-{}", number::day_digits(day))).await?;
        let incident = Incident {
            id: IncidentId(clock::new_id()),
            number: number::incident_number(day, n),
            report: Some(report.id),
            facts: Facts::from(&report.fields),
            opened_at: now,
            opened_by: who.user,
            opened_by_name: who.name.clone(),
            state: State::Open,
        };
        unit.db().put_incident(&incident).await?;
        report.incident = Some(incident.id);
        unit.db().update_report(&report).await?;
        unit.event(NewEvent {
            call: Some(report.call),
            ..event(who, now, "incident.opened", incident.id, json!({ "number": incident.number, "place": incident.facts.place }))
        });
        let footage = self.link_footage(&mut unit, &incident, Some(&call), now).await?;
        self.tell_entries(unit.commit().await?);
        let view = incident.view(Vec::new());
        self.tell_report(call.operator, Some(who.user), &report);
        self.tell_incident(&view);
        self.tell_footage(&footage);
        self.hold_soon();
        Ok(view)
    }

    /// Newest first.
    pub async fn incidents(&self, _who: &Principal, query: IncidentQuery) -> Result<Vec<IncidentView>, DeskError> {
        let mut reader = self.store.read().await?;
        let incidents = reader.db().incidents(query.state, check::limit(query.limit)).await?;
        let Some(oldest) = incidents.iter().map(|incident| incident.opened_at).min() else { return Ok(Vec::new()) };
        let mut dispatches: HashMap<IncidentId, Vec<DispatchView>> = HashMap::new();
        for row in reader.db().dispatches_since(oldest).await? {
            dispatches.entry(row.dispatch.incident).or_default().push(row.view());
        }
        let view = |incident: Incident| {
            let dispatches = dispatches.remove(&incident.id).unwrap_or_default();
            incident.view(dispatches)
        };
        Ok(incidents.into_iter().map(view).collect())
    }

    pub async fn incident(&self, who: &Principal, id: IncidentId) -> Result<IncidentDetail, DeskError> {
        let mut reader = self.store.read().await?;
        let incident = reader.db().incident(id).await?.ok_or(DeskError::NotFound)?;
        let dispatches = reader.db().dispatches(id).await?.into_iter().map(|row| row.view()).collect();
        let calls = reader.db().incident_calls(id).await?;
        let footage = reader.db().incident_footage(id).await?;
        let mut timeline = reader.db().incident_timeline(id).await?;
        timeline.retain(|entry| {
            let call = calls.iter().find(|call| Some(call.id) == entry.call);
            access::may_see(who, call, entry)
        });
        Ok(IncidentDetail { incident: incident.view(dispatches), calls, footage, timeline })
    }

    /// A note on the timeline, also of a closed incident.
    pub async fn add_note(&self, who: &Principal, id: IncidentId, text: &str) -> Result<TimelineEntry, DeskError> {
        let text = text.trim();
        check::text("text", text, 5000)?;
        if text.is_empty() {
            return Err(DeskError::invalid("text", "must not be empty"));
        }
        let mut unit = self.store.begin().await?;
        unit.db().incident(id).await?.ok_or(DeskError::NotFound)?;
        unit.event(event(who, clock::now(), "incident.note", id, json!({ "text": text })));
        let entries = unit.commit().await?;
        self.tell_entries(entries.clone());
        entries.into_iter().next().ok_or(DeskError::NotFound)
    }

    /// Closes the incident. Nobody waits for acknowledgements any more, and what was not sent yet is not sent; its first report is
    /// closed with it, if it was not.
    pub async fn close_incident(
        &self,
        who: &Principal,
        id: IncidentId,
        disposition: Disposition,
        note: &str,
    ) -> Result<IncidentView, DeskError> {
        check::text("note", note, 5000)?;
        let now = clock::now();
        let mut unit = self.store.begin().await?;
        let found = unit.db().incident(id).await?.ok_or(DeskError::NotFound)?;
        // Reports are locked before incidents, here as everywhere.
        let stored = match found.report {
            Some(report) => unit.db().lock_report(report).await?,
            None => None,
        };
        let incident = unit.db().lock_incident(id).await?.ok_or(DeskError::NotFound)?;
        let closed = incident.close(now);
        let closed = closed.map_err(|AlreadyClosed| DeskError::conflict("incident_closed", "the incident is closed already"))?;
        unit.db().put_incident(&closed).await?;
        unit.event(event(who, now, "incident.closed", id, json!({ "disposition": disposition, "note": note.trim() })));
        let call = match found.report {
            Some(report) => unit.db().call_of_report(report).await?,
            None => None,
        };
        let mut weighed = None;
        let report = match stored.filter(|stored| stored.disposition.is_none()) {
            Some(stored) => {
                let report = report::close(stored, disposition);
                unit.db().update_report(&report).await?;
                weighed = self.weigh_number(who, &mut unit, call.as_ref(), &report, disposition, now).await?;
                Some(report)
            }
            None => None,
        };
        withdraw_messages(who, &mut unit, id, now).await?;
        settle_dispatches(&mut unit, id).await?;
        let operator = call.and_then(|call| call.operator);
        self.tell_entries(unit.commit().await?);
        self.remember_weighed(weighed);
        self.clear_alarms(|alarm| match alarm {
            AlarmKind::Unacknowledged { incident, .. }
            | AlarmKind::Undeliverable { incident, .. }
            | AlarmKind::MachineAlert { incident, .. } => *incident == id,
            _ => false,
        });
        let view = self.incident_view(closed).await?;
        self.tell_incident(&view);
        if let Some(report) = report {
            self.tell_report(operator, None, &report);
        }
        Ok(view)
    }

    /// The incident with its dispatches.
    pub(super) async fn incident_view(&self, incident: Incident) -> Result<IncidentView, DeskError> {
        let rows = self.store.read().await?.db().dispatches(incident.id).await?;
        Ok(incident.view(rows.into_iter().map(|row| row.view()).collect()))
    }
}

/// Nobody is sent to what is over.
async fn withdraw_messages(who: &Principal, unit: &mut Unit, incident: IncidentId, now: Timestamp) -> Result<(), DeskError> {
    let messages = unit.db().withdraw_messages(incident).await?;
    let rows = unit.db().dispatches(incident).await?;
    for message in messages {
        if let Some(row) = rows.iter().find(|row| row.dispatch.id == message.dispatch) {
            let data = json!({ "channel": message.channel });
            unit.event(dispatch_event(row, who.actor(), "dispatch.withdrawn", data, now));
        }
    }
    Ok(())
}

async fn settle_dispatches(unit: &mut Unit, incident: IncidentId) -> Result<(), DeskError> {
    for row in unit.db().dispatches(incident).await? {
        if let Some(row) = unit.db().lock_dispatch(row.dispatch.id).await?
            && row.dispatch.watch != Watch::Over
        {
            unit.db().put_dispatch(&row.dispatch.settle()).await?;
        }
    }
    Ok(())
}

/// An event of an incident, made by a person.
pub(super) fn event(
    who: &Principal,
    at: Timestamp,
    kind: &'static str,
    incident: IncidentId,
    data: serde_json::Value,
) -> NewEvent {
    NewEvent { at, actor: who.actor(), kind, call: None, incident: Some(incident), data, dedupe: None }
}
