//! Alerts that machines send: a fire panel, a flood gauge (RFC 8876). Each makes one incident, which operators then work on.

use super::{AlertAbout, Desk, DeskError, NewAlert, check};
use crate::clock;
use crate::contract::{Actor, IncidentView};
use crate::domain::incident::{Facts, Incident, State};
use crate::domain::{number, place};
use crate::id::{IncidentId, UserId};
use crate::store::{AlertRow, NewEvent, Unit};
use serde_json::json;
use uuid::Uuid;

/// The longest texts that are kept of an alert.
const NAME: usize = 200;
const LINE: usize = 1000;
const DESCRIPTION: usize = 10_000;

impl Desk {
    /// Opens an incident from an alert, once for each identifier of a sender: told again it gives the same incident. An update or a
    /// cancellation stands on the timeline of the incident that it is about.
    ///
    /// # Errors
    /// [`DeskError::Invalid`] without sender or identifier, since such an alert cannot be told from another;
    /// [`DeskError::NotFound`] for the cancellation of an alert that is not known.
    pub async fn alert(&self, alert: NewAlert) -> Result<IncidentView, DeskError> {
        let (sender, identifier) = (check::cut(alert.sender.trim(), NAME), check::cut(alert.identifier.trim(), NAME));
        for (field, text) in [("sender", &sender), ("identifier", &identifier)] {
            if text.is_empty() {
                return Err(DeskError::invalid(field, "must not be empty: an alert needs both to be told from others"));
            }
        }
        let now = clock::now();
        let mut unit = self.store.begin().await?;
        let earlier = earlier(&mut unit, &alert.about).await?;
        let id = earlier.as_ref().map_or_else(|| IncidentId(clock::new_id()), |(incident, _)| incident.id);
        let (severity, trunk) = (check::cut(&alert.severity, NAME), check::cut(&alert.trunk, NAME));
        let row = AlertRow {
            sender: sender.clone(),
            identifier: identifier.clone(),
            incident: id,
            severity: severity.clone(),
            trunk: trunk.clone(),
            sent: alert.sent,
            received_at: now,
        };
        if !unit.db().insert_alert(&row).await? {
            let known = unit.db().incident_of_alert(&sender, &identifier).await?.ok_or(DeskError::NotFound)?;
            let incident = unit.db().incident(known).await?.ok_or(DeskError::NotFound)?;
            drop(unit);
            return self.incident_view(incident).await;
        }
        let headline = check::cut(&alert.headline, LINE);
        if let Some((incident, kind)) = earlier {
            unit.event(NewEvent {
                at: now,
                actor: Actor::System,
                kind,
                call: None,
                incident: Some(id),
                data: json!({
                    "sender": sender, "identifier": identifier, "headline": headline, "severity": severity,
                    "description": check::cut_lines(&alert.description, DESCRIPTION), "sent": alert.sent, "trunk": trunk
                }),
                dedupe: None,
            });
            self.tell_entries(unit.commit().await?);
            metrics::counter!("siaga_alerts_received_total").increment(1);
            return self.incident_view(incident).await;
        }
        let day = number::day(now, &self.settings.zone);
        let n = unit.db().count_up(&format!("incidents-{}", number::day_digits(day))).await?;
        let event = check::cut(&alert.event, LINE);
        let incident = Incident {
            id,
            number: number::incident_number(day, n),
            report: None,
            facts: Facts {
                incident_type: None,
                place: check::cut(&alert.area, LINE),
                position: alert.position.filter(|position| place::is_valid(*position)),
                event: if event.is_empty() { headline.clone() } else { event },
                details: check::cut_lines(&alert.description, DESCRIPTION),
            },
            opened_at: now,
            opened_by: UserId(Uuid::nil()),
            opened_by_name: sender.clone(),
            state: State::Open,
        };
        unit.db().put_incident(&incident).await?;
        unit.event(NewEvent {
            at: now,
            actor: Actor::System,
            kind: "alert.received",
            call: None,
            incident: Some(id),
            data: json!({
                "number": incident.number, "sender": sender, "identifier": identifier, "headline": headline,
                "severity": severity, "sent": alert.sent, "trunk": trunk
            }),
            dedupe: None,
        });
        let footage = self.link_footage(&mut unit, &incident, None, now).await?;
        self.tell_entries(unit.commit().await?);
        metrics::counter!("siaga_alerts_received_total").increment(1);
        let view = incident.view(Vec::new());
        self.tell_incident(&view);
        self.tell_footage(&footage);
        self.hold_soon();
        Ok(view)
    }
}

/// The incident that an alert goes to, with the kind of its event there. `None`: it makes one of its own.
async fn earlier(unit: &mut Unit, about: &AlertAbout) -> Result<Option<(Incident, &'static str)>, DeskError> {
    let (of, kind) = match about {
        AlertAbout::New => return Ok(None),
        AlertAbout::Update { of } => (of, "alert.updated"),
        AlertAbout::Cancel { of } => (of, "alert.cancelled"),
    };
    for key in of {
        let Some(known) = unit.db().incident_of_alert(&key.sender, &key.identifier).await? else { continue };
        let incident = unit.db().incident(known).await?.ok_or(DeskError::NotFound)?;
        let open = matches!(incident.state, State::Open);
        return Ok((open || kind == "alert.cancelled").then_some((incident, kind)));
    }
    if kind == "alert.cancelled" { Err(DeskError::NotFound) } else { Ok(None) }
}
