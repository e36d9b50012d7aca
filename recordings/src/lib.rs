//! Call audio and CCTV footage on disk.
//!
//! `docs/recordings.md` is the life cycle that this crate follows: what is written in which order, and what a crash leaves.
//! The crate knows nothing of calls, incidents or users beyond their ids, imports no other crate of the workspace, and
//! opens no socket but to cameras.

pub mod audio;
mod clock;
pub mod digest;
mod files;
pub mod footage;
mod threads;
