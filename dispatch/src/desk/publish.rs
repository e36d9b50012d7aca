//! Tells the consoles what was written, after it was written.

use super::access::Words;
use super::{Desk, LiveHub};
use crate::contract::{Actor, Audience, DispatchView, Event, FootageView, IncidentView, ReportView, Role, TimelineEntry};
use crate::id::UserId;

impl LiveHub {
    /// Entries about the words of a report go to whoever wrote them and to supervisors, what was typed in a call to who had it and to
    /// supervisors; all others to everyone.
    pub(super) fn tell_entries(&self, entries: Vec<TimelineEntry>) {
        for entry in entries {
            let person = match Words::of(&entry) {
                None => {
                    self.tell(Audience::Everyone, Event::Timeline { entry });
                    continue;
                }
                Some(Words::Report) => match entry.actor {
                    Actor::User { id, .. } => Some(id),
                    Actor::Team { .. } | Actor::Caller | Actor::System => None,
                },
                Some(Words::Said) => entry.data.get("operator").and_then(|id| serde_json::from_value(id.clone()).ok()),
            };
            for audience in person.map(Audience::One).into_iter().chain([Audience::AtLeast(Role::Supervisor)]) {
                self.tell(audience, Event::Timeline { entry: entry.clone() });
            }
        }
    }
}

impl Desk {
    pub(super) fn tell_entries(&self, entries: Vec<TimelineEntry>) {
        self.live.tell_entries(entries);
    }

    /// A report goes to supervisors, to the operator who has its call, and to whoever wrote it, who may write because nobody has
    /// the call yet.
    pub(super) fn tell_report(&self, operator: Option<UserId>, writer: Option<UserId>, report: &ReportView) {
        let writer = writer.filter(|writer| operator != Some(*writer));
        let people = operator.into_iter().chain(writer).map(Audience::One);
        for audience in people.chain([Audience::AtLeast(Role::Supervisor)]) {
            self.live.tell(audience, Event::Report { report: report.clone() });
        }
    }

    pub(super) fn tell_incident(&self, incident: &IncidentView) {
        self.live.tell(Audience::Everyone, Event::Incident { incident: incident.clone() });
    }

    pub(super) fn tell_dispatch(&self, dispatch: &DispatchView) {
        self.live.tell(Audience::Everyone, Event::Dispatch { dispatch: dispatch.clone() });
    }

    pub(super) fn tell_footage(&self, footage: &[FootageView]) {
        for footage in footage {
            self.live.tell(Audience::Everyone, Event::Footage { footage: footage.clone() });
        }
    }
}
