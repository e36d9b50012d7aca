//! What everybody may see of the switchboard: calls, operators, alarms, trunks. Kept beside the switchboard so that a console can read it
//! without asking the switchboard's task.

use crate::clock;
use dispatch::contract::{
    Audience, CallSide, CallView, Event, OperatorState, OperatorView, PhoneView, Snapshot, TrunkState, TrunkView,
};
use dispatch::desk::{Desk, LiveHub};
use dispatch::id::{CallId, UserId};
use jiff::{SignedDuration, Timestamp};
use std::collections::BTreeMap;
use std::sync::{Arc, PoisonError, RwLock};

/// A cheap clone.
#[derive(Clone)]
pub struct Board {
    shown: Arc<Case>,
    live: LiveHub,
    desk: Desk,
}

#[derive(Default, Clone)]
struct Shown {
    // Ids ascend with time, so the order of the map is the order of arrival.
    calls: BTreeMap<CallId, Arc<CallView>>,
    /// With times of the clock that timers run by.
    operators: BTreeMap<UserId, Arc<OperatorView>>,
    /// In the order of the configuration.
    trunks: Vec<TrunkView>,
    phones: Vec<PhoneView>,
}

/// What is shown, behind glass: who looks takes a pointer and leaves, so that the switchboard waits for no reader, however many calls there
/// are. Only while somebody still looks at what was shown before does a change begin with a copy, which is one of pointers.
#[derive(Default)]
struct Case(RwLock<Arc<Shown>>);

impl Case {
    fn look(&self) -> Arc<Shown> {
        self.0.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn write<T>(&self, change: impl FnOnce(&mut Shown) -> T) -> T {
        let mut shown = self.0.write().unwrap_or_else(PoisonError::into_inner);
        change(Arc::make_mut(&mut shown))
    }
}

impl Shown {
    /// How many lines of a trunk are taken is counted when somebody asks: calls come and go faster than anybody reads.
    fn calls_over(&self, trunk: &str) -> u32 {
        let lines = self.calls.values().flat_map(|call| call.other_lines.iter().chain([&call.trunk]));
        u32::try_from(lines.filter(|line| *line == trunk).count()).unwrap_or(u32::MAX)
    }
}

impl Board {
    /// `trunks`: their names, in the order in which they are shown.
    pub fn new(live: LiveHub, desk: Desk, trunks: impl IntoIterator<Item = String>) -> Self {
        let since = clock::now();
        let unknown = |name| TrunkView { name, state: TrunkState::Unknown, since, registered: None, detail: None, calls: 0 };
        let shown = Shown { trunks: trunks.into_iter().map(unknown).collect(), ..Shown::default() };
        Self { shown: Arc::new(Case(RwLock::new(Arc::new(shown)))), live, desk }
    }

    pub fn snapshot(&self) -> Snapshot {
        let shown = self.shown.look();
        let set_by = clock::set_by();
        Snapshot {
            now: clock::now(),
            calls: shown.calls.values().map(|call| CallView::clone(call)).collect(),
            operators: shown.operators.values().map(|operator| at_the_time_of_day(operator, set_by)).collect(),
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
        let shown_call = Arc::new(call.clone());
        self.shown.write(|shown| shown.calls.insert(call.id, shown_call));
        self.live.tell(Audience::Everyone, Event::Call { call: call.clone() });
    }

    /// Shows a call that has ended a last time.
    pub fn call_ended(&self, call: &CallView) {
        self.shown.write(|shown| shown.calls.remove(&call.id));
        self.live.tell(Audience::Everyone, Event::Call { call: call.clone() });
    }

    /// Shows an operator, if anything about the operator changed. The view's times are of the clock that timers run by: they are made
    /// times of day for whoever reads them, and stay comparable here.
    pub fn operator(&self, operator: OperatorView) {
        let shown_operator = Arc::new(operator);
        let before = self.shown.write(|shown| shown.operators.insert(shown_operator.id, shown_operator.clone()));
        if before.as_ref() != Some(&shown_operator) {
            let operator = at_the_time_of_day(&shown_operator, clock::set_by());
            self.live.tell(Audience::Everyone, Event::Operator { operator });
        }
    }

    pub fn operator_left(&self, operator: UserId) {
        self.shown.write(|shown| shown.operators.remove(&operator));
        self.live.tell(Audience::Everyone, Event::OperatorLeft { operator });
    }

    /// Shows a desk phone, if anything about it changed.
    pub fn phone(&self, phone: PhoneView) {
        let changed = self.shown.write(|shown| match shown.phones.iter_mut().find(|known| known.name == phone.name) {
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
        let now = clock::now();
        let trunk = self.shown.write(|shown| {
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
}

/// The operator with times of day. The console counts from them, and the system's clock may have been set since the start.
fn at_the_time_of_day(operator: &OperatorView, set_by: SignedDuration) -> OperatorView {
    let of_day = |steady: Timestamp| steady.checked_add(set_by).unwrap_or(steady);
    let state = match &operator.state {
        OperatorState::WrapUp { until } => OperatorState::WrapUp { until: of_day(*until) },
        other => other.clone(),
    };
    OperatorView { state, since: of_day(operator.since), ..operator.clone() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use uuid::Uuid;

    fn operator(state: OperatorState, since: Timestamp) -> OperatorView {
        OperatorView {
            id: UserId(Uuid::from_u128(1)),
            name: "Ani".into(),
            state,
            since,
            call: None,
            media_connected: true,
            browser_connected: true,
            phone: None,
            skills: vec![],
            languages: vec![],
        }
    }

    #[test]
    fn since_when_and_until_when_are_times_of_day_after_the_clock_was_set() {
        let started = Timestamp::UNIX_EPOCH;
        let (until, hour) = (started + SignedDuration::from_secs(30), SignedDuration::from_hours(1));
        let shown = at_the_time_of_day(&operator(OperatorState::WrapUp { until }, started), hour);
        assert_eq!((shown.since, shown.state), (started + hour, OperatorState::WrapUp { until: until + hour }));
        let shown = at_the_time_of_day(&operator(OperatorState::Ready, started + hour), -hour);
        assert_eq!((shown.since, shown.state), (started, OperatorState::Ready));
    }

    #[test]
    fn the_switchboard_waits_for_nobody_who_still_reads_what_was_shown() {
        let case = Case::default();
        let ani = operator(OperatorState::Ready, Timestamp::UNIX_EPOCH);
        let before = case.look();
        // With a lock held for as long as it is read, this would never return.
        case.write(|shown| shown.operators.insert(ani.id, Arc::new(ani.clone())));
        let after = case.look();
        assert_eq!((before.operators.len(), after.operators.len()), (0, 1), "who reads sees one moment, whole");

        case.write(|shown| shown.phones.clear());
        let (then, now) = (after.operators.get(&ani.id), case.look().operators.get(&ani.id).cloned());
        assert!(then.zip(now).is_some_and(|(then, now)| Arc::ptr_eq(then, &now)), "a copy is one of pointers");
    }
}
