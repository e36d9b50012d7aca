//! What comes from WhatsApp, told to the desk, and what people are answered.

use super::inbound::{Inbound, Message, Pressed};
use super::{Whatsapp, message};
use crate::bridge::button::Button;
use crate::bridge::failure::Reason;
use crate::bridge::text;
use crate::clock;
use crate::contract::{Channel, Progress};
use crate::desk::{DeliveryState, DeskError, Press, PressOutcome, PressSender, Redo};
use std::hash::{DefaultHasher, Hash, Hasher};

/// The store failed; the webhook must come again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ComeAgain;

impl Whatsapp {
    /// Takes one item of a webhook. What it says is kept when this returns `Ok`; answers to people go out later.
    pub(super) async fn take(&self, item: Inbound) -> Result<(), ComeAgain> {
        match item {
            Inbound::Message(message) => self.wrote(message).await,
            Inbound::Status { id, state, outside_window } => self.reported(&id, state, outside_window).await,
        }
    }

    async fn wrote(&self, message: Message) -> Result<(), ComeAgain> {
        let now = clock::now();
        if let Some(number) = &message.number {
            self.memory.heard(number, message.at.unwrap_or(now), now);
        }
        let Some(Pressed { button, of_template }) = message.press else { return Ok(()) };
        let (Some(button), Some(number)) = (button, message.number) else {
            count_press("unreadable");
            return Ok(());
        };
        let press = Press {
            channel: Channel::Whatsapp,
            short_id: button.short_id.clone(),
            sender: PressSender { chat: None, number: Some(number.clone()), name: text::clean(&message.name, 64) },
            progress: button.progress,
            external_event: format!("whatsapp:{}", message.id),
        };
        let result = self.desk.team_pressed(press).await;
        if let Err(DeskError::Store(error)) = &result
            && !error.is_refused()
        {
            count_press("store");
            tracing::error!(%error, "a press from WhatsApp could not be kept; it comes again");
            return Err(ComeAgain);
        }
        // Meta may tell the same press several times; people are answered once.
        let first = self.memory.first_answer(&message.id);
        match result {
            Ok(outcome) => {
                count_press(if outcome.changed { "taken" } else { "repeated" });
                if first {
                    self.confirm(number, &button, outcome, of_template);
                }
            }
            // Whoever is not of the team gets no answer: nothing tells a stranger that the button was real.
            Err(DeskError::Forbidden) => count_press("foreign"),
            Err(DeskError::NotFound | DeskError::Conflict { .. }) => {
                count_press("stale");
                if first {
                    self.say(number, text::PRESS_STALE.to_owned());
                }
            }
            Err(error) => {
                count_press("refused");
                tracing::error!(%error, "a press from WhatsApp was not taken");
                if first {
                    self.say(number, text::PRESS_FAILED.to_owned());
                }
            }
        }
        Ok(())
    }

    /// A sent message cannot be changed on WhatsApp, so each step is confirmed by a short message; "Tiba" brings the button for
    /// the last step, and the first step after a template brings the place, which the template could not.
    fn confirm(&self, number: String, button: &Button, outcome: PressOutcome, of_template: bool) {
        if !outcome.changed {
            return self.say(number, text::noted(button.progress, outcome.progress));
        }
        let status = text::status(outcome.progress, &outcome.by, clock::now(), &self.zone);
        let card = outcome.card;
        let reply = if outcome.progress == Progress::Arrived {
            message::ask_done(&number, &card, &status)
        } else {
            message::words(&number, &text::confirmation(&card.incident_number, &status))
        };
        let place = text::on_earth(card.position).filter(|_| of_template && outcome.progress == Progress::Acknowledged);
        let this = self.clone();
        self.replies.push(lane(&number), async move {
            this.send_reply(&reply).await;
            if let Some(place) = place {
                this.send_reply(&message::location(&number, &card, place)).await;
            }
        });
    }

    fn say(&self, number: String, words: String) {
        let this = self.clone();
        self.replies.push(lane(&number), async move { this.send_reply(&message::words(&number, &words)).await });
    }

    async fn reported(&self, id: &str, state: DeliveryState, outside_window: bool) -> Result<(), ComeAgain> {
        if outside_window && self.goes_again(id).await? {
            return Ok(());
        }
        match self.desk.delivery_report(Channel::Whatsapp, id, state).await {
            Err(DeskError::Store(error)) if !error.is_refused() => {
                tracing::error!(%error, "a delivery report from WhatsApp could not be kept; it comes again");
                Err(ComeAgain)
            }
            // Reports on confirmations and on messages of other programs are none of ours.
            Ok(()) | Err(_) => Ok(()),
        }
    }

    /// WhatsApp took a free-form dispatch and found only afterwards that the 24 hours were over. It is put back into the outbox, which
    /// sends the template. `false` if this is no message that can go again.
    async fn goes_again(&self, id: &str) -> Result<bool, ComeAgain> {
        let now = clock::now();
        match self.desk.redo_as_template(id, &text::reason(&Reason::OutsideWindow), now).await {
            Ok(Redo::Due { number }) => {
                self.memory.came_back(id);
                metrics::counter!("siaga_outbox_redone_total", "channel" => "whatsapp").increment(1);
                if let Some(number) = number {
                    self.memory.window_closed(&number);
                }
                Ok(true)
            }
            Ok(Redo::Underway) => Ok(true),
            Ok(Redo::Unknown) if self.memory.left_lately(id, now) => {
                tracing::warn!("WhatsApp gave a dispatch back before it was marked as sent; the report comes again");
                Err(ComeAgain)
            }
            Ok(Redo::Unknown | Redo::Refused) => Ok(false),
            Err(DeskError::Store(error)) if !error.is_refused() => {
                tracing::error!(%error, "a dispatch that WhatsApp gave back could not be put into the outbox; the report comes again");
                Err(ComeAgain)
            }
            Err(error) => {
                tracing::error!(%error, "a dispatch that WhatsApp gave back cannot go again");
                Ok(false)
            }
        }
    }
}

fn count_press(end: &'static str) {
    metrics::counter!("siaga_presses_total", "channel" => "whatsapp", "end" => end).increment(1);
}

/// All replies to one number keep their order.
fn lane(number: &str) -> u64 {
    let mut hasher = DefaultHasher::new();
    number.hash(&mut hasher);
    hasher.finish()
}
