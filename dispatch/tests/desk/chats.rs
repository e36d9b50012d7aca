//! How a chat becomes a team's.

use crate::both;
use crate::support::*;
use dispatch::clock;
use dispatch::desk::*;
use dispatch::id::*;

both! {
    async fn a_token_links_one_chat_once(house) {
        let (desk, boss) = (&house.desk, head());
        let team = house.team("Regu 1", None, None).await;
        let old = desk.create_link(&boss, team.id).await.unwrap();
        let link = desk.create_link(&boss, team.id).await.unwrap();
        assert!(link.token.len() <= 64 && link.expires_at > clock::now());
        for wrong in ["", "guess", old.token.as_str()] {
            assert!(matches!(desk.link_chat(wrong, -5, "Grup").await, Err(DeskError::NotFound)));
        }
        let linked = desk.link_chat(&link.token, -5, "Grup Regu 1").await.unwrap();
        assert_eq!((linked.id, linked.telegram_chat), (team.id, Some(-5)));
        assert!(matches!(desk.link_chat(&link.token, -6, "Grup lain").await, Err(DeskError::NotFound)));
        assert_eq!(desk.teams().await.unwrap()[0].telegram_chat, Some(-5));
        assert!(matches!(desk.create_link(&supervisor(), team.id).await, Err(DeskError::Forbidden)));
        assert!(matches!(desk.create_link(&boss, TeamId(clock::new_id())).await, Err(DeskError::NotFound)));
    }
}
