//! The desk, as the bridges use it.

use super::port::BridgeDesk;
use crate::contract::Channel;
use crate::desk::{DeliveryState, Desk, DeskError, OutboxMessage, Press, PressOutcome, Redo};
use async_trait::async_trait;
use jiff::Timestamp;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::Notify;
use uuid::Uuid;

#[async_trait]
impl BridgeDesk for Desk {
    async fn claim_outbox(&self, now: Timestamp, lease: Duration, n: usize) -> Result<Vec<OutboxMessage>, DeskError> {
        let lease_ms = i64::try_from(lease.as_millis()).unwrap_or(i64::MAX);
        Self::claim_outbox(self, now, lease_ms, i64::try_from(n).unwrap_or(i64::MAX)).await
    }

    async fn release_outbox(&self) -> Result<usize, DeskError> {
        Self::release_outbox(self).await
    }

    async fn outbox_sent(&self, id: Uuid, external_id: &str, now: Timestamp) -> Result<(), DeskError> {
        Self::outbox_sent(self, id, external_id, now).await
    }

    async fn outbox_retry(&self, id: Uuid, error: &str, next_at: Timestamp) -> Result<(), DeskError> {
        Self::outbox_retry(self, id, error, next_at).await
    }

    async fn outbox_dead(&self, id: Uuid, error: &str, now: Timestamp) -> Result<(), DeskError> {
        Self::outbox_dead(self, id, error, now).await
    }

    async fn team_pressed(&self, press: Press) -> Result<PressOutcome, DeskError> {
        Self::team_pressed(self, press).await
    }

    async fn delivery_report(&self, channel: Channel, external_id: &str, state: DeliveryState) -> Result<(), DeskError> {
        Self::delivery_report(self, channel, external_id, state).await
    }

    async fn redo_as_template(&self, external_id: &str, error: &str, now: Timestamp) -> Result<Redo, DeskError> {
        Self::redo_as_template(self, external_id, error, now).await
    }

    async fn link_chat(&self, token: &str, chat: i64, title: &str) -> Result<String, DeskError> {
        Self::link_chat(self, token, chat, title).await.map(|team| team.name)
    }

    async fn chat_moved(&self, old: i64, new: i64) -> Result<usize, DeskError> {
        Self::chat_moved(self, old, new).await
    }

    fn outbox_wake(&self) -> Arc<Notify> {
        Self::outbox_wake(self)
    }
}
