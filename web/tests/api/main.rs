//! The web side as its clients see it: a real server on a free port, a real desk on SQLite, and a pretended switchboard and
//! archive behind it.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod callbacks;
mod commands;
mod description;
mod footage;
mod live;
mod recordings;
mod reports;
mod roles;
mod server;
mod setup;
mod sign_in;
mod support;
