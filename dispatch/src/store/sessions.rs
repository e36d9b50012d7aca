//! Sign-ins and one-time tokens. Of a token only its hash is kept.

use super::StoreError;
use super::column::At;
use super::unit::Conn;
use crate::contract::Role;
use crate::id::{SessionId, TeamId, UserId};
use jiff::Timestamp;

/// A session that has not ended, with its user.
#[derive(Clone)]
pub struct SessionRow {
    pub id: SessionId,
    pub user: UserId,
    pub name: String,
    pub role: Role,
    pub seen_at: Timestamp,
    pub expires_at: Timestamp,
}

#[derive(sqlx::FromRow)]
struct Row {
    id: SessionId,
    user_id: UserId,
    name: String,
    role: Role,
    seen_at: At,
    expires_at: At,
}

impl Conn<'_> {
    pub async fn insert_session(
        &mut self,
        id: SessionId,
        token_hash: &str,
        user: UserId,
        now: Timestamp,
        expires_at: Timestamp,
    ) -> Result<(), StoreError> {
        run!(
            self,
            sqlx::query("INSERT INTO sessions (id, token_hash, user_id, seen_at, expires_at) VALUES ($1, $2, $3, $4, $5)")
                .bind(id)
                .bind(token_hash)
                .bind(user)
                .bind(At(now))
                .bind(At(expires_at))
        )
    }

    /// The session under this token, if it has not ended and its user is active.
    pub async fn session(&mut self, token_hash: &str, now: Timestamp) -> Result<Option<SessionRow>, StoreError> {
        let row: Option<Row> = on!(self, |c| {
            sqlx::query_as(
            "SELECT s.id, s.user_id, u.name, u.role, s.seen_at, s.expires_at FROM sessions s JOIN users u ON u.id = s.user_id \
             WHERE s.token_hash = $1 AND s.expires_at > $2 AND u.active"
        )
        .bind(token_hash)
        .bind(At(now))
        .fetch_optional(c)
        })?;
        Ok(row.map(|row| SessionRow {
            id: row.id,
            user: row.user_id,
            name: row.name,
            role: row.role,
            seen_at: row.seen_at.0,
            expires_at: row.expires_at.0,
        }))
    }

    pub async fn extend_session(&mut self, id: SessionId, now: Timestamp, expires_at: Timestamp) -> Result<(), StoreError> {
        run!(
            self,
            sqlx::query("UPDATE sessions SET seen_at = $2, expires_at = $3 WHERE id = $1")
                .bind(id)
                .bind(At(now))
                .bind(At(expires_at))
        )
    }

    pub async fn delete_session(&mut self, id: SessionId) -> Result<(), StoreError> {
        run!(self, sqlx::query("DELETE FROM sessions WHERE id = $1").bind(id))
    }

    pub async fn delete_sessions_of(&mut self, user: UserId) -> Result<(), StoreError> {
        run!(self, sqlx::query("DELETE FROM sessions WHERE user_id = $1").bind(user))
    }

    /// Forgets sessions and tokens that have ended.
    pub async fn delete_expired(&mut self, now: Timestamp) -> Result<(), StoreError> {
        run!(self, sqlx::query("DELETE FROM sessions WHERE expires_at <= $1").bind(At(now)))?;
        run!(self, sqlx::query("DELETE FROM tokens WHERE expires_at <= $1").bind(At(now)))
    }

    /// Keeps a one-time token; an older one for the same purpose is void.
    pub async fn replace_token(
        &mut self,
        token_hash: &str,
        purpose: &str,
        team: Option<TeamId>,
        expires_at: Timestamp,
    ) -> Result<(), StoreError> {
        run!(
            self,
            sqlx::query("DELETE FROM tokens WHERE purpose = $1 AND (team_id = $2 OR (team_id IS NULL AND $2 IS NULL))")
                .bind(purpose)
                .bind(team)
        )?;
        run!(
            self,
            sqlx::query("INSERT INTO tokens (token_hash, purpose, team_id, expires_at) VALUES ($1, $2, $3, $4)")
                .bind(token_hash)
                .bind(purpose)
                .bind(team)
                .bind(At(expires_at))
        )
    }

    /// Uses a one-time token up. `None` if there is none such; else the team it was made for.
    pub async fn use_token(
        &mut self,
        token_hash: &str,
        purpose: &str,
        now: Timestamp,
    ) -> Result<Option<Option<TeamId>>, StoreError> {
        on!(self, |c| sqlx::query_scalar(
            "DELETE FROM tokens WHERE token_hash = $1 AND purpose = $2 AND expires_at > $3 RETURNING team_id"
        )
        .bind(token_hash)
        .bind(purpose)
        .bind(At(now))
        .fetch_optional(c))
    }
}
