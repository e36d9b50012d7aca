//! A report: how a save takes effect, and how it is closed.

use crate::contract::{Disposition, ReportFields, ReportView};
use jiff::Timestamp;

/// What a save did.
#[derive(Debug, Clone, PartialEq)]
pub enum Saved {
    /// These fields have new values.
    Changed(ReportView, Vec<Field>),
    /// Only the revision rose.
    Same(ReportView),
}

/// A field of the form.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Field {
    Place,
    Position,
    Event,
    IncidentType,
    CallerName,
    CallerNumber,
    Details,
}

/// The form was not made from what is stored; here is the stored report.
#[derive(Debug, Clone, PartialEq)]
pub struct Stale(pub Box<ReportView>);

/// Saves the form that was edited from the revision `base`. It takes effect only on that very revision, so that neither a save
/// that was overtaken on its way nor an old window that was left open can undo what somebody else wrote since. The same save
/// told again, because its answer was lost, changes nothing.
pub fn save(stored: ReportView, base: i64, revision: i64, fields: ReportFields, now: Timestamp) -> Result<Saved, Stale> {
    if revision == stored.revision && fields == stored.fields {
        return Ok(Saved::Same(stored));
    }
    if base != stored.revision || revision <= base {
        return Err(Stale(Box::new(stored)));
    }
    let changed = changes(&stored.fields, &fields);
    let report = ReportView { fields, revision, saved_at: now, ..stored };
    Ok(if changed.is_empty() { Saved::Same(report) } else { Saved::Changed(report, changed) })
}

/// Closes the report with what kind of call it was; closing again corrects it.
pub fn close(stored: ReportView, disposition: Disposition) -> ReportView {
    ReportView { disposition: Some(disposition), ..stored }
}

/// Whether there is anything to send help for.
pub fn is_blank(fields: &ReportFields) -> bool {
    let words = [&fields.place, &fields.event, &fields.details];
    words.iter().all(|text| text.trim().is_empty()) && fields.position.is_none() && fields.incident_type.is_none()
}

fn changes(old: &ReportFields, new: &ReportFields) -> Vec<Field> {
    let differ = [
        (Field::Place, old.place != new.place),
        (Field::Position, old.position != new.position),
        (Field::Event, old.event != new.event),
        (Field::IncidentType, old.incident_type != new.incident_type),
        (Field::CallerName, old.caller_name != new.caller_name),
        (Field::CallerNumber, old.caller_number != new.caller_number),
        (Field::Details, old.details != new.details),
    ];
    differ.into_iter().filter_map(|(field, differs)| differs.then_some(field)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::id::{CallId, ReportId};
    use uuid::Uuid;

    fn report() -> ReportView {
        ReportView {
            id: ReportId(Uuid::from_u128(1)),
            call: CallId(Uuid::from_u128(2)),
            fields: ReportFields::default(),
            revision: 3,
            saved_at: Timestamp::UNIX_EPOCH,
            incident: None,
            disposition: None,
        }
    }

    #[test]
    fn a_save_that_was_overtaken_is_refused_with_what_is_stored() {
        let fields = ReportFields { place: "Jl. Raja Isa".into(), ..ReportFields::default() };
        for (base, revision) in [(2, 3), (2, 1_000), (3, 3), (3, 2), (1_000, 1_001)] {
            assert_eq!(save(report(), base, revision, fields.clone(), Timestamp::MAX), Err(Stale(Box::new(report()))));
        }
    }

    #[test]
    fn a_save_told_twice_is_one_save() {
        assert_eq!(save(report(), 2, 3, ReportFields::default(), Timestamp::MAX), Ok(Saved::Same(report())));
    }

    #[test]
    fn a_save_says_which_fields_changed() {
        let fields = ReportFields { place: "Jl. Raja Isa".into(), ..ReportFields::default() };
        let saved = save(report(), 3, 4, fields.clone(), Timestamp::UNIX_EPOCH).unwrap();
        let stored = ReportView { fields: fields.clone(), revision: 4, ..report() };
        assert_eq!(saved, Saved::Changed(stored.clone(), vec![Field::Place]));
        let again = save(stored.clone(), 4, 9, fields, Timestamp::UNIX_EPOCH).unwrap();
        assert_eq!(again, Saved::Same(ReportView { revision: 9, ..stored }));
    }

    #[test]
    fn a_report_without_place_or_event_is_blank() {
        let name_only = ReportFields { caller_name: "Siti".into(), place: "  ".into(), ..ReportFields::default() };
        assert!(is_blank(&name_only));
        assert!(!is_blank(&ReportFields { event: "kebakaran".into(), ..ReportFields::default() }));
    }
}
