//! Brings those who come together in a room onto one media thread. While legs move, commands wait.

use super::{Engine, PATIENCE, Route, refused};
use crate::places::OPERATORS;
use crate::room::{Member, Members};
use crate::shard::Command;
use uuid::Uuid;

impl Engine {
    /// Brings the room of a call, the call's own leg and all members onto one thread, and tells which that is. Whom they are in
    /// other rooms with comes along. `None`: a thread stands still.
    pub(super) async fn gather(&self, call: Uuid, members: &Members) -> Option<usize> {
        let Some(room) = self.room_of(call).await else { return Some(OPERATORS) };
        let legs: Vec<Uuid> = members.iter().map(|member| member.leg).collect();
        let (home, strays) = self.places().meeting(call, room, legs.iter().copied());
        if strays.is_empty() {
            return Some(home);
        }
        let engine = self.clone();
        // On a task of its own, so that legs arrive even if nobody waits for it any more.
        let moved = tokio::spawn(async move { engine.bring(call, room, &legs).await });
        moved.await.unwrap_or_else(|error| {
            tracing::error!(%error, "legs were not brought to another media thread");
            None
        })
    }

    /// Brings a call's leg to the thread of somebody who may soon talk with it, so that the join need not wait for that. It goes on
    /// hearing what is played to it.
    pub async fn draw_near(&self, call: Uuid, peer: Uuid) {
        if let Ok(members) = Members::new(vec![Member::speaker(call), Member::speaker(peer)]) {
            self.gather(call, &members).await;
        }
    }

    /// The thread with the room of a call; `None` if there is neither the call's leg nor a room. A room whose call is over is
    /// noted nowhere but where it is.
    pub(super) async fn room_of(&self, call: Uuid) -> Option<usize> {
        let known = self.places().known(call);
        if known.is_some() {
            return known;
        }
        for shard in 0..self.inner.shards.len() {
            let has = self.ask(Route::Room { call, shard }, |reply| Command::HasRoom { call, reply }).await;
            if has == Some(true) {
                return Some(shard);
            }
        }
        None
    }

    async fn bring(&self, call: Uuid, room: usize, legs: &[Uuid]) -> Option<usize> {
        // One after the other, and each in its turn: a call that is never joined because others move is a call that nobody hears.
        let Ok(_moving) = tokio::time::timeout(PATIENCE, self.inner.moves.write()).await else { return refused() };
        let (home, strays) = self.places().meeting(call, room, legs.iter().copied());
        for leg in strays {
            let from = self.places().known(leg).unwrap_or(room);
            // One that is there by now came along with another.
            if from != home {
                self.carry(leg, from, home).await?;
            }
        }
        Some(home)
    }

    /// A leg that is not there any more, or stays because of an operator, is no reason not to go on; `None`: the thread stands still.
    async fn carry(&self, leg: Uuid, from: usize, home: usize) -> Option<()> {
        let Some(moved) = self.ask(Route::Shard(from), |reply| Command::Release { leg, reply }).await? else { return Some(()) };
        let legs: Vec<Uuid> = moved.legs().collect();
        if self.insist(Route::Shard(home), |reply| Command::Adopt { moved, reply }).await.is_none() {
            tracing::error!("a media thread has ended; the calls that were brought to it are lost");
        }
        let mut places = self.places();
        for leg in legs {
            places.put(leg, home);
        }
        Some(())
    }
}
