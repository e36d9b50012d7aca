//! Why the desk did not do what was asked.

use crate::contract::ReportView;
use crate::store::StoreError;

/// Nothing has changed when one of these is returned.
#[derive(Debug, thiserror::Error)]
pub enum DeskError {
    /// No such row, or the person may not know that there is one.
    #[error("it is not there, or no longer")]
    NotFound,
    /// The person's role does not allow it.
    #[error("your role does not allow this; ask a supervisor")]
    Forbidden,
    /// No session under this token, or it has ended.
    #[error("sign in again")]
    SignedOut,
    /// The user name, password or setup token is wrong; which one is not told.
    #[error("the user name or the password is wrong")]
    WrongPassword,
    /// What was asked collides with what is stored. `code` is stable snake_case for the API.
    #[error("{message}")]
    Conflict { code: &'static str, message: String },
    /// A report was saved that was not edited from the stored revision, which is given back.
    #[error("the report was changed elsewhere; take over the stored text and save again")]
    Stale(Box<ReportView>),
    /// A field cannot be kept as it is.
    #[error("{field}: {why}")]
    Invalid { field: &'static str, why: String },
    /// The operating system gave no randomness, or hashing a password failed.
    #[error("the server cannot make secrets now; try again")]
    Secret,
    /// The database did not do its work.
    #[error("the database does not answer; try again")]
    Store(#[from] StoreError),
}

impl DeskError {
    /// Whether it may go away without anybody doing anything.
    pub fn may_pass(&self) -> bool {
        matches!(self, Self::Store(error) if error.may_pass())
    }

    /// A field that cannot be kept, with the reason and the remedy.
    pub(crate) fn invalid(field: &'static str, why: impl Into<String>) -> Self {
        Self::Invalid { field, why: why.into() }
    }

    pub(crate) fn conflict(code: &'static str, message: impl Into<String>) -> Self {
        Self::Conflict { code, message: message.into() }
    }
}
