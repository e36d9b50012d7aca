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
    /// Somebody who acts at a desk phone, where nobody has signed in: with the rights of an operator, whoever it is.
    pub fn at_phone(user: UserId, name: String) -> Self {
        Self { user, name, role: Role::Operator, session: SessionId(uuid::Uuid::nil()) }
    }

    /// # Errors
    /// [`DeskError::Forbidden`] if the person's role is lower than `role`.
    pub fn require(&self, role: Role) -> Result<(), DeskError> {
        if self.role >= role { Ok(()) } else { Err(DeskError::Forbidden) }
    }

    pub(crate) fn actor(&self) -> Actor {
        Actor::User { id: self.user, name: self.name.clone() }
    }
}
