//! The rules, pure: every function gets the time and its inputs and gives outputs. No SQL, no JSON, no socket, no clock.

pub mod queue;
