//! The field teams and the chats that reach them.

use super::StoreError;
use super::column::{coordinates, position};
use super::unit::Conn;
use crate::contract::TeamView;
use crate::id::{AgencyId, TeamId};

#[derive(sqlx::FromRow)]
struct Row {
    id: TeamId,
    agency_id: AgencyId,
    agency_name: String,
    name: String,
    telegram_chat: Option<i64>,
    whatsapp_number: Option<String>,
    latitude: Option<f64>,
    longitude: Option<f64>,
    active: bool,
}

impl From<Row> for TeamView {
    fn from(row: Row) -> Self {
        Self {
            id: row.id,
            agency: row.agency_id,
            agency_name: row.agency_name,
            name: row.name,
            telegram_chat: row.telegram_chat,
            whatsapp_number: row.whatsapp_number,
            position: position(row.latitude, row.longitude),
            active: row.active,
        }
    }
}

macro_rules! select_teams {
    ($rest:literal) => {
        concat!(
            "SELECT t.id, t.agency_id, a.name AS agency_name, t.name, t.telegram_chat, t.whatsapp_number, t.latitude, \
             t.longitude, t.active FROM teams t JOIN agencies a ON a.id = t.agency_id ",
            $rest
        )
    };
}

impl Conn<'_> {
    pub async fn teams(&mut self) -> Result<Vec<TeamView>, StoreError> {
        let rows: Vec<Row> = on!(self, |c| sqlx::query_as(select_teams!("ORDER BY a.name, t.name LIMIT 5000")).fetch_all(c))?;
        Ok(rows.into_iter().map(Into::into).collect())
    }

    pub async fn team(&mut self, id: TeamId) -> Result<Option<TeamView>, StoreError> {
        let row: Option<Row> = on!(self, |c| sqlx::query_as(select_teams!("WHERE t.id = $1")).bind(id).fetch_optional(c))?;
        Ok(row.map(Into::into))
    }

    /// Creates the team, or changes it if its id is known.
    pub async fn put_team(&mut self, team: &TeamView) -> Result<(), StoreError> {
        let (latitude, longitude) = coordinates(team.position);
        run!(
            self,
            sqlx::query(
                "INSERT INTO teams (id, agency_id, name, telegram_chat, whatsapp_number, latitude, longitude, active) \
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8) \
             ON CONFLICT (id) DO UPDATE SET agency_id = excluded.agency_id, name = excluded.name, \
             telegram_chat = excluded.telegram_chat, whatsapp_number = excluded.whatsapp_number, latitude = excluded.latitude, \
             longitude = excluded.longitude, active = excluded.active"
            )
            .bind(team.id)
            .bind(team.agency)
            .bind(&team.name)
            .bind(team.telegram_chat)
            .bind(&team.whatsapp_number)
            .bind(latitude)
            .bind(longitude)
            .bind(team.active)
        )
    }

    pub async fn set_telegram_chat(&mut self, team: TeamId, chat: i64) -> Result<(), StoreError> {
        run!(self, sqlx::query("UPDATE teams SET telegram_chat = $2 WHERE id = $1").bind(team).bind(chat))
    }
}
