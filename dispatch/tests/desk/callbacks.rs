//! Callers who gave up before an answer.

use crate::both;
use crate::support::*;
use dispatch::clock;
use dispatch::contract::*;
use dispatch::desk::*;
use dispatch::id::*;
use jiff::Timestamp;
use serde_json::json;

impl House {
    /// A caller who gave up after some seconds.
    async fn gave_up(&self, number: &str, after: i64) -> ArrivedCall {
        let call = arrived(number, clock::now() - seconds(after));
        self.told([Entry::Arrived(call.clone()), ended(call.call, EndedBy::CallerBeforeAnswer, clock::now())]).await;
        call
    }

    async fn told(&self, entries: impl IntoIterator<Item = Entry>) {
        for entry in entries {
            self.desk.journal().record(entry);
        }
        self.desk.journal().flush().await;
    }

    async fn waiting(&self) -> Vec<CallbackView> {
        self.desk.callbacks(&operator("Rina")).await.unwrap()
    }
}

fn ended(call: CallId, by: EndedBy, at: Timestamp) -> Entry {
    Entry::Ended { call, by, operator: None, failure: None, at }
}

fn dialled(callback_of: Option<CallId>) -> DialledCall {
    DialledCall {
        call: CallId(clock::new_id()),
        report: ReportId(clock::new_id()),
        number: "+62811".into(),
        name: None,
        trunk: "telkom".into(),
        operator: Who { user: UserId(clock::new_id()), name: "Rina".into() },
        callback_of,
        at: clock::now(),
    }
}

/// The same, by this operator.
fn dialled_by(who: &Principal, callback_of: CallId) -> DialledCall {
    DialledCall { operator: Who { user: who.user, name: who.name.clone() }, ..dialled(Some(callback_of)) }
}

both! {
    async fn who_gave_up_and_is_answered_in_the_same_batch_is_not_called_back_and_others_are(house) {
        let at = clock::now();
        let (first, again, other) = (arrived("+62811", at - seconds(9)), arrived("+62811", at - seconds(3)), arrived("+62812", at - seconds(8)));
        let rina = Who { user: operator("Rina").user, name: "Rina".into() };
        house.told([
            Entry::Arrived(first.clone()),
            Entry::Arrived(other.clone()),
            ended(first.call, EndedBy::CallerBeforeAnswer, at - seconds(7)),
            Entry::Arrived(again.clone()),
            ended(other.call, EndedBy::CallerBeforeAnswer, at - seconds(2)),
            Entry::Answered { call: again.call, operator: rina, at },
        ]).await;
        assert_eq!(house.waiting().await.iter().map(|callback| callback.call).collect::<Vec<_>>(), [other.call]);
        for call in [&first, &again, &other] {
            let detail = house.desk.call(&supervisor(), call.call).await.unwrap();
            assert_eq!((detail.call.arrived_at, detail.report.unwrap().id), (call.at, call.report));
            assert_eq!(detail.timeline.first().map(|entry| entry.kind.as_str()), Some("call.arrived"));
        }
    }

    async fn a_crowd_that_gives_up_in_one_batch_is_called_back_as_if_one_had_given_up_after_the_other(house) {
        let at = clock::now();
        let rina = Who { user: operator("Rina").user, name: "Rina".into() };
        let crowd: Vec<ArrivedCall> = (0..9).map(|n| arrived(&format!("+6281200{n}"), at - seconds(20 - n))).collect();
        let [talks, second_line] = [30, 10].map(|before| arrived("+62811", at - seconds(before)));
        let [once, twice] = [15, 10].map(|before| arrived("+62812", at - seconds(before)));
        let hidden = ArrivedCall { number: None, ..arrived("", at) };
        let begun = crowd.iter().chain([&talks, &second_line, &once, &twice, &hidden]);
        house.told(begun.cloned().map(Entry::Arrived).chain([Entry::Answered { call: talks.call, operator: rina, at }])).await;

        let gone = |call: &ArrivedCall, before| ended(call.call, EndedBy::CallerBeforeAnswer, at - seconds(before));
        let mut ends = vec![gone(&second_line, 5), ended(talks.call, EndedBy::Caller, at), gone(&once, 12), gone(&hidden, 4)];
        ends.extend(crowd.iter().map(|call| gone(call, 9)));
        ends.extend([gone(&twice, 8), gone(&once, 1)]);
        house.told(ends).await;

        let waiting = house.waiting().await;
        let expected: Vec<CallId> = crowd.iter().chain([&twice]).map(|call| call.call).collect();
        let mut found: Vec<CallId> = waiting.iter().map(|callback| callback.call).collect();
        found.sort_by_key(|call| expected.iter().position(|other| other == call));
        assert_eq!(found, expected, "not who was spoken with then, and who gave up twice once only");
        let end_of = async |call: &ArrivedCall| house.desk.call(&supervisor(), call.call).await.unwrap().call.ended_at.unwrap();
        assert_eq!((at - end_of(&once).await).get_seconds(), 12, "the first end counts");
        assert_eq!((at - end_of(&hidden).await).get_seconds(), 4);
    }

    async fn who_gave_up_is_called_back_and_every_try_counts(house) {
        let mut live = house.desk.live().subscribe();
        let call = house.gave_up("+62811", 42).await;
        let callback = house.waiting().await.remove(0);
        assert_eq!((callback.call, callback.number.as_str(), callback.waited_s), (call.call, "+62811", 42));
        assert_eq!((callback.tries, callback.claimed_by), (0, None));
        while live.recv().await.unwrap().event != Event::Callbacks {}

        let first = dialled(Some(call.call));
        house.told([Entry::OutboundDialled(first.clone()), ended(first.call, EndedBy::NotReached, clock::now())]).await;
        let tried = house.waiting().await;
        assert_eq!((tried.len(), tried[0].tries), (1, 1), "an outbound call that is not answered makes no callback itself");
        assert!(tried[0].last_try_at.is_some());
        let second = dialled(Some(call.call));
        house.told([Entry::OutboundDialled(second.clone()), Entry::OutboundAnswered { call: second.call, trunk: Some("second".into()), at: clock::now() }]).await;
        assert_eq!(house.waiting().await, []);
        let made = house.desk.call(&supervisor(), second.call).await.unwrap();
        assert_eq!((made.call.direction, made.call.state), (CallDirection::Outbound, CallState::Active));
        assert_eq!((made.call.callback_of, made.call.operator_name.as_deref()), (Some(call.call), Some("Rina")));
        assert_eq!(made.call.trunk, "second", "the trunk that carried it counts, not the one that was tried first");
        assert_eq!(made.report.unwrap().fields.caller_number, "+62811");
    }

    async fn why_a_call_was_not_reached_is_kept_with_it_and_on_the_timeline(house) {
        let made = dialled(None);
        let failure = Some(Failure { why: Unreached::Busy, code: Some(486) });
        let over = Entry::Ended { call: made.call, by: EndedBy::NotReached, operator: None, failure, at: clock::now() };
        house.told([Entry::OutboundDialled(made.clone()), over]).await;
        let detail = house.desk.call(&supervisor(), made.call).await.unwrap();
        assert_eq!((detail.call.ended_by, detail.call.unreached), (Some(EndedBy::NotReached), Some(Unreached::Busy)));
        let ended = detail.timeline.last().unwrap();
        assert_eq!(ended.data, json!({ "by": "not_reached", "unreached": "busy", "code": 486 }));
    }

    async fn who_was_not_spoken_with_because_a_mailbox_answered_stands_in_the_list_again(house) {
        let rina = operator("Rina");
        let call = house.gave_up("+62811", 10).await.call;
        assert!(matches!(house.desk.reopen_callback(&rina, call).await, Ok(view) if view.call == call), "it is open as it is");
        house.desk.claim_callback(&rina, call).await.unwrap();
        let back = dialled(Some(call));
        let answered = Entry::OutboundAnswered { call: back.call, trunk: None, at: clock::now() };
        house.told([Entry::OutboundDialled(back.clone()), answered, ended(back.call, EndedBy::Operator, clock::now())]).await;
        assert_eq!(house.waiting().await, []);
        let again = house.desk.reopen_callback(&rina, call).await.unwrap();
        assert_eq!((again.tries, again.claimed_by), (1, None), "the try counts, and anybody may be the next");
        assert_eq!(house.waiting().await.len(), 1);
        assert!(house.desk.called_before(Some("+62811")));
        let timeline = house.desk.call(&supervisor(), call).await.unwrap().timeline;
        assert!(timeline.iter().any(|entry| entry.kind == "callback.reopened"));
        assert_eq!(house.desk.reopen_callback(&rina, call).await.unwrap(), again, "once is enough");
        let reopened = |timeline: &[TimelineEntry]| timeline.iter().filter(|entry| entry.kind == "callback.reopened").count();
        assert_eq!(reopened(&house.desk.call(&supervisor(), call).await.unwrap().timeline), 1);
        // What was closed for another reason stays closed.
        house.desk.close_callback(&rina, call, CallbackEnd::NotNeeded).await.unwrap();
        assert!(matches!(house.desk.reopen_callback(&rina, call).await, Err(DeskError::NotFound)));
    }

    async fn who_gave_up_once_more_while_a_mailbox_took_the_call_back_is_in_the_list_and_can_be_put_back(house) {
        let rina = operator("Rina");
        let first = house.gave_up("+62811", 100).await.call;
        let back = dialled(Some(first));
        house.told([Entry::OutboundDialled(back.clone())]).await;
        // She dials 112 while she is called back, so that her mailbox answers; and gives up again.
        let second = arrived("+62811", clock::now() + jiff::SignedDuration::from_secs(1));
        let answered = Entry::OutboundAnswered { call: back.call, trunk: None, at: clock::now() };
        house.told([Entry::Arrived(second.clone()), answered, ended(second.call, EndedBy::CallerBeforeAnswer, clock::now())]).await;
        assert_eq!(house.waiting().await.iter().map(|row| row.call).collect::<Vec<_>>(), [second.call]);
        // Or she had given up before the mailbox answered.
        house.desk.close_callback(&rina, second.call, CallbackEnd::NotNeeded).await.unwrap();
        let third = house.gave_up("+62822", 50).await.call;
        let fourth = house.gave_up("+62822", 5).await.call;
        let other = dialled(Some(third));
        let answered = Entry::OutboundAnswered { call: other.call, trunk: None, at: clock::now() };
        house.told([Entry::OutboundDialled(DialledCall { number: "+62822".into(), ..other.clone() }), answered]).await;
        assert_eq!(house.waiting().await, []);
        assert_eq!(house.desk.reopen_callback(&rina, third).await.unwrap().call, fourth);
    }

    async fn a_caller_who_is_cut_off_in_the_call_back_is_on_the_list_again(house) {
        let rina = operator("Rina");
        for (by, number, listed) in [
            (EndedBy::Network, "+62811", true),
            (EndedBy::CallerLeft, "+62822", true),
            (EndedBy::Caller, "+62833", false),
            (EndedBy::Operator, "+62844", false),
        ] {
            let call = house.gave_up(number, 10).await.call;
            house.desk.claim_callback(&rina, call).await.unwrap();
            let back = DialledCall { number: number.into(), ..dialled_by(&rina, call) };
            let answered = Entry::OutboundAnswered { call: back.call, trunk: None, at: clock::now() };
            house.told([Entry::OutboundDialled(back.clone()), answered]).await;
            assert!(!house.waiting().await.iter().any(|row| row.call == call) && !house.desk.called_before(Some(number)));
            let at = clock::now() + seconds(30);
            house.told([ended(back.call, by, at)]).await;
            let waiting = house.waiting().await;
            let row = waiting.iter().find(|row| row.call == call);
            let told = row.map(|row| (row.cut_off, row.tries, row.claimed_by, row.abandoned_at.as_millisecond()));
            assert_eq!(told, listed.then_some((true, 1, None, at.as_millisecond())), "{by:?}");
            assert_eq!(house.desk.called_before(Some(number)), listed, "{by:?}");
        }
    }

    async fn a_restart_in_the_call_back_puts_the_caller_on_the_list_again(house) {
        let call = house.gave_up("+62811", 10).await.call;
        let back = dialled(Some(call));
        house.told([Entry::OutboundDialled(back.clone()), Entry::OutboundAnswered { call: back.call, trunk: None, at: clock::now() }]).await;
        assert_eq!(house.waiting().await, []);
        let restarted = house.restarted(DeskSettings::default()).await;
        assert_eq!(house.waiting().await.iter().map(|row| (row.call, row.cut_off)).collect::<Vec<_>>(), [(call, true)]);
        assert!(restarted.called_before(Some("+62811")));
    }

    async fn who_was_on_the_list_is_on_it_again_also_if_the_number_was_dialled_by_hand_and_nobody_else_is(house) {
        let call = house.gave_up("+62811", 10).await.call;
        let (by_hand, hospital) = (dialled(None), DialledCall { number: "+62899".into(), ..dialled(None) });
        for made in [&by_hand, &hospital] {
            let answered = Entry::OutboundAnswered { call: made.call, trunk: None, at: clock::now() };
            house.told([Entry::OutboundDialled(made.clone()), answered, ended(made.call, EndedBy::Network, clock::now())]).await;
        }
        assert_eq!(house.waiting().await.iter().map(|row| row.call).collect::<Vec<_>>(), [call]);
        assert!(house.desk.called_before(Some("+62811")) && !house.desk.called_before(Some("+62899")));
    }

    async fn who_is_lost_in_the_call_back_and_spoken_with_again_is_on_the_list_no_more(house) {
        let call = house.gave_up("+62811", 10).await.call;
        let back = dialled(Some(call));
        let gone = Entry::CallerGone { call: back.call, by: EndedBy::Network, at: clock::now() };
        house.told([Entry::OutboundDialled(back.clone()), Entry::OutboundAnswered { call: back.call, trunk: None, at: clock::now() }, gone]).await;
        assert_eq!(house.waiting().await.len(), 1, "at once, though the operator goes on with others");
        assert!(house.desk.called_before(Some("+62811")));
        // She calls again and is answered, and the end of the first call, minutes later, brings her back onto no list.
        let again = arrived("+62811", clock::now() + seconds(60));
        let who = Who { user: UserId(clock::new_id()), name: "Budi".into() };
        house.told([
            Entry::Arrived(again.clone()),
            Entry::Answered { call: again.call, operator: who, at: again.at },
            ended(back.call, EndedBy::Network, clock::now() + seconds(90)),
        ]).await;
        assert_eq!((house.waiting().await, house.desk.called_before(Some("+62811"))), (vec![], false));
    }

    async fn a_call_back_that_is_not_reached_does_not_stay_with_who_made_it(house) {
        let rina = operator("Rina");
        let call = house.gave_up("+62811", 10).await.call;
        house.desk.claim_callback(&rina, call).await.unwrap();
        let back = dialled_by(&rina, call);
        house.told([Entry::OutboundDialled(back.clone())]).await;
        assert_eq!(house.waiting().await[0].claimed_by, Some(rina.user), "she is on the telephone");
        house.told([ended(back.call, EndedBy::NotReached, clock::now())]).await;
        let waiting = house.waiting().await;
        assert_eq!((waiting.len(), waiting[0].tries, waiting[0].claimed_by), (1, 1, None));
    }

    async fn a_call_back_in_vain_leaves_to_others_who_gave_up_once_more_meanwhile(house) {
        let (rina, budi) = (operator("Rina"), operator("Budi"));
        let first = house.gave_up("+62811", 100).await.call;
        house.desk.claim_callback(&rina, first).await.unwrap();
        let back = dialled_by(&rina, first);
        house.told([Entry::OutboundDialled(back.clone())]).await;
        let second = house.gave_up("+62811", 5).await.call;
        let claims = |waiting: Vec<CallbackView>| waiting.iter().map(|row| (row.call, row.claimed_by)).collect::<Vec<_>>();
        assert_eq!(claims(house.waiting().await), [(second, Some(rina.user))], "it goes on in the newer call");
        house.told([ended(back.call, EndedBy::NotReached, clock::now())]).await;
        assert_eq!(claims(house.waiting().await), [(second, None)]);
        // Whoever else has taken the caller on since goes on seeing to that.
        house.desk.claim_callback(&budi, second).await.unwrap();
        let late = dialled_by(&rina, first);
        house.told([Entry::OutboundDialled(late.clone()), ended(late.call, EndedBy::NotReached, clock::now())]).await;
        assert_eq!(claims(house.waiting().await), [(second, Some(budi.user))]);
    }

    async fn a_caller_who_gives_up_again_stands_once_in_the_list_with_who_sees_to_it(house) {
        let rina = operator("Rina");
        let first = house.gave_up("+62811", 10).await;
        house.gave_up("+62822", 10).await;
        house.desk.claim_callback(&rina, first.call).await.unwrap();
        let second = house.gave_up("+62811", 20).await;
        let list = house.waiting().await;
        assert_eq!(list.iter().filter(|callback| callback.number == "+62811").count(), 1);
        let kept = list.iter().find(|callback| callback.number == "+62811").unwrap();
        assert_eq!((kept.call, kept.claimed_by, kept.waited_s), (second.call, Some(rina.user), 20));
        assert!(matches!(house.desk.claim_callback(&rina, first.call).await, Err(DeskError::NotFound)));
    }

    async fn a_caller_who_calls_again_and_is_answered_is_not_called_back(house) {
        let call = house.gave_up("+62811", 10).await;
        house.gave_up("+62822", 10).await;
        assert!(house.desk.called_before(Some("+62811")));
        let again = arrived("+62811", clock::now());
        let who = Who { user: UserId(clock::new_id()), name: "Rina".into() };
        house.told([Entry::Arrived(again.clone()), Entry::Answered { call: again.call, operator: who, at: clock::now() }]).await;
        assert!(house.waiting().await.iter().all(|callback| callback.call != call.call));
        assert!(!house.desk.called_before(Some("+62811")) && house.desk.called_before(Some("+62822")));
        assert!(!house.desk.called_before(None));
        // Whom an operator has spoken with is no callback when the call ends.
        house.told([ended(again.call, EndedBy::Caller, clock::now())]).await;
        assert_eq!(house.waiting().await.len(), 1);
    }

    async fn a_caller_who_was_cut_off_after_the_answer_is_called_back(house) {
        let who = Who { user: UserId(clock::new_id()), name: "Rina".into() };
        for (by, number, called_back) in [
            (EndedBy::Network, "+62811", true),
            (EndedBy::CallerLeft, "+62855", true),
            (EndedBy::Caller, "+62822", false),
            (EndedBy::Operator, "+62833", false),
        ] {
            let call = arrived(number, clock::now());
            let answered = Entry::Answered { call: call.call, operator: who.clone(), at: call.at + jiff::SignedDuration::from_secs(7) };
            house.told([Entry::Arrived(call.clone()), answered, ended(call.call, by, clock::now())]).await;
            assert_eq!(house.desk.called_before(Some(number)), called_back, "{by:?}");
        }
        // Who was cut off, called again and was answered before anybody noticed is no callback.
        let (lost, again) = (arrived("+62844", clock::now()), arrived("+62844", clock::now() + jiff::SignedDuration::from_secs(60)));
        let answered = |call: &ArrivedCall| Entry::Answered { call: call.call, operator: who.clone(), at: call.at };
        house.told([
            Entry::Arrived(lost.clone()),
            answered(&lost),
            Entry::Arrived(again.clone()),
            answered(&again),
            ended(lost.call, EndedBy::Network, clock::now()),
        ]).await;
        assert!(!house.desk.called_before(Some("+62844")));
        let waiting = house.waiting().await;
        assert_eq!(waiting.iter().map(|row| (row.number.as_str(), row.cut_off, row.waited_s)).collect::<Vec<_>>(), [("+62811", true, 7), ("+62855", true, 7)]);
    }

    async fn who_gives_up_once_more_after_a_mailbox_at_the_fallback_number_is_called_back(house) {
        house.gave_up("+62811", 100).await;
        let call = arrived("+62811", clock::now());
        house.told([Entry::Arrived(call.clone()), Entry::FallbackAnswered { call: call.call, at: clock::now() }]).await;
        assert_eq!((house.waiting().await, house.desk.called_before(Some("+62811"))), (vec![], false), "somebody seems to be there");
        house.told([Entry::Requeued { call: call.call, at: clock::now() }, ended(call.call, EndedBy::CallerLeft, clock::now())]).await;
        let waiting = house.waiting().await;
        assert_eq!(waiting.iter().map(|row| (row.call, row.cut_off)).collect::<Vec<_>>(), [(call.call, true)]);
        assert!(house.desk.called_before(Some("+62811")));
    }

    async fn a_caller_whom_the_network_lost_is_called_back_at_once_though_the_operator_goes_on_with_others(house) {
        let who = Who { user: UserId(clock::new_id()), name: "Rina".into() };
        let (lost, left) = (arrived("+62811", clock::now()), arrived("+62822", clock::now()));
        let answered = |call: &ArrivedCall| Entry::Answered { call: call.call, operator: who.clone(), at: call.at };
        let gone = |call: &ArrivedCall, by| Entry::CallerGone { call: call.call, by, at: call.at + jiff::SignedDuration::from_secs(30) };
        house.told([Entry::Arrived(lost.clone()), answered(&lost), gone(&lost, EndedBy::Network)]).await;
        house.told([Entry::Arrived(left.clone()), answered(&left), gone(&left, EndedBy::Caller)]).await;
        assert_eq!((house.desk.called_before(Some("+62811")), house.desk.called_before(Some("+62822"))), (true, false));
        let waiting = house.waiting().await;
        assert_eq!(waiting.iter().map(|row| (row.call, row.cut_off)).collect::<Vec<_>>(), [(lost.call, true)]);
        assert_eq!(waiting[0].abandoned_at.as_millisecond(), lost.at.as_millisecond() + 30_000);
        // She calls again and is answered; the end of her first call, minutes later, brings her back onto no list.
        let again = arrived("+62811", lost.at + jiff::SignedDuration::from_secs(60));
        house.told([Entry::Arrived(again.clone()), answered(&again), ended(lost.call, EndedBy::Network, clock::now())]).await;
        assert_eq!(house.waiting().await, []);
        assert!(!house.desk.called_before(Some("+62811")));
    }

    async fn who_was_cut_off_and_is_called_into_the_call_again_is_on_the_list_no_more(house) {
        let who = Who { user: UserId(clock::new_id()), name: "Rina".into() };
        let (call, party) = (arrived("+62811", clock::now()), PartyId(clock::new_id()));
        house.told([
            Entry::Arrived(call.clone()),
            Entry::Answered { call: call.call, operator: who, at: call.at },
            Entry::CallerGone { call: call.call, by: EndedBy::Network, at: call.at },
            Entry::PartyJoined { call: call.call, party: PartyId(clock::new_id()), number: Some("113".into()), at: call.at },
        ]).await;
        assert_eq!((house.waiting().await.len(), house.desk.called_before(Some("+62811"))), (1, true));
        house.told([Entry::PartyJoined { call: call.call, party, number: Some("+62811".into()), at: call.at }]).await;
        assert_eq!((house.waiting().await, house.desk.called_before(Some("+62811"))), (vec![], false));
        house.told([ended(call.call, EndedBy::Network, clock::now())]).await;
        assert_eq!(house.waiting().await, []);
    }

    async fn who_has_left_the_others_and_gives_up_on_a_second_call_is_called_back(house) {
        let who = Who { user: UserId(clock::new_id()), name: "Rina".into() };
        let (first, second) = (arrived("+62811", clock::now()), arrived("+62811", clock::now() + jiff::SignedDuration::from_secs(60)));
        house.told([
            Entry::Arrived(first.clone()),
            Entry::Answered { call: first.call, operator: who, at: first.at },
            Entry::CallerGone { call: first.call, by: EndedBy::Caller, at: first.at + jiff::SignedDuration::from_secs(30) },
            Entry::Arrived(second.clone()),
            ended(second.call, EndedBy::CallerBeforeAnswer, second.at + jiff::SignedDuration::from_secs(9)),
        ]).await;
        assert!(house.desk.called_before(Some("+62811")));
        assert_eq!(house.waiting().await.iter().map(|row| row.call).collect::<Vec<_>>(), [second.call]);
        // The first call ends at last, and nothing changes by that.
        house.told([ended(first.call, EndedBy::Caller, clock::now())]).await;
        assert_eq!(house.waiting().await.len(), 1);
    }

    async fn who_gives_up_on_a_second_line_while_somebody_speaks_with_them_on_the_first_is_not_called_back(house) {
        let who = Who { user: UserId(clock::new_id()), name: "Rina".into() };
        let (talks, second) = (arrived("+62811", clock::now()), arrived("+62811", clock::now() + jiff::SignedDuration::from_secs(9)));
        house.told([
            Entry::Arrived(talks.clone()),
            Entry::Answered { call: talks.call, operator: who, at: talks.at },
            Entry::Arrived(second.clone()),
            ended(second.call, EndedBy::CallerBeforeAnswer, clock::now()),
        ]).await;
        assert_eq!(house.waiting().await, []);
        assert!(!house.desk.called_before(Some("+62811")));
    }

    async fn callers_whom_the_network_or_a_restart_cut_off_are_called_back_and_hidden_numbers_cannot_be(house) {
        let lost = arrived("+62811", clock::now());
        let hidden = ArrivedCall { number: None, ..arrived("", clock::now()) };
        let waiting = arrived("+62833", clock::now());
        house.told([
            Entry::Arrived(lost.clone()),
            ended(lost.call, EndedBy::Network, clock::now()),
            Entry::Arrived(hidden.clone()),
            ended(hidden.call, EndedBy::CallerBeforeAnswer, clock::now()),
            Entry::Arrived(waiting.clone()),
        ]).await;
        let restarted = house.restarted(DeskSettings::default()).await;
        let numbers: Vec<String> = house.waiting().await.into_iter().map(|callback| callback.number).collect();
        assert_eq!(numbers, ["+62811", "+62833"]);
        assert!(restarted.called_before(Some("+62811")), "also after a restart");
    }

    async fn one_operator_sees_to_a_callback_and_a_supervisor_may_step_in(house) {
        let (desk, rina, budi) = (&house.desk, operator("Rina"), operator("Budi"));
        let call = house.gave_up("+62811", 10).await.call;
        assert!(desk.claim_callback(&rina, call).await.unwrap().is_new);
        assert!(!desk.claim_callback(&rina, call).await.unwrap().is_new);
        assert!(matches!(desk.claim_callback(&budi, call).await, Err(DeskError::Conflict { code: "callback_taken", .. })));
        assert!(matches!(desk.release_callback(&budi, call).await, Err(DeskError::Forbidden)));
        assert!(matches!(desk.close_callback(&budi, call, CallbackEnd::NotNeeded).await, Err(DeskError::Forbidden)));
        assert_eq!(desk.release_callback(&supervisor(), call).await.unwrap().claimed_by, None);
        desk.close_callback(&budi, call, CallbackEnd::Unreachable).await.unwrap();
        assert_eq!(house.waiting().await, []);
        assert!(!desk.called_before(Some("+62811")));
        let timeline = desk.call(&supervisor(), call).await.unwrap().timeline;
        let kinds: Vec<&str> = timeline.iter().map(|entry| entry.kind.as_str()).collect();
        let expected = ["call.arrived", "call.ended", "callback.claimed", "callback.released", "callback.closed"];
        assert_eq!(kinds, expected);
        assert_eq!(timeline[4].data["reason"], "unreachable");
    }
}
