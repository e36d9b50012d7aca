//! How a leg ends: what its owner is told, and what becomes of its dialog.

use super::{Phase, Running};
use crate::counters;
use crate::event::{EndedBy, Event, LegId};
use rsipstack::dialog::dialog_layer::DialogLayer;
use rsipstack::dialog::invite_dialog::InviteDialog;
use std::time::Duration;

/// A BYE's transaction ends by itself after 64 T1; this only bounds what should not happen.
const BYE_PATIENCE: Duration = Duration::from_secs(60);

impl Running {
    pub(super) fn fail(&mut self, code: u16) {
        counters::ended(EndedBy::Local);
        self.outbox.push_back(Event::OutboundFailed { leg: self.id, code });
    }

    pub(super) fn tell_end(&mut self, by: EndedBy) {
        counters::ended(by);
        self.outbox.push_back(Event::Ended { leg: self.id, by });
    }

    pub(super) fn end(&mut self, by: EndedBy) {
        self.tell_end(by);
        self.close();
    }

    /// Forgets the dialog; the call's place is free again.
    pub(super) fn close(&mut self) {
        self.phase = Phase::Over;
        self.layer.remove_dialog(&self.dialog.id());
        self.slot = None;
    }

    /// Sends BYE, and forgets the dialog when that is answered or given up.
    pub(super) fn bye(&mut self) {
        self.phase = Phase::Over;
        let (dialog, layer, slot, id) = (self.dialog.clone(), self.layer.clone(), self.slot.take(), self.id);
        let referring = self.referring.take();
        tokio::spawn(async move {
            if let Some(referring) = referring {
                referring.finish().await;
            }
            say_bye(id, &dialog, &layer).await;
            drop(slot);
        });
    }
}

/// Sends BYE, waits for its answer within a bound, and forgets the dialog.
pub(super) async fn say_bye(leg: LegId, dialog: &InviteDialog, layer: &DialogLayer) {
    match tokio::time::timeout(BYE_PATIENCE, dialog.bye()).await {
        Ok(Ok(())) => {}
        Ok(Err(error)) => tracing::debug!(%leg, %error, "BYE failed"),
        Err(_) => tracing::debug!(%leg, "BYE got no answer"),
    }
    layer.remove_dialog(&dialog.id());
}
