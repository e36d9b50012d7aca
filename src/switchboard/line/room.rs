//! The room of a call: where everybody stands, and the voice engine made to match that. What the engine refuses is tried again: a browser that
//! reloads is away for a moment, and an engine that has much to do is slow for one.

use super::arrangement::{Arrangement, Caller, Sound, Standing};
use super::steps::{Ear, Step};
use crate::clock::timer_now;
use dispatch::id::{CallId, UserId};
use media::{ConnectError, Member, Unavailable};
use std::future::Future;
use std::time::Duration;
use tokio::time::Instant;
use uuid::Uuid;

/// How long a headset may be away before the caller hears that the operator will be back; a reload is quicker.
const COVER_AFTER: Duration = Duration::from_secs(3);
/// What the voice engine could not follow is tried again after this.
const TRY_AGAIN: Duration = Duration::from_millis(500);
/// So often at the end of a call.
const LAST_TRIES: u32 = 20;

/// The voice engine, as far as a room needs it.
pub trait Voices {
    fn arrange(&self, call: Uuid, members: Vec<Member>) -> impl Future<Output = Result<(), ConnectError>> + Send;
    /// `None`: the leg hears the room.
    fn sound(&self, leg: Uuid, sound: Option<Sound>) -> impl Future<Output = Result<(), Unavailable>> + Send;
    /// A supervisor cannot take part.
    fn refuse_monitor(&self, call: CallId, supervisor: UserId) -> impl Future<Output = ()> + Send;
}

pub struct Room<V> {
    voices: V,
    pub standing: Standing,
    /// What the voice engine was last told.
    arranged: Arrangement,
    due: Due,
}

/// What is to be done though nobody gives an order, and when.
#[derive(Debug, Default)]
struct Due {
    /// The operator's headset is away, and the caller is to hear so.
    cover: Option<Instant>,
    /// The voice engine could not follow, which was told.
    arrange: Option<Instant>,
    /// What it could follow of a change that was given up is taken back.
    undo: Option<Instant>,
}

impl<V: Voices + Sync> Room<V> {
    pub fn new(voices: V, call: CallId) -> Self {
        let standing = Standing::new(call, Caller::Waiting(Sound::Silence));
        Self { voices, standing, arranged: Arrangement::nobody(), due: Due::default() }
    }

    pub fn cover_soon(&mut self) {
        self.due.cover = Some(timer_now() + COVER_AFTER);
    }

    pub fn uncover(&mut self) {
        self.due.cover = None;
        self.standing.covered = false;
    }

    /// When [`Room::act`] is to be called next.
    pub fn due(&self) -> Option<Instant> {
        let Due { cover, arrange, undo } = self.due;
        cover.into_iter().chain(arrange).chain(undo).min()
    }

    /// Does what is due.
    pub async fn act(&mut self) {
        if self.due.cover.is_some_and(|cover| cover <= timer_now()) {
            self.due.cover = None;
            self.standing.covered = true;
        }
        self.arrange_or_tell("a caller hears nothing while the headset is away").await;
    }

    /// As `change`, but for what stands though a headset is away or the voice engine is slow: somebody has answered, and is not to be hung up on
    /// because a page reloads. Who is away is with them as soon as that is over.
    pub async fn change_in_any_case(&mut self, change: impl Fn(&mut Standing)) -> Result<(), ConnectError> {
        use ConnectError::{Busy, NoPeer, NotConnected, Unavailable};
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

    /// Changes where somebody stands. If the voice engine cannot follow, everybody stands where they stood.
    pub async fn change(&mut self, change: impl FnOnce(&mut Standing)) -> Result<(), ConnectError> {
        let before = self.standing.clone();
        change(&mut self.standing);
        let arranged = self.arrange().await;
        if arranged.is_err() {
            self.standing = before;
            self.due.undo = Some(timer_now() + TRY_AGAIN);
        }
        arranged
    }

    /// For changes that stand whether or not the voice engine can follow: somebody went away. What is to be played in place of the room is
    /// played all the same.
    pub async fn arrange_or_tell(&mut self, trouble: &'static str) {
        let first = self.due.arrange.is_none();
        let Err(error) = self.arrange().await else { return };
        if first {
            tracing::warn!(call = %self.standing.call, %error, "{trouble}");
        }
        (self.due.arrange, self.due.undo) = (Some(timer_now() + TRY_AGAIN), None);
        let sound = self.standing.arrangement().caller_hears;
        if sound.is_some() && sound != self.arranged.caller_hears {
            // Tried again with the rest if it is refused as well.
            let _ = self.take(Step::Hears { ear: Ear::Caller, sound }).await;
        }
    }

    pub async fn refuse_monitor(&self, supervisor: UserId, error: ConnectError) {
        tracing::warn!(call = %self.standing.call, %error, "a supervisor cannot take part");
        self.voices.refuse_monitor(self.standing.call, supervisor).await;
    }

    /// At the end of the call nobody is left in the room, and nothing goes on being played to an operator, who would hear nobody over it.
    pub async fn leave_nothing(&mut self) {
        self.standing = Standing::new(self.standing.call, Caller::Waiting(Sound::Silence));
        self.arrange_or_tell("a room stays open").await;
        for _ in 0..LAST_TRIES {
            if self.due.arrange.is_none() {
                return;
            }
            tokio::time::sleep(TRY_AGAIN).await;
            self.arrange_or_tell("a room stays open").await;
        }
    }

    /// Makes the voice engine match where everybody stands. A supervisor who cannot be there, because the machine has died, is parted with:
    /// nobody who only supervises keeps the others from each other.
    async fn arrange(&mut self) -> Result<(), ConnectError> {
        let arranged = self.follow().await;
        if matches!(arranged, Ok(()) | Err(ConnectError::Unavailable)) || self.standing.monitors.is_empty() {
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

    async fn follow(&mut self) -> Result<(), ConnectError> {
        let wanted = self.standing.arrangement();
        while let Some(step) = self.arranged.step_to(&wanted) {
            self.take(step).await?;
        }
        (self.due.arrange, self.due.undo) = (None, None);
        Ok(())
    }

    /// Takes one step, and notes it when it is done.
    async fn take(&mut self, step: Step) -> Result<(), ConnectError> {
        let call = self.standing.call.0;
        match &step {
            Step::Room(members) => self.voices.arrange(call, members.clone()).await?,
            Step::Hears { ear: Ear::Caller, sound } => self.voices.sound(call, *sound).await?,
            Step::Hears { ear: Ear::Operator(leg) | Ear::Party(leg), sound } => self.voices.sound(*leg, *sound).await?,
        }
        self.arranged.apply(step);
        Ok(())
    }
}

#[cfg(test)]
#[path = "room_tests.rs"]
mod tests;
