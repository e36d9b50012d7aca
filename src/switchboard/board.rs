//! What everybody may see of the switchboard: calls, operators, alarms. Kept beside the switchboard so that a console can read it
//! without asking the switchboard's task.

use dispatch::contract::{Audience, CallView, Event, OperatorView, Snapshot};
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
}

impl Board {
    pub fn new(live: LiveHub, desk: Desk) -> Self {
        Self { shown: Arc::default(), live, desk }
    }

    pub fn snapshot(&self) -> Snapshot {
        let shown = self.shown.read().unwrap_or_else(PoisonError::into_inner);
        Snapshot {
            calls: shown.calls.values().cloned().collect(),
            operators: shown.operators.values().cloned().collect(),
            alarms: self.desk.alarms(),
            trunks: Vec::new(),
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

    pub fn tell(&self, operator: UserId, event: Event) {
        self.live.tell(Audience::One(operator), event);
    }

    fn write<T>(&self, change: impl FnOnce(&mut Shown) -> T) -> T {
        change(&mut self.shown.write().unwrap_or_else(PoisonError::into_inner))
    }
}
