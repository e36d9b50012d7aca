//! Carriers' lines as the SIP user agent sees them, and the limits that shed what comes.

use super::{Switchboard, now};
use dispatch::contract::{AlarmKind, TrunkState};

impl Switchboard {
    pub(super) fn trunk_changed(
        &mut self,
        trunk: &sip::TrunkName,
        state: sip::TrunkState,
        registered: Option<bool>,
        detail: String,
    ) {
        let (name, detail) = (trunk.to_string(), (!detail.is_empty()).then_some(detail));
        let state = match state {
            sip::TrunkState::Unknown => TrunkState::Unknown,
            sip::TrunkState::Up => TrunkState::Up,
            sip::TrunkState::Down => TrunkState::Down,
        };
        let down = (state == TrunkState::Down || registered == Some(false)).then(|| AlarmKind::TrunkDown {
            trunk: name.clone(),
            why: detail.clone().unwrap_or_else(|| "it does not answer".into()),
        });
        let of_this = |kind: &AlarmKind| matches!(kind, AlarmKind::TrunkDown { trunk, .. } if *trunk == name);
        self.desk.clear_alarms(|kind| of_this(kind) && Some(kind) != down.as_ref());
        if let Some(down) = down {
            self.desk.raise_alarm(down, now());
        }
        self.board.trunk(name, state, registered, detail);
    }

    /// A bound sheds what comes; its alarm ends by itself.
    pub(super) fn limited(&self, limit: &str) {
        self.desk.raise_alarm(AlarmKind::LimitReached { limit: limit.to_owned() }, now());
    }
}
