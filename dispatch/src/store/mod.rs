//! All SQL: one text for SQLite and PostgreSQL, by aggregate. It knows tables, not rules, and decides nothing.
//!
//! Reads go through [`Reader`], writes through [`Unit`]: one transaction that also appends its events.

/// Runs one body on whichever engine there is. `$c` is its connection; the second form also names a macro that gives the text in
/// which the two engines differ.
macro_rules! on {
    ($db:expr, |$c:ident| $body:expr) => {
        match $db {
            $crate::store::Conn::Lite(c) => {
                let $c = &mut **c;
                $body.await.map_err($crate::store::StoreError::from)
            }
            $crate::store::Conn::Pg(c) => {
                let $c = &mut **c;
                $body.await.map_err($crate::store::StoreError::from)
            }
        }
    };
    ($db:expr, |$c:ident, $text:ident = $lite:literal or $pg:literal| $body:expr) => {
        match $db {
            $crate::store::Conn::Lite(c) => {
                macro_rules! $text {
                    () => {
                        $lite
                    };
                }
                let $c = &mut **c;
                $body.await.map_err($crate::store::StoreError::from)
            }
            $crate::store::Conn::Pg(c) => {
                macro_rules! $text {
                    () => {
                        $pg
                    };
                }
                let $c = &mut **c;
                $body.await.map_err($crate::store::StoreError::from)
            }
        }
    };
}

/// Runs a statement that gives nothing back.
macro_rules! run {
    ($db:expr, $query:expr) => {
        match $db {
            $crate::store::Conn::Lite(c) => $query.execute(&mut **c).await.map(|_| ()).map_err($crate::store::StoreError::from),
            $crate::store::Conn::Pg(c) => $query.execute(&mut **c).await.map(|_| ()).map_err($crate::store::StoreError::from),
        }
    };
}

/// The most rows of one statement: SQLite takes 32,766 values, and no row has more than thirty.
const AT_ONCE: usize = 1000;

/// Writes rows, between the beginning and the end of a statement, with as few statements as can be: each costs a way to the database's thread and
/// back.
macro_rules! write_all {
    ($db:expr, $rows:expr, $begin:literal, |$row:ident, $item:pat_param| $bind:expr, $end:literal) => {
        for some in $rows.chunks($crate::store::AT_ONCE) {
            on!($db, |c| async {
                let mut statement = sqlx::QueryBuilder::new($begin);
                statement.push_values(some, |mut $row, $item| {
                    $bind;
                });
                statement.push($end);
                // One that is known by its number of rows is hardly asked for again.
                statement.build().persistent(some.len() == 1).execute(c).await.map(|_| ())
            })?;
        }
    };
}

/// Ends a statement with values to choose from, in brackets.
macro_rules! push_choice {
    ($statement:expr, $values:expr) => {{
        let mut choice = $statement.push("(").separated(", ");
        for value in $values {
            choice.push_bind(*value);
        }
        $statement.push(")")
    }};
}

mod agencies;
mod alarms;
mod alerts;
mod audit;
mod callbacks;
mod calls;
mod cameras;
mod column;
mod dispatches;
mod error;
mod events;
mod footage;
mod incident_types;
mod incidents;
mod location;
mod outbox;
mod recordings;
mod reports;
mod reputations;
mod sessions;
mod statistics;
mod teams;
mod unit;
mod users;

pub use alarms::AlarmEnd;
pub use alerts::AlertRow;
pub use calls::{CallEnd, OtherSide};
pub use dispatches::DispatchRow;
pub use error::StoreError;
pub use events::NewEvent;
pub use footage::NewFootage;
pub use outbox::{Message, MessageState};
pub use reputations::ReputationRow;
pub use sessions::SessionRow;
pub use statistics::{DayCounts, LevelCounts};
pub use unit::{Conn, Reader, Unit};
pub use users::UserRow;

use sqlx::postgres::{PgConnectOptions, PgPool, PgPoolOptions};
use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePool, SqlitePoolOptions, SqliteSynchronous};
use std::str::FromStr;
use std::time::Duration;

/// The longest that anything waits for a connection or a lock.
const PATIENCE: Duration = Duration::from_secs(5);

/// What each reading connection keeps of the file, in KiB as SQLite writes it: the system keeps it once for all of them anyway.
const READER_CACHE: &str = "-512";

#[derive(Clone)]
enum Db {
    /// One connection writes; SQLite lets no second one anyway, and its readers never wait for it.
    Lite {
        writer: SqlitePool,
        readers: SqlitePool,
    },
    Pg(PgPool),
}

/// A cheap clone of the connection pools.
#[derive(Clone)]
pub struct Store {
    db: Db,
}

impl Store {
    /// Opens `sqlite:///path/siaga.db` (created if missing) or `postgres://user@host/database` and brings its tables up to date.
    ///
    /// # Errors
    /// Each says which of the two is wrong and what to do.
    pub async fn connect(url: &str) -> Result<Self, StoreError> {
        let store = Self::open(url)?;
        store.update_tables().await?;
        Ok(store)
    }

    /// As [`Store::connect`], but asks the database nothing yet: it may be down. Until [`Store::update_tables`] has succeeded
    /// everything fails.
    pub fn open(url: &str) -> Result<Self, StoreError> {
        if let Some(path) = url.strip_prefix("sqlite://").filter(|path| !path.is_empty()) {
            Ok(Self::open_lite(path))
        } else if url.starts_with("postgres://") || url.starts_with("postgresql://") {
            Self::open_pg(url)
        } else {
            Err(StoreError::BadUrl)
        }
    }

    fn open_lite(path: &str) -> Self {
        let options = SqliteConnectOptions::new()
            .filename(path)
            .create_if_missing(true)
            .journal_mode(SqliteJournalMode::Wal)
            // NORMAL may lose a committed transaction when the power fails.
            .synchronous(SqliteSynchronous::Full)
            .busy_timeout(PATIENCE)
            .foreign_keys(true);
        let pool = || SqlitePoolOptions::new().acquire_timeout(PATIENCE);
        let writer = pool().max_connections(1).connect_lazy_with(options.clone());
        let readers = pool().max_connections(4).connect_lazy_with(options.read_only(true).pragma("cache_size", READER_CACHE));
        Self { db: Db::Lite { writer, readers } }
    }

    fn open_pg(url: &str) -> Result<Self, StoreError> {
        let options = PgConnectOptions::from_str(url)
            .map_err(|_| StoreError::BadUrl)?
            .application_name("siaga")
            .options([("statement_timeout", "10s"), ("lock_timeout", "5s")]);
        let pool = PgPoolOptions::new().max_connections(8).acquire_timeout(PATIENCE).connect_lazy_with(options);
        Ok(Self { db: Db::Pg(pool) })
    }

    /// Brings the tables up to date. Done again it changes nothing.
    pub async fn update_tables(&self) -> Result<(), StoreError> {
        match &self.db {
            Db::Lite { writer, .. } => {
                drop(writer.acquire().await.map_err(StoreError::Open)?);
                sqlx::migrate!("migrations/sqlite").run(writer).await?;
            }
            Db::Pg(pool) => {
                drop(pool.acquire().await.map_err(StoreError::Open)?);
                sqlx::migrate!("migrations/postgres").run(pool).await?;
            }
        }
        Ok(())
    }

    /// A connection to read from.
    pub async fn read(&self) -> Result<Reader, StoreError> {
        Ok(match &self.db {
            Db::Lite { readers, .. } => Reader::Lite(readers.acquire().await?),
            Db::Pg(pool) => Reader::Pg(pool.acquire().await?),
        })
    }

    /// Begins a transaction. Dropped without a commit it has never been.
    pub async fn begin(&self) -> Result<Unit, StoreError> {
        Ok(match &self.db {
            // A deferred transaction that reads first could fail to become a writer.
            Db::Lite { writer, .. } => Unit::lite(writer.begin_with("BEGIN IMMEDIATE").await?),
            Db::Pg(pool) => Unit::pg(pool.begin().await?),
        })
    }

    /// Whether the database answers.
    pub async fn ping(&self) -> Result<(), StoreError> {
        let mut reader = self.read().await?;
        on!(&mut reader.db(), |c| sqlx::query_scalar::<_, i64>("SELECT COUNT(*) FROM counters").fetch_one(c)).map(|_| ())
    }

    /// Closes every connection, after what is under way.
    pub async fn close(&self) {
        match &self.db {
            Db::Lite { writer, readers } => {
                readers.close().await;
                writer.close().await;
            }
            Db::Pg(pool) => pool.close().await,
        }
    }
}
