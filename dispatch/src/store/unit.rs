//! Connections and transactions, of either engine.

use super::StoreError;
use super::events::NewEvent;
use crate::contract::TimelineEntry;
use sqlx::pool::PoolConnection;
use sqlx::{PgConnection, Postgres, Sqlite, SqliteConnection, Transaction};

/// A borrowed connection; the statements of each aggregate are its methods.
pub enum Conn<'a> {
    Lite(&'a mut SqliteConnection),
    Pg(&'a mut PgConnection),
}

/// A connection outside of a transaction, for reading.
pub enum Reader {
    Lite(PoolConnection<Sqlite>),
    Pg(PoolConnection<Postgres>),
}

impl Reader {
    pub fn db(&mut self) -> Conn<'_> {
        match self {
            Self::Lite(connection) => Conn::Lite(connection),
            Self::Pg(connection) => Conn::Pg(connection),
        }
    }
}

enum Tx {
    Lite(Transaction<'static, Sqlite>),
    Pg(Transaction<'static, Postgres>),
}

/// A transaction with the events that it will append. They are appended last, so that the one row which counts them is locked
/// only for a moment and always after every other.
pub struct Unit {
    tx: Tx,
    events: Vec<NewEvent>,
}

impl Unit {
    pub(super) fn lite(tx: Transaction<'static, Sqlite>) -> Self {
        Self { tx: Tx::Lite(tx), events: Vec::new() }
    }

    pub(super) fn pg(tx: Transaction<'static, Postgres>) -> Self {
        Self { tx: Tx::Pg(tx), events: Vec::new() }
    }

    pub fn db(&mut self) -> Conn<'_> {
        match &mut self.tx {
            Tx::Lite(tx) => Conn::Lite(tx),
            Tx::Pg(tx) => Conn::Pg(tx),
        }
    }

    /// Keeps an event for the commit.
    pub fn event(&mut self, event: NewEvent) {
        self.events.push(event);
    }

    /// Appends the events and commits. Gives the events with their numbers.
    pub async fn commit(mut self) -> Result<Vec<TimelineEntry>, StoreError> {
        let events = std::mem::take(&mut self.events);
        let entries = self.db().append_events(events).await?;
        match self.tx {
            Tx::Lite(tx) => tx.commit().await?,
            Tx::Pg(tx) => tx.commit().await?,
        }
        Ok(entries)
    }
}
