//! Carriers' lines as the SIP user agent sees them, and the limits that shed what comes.

use super::{Switchboard, now};
use dispatch::contract::{AlarmKind, OfferTrouble, TrunkState, TrunkTrouble};

impl Switchboard {
    pub(super) fn trunk_changed(
        &mut self,
        trunk: &sip::TrunkName,
        (state, registered): (sip::TrunkState, Option<bool>),
        trouble: Option<sip::TrunkTrouble>,
        detail: String,
    ) {
        let (name, detail) = (trunk.to_string(), (!detail.is_empty()).then_some(detail));
        let state = match state {
            sip::TrunkState::Unknown => TrunkState::Unknown,
            sip::TrunkState::Up => TrunkState::Up,
            sip::TrunkState::Down => TrunkState::Down,
        };
        let down = trouble.map(|trouble| {
            let (why, code) = match trouble {
                sip::TrunkTrouble::Silent => (TrunkTrouble::Silent, None),
                sip::TrunkTrouble::Unreachable => (TrunkTrouble::Unreachable, None),
                sip::TrunkTrouble::Refuses(code) => (TrunkTrouble::Refuses, Some(code)),
                sip::TrunkTrouble::NotRegistered(code) => (TrunkTrouble::NotRegistered, code),
            };
            AlarmKind::TrunkDown { trunk: name.clone(), why, code }
        });
        let of_this = |kind: &AlarmKind| matches!(kind, AlarmKind::TrunkDown { trunk, .. } if *trunk == name);
        self.desk.clear_alarms(|kind| of_this(kind) && Some(kind) != down.as_ref());
        if let Some(down) = down {
            self.desk.raise_alarm(down, now());
        }
        self.board.trunk(name, state, registered, detail);
    }

    /// A carrier's calls are refused for what they offer; the alarm ends by itself.
    pub(super) fn incompatible(&self, trunk: &sip::TrunkName, why: sip::OfferTrouble) {
        let why = match why {
            sip::OfferTrouble::NoCodec => OfferTrouble::NoCodec,
            sip::OfferTrouble::Unreadable => OfferTrouble::Unreadable,
        };
        self.desk.raise_alarm(AlarmKind::CallsRefused { trunk: trunk.to_string(), why }, now());
    }

    /// A bound sheds what comes; its alarm ends by itself.
    pub(super) fn limited(&self, limit: &str) {
        self.desk.raise_alarm(AlarmKind::LimitReached { limit: limit.to_owned() }, now());
    }
}
