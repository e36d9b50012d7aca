//! Calls that operators make, and calls that they give away.

use super::*;
use crate::contract::OperatorState;

fn talking() -> Room {
    let mut room = Room::with_ready(1);
    room.arrives(1);
    room.talks(1, 1);
    room
}

fn transferring() -> Room {
    let mut room = talking();
    let given_away = room.given(Input::Transfer { operator: operator(1), call: call(1) });
    assert_eq!(given_away, [unbridge(1, 1), ringback(1)]);
    assert_eq!(room.state(1), Some((CallState::Transferring, None)));
    room
}

fn transferred() -> Room {
    let mut room = transferring();
    assert_eq!(room.given(Input::TransferAnswered { call: call(1) }), []);
    assert_eq!(room.state(1), Some((CallState::Transferred, None)));
    room
}

#[test]
fn who_calls_somebody_is_not_rung_and_talks_when_the_other_side_answers() {
    let mut room = Room::with_ready(1);
    assert_eq!(room.given(call_out(1, 9)), []);
    assert_eq!(room.state(9), Some((CallState::Calling, Some(operator(1)))));
    assert_eq!(room.arrives(1), [announce(1), raise(nobody_ready(1))]);
    assert_eq!(room.given(Input::OutboundAnswered { call: call(9) }), []);
    assert_eq!(room.state(9), Some((CallState::Active, Some(operator(1)))));
    let ended = room.given(Input::CallerGone { call: call(9) });
    let expected = [unbridge(9, 1), release(9, EndedBy::Caller), clear(nobody_ready(1)), ringback(1), ring(1, 1)];
    assert_eq!(ended, expected);
}

#[test]
fn nobody_calls_out_who_talks_or_is_rung_or_is_not_there() {
    let mut room = Room::with_ready(2);
    room.arrives(1);
    assert_eq!(room.refused(call_out(1, 9)), Refusal::Busy);
    room.talks(1, 1);
    assert_eq!(room.refused(call_out(1, 9)), Refusal::Busy);
    assert_eq!(room.refused(call_out(7, 9)), Refusal::NoShift);
    room.given(Input::OperatorGone { operator: operator(2) });
    assert_eq!(room.refused(call_out(2, 9)), Refusal::NoMedia);
    room.given(Input::OperatorBack { operator: operator(2) });
    assert_eq!(room.refused(call_out(2, 1)), Refusal::Unavailable, "the id is another call's");
    room.given(call_out(2, 9));
    assert_eq!(room.refused(Input::Hold { operator: operator(2), call: call(9) }), Refusal::NotAnswered);
    assert_eq!(room.refused(Input::EndShift { operator: operator(2) }), Refusal::Busy);
}

#[test]
fn a_call_that_is_not_answered_ends_in_whatever_way_that_is_told_and_at_last_by_itself() {
    for how in [Input::OutboundFailed { call: call(9) }, Input::CallerGone { call: call(9) }, Input::CallLost { call: call(9) }] {
        let mut room = Room::with_ready(1);
        room.given(call_out(1, 9));
        assert_eq!(room.given(how), [unbridge(9, 1), release(9, EndedBy::NotReached)]);
        assert_eq!(room.arrives(1), [ringback(1), ring(1, 1)], "the operator is free again");
    }
    let mut room = Room::with_ready(1);
    room.given(call_out(1, 9));
    assert_eq!(room.after(seconds(119)), []);
    assert_eq!(room.after(seconds(1)), [unbridge(9, 1), release(9, EndedBy::NotReached)]);
}

#[test]
fn a_call_that_is_answered_while_the_operators_browser_is_away_waits_for_it() {
    let mut room = Room::with_ready(1);
    room.given(call_out(1, 9));
    assert_eq!(room.given(Input::OperatorGone { operator: operator(1) }), []);
    assert_eq!(room.given(Input::OutboundAnswered { call: call(9) }), [raise(lost(9, 1))]);
    assert_eq!(room.given(Input::OperatorBack { operator: operator(1) }), [clear(lost(9, 1))]);
    assert_eq!(room.state(9), Some((CallState::Active, Some(operator(1)))));
}

#[test]
fn an_agency_whose_operator_was_lost_waits_behind_callers_and_one_who_is_called_back_goes_before_them() {
    for (callback, first) in [(false, 1), (true, 9)] {
        let mut room = Room::with_fallback();
        room.ready(1);
        room.given(Input::CallOut { operator: operator(1), call: call(9), callback });
        room.given(Input::OutboundAnswered { call: call(9) });
        room.given(Input::OperatorGone { operator: operator(1) });
        room.after(seconds(60));
        room.arrives(1);
        let dialled = room.after(seconds(60));
        assert_eq!(dialled.contains(&dial_fallback(9, 0)), callback, "no agency is put through to a fallback number");
        assert!(dialled.contains(&dial_fallback(1, 0)));
        assert!(room.ready(2).contains(&ring(first, 2)));
    }
}

#[test]
fn who_gives_a_call_away_is_free_at_once() {
    let mut room = transferring();
    assert_eq!(room.arrives(2), [ringback(2), ring(2, 1)]);
    assert_eq!(room.refused(Input::Answer { operator: operator(1), call: call(1) }), Refusal::TakenByAnother);
    let gone = room.given(Input::CallerGone { call: call(1) });
    assert_eq!(gone, [release(1, EndedBy::CallerLeft)]);
}

#[test]
fn a_party_that_does_not_answer_gives_the_call_back_to_the_head() {
    let mut room = transferring();
    let failed = room.given(Input::TransferFailed { call: call(1) });
    assert_eq!(failed, [ring(1, 1)], "the caller hears it ring all the time");
    let mut room = transferring();
    room.arrives(2);
    room.talks(1, 2);
    assert_eq!(room.after(seconds(59)), []);
    let given_up = room.after(seconds(1));
    assert_eq!(given_up, [Output::CancelTransfer { call: call(1) }, announce(1), raise(nobody_ready(1))]);
    assert_eq!(room.given(Input::TransferAnswered { call: call(1) }), [], "too late");
    room.arrives(3);
    assert!(room.ready(2).contains(&ring(1, 2)));
}

#[test]
fn caller_and_party_talk_until_one_of_them_hangs_up() {
    let mut room = transferred();
    assert_eq!(room.after(seconds(3600)), []);
    assert_eq!(room.given(Input::PartyGone { call: call(1), hung_up: true }), [release(1, EndedBy::Party)]);
    let mut room = transferred();
    room.after(seconds(15));
    assert_eq!(room.given(Input::CallerGone { call: call(1) }), [release(1, EndedBy::Caller)]);
}

#[test]
fn a_caller_who_hangs_up_on_a_machine_is_to_be_called_back_and_one_who_was_handed_over_is_not() {
    let mut room = transferred();
    room.after(seconds(14));
    assert_eq!(room.given(Input::CallerGone { call: call(1) }), [release(1, EndedBy::CallerLeft)]);
    let mut room = talking();
    room.given(Input::HandOver { operator: operator(1), call: call(1) });
    assert_eq!(room.given(Input::CallerGone { call: call(1) }), [release(1, EndedBy::Caller)]);
}

#[test]
fn a_machine_that_says_it_is_closed_and_hangs_up_gives_the_caller_back() {
    let mut room = transferred();
    room.after(seconds(14));
    let closed = Input::PartyGone { call: call(1), hung_up: true };
    assert_eq!(room.given(closed.clone()), [ringback(1), ring(1, 1)]);
    let gone = room.given(Input::CallerGone { call: call(1) });
    let expected = [stop(1, 1, Withdrawal::CallerHungUp), release(1, EndedBy::CallerLeft)];
    assert_eq!(gone, expected, "and is called back");
    let mut room = transferred();
    room.after(seconds(15));
    assert_eq!(room.given(closed), [release(1, EndedBy::Party)]);
}

#[test]
fn a_party_that_was_spoken_with_before_gives_the_caller_back_by_a_slip_of_the_hand_only() {
    for (after, outputs) in [(4, vec![ringback(1), ring(1, 1)]), (5, vec![release(1, EndedBy::Party)])] {
        let mut room = talking();
        room.given(Input::HandOver { operator: operator(1), call: call(1) });
        room.after(seconds(after));
        assert_eq!(room.given(Input::PartyGone { call: call(1), hung_up: true }), outputs, "after {after} s");
    }
}

#[test]
fn a_party_that_the_network_loses_brings_the_call_back() {
    let mut room = transferred();
    assert_eq!(room.given(Input::PartyGone { call: call(1), hung_up: false }), [ringback(1), ring(1, 1)]);
}

#[test]
fn an_operator_hands_over_and_has_time_to_write_it_up() {
    let mut room = Room::new(QueueSettings { wrap_up: seconds(20), ..QueueSettings::default() });
    room.ready(1);
    room.arrives(1);
    room.talks(1, 1);
    assert_eq!(room.given(Input::HandOver { operator: operator(1), call: call(1) }), [unbridge(1, 1)]);
    assert_eq!(room.state(1), Some((CallState::Transferred, None)));
    let until = room.now + seconds(20);
    assert_eq!(room.queue.operator(operator(1)).unwrap().state, OperatorState::WrapUp { until });
}

#[test]
fn only_who_talks_with_the_caller_gives_the_call_away() {
    let mut room = Room::with_ready(2);
    room.arrives(1);
    room.answers(1, 1);
    for input in
        [Input::Transfer { operator: operator(1), call: call(1) }, Input::HandOver { operator: operator(1), call: call(1) }]
    {
        assert_eq!(room.refused(input), Refusal::NotAnswered);
    }
    room.given(Input::BridgeUp { call: call(1) });
    assert_eq!(room.refused(Input::Transfer { operator: operator(2), call: call(1) }), Refusal::TakenByAnother);
    assert_eq!(room.refused(Input::HandOver { operator: operator(2), call: call(7) }), Refusal::NoSuchCall);
}

#[test]
fn what_is_told_of_parties_of_other_calls_is_ignored() {
    let mut room = talking();
    for late in [
        Input::OutboundAnswered { call: call(1) },
        Input::OutboundFailed { call: call(1) },
        Input::TransferAnswered { call: call(1) },
        Input::TransferFailed { call: call(1) },
        Input::PartyGone { call: call(1), hung_up: true },
        Input::PartyGone { call: call(7), hung_up: false },
    ] {
        assert_eq!(room.given(late), []);
    }
    assert_eq!(room.state(1), Some((CallState::Active, Some(operator(1)))));
}

fn left_with_others(lost: bool) -> Room {
    let mut room = talking();
    assert_eq!(room.given(Input::CallerLeftOthers { call: call(1), lost }), [], "the operator goes on");
    assert_eq!(room.state(1), Some((CallState::Active, Some(operator(1)))));
    room
}

#[test]
fn an_operator_goes_on_with_others_when_the_caller_leaves_and_the_call_has_ended_as_it_did_for_the_caller() {
    for (lost, by) in [(false, EndedBy::Caller), (true, EndedBy::Network)] {
        for over in
            [Input::PartyGone { call: call(1), hung_up: true }, Input::OperatorHungUp { operator: operator(1), call: call(1) }]
        {
            let mut room = left_with_others(lost);
            assert_eq!(room.after(seconds(3600)), []);
            assert_eq!(room.given(over), [unbridge(1, 1), release(1, by)]);
        }
    }
}

#[test]
fn a_caller_who_has_left_is_neither_held_nor_given_away_nor_put_into_the_queue_again() {
    let mut room = left_with_others(false);
    for input in [
        Input::Hold { operator: operator(1), call: call(1) },
        Input::Resume { operator: operator(1), call: call(1) },
        Input::Transfer { operator: operator(1), call: call(1) },
        Input::HandOver { operator: operator(1), call: call(1) },
    ] {
        assert_eq!(room.refused(input), Refusal::CallerGone);
    }
    room.given(Input::OperatorGone { operator: operator(1) });
    assert_eq!(room.given(Input::OperatorBack { operator: operator(1) }), [clear(lost(1, 1))]);
    room.given(Input::OperatorGone { operator: operator(1) });
    assert_eq!(room.after(seconds(60)), [unbridge(1, 1), clear(lost(1, 1)), release(1, EndedBy::Caller)]);
}

#[test]
fn a_held_caller_who_leaves_is_not_held_any_more() {
    let mut room = talking();
    room.given(Input::Hold { operator: operator(1), call: call(1) });
    room.given(Input::CallerLeftOthers { call: call(1), lost: false });
    assert_eq!(room.state(1), Some((CallState::Active, Some(operator(1)))));
}

#[test]
fn a_caller_who_leaves_a_call_that_none_of_us_has_ends_it_for_all() {
    let mut room = transferred();
    room.after(seconds(15));
    assert_eq!(room.given(Input::CallerLeftOthers { call: call(1), lost: false }), [release(1, EndedBy::Caller)]);
    let mut room = transferring();
    assert_eq!(room.given(Input::CallerLeftOthers { call: call(1), lost: true }), [release(1, EndedBy::Network)]);
}
