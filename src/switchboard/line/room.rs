//! Makes the voice engine match where everybody stands, and tries again where it cannot: a browser that reloads is away for a moment.

use super::arrangement::{Caller, Standing};
use super::{Inbox, Line, Order, Report};
use crate::clock;
use dispatch::id::UserId;
use std::time::Duration;
use tokio::time::{Instant, timeout_at};

/// How long a headset may be away before the caller hears that the operator will be back; a reload is quicker.
const COVER_AFTER: Duration = Duration::from_secs(3);
/// What the voice engine could not follow is tried again after this.
const TRY_AGAIN: Duration = Duration::from_millis(500);

/// So often at the end of a call.
const LAST_TRIES: u32 = 20;

/// What is to be done though nobody gives an order, and when.
#[derive(Debug, Default)]
pub(super) struct Due {
    /// The operator's headset is away, and the caller is to hear so.
    pub cover: Option<Instant>,
    /// The voice engine could not follow, which was told.
    arrange: Option<Instant>,
    /// What it could follow of a change that was given up is taken back.
    undo: Option<Instant>,
}

impl Due {
    fn first(&self) -> Option<Instant> {
        self.cover.into_iter().chain(self.arrange).chain(self.undo).min()
    }
}

fn after(time: Duration) -> Instant {
    Instant::from_std(clock::instant()) + time
}

impl Line {
    pub(super) fn cover_soon(&mut self) {
        self.due.cover = Some(after(COVER_AFTER));
    }

    /// The next order. What is due is done meanwhile.
    pub(super) async fn next(&mut self, orders: &mut Inbox) -> Option<Box<Order>> {
        while let Some(due) = self.due.first() {
            if let Ok(order) = timeout_at(due, orders.recv()).await {
                return order;
            }
            if self.due.cover == Some(due) {
                self.due.cover = None;
                self.standing.covered = true;
            }
            self.arrange_or_tell("a caller hears nothing while the headset is away").await;
        }
        orders.recv().await
    }

    /// As `change`, but for what stands though a headset is away or the voice engine is slow: somebody has answered, and is not to be hung up on
    /// because a page reloads. Who is away is with them as soon as that is over.
    pub(super) async fn change_in_any_case(&mut self, change: impl Fn(&mut Standing)) -> Result<(), media::ConnectError> {
        use media::ConnectError::{Busy, NoPeer, NotConnected, Unavailable};
        let changed = self.change(&change).await;
        let trouble = match changed {
            Err(NotConnected | NoPeer) if self.standing.operator.is_some() => "whoever answered waits for the operator's headset",
            // The call before is still being cleared away.
            Err(Busy) if self.standing.operator.is_some() => "whoever answered waits until the operator is out of another call",
            Err(Unavailable) => "whoever answered waits for the voice engine",
            _ => return changed,
        };
        change(&mut self.standing);
        self.arrange_or_tell(trouble).await;
        Ok(())
    }

    /// A caller with whom nobody is any more goes on waiting.
    pub(super) async fn wait_if_left_alone(&mut self) {
        if self.standing.caller == Caller::Talking && self.standing.operator.is_none() && !self.standing.in_company() {
            self.standing.caller = Caller::Waiting(self.waits_with);
            self.arrange_or_tell("a caller was left alone and hears nothing").await;
        }
    }

    /// Changes where somebody stands. If the voice engine cannot follow, everybody stands where they stood.
    pub(super) async fn change(&mut self, change: impl FnOnce(&mut Standing)) -> Result<(), media::ConnectError> {
        let before = self.standing.clone();
        change(&mut self.standing);
        let arranged = self.arrange().await;
        if arranged.is_err() {
            self.standing = before;
            self.due.undo = Some(after(TRY_AGAIN));
        }
        arranged
    }

    /// For changes that stand whether or not the voice engine can follow: somebody went away. What is to be played in place of the room is
    /// played all the same.
    pub(super) async fn arrange_or_tell(&mut self, trouble: &'static str) {
        let first = self.due.arrange.is_none();
        let Err(error) = self.arrange().await else { return };
        if first {
            tracing::warn!(call = %self.call, %error, "{trouble}");
        }
        (self.due.arrange, self.due.undo) = (Some(after(TRY_AGAIN)), None);
        if let Some(sound) = self.standing.arrangement().caller_hears
            && self.arranged.caller_hears != Some(sound)
            && self.plant.sound(self.call.0, Some(sound)).await.is_ok()
        {
            self.arranged.caller_hears = Some(sound);
        }
    }

    /// Makes the voice engine match where everybody stands. A supervisor who cannot be there, because the machine has died, is parted with:
    /// nobody who only supervises keeps the others from each other.
    async fn arrange(&mut self) -> Result<(), media::ConnectError> {
        let arranged = self.follow().await;
        if matches!(arranged, Ok(()) | Err(media::ConnectError::Unavailable)) || self.standing.monitors.is_empty() {
            return arranged;
        }
        let monitors = std::mem::take(&mut self.standing.monitors);
        if let Err(error) = self.follow().await {
            self.standing.monitors = monitors;
            return Err(error);
        }
        for (supervisor, mode) in monitors {
            self.standing.monitors.insert(supervisor, mode);
            if let Err(error) = self.follow().await {
                self.standing.monitors.remove(&supervisor);
                self.refuse_monitor(supervisor, error).await;
            }
        }
        Ok(())
    }

    pub(super) async fn refuse_monitor(&self, supervisor: UserId, error: media::ConnectError) {
        tracing::warn!(call = %self.call, %error, "a supervisor cannot take part");
        self.plant.report(Report::MonitorFailed { call: self.call, supervisor }).await;
    }

    /// At the end of the call nobody is left in the room, and nothing goes on being played to an operator, who would hear nobody over it.
    pub(super) async fn leave_nothing(&mut self) {
        self.arrange_or_tell("a room stays open").await;
        for _ in 0..LAST_TRIES {
            if self.due.arrange.is_none() {
                return;
            }
            tokio::time::sleep(TRY_AGAIN).await;
            self.arrange_or_tell("a room stays open").await;
        }
    }

    /// The room comes first, so that nobody is heard by whom they should not. What is done is noted at once: the next may fail.
    async fn follow(&mut self) -> Result<(), media::ConnectError> {
        let wanted = self.standing.arrangement();
        if wanted.members != self.arranged.members {
            self.plant.arrange(self.call.0, wanted.members.clone()).await?;
            self.arranged.members = wanted.members;
        }
        if wanted.caller_hears != self.arranged.caller_hears {
            self.plant.sound(self.call.0, wanted.caller_hears).await?;
            self.arranged.caller_hears = wanted.caller_hears;
        }
        let (before, hears) = (self.arranged.operator_hears, wanted.operator_hears);
        if before != hears {
            if let Some((operator, _)) = before.filter(|(operator, _)| hears.is_none_or(|(other, _)| other != *operator)) {
                self.plant.sound(operator, None).await?;
                self.arranged.operator_hears = None;
            }
            if let Some((operator, sound)) = hears {
                self.plant.sound(operator, Some(sound)).await?;
            }
            self.arranged.operator_hears = hears;
        }
        for (party, sound) in &wanted.parties_hear {
            if !self.arranged.parties_hear.contains(&(*party, *sound)) {
                self.plant.sound(*party, Some(*sound)).await?;
                self.arranged.parties_hear.retain(|(other, _)| other != party);
                self.arranged.parties_hear.push((*party, *sound));
            }
        }
        for (party, sound) in self.arranged.parties_hear.clone() {
            if !wanted.parties_hear.iter().any(|(other, _)| *other == party) {
                self.plant.sound(party, None).await?;
                self.arranged.parties_hear.retain(|heard| *heard != (party, sound));
            }
        }
        (self.due.arrange, self.due.undo) = (None, None);
        Ok(())
    }
}
