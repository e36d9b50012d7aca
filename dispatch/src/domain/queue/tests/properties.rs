//! What holds whatever happens, in whatever order.

use super::*;
use crate::contract::OperatorState;
use proptest::prelude::*;
use proptest::strategy::Strategy;
use std::collections::{BTreeMap, BTreeSet};

const CALLS: u128 = 4;
const OPERATORS: u128 = 3;

#[derive(Debug, Clone)]
enum Step {
    Takes(Input),
    Passes(i64),
}

fn wants() -> impl Strategy<Value = Wants> {
    let skill = prop_oneof![3 => Just(None), 1 => Just(Some("fire".to_owned()))];
    let languages = prop_oneof![3 => Just(vec![]), 1 => Just(vec!["en".to_owned()])];
    (skill, languages).prop_map(|(skill, languages)| Wants { skill, prefers: languages.clone(), languages })
}

fn settings() -> impl Strategy<Value = QueueSettings> {
    let fallback = prop::option::of((1..4usize, prop::option::of(0..3usize)));
    (fallback, any::<bool>(), any::<bool>()).prop_map(|(fallback, all, wrap_up)| QueueSettings {
        fallback_after: fallback.map(|_| seconds(60)),
        fallbacks: fallback.map_or(0, |(numbers, _)| numbers),
        overflow_calls: fallback.and_then(|(_, calls)| calls),
        strategy: if all { super::Strategy::RingAll } else { super::Strategy::LongestIdle },
        wrap_up: seconds(if wrap_up { 20 } else { 0 }),
        ..QueueSettings::default()
    })
}

fn step() -> impl Strategy<Value = Step> {
    let a_call = (1..=CALLS).prop_map(call);
    let an_operator = (1..=OPERATORS).prop_map(operator);
    let priority = prop_oneof![Just(Priority::Low), Just(Priority::Normal), Just(Priority::High)];
    let arrival = (a_call.clone(), priority, any::<bool>(), wants())
        .prop_map(|(call, priority, again, wants)| Input::CallArrived { call, priority, again, wants });
    let a_shift = (1..=OPERATORS, any::<bool>(), any::<bool>())
        .prop_map(|(n, fire, en)| shift(n, if fire { &["fire"] } else { &[] }, if en { &["en"] } else { &[] }));
    let input = (a_call, an_operator, 0..31u8, any::<bool>()).prop_map(|(call, operator, kind, hung_up)| match kind {
        0 => Input::CallerGone { call },
        1 => Input::CallLost { call },
        2..=4 => Input::OperatorReady { operator },
        5 => Input::OperatorPaused { operator, reason: String::new() },
        6 => Input::OperatorGone { operator },
        7 => Input::OperatorBack { operator },
        8 => Input::EndShift { operator },
        9 | 10 => Input::Answer { operator, call },
        11 => Input::Decline { operator, call },
        12 => Input::OperatorHungUp { operator, call },
        13 => Input::Hold { operator, call },
        14 => Input::Resume { operator, call },
        15 | 16 => Input::BridgeUp { call },
        17 => Input::BridgeFailed { call, operator },
        18 => Input::FallbackAnswered { call },
        19 => Input::FallbackFailed { call },
        20 => Input::FallbackHungUp { call },
        21 => Input::CallOut { operator, call, callback: hung_up },
        22 => Input::OutboundAnswered { call },
        23 => Input::OutboundFailed { call },
        24 => Input::Transfer { operator, call },
        25 => Input::TransferAnswered { call },
        26 => Input::TransferFailed { call },
        27 => Input::HandOver { operator, call },
        28 | 29 => Input::CallerLeftOthers { call, lost: !hung_up },
        _ => Input::PartyGone { call, hung_up },
    });
    prop_oneof![
        20 => input.prop_map(Step::Takes),
        4 => arrival.prop_map(Step::Takes),
        3 => a_shift.prop_map(Step::Takes),
        5 => (0..90i64).prop_map(Step::Passes),
    ]
}

/// The switchboard's picture, drawn from the outputs alone.
#[derive(Default)]
struct Picture {
    rings: BTreeMap<UserId, CallId>,
    bridges: BTreeMap<UserId, CallId>,
    hears: BTreeMap<CallId, Heard>,
    alarms: Vec<QueueAlarm>,
    fallbacks: Vec<CallId>,
    /// Parties that ring for a caller who was given away.
    transfers: BTreeSet<CallId>,
    /// Calls that nobody has had yet, with what they want and since when.
    fresh: BTreeMap<CallId, (Wants, Timestamp)>,
    /// What a screen shows that is told of changes only.
    shown: (BTreeMap<CallId, CallStatus>, BTreeMap<UserId, OperatorStatus>),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Heard {
    Ringback,
    Place { position: usize, at: Timestamp },
}

impl Picture {
    fn draw(&mut self, output: Output, now: Timestamp, settings: &QueueSettings) {
        match output {
            Output::Ring { call, operator } => {
                let one = settings.strategy == super::Strategy::LongestIdle;
                assert!(!(one && self.rings.values().any(|other| *other == call)), "rings at two operators");
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
                self.fresh.remove(&call);
            }
            Output::Unbridge { call, operator } => assert_eq!(self.bridges.remove(&operator), Some(call)),
            Output::Release { call, .. } => {
                assert!(!self.rings.values().chain(self.bridges.values()).any(|other| *other == call));
                assert!(!self.alarms.iter().any(|alarm| about(alarm) == call), "an alarm outlives its call");
                assert!(!self.fallbacks.contains(&call), "the fallback's leg outlives its call");
                self.hears.remove(&call);
                self.transfers.remove(&call);
                self.fresh.remove(&call);
            }
            Output::Announce { call, position } => {
                let before = self.hears.insert(call, Heard::Place { position, at: now });
                if let Some(Heard::Place { position: told, at }) = before {
                    assert_ne!(told, position, "told the same twice");
                    assert!(now >= at + settings.announce_every, "told too often");
                }
            }
            Output::Ringback { call } => assert_ne!(self.hears.insert(call, Heard::Ringback), Some(Heard::Ringback)),
            Output::RaiseAlarm { alarm } => {
                if !self.alarms.contains(&alarm) {
                    self.alarms.push(alarm);
                }
            }
            Output::ClearAlarm { alarm } => {
                assert!(self.alarms.contains(&alarm), "cleared what never sounded");
                self.alarms.retain(|other| *other != alarm);
            }
            Output::DialFallback { call, nth } => {
                assert!(nth < settings.fallbacks, "there is no such number");
                assert!(!self.fallbacks.contains(&call), "dialled twice");
                self.fallbacks.push(call);
            }
            Output::CancelFallback { call } => self.fallbacks.retain(|other| *other != call),
            Output::CancelTransfer { call } => assert!(self.transfers.remove(&call), "no party rings"),
        }
    }

    /// A screen that follows the changes shows what a whole look shows.
    fn follow(&mut self, queue: &mut Queue) {
        let (calls, operators) = &mut self.shown;
        calls.extend(queue.take_changed_calls().into_iter().map(|status| (status.call, status)));
        operators.extend(queue.take_changed_operators().into_iter().map(|status| (status.operator, status)));
        calls.retain(|call, _| queue.call(*call).is_some());
        operators.retain(|operator, _| queue.operator(*operator).is_some());
        assert_eq!(*calls, queue.calls().map(|status| (status.call, status)).collect());
        assert_eq!(*operators, queue.operators().map(|status| (status.operator, status)).collect());
    }

    /// The queue and the picture agree, and nobody is left alone.
    fn check(&self, room: &Room, settings: &QueueSettings) {
        for status in room.queue.calls() {
            let (id, at) = (status.call, status.operator);
            match status.state {
                CallState::Waiting => {
                    assert_eq!(at, None);
                    assert!(matches!(self.hears.get(&id), Some(Heard::Place { .. })), "who waits hears why");
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
                CallState::Calling => assert_eq!(self.bridges.get(&at.unwrap()), Some(&id)),
                CallState::Transferring => {
                    assert_eq!(at, None);
                    assert!(self.transfers.contains(&id));
                    assert_eq!(self.hears.get(&id), Some(&Heard::Ringback));
                }
                CallState::Transferred => assert_eq!(at, None),
                CallState::Ended => panic!("an ended call is forgotten"),
            }
            let talks = [CallState::Active, CallState::Held, CallState::Fallback, CallState::Transferred];
            let pending = !talks.contains(&status.state);
            assert!(!pending || room.queue.poll_timeout().is_some(), "{id} is stuck");
        }
        let waiting: Vec<_> = room.queue.calls().filter(|call| call.state == CallState::Waiting).collect();
        for status in room.queue.operators() {
            let operator = status.operator;
            if status.state == OperatorState::Ready {
                for call in &waiting {
                    let patient = self.fresh.get(&call.call).filter(|(wants, _)| !wants.is_nothing());
                    let kept = patient.is_some_and(|(_, since)| room.now < *since + settings.skill_wait);
                    assert!(kept, "a ready operator while a call waits");
                }
            }
            let idle = [OperatorState::Ready, OperatorState::Preparing].contains(&status.state)
                || matches!(status.state, OperatorState::Paused { .. } | OperatorState::WrapUp { .. });
            assert_eq!(idle, !self.rings.contains_key(&operator) && !self.bridges.contains_key(&operator));
            let with = self.rings.get(&operator).or(self.bridges.get(&operator)).copied();
            assert_eq!(status.call, with);
        }
    }
}

fn about(alarm: &QueueAlarm) -> CallId {
    match alarm {
        QueueAlarm::NobodyReady { call } | QueueAlarm::Unanswered { call, .. } | QueueAlarm::OperatorLost { call, .. } => *call,
    }
}

fn take(room: &mut Room, picture: &mut Picture, settings: &QueueSettings, step: &Step) {
    match step {
        Step::Takes(input) => {
            let known = |call| room.queue.call(call).is_some();
            let with_fallback = |call| room.queue.call(call).is_some_and(|call| call.state == CallState::Fallback);
            // That leg has ended by itself.
            match input {
                Input::FallbackFailed { call } => picture.fallbacks.retain(|other| other != call),
                Input::FallbackHungUp { call } if with_fallback(*call) => picture.fallbacks.retain(|other| other != call),
                _ => {}
            }
            if let Input::CallArrived { call, wants, .. } = input
                && !known(*call)
            {
                picture.fresh.insert(*call, (wants.clone(), room.now));
            }
            let taken = room.queue.handle(room.now, input.clone());
            let state = |call: &CallId| room.queue.call(*call).map(|call| call.state);
            match input {
                Input::FallbackAnswered { call } if state(call) == Some(CallState::Fallback) => {
                    picture.hears.remove(call);
                    picture.fresh.remove(call);
                }
                Input::CallOut { operator, call, .. } if taken.is_ok() => {
                    assert!(!picture.rings.contains_key(operator), "calls out while it rings");
                    assert_eq!(picture.bridges.insert(*operator, *call), None, "calls out while talking");
                }
                Input::Transfer { call, .. } if taken.is_ok() => {
                    picture.transfers.insert(*call);
                }
                Input::TransferAnswered { call } if state(call) == Some(CallState::Transferred) => {
                    picture.transfers.remove(call);
                    picture.hears.remove(call);
                }
                Input::TransferFailed { call } | Input::PartyGone { call, .. } => {
                    picture.transfers.remove(call);
                }
                _ => {}
            }
        }
        Step::Passes(duration) => {
            let end = room.now + seconds(*duration);
            while let Some(at) = room.queue.poll_timeout().filter(|at| *at <= end) {
                room.now = at;
                room.queue.handle_timeout(at);
                assert!(room.queue.poll_timeout().is_none_or(|next| next > at), "a timeout that does not go away");
                settle(room, picture, settings);
            }
            room.now = end;
        }
    }
    settle(room, picture, settings);
}

fn settle(room: &mut Room, picture: &mut Picture, settings: &QueueSettings) {
    while let Some(output) = room.queue.poll_output() {
        picture.draw(output, room.now, settings);
    }
    picture.follow(&mut room.queue);
    picture.check(room, settings);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1024, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn nobody_is_left_alone_and_nobody_is_shared(steps in prop::collection::vec(step(), 1..120), settings in settings()) {
        let mut room = Room::new(settings.clone());
        let mut picture = Picture::default();
        for step in &steps {
            take(&mut room, &mut picture, &settings, step);
        }
        // From wherever this has led, a full room of willing operators ends every call in the house.
        for _ in 0..CALLS * 3 {
            for n in 1..=OPERATORS {
                for input in [shift(n, &[], &[]), Input::OperatorReady { operator: operator(n) }] {
                    take(&mut room, &mut picture, &settings, &Step::Takes(input));
                }
            }
            // Long enough for a call that is kept for a skill, too short for a ring.
            take(&mut room, &mut picture, &settings, &Step::Passes(10));
            let calls: Vec<_> = room.queue.calls().collect();
            for status in calls {
                let (call, operator) = (status.call, status.operator);
                let inputs = match (status.state, operator) {
                    (CallState::Fallback, _) => vec![Input::FallbackHungUp { call }],
                    (CallState::Transferred, _) => vec![Input::PartyGone { call, hung_up: true }],
                    (CallState::Transferring, _) => vec![Input::TransferFailed { call }],
                    (_, Some(operator)) => vec![
                        Input::Answer { operator, call },
                        Input::BridgeUp { call },
                        Input::OperatorHungUp { operator, call },
                        Input::OperatorReady { operator },
                    ],
                    _ => vec![],
                };
                for input in inputs {
                    take(&mut room, &mut picture, &settings, &Step::Takes(input));
                }
            }
        }
        prop_assert_eq!(room.queue.calls().count(), 0);
        prop_assert_eq!(room.queue.poll_timeout(), None);
    }
}
