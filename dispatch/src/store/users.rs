//! The people who sign in.

use super::StoreError;
use super::column::{At, Json};
use super::unit::Conn;
use crate::contract::{Role, UserView};
use crate::id::UserId;
use jiff::Timestamp;

/// A user with what nobody outside the desk sees.
#[derive(Clone, sqlx::FromRow)]
pub struct UserRow {
    pub id: UserId,
    pub username: String,
    pub name: String,
    pub role: Role,
    pub active: bool,
    /// PHC string.
    pub password_hash: String,
    #[sqlx(try_from = "Json<Vec<String>>")]
    pub skills: Vec<String>,
    #[sqlx(try_from = "Json<Vec<String>>")]
    pub languages: Vec<String>,
}

impl From<Json<Vec<String>>> for Vec<String> {
    fn from(json: Json<Vec<String>>) -> Self {
        json.0
    }
}

impl From<UserRow> for UserView {
    fn from(row: UserRow) -> Self {
        let UserRow { id, username, name, role, active, skills, languages, .. } = row;
        Self { id, username, name, role, active, skills, languages }
    }
}

impl Conn<'_> {
    pub async fn insert_user(&mut self, user: &UserRow, now: Timestamp) -> Result<(), StoreError> {
        run!(
            self,
            sqlx::query(
                "INSERT INTO users (id, username, name, role, password_hash, active, created_at, skills, languages) \
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)"
            )
            .bind(user.id)
            .bind(&user.username)
            .bind(&user.name)
            .bind(user.role)
            .bind(&user.password_hash)
            .bind(user.active)
            .bind(At(now))
            .bind(Json(user.skills.clone()))
            .bind(Json(user.languages.clone()))
        )
    }

    pub async fn update_user(&mut self, user: &UserRow) -> Result<(), StoreError> {
        run!(
            self,
            sqlx::query(
                "UPDATE users SET name = $2, role = $3, password_hash = $4, active = $5, skills = $6, languages = $7 WHERE id = $1"
            )
                .bind(user.id)
                .bind(&user.name)
                .bind(user.role)
                .bind(&user.password_hash)
                .bind(user.active)
                .bind(Json(user.skills.clone()))
                .bind(Json(user.languages.clone()))
        )
    }

    pub async fn user(&mut self, id: UserId) -> Result<Option<UserRow>, StoreError> {
        on!(self, |c| sqlx::query_as(
            "SELECT id, username, name, role, active, password_hash, skills, languages FROM users WHERE id = $1"
        )
        .bind(id)
        .fetch_optional(c))
    }

    pub async fn user_by_username(&mut self, username: &str) -> Result<Option<UserRow>, StoreError> {
        on!(self, |c| sqlx::query_as(
            "SELECT id, username, name, role, active, password_hash, skills, languages FROM users WHERE username = $1"
        )
        .bind(username)
        .fetch_optional(c))
    }

    pub async fn users(&mut self) -> Result<Vec<UserView>, StoreError> {
        let rows: Vec<UserRow> = on!(self, |c| {
            sqlx::query_as(
            "SELECT id, username, name, role, active, password_hash, skills, languages FROM users ORDER BY username LIMIT 1000"
        )
        .fetch_all(c)
        })?;
        Ok(rows.into_iter().map(Into::into).collect())
    }

    pub async fn count_users(&mut self) -> Result<i64, StoreError> {
        on!(self, |c| sqlx::query_scalar("SELECT COUNT(*) FROM users").fetch_one(c))
    }

    /// Active heads, who can administer.
    pub async fn count_heads(&mut self) -> Result<i64, StoreError> {
        on!(self, |c| sqlx::query_scalar("SELECT COUNT(*) FROM users WHERE role = 'head' AND active").fetch_one(c))
    }
}
