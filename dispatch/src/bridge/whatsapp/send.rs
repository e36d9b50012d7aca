//! Sending a dispatch to a team's number.

use super::{Whatsapp, message};
use crate::bridge::failure::{Failure, Reason};
use crate::bridge::outbox::Courier;
use crate::bridge::text;
use crate::clock;
use crate::desk::OutboxMessage;
use async_trait::async_trait;
use serde_json::Value;

#[async_trait]
impl Courier for Whatsapp {
    async fn deliver(&self, outgoing: &OutboxMessage) -> Result<String, Failure> {
        let number = outgoing.card.whatsapp_number.as_deref().ok_or(Failure::dead(Reason::NoAddress))?;
        if !outgoing.template_only && self.memory.window_open(number, clock::now()) {
            match self.client.send(&message::dispatch(number, &outgoing.card)).await {
                Ok(id) => {
                    self.memory.sent_free_form(&id, clock::now());
                    return Ok(id);
                }
                Err(failure) if *failure.reason() == Reason::OutsideWindow => self.memory.window_closed(number),
                Err(failure) => return Err(failure),
            }
        }
        self.client.send(&message::template(number, &outgoing.card, &self.template)).await
    }

    /// The place as a pin, where a free-form message is allowed; the template carries a link instead.
    async fn accompany(&self, outgoing: &OutboxMessage) {
        let card = &outgoing.card;
        let (Some(number), Some(at)) = (card.whatsapp_number.as_deref(), text::on_earth(card.position)) else { return };
        if self.memory.window_open(number, clock::now()) {
            self.send_reply(&message::location(number, card, at)).await;
        }
    }
}

impl Whatsapp {
    /// Sends what may be lost.
    pub(super) async fn send_reply(&self, reply: &Value) {
        if let Err(failure) = self.client.send(reply).await {
            metrics::counter!("siaga_bridge_replies_lost_total", "why" => failure.reason().label()).increment(1);
            tracing::warn!(why = failure.reason().label(), "a reply to WhatsApp was lost");
        }
    }
}
