//! How a chat becomes a team's: a token that a manager gives, and the chat gives back.

use super::secrets::{new_token, token_hash};
use super::{Desk, DeskError, Principal};
use crate::clock;
use crate::contract::{Actor, Channel, ChatLink, Role, TeamView};
use crate::id::TeamId;
use crate::store::NewEvent;
use serde_json::json;

const CHAT: &str = "chat";

impl Desk {
    /// A one-time token for the team's chat; it replaces the one before.
    pub async fn create_link(&self, who: &Principal, team: TeamId) -> Result<ChatLink, DeskError> {
        who.require(Role::Manager)?;
        let (token, now) = (new_token()?, clock::now());
        let expires_at = now + self.settings.token_lifetime;
        let mut unit = self.store.begin().await?;
        unit.db().team(team).await?.ok_or(DeskError::NotFound)?;
        unit.db().replace_token(&token_hash(&token), CHAT, Some(team), expires_at).await?;
        unit.db().insert_audit(now, who.user, &who.name, "team.link_created", &team.to_string()).await?;
        unit.commit().await?;
        Ok(ChatLink { team, channel: Channel::Telegram, token, expires_at })
    }

    /// Makes a chat the team's, by the token of [`Desk::create_link`]. `NotFound` if the token is wrong, used or too old.
    pub async fn link_chat(&self, token: &str, chat: i64, title: &str) -> Result<TeamView, DeskError> {
        let now = clock::now();
        let mut unit = self.store.begin().await?;
        let team = unit.db().use_token(&token_hash(token), CHAT, now).await?.flatten().ok_or(DeskError::NotFound)?;
        unit.db().set_telegram_chat(team, chat).await?;
        let team = unit.db().team(team).await?.ok_or(DeskError::NotFound)?;
        unit.event(NewEvent {
            at: now,
            actor: Actor::Team { team: team.id, name: super::check::cut(title.trim(), 100) },
            kind: "team.linked",
            call: None,
            incident: None,
            data: json!({ "team": team.id, "team_name": team.name, "channel": Channel::Telegram }),
            dedupe: None,
        });
        self.tell_entries(unit.commit().await?);
        Ok(team)
    }
}
