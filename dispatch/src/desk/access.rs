//! Who may see, hear and write what of a call: its operator, and supervisors.

use super::entry_event::SAID;
use super::{DeskError, Principal};
use crate::contract::{CallView, Role, TimelineEntry};

/// Hearing a call: the operator who has it, or had it last, or a supervisor.
pub(super) fn may_hear(who: &Principal, call: &CallView) -> Result<(), DeskError> {
    if call.operator == Some(who.user) { Ok(()) } else { who.require(Role::Supervisor) }
}

/// Reading the report: also every operator while the call is up and nobody has it yet, since it may ring at any of them.
pub(super) fn may_read(who: &Principal, call: &CallView) -> Result<(), DeskError> {
    if is_unclaimed(call) { Ok(()) } else { may_hear(who, call) }
}

/// Writing the report: whoever may read it. Once a call has ended that nobody had, only supervisors.
pub(super) fn may_write(who: &Principal, call: &CallView) -> Result<(), DeskError> {
    may_read(who, call)
}

/// Whether looking at the call is written into the audit: it is another's, or was nobody's. Whoever it may ring at is not watched.
pub(super) fn is_watched(who: &Principal, call: &CallView) -> bool {
    call.operator != Some(who.user) && (who.role >= Role::Supervisor || !is_unclaimed(call))
}

/// Words on a timeline that are not for everybody.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Words {
    /// What stands in a report.
    Report,
    /// What was typed in a call: as what was spoken in it.
    Said,
}

impl Words {
    pub fn of(entry: &TimelineEntry) -> Option<Self> {
        match entry.kind.as_str() {
            SAID => Some(Words::Said),
            kind if kind.starts_with("report.") => Some(Words::Report),
            _ => None,
        }
    }
}

/// Reading an entry of the timeline of this call, or of an incident that it belongs to.
pub(super) fn may_see(who: &Principal, call: Option<&CallView>, entry: &TimelineEntry) -> bool {
    let allows = |rule: fn(&Principal, &CallView) -> Result<(), DeskError>| call.is_some_and(|call| rule(who, call).is_ok());
    match Words::of(entry) {
        None => true,
        Some(Words::Report) => allows(may_read),
        Some(Words::Said) => allows(may_hear),
    }
}

fn is_unclaimed(call: &CallView) -> bool {
    call.operator.is_none() && call.ended_at.is_none()
}
