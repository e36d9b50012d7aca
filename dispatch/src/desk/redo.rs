//! Messages that go out once more: one that its service took and gave back, in the form that is always allowed; and those that a
//! process had claimed which is gone.

use super::delivery::ERROR;
use super::{Desk, DeskError, check};
use crate::contract::{Channel, Progress};
use crate::store::{DispatchRow, MessageState};
use jiff::Timestamp;

/// What became of a message that WhatsApp gave back because the 24 hours for free-form messages were over.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Redo {
    /// It is due again, as a template. The number it went to.
    Due { number: Option<String> },
    /// It was told before, and the template is on its way.
    Underway,
    /// It went as a template already, was given up, or the team has answered: nothing was changed, and this is a failure like others.
    Refused,
    /// No message has this name, at least not yet.
    Unknown,
}

impl Desk {
    /// Gives back what this node had claimed before it was started again, so that it need not wait for the end of its lease. Answers
    /// how many messages that were. Only for the start: a worker of this node that is at work would see its messages sent twice.
    pub async fn release_outbox(&self) -> Result<usize, DeskError> {
        let mut unit = self.store.begin().await?;
        let released = unit.db().release_messages(&self.settings.node).await?;
        unit.commit().await?;
        Ok(released)
    }

    /// Puts a WhatsApp message that was sent back into the outbox, as a template only, in one transaction.
    pub async fn redo_as_template(&self, external_id: &str, error: &str, now: Timestamp) -> Result<Redo, DeskError> {
        let mut unit = self.store.begin().await?;
        let Some(found) = unit.db().message_by_external_id(Channel::Whatsapp, external_id).await? else {
            return Ok(Redo::Unknown);
        };
        let message = unit.db().lock_message(found.id).await?.ok_or(DeskError::NotFound)?;
        let still_named = message.external_id.as_deref() == Some(external_id);
        let row = self.lock(&mut unit, &message).await?;
        let unchanged = match (message.state, message.template_only) {
            (MessageState::Sent, false) if still_named && row.dispatch.progress < Progress::Acknowledged => None,
            (MessageState::Pending | MessageState::Sending, true) => Some(Redo::Underway),
            // Between the two looks the template has gone out under a name of its own.
            (MessageState::Sent, true) if !still_named => Some(Redo::Underway),
            _ => Some(Redo::Refused),
        };
        if let Some(unchanged) = unchanged {
            // Ends the lock now; a worker would pass the message over while it is held.
            unit.commit().await?;
            return Ok(unchanged);
        }
        unit.db().set_message_template_only(message.id, now).await?;
        let card = unit.db().dispatch_card(message.dispatch).await?.ok_or(DeskError::NotFound)?;
        let dispatch = row.dispatch.clone().failed(&check::cut(error, ERROR), now);
        unit.db().put_dispatch(&dispatch).await?;
        unit.commit().await?;
        self.outbox_wake.notify_one();
        self.tell_dispatch(&DispatchRow { dispatch, ..row }.view());
        Ok(Redo::Due { number: card.whatsapp_number })
    }
}
