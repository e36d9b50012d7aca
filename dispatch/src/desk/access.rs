//! Who may see and write what of a call: its operator, and supervisors.

use super::{DeskError, Principal};
use crate::contract::{CallView, Role};

/// Reading a report or hearing a call: the operator who has it, or a supervisor.
pub(super) fn may_read(who: &Principal, call: &CallView) -> Result<(), DeskError> {
    if call.operator == Some(who.user) { Ok(()) } else { who.require(Role::Supervisor) }
}

/// Writing a report: also whoever it rings at, before anybody is known to have it. The switchboard's journal may be a moment
/// behind, so that a call that is not there yet counts as one that nobody has.
pub(super) fn may_write(who: &Principal, call: Option<&CallView>) -> Result<(), DeskError> {
    match call {
        None => Ok(()),
        Some(call) if call.operator.is_none() => Ok(()),
        Some(call) => may_read(who, call),
    }
}
