//! What the user agent tells the owner of the calls, and the shapes of its commands.

use crate::access::AccessNetwork;
use crate::additional::{AdditionalData, DataReference};
use crate::alert::Alert;
use crate::config::{PhoneName, TrunkName};
use crate::dialled::Purpose;
use crate::identity::Identity;
use crate::location::{GeolocationRouting, Location, Reference};
use crate::priority::ResourcePriority;
use crate::sdp::{LocalAudio, LocalMedia, RemoteAudio, RemoteText};
use crate::trunk::TrunkState;
use serde::{Deserialize, Serialize};
use std::net::SocketAddr;
use uuid::Uuid;

/// One call's SIP dialog, ours from the INVITE on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct LegId(pub Uuid);

impl std::fmt::Display for LegId {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.fmt(f)
    }
}

/// Delivered in order for each leg. The last of a leg is `Ended` or `OutboundFailed`; nothing of a running leg is ever dropped.
#[derive(Debug, Clone, PartialEq)]
pub enum Event {
    /// A new call rings; 100 and 180 are already sent, but no 180 where the first one is to carry our offer ([`Invitation::early`]).
    Invited(Box<Invitation>),
    /// The caller acknowledged our 200. `audio` is `Some` only when the ACK answered our offer (delayed offer).
    Confirmed { leg: LegId, audio: Option<RemoteAudio> },
    /// The remote side changed its audio (hold, new address); already answered with the leg's current `LocalAudio`. Or it said for the first
    /// time where that is: a PRACK answered the offer that [`UserAgent::progress`] made.
    ///
    /// [`UserAgent::progress`]: crate::UserAgent::progress
    Changed { leg: LegId, audio: RemoteAudio },
    /// A re-INVITE or UPDATE of the remote side carries a location (RFC 6442 section 4.2).
    Located { leg: LegId, location: Box<Location> },
    /// The remote side's real-time text began, changed or ended; already answered with the leg's current `LocalText`.
    TextChanged { leg: LegId, text: Option<RemoteText> },
    /// The remote side offers real-time text in a call that has no place for it. Answered when [`UserAgent::place_text`] says where it
    /// goes; after a second without a word it is declined.
    ///
    /// [`UserAgent::place_text`]: crate::UserAgent::place_text
    TextOffered { leg: LegId },
    /// The called party rings (first 180 or 183), by this trunk. Told once; another trunk may still be the one that carries the call.
    OutboundRinging { leg: LegId, trunk: TrunkName },
    /// Where a call of ours may be heard before it is answered (RFC 3960): the carrier's own ringing, or an announcement. `None`: what was told
    /// before is over, for another trunk is tried.
    OutboundEarly { leg: LegId, audio: Option<RemoteAudio> },
    /// The called party answered, by this trunk; ACK is sent.
    OutboundAnswered { leg: LegId, trunk: TrunkName, audio: RemoteAudio },
    /// The call was not answered. `code` is the SIP status: the peer's, or 408 for silence, 488 for an answer without usable audio.
    OutboundFailed { leg: LegId, code: u16 },
    /// A key pressed, sent as INFO `application/dtmf-relay` or `application/dtmf`: `0`-`9`, `*`, `#`, `A`-`D`.
    Digit { leg: LegId, digit: char },
    /// The leg is over.
    Ended { leg: LegId, by: EndedBy },
    /// An alert without a call (RFC 8876); already answered. Its id is no leg's.
    Alert(Box<Alert>),
    /// A desk phone calls us; 100 and 180 are already sent. `dialled` is the user part of what it called.
    PhoneInvited { leg: LegId, phone: PhoneName, dialled: String, audio: Option<RemoteAudio> },
    /// A desk phone asks that its call go on to somebody else (REFER), and waits for [`UserAgent::refer_over`].
    ///
    /// [`UserAgent::refer_over`]: crate::UserAgent::refer_over
    Referred { leg: LegId, to: Referral },
    /// A desk phone has registered, anew or at another place, or cannot be reached any more. Only the newest state is told. `detail` is for people.
    Phone { phone: PhoneName, registered: bool, detail: String },
    /// A trunk's state changed, or one of its registrations did. `registered`: any registrar has us; `None`: there is none to ask.
    /// `trouble`: why it is down, or else why it is not registered. Only the newest state is told, so changes that came too fast may be missing. `detail`
    /// is for people.
    Trunk { trunk: TrunkName, state: TrunkState, registered: Option<bool>, trouble: Option<TrunkTrouble>, detail: String },
    /// A limit sheds what comes: `calls`, `transactions`, `events`, `connections`, `rate` or `stack`. At most once in ten seconds for each.
    Limited { limit: &'static str },
    /// A carrier's calls are refused for what they offer. At most once in ten seconds for each trunk and reason.
    Incompatible { trunk: TrunkName, why: OfferTrouble },
}

impl Event {
    /// The leg this is about, if it is about one.
    pub fn leg(&self) -> Option<LegId> {
        match self {
            Event::Invited(invitation) => Some(invitation.leg),
            Event::PhoneInvited { leg, .. }
            | Event::Confirmed { leg, .. }
            | Event::Changed { leg, .. }
            | Event::Located { leg, .. }
            | Event::TextChanged { leg, .. }
            | Event::TextOffered { leg }
            | Event::OutboundRinging { leg, .. }
            | Event::OutboundEarly { leg, .. }
            | Event::OutboundAnswered { leg, .. }
            | Event::OutboundFailed { leg, .. }
            | Event::Digit { leg, .. }
            | Event::Referred { leg, .. }
            | Event::Ended { leg, .. } => Some(*leg),
            Event::Alert(_) | Event::Phone { .. } | Event::Trunk { .. } | Event::Limited { .. } | Event::Incompatible { .. } => {
                None
            }
        }
    }
}

/// What is wrong with a trunk.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TrunkTrouble {
    /// OPTIONS is not answered.
    Silent,
    /// There is no way to its proxy.
    Unreachable,
    /// OPTIONS is answered with this code, by which it takes no calls.
    Refuses(u16),
    /// No registrar has us; with the code that one answered last, if it answered.
    NotRegistered(Option<u16>),
}

/// Why an offer cannot be taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum OfferTrouble {
    /// No voice in PCMA or PCMU over RTP as the trunk is to send it, plain or encrypted.
    NoCodec,
    /// The session description cannot be read.
    Unreadable,
}

/// To whom a desk phone gives its call.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Referral {
    /// Whoever has this number.
    Number(String),
    /// Whoever it speaks with in another call of its own (RFC 3891).
    OtherCall,
}

/// A call that rings.
#[derive(Debug, Clone, PartialEq)]
pub struct Invitation {
    pub leg: LegId,
    pub trunk: TrunkName,
    /// Where the INVITE came from, as the packet says.
    pub source: SocketAddr,
    /// The user part of the Request-URI (`112`), or the whole of it for `urn:service:sos...`.
    pub dialled: String,
    /// The emergency service asked for, without `urn:service:`: `sos`, `sos.fire`. `None`: a number was dialled.
    pub service: Option<String>,
    pub purpose: Purpose,
    pub identity: Identity,
    pub location: Option<Location>,
    /// Where (more of) the location is to be had, in the caller's order of preference.
    pub location_references: Vec<Reference>,
    pub location_routing: GeolocationRouting,
    /// What the carrier adds about caller and device (RFC 7852).
    pub additional: Vec<AdditionalData>,
    pub data_references: Vec<DataReference>,
    /// The network and cell that the call came by.
    pub access: Option<AccessNetwork>,
    /// Language tags in lower case, the most wanted first: `id`, `min`, `en`.
    pub languages: Vec<String>,
    /// Those of them that the offer names: what is spoken. The others are those of the telephone (Accept-Language).
    pub spoken: Vec<String>,
    /// `None`: the INVITE has no offer, ours goes into the 200 and the answer comes with [`Event::Confirmed`].
    pub audio: Option<RemoteAudio>,
    /// Early media can be had ([`UserAgent::progress`]). Without an offer that is so where the caller requires reliable provisional responses:
    /// ours is made in the first of them, which waits for that call, and the answer comes with [`Event::Changed`] (RFC 3262 section 5).
    ///
    /// [`UserAgent::progress`]: crate::UserAgent::progress
    pub early: bool,
    /// The caller wants real-time text (RFC 4103) beside its voice.
    pub text: Option<RemoteText>,
    /// `Resource-Priority` as received (RFC 4412), for example `esnet.1`.
    pub priority: Option<String>,
    /// The same, read: the most urgent first.
    pub priorities: Vec<ResourcePriority>,
    /// SIP Call-ID, to find the call in a trace of the carrier.
    pub call_id: String,
}

/// Who or what ended a leg.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum EndedBy {
    /// BYE from the other side.
    RemoteBye,
    /// CANCEL before the answer.
    Cancelled,
    /// Our 200 was never acknowledged.
    NoAck,
    /// Nobody answered, rejected or cancelled within `Limits::max_ring`; the caller never acknowledged a reliable 18x; or nobody
    /// refreshed the session in its time (RFC 4028).
    Timeout,
    /// The dialog broke below us.
    Transport,
    /// `hang_up`, `reject` or `shut_down`.
    Local,
}

impl EndedBy {
    pub(crate) fn label(self) -> &'static str {
        match self {
            EndedBy::RemoteBye => "remote_bye",
            EndedBy::Cancelled => "cancelled",
            EndedBy::NoAck => "no_ack",
            EndedBy::Timeout => "timeout",
            EndedBy::Transport => "transport",
            EndedBy::Local => "local",
        }
    }
}

/// How an unanswered call is turned away.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reject {
    /// 486
    Busy,
    /// 404
    NotFound,
    /// 480
    TemporarilyUnavailable,
    /// 488
    NotAcceptable,
    /// 500
    Error,
    /// 503 with `Retry-After` in seconds.
    Unavailable { retry_after_s: u32 },
}

impl Reject {
    pub(crate) fn code(self) -> u16 {
        match self {
            Reject::Busy => 486,
            Reject::NotFound => 404,
            Reject::TemporarilyUnavailable => 480,
            Reject::NotAcceptable => 488,
            Reject::Error => 500,
            Reject::Unavailable { .. } => 503,
        }
    }
}

/// A call to be made over a trunk's proxy.
#[derive(Debug, Clone, PartialEq)]
pub struct Outbound {
    /// In this order; the next is tried where one cannot carry the call, never where the called party refuses it. Those that are down go last.
    pub trunks: Vec<TrunkName>,
    /// Digits, `+`, `*`, `#` and letters; becomes the user part of the Request-URI.
    pub number: String,
    /// The number shown to the called party, as the trunk's `caller_id` says; `None` shows the product's name.
    pub caller: Option<String>,
    /// Goes into the offer.
    pub media: LocalMedia,
    /// It calls an emergency caller back, and says so (RFC 7090), so that networks let it through to telephones that take no other calls then.
    pub callback: bool,
}

/// A call to be made to a desk phone.
#[derive(Debug, Clone, PartialEq)]
pub struct PhoneCall {
    pub phone: PhoneName,
    /// The number that the phone shows; `None`: an anonymous caller.
    pub caller: Option<String>,
    /// Goes into the offer.
    pub audio: LocalAudio,
    pub lift: Lift,
}

/// Who is to lift the handset of a phone that is called.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Lift {
    Person,
    /// The phone itself, if it can and [`Phones::lift_themselves`](crate::Phones::lift_themselves) allows it: its person has just asked for the call.
    Phone,
}
