//! Sessions that were seen to be true, kept in memory: while the store does not answer, whoever is signed in goes on working,
//! so that a call can be answered. It never makes a session true that the store has not said to be.

use super::Principal;
use crate::id::{SessionId, UserId};
use jiff::Timestamp;
use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// More people than any city has at its consoles.
const LIMIT: usize = 10_000;

#[derive(Clone)]
struct Seen {
    who: Principal,
    expires_at: Timestamp,
}

/// A cheap clone; by the hash of each session's token.
#[derive(Clone, Default)]
pub(super) struct SeenSessions {
    seen: Arc<Mutex<HashMap<String, Seen>>>,
}

impl SeenSessions {
    fn lock(&self) -> MutexGuard<'_, HashMap<String, Seen>> {
        // The map is whole between any two statements that change it.
        self.seen.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The store has just said so. When too many are known, one that ends soonest makes room.
    pub fn keep(&self, hash: &str, who: &Principal, expires_at: Timestamp, now: Timestamp) {
        let mut seen = self.lock();
        if seen.len() >= LIMIT && !seen.contains_key(hash) {
            seen.retain(|_, session| session.expires_at > now);
            let first = seen.iter().min_by_key(|(_, session)| session.expires_at).map(|(hash, _)| hash.clone());
            if let Some(first) = first.filter(|_| seen.len() >= LIMIT) {
                seen.remove(&first);
                metrics::counter!("siaga_sessions_unremembered_total").increment(1);
            }
        }
        seen.insert(hash.to_owned(), Seen { who: who.clone(), expires_at });
    }

    /// Who it is, as the store said last; `None` if it never did, or the session has ended since.
    pub fn who(&self, hash: &str, now: Timestamp) -> Option<Principal> {
        self.lock().get(hash).filter(|session| session.expires_at > now).map(|session| session.who.clone())
    }

    pub fn forget(&self, hash: &str) {
        self.lock().remove(hash);
    }

    pub fn forget_session(&self, session: SessionId) {
        self.lock().retain(|_, seen| seen.who.session != session);
    }

    pub fn forget_user(&self, user: UserId) {
        self.lock().retain(|_, seen| seen.who.user != user);
    }
}
