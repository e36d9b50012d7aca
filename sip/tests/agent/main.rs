//! The user agent against peers on loopback: one file for each kind of story. Together, so that they are built once and wait side by side.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

#[path = "../support/mod.rs"]
mod support;

mod alerts;
mod calls;
mod carried;
mod dialogs;
mod failover;
mod lost_ways;
mod outbound;
mod phones;
mod prack;
mod presence;
mod redirections;
mod refreshes;
mod refusals;
mod reliable;
mod routes;
mod session_timer;
mod srtp;
mod storm;
mod streams;
mod torture;
mod torture_rfc;
mod transports;
mod trunks;
