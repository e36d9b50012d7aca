//! The heart: calls, queue, incidents and dispatches, their store, and the bridges to chat.

pub mod aml;
pub mod bridge;
pub mod clock;
pub mod contract;
pub mod desk;
pub mod domain;
pub mod id;
pub mod store;
