//! What an alert leaves in the database: an incident with its event, its footage and its alarm; of an update or a cancellation an event
//! at the incident that it is about.

use super::alerts::Received;
use super::footage::link_footage;
use super::{AlertAbout, AlertKey, DeskSettings, NewAlert, check};
use crate::clock;
use crate::contract::{Actor, AlarmKind, AlarmView, FootageView, IncidentView};
use crate::domain::incident::{Facts, Incident, State};
use crate::domain::number;
use crate::id::{AlarmId, IncidentId, UserId};
use crate::store::{AlarmEnd, AlertRow, NewEvent, StoreError, Unit};
use serde_json::{Value, json};
use uuid::Uuid;

/// The longest texts that are kept of an alert.
const NAME: usize = 200;
const LINE: usize = 1000;
const DESCRIPTION: usize = 10_000;
/// The most earlier alerts that are looked up for one.
const EARLIER: usize = 32;

/// What alerts have changed, to be told once it is committed.
#[derive(Default)]
pub(super) struct Alerted {
    pub received: u64,
    pub incidents: Vec<IncidentView>,
    /// [`Desk::keep_watch`](super::Desk::keep_watch) has it held within some seconds: the cameras' ring is much longer.
    pub footage: Vec<FootageView>,
    pub raised: Vec<AlarmView>,
    pub ended: Vec<AlarmId>,
}

impl Alerted {
    pub fn add(&mut self, more: Self) {
        self.received += more.received;
        self.incidents.extend(more.incidents);
        self.footage.extend(more.footage);
        self.raised.extend(more.raised);
        self.ended.extend(more.ended);
    }
}

/// The incident of earlier alerts, and how severe the worst of them was.
struct Earlier {
    incident: Incident,
    severity: u8,
}

impl NewAlert {
    /// Whether it can be told from others.
    pub(super) fn is_distinct(&self) -> bool {
        let (sender, identifier) = names(&self.key());
        !sender.is_empty() && !identifier.is_empty()
    }

    /// What happened, in the fewest words that it has.
    fn words(&self) -> String {
        let words = [&self.event, &self.headline].map(|text| check::cut(text, LINE));
        words.into_iter().find(|text| !text.is_empty()).unwrap_or_default()
    }
}

impl Received {
    /// Writes the alert; told twice it is written once. `key` is its key in the journal, `sounding` are the alarms of now.
    pub(super) async fn write(
        &self,
        unit: &mut Unit,
        settings: &DeskSettings,
        key: Uuid,
        sounding: &[AlarmView],
    ) -> Result<Alerted, StoreError> {
        match &self.alert.about {
            AlertAbout::New => {}
            AlertAbout::Update { of } => match earlier(unit, of).await? {
                Some(earlier) if earlier.incident.is_open() => return self.update(unit, settings, key, earlier, sounding).await,
                // Nobody looks at a closed incident.
                _ => {}
            },
            AlertAbout::Cancel { of } => match earlier(unit, of).await? {
                Some(earlier) => return self.cancel(unit, settings, key, earlier.incident.id, sounding).await,
                None => {
                    tracing::info!(trunk = self.alert.trunk, "an alert that is not known was cancelled");
                    return Ok(Alerted::default());
                }
            },
        }
        self.open(unit, settings, key).await
    }

    async fn open(&self, unit: &mut Unit, settings: &DeskSettings, key: Uuid) -> Result<Alerted, StoreError> {
        let id = IncidentId(clock::new_id());
        if !unit.db().insert_alert(&self.row(id)).await? {
            return Ok(Alerted::default());
        }
        let day = number::day(self.at, &settings.zone);
        let n = unit.db().count_up(&format!("incidents-{}", number::day_digits(day))).await?;
        let incident = Incident {
            id,
            number: number::incident_number(day, n),
            report: None,
            facts: Facts {
                incident_type: None,
                place: check::cut(&self.alert.area, LINE),
                position: self.alert.position,
                event: self.alert.words(),
                details: check::cut_lines(&self.alert.description, DESCRIPTION),
            },
            opened_at: self.at,
            opened_by: UserId(Uuid::nil()),
            opened_by_name: names(&self.alert.key()).0,
            state: State::Open,
        };
        unit.db().put_incident(&incident).await?;
        unit.event(self.event("alert.received", id, key, ("number", json!(incident.number))));
        let footage = link_footage(settings, unit, &incident, None, self.at).await?;
        let alarm = self.raise(unit, settings, key, &incident).await?;
        Ok(Alerted { received: 1, incidents: vec![incident.view(Vec::new())], footage, raised: vec![alarm], ended: Vec::new() })
    }

    /// Who was told of smoke has not been told of fire: a more severe alert sounds again. Whatever else has changed stands on the
    /// timeline only, for a gauge may send an update every minute, and an alarm that sounds for nothing is not heard for long.
    async fn update(
        &self,
        unit: &mut Unit,
        settings: &DeskSettings,
        key: Uuid,
        Earlier { incident, severity }: Earlier,
        sounding: &[AlarmView],
    ) -> Result<Alerted, StoreError> {
        if !unit.db().insert_alert(&self.row(incident.id)).await? {
            return Ok(Alerted::default());
        }
        unit.event(self.event("alert.updated", incident.id, key, self.description()));
        let mut alerted = Alerted { received: 1, ..Alerted::default() };
        let sounds = sounding.iter().any(|alarm| is_about(&alarm.kind, incident.id));
        if weight(&self.alert.severity) > severity && !sounds {
            alerted.raised.push(self.raise(unit, settings, key, &incident).await?);
        }
        Ok(alerted)
    }

    async fn cancel(
        &self,
        unit: &mut Unit,
        settings: &DeskSettings,
        key: Uuid,
        incident: IncidentId,
        sounding: &[AlarmView],
    ) -> Result<Alerted, StoreError> {
        if !unit.db().insert_alert(&self.row(incident)).await? {
            return Ok(Alerted::default());
        }
        unit.event(self.event("alert.cancelled", incident, key, self.description()));
        // After a restart it may be written before the alarms of the last run sound again.
        let stored = unit.db().sounding_alarms(&settings.node).await?;
        let mut ended = Vec::new();
        for alarm in stored.iter().chain(sounding).filter(|alarm| is_about(&alarm.kind, incident)) {
            unit.db().end_alarms(&[AlarmEnd { alarm: alarm.id, by: None, at: self.at }]).await?;
            ended.push(alarm.id);
        }
        Ok(Alerted { received: 1, ended, ..Alerted::default() })
    }

    /// The alarm is written with the incident, so that there is none that calls nobody. Its id is the alert's key in the journal, by
    /// which it is found should the answer to the commit be lost.
    async fn raise(
        &self,
        unit: &mut Unit,
        settings: &DeskSettings,
        key: Uuid,
        incident: &Incident,
    ) -> Result<AlarmView, StoreError> {
        let words = Some(self.alert.words()).filter(|words| !words.is_empty());
        let event = words.map_or_else(|| names(&self.alert.key()).0, |words| check::cut(&words, NAME));
        let kind = AlarmKind::MachineAlert { incident: incident.id, incident_number: incident.number.clone(), event };
        let alarm = AlarmView { id: AlarmId(key), raised_at: self.at, kind };
        unit.db().insert_alarms(std::slice::from_ref(&alarm), &settings.node).await?;
        Ok(alarm)
    }

    fn row(&self, incident: IncidentId) -> AlertRow {
        let (sender, identifier) = names(&self.alert.key());
        AlertRow {
            sender,
            identifier,
            incident,
            severity: check::cut(&self.alert.severity, NAME),
            trunk: check::cut(&self.alert.trunk, NAME),
            sent: self.alert.sent,
            received_at: self.at,
        }
    }

    fn description(&self) -> (&'static str, Value) {
        ("description", json!(check::cut_lines(&self.alert.description, DESCRIPTION)))
    }

    fn event(&self, kind: &'static str, incident: IncidentId, key: Uuid, (name, more): (&'static str, Value)) -> NewEvent {
        let AlertRow { sender, identifier, severity, trunk, sent, .. } = self.row(incident);
        let headline = check::cut(&self.alert.headline, LINE);
        let mut data = json!({
            "sender": sender, "identifier": identifier, "headline": headline, "severity": severity, "sent": sent, "trunk": trunk
        });
        if let Value::Object(fields) = &mut data {
            fields.insert(name.into(), more);
        }
        let dedupe = Some(super::journal_batch::dedupe(key));
        NewEvent { at: self.at, actor: Actor::System, kind, call: None, incident: Some(incident), data, dedupe }
    }
}

/// The incident that earlier alerts have made; an open one, if there is one among theirs.
async fn earlier(unit: &mut Unit, of: &[AlertKey]) -> Result<Option<Earlier>, StoreError> {
    let mut found: Option<Earlier> = None;
    for key in of.iter().take(EARLIER) {
        let (sender, identifier) = names(key);
        let Some((id, severity)) = unit.db().kept_alert(&sender, &identifier).await? else { continue };
        let severity = weight(&severity);
        if let Some(known) = found.as_mut().filter(|known| known.incident.id == id) {
            known.severity = known.severity.max(severity);
            continue;
        }
        if found.as_ref().is_some_and(|known| known.incident.is_open()) {
            continue;
        }
        if let Some(incident) = unit.db().incident(id).await? {
            found = Some(Earlier { incident, severity });
        }
    }
    Ok(found)
}

/// Sender and identifier as they are kept.
fn names(key: &AlertKey) -> (String, String) {
    (check::cut(key.sender.trim(), NAME), check::cut(key.identifier.trim(), NAME))
}

/// How much an alert's severity weighs; what its sender does not know weighs least.
fn weight(severity: &str) -> u8 {
    match severity {
        "Extreme" => 4,
        "Severe" => 3,
        "Moderate" => 2,
        "Minor" => 1,
        _ => 0,
    }
}

fn is_about(kind: &AlarmKind, incident: IncidentId) -> bool {
    matches!(kind, AlarmKind::MachineAlert { incident: of, .. } if *of == incident)
}
