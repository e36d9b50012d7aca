//! A shift as it should go: who is rung, who answers, who is refused.

use super::*;
use crate::contract::OperatorState;

#[test]
fn a_call_rings_at_the_operator_who_has_been_idle_longest() {
    let mut room = Room::with_ready(2);
    assert_eq!(room.arrives(1), [ringback(1), ring(1, 1)]);
    assert_eq!(room.arrives(2), [ringback(2), ring(2, 2)]);
    assert_eq!(room.answers(1, 1), [bridge(1, 1)]);
    room.talks(2, 2);
    room.given(Input::BridgeUp { call: call(1) });
    // Operator 2 is free first, so the next call is theirs.
    room.given(Input::OperatorHungUp { operator: operator(2), call: call(2) });
    room.given(Input::OperatorHungUp { operator: operator(1), call: call(1) });
    assert_eq!(room.arrives(3), [ringback(3), ring(3, 2)]);
}

#[test]
fn the_highest_priority_then_the_oldest_call_is_served_first() {
    let mut room = Room::new(QueueSettings::default());
    for (n, priority) in [(1, Priority::Low), (2, Priority::Normal), (3, Priority::Normal), (4, Priority::High)] {
        room.given(arrival(n, priority));
        room.after(seconds(1));
    }
    for (by, n) in [(1, 4), (2, 2), (3, 3), (4, 1)] {
        assert_eq!(room.ready(by), [clear(nobody_ready(n)), ringback(n), ring(n, by)]);
    }
}

#[test]
fn an_unanswered_call_moves_on_with_an_alarm_that_ends_with_an_answer() {
    let mut room = Room::with_ready(2);
    room.arrives(1);
    assert_eq!(room.after(seconds(14)), []);
    assert_eq!(room.after(seconds(1)), [stop(1, 1, Withdrawal::NoAnswer), raise(unanswered(1, 1)), ring(1, 2)]);
    assert_eq!(room.queue.operator(operator(1)).unwrap().state, OperatorState::Ready);
    assert_eq!(room.answers(2, 1), [clear(unanswered(1, 1)), bridge(1, 2)]);
}

#[test]
fn who_missed_a_call_goes_to_the_end_of_the_line_for_the_next_one_too() {
    let mut room = Room::with_ready(3);
    room.arrives(1);
    room.after(seconds(15));
    assert_eq!(room.arrives(2), [ringback(2), ring(2, 3)]);
}

#[test]
fn a_call_that_everybody_missed_begins_again_with_the_longest_idle() {
    let mut room = Room::with_ready(2);
    room.arrives(1);
    room.after(seconds(15));
    let again = room.after(seconds(15));
    assert_eq!(again, [stop(1, 2, Withdrawal::NoAnswer), raise(unanswered(1, 2)), ring(1, 1)]);
}

#[test]
fn the_only_operator_is_rung_again_for_the_call_they_missed() {
    let mut room = Room::with_ready(1);
    room.arrives(1);
    assert_eq!(room.after(seconds(15)), [stop(1, 1, Withdrawal::NoAnswer), raise(unanswered(1, 1)), ring(1, 1)]);
    // Somebody fresh is asked before them in the next round.
    room.ready(2);
    assert_eq!(room.after(seconds(15)), [stop(1, 1, Withdrawal::NoAnswer), raise(unanswered(1, 1)), ring(1, 2)]);
}

/// Call 1 has rung out twice at either operator, and rings at operator 1 a third time.
fn left_ringing_twice() -> Room {
    let mut room = Room::with_ready(2);
    room.arrives(1);
    room.after(seconds(60));
    assert_eq!(room.state(1), Some((CallState::Ringing, Some(operator(1)))));
    room
}

fn is_paused(room: &Room, number: u128) -> bool {
    room.queue.operator(operator(number)).unwrap().state == OperatorState::Paused { reason: "no_answer".into() }
}

#[test]
fn who_lets_it_ring_three_times_in_a_row_is_paused_and_the_last_is_rung_on_and_on() {
    let mut room = left_ringing_twice();
    assert_eq!(room.after(seconds(15)), [stop(1, 1, Withdrawal::NoAnswer), raise(unanswered(1, 1)), ring(1, 2)]);
    assert!(is_paused(&room, 1));
    assert_eq!(room.queue.operator(operator(1)).unwrap().since, room.now);
    room.after(seconds(150));
    assert_eq!(room.state(1), Some((CallState::Ringing, Some(operator(2)))));
    // Whoever comes back says so, begins anew, and is asked before the one who has just missed it.
    room.given(Input::OperatorReady { operator: operator(1) });
    assert_eq!(room.after(seconds(15)), [stop(1, 2, Withdrawal::NoAnswer), raise(unanswered(1, 2)), ring(1, 1)]);
    assert!(!is_paused(&room, 1) && is_paused(&room, 2));
}

#[test]
fn who_was_paused_for_not_answering_is_rung_again_when_nobody_else_is_at_hand() {
    let mut room = left_ringing_twice();
    room.after(seconds(15));
    room.talks(2, 1);
    assert!(is_paused(&room, 1));
    assert!(room.arrives(2).contains(&ring(2, 1)));
}

#[test]
fn where_all_let_it_ring_out_together_nobody_is_paused() {
    let mut room = Room::new(QueueSettings { strategy: Strategy::RingAll, ..QueueSettings::default() });
    for number in 1..=3 {
        room.ready(number);
    }
    room.arrives(1);
    room.after(seconds(150));
    assert!((1..=3).all(|number| !is_paused(&room, number)));
}

#[test]
fn who_is_felt_at_the_desk_is_not_paused() {
    for hand in [Input::Decline { operator: operator(1), call: call(1) }, Input::OperatorReady { operator: operator(1) }] {
        let mut room = left_ringing_twice();
        room.given(hand);
        room.after(seconds(30));
        assert_eq!(room.state(1), Some((CallState::Ringing, Some(operator(1)))));
    }
    let mut answers = left_ringing_twice();
    answers.talks(1, 1);
    answers.given(Input::CallerGone { call: call(1) });
    let mut calls_out = left_ringing_twice();
    calls_out.given(Input::CallerGone { call: call(1) });
    calls_out.given(call_out(1, 9));
    calls_out.given(Input::OutboundFailed { call: call(9) });
    for mut room in [answers, calls_out] {
        room.arrives(3);
        room.after(seconds(30));
        assert_eq!(room.state(3), Some((CallState::Ringing, Some(operator(1)))));
    }
}

#[test]
fn a_declined_call_rings_at_the_next_operator_without_an_alarm() {
    let mut room = Room::with_ready(2);
    room.arrives(1);
    let next = room.given(Input::Decline { operator: operator(1), call: call(1) });
    assert_eq!(next, [stop(1, 1, Withdrawal::Declined), ring(1, 2)]);
    assert_eq!(room.given(Input::Decline { operator: operator(1), call: call(1) }), [], "it has moved on already");
}

#[test]
fn a_pause_while_it_rings_passes_the_call_on() {
    let mut room = Room::with_ready(2);
    room.arrives(1);
    let next = room.given(Input::OperatorPaused { operator: operator(1), reason: "salat".into() });
    assert_eq!(next, [stop(1, 1, Withdrawal::Declined), ring(1, 2)]);
    room.given(Input::OperatorPaused { operator: operator(2), reason: "makan".into() });
    assert_eq!(room.state(1), Some((CallState::Waiting, None)));
}

#[test]
fn a_caller_who_hangs_up_while_it_rings_frees_the_operator_in_their_old_place() {
    let mut room = Room::with_ready(2);
    room.arrives(1);
    let gone = room.given(Input::CallerGone { call: call(1) });
    assert_eq!(gone, [stop(1, 1, Withdrawal::CallerHungUp), release(1, EndedBy::CallerBeforeAnswer)]);
    assert_eq!(room.arrives(2), [ringback(2), ring(2, 1)]);
    assert_eq!(room.refused(Input::Answer { operator: operator(1), call: call(1) }), Refusal::NoSuchCall);
}

#[test]
fn two_operators_answer_one_call_and_the_first_has_it() {
    let mut room = Room::with_ready(2);
    room.arrives(1);
    // Operator 2 picks up what rings at operator 1, who clicks a moment later.
    assert_eq!(room.answers(2, 1), [stop(1, 1, Withdrawal::AnsweredElsewhere), bridge(1, 2)]);
    assert_eq!(room.refused(Input::Answer { operator: operator(1), call: call(1) }), Refusal::TakenByAnother);
    assert_eq!(room.answers(2, 1), [], "the same click twice is one answer");
}

#[test]
fn a_supervisor_who_is_not_ready_picks_up_a_waiting_call() {
    let mut room = Room::new(QueueSettings::default());
    room.queue.handle(room.now, shift(9, &[], &[])).unwrap();
    room.arrives(1);
    assert_eq!(room.answers(9, 1), [clear(nobody_ready(1)), bridge(1, 9)]);
}

#[test]
fn picking_up_another_call_passes_on_the_one_that_rings_here() {
    let mut room = Room::with_ready(1);
    room.arrives(1);
    room.arrives(2);
    room.after(seconds(2));
    let picked = room.answers(1, 2);
    assert_eq!(picked[..2], [stop(1, 1, Withdrawal::Declined), clear(nobody_ready(2))]);
    assert!(picked.contains(&bridge(2, 1)) && picked.contains(&raise(nobody_ready(1))));
}

#[test]
fn a_call_that_took_the_operator_in_the_moment_of_an_answer_was_declined_by_nobody() {
    let mut room = Room::with_ready(1);
    room.arrives(1);
    assert!(room.given(arrival(2, Priority::High)).contains(&ring(2, 1)));
    let picked = room.answers(1, 1);
    assert!(picked.contains(&stop(2, 1, Withdrawal::NeededElsewhere)) && picked.contains(&bridge(1, 1)), "{picked:?}");
}

#[test]
fn what_cannot_be_done_is_refused_with_the_reason() {
    let mut room = Room::with_ready(2);
    room.arrives(1);
    room.talks(1, 1);
    room.arrives(2);
    let cases = [
        (Input::Answer { operator: operator(7), call: call(2) }, Refusal::NoShift),
        (Input::Answer { operator: operator(1), call: call(2) }, Refusal::Busy),
        (Input::Answer { operator: operator(2), call: call(1) }, Refusal::TakenByAnother),
        (Input::Answer { operator: operator(2), call: call(9) }, Refusal::NoSuchCall),
        (Input::Decline { operator: operator(2), call: call(1) }, Refusal::TakenByAnother),
        (Input::OperatorHungUp { operator: operator(2), call: call(1) }, Refusal::TakenByAnother),
        (Input::Hold { operator: operator(2), call: call(1) }, Refusal::TakenByAnother),
        (Input::Resume { operator: operator(1), call: call(9) }, Refusal::NoSuchCall),
        (Input::EndShift { operator: operator(1) }, Refusal::Busy),
        (Input::EndShift { operator: operator(7) }, Refusal::NoShift),
        (Input::OperatorReady { operator: operator(7) }, Refusal::NoShift),
    ];
    for (input, refusal) in cases {
        assert_eq!(room.refused(input.clone()), refusal, "{input:?}");
    }
}

#[test]
fn hold_and_resume_are_seen_and_survive_being_said_twice() {
    let mut room = Room::with_ready(1);
    room.arrives(1);
    room.talks(1, 1);
    for _ in 0..2 {
        room.given(Input::Hold { operator: operator(1), call: call(1) });
        assert_eq!(room.state(1), Some((CallState::Held, Some(operator(1)))));
    }
    room.given(Input::Resume { operator: operator(1), call: call(1) });
    assert_eq!(room.state(1), Some((CallState::Active, Some(operator(1)))));
}

#[test]
fn a_pause_during_a_call_takes_effect_when_it_ends() {
    let mut room = Room::with_ready(1);
    room.arrives(1);
    room.talks(1, 1);
    room.given(Input::OperatorPaused { operator: operator(1), reason: "menutup laporan".into() });
    let ended = room.given(Input::CallerGone { call: call(1) });
    assert_eq!(ended, [unbridge(1, 1), release(1, EndedBy::Caller)]);
    assert_eq!(room.arrives(2), [announce(2), raise(nobody_ready(2))]);
}
