//! Callbacks: callers who gave up before an answer, until somebody has spoken with them.

use super::{Desk, DeskError, Principal};
use crate::clock;
use crate::contract::{Actor, Audience, CallbackEnd, CallbackView, Event, Role};
use crate::id::CallId;
use crate::store::NewEvent;
use jiff::Timestamp;
use serde_json::{Value, json};

/// Callbacks shown at once; those that wait longest.
const SHOWN: i64 = 500;

/// A callback that somebody has taken on.
#[derive(Debug)]
pub struct ClaimedCallback {
    pub callback: CallbackView,
    /// The person did not see to it before: who cannot call after all leaves it to others again.
    pub is_new: bool,
}

impl ClaimedCallback {
    /// The call was not made: somebody else may see to the caller, unless the person did before.
    pub async fn give_back(self, desk: &Desk, who: &Principal) {
        if self.is_new
            && let Err(error) = desk.release_callback(who, self.callback.call).await
        {
            tracing::warn!(%error, "a callback that was not begun stays claimed");
        }
    }
}

impl Desk {
    /// Longest waiting first.
    pub async fn callbacks(&self, _who: &Principal) -> Result<Vec<CallbackView>, DeskError> {
        Ok(self.store.read().await?.db().callbacks(SHOWN).await?)
    }

    /// The person sees to it; others see that.
    ///
    /// # Errors
    /// [`DeskError::Conflict`] if somebody else does already.
    pub async fn claim_callback(&self, who: &Principal, call: CallId) -> Result<ClaimedCallback, DeskError> {
        let mut unit = self.store.begin().await?;
        let callback = unit.db().lock_callback(call).await?.ok_or(DeskError::NotFound)?;
        if callback.claimed_by.is_some_and(|by| by != who.user) {
            return Err(DeskError::conflict("callback_taken", "somebody else sees to this caller; choose another"));
        }
        let is_new = callback.claimed_by.is_none();
        if is_new {
            unit.db().claim_callback(call, Some((who.user, &who.name))).await?;
            unit.event(event(who, clock::now(), "callback.claimed", call, json!({})));
        }
        self.tell_entries(unit.commit().await?);
        self.tell_callbacks();
        let callback = CallbackView { claimed_by: Some(who.user), claimed_by_name: Some(who.name.clone()), ..callback };
        Ok(ClaimedCallback { callback, is_new })
    }

    /// Nobody sees to it any more. Only who claimed it, or a supervisor.
    pub async fn release_callback(&self, who: &Principal, call: CallId) -> Result<CallbackView, DeskError> {
        let mut unit = self.store.begin().await?;
        let callback = unit.db().lock_callback(call).await?.ok_or(DeskError::NotFound)?;
        require_claim(who, &callback)?;
        if callback.claimed_by.is_some() {
            unit.db().claim_callback(call, None).await?;
            unit.event(event(who, clock::now(), "callback.released", call, json!({})));
        }
        self.tell_entries(unit.commit().await?);
        self.tell_callbacks();
        Ok(CallbackView { claimed_by: None, claimed_by_name: None, ..callback })
    }

    /// It is done with. Only who claimed it, anybody if nobody did, or a supervisor.
    pub async fn close_callback(&self, who: &Principal, call: CallId, end: CallbackEnd) -> Result<(), DeskError> {
        let now = clock::now();
        let mut unit = self.store.begin().await?;
        let callback = unit.db().lock_callback(call).await?.ok_or(DeskError::NotFound)?;
        require_claim(who, &callback)?;
        unit.db().close_callback(call, end, now).await?;
        unit.event(event(who, now, "callback.closed", call, json!({ "reason": end })));
        self.tell_entries(unit.commit().await?);
        self.callers.seen_to(&callback.number);
        self.tell_callbacks();
        Ok(())
    }

    /// A mailbox answered, or somebody who is not the caller: it is to be called back all the same.
    pub async fn reopen_callback(&self, who: &Principal, call: CallId) -> Result<CallbackView, DeskError> {
        let mut unit = self.store.begin().await?;
        let (callback, reopened) = unit.db().reopen_callback(call).await?.ok_or(DeskError::NotFound)?;
        if !reopened {
            return Ok(callback);
        }
        unit.event(event(who, clock::now(), "callback.reopened", callback.call, json!({})));
        self.tell_entries(unit.commit().await?);
        self.callers.gave_up(&callback.number, callback.abandoned_at);
        self.tell_callbacks();
        Ok(callback)
    }

    fn tell_callbacks(&self) {
        self.live.tell(Audience::Everyone, Event::Callbacks);
    }
}

fn require_claim(who: &Principal, callback: &CallbackView) -> Result<(), DeskError> {
    match callback.claimed_by {
        Some(by) if by != who.user => who.require(Role::Supervisor),
        _ => Ok(()),
    }
}

fn event(who: &Principal, at: Timestamp, kind: &'static str, call: CallId, data: Value) -> NewEvent {
    let actor = Actor::User { id: who.user, name: who.name.clone() };
    NewEvent { at, actor, kind, call: Some(call), incident: None, data, dedupe: None }
}
