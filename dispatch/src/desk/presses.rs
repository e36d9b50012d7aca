//! A field team presses a button under its message.

use super::delivery::{dispatch_event, step_kind};
use super::{Desk, DeskError, DispatchCard, Press, PressOutcome, PressSender, check};
use crate::clock;
use crate::contract::{Actor, AlarmKind, Channel, Progress};
use crate::store::{DispatchRow, NewEvent};
use serde_json::json;

impl Desk {
    /// Takes the team's step onto the timeline. Going backwards, or the same press twice, changes nothing.
    ///
    /// # Errors
    /// [`DeskError::NotFound`] for an unknown button, [`DeskError::Forbidden`] if the sender is not the dispatch's team,
    /// [`DeskError::Invalid`] for a step that no team takes.
    pub async fn team_pressed(&self, press: Press) -> Result<PressOutcome, DeskError> {
        if press.progress < Progress::Acknowledged {
            return Err(DeskError::invalid("progress", "is not a step that a team takes"));
        }
        let now = clock::now();
        let mut unit = self.store.begin().await?;
        let id = unit.db().dispatch_by_short_id(&press.short_id).await?.ok_or(DeskError::NotFound)?;
        let row = unit.db().lock_dispatch(id).await?.ok_or(DeskError::NotFound)?;
        let card = unit.db().dispatch_card(id).await?.ok_or(DeskError::NotFound)?;
        if !is_the_team(&card, press.channel, &press.sender) {
            metrics::counter!("siaga_presses_refused_total").increment(1);
            return Err(DeskError::Forbidden);
        }
        let name = check::cut(press.sender.name.trim(), 100);
        let key = format!("press:{:?}:{}", press.channel, check::cut(&press.external_event, 200));
        let known = unit.db().event_is_known(&key).await?;
        let Some(dispatch) = row.dispatch.advance(press.progress, Some(&name), now).filter(|_| !known) else {
            let by = row.dispatch.by.unwrap_or(name);
            return Ok(PressOutcome { card, progress: row.dispatch.progress, by, changed: false });
        };
        unit.db().put_dispatch(&dispatch).await?;
        let actor = Actor::Team { team: dispatch.team, name: name.clone() };
        let data = json!({ "channel": press.channel, "by": name });
        let event = dispatch_event(&row, actor, step_kind(press.progress), data, now);
        unit.event(NewEvent { dedupe: Some(key), ..event });
        self.tell_entries(unit.commit().await?);
        self.tell_dispatch(&DispatchRow { dispatch, ..row }.view());
        self.clear_alarms(|alarm| match alarm {
            AlarmKind::Unacknowledged { dispatch, .. } | AlarmKind::Undeliverable { dispatch, .. } => *dispatch == id,
            _ => false,
        });
        Ok(PressOutcome { card, progress: press.progress, by: name, changed: true })
    }
}

/// Whether the press comes from the chat that the message went to.
fn is_the_team(card: &DispatchCard, channel: Channel, sender: &PressSender) -> bool {
    match channel {
        Channel::Telegram => card.telegram_chat.is_some() && card.telegram_chat == sender.chat,
        Channel::Whatsapp => card.whatsapp_number.is_some() && card.whatsapp_number == sender.number,
    }
}
