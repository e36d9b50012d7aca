//! SIP user agent for emergency calls: trunks, dialogs, identity, location, offer/answer.
//!
//! It answers INVITEs of known trunks, tells the owner of the call about them by [`Event`] and does what the owner asks by [`UserAgent`].
//! It is a registrar for the operators' desk phones and for nobody else; it is not a proxy, it holds no media (addresses only), and it knows
//! nothing of operators, queues or recordings.
//! What a message carries beside its audio (location, additional data, alerts) is read here and shown elsewhere; what it only points to is
//! fetched by [`LocationServers`], or followed by [`UserAgent::follow`], when the owner asks for it.
//!
//! A message's way: [`listener`] (sockets, framing, repair) -> [`admission`] (pure: who may, what is refused) -> the transaction and dialog
//! layers of `rsipstack` -> [`leg`] (one task a call) -> [`Event`]. Nothing from an address outside the trunks gets past admission. [`trunk`] keeps
//! the ways to the carriers open.

mod access;
mod additional;
mod admission;
mod alert;
mod asking;
mod clock;
mod config;
mod counters;
mod dialled;
mod error;
mod event;
#[cfg(feature = "fuzzing")]
pub mod fuzzing;
#[cfg(feature = "held")]
mod held;
mod identity;
mod incoming;
mod inspector;
mod invitation;
mod language;
mod leg;
mod limited;
mod listener;
mod location;
mod message;
mod numbers;
mod offers;
mod outbound;
mod outlet;
mod phone;
mod prack;
mod presence;
mod priority;
mod redirect;
mod registry;
mod reliable;
mod resolver;
mod sdp;
mod session_timer;
mod trunk;
mod user_agent;

pub use access::{AccessNetwork, Cell, CellId};
pub use additional::{AdditionalData, DataKind, DataReference, additional_data};
pub use alert::Alert;
pub use config::{
    Account, AllowedServer, CallerId, Config, Host, Limits, Listen, ListenError, Pem, Phone, PhoneDigest, PhoneName, Phones,
    Rate, Redirected, Reliability, Roots, Secret, ServerError, Srtp, Strangers, Target, TargetError, Tls, Transport, Trunk,
    TrunkName,
};
pub use dialled::Purpose;
pub use error::{LegError, StartError};
pub use event::{EndedBy, Event, Invitation, LegId, Lift, OfferTrouble, Outbound, PhoneCall, Referral, Reject, TrunkTrouble};
#[cfg(feature = "held")]
pub use held::{LocationServers, Wanted};
pub use identity::Identity;
pub use location::{GeolocationRouting, Location, Position, Reference as LocationReference, Shape, Unfetched};
pub use numbers::{Country, NumberForm, Numbers};
pub use presence::Followed;
pub use priority::ResourcePriority;
pub use sdp::{
    Codec, Direction, Families, KEY_LENGTH, LocalAudio, LocalMedia, LocalText, PayloadType, RemoteAudio, RemoteText, SrtpKeys,
    SrtpSuite,
};
pub use trunk::TrunkState;
pub use user_agent::UserAgent;

/// The words of an [`Alert`] (Common Alerting Protocol 1.2).
pub mod cap {
    pub use crate::alert::{AlertArea, Cap, Category, Certainty, Info, MessageType, Scope, Severity, Status, Urgency};
}
