//! HTTP API, live events, sign-in and the embedded console.
//!
//! This crate sees `dispatch` only: what a person asks goes to the `Desk` (records) or as a `Command` to the switchboard
//! (calls), and what happens comes back as events. It is the one place for HTTP, and for JSON towards the console.

mod access;
mod app;
mod clock;
mod config;
mod console;
mod cookie;
mod door;
mod error;
mod extract;
mod file;
mod headers;
mod learning;
mod live;
mod looks;
mod monitor;
mod observe;
mod openapi;
mod origin;
mod presence;
mod range;
mod routes;
mod server;
mod signed_out;
mod source;
mod switchboard;
mod throttle;
mod tls;

pub use app::Server;
pub use config::{City, Config, Tls};
pub use monitor::{Check, Readiness};
pub use openapi::document as openapi_document;
pub use server::{Running, ServeError, serve};
pub use tls::{Certificates, TlsError};
