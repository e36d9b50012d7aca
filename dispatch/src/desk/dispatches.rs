//! Sending an incident to field teams.

use super::incidents::event;
use super::secrets::new_short_id;
use super::{Desk, DeskError, Principal};
use crate::clock;
use crate::contract::{AlarmKind, Channel, DispatchView, Progress, TeamView};
use crate::domain::dispatch::{self, Delivery, Dispatch, Watch};
use crate::id::{DispatchId, IncidentId, TeamId};
use crate::store::Unit;
use jiff::Timestamp;
use serde_json::json;

/// The most teams that one request sends to.
const TEAMS: usize = 50;

impl Desk {
    /// Writes a dispatch, its event and its message for each team in one transaction. Without a channel each team gets the message
    /// by Telegram if it has a chat, else by WhatsApp. A team that is already at the incident keeps its dispatch, which is in the
    /// answer. The alarm of a machine's alert is over with that.
    pub async fn send_dispatch(
        &self,
        who: &Principal,
        id: IncidentId,
        teams: &[TeamId],
        channel: Option<Channel>,
    ) -> Result<Vec<DispatchView>, DeskError> {
        if teams.is_empty() || teams.len() > TEAMS {
            return Err(DeskError::invalid("teams", format!("choose between one and {TEAMS} teams")));
        }
        let now = clock::now();
        let mut unit = self.store.begin().await?;
        let incident = unit.db().lock_incident(id).await?.ok_or(DeskError::NotFound)?;
        if !incident.is_open() {
            return Err(DeskError::conflict("incident_closed", "the incident is closed; open a new one to send help"));
        }
        let running = unit.db().dispatches(id).await?;
        let mut views: Vec<DispatchView> = Vec::with_capacity(teams.len());
        for team in teams {
            if views.iter().any(|view| view.team == *team) {
                continue;
            }
            let there = running.iter().find(|row| row.dispatch.team == *team && row.dispatch.is_running());
            views.push(match there {
                Some(row) => row.clone().view(),
                None => self.write_dispatch(who, &mut unit, id, *team, channel, now).await?,
            });
        }
        self.tell_entries(unit.commit().await?);
        self.outbox_wake.notify_one();
        for view in &views {
            self.tell_dispatch(view);
        }
        // Whoever sends teams has seen to it.
        self.clear_alarms(|alarm| matches!(alarm, AlarmKind::MachineAlert { incident, .. } if *incident == id));
        Ok(views)
    }

    async fn write_dispatch(
        &self,
        who: &Principal,
        unit: &mut Unit,
        incident: IncidentId,
        team: TeamId,
        channel: Option<Channel>,
        now: Timestamp,
    ) -> Result<DispatchView, DeskError> {
        let team = unit.db().team(team).await?.ok_or_else(|| DeskError::invalid("teams", "one of the teams is not there"))?;
        let channel = reachable_by(&team, channel)?;
        let dispatch = Dispatch {
            id: DispatchId(clock::new_id()),
            short_id: new_short_id()?,
            incident,
            team: team.id,
            channel,
            progress: Progress::Pending,
            by: None,
            sent_by: who.user,
            created_at: now,
            updated_at: now,
            delivery: Delivery::Underway { last_error: None },
            watch: Watch::Expected { until: now + self.settings.acknowledge_within },
        };
        unit.db().put_dispatch(&dispatch).await?;
        unit.db().enqueue(clock::new_id(), dispatch.id, channel, now).await?;
        let data = json!({
            "dispatch": dispatch.id,
            "team": team.id,
            "team_name": team.name,
            "agency_name": team.agency_name,
            "channel": channel,
        });
        unit.event(event(who, now, "dispatch.created", incident, data));
        Ok(dispatch.view(team.name, team.agency_name))
    }
}

fn reachable_by(team: &TeamView, channel: Option<Channel>) -> Result<Channel, DeskError> {
    if !team.active {
        return Err(DeskError::invalid("teams", format!("{} is not active; choose another team", team.name)));
    }
    dispatch::first_channel(team, channel).ok_or_else(|| {
        DeskError::invalid("teams", format!("{} cannot be reached this way; link its chat, or telephone it", team.name))
    })
}
