//! The heart: calls, queue, incidents and dispatches, their store, and the bridges to chat.

pub mod contract;
pub mod id;
