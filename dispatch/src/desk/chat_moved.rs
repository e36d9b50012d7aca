//! A team's chat gets another address without anybody's doing.

use super::{Desk, DeskError};
use crate::clock;
use crate::contract::{Actor, Channel};
use crate::store::NewEvent;
use serde_json::json;

impl Desk {
    /// Telegram gave a group a new id. The teams of the old chat are those of the new one from now on, each with an event of the
    /// system. Answers how many they are; told again, none.
    pub async fn chat_moved(&self, old: i64, new: i64) -> Result<usize, DeskError> {
        let now = clock::now();
        let mut unit = self.store.begin().await?;
        let mut teams = unit.db().teams().await?;
        teams.retain(|team| team.telegram_chat == Some(old) && old != new);
        for team in &teams {
            unit.db().set_telegram_chat(team.id, new).await?;
            unit.event(NewEvent {
                at: now,
                actor: Actor::System,
                kind: "team.chat_moved",
                call: None,
                incident: None,
                data: json!({ "team": team.id, "team_name": team.name, "channel": Channel::Telegram }),
                dedupe: None,
            });
        }
        self.tell_entries(unit.commit().await?);
        Ok(teams.len())
    }
}
