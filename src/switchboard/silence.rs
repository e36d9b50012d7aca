//! Somebody who talks in a call is not heard: who that is, and who is told.

use super::line::Report;
use super::{Switchboard, now};
use dispatch::contract::{AlarmKind, CallSide, CallState, PartyState, PartyView};
use dispatch::id::{CallId, PartyId, UserId};
use std::time::Duration;
use uuid::Uuid;

/// How long whoever has just answered may be silent, as everybody else in a conversation.
const ONE_WAY: Duration = Duration::from_secs(3);

impl Switchboard {
    pub(super) fn one_way(&mut self, call: CallId, silent: Uuid) {
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

    fn raise_silence(&mut self, call: CallId, alarm: AlarmKind) {
        metrics::counter!("siaga_one_way_audio_total").increment(1);
        if matches!(alarm, AlarmKind::OneWayAudio { silent: CallSide::Operator, .. }) {
            self.phone_silent(call, true);
        }
        let beyond_reach = self.beyond_reach(&alarm);
        self.desk.raise_alarm(alarm, now());
        if let Some(trunk) = beyond_reach {
            metrics::counter!("siaga_voice_beyond_reach_total").increment(1);
            self.desk.raise_alarm(AlarmKind::VoiceBeyondReach { trunk }, now());
        }
    }

    pub(super) fn is_spoken_from(&mut self, call: CallId, audio: &sip::RemoteAudio) {
        if let Some(found) = self.calls.get_mut(&call) {
            found.far_end = Some(audio.address.ip());
        }
    }

    /// The carrier of a caller who is not heard, if its voice is where this server has no address to speak from.
    fn beyond_reach(&self, alarm: &AlarmKind) -> Option<String> {
        let AlarmKind::OneWayAudio { call, silent: CallSide::Caller } = alarm else { return None };
        let found = self.calls.get(call)?;
        let far_end = found.far_end.filter(|far_end| !self.plant.media.reaches(*far_end))?;
        tracing::warn!(%call, trunk = found.view.trunk, ipv6 = far_end.is_ipv6(), "no voice: set `media.other_address`");
        Some(found.view.trunk.clone())
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
