//! Who may sign in, and as what.

use super::{Desk, DeskError, Principal, check};
use crate::clock;
use crate::contract::{ChangeUser, NewUser, Role, UserView};
use crate::id::UserId;
use crate::store::{StoreError, UserRow};

impl Desk {
    pub async fn users(&self, who: &Principal) -> Result<Vec<UserView>, DeskError> {
        who.require(Role::Manager)?;
        Ok(self.store.read().await?.db().users().await?)
    }

    /// Nobody gives a role above their own.
    pub async fn create_user(&self, who: &Principal, user: NewUser) -> Result<UserView, DeskError> {
        who.require(Role::Manager)?;
        who.require(user.role)?;
        self.insert_user(Some(who), user).await
    }

    /// The active person of this user name, for a desk phone that has proved itself with its own password.
    pub async fn person(&self, username: &str) -> Result<Option<UserView>, DeskError> {
        let user = self.store.read().await?.db().user_by_username(username).await?;
        Ok(user.filter(|user| user.active).map(Into::into))
    }

    /// For the command line, where no one is signed in.
    pub async fn add_user(&self, user: NewUser) -> Result<UserView, DeskError> {
        self.insert_user(None, user).await
    }

    async fn insert_user(&self, who: Option<&Principal>, user: NewUser) -> Result<UserView, DeskError> {
        let (username, name) = (check::username(&user.username)?, check::name("name", &user.name)?);
        check::password(&user.password)?;
        let (skills, languages) = (check::skills(&user.skills)?, check::languages(&user.languages)?);
        let password_hash = self.hash_password(&user.password).await?;
        let id = UserId(clock::new_id());
        let row = UserRow { id, username, name, role: user.role, active: true, password_hash, skills, languages };
        let now = clock::now();
        let mut unit = self.store.begin().await?;
        unit.db().insert_user(&row, now).await.map_err(taken)?;
        if let Some(who) = who {
            unit.db().insert_audit(now, who.user, &who.name, "user.created", &id.to_string()).await?;
        }
        unit.commit().await?;
        Ok(row.into())
    }

    /// Nobody changes somebody of a higher role, or gives one above their own; the last active head stays. A new password, role or
    /// a deactivation ends the user's sessions.
    pub async fn change_user(&self, who: &Principal, id: UserId, change: ChangeUser) -> Result<UserView, DeskError> {
        who.require(Role::Manager)?;
        let name = change.name.as_deref().map(|name| check::name("name", name)).transpose()?;
        let skills = change.skills.as_deref().map(check::skills).transpose()?;
        let languages = change.languages.as_deref().map(check::languages).transpose()?;
        let password_hash = match change.password.as_deref() {
            Some(password) => {
                check::password(password)?;
                Some(self.hash_password(password).await?)
            }
            None => None,
        };
        let mut unit = self.store.begin().await?;
        let old = unit.db().user(id).await?.ok_or(DeskError::NotFound)?;
        who.require(old.role)?;
        let signs_out = password_hash.is_some();
        let new = UserRow {
            name: name.unwrap_or_else(|| old.name.clone()),
            role: change.role.unwrap_or(old.role),
            active: change.active.unwrap_or(old.active),
            password_hash: password_hash.unwrap_or_else(|| old.password_hash.clone()),
            skills: skills.unwrap_or_else(|| old.skills.clone()),
            languages: languages.unwrap_or_else(|| old.languages.clone()),
            ..old.clone()
        };
        who.require(new.role)?;
        let was_head = old.role == Role::Head && old.active;
        if was_head && !(new.role == Role::Head && new.active) && unit.db().count_heads().await? <= 1 {
            return Err(DeskError::conflict("last_head", "make somebody else head first: without one nobody can administer"));
        }
        let _ending = self.seen_sessions.ending(id);
        unit.db().update_user(&new).await?;
        if signs_out || new.role != old.role || !new.active {
            unit.db().delete_sessions_of(id).await?;
        }
        unit.db().insert_audit(clock::now(), who.user, &who.name, "user.changed", &id.to_string()).await?;
        unit.commit().await?;
        Ok(new.into())
    }
}

/// A refused row is one whose name is taken.
fn taken(error: StoreError) -> DeskError {
    match error.is_duplicate() {
        true => DeskError::conflict("username_taken", "this user name is taken; choose another"),
        false => error.into(),
    }
}
