//! Messages on their way to a chat service. They are written in the transaction of what they tell, and claimed with a lease, so
//! that a sender that dies gives them back.

use super::StoreError;
use super::column::{At, stored_as, words};
use super::unit::Conn;
use crate::contract::Channel;
use crate::id::{DispatchId, IncidentId};
use jiff::Timestamp;
use sqlx::encode::IsNull;
use sqlx::error::BoxDynError;
use sqlx::{Database, Decode, Encode, Type};
use uuid::Uuid;

/// A message's identity in a column.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct MessageId(Uuid);

stored_as!([] MessageId, String, |id| Ok(id.0.to_string()), |text| Ok(MessageId(text.parse()?)));

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MessageState {
    /// Due at its time.
    Pending,
    /// Somebody has claimed it until the lease ends.
    Sending,
    /// The service took it.
    Sent,
    /// Given up.
    Dead,
}

words! { MessageState { Pending = "pending", Sending = "sending", Sent = "sent", Dead = "dead" } }

/// A message without what it says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Message {
    pub id: Uuid,
    pub dispatch: DispatchId,
    pub channel: Channel,
    pub state: MessageState,
    pub attempts: i64,
    /// The service's name for it. A message that is due again keeps the name it had when the service took it.
    pub external_id: Option<String>,
    /// It may go out as a template only.
    pub template_only: bool,
}

#[derive(sqlx::FromRow)]
struct Row {
    id: MessageId,
    dispatch_id: DispatchId,
    channel: Channel,
    state: MessageState,
    attempts: i64,
    external_id: Option<String>,
    template_only: bool,
}

impl From<Row> for Message {
    fn from(row: Row) -> Self {
        Self {
            id: row.id.0,
            dispatch: row.dispatch_id,
            channel: row.channel,
            state: row.state,
            attempts: row.attempts,
            external_id: row.external_id,
            template_only: row.template_only,
        }
    }
}

impl Conn<'_> {
    /// Puts a message into the outbox. `false` if this dispatch has had one by this channel already.
    pub async fn enqueue(
        &mut self,
        id: Uuid,
        dispatch: DispatchId,
        channel: Channel,
        now: Timestamp,
    ) -> Result<bool, StoreError> {
        let row: Option<MessageId> = on!(self, |c| {
            sqlx::query_scalar(
            "INSERT INTO outbox (id, dispatch_id, channel, state, attempts, next_at, lease_until) VALUES ($1, $2, $3, $4, 0, $5, 0) \
             ON CONFLICT (dispatch_id, channel) DO NOTHING RETURNING id"
        )
        .bind(MessageId(id))
        .bind(dispatch)
        .bind(channel)
        .bind(MessageState::Pending)
        .bind(At(now))
        .fetch_optional(c)
        })?;
        Ok(row.is_some())
    }

    /// Claims messages that are due, or whose lease ended, for a node until `lease_until`; the longest due first. None of a closed
    /// incident, whatever was put into the outbox while it was being closed.
    pub async fn claim_messages(
        &mut self,
        node: &str,
        now: Timestamp,
        lease_until: Timestamp,
        limit: i64,
    ) -> Result<Vec<Message>, StoreError> {
        let rows: Vec<Row> = on!(self, |c, skip = "" or " FOR UPDATE SKIP LOCKED"| sqlx::query_as(concat!(
            "UPDATE outbox SET state = 'sending', attempts = attempts + 1, lease_until = $2, claimed_by = $4 WHERE id IN (SELECT id FROM outbox \
             WHERE ((state = 'pending' AND next_at <= $1) OR (state = 'sending' AND lease_until <= $1)) AND NOT EXISTS (\
             SELECT 1 FROM dispatches d JOIN incidents i ON i.id = d.incident_id WHERE d.id = outbox.dispatch_id AND i.state = 'closed') \
             ORDER BY next_at, id LIMIT $3",
            skip!(),
            ") RETURNING id, dispatch_id, channel, state, attempts, external_id, template_only"
        ))
        .bind(At(now))
        .bind(At(lease_until))
        .bind(limit)
        .bind(node)
        .fetch_all(c))?;
        Ok(rows.into_iter().map(Into::into).collect())
    }

    /// Ends the leases of a node. Answers how many there were.
    pub async fn release_messages(&mut self, node: &str) -> Result<usize, StoreError> {
        let ids: Vec<MessageId> = on!(self, |c| sqlx::query_scalar(
            "UPDATE outbox SET state = 'pending' WHERE state = 'sending' AND claimed_by = $1 RETURNING id"
        )
        .bind(node)
        .fetch_all(c))?;
        Ok(ids.len())
    }

    /// The message, which nobody else changes until the transaction ends.
    pub async fn lock_message(&mut self, id: Uuid) -> Result<Option<Message>, StoreError> {
        let row: Option<Row> = on!(self, |c, lock = "" or " FOR UPDATE"| sqlx::query_as(concat!(
            "SELECT id, dispatch_id, channel, state, attempts, external_id, template_only FROM outbox WHERE id = $1",
            lock!()
        ))
        .bind(MessageId(id))
        .fetch_optional(c))?;
        Ok(row.map(Into::into))
    }

    /// The message that a service knows by this name; the newest, should the service use a name twice.
    pub async fn message_by_external_id(&mut self, channel: Channel, external_id: &str) -> Result<Option<Message>, StoreError> {
        let row: Option<Row> = on!(self, |c| {
            sqlx::query_as(
            "SELECT id, dispatch_id, channel, state, attempts, external_id, template_only FROM outbox WHERE channel = $1 AND external_id = $2 \
             ORDER BY id DESC LIMIT 1"
        )
        .bind(channel)
        .bind(external_id)
        .fetch_optional(c)
        })?;
        Ok(row.map(Into::into))
    }

    /// Whether another message of the dispatch may still arrive.
    pub async fn has_live_message(&mut self, dispatch: DispatchId, but: Uuid) -> Result<bool, StoreError> {
        let count: i64 = on!(self, |c| sqlx::query_scalar(
            "SELECT COUNT(*) FROM outbox WHERE dispatch_id = $1 AND id <> $2 AND state <> 'dead'"
        )
        .bind(dispatch)
        .bind(MessageId(but))
        .fetch_one(c))?;
        Ok(count > 0)
    }

    pub async fn set_message_sent(&mut self, id: Uuid, external_id: &str) -> Result<(), StoreError> {
        run!(
            self,
            sqlx::query("UPDATE outbox SET state = 'sent', external_id = $2 WHERE id = $1").bind(MessageId(id)).bind(external_id)
        )
    }

    pub async fn set_message_pending(&mut self, id: Uuid, next_at: Timestamp) -> Result<(), StoreError> {
        run!(
            self,
            sqlx::query("UPDATE outbox SET state = 'pending', next_at = $2 WHERE id = $1").bind(MessageId(id)).bind(At(next_at))
        )
    }

    /// A message that was sent is due again, with all its attempts, and may go out as a template only.
    pub async fn set_message_template_only(&mut self, id: Uuid, next_at: Timestamp) -> Result<(), StoreError> {
        run!(
            self,
            sqlx::query("UPDATE outbox SET state = 'pending', template_only = TRUE, attempts = 0, next_at = $2 WHERE id = $1")
                .bind(MessageId(id))
                .bind(At(next_at))
        )
    }

    /// Gives up every message of the incident that no service has taken yet, and gives them. One that is being sent at this moment
    /// may still arrive; then it is marked as sent.
    pub async fn withdraw_messages(&mut self, incident: IncidentId) -> Result<Vec<Message>, StoreError> {
        let rows: Vec<Row> = on!(self, |c| sqlx::query_as(
            "UPDATE outbox SET state = 'dead' WHERE state IN ('pending', 'sending') AND dispatch_id IN \
             (SELECT id FROM dispatches WHERE incident_id = $1) \
             RETURNING id, dispatch_id, channel, state, attempts, external_id, template_only"
        )
        .bind(incident)
        .fetch_all(c))?;
        Ok(rows.into_iter().map(Into::into).collect())
    }

    pub async fn set_message_dead(&mut self, id: Uuid) -> Result<(), StoreError> {
        run!(self, sqlx::query("UPDATE outbox SET state = 'dead' WHERE id = $1").bind(MessageId(id)))
    }
}
