//! Who hears whom in one call, derived from where everybody stands. Pure: the line makes the voice engine match it.
//!
//! Nothing here remembers what was before: after every change the whole is derived anew, so that no order of events can leave
//! somebody in a conversation who should not be.

use dispatch::contract::MonitorMode;
use dispatch::id::{CallId, PartyId, UserId};
use media::{Member, Role};
use std::collections::BTreeMap;
use uuid::Uuid;

/// Where the caller of a call stands; for an outbound call that is whoever was called.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Caller {
    /// With nobody, and hears this.
    Waiting(Sound),
    /// With whoever else is in the conversation.
    Talking,
    /// Not answered yet, and heard by the operator already: the carrier's own ringing, or its announcement.
    Early,
    /// Put aside by the operator, and hears the hold announcement.
    Held,
    /// Left, while the operator goes on with those who were called in. Nothing is sent there any more.
    Gone,
}

/// What is played to one person in place of the conversation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sound {
    /// Nothing is sent.
    Silence,
    /// Silence is sent: some carriers let nothing be heard before they hear us.
    Hush,
    Ringback,
    /// All operators are busy; `position` is the caller's place in the queue, if it is told.
    Busy {
        position: Option<u32>,
    },
    Hold,
}

/// Somebody who was called into the call: an agency, a mobile phone, the fallback number.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Party {
    pub id: PartyId,
    /// The party's leg in the voice engine.
    pub media: Uuid,
    pub joins: Joins,
    pub reach: Reach,
}

/// How far a call to a party has got.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reach {
    Rings,
    /// It may be heard before the answer, and nothing was heard yet.
    Described,
    /// It is heard before the answer.
    Early,
    Answered,
}

impl Party {
    pub fn answered(&self) -> bool {
        self.reach == Reach::Answered
    }

    /// Whether it is heard: what comes before the answer only by the operator who waits for it, for it would disturb a conversation.
    fn is_heard(&self) -> bool {
        self.answered() || self.reach == Reach::Early && self.joins == Joins::Operator
    }
}

/// How a party takes part once it has answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Joins {
    /// With the operator alone, while the caller is put aside; while the operator is with the caller the party is put aside.
    Operator,
    /// With everybody.
    Everybody,
}

/// Everybody in the call.
#[derive(Debug, Clone)]
pub struct Standing {
    pub call: CallId,
    pub caller: Caller,
    pub operator: Option<UserId>,
    pub parties: Vec<Party>,
    pub monitors: BTreeMap<UserId, MonitorMode>,
    /// Those of us who speak by a desk phone, with the phone's leg in the voice engine; all others by their headset.
    pub telephones: BTreeMap<UserId, Uuid>,
    /// The operator's headset has been away for so long that the caller must not be left in silence.
    pub covered: bool,
}

/// What the voice engine has to do for it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Arrangement {
    /// Of the room; empty when there is no conversation.
    pub members: Vec<Member>,
    /// `None`: the room.
    pub caller_hears: Option<Sound>,
    /// `None`: the room.
    pub operator_hears: Option<(Uuid, Sound)>,
    /// Parties that do not hear the room.
    pub parties_hear: BTreeMap<Uuid, Sound>,
}

impl Arrangement {
    /// Nobody but a caller who hears nothing.
    pub fn nobody() -> Self {
        let parties_hear = BTreeMap::new();
        Self { members: Vec::new(), caller_hears: Some(Sound::Silence), operator_hears: None, parties_hear }
    }
}

impl Standing {
    pub fn new(call: CallId, caller: Caller) -> Self {
        let (monitors, telephones) = (BTreeMap::new(), BTreeMap::new());
        Self { call, caller, operator: None, parties: Vec::new(), monitors, telephones, covered: false }
    }

    /// The leg by which one of us speaks and hears.
    pub fn voice(&self, user: UserId) -> Uuid {
        self.telephones.get(&user).copied().unwrap_or(user.0)
    }

    pub fn party(&mut self, id: PartyId) -> Option<&mut Party> {
        self.parties.iter_mut().find(|party| party.id == id)
    }

    /// The operator is with the caller again; whoever the operator talked with, or waits for, joins them.
    pub fn together(&mut self) {
        self.caller = Caller::Talking;
        for party in &mut self.parties {
            party.joins = Joins::Everybody;
        }
    }

    /// The caller has left; whoever was called in is with the operator from now on.
    pub fn caller_leaves(&mut self) {
        self.caller = Caller::Gone;
        for party in &mut self.parties {
            party.joins = Joins::Operator;
        }
    }

    /// Whether the operator talks, or waits to talk, with a party while the caller is put aside.
    pub fn consults(&self) -> bool {
        self.parties.iter().any(|party| party.joins == Joins::Operator)
    }

    /// The leg of whom the operator talks with: somebody who is consulted, else the caller.
    pub fn spoken_with(&self) -> Uuid {
        let mut consulted = self.parties.iter().filter(|party| party.is_heard() && party.joins == Joins::Operator);
        consulted.next_back().filter(|_| self.caller != Caller::Talking).map_or(self.call.0, |party| party.media)
    }

    /// Whether somebody besides the operator talks with a caller who is not put aside: a party, or a supervisor who has joined.
    pub fn in_company(&self) -> bool {
        let joined = |party: &Party| party.answered() && party.joins == Joins::Everybody;
        self.parties.iter().any(joined) || self.joined_by() > 0
    }

    /// How many supervisors have joined.
    fn joined_by(&self) -> usize {
        let joined = |(who, mode): &(&UserId, &MonitorMode)| **mode == MonitorMode::Barge && self.operator != Some(**who);
        self.monitors.iter().filter(joined).count()
    }

    pub fn arrangement(&self) -> Arrangement {
        let mut speakers: Vec<Uuid> = Vec::new();
        let caller_talks = matches!(self.caller, Caller::Talking | Caller::Early);
        if caller_talks {
            speakers.push(self.call.0);
        }
        speakers.extend(self.operator.map(|operator| self.voice(operator)));
        let is_aside = |party: &&Party| party.joins == Joins::Operator && caller_talks;
        let heard = || self.parties.iter().filter(|party| party.is_heard() && (caller_talks || self.operator.is_some()));
        speakers.extend(heard().filter(|party| !is_aside(party)).map(|party| party.media));
        // An operator who has put the caller aside may be told something meanwhile.
        let spoken_to = self.operator.is_some() && self.monitors.values().any(|mode| *mode != MonitorMode::Listen);
        // A supervisor who has joined is left with the caller when the operator is lost.
        let alone = match caller_talks {
            true => speakers.len() + self.joined_by() < 2,
            false => speakers.len() < 2 && !spoken_to,
        };
        let mut members: Vec<Member> = Vec::new();
        if !alone {
            members.extend(speakers.iter().map(|leg| Member { leg: *leg, role: Role::Speaker }));
            members.extend(self.monitors.iter().filter_map(|(supervisor, mode)| self.monitor(*supervisor, *mode)));
        }
        let rings = alone && !caller_talks && self.parties.iter().any(|party| party.joins == Joins::Operator);
        let aside = heard().filter(is_aside).map(|party| (party.media, Sound::Hold));
        // A single party would hear nothing at all while the headset is away, and hang up.
        let lonely = self.caller == Caller::Gone
            && self.covered
            && members.iter().filter(|member| member.role == Role::Speaker).count() == 2;
        let waits = heard().filter(|party| lonely && party.answered()).map(|party| (party.media, Sound::Hold));
        let described = self.parties.iter().filter(|party| party.reach == Reach::Described);
        Arrangement {
            members,
            caller_hears: match self.caller {
                Caller::Waiting(sound) => Some(sound),
                Caller::Held => Some(Sound::Hold),
                Caller::Talking if self.covered && !self.in_company() => Some(Sound::Hold),
                Caller::Talking if alone => Some(Sound::Silence),
                Caller::Gone => Some(Sound::Silence),
                Caller::Talking | Caller::Early => None,
            },
            // A caller who is waited for is an outbound call that rings.
            operator_hears: self
                .operator
                .filter(|_| rings || matches!(self.caller, Caller::Waiting(_)))
                .map(|operator| (self.voice(operator), Sound::Ringback)),
            parties_hear: aside.chain(waits).chain(described.map(|party| (party.media, Sound::Hush))).collect(),
        }
    }

    /// A whisper needs somebody to whisper to; without an operator its supervisor only listens.
    fn monitor(&self, supervisor: UserId, mode: MonitorMode) -> Option<Member> {
        if self.operator == Some(supervisor) {
            return None;
        }
        let role = match (mode, self.operator) {
            (MonitorMode::Barge, _) => Role::Speaker,
            (MonitorMode::Whisper, Some(operator)) => Role::Coach { of: self.voice(operator) },
            (MonitorMode::Listen | MonitorMode::Whisper, _) => Role::Listener,
        };
        Some(Member { leg: self.voice(supervisor), role })
    }
}

#[cfg(test)]
#[path = "arrangement_tests.rs"]
mod tests;
