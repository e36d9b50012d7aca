//! Signing in and out, and setting up the first administrator.

use super::secrets::{new_token, token_hash};
use super::{Desk, DeskError, Principal, SignedIn, check};
use crate::clock;
use crate::contract::{Role, UserView};
use crate::id::{SessionId, UserId};
use crate::store::UserRow;
use jiff::SignedDuration;

const SETUP: &str = "setup";

/// A session's time is written down at most this often.
const SEEN_EVERY: SignedDuration = SignedDuration::from_mins(5);

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
        let expires_at = now + self.settings.session_idle;
        let session = SessionId(clock::new_id());
        let principal = Principal { user: user.id, name: user.name.clone(), role: user.role, session };
        let mut unit = self.store.begin().await?;
        unit.db().insert_session(session, &token_hash(&token), user.id, now, expires_at).await?;
        unit.db().insert_audit(now, user.id, &user.name, "session.began", &session.to_string()).await?;
        unit.commit().await?;
        Ok(SignedIn { token, principal, user: user.into(), expires_at })
    }

    /// Who a token belongs to; [`DeskError::SignedOut`] if nobody. Using a session makes it last longer.
    pub async fn session(&self, token: &str) -> Result<Principal, DeskError> {
        let now = clock::now();
        let session = self.store.read().await?.db().session(&token_hash(token), now).await?.ok_or(DeskError::SignedOut)?;
        if now.duration_since(session.seen_at) > SEEN_EVERY {
            let mut unit = self.store.begin().await?;
            unit.db().extend_session(session.id, now, now + self.settings.session_idle).await?;
            unit.commit().await?;
        }
        Ok(Principal { user: session.user, name: session.name, role: session.role, session: session.id })
    }

    pub async fn sign_out(&self, who: &Principal) -> Result<(), DeskError> {
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
        let user = UserRow { id, username, name, role: Role::Head, active: true, password_hash };
        unit.db().insert_user(&user, now).await?;
        unit.db().insert_audit(now, user.id, &user.name, "user.set_up", &user.id.to_string()).await?;
        unit.commit().await?;
        Ok(user.into())
    }
}
