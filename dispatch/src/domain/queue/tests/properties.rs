//! What holds whatever happens, in whatever order.

use super::*;
use crate::contract::OperatorState;
use proptest::prelude::*;
use std::collections::BTreeMap;

const CALLS: u128 = 4;
const OPERATORS: u128 = 3;

#[derive(Debug, Clone)]
enum Step {
    Takes(Input),
    Passes(i64),
}

fn step() -> impl Strategy<Value = Step> {
    let a_call = (1..=CALLS).prop_map(call);
    let an_operator = (1..=OPERATORS).prop_map(operator);
    let input = (a_call, an_operator, 0..24u8, any::<bool>()).prop_map(|(call, operator, kind, low)| match kind {
        0..=2 => Input::CallArrived { call, priority: if low { Priority::Low } else { Priority::Normal } },
        3 => Input::CallerGone { call },
        4 => Input::CallLost { call },
        5 | 6 => Input::ShiftStarted { operator },
        7 | 8 => Input::OperatorReady { operator },
        9 => Input::OperatorPaused { operator, reason: String::new() },
        10 => Input::OperatorGone { operator },
        11 => Input::OperatorBack { operator },
        12 => Input::EndShift { operator },
        13 | 14 => Input::Answer { operator, call },
        15 => Input::Decline { operator, call },
        16 => Input::OperatorHungUp { operator, call },
        17 => Input::Hold { operator, call },
        18 => Input::Resume { operator, call },
        19 => Input::BridgeUp { call },
        20 => Input::BridgeFailed { call, operator },
        21 => Input::FallbackAnswered { call },
        22 => Input::FallbackFailed { call },
        _ => Input::FallbackHungUp { call },
    });
    prop_oneof![4 => input.prop_map(Step::Takes), 1 => (0..90i64).prop_map(Step::Passes)]
}

/// The switchboard's picture, drawn from the outputs alone.
#[derive(Default)]
struct Picture {
    rings: BTreeMap<UserId, CallId>,
    bridges: BTreeMap<UserId, CallId>,
    hears: BTreeMap<CallId, bool>,
    alarms: Vec<QueueAlarm>,
    fallbacks: Vec<CallId>,
}

impl Picture {
    fn draw(&mut self, output: Output) {
        match output {
            Output::Ring { call, operator } => {
                assert!(!self.rings.values().any(|other| *other == call), "rings at two operators");
                assert!(!self.bridges.values().any(|other| *other == call), "rings although somebody has it");
                assert!(!self.bridges.contains_key(&operator), "rings at somebody who talks");
                assert_eq!(self.rings.insert(operator, call), None, "two calls ring at one operator");
            }
            Output::StopRinging { call, operator, .. } => assert_eq!(self.rings.remove(&operator), Some(call)),
            Output::Bridge { call, operator } => {
                assert!(!self.bridges.values().any(|other| *other == call), "two operators on one call");
                self.rings.retain(|at, ringing| !(*at == operator && *ringing == call));
                assert!(!self.rings.contains_key(&operator) && !self.rings.values().any(|other| *other == call));
                assert_eq!(self.bridges.insert(operator, call), None, "one operator on two calls");
                self.hears.remove(&call);
            }
            Output::Unbridge { call, operator } => assert_eq!(self.bridges.remove(&operator), Some(call)),
            Output::Release { call, .. } => {
                assert!(!self.rings.values().chain(self.bridges.values()).any(|other| *other == call));
                assert!(!self.alarms.iter().any(|alarm| about(alarm) == call), "an alarm outlives its call");
                assert!(!self.fallbacks.contains(&call), "the fallback's leg outlives its call");
                self.hears.remove(&call);
            }
            Output::Announce { call } => assert_ne!(self.hears.insert(call, true), Some(true)),
            Output::Ringback { call } => assert_ne!(self.hears.insert(call, false), Some(false)),
            Output::RaiseAlarm { alarm } => {
                if !self.alarms.contains(&alarm) {
                    self.alarms.push(alarm);
                }
            }
            Output::ClearAlarm { alarm } => {
                assert!(self.alarms.contains(&alarm), "cleared what never sounded");
                self.alarms.retain(|other| *other != alarm);
            }
            Output::DialFallback { call } => {
                assert!(!self.fallbacks.contains(&call), "dialled twice");
                self.fallbacks.push(call);
            }
            Output::CancelFallback { call } => self.fallbacks.retain(|other| *other != call),
        }
    }

    /// The queue and the picture agree, and nobody is left alone.
    fn check(&self, room: &Room) {
        for status in room.queue.calls() {
            let (id, at) = (status.call, status.operator);
            match status.state {
                CallState::Waiting => {
                    assert_eq!(at, None);
                    assert_eq!(self.hears.get(&id), Some(&true), "who waits hears why");
                    assert!(self.alarms.contains(&QueueAlarm::NobodyReady { call: id }));
                }
                CallState::Ringing => {
                    let at = at.unwrap();
                    assert!(self.rings.get(&at) == Some(&id) || self.bridges.get(&at) == Some(&id));
                }
                CallState::Active | CallState::Held | CallState::Detached => {
                    assert_eq!(self.bridges.get(&at.unwrap()), Some(&id));
                }
                CallState::Fallback => assert_eq!(at, None),
                CallState::Calling | CallState::Transferring | CallState::Transferred => panic!("no such call was made"),
                CallState::Ended => panic!("an ended call is forgotten"),
            }
            let pending = !matches!(status.state, CallState::Active | CallState::Held | CallState::Fallback);
            assert!(!pending || room.queue.poll_timeout().is_some(), "{id} is stuck");
        }
        let waits = room.queue.calls().any(|call| call.state == CallState::Waiting);
        for operator in room.queue.operators() {
            assert!(!(waits && operator.state == OperatorState::Ready), "a ready operator while a call waits");
            let with = operator.call.map(|call| room.queue.call(call).and_then(|call| call.operator));
            assert!(with.is_none_or(|other| other == Some(operator.operator)));
        }
    }
}

fn about(alarm: &QueueAlarm) -> CallId {
    match alarm {
        QueueAlarm::NobodyReady { call } | QueueAlarm::Unanswered { call, .. } | QueueAlarm::OperatorLost { call, .. } => *call,
    }
}

fn take(room: &mut Room, picture: &mut Picture, step: &Step) {
    match step {
        Step::Takes(input) => {
            if let Input::FallbackFailed { call } = input {
                // That leg has ended by itself.
                picture.fallbacks.retain(|other| other != call);
            }
            let _ = room.queue.handle(room.now, input.clone());
            if let Input::FallbackAnswered { call } = input
                && room.queue.call(*call).is_some_and(|call| call.state == CallState::Fallback)
            {
                picture.hears.remove(call);
            }
        }
        Step::Passes(duration) => {
            let end = room.now + seconds(*duration);
            while let Some(at) = room.queue.poll_timeout().filter(|at| *at <= end) {
                room.now = at;
                room.queue.handle_timeout(at);
                assert!(room.queue.poll_timeout().is_none_or(|next| next > at), "a timeout that does not go away");
            }
            room.now = end;
        }
    }
    while let Some(output) = room.queue.poll_output() {
        picture.draw(output);
    }
    picture.check(room);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 512, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn nobody_is_left_alone_and_nobody_is_shared(steps in prop::collection::vec(step(), 1..120), fallback in any::<bool>()) {
        let mut room = if fallback { Room::with_fallback() } else { Room::new(QueueSettings::default()) };
        let mut picture = Picture::default();
        for step in &steps {
            take(&mut room, &mut picture, step);
        }
        // From wherever this has led, a full room of willing operators ends every call in the house.
        for n in 1..=OPERATORS {
            for input in [Input::ShiftStarted { operator: operator(n) }, Input::OperatorReady { operator: operator(n) }] {
                take(&mut room, &mut picture, &Step::Takes(input));
            }
        }
        for _ in 0..CALLS * 3 {
            let calls: Vec<_> = room.queue.calls().collect();
            for status in calls {
                let (call, operator) = (status.call, status.operator);
                let inputs = match (status.state, operator) {
                    (CallState::Fallback, _) => vec![Input::FallbackHungUp { call }],
                    (_, Some(operator)) => vec![
                        Input::Answer { operator, call },
                        Input::BridgeUp { call },
                        Input::OperatorHungUp { operator, call },
                    ],
                    _ => vec![],
                };
                for input in inputs {
                    take(&mut room, &mut picture, &Step::Takes(input));
                }
            }
        }
        prop_assert_eq!(room.queue.calls().count(), 0);
        prop_assert_eq!(room.queue.poll_timeout(), None);
    }
}
