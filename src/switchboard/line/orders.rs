//! What the switchboard orders of a line, and what the line reports.

use super::CallOutError;
use super::arrangement::{Joins, Sound};
use dispatch::contract::{AdditionalData, CallText, CallerLocation, MonitorMode, Refusal, Reply, Typed};
use dispatch::desk::{Failure, HeardSide, Sought, Unfetched, Who};
use dispatch::id::{CallId, PartyId, UserId};
use std::time::Instant;
use tokio::sync::mpsc;
use uuid::Uuid;

/// Orders that may wait at one line; past it the switchboard counts and drops the order.
pub const ORDERS: usize = 64;

/// The two ends of a line's queue. Orders are apart from it, for it has room for a whole block of them from the start.
pub type Post = mpsc::Sender<Box<Order>>;
pub type Inbox = mpsc::Receiver<Box<Order>>;

#[derive(Debug)]
pub enum Order {
    /// The caller waits with nobody, and hears this.
    Wait(Sound),
    /// It rings at somebody, who may answer any moment.
    MayTalkWith {
        operator: UserId,
    },
    /// Voice between caller and operator; answers the call if it is not answered yet.
    Bridge {
        operator: UserId,
    },
    /// By what one of us speaks from now on: a desk phone's leg in the voice engine, which is the line's to close, or the headset.
    Voice {
        of: UserId,
        leg: Option<uuid::Uuid>,
    },
    /// The operator does not have the call any more.
    Unbridge,
    /// The caller is put aside.
    Hold,
    /// The operator is with the caller again; whoever the operator talked with meanwhile waits.
    Resume {
        operator: UserId,
    },
    /// Caller, operator and parties hear each other from now on.
    Merge {
        operator: UserId,
    },
    /// The operator's headset is away: soon the caller hears the hold announcement instead of nothing.
    Cover,
    /// The headset is back.
    Uncover,
    /// The caller has left, and the operator goes on with whoever was called in.
    CallerGone,
    /// Keys for the caller's side, or for whoever is consulted.
    Digits(String),
    /// The caller's side offers text within the call, and waits to hear where it goes.
    PlaceText,
    /// The caller's side says where its text goes; `None`: it has none any more.
    Text(Option<sip::RemoteText>),
    /// Letters for the caller.
    Type {
        id: Uuid,
        text: Typed,
        who: Who,
        reply: Reply,
    },
    /// The description of the caller's side is known or has changed.
    Remote(sip::RemoteAudio),
    /// A call of ours may be heard before it is answered; `None`: no longer. The call itself, or one to a party.
    Early {
        of: Option<PartyId>,
        audio: Option<sip::RemoteAudio>,
    },
    /// The first sound of the caller's side, or of a party.
    Heard {
        of: Option<PartyId>,
    },
    /// Whoever an outbound call is for has answered.
    Reached(sip::RemoteAudio),
    /// Calls somebody into the call.
    Dial {
        party: PartyId,
        number: String,
        routes: Vec<sip::TrunkName>,
        joins: Joins,
    },
    PartyAnswered {
        party: PartyId,
        audio: sip::RemoteAudio,
    },
    /// A party put us aside, or is heard from elsewhere.
    PartyRemote {
        party: PartyId,
        audio: sip::RemoteAudio,
    },
    /// A party's leg has ended, or never came to be.
    PartyGone {
        party: PartyId,
        end: PartyEnd,
    },
    DropParty {
        party: PartyId,
    },
    /// A supervisor takes part, or no longer.
    Monitor {
        supervisor: UserId,
        mode: Option<MonitorMode>,
    },
    /// The caller hears how to answer without speaking.
    PromptSilent,
    /// The last order: ends the caller's leg, if the caller has not, and frees everything.
    Release,
}

/// What an invitation offers of the caller's media.
#[derive(Debug)]
pub struct Offer {
    pub audio: Option<sip::RemoteAudio>,
    pub text: Option<sip::RemoteText>,
    /// Something can be played to the caller before the answer.
    pub early: bool,
}

#[derive(Debug)]
pub enum Report {
    /// The caller's voice found no room: the call has been refused.
    Refused {
        call: CallId,
        error: media::OpenError,
    },
    /// An outbound call is on its way.
    Calling {
        call: CallId,
        leg: sip::LegId,
    },
    /// An outbound call could not be made.
    NotCalled {
        call: CallId,
        error: CallOutError,
    },
    /// A party could not be called; its end is told as well.
    PartyNotCalled {
        error: CallOutError,
    },
    /// Whoever was silent before the answer has had time to be heard.
    StillUnheard {
        call: CallId,
        leg: Uuid,
        since: Instant,
    },
    StillSilent {
        call: CallId,
    },
    /// A waiting caller's line was answered, so that it does not end for having rung too long.
    LineKept {
        call: CallId,
    },
    Bridged {
        call: CallId,
        operator: UserId,
    },
    BridgeFailed {
        call: CallId,
        operator: UserId,
        error: String,
    },
    /// The caller still hears the hold announcement.
    ResumeFailed {
        call: CallId,
        operator: UserId,
    },
    PartyDialled {
        call: CallId,
        party: PartyId,
        leg: sip::LegId,
    },
    /// `consulted`: with the operator alone.
    PartyUp {
        call: CallId,
        party: PartyId,
        consulted: bool,
    },
    /// The party is gone, or was never reached. `resumed`: with that a consultation is over, and the operator is with the caller again.
    PartyDown {
        call: CallId,
        party: PartyId,
        end: PartyEnd,
        resumed: bool,
    },
    /// The supervisor does not take part.
    MonitorFailed {
        call: CallId,
        supervisor: UserId,
    },
    /// Text found no room; the call goes on by voice.
    NoText {
        error: media::OpenError,
    },
    /// How the text of the call stands now.
    Text {
        call: CallId,
        text: CallText,
    },
    /// Letters are on their way to the caller.
    Typed {
        call: CallId,
        who: Who,
        text: Typed,
    },
    /// The headset of a supervisor who was at a call has been away for a while.
    MonitorAway {
        supervisor: UserId,
    },
    /// A call to a desk phone, or from it, has a voice and is on its way.
    PhoneCalling {
        phone: String,
        media: uuid::Uuid,
        leg: sip::LegId,
        audio: sip::LocalAudio,
    },
    /// A desk phone could not be called.
    PhoneNotCalled {
        phone: String,
        media: uuid::Uuid,
        error: CallOutError,
    },
    /// Whose phone it is from which a shift is to be begun.
    PhoneOwner {
        call: super::super::features::FeatureCall,
        owner: super::super::features::Owner,
    },
    /// A call that the machine answered, or could not, is over; SIP need not say so of one that had ended before.
    Played {
        leg: sip::LegId,
    },
    /// What was asked of the desk at a phone is done, or not.
    PhoneDone {
        call: super::super::features::FeatureCall,
        done: Result<(), Refusal>,
    },
    /// Whom a phone calls back.
    PhoneCallsBack {
        call: super::super::features::FeatureCall,
        next: Result<super::super::phone_desk::Claim, Refusal>,
    },
    /// Whoever wants calls at this phone has heard so, and has hung up.
    PhoneReady {
        phone: String,
    },
    /// A phone spoke in both of its calls a moment ago.
    PhoneSettled {
        phone: String,
    },
    /// A phone that has refused a call may be asked again.
    PhoneRested {
        phone: String,
    },
    /// What the caller's network keeps on a server.
    Located {
        call: CallId,
        location: Option<CallerLocation>,
        additional: Vec<AdditionalData>,
    },
    /// What the caller's network keeps on a server could not be had from there.
    NotFetched {
        call: CallId,
        what: Sought,
        why: Unfetched,
    },
    /// Where the caller's network sees the caller now.
    Relocated {
        call: CallId,
        location: CallerLocation,
    },
    /// How somebody in the call was heard: told when that one's part is over, of the caller when the line is closed and its ports are free again.
    WasHeard {
        call: CallId,
        side: HeardSide,
        statistics: media::LegStatistics,
    },
}

/// How a party's part ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PartyEnd {
    NotReached(Failure),
    /// After talking, by the party.
    HungUp,
    /// After talking, by the network.
    Lost,
    /// We ended it.
    Dropped,
}
