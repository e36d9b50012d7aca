//! Who acts.

use super::DeskError;
use crate::contract::{Actor, Role};
use crate::id::{SessionId, UserId};

/// A signed-in person, as the session says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Principal {
    pub user: UserId,
    pub name: String,
    pub role: Role,
    pub session: SessionId,
}

impl Principal {
    /// # Errors
    /// [`DeskError::Forbidden`] if the person's role is lower than `role`.
    pub fn require(&self, role: Role) -> Result<(), DeskError> {
        if self.role >= role { Ok(()) } else { Err(DeskError::Forbidden) }
    }

    pub(crate) fn actor(&self) -> Actor {
        Actor::User { id: self.user, name: self.name.clone() }
    }
}
