//! Somebody who talks in a call is not heard: who that is, and who is told.

use super::line::Report;
use super::{LegKind, Switchboard, now};
use crate::clock;
use dispatch::contract::{AddressFamily, AlarmKind, CallSide, CallState, PartyState, PartyView};
use dispatch::id::{CallId, PartyId, UserId};
use std::net::IpAddr;
use std::time::{Duration, Instant};
use uuid::Uuid;

/// How long whoever has just answered may be silent, as everybody else in a conversation.
const ONE_WAY: Duration = Duration::from_secs(3);

/// How long nothing may be heard of a telephone before it is asked whether it still has the call, and asked again.
pub const UNHEARD: Duration = Duration::from_secs(30);

/// Where a telephone says that its voice is.
#[derive(Debug, Clone, Copy)]
pub(super) struct FarEnd {
    address: IpAddr,
    heard: bool,
}

impl FarEnd {
    pub fn of(audio: &sip::RemoteAudio) -> Self {
        FarEnd { address: audio.address.ip(), heard: false }
    }
}

impl Switchboard {
    pub(super) fn one_way(&mut self, call: CallId, silent: Uuid) {
        self.watch_unheard(call, silent);
        match self.missed(call, silent) {
            Missed::Now(alarm) => self.raise_silence(call, alarm),
            // Nobody need speak before the answer; who is silent even after it is told then.
            Missed::AfterTheAnswer => {
                if let Some(found) = self.calls.get_mut(&call) {
                    found.silent.insert(silent);
                }
            }
            Missed::ByNobody => {}
        }
    }

    pub(super) fn heard_again(&mut self, call: CallId, leg: Uuid) {
        if let Some(found) = self.calls.get_mut(&call) {
            found.silent.remove(&leg);
            found.unheard.remove(&leg);
        }
        let Missed::Now(alarm) = self.missed(call, leg) else { return };
        if matches!(alarm, AlarmKind::OneWayAudio { silent: CallSide::Operator, .. }) {
            self.phone_silent(call, false);
        }
        self.desk.clear_alarms(|kind| *kind == alarm);
    }

    /// Whoever was silent before the answer has had the time to be heard since.
    pub(super) fn still_silent(&mut self, call: CallId) {
        let silent = self.calls.get_mut(&call).map(|found| std::mem::take(&mut found.silent)).unwrap_or_default();
        for leg in silent {
            self.one_way(call, leg);
        }
    }

    /// Somebody has answered, and has a moment to be heard.
    pub(super) fn is_to_be_heard(&self, call: CallId) {
        if self.calls.get(&call).is_some_and(|found| !found.silent.is_empty()) {
            self.plant.report_after(ONE_WAY, Report::StillSilent { call });
        }
    }

    /// Whoever says nothing for long may be gone without a word, and a call that nobody of us holds any more would never end.
    fn watch_unheard(&mut self, call: CallId, leg: Uuid) {
        let since = clock::instant();
        let Some(found) = self.calls.get_mut(&call) else { return };
        if *found.unheard.entry(leg).or_insert(since) == since {
            self.plant.report_after(UNHEARD, Report::StillUnheard { call, leg, since });
        }
    }

    /// Where nobody of us holds the call, the telephone is asked whether it still has it, for as long as it is not heard. An operator who
    /// has the call has an alarm instead, and decides.
    pub(super) fn still_unheard(&mut self, call: CallId, leg: Uuid, since: Instant) {
        let is_unheard = self.calls.get(&call).is_some_and(|found| found.unheard.get(&leg) == Some(&since));
        let of = |(of, kind): &(CallId, LegKind)| {
            *of == call
                && match kind {
                    LegKind::Caller => leg == call.0,
                    LegKind::Party(party) => party.0 == leg,
                    LegKind::Test => false,
                }
        };
        let Some(dialog) = self.legs.iter().find(|(_, kind)| of(kind)).map(|(dialog, _)| *dialog).filter(|_| is_unheard) else {
            return;
        };
        if self.queue.call(call).is_some_and(|status| status.operator.is_none()) {
            self.plant.sip.probe(dialog);
        }
        self.plant.report_after(UNHEARD, Report::StillUnheard { call, leg, since });
    }

    fn raise_silence(&mut self, call: CallId, alarm: AlarmKind) {
        metrics::counter!("siaga_one_way_audio_total").increment(1);
        if matches!(alarm, AlarmKind::OneWayAudio { silent: CallSide::Operator, .. }) {
            self.phone_silent(call, true);
        }
        let beyond_reach = self.beyond_reach(&alarm);
        self.desk.raise_alarm(alarm, now());
        if let Some(why) = beyond_reach {
            metrics::counter!("siaga_voice_beyond_reach_total").increment(1);
            self.desk.raise_alarm(why, now());
        }
    }

    /// What a telephone says of where its voice is.
    pub(super) fn is_spoken_from(&mut self, call: CallId, audio: &sip::RemoteAudio) {
        if let Some(found) = self.calls.get_mut(&call) {
            let now = FarEnd::of(audio);
            found.far_end = found.far_end.filter(|before| before.address == now.address).or(Some(now));
        }
    }

    /// Some telephones name an address of one family and speak by the other: whoever was heard can be reached.
    pub(super) fn is_reached(&mut self, call: CallId) {
        if let Some(far_end) = self.calls.get_mut(&call).and_then(|found| found.far_end.as_mut()) {
            far_end.heard = true;
        }
    }

    /// The carrier of a caller who was never heard and whose voice is where this server has no address to speak from.
    fn beyond_reach(&self, alarm: &AlarmKind) -> Option<AlarmKind> {
        let AlarmKind::OneWayAudio { call, silent: CallSide::Caller } = alarm else { return None };
        let found = self.calls.get(call)?;
        let FarEnd { address, .. } = found.far_end.filter(|far_end| !far_end.heard && !self.families.reach(far_end.address))?;
        let (trunk, family) =
            (found.view.trunk.clone(), if address.is_ipv4() { AddressFamily::Ipv4 } else { AddressFamily::Ipv6 });
        tracing::warn!(%call, trunk, ?family, "no voice: set `media.other_address`");
        Some(AlarmKind::VoiceBeyondReach { trunk, family })
    }

    /// Whom this leg of a call's room stands for, and whether it is expected to be heard.
    fn missed(&self, call: CallId, leg: Uuid) -> Missed {
        let Some(found) = self.calls.get(&call) else { return Missed::ByNobody };
        let one_way = |silent| AlarmKind::OneWayAudio { call, silent };
        if found.view.state == CallState::Calling {
            return Missed::AfterTheAnswer;
        }
        if leg == call.0 {
            return Missed::Now(one_way(CallSide::Caller));
        }
        let speaker = self.phones.speaker(leg).unwrap_or(UserId(leg));
        // A phone that holds its side of a conference sends what it likes.
        if self.phones.speaker_holds(leg) {
            return Missed::ByNobody;
        }
        if found.view.operator == Some(speaker) || found.fallback == Some(PartyId(leg)) {
            return Missed::Now(one_way(CallSide::Operator));
        }
        match found.view.parties.iter().find(|party| party.id == PartyId(leg)) {
            Some(party) if matches!(party.state, PartyState::Consulting | PartyState::Joined) => {
                Missed::Now(AlarmKind::PartySilent { call, party: called(party) })
            }
            Some(_) => Missed::AfterTheAnswer,
            // A supervisor who has joined may well say nothing.
            None => Missed::ByNobody,
        }
    }

    /// Nobody is expected to be heard any more.
    pub(super) fn silence_is_meant(&self, call: CallId) {
        self.desk.clear_alarms(|kind| {
            matches!(kind, AlarmKind::OneWayAudio { call: of, .. } | AlarmKind::PartySilent { call: of, .. } if *of == call)
        });
    }

    /// The caller is gone, and with it the worry that it is not heard.
    pub(super) fn misses_caller_no_more(&self, call: CallId) {
        let caller = AlarmKind::OneWayAudio { call, silent: CallSide::Caller };
        self.desk.clear_alarms(|kind| *kind == caller);
    }

    /// A party is gone, and with it the worry that it is not heard.
    pub(super) fn misses_no_more(&self, call: CallId, left: &PartyView) {
        let left = called(left);
        self.desk
            .clear_alarms(|kind| matches!(kind, AlarmKind::PartySilent { call: of, party } if *of == call && *party == left));
    }
}

fn called(party: &PartyView) -> String {
    party.name.clone().unwrap_or_else(|| party.number.clone())
}

/// What it means that somebody in a call's room is silent.
enum Missed {
    Now(AlarmKind),
    AfterTheAnswer,
    ByNobody,
}
