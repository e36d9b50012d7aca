//! The field teams, kept up by managers.

use super::agencies::name_taken;
use super::{Desk, DeskError, Principal, check};
use crate::clock;
use crate::contract::{Role, SaveTeam, TeamView};
use crate::id::TeamId;

impl Desk {
    pub async fn teams(&self) -> Result<Vec<TeamView>, DeskError> {
        Ok(self.store.read().await?.db().teams().await?)
    }

    pub async fn create_team(&self, who: &Principal, save: SaveTeam) -> Result<TeamView, DeskError> {
        self.put_team(who, None, save).await
    }

    pub async fn update_team(&self, who: &Principal, id: TeamId, save: SaveTeam) -> Result<TeamView, DeskError> {
        self.put_team(who, Some(id), save).await
    }

    async fn put_team(&self, who: &Principal, id: Option<TeamId>, save: SaveTeam) -> Result<TeamView, DeskError> {
        who.require(Role::Manager)?;
        let name = check::name("name", &save.name)?;
        let whatsapp_number = check::whatsapp_number(save.whatsapp_number)?;
        check::position("position", save.position)?;
        let mut unit = self.store.begin().await?;
        if let Some(id) = id {
            unit.db().team(id).await?.ok_or(DeskError::NotFound)?;
        }
        let agencies = unit.db().agencies().await?;
        let agency = agencies.into_iter().find(|agency| agency.id == save.agency);
        let agency = agency.ok_or_else(|| DeskError::invalid("agency", "is not there; choose another"))?;
        let id = id.unwrap_or_else(|| TeamId(clock::new_id()));
        let team = TeamView {
            id,
            agency: agency.id,
            agency_name: agency.name,
            name,
            telegram_chat: save.telegram_chat,
            whatsapp_number,
            position: save.position,
            active: save.active,
        };
        unit.db().put_team(&team).await.map_err(name_taken)?;
        unit.db().insert_audit(clock::now(), who.user, &who.name, "team.saved", &id.to_string()).await?;
        unit.commit().await?;
        Ok(team)
    }
}
