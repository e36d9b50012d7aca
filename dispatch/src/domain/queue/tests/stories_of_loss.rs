//! When somebody or something goes away, or nobody is there.

use super::*;

#[test]
fn with_nobody_signed_in_the_caller_hears_so_at_once_and_the_alarm_sounds() {
    let mut room = Room::with_fallback();
    assert_eq!(room.arrives(1), [announce(1), raise(nobody_ready(1))]);
    assert_eq!(room.after(seconds(59)), []);
    let at_sixty = room.after(seconds(1));
    assert_eq!(at_sixty, [raise(nobody_ready(1)), dial_fallback(1, 0)]);
    assert_eq!(room.given(Input::FallbackAnswered { call: call(1) }), [clear(nobody_ready(1))]);
    assert_eq!(room.state(1), Some((CallState::Fallback, None)));
    // An operator who comes now leaves them alone.
    assert_eq!(room.ready(1), []);
    room.after(seconds(30));
    let ended = room.given(Input::CallerGone { call: call(1) });
    assert_eq!(ended, [Output::CancelFallback { call: call(1) }, release(1, EndedBy::Caller)]);
}

#[test]
fn without_a_fallback_number_the_alarm_sounds_again_every_minute() {
    let mut room = Room::new(QueueSettings::default());
    room.arrives(1);
    assert_eq!(room.after(seconds(180)), vec![raise(nobody_ready(1)); 3]);
}

#[test]
fn an_operator_who_comes_while_the_fallback_rings_takes_the_call() {
    let mut room = Room::with_fallback();
    room.arrives(1);
    room.after(seconds(60));
    assert_eq!(room.ready(1), [clear(nobody_ready(1)), ringback(1), ring(1, 1)]);
    assert_eq!(room.answers(1, 1), [Output::CancelFallback { call: call(1) }, bridge(1, 1)]);
    assert_eq!(room.given(Input::FallbackAnswered { call: call(1) }), [], "too late");
}

#[test]
fn the_fallback_that_answers_first_stops_the_ringing() {
    let mut room = Room::with_fallback();
    room.arrives(1);
    room.after(seconds(60));
    room.ready(1);
    let taken = room.given(Input::FallbackAnswered { call: call(1) });
    assert_eq!(taken, [stop(1, 1, Withdrawal::AnsweredElsewhere)]);
    assert_eq!(room.refused(Input::Answer { operator: operator(1), call: call(1) }), Refusal::TakenByAnother);
}

#[test]
fn a_fallback_that_fails_is_tried_again_while_the_call_waits() {
    let mut room = Room::with_fallback();
    room.arrives(1);
    room.after(seconds(60));
    room.given(Input::FallbackFailed { call: call(1) });
    assert!(room.after(seconds(60)).contains(&dial_fallback(1, 0)));
    // It rings out by itself, too.
    let rung_out = room.after(seconds(60));
    assert!(rung_out.contains(&Output::CancelFallback { call: call(1) }));
}

#[test]
fn a_fallback_leg_that_is_lost_brings_the_call_back_and_one_hung_up_ends_it() {
    let mut room = Room::with_fallback();
    for n in [1, 2] {
        room.arrives(n);
    }
    room.after(seconds(60));
    for n in [1, 2] {
        room.given(Input::FallbackAnswered { call: call(n) });
    }
    assert_eq!(room.given(Input::FallbackFailed { call: call(1) }), [announce(1), raise(nobody_ready(1))]);
    room.after(seconds(30));
    let ended = room.given(Input::FallbackHungUp { call: call(2) });
    assert_eq!(ended, [Output::CancelFallback { call: call(2) }, release(2, EndedBy::Operator)]);
}

/// A room with this many fallback numbers, of which the first has just answered for call 1.
fn at_the_fallback(fallbacks: usize) -> Room {
    let mut room = Room::new(QueueSettings { fallback_after: Some(seconds(60)), fallbacks, ..QueueSettings::default() });
    room.arrives(1);
    room.after(seconds(60));
    room.given(Input::FallbackAnswered { call: call(1) });
    room
}

#[test]
fn a_mailbox_at_the_fallback_number_does_not_end_the_call_and_the_next_number_is_tried() {
    let mut room = at_the_fallback(2);
    room.after(seconds(29));
    let hung_up = room.given(Input::FallbackHungUp { call: call(1) });
    assert_eq!(hung_up, [dial_fallback(1, 1), announce(1), raise(nobody_ready(1))]);
    assert_eq!(room.given(Input::FallbackAnswered { call: call(1) }), [clear(nobody_ready(1))]);
    // After the last number it is the first one's turn again, in its time.
    assert_eq!(room.given(Input::FallbackHungUp { call: call(1) }), [announce(1), raise(nobody_ready(1))]);
    assert_eq!(room.after(seconds(59)), []);
    assert!(room.after(seconds(1)).contains(&dial_fallback(1, 0)));
    // Whoever becomes ready meanwhile has the call first, even before one of a higher priority.
    room.given(arrival(2, Priority::High));
    assert!(room.ready(1).contains(&ring(1, 1)));
}

#[test]
fn who_has_spoken_at_the_fallback_number_for_half_a_minute_ends_the_call() {
    let mut room = at_the_fallback(2);
    room.after(seconds(30));
    let ended = room.given(Input::FallbackHungUp { call: call(1) });
    assert_eq!(ended, [Output::CancelFallback { call: call(1) }, release(1, EndedBy::Operator)]);
}

#[test]
fn a_caller_who_hangs_up_on_a_mailbox_was_not_served() {
    let mut room = at_the_fallback(1);
    room.after(seconds(8));
    let gone = room.given(Input::CallerGone { call: call(1) });
    assert_eq!(gone, [Output::CancelFallback { call: call(1) }, release(1, EndedBy::CallerLeft)]);
}

#[test]
fn a_caller_who_gives_up_after_a_mailbox_was_not_served() {
    let mut room = at_the_fallback(1);
    room.given(Input::FallbackHungUp { call: call(1) });
    let gone = room.given(Input::CallerGone { call: call(1) });
    assert_eq!(gone, [clear(nobody_ready(1)), release(1, EndedBy::CallerLeft)]);
}

#[test]
fn an_operator_gone_while_it_rings_loses_the_offer() {
    let mut room = Room::with_ready(2);
    room.arrives(1);
    let gone = room.given(Input::OperatorGone { operator: operator(1) });
    assert_eq!(gone, [stop(1, 1, Withdrawal::OperatorGone), ring(1, 2)]);
    assert_eq!(room.refused(Input::Answer { operator: operator(1), call: call(1) }), Refusal::NoMedia);
}

#[test]
fn an_operator_gone_between_claim_and_bridge_gives_the_call_back_to_the_head() {
    let mut room = Room::with_ready(1);
    room.arrives(1);
    room.answers(1, 1);
    room.given(arrival(2, Priority::High));
    let gone = room.given(Input::OperatorGone { operator: operator(1) });
    assert_eq!(gone, [unbridge(1, 1), announce(1), raise(nobody_ready(1))]);
    // Even before the call of a higher priority.
    assert_eq!(room.ready(2), [clear(nobody_ready(1)), ringback(1), ring(1, 2)]);
    assert_eq!(room.given(Input::BridgeUp { call: call(1) }), [], "too late");
    assert_eq!(room.state(1), Some((CallState::Ringing, Some(operator(2)))));
}

#[test]
fn a_bridge_that_fails_or_never_comes_up_gives_the_call_to_somebody_else() {
    let mut room = Room::with_ready(2);
    room.arrives(1);
    room.answers(1, 1);
    let failed = room.given(Input::BridgeFailed { call: call(1), operator: operator(1) });
    assert_eq!(failed, [unbridge(1, 1), ringback(1), ring(1, 2)]);
    room.answers(2, 1);
    assert_eq!(room.given(Input::BridgeFailed { call: call(1), operator: operator(1) }), [], "of the bridge before");
    assert_eq!(room.after(seconds(10)), [unbridge(1, 2), ringback(1), ring(1, 1)]);
}

#[test]
fn a_browser_that_comes_back_within_the_grace_finds_its_call() {
    let mut room = Room::with_ready(1);
    room.arrives(1);
    room.talks(1, 1);
    room.given(Input::Hold { operator: operator(1), call: call(1) });
    assert_eq!(room.given(Input::OperatorGone { operator: operator(1) }), [raise(lost(1, 1))]);
    assert_eq!(room.state(1), Some((CallState::Detached, Some(operator(1)))));
    assert_eq!(room.after(seconds(59)), []);
    assert_eq!(room.given(Input::OperatorBack { operator: operator(1) }), [clear(lost(1, 1))]);
    assert_eq!(room.state(1), Some((CallState::Held, Some(operator(1)))));
}

#[test]
fn a_browser_that_stays_away_gives_the_call_to_another_operator() {
    let mut room = Room::with_ready(2);
    room.arrives(1);
    room.talks(1, 1);
    room.given(Input::OperatorGone { operator: operator(1) });
    assert_eq!(room.after(seconds(60)), [unbridge(1, 1), ringback(1), ring(1, 2)]);
    assert_eq!(room.answers(2, 1), [clear(lost(1, 1)), bridge(1, 2)]);
    room.given(Input::OperatorBack { operator: operator(1) });
    assert_eq!(room.arrives(2), [ringback(2), ring(2, 1)], "who is back is ready again");
}

#[test]
fn the_caller_who_hangs_up_while_detached_leaves_no_alarm() {
    let mut room = Room::with_ready(1);
    room.arrives(1);
    room.talks(1, 1);
    room.given(Input::OperatorGone { operator: operator(1) });
    let gone = room.given(Input::CallerGone { call: call(1) });
    assert_eq!(gone, [unbridge(1, 1), clear(lost(1, 1)), release(1, EndedBy::CallerLeft)]);
    assert_eq!(room.arrives(2), [announce(2), raise(nobody_ready(2))], "their browser is still away");
}

#[test]
fn a_caller_who_gives_up_after_the_operator_was_lost_is_told_apart_from_one_who_was_served() {
    let mut room = Room::with_ready(1);
    room.arrives(1);
    room.talks(1, 1);
    room.given(Input::OperatorGone { operator: operator(1) });
    room.after(seconds(60));
    assert_eq!(room.given(Input::CallerGone { call: call(1) }).last(), Some(&release(1, EndedBy::CallerLeft)));
}

/// One of some twenty thousand callers of a soak got 480.
#[test]
fn an_operator_who_hangs_up_before_the_caller_is_heard_leaves_the_call_to_others() {
    let mut room = Room::with_ready(2);
    room.arrives(1);
    room.answers(1, 1);
    let hung_up = room.given(Input::OperatorHungUp { operator: operator(1), call: call(1) });
    assert_eq!(hung_up, [unbridge(1, 1), ringback(1), ring(1, 2)]);
    room.talks(2, 1);
    let hung_up = room.given(Input::OperatorHungUp { operator: operator(2), call: call(1) });
    assert_eq!(hung_up.last(), Some(&release(1, EndedBy::Operator)));
}

#[test]
fn the_last_operator_ends_the_shift_while_it_rings() {
    let mut room = Room::with_ready(1);
    room.arrives(1);
    let ended = room.given(Input::EndShift { operator: operator(1) });
    assert_eq!(ended, [stop(1, 1, Withdrawal::OperatorGone), announce(1), raise(nobody_ready(1))]);
    assert_eq!(room.refused(Input::Answer { operator: operator(1), call: call(1) }), Refusal::NoShift);
}

#[test]
fn a_call_that_the_network_loses_is_told_apart_from_one_hung_up() {
    let mut room = Room::with_ready(1);
    room.arrives(1);
    room.talks(1, 1);
    assert_eq!(room.given(Input::CallLost { call: call(1) }), [unbridge(1, 1), release(1, EndedBy::Network)]);
}

#[test]
fn inputs_about_what_is_gone_are_ignored() {
    let mut room = Room::with_fallback();
    let late = [
        Input::CallerGone { call: call(1) },
        Input::CallLost { call: call(1) },
        Input::BridgeUp { call: call(1) },
        Input::BridgeFailed { call: call(1), operator: operator(1) },
        Input::FallbackAnswered { call: call(1) },
        Input::FallbackFailed { call: call(1) },
        Input::FallbackHungUp { call: call(1) },
        Input::OperatorGone { operator: operator(1) },
        Input::OperatorBack { operator: operator(1) },
    ];
    for input in late {
        assert_eq!(room.given(input), []);
    }
    assert_eq!(room.queue.poll_timeout(), None);
}
