//! Reports: the form that saves itself.

use super::{Desk, DeskError, Principal, access, check};
use crate::clock;
use crate::contract::{Audience, CallView, Disposition, Event, FootageView, ReportFields, ReportView, SaveReport};
use crate::domain::incident::{Facts, Incident};
use crate::domain::report::{self, Field, Saved, Stale};
use crate::id::{CallId, ReportId};
use crate::store::{NewEvent, Unit};
use jiff::Timestamp;
use serde_json::{Map, Value, json};
use std::time::Duration;

/// How long a save waits for the journal to write the call it is about.
const JOURNAL: Duration = Duration::from_secs(2);

impl Desk {
    /// The operator's own, or any for a supervisor, which is written into the audit.
    pub async fn report(&self, who: &Principal, id: ReportId) -> Result<ReportView, DeskError> {
        let mut reader = self.store.read().await?;
        let report = reader.db().report(id).await?.ok_or(DeskError::NotFound)?;
        let call = reader.db().call(report.call).await?.ok_or(DeskError::NotFound)?;
        access::may_read(who, &call)?;
        drop(reader);
        if access::is_watched(who, &call) {
            self.audit(who, "report.opened", &id.to_string()).await?;
        }
        Ok(report)
    }

    /// Saves the form; that of a call which has only just arrived is waited for. What is typed into the report that opened an
    /// incident goes on into the open incident, and a new position brings its cameras' footage.
    ///
    /// # Errors
    /// [`DeskError::Stale`] if the form was not edited from the stored revision, [`DeskError::NotFound`] if no such call has
    /// arrived.
    pub async fn save_report(&self, who: &Principal, id: ReportId, mut save: SaveReport) -> Result<ReportView, DeskError> {
        cut_caller(&mut save.fields);
        check_fields(&save.fields)?;
        // Before the transaction begins, which the journal would wait for.
        self.await_call(save.call).await?;
        let now = clock::now();
        let mut unit = self.store.begin().await?;
        let call = unit.db().call(save.call).await?.ok_or(DeskError::NotFound)?;
        access::may_write(who, &call)?;
        if call.report != id {
            return Err(DeskError::invalid("call", "has another report; reload the page"));
        }
        if let Some(kind) = save.fields.incident_type
            && !unit.db().incident_type_exists(kind).await?
        {
            return Err(DeskError::invalid("incident_type", "is not there any more; choose another"));
        }
        let stored = unit.db().lock_report(id).await?.ok_or(DeskError::NotFound)?;
        let saved = report::save(stored, save.base, save.revision, save.fields, now);
        let (report, changed) = match saved.map_err(|Stale(stored)| DeskError::Stale(stored))? {
            Saved::Changed(report, changed) => (report, changed),
            Saved::Same(report) => (report, Vec::new()),
        };
        unit.db().update_report(&report).await?;
        if !changed.is_empty() {
            unit.event(saved_event(who, &report, &changed, now));
        }
        let followed = self.incident_follows(who, &mut unit, &report, now).await?;
        self.tell_entries(unit.commit().await?);
        self.tell_report(call.operator, Some(who.user), &report);
        if let Some((incident, footage)) = followed {
            self.tell_incident(&self.incident_view(incident).await?);
            self.tell_footage(&footage);
            self.hold_soon();
        }
        Ok(report)
    }

    /// The call as it is stored. The journal may be a moment behind the switchboard and is waited for, within a bound.
    async fn await_call(&self, id: CallId) -> Result<CallView, DeskError> {
        if let Some(call) = self.store.read().await?.db().call(id).await? {
            return Ok(call);
        }
        self.journal.flush_within(JOURNAL).await;
        self.store.read().await?.db().call(id).await?.ok_or(DeskError::NotFound)
    }

    /// The open incident takes over what its first report says now.
    async fn incident_follows(
        &self,
        who: &Principal,
        unit: &mut Unit,
        report: &ReportView,
        now: Timestamp,
    ) -> Result<Option<(Incident, Vec<FootageView>)>, DeskError> {
        let Some(id) = report.incident else { return Ok(None) };
        let Some(incident) = unit.db().lock_incident(id).await?.filter(|incident| incident.report == Some(report.id)) else {
            return Ok(None);
        };
        let Some(revised) = incident.revise(Facts::from(&report.fields)) else { return Ok(None) };
        unit.db().put_incident(&revised).await?;
        unit.event(NewEvent {
            at: now,
            actor: who.actor(),
            kind: "incident.updated",
            call: Some(report.call),
            incident: Some(id),
            data: json!({ "place": revised.facts.place, "position": revised.facts.position, "event": revised.facts.event }),
            dedupe: None,
        });
        let call = unit.db().call(report.call).await?;
        let footage = self.link_footage(unit, &revised, call.as_ref(), now).await?;
        Ok(Some((revised, footage)))
    }

    /// Closes the report with what kind of call it was; closing again corrects it.
    pub async fn close_report(&self, who: &Principal, id: ReportId, disposition: Disposition) -> Result<ReportView, DeskError> {
        let now = clock::now();
        let mut unit = self.store.begin().await?;
        let stored = unit.db().lock_report(id).await?.ok_or(DeskError::NotFound)?;
        let call = unit.db().call(stored.call).await?.ok_or(DeskError::NotFound)?;
        access::may_write(who, &call)?;
        let changed = stored.disposition != Some(disposition);
        let report = report::close(stored, disposition);
        unit.db().update_report(&report).await?;
        let weighed = match changed {
            true => self.weigh_number(who, &mut unit, Some(&call), &report, disposition, now).await?,
            false => None,
        };
        unit.event(NewEvent {
            at: now,
            actor: who.actor(),
            kind: "report.closed",
            call: Some(report.call),
            incident: report.incident,
            data: json!({ "disposition": disposition }),
            dedupe: None,
        });
        self.tell_entries(unit.commit().await?);
        self.remember_weighed(weighed);
        self.tell_report(call.operator, Some(who.user), &report);
        self.live.tell(Audience::Everyone, Event::Statistics);
        Ok(report)
    }
}

/// The event holds the new value of each field that changed, so that the timeline can tell how the report came about.
fn saved_event(who: &Principal, report: &ReportView, changed: &[Field], now: Timestamp) -> NewEvent {
    let fields = &report.fields;
    let value = |field: &Field| match field {
        Field::Place => ("place", json!(fields.place)),
        Field::Position => ("position", json!(fields.position)),
        Field::Event => ("event", json!(fields.event)),
        Field::IncidentType => ("incident_type", json!(fields.incident_type)),
        Field::CallerName => ("caller_name", json!(fields.caller_name)),
        Field::CallerNumber => ("caller_number", json!(fields.caller_number)),
        Field::Details => ("details", json!(fields.details)),
    };
    let changed: Map<String, Value> = changed.iter().map(value).map(|(name, value)| (name.to_owned(), value)).collect();
    NewEvent {
        at: now,
        actor: who.actor(),
        kind: "report.saved",
        call: Some(report.call),
        incident: report.incident,
        data: json!({ "revision": report.revision, "changed": changed }),
        dedupe: None,
    }
}

/// The form opens with what the network says of the caller, which is not the operator's to mend: it is cut, not refused.
fn cut_caller(fields: &mut ReportFields) {
    fields.caller_name = check::cut(&fields.caller_name, check::CALLER_NAME);
    fields.caller_number = check::cut(&fields.caller_number, check::CALLER_NUMBER);
}

fn check_fields(fields: &ReportFields) -> Result<(), DeskError> {
    check::text("place", &fields.place, 1000)?;
    check::text("event", &fields.event, 1000)?;
    check::text("details", &fields.details, 10_000)?;
    check::position("position", fields.position)
}
