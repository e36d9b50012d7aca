//! All SQL. One text for SQLite and PostgreSQL; rows in, rows out. It knows tables, not rules.

mod error;

pub use error::StoreError;

/// A cheap clone of the connection pools.
#[derive(Clone)]
pub struct Store {}

impl Store {
    /// Opens `sqlite:///path/siaga.db` (created if missing) or `postgres://user@host/database` and brings its tables up to date.
    ///
    /// # Errors
    /// Each says which of the two is wrong and what to do.
    pub async fn connect(url: &str) -> Result<Self, StoreError> {
        let _ = url;
        Err(StoreError::BadUrl)
    }
}
