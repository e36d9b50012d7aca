//! The rules, pure: every function gets the time and its inputs and gives outputs. No SQL, no JSON, no socket, no clock.

pub mod card;
pub mod dispatch;
pub mod incident;
pub mod number;
pub mod place;
pub mod queue;
pub mod report;
pub mod reputation;
