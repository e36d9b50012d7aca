//! The bridges against the services' sides, played by servers on loopback; what has to outlive a crash, on SQLite and on PostgreSQL.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)]

#[path = "../support/mod.rs"]
#[allow(dead_code, unused_imports)]
mod support;

mod durable;
mod outbox;
mod peers;
mod telegram;
mod telegram_failures;
mod whatsapp;
mod whatsapp_peer;
