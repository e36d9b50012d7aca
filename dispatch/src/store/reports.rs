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

    /// Keeps the forms of calls that have begun; what is known already stays as it is.
    pub async fn insert_reports(&mut self, reports: &[ReportView]) -> Result<(), StoreError> {
        write_all!(
            self,
            reports,
            "INSERT INTO reports (id, call_id, place, latitude, longitude, event, type_id, caller_name, caller_number, details, \
             revision, saved_at, incident_id, disposition) ",
            |row, report| {
                let fields = &report.fields;
                let (latitude, longitude) = coordinates(fields.position);
                row.push_bind(report.id)
                    .push_bind(report.call)
                    .push_bind(&fields.place)
                    .push_bind(latitude)
                    .push_bind(longitude)
                    .push_bind(&fields.event)
                    .push_bind(fields.incident_type)
                    .push_bind(&fields.caller_name)
                    .push_bind(&fields.caller_number)
                    .push_bind(&fields.details)
                    .push_bind(report.revision)
                    .push_bind(At(report.saved_at))
                    .push_bind(report.incident)
                    .push_bind(report.disposition);
            },
            " ON CONFLICT DO NOTHING"
        );
        Ok(())
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
