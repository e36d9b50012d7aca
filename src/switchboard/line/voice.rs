//! By what those of us who are in the call speak: the headset, or a desk phone's leg, which is the line's to close.

use super::Line;
use dispatch::id::UserId;
use uuid::Uuid;

impl Line {
    /// One of us changes to a desk phone, to another leg of it, or to the headset. The leg before is closed.
    pub(super) async fn voice(&mut self, of: UserId, leg: Option<Uuid>) {
        let before = self.room.standing.telephones.get(&of).copied();
        if before == leg {
            return;
        }
        let changed = self.room.change(|standing| {
            match leg {
                Some(leg) => standing.telephones.insert(of, leg),
                None => standing.telephones.remove(&of),
            };
        });
        if let Err(error) = changed.await {
            return tracing::warn!(call = %self.call, %error, "one of us cannot change the telephone");
        }
        if let Some(before) = before {
            self.plant.media.close(before).await;
        }
    }

    /// One of us who spoke by a desk phone has left.
    pub(super) async fn put_down(&mut self, of: UserId) {
        if let Some(leg) = self.room.standing.telephones.remove(&of) {
            self.plant.media.close(leg).await;
        }
    }
}
