//! Sessions that were seen to be true, kept in memory: whoever was asked about a moment ago is not asked about again, and while the
//! store does not answer, whoever is signed in goes on working, so that a call is answered at once. It never makes a session true that
//! the store has not said to be, and whatever ends a session is told here too.

use super::Principal;
use crate::id::{SessionId, UserId};
use jiff::{SignedDuration, Timestamp};
use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// More people than any city has at its consoles.
const LIMIT: usize = 10_000;

/// How long what the store said needs no asking again. A console's socket asks more often than that, so the answer to a call that rings
/// waits for no store; and whoever changes people in the database by hand waits this long.
const TRUSTED_FOR: SignedDuration = SignedDuration::from_secs(45);

#[derive(Clone)]
struct Seen {
    who: Principal,
    expires_at: Timestamp,
    confirmed_at: Timestamp,
}

#[derive(Default)]
struct Memory {
    seen: HashMap<String, Seen>,
    /// How often something was forgotten.
    forgotten: u64,
}

/// A moment before the store was asked: what was forgotten since, its answer may not know.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Asked(u64);

/// While it lives, a user's sessions are being ended in the store.
#[must_use]
pub(super) struct Ending {
    sessions: SeenSessions,
    user: UserId,
}

impl Drop for Ending {
    fn drop(&mut self) {
        self.sessions.forget_user(self.user);
    }
}

/// A cheap clone; by the hash of each session's token.
#[derive(Clone, Default)]
pub(super) struct SeenSessions {
    memory: Arc<Mutex<Memory>>,
}

impl SeenSessions {
    fn lock(&self) -> MutexGuard<'_, Memory> {
        // The map is whole between any two statements that change it.
        self.memory.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// To be taken before the store is asked.
    pub fn asking(&self) -> Asked {
        Asked(self.lock().forgotten)
    }

    /// The store has said so. When too many are known, one that ends soonest makes room.
    pub fn keep(&self, asked: Asked, hash: &str, who: &Principal, expires_at: Timestamp, now: Timestamp) {
        let mut memory = self.lock();
        if memory.forgotten != asked.0 {
            return;
        }
        let seen = &mut memory.seen;
        if seen.len() >= LIMIT && !seen.contains_key(hash) {
            seen.retain(|_, session| session.expires_at > now);
            let first = seen.iter().min_by_key(|(_, session)| session.expires_at).map(|(hash, _)| hash.clone());
            if let Some(first) = first.filter(|_| seen.len() >= LIMIT) {
                seen.remove(&first);
                metrics::counter!("siaga_sessions_unremembered_total").increment(1);
            }
        }
        seen.insert(hash.to_owned(), Seen { who: who.clone(), expires_at, confirmed_at: now });
    }

    /// Who it is, as the store said last; `None` if it never did, or the session has ended since.
    pub fn who(&self, hash: &str, now: Timestamp) -> Option<Principal> {
        self.lock().seen.get(hash).filter(|session| session.expires_at > now).map(|session| session.who.clone())
    }

    /// Who it is, if the store said so a moment ago.
    pub fn just_confirmed(&self, hash: &str, now: Timestamp) -> Option<Principal> {
        let memory = self.lock();
        let session = memory.seen.get(hash).filter(|session| session.expires_at > now)?;
        let age = now.duration_since(session.confirmed_at);
        (SignedDuration::ZERO..TRUSTED_FOR).contains(&age).then(|| session.who.clone())
    }

    /// The store knows no such session. Made-up tokens of a stranger change nothing here, or a flood of them would keep everybody's session
    /// from being remembered.
    pub fn forget(&self, hash: &str) {
        let mut memory = self.lock();
        if memory.seen.remove(hash).is_some() {
            memory.forgotten += 1;
        }
    }

    pub fn forget_session(&self, session: SessionId) {
        let mut memory = self.lock();
        memory.seen.retain(|_, seen| seen.who.session != session);
        memory.forgotten += 1;
    }

    /// Forgets the sessions of a user when it is dropped: also with a request that its client gave up while the store was at work.
    pub fn ending(&self, user: UserId) -> Ending {
        Ending { sessions: self.clone(), user }
    }

    fn forget_user(&self, user: UserId) {
        let mut memory = self.lock();
        memory.seen.retain(|_, seen| seen.who.user != user);
        memory.forgotten += 1;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::contract::Role;
    use uuid::Uuid;

    fn ayu() -> Principal {
        Principal {
            user: UserId(Uuid::from_u128(1)),
            name: "Ayu".into(),
            role: Role::Operator,
            session: SessionId(Uuid::from_u128(2)),
        }
    }

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_second(1_800_000_000 + seconds).unwrap()
    }

    #[test]
    fn a_session_is_believed_for_a_while_and_never_past_its_end() {
        let sessions = SeenSessions::default();
        sessions.keep(sessions.asking(), "long", &ayu(), at(3_600), at(0));
        sessions.keep(sessions.asking(), "short", &ayu(), at(10), at(0));
        assert!(sessions.just_confirmed("long", at(44)).is_some());
        assert!(sessions.just_confirmed("long", at(45)).is_none(), "the store is asked again");
        assert!(sessions.who("long", at(45)).is_some(), "and if it does not answer, it goes on");
        assert!(sessions.just_confirmed("short", at(10)).is_none());
        assert!(sessions.just_confirmed("long", at(-1)).is_none(), "a clock that was put back proves nothing");
    }

    #[test]
    fn who_was_signed_out_while_the_store_was_asked_stays_out() {
        let sessions = SeenSessions::default();
        for forget in [&(|| sessions.forget("hash")) as &dyn Fn(), &|| sessions.forget_session(ayu().session), &|| {
            sessions.forget_user(ayu().user)
        }] {
            sessions.keep(sessions.asking(), "hash", &ayu(), at(3_600), at(0));
            let asked = sessions.asking();
            forget();
            sessions.keep(asked, "hash", &ayu(), at(3_600), at(0));
            assert!(sessions.just_confirmed("hash", at(0)).is_none());
            assert!(sessions.who("hash", at(0)).is_none());
        }
        sessions.keep(sessions.asking(), "hash", &ayu(), at(3_600), at(0));
        assert!(sessions.just_confirmed("hash", at(0)).is_some());
    }

    #[test]
    fn a_flood_of_made_up_tokens_keeps_nobody_from_being_remembered() {
        let sessions = SeenSessions::default();
        let asked = sessions.asking();
        sessions.forget("made up");
        sessions.keep(asked, "hash", &ayu(), at(3_600), at(0));
        assert!(sessions.who("hash", at(0)).is_some());
    }

    #[test]
    fn who_is_signed_out_is_forgotten_also_if_whoever_asked_for_it_goes_away_meanwhile() {
        let sessions = SeenSessions::default();
        sessions.keep(sessions.asking(), "hash", &ayu(), at(3_600), at(0));
        let ending = sessions.ending(ayu().user);
        assert!(sessions.who("hash", at(0)).is_some());
        drop(ending);
        assert!(sessions.who("hash", at(0)).is_none());
    }
}
