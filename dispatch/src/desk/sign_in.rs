//! Signing in and out, and setting up the first administrator.

use super::secrets::{new_token, token_hash};
use super::{Desk, DeskError, Principal, SignedIn, check};
use crate::clock;
use crate::contract::{Role, UserView};
use crate::id::{SessionId, UserId};
use crate::store::{SessionRow, StoreError, UserRow};
use jiff::{SignedDuration, Timestamp};
use std::time::Duration;

const SETUP: &str = "setup";

/// A session's time is written down at most this often.
const SEEN_EVERY: SignedDuration = SignedDuration::from_mins(5);
/// The store has this long to say who somebody is.
const STORE_WITHIN: Duration = Duration::from_secs(1);
/// And this long if it has said so before: the question may stand before the answer to a call that rings.
const STORE_AGAIN_WITHIN: Duration = Duration::from_millis(100);
/// The store has this long to end a session: a console waits longer for its answer.
const SIGN_OUT_WITHIN: Duration = Duration::from_secs(5);

impl Desk {
    /// Begins a session. [`DeskError::WrongPassword`] whichever of the two is wrong, or if the user is not active.
    pub async fn sign_in(&self, username: &str, password: &str) -> Result<SignedIn, DeskError> {
        let username = username.trim().to_lowercase();
        let user = self.store.read().await?.db().user_by_username(&check::cut(&username, 64)).await?;
        let user = user.filter(|user| user.active);
        let hash = user.as_ref().map(|user| user.password_hash.clone());
        if !self.password_fits(&password.chars().take(256).collect::<String>(), hash).await? {
            return Err(DeskError::WrongPassword);
        }
        let user = user.ok_or(DeskError::WrongPassword)?;
        let (token, now) = (new_token()?, clock::now());
        let expires_at = now + self.settings.session_idle.min(self.settings.session_longest);
        let session = SessionId(clock::new_id());
        let principal = Principal { user: user.id, name: user.name.clone(), role: user.role, session };
        let mut unit = self.store.begin().await?;
        unit.db().insert_session(session, &token_hash(&token), user.id, now, expires_at).await?;
        unit.db().insert_audit(now, user.id, &user.name, "session.began", &session.to_string()).await?;
        unit.commit().await?;
        Ok(SignedIn { token, principal, user: user.into(), expires_at })
    }

    /// As [`Desk::confirm_session`], but whoever was confirmed a moment ago need not wait for the store.
    pub async fn session(&self, token: &str) -> Result<Principal, DeskError> {
        match self.seen_sessions.just_confirmed(&token_hash(token), clock::now()) {
            Some(who) => Ok(who),
            None => self.confirm_session(token).await,
        }
    }

    /// Who a token belongs to; [`DeskError::SignedOut`] if nobody. Using a session makes it last longer, up to a day's work.
    ///
    /// While the store fails or takes longer than a tenth of a second, a session that it has confirmed before goes on until it ends.
    pub async fn confirm_session(&self, token: &str) -> Result<Principal, DeskError> {
        let (now, hash) = (clock::now(), token_hash(token));
        let Some(session) = self.confirmed(&hash, now).await? else { return self.remembered(&hash, now) };
        if now.duration_since(session.seen_at) > SEEN_EVERY {
            let extended = tokio::time::timeout(STORE_WITHIN, self.extend(&session, now)).await;
            if let Err(error) = extended.unwrap_or(Err(DeskError::Store(StoreError::TooSlow))) {
                metrics::counter!("siaga_session_extensions_failed_total").increment(1);
                tracing::warn!(%error, "a session could not be extended; it goes on and is extended when it is used again");
            }
        }
        Ok(principal(session))
    }

    /// As [`Desk::session`], but being looked at makes no session last longer: for what is open without being used.
    pub async fn session_is_alive(&self, token: &str) -> Result<Principal, DeskError> {
        let (now, hash) = (clock::now(), token_hash(token));
        match self.confirmed(&hash, now).await? {
            Some(session) => Ok(principal(session)),
            None => self.remembered(&hash, now),
        }
    }

    /// The session as the store has it; `None` if the store does not answer, and it is known from before.
    async fn confirmed(&self, hash: &str, now: Timestamp) -> Result<Option<SessionRow>, DeskError> {
        let asking = self.seen_sessions.asking();
        let asked = async { self.store.read().await?.db().session(hash, now).await };
        let patience = if self.seen_sessions.who(hash, now).is_some() { STORE_AGAIN_WITHIN } else { STORE_WITHIN };
        match tokio::time::timeout(patience, asked).await.unwrap_or(Err(StoreError::TooSlow)) {
            Ok(Some(session)) => {
                self.seen_sessions.keep(asking, hash, &principal(session.clone()), session.expires_at, now);
                Ok(Some(session))
            }
            Ok(None) => {
                self.seen_sessions.forget(hash);
                Err(DeskError::SignedOut)
            }
            Err(error) if self.seen_sessions.who(hash, now).is_none() => Err(error.into()),
            Err(error) => {
                metrics::counter!("siaga_sessions_from_memory_total").increment(1);
                tracing::warn!(%error, "the store does not confirm a session; it goes on as it was known");
                Ok(None)
            }
        }
    }

    fn remembered(&self, hash: &str, now: Timestamp) -> Result<Principal, DeskError> {
        self.seen_sessions.who(hash, now).ok_or(DeskError::SignedOut)
    }

    async fn extend(&self, session: &SessionRow, now: Timestamp) -> Result<(), DeskError> {
        let longest = began_at(session.id).unwrap_or(session.expires_at) + self.settings.session_longest;
        let expires_at = (now + self.settings.session_idle).min(longest);
        let mut unit = self.store.begin().await?;
        unit.db().extend_session(session.id, now, expires_at).await?;
        unit.commit().await?;
        Ok(())
    }

    /// Ends a session. While the store does not do so it goes on in memory, too, and the person is told: whoever is neither in nor out could
    /// answer no call at this console, and could not sign in again either.
    pub async fn sign_out(&self, who: &Principal) -> Result<(), DeskError> {
        let ended = tokio::time::timeout(SIGN_OUT_WITHIN, self.end_session(who)).await;
        ended.unwrap_or(Err(DeskError::Store(StoreError::TooSlow)))?;
        self.seen_sessions.forget_session(who.session);
        Ok(())
    }

    async fn end_session(&self, who: &Principal) -> Result<(), DeskError> {
        let mut unit = self.store.begin().await?;
        unit.db().delete_session(who.session).await?;
        unit.db().insert_audit(clock::now(), who.user, &who.name, "session.ended", &who.session.to_string()).await?;
        unit.commit().await?;
        Ok(())
    }

    pub async fn me(&self, who: &Principal) -> Result<UserView, DeskError> {
        let user = self.store.read().await?.db().user(who.user).await?;
        Ok(user.ok_or(DeskError::SignedOut)?.into())
    }

    /// A one-time token for the first administrator; `None` if there are users. A new token replaces the one before.
    pub async fn setup_token(&self) -> Result<Option<String>, DeskError> {
        let token = new_token()?;
        let mut unit = self.store.begin().await?;
        if unit.db().count_users().await? > 0 {
            return Ok(None);
        }
        let expires_at = clock::now() + self.settings.token_lifetime;
        unit.db().replace_token(&token_hash(&token), SETUP, None, expires_at).await?;
        unit.commit().await?;
        Ok(Some(token))
    }

    /// Creates the first administrator. [`DeskError::WrongPassword`] if the token is wrong, used or too old, or somebody has set the
    /// server up already.
    pub async fn set_up(&self, token: &str, username: &str, name: &str, password: &str) -> Result<UserView, DeskError> {
        let (username, name) = (check::username(username)?, check::name("name", name)?);
        check::password(password)?;
        let now = clock::now();
        let hash = token_hash(token);
        let password_hash = self.hash_password(password).await?;
        let mut unit = self.store.begin().await?;
        let known = unit.db().use_token(&hash, SETUP, now).await?.is_some();
        if !known || unit.db().count_users().await? > 0 {
            return Err(DeskError::WrongPassword);
        }
        let id = UserId(clock::new_id());
        let (skills, languages) = (Vec::new(), Vec::new());
        let user = UserRow { id, username, name, role: Role::Head, active: true, password_hash, skills, languages };
        unit.db().insert_user(&user, now).await?;
        unit.db().insert_audit(now, user.id, &user.name, "user.set_up", &user.id.to_string()).await?;
        unit.commit().await?;
        Ok(user.into())
    }
}

fn principal(session: SessionRow) -> Principal {
    Principal { user: session.user, name: session.name, role: session.role, session: session.id }
}

/// A UUID v7 says when it was made.
fn began_at(session: SessionId) -> Option<Timestamp> {
    let (seconds, _) = session.0.get_timestamp()?.to_unix();
    Timestamp::from_second(i64::try_from(seconds).ok()?).ok()
}
