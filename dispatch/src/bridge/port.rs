//! What the bridges need of the desk. The desk implements it; tests put a scripted one in its place.

use crate::contract::Channel;
use crate::desk::{DeliveryState, DeskError, OutboxMessage, Press, PressOutcome, Redo};
use async_trait::async_trait;
use jiff::Timestamp;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::Notify;
use uuid::Uuid;

#[async_trait]
pub trait BridgeDesk: Send + Sync + 'static {
    /// Takes at most `n` due messages for the time of `lease`; after it they are due again.
    async fn claim_outbox(&self, now: Timestamp, lease: Duration, n: usize) -> Result<Vec<OutboxMessage>, DeskError>;
    /// Gives back what this node had claimed before it was started again; only for the start. Answers how many messages that were.
    async fn release_outbox(&self) -> Result<usize, DeskError>;
    /// The service took the message; `external_id` is the service's own name for it.
    async fn outbox_sent(&self, id: Uuid, external_id: &str, now: Timestamp) -> Result<(), DeskError>;
    /// The attempt failed; the message is due again at `next_at`. `error` is for the operator's screen.
    async fn outbox_retry(&self, id: Uuid, error: &str, next_at: Timestamp) -> Result<(), DeskError>;
    /// The message is given up.
    async fn outbox_dead(&self, id: Uuid, error: &str, now: Timestamp) -> Result<(), DeskError>;
    /// Somebody pressed a button. Refuses one who is not of the team; repeating a press or going back changes nothing.
    async fn team_pressed(&self, press: Press) -> Result<PressOutcome, DeskError>;
    /// What the service says of a message that it took. One it says of a message we do not know changes nothing.
    async fn delivery_report(&self, channel: Channel, external_id: &str, state: DeliveryState) -> Result<(), DeskError>;
    /// WhatsApp took a free-form message and gave it back because the 24 hours were over. Unless it was told so before, the message is
    /// due again at once, as a template only; when this returns, that is kept. `error` is for the operator's screen.
    async fn redo_as_template(&self, external_id: &str, error: &str, now: Timestamp) -> Result<Redo, DeskError>;
    /// Links a Telegram chat by a one-time token, and answers the team's name.
    async fn link_chat(&self, token: &str, chat: i64, title: &str) -> Result<String, DeskError>;
    /// Telegram gave a chat a new id: its teams move with it. Answers how many they are; told again, none.
    async fn chat_moved(&self, old: i64, new: i64) -> Result<usize, DeskError>;
    /// Rings when a message may have become due.
    fn outbox_wake(&self) -> Arc<Notify>;
}
