//! Incident types, and which agencies lead and support.

use super::StoreError;
use super::unit::Conn;
use crate::contract::IncidentTypeView;
use crate::id::{AgencyId, IncidentTypeId};

#[derive(sqlx::FromRow)]
struct Row {
    id: IncidentTypeId,
    rank: i64,
    name: String,
    name_en: String,
    active: bool,
}

#[derive(sqlx::FromRow)]
struct Duty {
    type_id: IncidentTypeId,
    agency_id: AgencyId,
    duty: String,
}

const LEAD: &str = "lead";
const SUPPORT: &str = "support";

impl Conn<'_> {
    pub async fn incident_types(&mut self) -> Result<Vec<IncidentTypeView>, StoreError> {
        let rows: Vec<Row> = on!(self, |c| sqlx::query_as(
            "SELECT id, rank, name, name_en, active FROM incident_types ORDER BY rank, name LIMIT 1000"
        )
        .fetch_all(c))?;
        let duties: Vec<Duty> = on!(self, |c| sqlx::query_as(
            "SELECT type_id, agency_id, duty FROM incident_type_agencies ORDER BY type_id, duty, place"
        )
        .fetch_all(c))?;
        let agencies =
            |id, duty: &str| duties.iter().filter(|row| row.type_id == id && row.duty == duty).map(|row| row.agency_id).collect();
        Ok(rows
            .into_iter()
            .map(|row| IncidentTypeView {
                id: row.id,
                rank: row.rank,
                name: row.name,
                name_en: row.name_en,
                lead: agencies(row.id, LEAD),
                support: agencies(row.id, SUPPORT),
                active: row.active,
            })
            .collect())
    }

    pub async fn incident_type_exists(&mut self, id: IncidentTypeId) -> Result<bool, StoreError> {
        let count: i64 =
            on!(self, |c| sqlx::query_scalar("SELECT COUNT(*) FROM incident_types WHERE id = $1").bind(id).fetch_one(c))?;
        Ok(count > 0)
    }

    /// Creates the type, or changes it if its id is known.
    pub async fn put_incident_type(&mut self, kind: &IncidentTypeView) -> Result<(), StoreError> {
        run!(
            self,
            sqlx::query(
                "INSERT INTO incident_types (id, rank, name, name_en, active) VALUES ($1, $2, $3, $4, $5) \
             ON CONFLICT (id) DO UPDATE SET rank = excluded.rank, name = excluded.name, name_en = excluded.name_en, \
             active = excluded.active"
            )
            .bind(kind.id)
            .bind(kind.rank)
            .bind(&kind.name)
            .bind(&kind.name_en)
            .bind(kind.active)
        )?;
        run!(self, sqlx::query("DELETE FROM incident_type_agencies WHERE type_id = $1").bind(kind.id))?;
        for (duty, agencies) in [(LEAD, &kind.lead), (SUPPORT, &kind.support)] {
            for (place, agency) in (0i64..).zip(agencies) {
                run!(
                    self,
                    sqlx::query("INSERT INTO incident_type_agencies (type_id, agency_id, duty, place) VALUES ($1, $2, $3, $4)")
                        .bind(kind.id)
                        .bind(*agency)
                        .bind(duty)
                        .bind(place)
                )?;
            }
        }
        Ok(())
    }
}
