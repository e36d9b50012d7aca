//! SIP user agent for emergency calls: trunks, dialogs, identity, location, offer/answer.
//!
//! It answers INVITEs of known trunks, tells the owner of the call about them by [`Event`] and does what the owner asks by [`UserAgent`].
//! It is not a proxy and not a registrar, it holds no media (addresses only), and it knows nothing of operators, queues or recordings.
//!
//! A message's way: [`listener`] (sockets, framing, repair) -> [`admission`] (pure: who may, what is refused) -> the transaction and dialog
//! layers of `rsipstack` -> [`leg`] (one task a call) -> [`Event`]. Nothing from an address outside the trunks gets past admission. [`trunk`] keeps
//! the ways to the carriers open.

mod admission;
mod clock;
mod config;
mod counters;
mod dialled;
mod error;
mod event;
mod identity;
mod incoming;
mod inspector;
mod invitation;
mod leg;
mod limited;
mod listener;
mod location;
mod message;
mod outbound;
mod outlet;
mod registry;
mod reliable;
mod resolver;
mod sdp;
mod session_timer;
mod trunk;
mod user_agent;

pub use config::{
    Account, CallerId, Config, Host, Limits, Listen, ListenError, Pem, Rate, Reliability, Roots, Secret, Srtp, Strangers, Target,
    TargetError, Tls, Transport, Trunk, TrunkName,
};
pub use error::{LegError, StartError};
pub use event::{EndedBy, Event, Invitation, LegId, Outbound, Reject};
pub use identity::Identity;
pub use location::Location;
pub use sdp::{Codec, Direction, KEY_LENGTH, LocalAudio, PayloadType, RemoteAudio, SrtpKeys};
pub use trunk::TrunkState;
pub use user_agent::UserAgent;
