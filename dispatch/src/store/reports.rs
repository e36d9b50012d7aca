//! Reports: what operators type, one per call.

use super::StoreError;
use super::column::{At, coordinates, position};
use super::unit::Conn;
use crate::contract::{Disposition, ReportFields, ReportView};
use crate::id::{CallId, IncidentId, IncidentTypeId, ReportId};

#[derive(sqlx::FromRow)]
struct Row {
    id: ReportId,
    call_id: CallId,
    place: String,
    latitude: Option<f64>,
    longitude: Option<f64>,
    event: String,
    type_id: Option<IncidentTypeId>,
    caller_name: String,
    caller_number: String,
    details: String,
    revision: i64,
    saved_at: At,
    incident_id: Option<IncidentId>,
    disposition: Option<Disposition>,
}

impl From<Row> for ReportView {
    fn from(row: Row) -> Self {
        Self {
            id: row.id,
            call: row.call_id,
            fields: ReportFields {
                place: row.place,
                position: position(row.latitude, row.longitude),
                event: row.event,
                incident_type: row.type_id,
                caller_name: row.caller_name,
                caller_number: row.caller_number,
                details: row.details,
            },
            revision: row.revision,
            saved_at: row.saved_at.0,
            incident: row.incident_id,
            disposition: row.disposition,
        }
    }
}

macro_rules! select_reports {
    ($($rest:expr),+) => {
        concat!(
            "SELECT id, call_id, place, latitude, longitude, event, type_id, caller_name, caller_number, details, revision, \
             saved_at, incident_id, disposition FROM reports ",
            $($rest),+
        )
    };
}

impl Conn<'_> {
    pub async fn report(&mut self, id: ReportId) -> Result<Option<ReportView>, StoreError> {
        let row: Option<Row> = on!(self, |c| sqlx::query_as(select_reports!("WHERE id = $1")).bind(id).fetch_optional(c))?;
        Ok(row.map(Into::into))
    }

    /// The report, which nobody else changes until the transaction ends.
    pub async fn lock_report(&mut self, id: ReportId) -> Result<Option<ReportView>, StoreError> {
        let row: Option<Row> = on!(self, |c, lock = "" or " FOR UPDATE"| sqlx::query_as(select_reports!("WHERE id = $1", lock!()))
            .bind(id)
            .fetch_optional(c))?;
        Ok(row.map(Into::into))
    }

    pub async fn report_of_call(&mut self, call: CallId) -> Result<Option<ReportView>, StoreError> {
        let row: Option<Row> = on!(self, |c| sqlx::query_as(select_reports!("WHERE call_id = $1")).bind(call).fetch_optional(c))?;
        Ok(row.map(Into::into))
    }

    /// Keeps a new report. `false` if the report or another of the same call is there already; it stays as it is.
    pub async fn insert_report(&mut self, report: &ReportView) -> Result<bool, StoreError> {
        let (latitude, longitude) = coordinates(report.fields.position);
        let fields = &report.fields;
        let done: Option<ReportId> = on!(self, |c| {
            sqlx::query_scalar(
            "INSERT INTO reports (id, call_id, place, latitude, longitude, event, type_id, caller_name, caller_number, details, \
             revision, saved_at, incident_id, disposition) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14) \
             ON CONFLICT DO NOTHING RETURNING id"
        )
        .bind(report.id)
        .bind(report.call)
        .bind(&fields.place)
        .bind(latitude)
        .bind(longitude)
        .bind(&fields.event)
        .bind(fields.incident_type)
        .bind(&fields.caller_name)
        .bind(&fields.caller_number)
        .bind(&fields.details)
        .bind(report.revision)
        .bind(At(report.saved_at))
        .bind(report.incident)
        .bind(report.disposition)
        .fetch_optional(c)
        })?;
        Ok(done.is_some())
    }

    pub async fn update_report(&mut self, report: &ReportView) -> Result<(), StoreError> {
        let (latitude, longitude) = coordinates(report.fields.position);
        let fields = &report.fields;
        run!(
            self,
            sqlx::query(
                "UPDATE reports SET place = $2, latitude = $3, longitude = $4, event = $5, type_id = $6, caller_name = $7, \
             caller_number = $8, details = $9, revision = $10, saved_at = $11, incident_id = $12, disposition = $13 WHERE id = $1"
            )
            .bind(report.id)
            .bind(&fields.place)
            .bind(latitude)
            .bind(longitude)
            .bind(&fields.event)
            .bind(fields.incident_type)
            .bind(&fields.caller_name)
            .bind(&fields.caller_number)
            .bind(&fields.details)
            .bind(report.revision)
            .bind(At(report.saved_at))
            .bind(report.incident)
            .bind(report.disposition)
        )
    }
}
