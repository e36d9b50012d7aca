//! What everybody may see of the switchboard: calls, operators, alarms, trunks. Kept beside the switchboard so that a console can read it
//! without asking the switchboard's task.

use dispatch::contract::{Audience, CallSide, CallView, Event, OperatorView, PhoneView, Snapshot, TrunkState, TrunkView};
use dispatch::desk::{Desk, LiveHub};
use dispatch::id::{CallId, UserId};
use std::collections::BTreeMap;
use std::sync::{Arc, PoisonError, RwLock};

/// A cheap clone.
#[derive(Clone)]
pub struct Board {
    shown: Arc<RwLock<Shown>>,
    live: LiveHub,
    desk: Desk,
}

#[derive(Default)]
struct Shown {
    // Ids ascend with time, so the order of the map is the order of arrival.
    calls: BTreeMap<CallId, CallView>,
    operators: BTreeMap<UserId, OperatorView>,
    /// In the order of the configuration.
    trunks: Vec<TrunkView>,
    phones: Vec<PhoneView>,
}

impl Shown {
    /// How many calls go over a trunk is counted when somebody asks: calls come and go faster than anybody reads.
    fn calls_over(&self, trunk: &str) -> u32 {
        u32::try_from(self.calls.values().filter(|call| call.trunk == trunk).count()).unwrap_or(u32::MAX)
    }
}

impl Board {
    /// `trunks`: their names, in the order in which they are shown.
    pub fn new(live: LiveHub, desk: Desk, trunks: impl IntoIterator<Item = String>) -> Self {
        let since = crate::clock::now();
        let unknown = |name| TrunkView { name, state: TrunkState::Unknown, since, registered: None, detail: None, calls: 0 };
        let shown = Shown { trunks: trunks.into_iter().map(unknown).collect(), ..Shown::default() };
        Self { shown: Arc::new(RwLock::new(shown)), live, desk }
    }

    pub fn snapshot(&self) -> Snapshot {
        let shown = self.shown.read().unwrap_or_else(PoisonError::into_inner);
        Snapshot {
            calls: shown.calls.values().cloned().collect(),
            operators: shown.operators.values().cloned().collect(),
            alarms: self.desk.alarms(),
            phones: shown.phones.clone(),
            trunks: shown
                .trunks
                .iter()
                .map(|trunk| TrunkView { calls: shown.calls_over(&trunk.name), ..trunk.clone() })
                .collect(),
        }
    }

    /// Shows a call that is up.
    pub fn call(&self, call: &CallView) {
        self.write(|shown| shown.calls.insert(call.id, call.clone()));
        self.live.tell(Audience::Everyone, Event::Call { call: call.clone() });
    }

    /// Shows a call that has ended a last time.
    pub fn call_ended(&self, call: &CallView) {
        self.write(|shown| shown.calls.remove(&call.id));
        self.live.tell(Audience::Everyone, Event::Call { call: call.clone() });
    }

    /// Shows an operator, if anything about the operator changed.
    pub fn operator(&self, operator: OperatorView) {
        let before = self.write(|shown| shown.operators.insert(operator.id, operator.clone()));
        if before.as_ref() != Some(&operator) {
            self.live.tell(Audience::Everyone, Event::Operator { operator });
        }
    }

    pub fn operator_left(&self, operator: UserId) {
        self.write(|shown| shown.operators.remove(&operator));
        self.live.tell(Audience::Everyone, Event::OperatorLeft { operator });
    }

    /// Shows a desk phone, if anything about it changed.
    pub fn phone(&self, phone: PhoneView) {
        let changed = self.write(|shown| match shown.phones.iter_mut().find(|known| known.name == phone.name) {
            Some(known) if *known == phone => false,
            Some(known) => {
                *known = phone.clone();
                true
            }
            None => {
                shown.phones.push(phone.clone());
                true
            }
        });
        if changed {
            self.live.tell(Audience::Everyone, Event::Phone { phone });
        }
    }

    /// Shows how a trunk stands now.
    pub fn trunk(&self, name: String, state: TrunkState, registered: Option<bool>, detail: Option<String>) {
        let now = crate::clock::now();
        let trunk = self.write(|shown| {
            let calls = shown.calls_over(&name);
            let before = shown.trunks.iter_mut().find(|trunk| trunk.name == name);
            let since = before.as_ref().filter(|trunk| trunk.state == state).map_or(now, |trunk| trunk.since);
            let trunk = TrunkView { name, state, since, registered, detail, calls };
            match before {
                Some(before) => *before = trunk.clone(),
                None => shown.trunks.push(trunk.clone()),
            }
            trunk
        });
        self.live.tell(Audience::Everyone, Event::Trunk { trunk });
    }

    /// How one side of a call was heard in the last seconds.
    pub fn quality(&self, call: CallId, side: CallSide, loss_percent: f32, jitter_ms: f32, mos: f32) {
        self.live.tell(Audience::Everyone, Event::Quality { call, side, loss_percent, jitter_ms, mos });
    }

    pub fn tell(&self, operator: UserId, event: Event) {
        self.live.tell(Audience::One(operator), event);
    }

    fn write<T>(&self, change: impl FnOnce(&mut Shown) -> T) -> T {
        change(&mut self.shown.write().unwrap_or_else(PoisonError::into_inner))
    }
}
