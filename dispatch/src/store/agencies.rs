//! The agencies that help.

use super::StoreError;
use super::unit::Conn;
use crate::contract::AgencyView;
use crate::id::AgencyId;

#[derive(sqlx::FromRow)]
struct Row {
    id: AgencyId,
    name: String,
    phone: String,
    active: bool,
}

impl From<Row> for AgencyView {
    fn from(row: Row) -> Self {
        Self { id: row.id, name: row.name, phone: row.phone, active: row.active }
    }
}

impl Conn<'_> {
    pub async fn agencies(&mut self) -> Result<Vec<AgencyView>, StoreError> {
        let rows: Vec<Row> =
            on!(self, |c| sqlx::query_as("SELECT id, name, phone, active FROM agencies ORDER BY name LIMIT 1000").fetch_all(c))?;
        Ok(rows.into_iter().map(Into::into).collect())
    }

    /// Creates the agency, or changes it if its id is known.
    pub async fn put_agency(&mut self, agency: &AgencyView) -> Result<(), StoreError> {
        run!(
            self,
            sqlx::query(
                "INSERT INTO agencies (id, name, phone, active) VALUES ($1, $2, $3, $4) \
             ON CONFLICT (id) DO UPDATE SET name = excluded.name, phone = excluded.phone, active = excluded.active"
            )
            .bind(agency.id)
            .bind(&agency.name)
            .bind(&agency.phone)
            .bind(agency.active)
        )
    }
}
