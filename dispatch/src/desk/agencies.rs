//! The agencies, kept up by managers.

use super::{Desk, DeskError, Principal, check};
use crate::clock;
use crate::contract::{AgencyView, Role, SaveAgency};
use crate::id::AgencyId;
use crate::store::StoreError;

impl Desk {
    pub async fn agencies(&self) -> Result<Vec<AgencyView>, DeskError> {
        Ok(self.store.read().await?.db().agencies().await?)
    }

    pub async fn create_agency(&self, who: &Principal, save: SaveAgency) -> Result<AgencyView, DeskError> {
        self.put_agency(who, None, save).await
    }

    pub async fn update_agency(&self, who: &Principal, id: AgencyId, save: SaveAgency) -> Result<AgencyView, DeskError> {
        self.put_agency(who, Some(id), save).await
    }

    async fn put_agency(&self, who: &Principal, id: Option<AgencyId>, save: SaveAgency) -> Result<AgencyView, DeskError> {
        who.require(Role::Manager)?;
        let name = check::name("name", &save.name)?;
        check::text("phone", &save.phone, 100)?;
        let mut unit = self.store.begin().await?;
        if let Some(id) = id
            && !unit.db().agencies().await?.iter().any(|agency| agency.id == id)
        {
            return Err(DeskError::NotFound);
        }
        let id = id.unwrap_or_else(|| AgencyId(clock::new_id()));
        let agency = AgencyView { id, name, phone: save.phone, active: save.active };
        unit.db().put_agency(&agency).await.map_err(name_taken)?;
        unit.db().insert_audit(clock::now(), who.user, &who.name, "agency.saved", &id.to_string()).await?;
        unit.commit().await?;
        Ok(agency)
    }
}

/// A refused duplicate is a name that is taken.
pub(super) fn name_taken(error: StoreError) -> DeskError {
    match error.is_duplicate() {
        true => DeskError::conflict("name_taken", "this name is taken; choose another"),
        false => error.into(),
    }
}
