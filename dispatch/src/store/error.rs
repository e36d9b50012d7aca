//! What can go wrong between the desk and its database.

/// Why the store did not do its work.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// `database.url` is neither of the two forms.
    #[error("database.url must be `sqlite:///path/siaga.db` or `postgres://user@host/database`")]
    BadUrl,
    /// The database could not be opened: wrong path or address, no permission, or not running.
    #[error("database.url: the database cannot be opened ({0}); check that the directory can be written or the server runs")]
    Open(#[source] sqlx::Error),
    /// A migration failed; the database belongs to a newer Siaga, or was changed by hand.
    #[error("the database's tables cannot be brought up to date ({0}); use the Siaga that wrote it, or restore a backup")]
    Migrate(#[from] sqlx::migrate::MigrateError),
    /// A constraint refused the row: it is there already, or what it points to is not.
    #[error("the database refused the row ({0})")]
    Refused(#[source] sqlx::Error),
    /// The database failed or does not answer. It may answer again.
    #[error("the database does not answer ({0})")]
    Failed(#[source] sqlx::Error),
    /// The database did not answer within the time that its caller has.
    #[error("the database does not answer in time")]
    TooSlow,
    /// A row holds what cannot be read back.
    #[error("a row of {table} cannot be read")]
    Corrupt { table: &'static str },
}

impl From<sqlx::Error> for StoreError {
    fn from(error: sqlx::Error) -> Self {
        use sqlx::error::ErrorKind;
        match &error {
            sqlx::Error::Database(cause) if !matches!(cause.kind(), ErrorKind::Other) => Self::Refused(error),
            // SQLSTATE class 22: the value itself cannot be kept.
            sqlx::Error::Database(cause) if cause.code().is_some_and(|code| code.len() == 5 && code.starts_with("22")) => {
                Self::Refused(error)
            }
            _ => Self::Failed(error),
        }
    }
}

impl StoreError {
    /// Whether the row itself is at fault, so that trying again cannot help.
    pub fn is_refused(&self) -> bool {
        match self {
            Self::Refused(_) | Self::Corrupt { .. } => true,
            Self::Failed(cause) => matches!(cause, sqlx::Error::Encode(_) | sqlx::Error::ColumnDecode { .. }),
            _ => false,
        }
    }

    /// Whether the database may answer again by itself, so that waiting for it can help; otherwise a person has to mend a setting.
    pub fn may_pass(&self) -> bool {
        use sqlx::migrate::MigrateError;
        match self {
            Self::Open(cause)
            | Self::Failed(cause)
            | Self::Migrate(MigrateError::Execute(cause) | MigrateError::ExecuteMigration(cause, _)) => may_pass(cause),
            Self::TooSlow => true,
            Self::BadUrl | Self::Migrate(_) | Self::Refused(_) | Self::Corrupt { .. } => false,
        }
    }

    /// Whether a row with this key is there already.
    pub(crate) fn is_duplicate(&self) -> bool {
        matches!(self, Self::Refused(sqlx::Error::Database(cause)) if cause.is_unique_violation())
    }
}

fn may_pass(cause: &sqlx::Error) -> bool {
    match cause {
        sqlx::Error::Io(_) | sqlx::Error::PoolTimedOut => true,
        sqlx::Error::Database(told) => told.code().is_some_and(|code| {
            if code.len() == 5 {
                // SQLSTATE: 53 is a lack of resources, 57P an intervention by its operator: it stops, or is not up yet.
                return code.starts_with("53") || code.starts_with("57P");
            }
            // SQLite's low byte (https://www.sqlite.org/rescode.html): busy, locked, an input or output error, a full disk.
            matches!(code.parse::<u32>().map(|code| code & 0xff), Ok(5 | 6 | 10 | 13))
        }),
        _ => false,
    }
}
