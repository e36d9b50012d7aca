//! Who goes before whom: skills, ringing at all, priorities, time for writing up, overflow, and what callers hear of it.

use super::*;
use crate::contract::OperatorState;

fn wanting(n: u128, skill: Option<&str>, languages: &[&str]) -> Input {
    let languages = languages.iter().map(|tag| (*tag).to_owned()).collect();
    let wants = Wants { skill: skill.map(str::to_owned), languages, prefers: Vec::new() };
    Input::CallArrived { call: call(n), priority: Priority::Normal, again: false, wants }
}

fn again(n: u128, priority: Priority) -> Input {
    Input::CallArrived { call: call(n), priority, again: true, wants: Wants::default() }
}

fn ringing_all(n: u128) -> Room {
    let mut room = Room::new(QueueSettings { strategy: Strategy::RingAll, ..QueueSettings::default() });
    for n in 1..=n {
        room.ready(n);
    }
    room
}

fn with_wrap_up() -> Room {
    let mut room = Room::new(QueueSettings { wrap_up: seconds(30), ..QueueSettings::default() });
    room.ready(1);
    room.arrives(1);
    room.talks(1, 1);
    room
}

fn doing(room: &Room, n: u128) -> OperatorState {
    room.queue.operator(operator(n)).unwrap().state
}

#[test]
fn who_has_the_skill_is_rung_before_who_has_been_idle_longer() {
    let mut room = Room::with_ready(1);
    room.ready_with(2, &["fire"], &[]);
    room.ready_with(3, &["fire"], &["en"]);
    assert_eq!(room.given(wanting(1, Some("fire"), &["en", "nl"])), [ringback(1), ring(1, 3)]);
    assert_eq!(room.given(wanting(2, Some("fire"), &[])), [ringback(2), ring(2, 2)]);
}

#[test]
fn a_call_waits_ten_seconds_for_who_understands_it_and_then_rings_at_anybody() {
    let mut room = Room::new(QueueSettings::default());
    room.ready_with(1, &[], &["en"]);
    room.arrives(1);
    room.talks(1, 1);
    room.ready(2);
    assert_eq!(room.given(wanting(2, None, &["en"])), [announce(2), raise(nobody_ready(2))]);
    // Others need not wait behind it.
    assert_eq!(room.arrives(3), [ringback(3), ring(3, 2)]);
    room.talks(2, 3);
    room.ready(3);
    assert_eq!(room.after(seconds(9)), []);
    assert_eq!(room.after(seconds(1)), [clear(nobody_ready(2)), ringback(2), ring(2, 3)]);
}

#[test]
fn the_language_of_a_telephone_chooses_among_the_free_and_keeps_nobody_waiting() {
    let mut room = Room::with_ready(1);
    room.ready_with(2, &[], &["en"]);
    let reads = |n| Input::CallArrived {
        call: call(n),
        priority: Priority::Normal,
        again: false,
        wants: Wants { prefers: vec!["en".to_owned()], ..Wants::default() },
    };
    assert_eq!(room.given(reads(1)), [ringback(1), ring(1, 2)]);
    assert_eq!(room.given(reads(2)), [ringback(2), ring(2, 1)]);
}

#[test]
fn a_call_for_which_nobody_on_shift_is_right_rings_at_anybody_at_once() {
    let mut room = Room::with_ready(1);
    room.ready_with(2, &["marine"], &[]);
    let paused = Input::OperatorPaused { operator: operator(2), reason: "makan".into() };
    room.given(paused);
    assert_eq!(room.given(wanting(1, Some("marine"), &[])), [ringback(1), ring(1, 1)]);
}

#[test]
fn who_declines_a_call_they_would_be_right_for_is_not_waited_for() {
    let mut room = Room::with_ready(1);
    room.ready_with(2, &["fire"], &[]);
    room.given(wanting(1, Some("fire"), &[]));
    let declined = room.given(Input::Decline { operator: operator(2), call: call(1) });
    assert_eq!(declined, [stop(1, 2, Withdrawal::Declined), ring(1, 1)]);
}

#[test]
fn a_call_that_lost_its_operator_waits_for_no_skill() {
    let mut room = Room::new(QueueSettings::default());
    room.ready_with(1, &["fire"], &[]);
    room.given(wanting(1, Some("fire"), &[]));
    room.ready_with(2, &["fire"], &[]);
    room.arrives(2);
    room.ready(3);
    room.answers(1, 1);
    let failed = room.given(Input::BridgeFailed { call: call(1), operator: operator(1) });
    assert_eq!(failed, [unbridge(1, 1), ringback(1), ring(1, 3)]);
}

#[test]
fn ringing_at_all_ends_with_the_first_answer() {
    let mut room = ringing_all(3);
    assert_eq!(room.arrives(1), [ringback(1), ring(1, 1), ring(1, 2), ring(1, 3)]);
    let elsewhere = |by| stop(1, by, Withdrawal::AnsweredElsewhere);
    assert_eq!(room.answers(2, 1), [elsewhere(1), elsewhere(3), bridge(1, 2)]);
    assert_eq!(room.refused(Input::Answer { operator: operator(3), call: call(1) }), Refusal::TakenByAnother);
    assert_eq!(room.arrives(2), [ringback(2), ring(2, 1), ring(2, 3)]);
}

#[test]
fn who_becomes_ready_while_it_rings_at_all_is_rung_too_and_has_the_whole_time() {
    let mut room = ringing_all(1);
    room.arrives(1);
    room.after(seconds(10));
    assert_eq!(room.ready(2), [ring(1, 2)]);
    assert_eq!(room.after(seconds(5)), [stop(1, 1, Withdrawal::NoAnswer), raise(unanswered(1, 1))]);
    assert_eq!(room.state(1), Some((CallState::Ringing, Some(operator(2)))));
    // The next round begins with all.
    let next = room.after(seconds(10));
    assert_eq!(next, [stop(1, 2, Withdrawal::NoAnswer), raise(unanswered(1, 2)), ring(1, 1), ring(1, 2)]);
}

#[test]
fn who_declines_a_call_that_rings_at_all_is_left_in_peace_while_it_rings_at_others() {
    let mut room = ringing_all(2);
    room.arrives(1);
    assert_eq!(room.given(Input::Decline { operator: operator(1), call: call(1) }), [stop(1, 1, Withdrawal::Declined)]);
    let all_declined = room.given(Input::Decline { operator: operator(2), call: call(1) });
    assert_eq!(all_declined, [stop(1, 2, Withdrawal::Declined), ring(1, 1), ring(1, 2)]);
}

#[test]
fn a_second_call_shares_those_at_whom_the_first_rings_and_a_third_that_cannot_gets_whom_they_set_free() {
    let mut room = ringing_all(2);
    room.arrives(1);
    assert_eq!(room.arrives(2), [stop(1, 1, Withdrawal::NeededElsewhere), ringback(2), ring(2, 1)]);
    assert_eq!(room.arrives(3), [announce(3), raise(nobody_ready(3))]);
    room.answers(1, 1);
    assert_eq!(room.state(2), Some((CallState::Ringing, Some(operator(2)))), "who was moved may still answer the first");
    let gone = room.given(Input::CallerGone { call: call(2) });
    let expected = [
        stop(2, 2, Withdrawal::CallerHungUp),
        release(2, EndedBy::CallerBeforeAnswer),
        clear(nobody_ready(3)),
        ringback(3),
        ring(3, 2),
    ];
    assert_eq!(gone, expected);
}

#[test]
fn calls_that_ring_at_all_have_shares_of_the_same_size() {
    let mut room = ringing_all(6);
    let rings_at =
        |room: &Room, n| (1..=6).filter(|by| room.queue.operator(operator(*by)).unwrap().call == Some(call(n))).count();
    for (n, shares) in [(1, [6, 0, 0]), (2, [3, 3, 0]), (3, [2, 2, 2])] {
        room.arrives(n);
        assert_eq!([1, 2, 3].map(|n| rings_at(&room, n)), shares);
    }
}

#[test]
fn a_nuisance_takes_nobody_from_a_call_that_goes_before_it_and_shares_with_that() {
    let mut room = ringing_all(3);
    room.arrives(1);
    assert_eq!(room.given(arrival(2, Priority::Low)), [announce(2), raise(nobody_ready(2))]);
    let mut room = ringing_all(3);
    room.given(arrival(1, Priority::Low));
    assert_eq!(room.given(arrival(2, Priority::Normal)), [stop(1, 1, Withdrawal::NeededElsewhere), ringback(2), ring(2, 1)]);
}

#[test]
fn a_call_takes_the_operator_at_whom_one_of_a_lower_priority_rings_and_nobody_is_moved_back() {
    for (less, more) in [(Priority::Low, Priority::Normal), (Priority::Normal, Priority::High), (Priority::Low, Priority::High)] {
        let mut room = Room::with_ready(1);
        room.given(arrival(1, less));
        let taken = room.given(arrival(2, more));
        let moved = [stop(1, 1, Withdrawal::NeededElsewhere), ringback(2), ring(2, 1), announce(1), raise(nobody_ready(1))];
        assert_eq!(taken, moved);
        // Not even when it rings there in vain, nor when the nuisance has waited for long.
        let later = room.after(seconds(600));
        let is_moved = |output: &Output| matches!(output, Output::StopRinging { why: Withdrawal::NeededElsewhere, .. });
        assert!(!later.iter().any(is_moved));
    }
}

#[test]
fn calls_of_the_same_priority_take_nobody_from_each_other() {
    let mut room = Room::with_ready(1);
    room.arrives(1);
    assert_eq!(room.given(again(2, Priority::Normal)), [announce(2), raise(nobody_ready(2))]);
}

#[test]
fn a_call_that_lost_its_operator_takes_one_at_whom_another_rings() {
    let mut room = Room::with_ready(2);
    room.arrives(1);
    room.talks(1, 1);
    room.given(Input::OperatorGone { operator: operator(1) });
    room.after(seconds(50));
    room.given(arrival(2, Priority::High));
    let moved = [stop(2, 2, Withdrawal::NeededElsewhere), ringback(1), ring(1, 2), announce(2), raise(nobody_ready(2))];
    assert_eq!(room.after(seconds(10)), [vec![unbridge(1, 1)], moved.to_vec()].concat());
}

#[test]
fn who_gives_way_rings_at_somebody_else_if_there_is_one() {
    let mut room = Room::new(QueueSettings::default());
    room.ready_with(2, &["fire"], &[]);
    room.given(arrival(1, Priority::Low));
    room.ready(1);
    let moved = [stop(1, 2, Withdrawal::NeededElsewhere), ringback(2), ring(2, 2), ring(1, 1)];
    assert_eq!(room.given(wanting(2, Some("fire"), &[])), moved);
}

#[test]
fn who_has_missed_a_call_keeps_the_one_that_rings_there() {
    let mut room = Room::with_ready(2);
    room.given(arrival(2, Priority::High));
    room.given(Input::Decline { operator: operator(1), call: call(2) });
    room.given(arrival(1, Priority::Low));
    room.given(Input::OperatorPaused { operator: operator(2), reason: "salat".into() });
    assert_eq!(room.state(1), Some((CallState::Ringing, Some(operator(1)))));
    assert_eq!(room.state(2), Some((CallState::Waiting, None)), "it would only be declined again");
}

#[test]
fn a_call_that_wants_a_skill_takes_who_has_it_also_from_one_that_rings_at_few() {
    let mut room = ringing_all(6);
    room.ready_with(7, &["fire"], &[]);
    room.arrives(1);
    room.arrives(2);
    let with_fire = |room: &Room| room.queue.operator(operator(7)).unwrap().call;
    let had = with_fire(&room);
    room.given(wanting(3, Some("fire"), &[]));
    assert_ne!(with_fire(&room), had);
    assert_eq!(with_fire(&room), Some(call(3)));
}

#[test]
fn a_call_that_wants_a_language_takes_who_speaks_it_from_one_that_rings_at_all() {
    let mut room = ringing_all(1);
    room.ready_with(2, &[], &["en"]);
    room.ready(3);
    room.arrives(1);
    assert_eq!(room.given(wanting(2, None, &["en"])), [stop(1, 2, Withdrawal::NeededElsewhere), ringback(2), ring(2, 2)]);
}

#[test]
fn who_gave_up_and_calls_again_goes_before_others_of_normal_priority_only() {
    let mut room = Room::new(QueueSettings::default());
    for input in [arrival(1, Priority::Normal), again(2, Priority::Normal), arrival(3, Priority::High), again(4, Priority::Low)] {
        room.given(input);
        room.after(seconds(1));
    }
    for (by, n) in [(1, 3), (2, 2), (3, 1), (4, 4)] {
        assert!(room.ready(by).contains(&ring(n, by)), "call {n}");
    }
}

#[test]
fn who_calls_again_goes_behind_one_who_has_waited_for_two_minutes() {
    let mut room = Room::new(QueueSettings::default());
    room.arrives(1);
    room.after(seconds(60));
    room.given(again(2, Priority::Normal));
    room.after(seconds(59));
    assert!(room.ready(1).contains(&ring(2, 1)));
    room.talks(1, 2);
    room.given(again(3, Priority::Normal));
    room.after(seconds(1));
    assert!(room.ready(2).contains(&ring(1, 2)), "or callers who redial would keep it waiting for ever");
    assert!(room.ready(3).contains(&ring(3, 3)));
}

#[test]
fn a_nuisance_number_waits_behind_others_but_not_for_ever() {
    let mut room = Room::new(QueueSettings::default());
    room.given(arrival(1, Priority::Low));
    room.after(seconds(119));
    room.arrives(2);
    assert!(room.ready(1).contains(&ring(2, 1)));
    room.talks(1, 2);
    room.arrives(3);
    room.after(seconds(1));
    assert!(room.ready(2).contains(&ring(1, 2)), "after two minutes it is as good as any other");
}

#[test]
fn after_a_call_its_operator_has_time_to_write_it_up() {
    let mut room = with_wrap_up();
    room.given(Input::CallerGone { call: call(1) });
    assert_eq!(doing(&room, 1), OperatorState::WrapUp { until: room.now + seconds(30) });
    assert_eq!(room.arrives(2), [announce(2), raise(nobody_ready(2))]);
    assert_eq!(room.after(seconds(29)), []);
    assert_eq!(room.after(seconds(1)), [clear(nobody_ready(2)), ringback(2), ring(2, 1)]);
}

#[test]
fn who_has_written_up_the_call_earlier_says_so() {
    let mut room = with_wrap_up();
    room.given(Input::OperatorHungUp { operator: operator(1), call: call(1) });
    room.arrives(2);
    assert_eq!(room.given(Input::OperatorReady { operator: operator(1) }), [clear(nobody_ready(2)), ringback(2), ring(2, 1)]);
    assert_eq!(room.queue.poll_timeout(), Some(room.now + seconds(15)));
}

#[test]
fn a_pause_ends_the_time_for_writing_up_and_a_call_picked_up_does_too() {
    let mut room = with_wrap_up();
    room.given(Input::CallerGone { call: call(1) });
    room.given(Input::OperatorPaused { operator: operator(1), reason: "salat".into() });
    assert_eq!(doing(&room, 1), OperatorState::Paused { reason: "salat".into() });
    let mut room = with_wrap_up();
    room.given(Input::CallerGone { call: call(1) });
    room.arrives(2);
    assert_eq!(room.answers(1, 2), [clear(nobody_ready(2)), bridge(2, 1)]);
}

#[test]
fn a_call_that_was_lost_or_never_talked_is_not_written_up() {
    let mut room = with_wrap_up();
    room.given(Input::OperatorGone { operator: operator(1) });
    room.after(seconds(60));
    assert_eq!(doing(&room, 1), OperatorState::Preparing, "only the headset is missing");
    let mut room = with_wrap_up();
    room.ready(2);
    room.arrives(2);
    room.answers(2, 2);
    room.given(Input::CallerGone { call: call(2) });
    assert_eq!(doing(&room, 2), OperatorState::Ready);
}

#[test]
fn fallback_numbers_are_tried_one_after_the_other_and_then_from_the_first_again() {
    let mut room = Room::new(QueueSettings { fallback_after: Some(seconds(40)), fallbacks: 2, ..QueueSettings::default() });
    room.arrives(1);
    assert_eq!(room.after(seconds(40)), [dial_fallback(1, 0)]);
    assert_eq!(room.given(Input::FallbackFailed { call: call(1) }), [dial_fallback(1, 1)]);
    let rung_out = room.after(seconds(60));
    assert!(rung_out.contains(&Output::CancelFallback { call: call(1) }) && !rung_out.contains(&dial_fallback(1, 0)));
    assert!(room.after(seconds(40)).contains(&dial_fallback(1, 0)));
}

#[test]
fn calls_behind_the_first_two_ring_at_the_fallback_number_at_once_and_only_once() {
    let mut room =
        Room::new(QueueSettings { fallback_after: Some(seconds(60)), overflow_calls: Some(2), ..QueueSettings::default() });
    room.arrives(1);
    room.arrives(2);
    assert_eq!(room.arrives(3), [announce_at(3, 3), dial_fallback(3, 0), raise(nobody_ready(3))]);
    // The switchboard has no line free for it: it is tried again in its time, not in a circle.
    assert_eq!(room.given(Input::FallbackFailed { call: call(3) }), []);
    assert_eq!(room.arrives(4), [announce_at(4, 4), dial_fallback(4, 0), raise(nobody_ready(4))]);
}

#[test]
fn a_caller_is_told_a_new_place_in_the_queue_but_not_more_often_than_every_twenty_seconds() {
    let mut room = Room::new(QueueSettings::default());
    for n in 1..=3 {
        assert_eq!(room.arrives(n)[0], announce_at(n, n as usize));
    }
    room.after(seconds(5));
    assert_eq!(room.given(Input::CallerGone { call: call(1) })[1..], [release(1, EndedBy::CallerBeforeAnswer)]);
    assert_eq!(room.given(Input::CallerGone { call: call(2) })[1..], [release(2, EndedBy::CallerBeforeAnswer)]);
    assert_eq!(room.after(seconds(14)), []);
    assert_eq!(room.after(seconds(1)), [announce_at(3, 1)]);
    // Nothing new is not told.
    assert_eq!(room.after(seconds(39)), []);
}

#[test]
fn an_urgent_call_that_rang_out_takes_a_fresh_operator_from_a_lesser_one_before_it_rings_again_where_it_did() {
    for declines in [false, true] {
        let mut room = Room::with_ready(2);
        room.given(arrival(1, Priority::High));
        assert!(room.arrives(2).contains(&ring(2, 2)));
        let next = if declines {
            room.given(Input::Decline { operator: operator(1), call: call(1) })
        } else {
            // The other one rings out a moment later.
            room.after(seconds(15))
        };
        let taken = next.contains(&ring(1, 2));
        assert!(taken, "{next:?}");
    }
}
