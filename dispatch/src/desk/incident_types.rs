//! The incident types and their agencies, kept up by managers.

use super::agencies::name_taken;
use super::{Desk, DeskError, Principal, check};
use crate::clock;
use crate::contract::{IncidentTypeView, Role, SaveIncidentType};
use crate::id::IncidentTypeId;

impl Desk {
    pub async fn incident_types(&self) -> Result<Vec<IncidentTypeView>, DeskError> {
        Ok(self.store.read().await?.db().incident_types().await?)
    }

    pub async fn create_incident_type(&self, who: &Principal, save: SaveIncidentType) -> Result<IncidentTypeView, DeskError> {
        self.put_incident_type(who, None, save).await
    }

    pub async fn update_incident_type(
        &self,
        who: &Principal,
        id: IncidentTypeId,
        save: SaveIncidentType,
    ) -> Result<IncidentTypeView, DeskError> {
        self.put_incident_type(who, Some(id), save).await
    }

    async fn put_incident_type(
        &self,
        who: &Principal,
        id: Option<IncidentTypeId>,
        save: SaveIncidentType,
    ) -> Result<IncidentTypeView, DeskError> {
        who.require(Role::Manager)?;
        let (name, name_en) = (check::name("name", &save.name)?, check::name("name_en", &save.name_en)?);
        let mut unit = self.store.begin().await?;
        if let Some(id) = id
            && !unit.db().incident_type_exists(id).await?
        {
            return Err(DeskError::NotFound);
        }
        let agencies = unit.db().agencies().await?;
        let (mut lead, mut support) = (save.lead, save.support);
        for (field, list) in [("lead", &mut lead), ("support", &mut support)] {
            let mut seen = Vec::new();
            list.retain(|id| {
                !seen.contains(id) && {
                    seen.push(*id);
                    true
                }
            });
            if !list.iter().all(|id| agencies.iter().any(|agency| agency.id == *id)) {
                return Err(DeskError::invalid(field, "names an agency that is not there; choose another"));
            }
        }
        let id = id.unwrap_or_else(|| IncidentTypeId(clock::new_id()));
        let kind = IncidentTypeView { id, rank: save.rank, name, name_en, lead, support, active: save.active };
        unit.db().put_incident_type(&kind).await.map_err(name_taken)?;
        unit.db().insert_audit(clock::now(), who.user, &who.name, "incident_type.saved", &id.to_string()).await?;
        unit.commit().await?;
        Ok(kind)
    }
}
