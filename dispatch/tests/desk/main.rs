//! The desk's stories, each on SQLite and on PostgreSQL.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)]

#[path = "../support/mod.rs"]
mod support;

mod alarms;
mod alerts;
mod callbacks;
mod calls;
mod chats;
mod city;
mod dispatches;
mod footage;
mod incidents;
mod journal;
mod outbox;
mod reports;
mod reputations;
mod sign_in;
mod telephony;
