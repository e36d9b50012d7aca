//! A room with a voice engine that refuses, on virtual time.

use super::*;
use crate::switchboard::line::arrangement::{Joins, Party, Reach};
use dispatch::contract::MonitorMode;
use dispatch::id::PartyId;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex};

const CALL: CallId = CallId(Uuid::from_u128(1));
const OPERATOR: UserId = UserId(Uuid::from_u128(2));
const SUPERVISOR: UserId = UserId(Uuid::from_u128(3));
const PARTY: Uuid = Uuid::from_u128(4);

/// A voice engine as it really stands, which refuses what it is told to.
#[derive(Default)]
struct Engine {
    members: BTreeSet<Uuid>,
    /// Whoever was a member and then was not.
    parted: BTreeSet<Uuid>,
    ears: BTreeMap<Uuid, Sound>,
    /// So many commands are taken before it refuses.
    takes: usize,
    /// And then so many are refused.
    refuses: usize,
    /// Whoever has no voice, and what is said of them.
    away: BTreeMap<Uuid, ConnectError>,
    refused_monitors: Vec<UserId>,
    commands: usize,
}

#[derive(Clone, Default)]
struct Fake(Arc<Mutex<Engine>>);

impl Fake {
    fn engine<T>(&self, look: impl FnOnce(&mut Engine) -> T) -> T {
        look(&mut self.0.lock().unwrap())
    }

    fn refuse(&self, takes: usize, refuses: usize) {
        self.engine(|engine| (engine.takes, engine.refuses) = (takes, refuses));
    }

    fn taken(&self) -> bool {
        self.engine(|engine| {
            engine.commands += 1;
            if engine.takes > 0 {
                engine.takes -= 1;
                return true;
            }
            let refused = engine.refuses > 0;
            engine.refuses = engine.refuses.saturating_sub(1);
            !refused
        })
    }

    fn hears(&self, leg: Uuid) -> Option<Sound> {
        self.engine(|engine| engine.ears.get(&leg).copied())
    }

    fn members(&self) -> BTreeSet<Uuid> {
        self.engine(|engine| engine.members.clone())
    }
}

impl Voices for Fake {
    async fn arrange(&self, _: Uuid, members: Vec<Member>) -> Result<(), ConnectError> {
        if !self.taken() {
            return Err(ConnectError::Unavailable);
        }
        self.engine(|engine| {
            if let Some(error) = members.iter().find_map(|member| engine.away.get(&member.leg)) {
                return Err(*error);
            }
            let before = std::mem::replace(&mut engine.members, members.iter().map(|member| member.leg).collect());
            let parted: Vec<Uuid> = before.difference(&engine.members).copied().collect();
            engine.parted.extend(parted);
            Ok(())
        })
    }

    async fn sound(&self, leg: Uuid, sound: Option<Sound>) -> Result<(), Unavailable> {
        if !self.taken() {
            return Err(Unavailable);
        }
        self.engine(|engine| match sound {
            Some(sound) => engine.ears.insert(leg, sound),
            None => engine.ears.remove(&leg),
        });
        Ok(())
    }

    async fn refuse_monitor(&self, _: CallId, supervisor: UserId) {
        self.engine(|engine| engine.refused_monitors.push(supervisor));
    }
}

/// A caller who waits and hears the ring-back.
async fn waiting() -> (Room<Fake>, Fake) {
    let fake = Fake::default();
    let mut room = Room::new(fake.clone(), CALL);
    room.standing.caller = Caller::Waiting(Sound::Ringback);
    room.arrange_or_tell("").await;
    assert_eq!((fake.hears(CALL.0), room.due()), (Some(Sound::Ringback), None));
    (room, fake)
}

fn answer(standing: &mut Standing) {
    standing.operator = Some(OPERATOR);
    standing.caller = Caller::Talking;
}

async fn talking() -> (Room<Fake>, Fake) {
    let (mut room, fake) = waiting().await;
    room.change(answer).await.unwrap();
    assert_eq!((fake.hears(CALL.0), fake.members().len()), (None, 2));
    (room, fake)
}

async fn supervise(room: &mut Room<Fake>, mode: MonitorMode) -> Result<(), ConnectError> {
    room.change(|standing| standing.monitors.extend([(SUPERVISOR, mode)])).await
}

/// Does what is due for as long as anything is; how long that took.
async fn settle(room: &mut Room<Fake>) -> Duration {
    let began = timer_now();
    while let Some(due) = room.due() {
        tokio::time::sleep_until(due).await;
        room.act().await;
    }
    timer_now() - began
}

#[tokio::test(start_paused = true)]
async fn a_ring_back_that_was_not_stopped_does_not_go_on_over_the_operators_voice() {
    let (mut room, fake) = waiting().await;
    // The room is made, and the end of the ring-back is refused five times.
    fake.refuse(1, 5);
    assert_eq!(room.change_in_any_case(answer).await, Ok(()));
    assert_eq!((fake.members().len(), fake.hears(CALL.0)), (2, Some(Sound::Ringback)));
    let took = settle(&mut room).await;
    assert_eq!(fake.hears(CALL.0), None);
    assert!(took <= Duration::from_secs(3), "{took:?}");
}

#[tokio::test(start_paused = true)]
async fn half_a_change_that_was_given_up_is_taken_back() {
    let (mut room, fake) = waiting().await;
    fake.refuse(1, 1);
    assert_eq!(room.change(answer).await, Err(ConnectError::Unavailable));
    assert_eq!((fake.members().len(), room.standing.operator), (2, None), "the operator already hears the caller");
    settle(&mut room).await;
    assert_eq!((fake.members().len(), fake.hears(CALL.0)), (0, Some(Sound::Ringback)));
}

#[tokio::test(start_paused = true)]
async fn nothing_goes_on_being_played_to_an_operator_whose_call_has_ended() {
    let (mut room, fake) = talking().await;
    room.standing.caller = Caller::Held;
    room.standing.parties.push(Party { id: PartyId(PARTY), media: PARTY, joins: Joins::Operator, reach: Reach::Rings });
    room.arrange_or_tell("").await;
    assert_eq!(fake.hears(OPERATOR.0), Some(Sound::Ringback));
    fake.refuse(0, 12);
    room.leave_nothing().await;
    assert_eq!(fake.hears(OPERATOR.0), None);
}

#[tokio::test(start_paused = true)]
async fn nobody_is_left_in_the_room_of_a_call_that_has_ended() {
    let (mut room, fake) = talking().await;
    fake.refuse(0, 3);
    room.leave_nothing().await;
    assert_eq!(fake.members(), BTreeSet::new());
}

#[tokio::test(start_paused = true)]
async fn an_engine_that_takes_nothing_any_more_does_not_keep_a_line_for_ever() {
    let (mut room, fake) = talking().await;
    fake.refuse(0, usize::MAX);
    let began = timer_now();
    room.leave_nothing().await;
    let took = timer_now() - began;
    assert!((Duration::from_secs(9)..=Duration::from_secs(11)).contains(&took), "{took:?}");
}

#[tokio::test(start_paused = true)]
async fn whoever_answers_while_the_operators_page_reloads_waits_and_is_not_hung_up_on() {
    let (mut room, fake) = waiting().await;
    room.standing.operator = Some(OPERATOR);
    fake.engine(|engine| engine.away.insert(OPERATOR.0, ConnectError::NotConnected));
    assert_eq!(room.change_in_any_case(|standing| standing.caller = Caller::Talking).await, Ok(()));
    assert_eq!(room.standing.caller, Caller::Talking);
    tokio::time::sleep_until(room.due().unwrap()).await;
    room.act().await;
    assert!(room.due().is_some(), "still tried again");
    fake.engine(|engine| engine.away.clear());
    settle(&mut room).await;
    assert_eq!(fake.members(), BTreeSet::from([CALL.0, OPERATOR.0]));
}

#[tokio::test(start_paused = true)]
async fn an_error_that_time_does_not_mend_is_told_and_nothing_is_changed() {
    let (mut room, fake) = waiting().await;
    room.standing.operator = Some(OPERATOR);
    fake.engine(|engine| engine.away.insert(CALL.0, ConnectError::NoLeg));
    let changed = room.change_in_any_case(|standing| standing.caller = Caller::Talking).await;
    assert_eq!((changed, room.standing.caller), (Err(ConnectError::NoLeg), Caller::Waiting(Sound::Ringback)));
}

#[tokio::test(start_paused = true)]
async fn a_supervisor_whose_machine_has_died_keeps_nobody_from_each_other() {
    let (mut room, fake) = talking().await;
    supervise(&mut room, MonitorMode::Barge).await.unwrap();
    assert_eq!(fake.members().len(), 3);
    fake.engine(|engine| engine.away.insert(SUPERVISOR.0, ConnectError::NotConnected));
    room.standing.caller = Caller::Held;
    room.arrange_or_tell("").await;
    room.change(|standing| standing.caller = Caller::Talking).await.unwrap();
    assert_eq!(fake.members(), BTreeSet::from([CALL.0, OPERATOR.0]));
    assert_eq!(fake.engine(|engine| engine.refused_monitors.clone()), [SUPERVISOR]);
    assert!(room.standing.monitors.is_empty());
}

#[tokio::test(start_paused = true)]
async fn a_supervisor_stays_in_a_conversation_that_a_slow_engine_cannot_change_now() {
    let (mut room, fake) = talking().await;
    supervise(&mut room, MonitorMode::Barge).await.unwrap();
    fake.refuse(0, 1);
    room.standing.caller = Caller::Held;
    room.arrange_or_tell("").await;
    settle(&mut room).await;
    assert!(room.standing.monitors.contains_key(&SUPERVISOR));
    assert_eq!(fake.engine(|engine| engine.parted.clone()), BTreeSet::from([CALL.0]), "the caller alone is put aside");
}

#[tokio::test(start_paused = true)]
async fn the_caller_hears_the_hold_announcement_when_a_headset_is_away_for_three_seconds_and_not_before() {
    let (mut room, fake) = talking().await;
    let began = timer_now();
    room.cover_soon();
    let due = room.due().unwrap();
    assert_eq!(due - began, COVER_AFTER);
    // Something else is tried again meanwhile.
    fake.refuse(0, 1);
    supervise(&mut room, MonitorMode::Listen).await.unwrap_err();
    tokio::time::sleep_until(room.due().unwrap()).await;
    room.act().await;
    assert_eq!((fake.hears(CALL.0), room.due()), (None, Some(due)));
    settle(&mut room).await;
    assert_eq!(fake.hears(CALL.0), Some(Sound::Hold));
    room.uncover();
    room.arrange_or_tell("").await;
    assert_eq!(fake.hears(CALL.0), None);
}

#[tokio::test(start_paused = true)]
async fn what_is_done_already_is_not_told_again() {
    let (mut room, fake) = talking().await;
    let before = fake.engine(|engine| engine.commands);
    room.arrange_or_tell("").await;
    room.act().await;
    assert_eq!(fake.engine(|engine| engine.commands), before);
}

#[tokio::test(start_paused = true)]
async fn a_caller_who_is_put_aside_hears_so_though_those_who_go_on_cannot_be_brought_together() {
    let (mut room, fake) = talking().await;
    fake.engine(|engine| engine.away.insert(OPERATOR.0, ConnectError::NotConnected));
    room.standing.caller = Caller::Held;
    room.standing.parties.push(Party { id: PartyId(PARTY), media: PARTY, joins: Joins::Operator, reach: Reach::Answered });
    room.arrange_or_tell("").await;
    assert_eq!((fake.hears(CALL.0), room.due().is_some()), (Some(Sound::Hold), true));
    fake.engine(|engine| engine.away.clear());
    settle(&mut room).await;
    assert_eq!(fake.members(), BTreeSet::from([OPERATOR.0, PARTY]));
}
