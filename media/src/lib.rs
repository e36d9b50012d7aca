//! The audio of calls, and the real-time text beside it: RTP to and from the trunks, the operators' warm WebRTC legs, what callers
//! hear while they wait, and the taps that recordings are made of.
//!
//! An [`Engine`] owns its threads and sockets; it is told what to do by commands and tells what happened by [`Event`]s. It
//! knows legs, not calls: which leg belongs to whom, and what to do about a silent one, is decided by whoever holds the
//! engine. A leg is in one room at a time, and a sound that is played on it comes before what is said there. There is no
//! codec but G.711.
//!
//! Inside, `trunk`, `operator`, `room`, `jitter`, `playout`, `rewrite`, `silence` and `text` are state machines that get the time and
//! packets and give packets and facts; only `shard` touches sockets and only `clock` asks for the time.

mod clock;
mod config;
mod engine;
mod error;
mod event;
mod g711;
mod jitter;
mod level;
mod operator;
mod packet;
mod places;
mod playout;
mod ports;
mod quality;
mod rewrite;
mod room;
mod sequence;
mod shard;
mod silence;
mod sound;
mod srtp;
mod statistics;
mod tap;
mod text;
mod tone;
mod trunk;

pub use config::Config;
pub use engine::Engine;
pub use error::{AttachError, ConnectError, OpenError, StartError, TextError, Unavailable};
pub use event::{Event, MediaTest, Side, Text};
pub use g711::Codec;
pub use jitter::{Frame, JitterBuffer, JitterCounts};
pub use packet::{RemoteAudio, RtcpAddress};
pub use playout::{PlayoutBuffer, PlayoutCounts};
pub use room::{Member, Role};
pub use sound::Sound;
pub use srtp::{SrtpKeys, SrtpSuite};
pub use statistics::{FarEnd, LegStatistics};
pub use tap::{Dropped, TapFrame, TapItem};
pub use text::RemoteText;

/// Samples per second of everything in this crate.
pub const SAMPLE_RATE: u32 = 8_000;
