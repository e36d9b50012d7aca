//! Imports: each line creates what has a new name and changes what has a known one, all lines or none.

use super::{AgencyRow, CameraRow, Desk, DeskError, SkillRow, TeamRow, TypeRow, check};
use crate::clock;
use crate::contract::{AgencyView, CameraSource, CameraState, CameraView, IncidentTypeView, TeamView};
use crate::id::{AgencyId, CameraId, IncidentTypeId, TeamId};
use crate::store::UserRow;
use std::collections::HashMap;

/// What an import did.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct ImportSummary {
    pub created: usize,
    pub updated: usize,
}

impl ImportSummary {
    /// Counts a row, by whether it was there.
    fn count(&mut self, was_there: bool) {
        if was_there {
            self.updated += 1;
        } else {
            self.created += 1;
        }
    }
}

impl Desk {
    pub async fn import_agencies(&self, rows: Vec<AgencyRow>) -> Result<ImportSummary, DeskError> {
        let mut summary = ImportSummary::default();
        let mut unit = self.store.begin().await?;
        let mut known: HashMap<String, AgencyId> =
            unit.db().agencies().await?.into_iter().map(|agency| (agency.name, agency.id)).collect();
        for row in rows {
            let name = check::name("name", &row.name)?;
            check::text("phone", &row.phone, 100)?;
            let there = known.get(&name).copied();
            let id = there.unwrap_or_else(|| AgencyId(clock::new_id()));
            known.insert(name.clone(), id);
            unit.db().put_agency(&AgencyView { id, name, phone: row.phone, active: true }).await?;
            summary.count(there.is_some());
        }
        unit.commit().await?;
        Ok(summary)
    }

    /// A team keeps the chat that it was linked with when its line has none.
    pub async fn import_teams(&self, rows: Vec<TeamRow>) -> Result<ImportSummary, DeskError> {
        let mut summary = ImportSummary::default();
        let mut unit = self.store.begin().await?;
        let agencies: HashMap<String, AgencyId> =
            unit.db().agencies().await?.into_iter().map(|agency| (agency.name, agency.id)).collect();
        let mut known: HashMap<(AgencyId, String), TeamView> =
            unit.db().teams().await?.into_iter().map(|team| ((team.agency, team.name.clone()), team)).collect();
        for row in rows {
            let agency = agency_named(&agencies, &row.agency)?;
            let name = check::name("name", &row.name)?;
            check::position("latitude", row.position)?;
            let there = known.get(&(agency, name.clone())).cloned();
            let old = there.as_ref();
            let team = TeamView {
                id: old.map_or_else(|| TeamId(clock::new_id()), |old| old.id),
                agency,
                agency_name: row.agency,
                name: name.clone(),
                telegram_chat: row.telegram_chat.or_else(|| old.and_then(|old| old.telegram_chat)),
                whatsapp_number: check::whatsapp_number(row.whatsapp_number)?
                    .or_else(|| old.and_then(|old| old.whatsapp_number.clone())),
                position: row.position.or_else(|| old.and_then(|old| old.position)),
                active: true,
            };
            unit.db().put_team(&team).await?;
            known.insert((agency, name), team);
            summary.count(there.is_some());
        }
        unit.commit().await?;
        Ok(summary)
    }

    pub async fn import_cameras(&self, rows: Vec<CameraRow>) -> Result<ImportSummary, DeskError> {
        let mut summary = ImportSummary::default();
        let mut unit = self.store.begin().await?;
        let mut known: HashMap<String, CameraId> =
            unit.db().cameras().await?.into_iter().map(|camera| (camera.name, camera.id)).collect();
        for row in rows {
            let name = check::name("name", &row.name)?;
            check::position("latitude", Some(row.position))?;
            let url = check::camera_url(&row.url)?;
            let there = known.get(&name).copied();
            let id = there.unwrap_or_else(|| CameraId(clock::new_id()));
            known.insert(name.clone(), id);
            let source = CameraSource { id, url, username: row.username, password: row.password };
            let state = CameraState::Off;
            let camera = CameraView { id, name, position: row.position, active: true, state, distance_m: None };
            unit.db().put_camera(&camera, &source).await?;
            summary.count(there.is_some());
        }
        unit.commit().await?;
        self.cameras_changed().await?;
        Ok(summary)
    }

    pub async fn import_types(&self, rows: Vec<TypeRow>) -> Result<ImportSummary, DeskError> {
        let mut summary = ImportSummary::default();
        let mut unit = self.store.begin().await?;
        let agencies: HashMap<String, AgencyId> =
            unit.db().agencies().await?.into_iter().map(|agency| (agency.name, agency.id)).collect();
        let ids = |names: &[String]| names.iter().map(|name| agency_named(&agencies, name)).collect::<Result<Vec<_>, _>>();
        let mut known: HashMap<String, IncidentTypeId> =
            unit.db().incident_types().await?.into_iter().map(|kind| (kind.name, kind.id)).collect();
        for row in rows {
            let (name, name_en) = (check::name("name", &row.name)?, check::name("name_en", &row.name_en)?);
            let there = known.get(&name).copied();
            let id = there.unwrap_or_else(|| IncidentTypeId(clock::new_id()));
            known.insert(name.clone(), id);
            let (lead, support) = (ids(&row.lead)?, ids(&row.support)?);
            let kind = IncidentTypeView { id, rank: row.rank, name, name_en, lead, support, active: true };
            unit.db().put_incident_type(&kind).await?;
            summary.count(there.is_some());
        }
        unit.commit().await?;
        Ok(summary)
    }

    /// What people can do; it makes nobody who is not there. A shift that runs goes on with what it began with.
    pub async fn import_skills(&self, rows: Vec<SkillRow>) -> Result<ImportSummary, DeskError> {
        let mut summary = ImportSummary::default();
        let mut unit = self.store.begin().await?;
        for row in rows {
            let (skills, languages) = (check::skills(&row.skills)?, check::languages(&row.languages)?);
            let username = check::username(&row.username)?;
            let user = unit.db().user_by_username(&username).await?;
            let remedy = || DeskError::invalid("username", format!("there is no user {username}; add the person first"));
            let user = UserRow { skills, languages, ..user.ok_or_else(remedy)? };
            unit.db().update_user(&user).await?;
            summary.count(true);
        }
        unit.commit().await?;
        Ok(summary)
    }
}

fn agency_named(agencies: &HashMap<String, AgencyId>, name: &str) -> Result<AgencyId, DeskError> {
    let known = agencies.get(name.trim()).copied();
    known.ok_or_else(|| DeskError::invalid("agency", format!("there is no agency {name}; import the agencies first")))
}
