//! An incident: what happened, at one place.

use crate::contract::{DispatchView, IncidentState, IncidentView, Position, ReportFields};
use crate::id::{IncidentId, IncidentTypeId, ReportId, UserId};
use jiff::Timestamp;

#[derive(Debug, Clone, PartialEq)]
pub struct Incident {
    pub id: IncidentId,
    pub number: String,
    /// The report that opened it; what its operator goes on typing is taken over. `None` if a machine's alert did.
    pub report: Option<ReportId>,
    pub facts: Facts,
    pub opened_at: Timestamp,
    pub opened_by: UserId,
    pub opened_by_name: String,
    pub state: State,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum State {
    Open,
    Closed { at: Timestamp },
}

/// What is known about it.
#[derive(Debug, Clone, PartialEq)]
pub struct Facts {
    pub incident_type: Option<IncidentTypeId>,
    pub place: String,
    pub position: Option<Position>,
    pub event: String,
    pub details: String,
}

impl From<&ReportFields> for Facts {
    fn from(fields: &ReportFields) -> Self {
        Self {
            incident_type: fields.incident_type,
            place: fields.place.clone(),
            position: fields.position,
            event: fields.event.clone(),
            details: fields.details.clone(),
        }
    }
}

/// The incident was closed before.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AlreadyClosed;

impl Incident {
    /// The open incident with other facts, or `None` if there is nothing to change. A closed incident stays as it was closed.
    pub fn revise(&self, facts: Facts) -> Option<Self> {
        let differs = self.state == State::Open && self.facts != facts;
        differs.then(|| Self { facts, ..self.clone() })
    }

    pub fn close(self, now: Timestamp) -> Result<Self, AlreadyClosed> {
        match self.state {
            State::Open => Ok(Self { state: State::Closed { at: now }, ..self }),
            State::Closed { .. } => Err(AlreadyClosed),
        }
    }

    pub fn is_open(&self) -> bool {
        self.state == State::Open
    }

    pub fn view(self, dispatches: Vec<DispatchView>) -> IncidentView {
        let (state, closed_at) = match self.state {
            State::Open => (IncidentState::Open, None),
            State::Closed { at } => (IncidentState::Closed, Some(at)),
        };
        IncidentView {
            id: self.id,
            number: self.number,
            state,
            incident_type: self.facts.incident_type,
            place: self.facts.place,
            position: self.facts.position,
            event: self.facts.event,
            details: self.facts.details,
            opened_at: self.opened_at,
            opened_by: self.opened_by,
            opened_by_name: self.opened_by_name,
            closed_at,
            dispatches,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use uuid::Uuid;

    fn incident() -> Incident {
        Incident {
            id: IncidentId(Uuid::from_u128(1)),
            number: "20261123-0001".into(),
            report: Some(ReportId(Uuid::from_u128(2))),
            facts: Facts::from(&ReportFields { place: "Nagoya".into(), ..ReportFields::default() }),
            opened_at: Timestamp::UNIX_EPOCH,
            opened_by: UserId(Uuid::from_u128(3)),
            opened_by_name: "Rina".into(),
            state: State::Open,
        }
    }

    #[test]
    fn an_open_incident_takes_over_better_facts_and_a_closed_one_does_not() {
        let better = Facts { place: "Nagoya Hill".into(), ..incident().facts };
        assert_eq!(incident().revise(incident().facts), None);
        assert_eq!(incident().revise(better.clone()).unwrap().facts, better);
        let closed = incident().close(Timestamp::UNIX_EPOCH).unwrap();
        assert_eq!(closed.revise(better), None);
    }

    #[test]
    fn an_incident_is_closed_once() {
        let closed = incident().close(Timestamp::MAX).unwrap();
        assert_eq!(closed.clone().view(vec![]).closed_at, Some(Timestamp::MAX));
        assert_eq!(closed.close(Timestamp::MAX), Err(AlreadyClosed));
    }
}
