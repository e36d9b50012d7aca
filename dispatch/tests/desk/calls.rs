//! What the switchboard tells is kept, in order, and found again.

use crate::both;
use crate::support::*;
use dispatch::clock;
use dispatch::contract::*;
use dispatch::desk::*;
use dispatch::id::*;
use dispatch::store::Store;

both! {
    async fn a_call_is_kept_from_the_trunk_to_the_end(house) {
        let (desk, rina) = (&house.desk, operator("Rina"));
        let position = Position { latitude: 1.13, longitude: 104.05 };
        let location = CallerLocation { position: Some(position), radius_m: Some(80.0), civic: Some("Jl. Raja Isa 1".into()), ..CallerLocation::default() };
        let at = clock::now();
        let call = ArrivedCall { name: Some("Siti\0".into()), location: Some(location), ..arrived("+628117", at) };
        let who = Who { user: rina.user, name: rina.name.clone() };
        let journal = desk.journal();
        journal.record(Entry::Arrived(call.clone()));
        journal.record(Entry::Offered { call: call.call, operator: who.clone(), at });
        journal.record(Entry::Answered { call: call.call, operator: who.clone(), at: at + seconds(3) });
        journal.record(Entry::Held { call: call.call, operator: who.clone(), at });
        journal.record(Entry::Ended { call: call.call, by: EndedBy::Operator, operator: Some(who), failure: None, at: at + seconds(60) });
        journal.flush().await;

        let detail = desk.call(&rina, call.call).await.unwrap();
        assert_eq!(detail.call.state, CallState::Ended);
        assert_eq!(detail.call.answered_at, Some(at + seconds(3)));
        assert_eq!(detail.call.ended_by, Some(EndedBy::Operator));
        assert_eq!(detail.call.operator_name.as_deref(), Some("Rina"));
        let report = detail.report.unwrap();
        assert_eq!((report.id, report.revision), (call.report, 0));
        assert_eq!(report.fields.place, "Jl. Raja Isa 1");
        assert_eq!(report.fields.caller_name, "Siti");
        assert_eq!((report.fields.caller_number.as_str(), report.fields.position), ("+628117", Some(position)));
        let kinds: Vec<&str> = detail.timeline.iter().map(|entry| entry.kind.as_str()).collect();
        assert_eq!(kinds, ["call.arrived", "call.offered", "call.answered", "call.held", "call.ended"]);
        let first = detail.timeline[0].seq;
        assert!(detail.timeline.iter().zip(first..).all(|(entry, seq)| entry.seq == seq), "no number is missing");
        assert_eq!(detail.timeline[4].actor, Actor::User { id: rina.user, name: "Rina".into() });
    }

    async fn what_was_typed_is_read_by_who_may_hear_the_call(house) {
        let (desk, rina, budi) = (&house.desk, operator("Rina"), operator("Budi"));
        let (arrived, incident) = house.incident_by(&rina).await;
        let (call, at) = (arrived.call, clock::now());
        let who = Who { user: rina.user, name: "Rina".into() };
        let mut live = desk.live().subscribe();
        let said = |side, text: &str, operator| Entry::Said(SaidLine { call, side, text: text.into(), operator, at });
        desk.journal().record(said(CallSide::Caller, "kebakaran\0 di rumah", None));
        desk.journal().record(said(CallSide::Caller, "api besar", Some(who.clone())));
        desk.journal().record(said(CallSide::Operator, "di mana?", Some(who)));
        desk.journal().flush().await;

        let words = |timeline: Vec<TimelineEntry>| -> Vec<(Actor, String)> {
            let said = timeline.into_iter().filter(|entry| entry.kind == "call.text");
            said.map(|entry| (entry.actor, entry.data["text"].as_str().unwrap().to_owned())).collect()
        };
        let rinas = Actor::User { id: rina.user, name: "Rina".into() };
        let all = [(Actor::Caller, "kebakaran di rumah".into()), (Actor::Caller, "api besar".into()), (rinas, "di mana?".into())];
        for reader in [&rina, &supervisor()] {
            assert_eq!(words(desk.call(reader, call).await.unwrap().timeline), all);
            assert_eq!(words(desk.incident(reader, incident.id).await.unwrap().timeline), all);
        }
        assert_eq!(words(desk.call(&budi, call).await.unwrap().timeline), []);
        assert_eq!(words(desk.incident(&budi, incident.id).await.unwrap().timeline), []);
        let mut told = Vec::new();
        while let Ok(one) = live.try_recv() {
            if matches!(&one.event, Event::Timeline { entry } if entry.kind == "call.text") {
                told.push(one.audience);
            }
        }
        let (hers, theirs) = (Audience::One(rina.user), Audience::AtLeast(Role::Supervisor));
        assert_eq!(told, [theirs, hers, theirs, hers, theirs], "nobody had the call when the first line was typed");
    }

    async fn a_call_that_rings_is_read_by_nobody_but_supervisors(house) {
        let (desk, rina) = (&house.desk, operator("Rina"));
        let call = house.call_from("+62811").await.call;
        desk.journal().record(Entry::Said(SaidLine { call, side: CallSide::Caller, text: "tolong".into(), operator: None, at: clock::now() }));
        desk.journal().flush().await;
        let has_words = |detail: CallDetail| detail.timeline.iter().any(|entry| entry.kind == "call.text");
        assert!(!has_words(desk.call(&rina, call).await.unwrap()), "it may ring at any operator, who has not answered yet");
        assert!(has_words(desk.call(&supervisor(), call).await.unwrap()));
    }

    async fn earlier_calls_of_a_number_come_with_what_was_reported(house) {
        let (desk, rina) = (&house.desk, operator("Rina"));
        let (first, incident) = house.incident_by(&rina).await;
        let second = house.answered_by(&rina).await;
        house.call_from("+620000").await;
        desk.close_report(&rina, second.report, Disposition::Prank).await.unwrap();
        let third = house.call_from("+62812000111").await;
        let earlier = desk.call(&rina, third.call).await.unwrap().earlier;
        assert_eq!(earlier.iter().map(|call| call.call).collect::<Vec<_>>(), [second.call, first.call]);
        assert_eq!(earlier[0].disposition, Some(Disposition::Prank));
        assert_eq!(earlier[1].incident_number.as_ref(), Some(&incident.number));
        assert_eq!(earlier[1].place.as_deref(), Some("Simpang Kabil"));
        let query = CallQuery { number: Some("+62812000111".into()), ..CallQuery::default() };
        assert_eq!(desk.calls(&rina, query).await.unwrap().len(), 3);
        let query = CallQuery { before: Some(second.at), limit: 10, ..CallQuery::default() };
        assert_eq!(desk.calls(&rina, query).await.unwrap().iter().map(|call| call.id).collect::<Vec<_>>(), [first.call]);
    }

    async fn a_caller_is_found_in_whichever_way_the_number_is_written(house) {
        let rina = operator("Rina");
        let (before, call) = (house.call_from("0812000111").await, house.call_from("+62812000111").await);
        let kept = WrittenNumbers::by(|number| number.strip_prefix('0').map_or(number.to_owned(), |rest| format!("+62{rest}")));
        let desk = house.restarted(DeskSettings { numbers: kept, ..DeskSettings::default() }).await;
        let found = async |number: &str| {
            let query = CallQuery { number: Some(number.into()), ..CallQuery::default() };
            desk.calls(&rina, query).await.unwrap().iter().map(|call| call.id).collect::<Vec<_>>()
        };
        assert_eq!(found("0812000111").await, [call.call, before.call]);
        assert_eq!(found("+62812000111").await, [call.call]);
        assert_eq!(found("812000111").await, []);
    }

    async fn a_restart_closes_this_nodes_calls_and_no_others(house) {
        let call = house.call_from("+62811").await;
        let other_node = DeskSettings { node: "siaga-2".into(), ..DeskSettings::default() };
        house.restarted(other_node).await;
        assert_eq!(house.desk.call(&supervisor(), call.call).await.unwrap().call.ended_by, None);
        let desk = house.restarted(DeskSettings::default()).await;
        let detail = desk.call(&supervisor(), call.call).await.unwrap();
        assert_eq!(detail.call.ended_by, Some(EndedBy::Restart));
        assert_eq!(detail.timeline.last().unwrap().kind, "call.ended");
        assert!(detail.report.is_some(), "the draft is kept");
    }

    async fn a_restart_takes_up_what_the_run_before_left_also_if_the_clock_was_put_back_meanwhile(house) {
        let ahead = clock::now() + seconds(3_600);
        let call = arrived("+62811", ahead);
        let (dispatch, incident) = (DispatchId(clock::new_id()), IncidentId(clock::new_id()));
        let stays =
            AlarmKind::Undeliverable { dispatch, incident, incident_number: "20261123-0001".into(), team_name: "Regu 1".into() };
        house.desk.journal().record(Entry::Arrived(call.clone()));
        house.desk.journal().record(Entry::RecordingBegan { call: call.call, started_at: ahead });
        house.desk.raise_alarm(stays.clone(), ahead);
        house.desk.journal().flush().await;
        let desk = house.restarted(DeskSettings::default()).await;
        assert_eq!(desk.call(&supervisor(), call.call).await.unwrap().call.ended_by, Some(EndedBy::Restart));
        let waiting = desk.callbacks(&supervisor()).await.unwrap();
        assert_eq!(waiting.iter().map(|row| (row.call, row.waited_s)).collect::<Vec<_>>(), [(call.call, 0)]);
        assert_eq!(desk.unsealed_recordings().await.unwrap(), [call.call]);
        assert_eq!(desk.alarms().into_iter().map(|alarm| alarm.kind).collect::<Vec<_>>(), [stays]);
    }

    async fn what_began_in_this_run_is_left_alone_however_late_the_database_comes_and_wherever_the_clock_is_put(house) {
        let behind = clock::now() - seconds(3_600);
        let desk = Desk::new(Store::connect(&house.url).await.unwrap(), LiveHub::default(), DeskSettings::default());
        let call = arrived("+62811", behind);
        desk.journal().record(Entry::Arrived(call.clone()));
        desk.journal().record(Entry::RecordingBegan { call: call.call, started_at: behind });
        desk.journal().flush().await;
        taken_up(&desk).await;
        assert_eq!(desk.call(&supervisor(), call.call).await.unwrap().call.ended_at, None);
        assert_eq!(desk.unsealed_recordings().await.unwrap(), []);
        desk.nothing_is_left();
        taken_up(&desk).await;
        assert_eq!(desk.call(&supervisor(), call.call).await.unwrap().call.ended_at, None);
    }

    async fn a_restart_does_not_cut_off_a_caller_who_had_hung_up_before(house) {
        for (by, waits) in [(EndedBy::Caller, 0), (EndedBy::Network, 1)] {
            let call = house.answered_by(&operator("Rina")).await;
            house.desk.journal().record(Entry::CallerGone { call: call.call, by, at: clock::now() });
            house.desk.journal().flush().await;
            let desk = house.restarted(DeskSettings::default()).await;
            assert_eq!(desk.call(&supervisor(), call.call).await.unwrap().call.ended_by, Some(by));
            assert_eq!(desk.callbacks(&supervisor()).await.unwrap().len(), waits, "{by:?}");
        }
    }

    async fn a_recording_is_heard_by_its_operator_and_by_supervisors_and_each_time_is_written_down(house) {
        let (desk, rina, budi) = (&house.desk, operator("Rina"), operator("Budi"));
        let call = house.answered_by(&rina).await;
        let sealed_at = call.at + seconds(30);
        assert!(matches!(desk.open_recording(&rina, call.call).await, Err(DeskError::NotFound)));
        desk.journal().record(Entry::RecordingBegan { call: call.call, started_at: call.at });
        desk.journal().record(Entry::RecordingSealed {
            call: call.call,
            sealed_at,
            duration_ms: 30_000,
            sha256: "ab".repeat(32),
            repaired: true,
            missing: Missing::default(),
        });
        desk.journal().flush().await;
        assert!(matches!(desk.open_recording(&budi, call.call).await, Err(DeskError::Forbidden)));
        let dewi = supervisor();
        for who in [&rina, &dewi] {
            let recording = desk.open_recording(who, call.call).await.unwrap();
            let seal = SealView { sealed_at, duration_ms: 30_000, sha256: "ab".repeat(32), repaired: true };
            assert_eq!(recording, RecordingView { call: call.call, started_at: call.at, sealed: Some(seal) });
        }
        let audit = desk.audit_entries(&head(), None, 10).await.unwrap();
        assert_eq!(audit.iter().map(|entry| entry.user).collect::<Vec<_>>(), [dewi.user, rina.user]);
        assert!(audit.iter().all(|entry| entry.subject == call.call.to_string()));
        assert!(matches!(desk.audit_entries(&dewi, None, 10).await, Err(DeskError::Forbidden)));
    }

    async fn a_full_journal_keeps_the_oldest_and_sounds_the_alarm(house) {
        let desk = house.restarted(DeskSettings { journal_capacity: 64, ..DeskSettings::default() }).await;
        let at = clock::now();
        let calls: Vec<ArrivedCall> = (0..70).map(|_| arrived("+62813", at)).collect();
        // Nothing waits between these, so that the writer cannot run.
        for call in &calls {
            desk.journal().record(Entry::Arrived(call.clone()));
        }
        let lost = |desk: &Desk| desk.alarms().iter().map(|alarm| alarm.kind.clone()).collect::<Vec<_>>() == [AlarmKind::EntriesLost];
        assert!(lost(&desk));
        desk.journal().flush().await;
        assert!(lost(&desk), "the store has caught up, but what was dropped is lost");
        assert!(lost(&house.restarted(DeskSettings::default()).await), "and that is not forgotten");
        let query = CallQuery { limit: 200, ..CallQuery::default() };
        let kept = desk.calls(&supervisor(), query).await.unwrap();
        assert_eq!(kept.len(), 64);
        assert!(calls[..64].iter().all(|call| kept.iter().any(|view| view.id == call.call)));
    }

    async fn an_entry_that_the_database_refuses_takes_no_other_with_it(house) {
        let desk = &house.desk;
        let good = arrived("+62814", clock::now());
        // Another call with the same report breaks a constraint.
        let bad = ArrivedCall { report: good.report, ..arrived("+62815", clock::now()) };
        let after = arrived("+62816", clock::now());
        for call in [&good, &bad, &after] {
            desk.journal().record(Entry::Arrived(call.clone()));
        }
        desk.journal().flush().await;
        let who = supervisor();
        assert!(desk.call(&who, good.call).await.is_ok() && desk.call(&who, after.call).await.is_ok());
        assert!(matches!(desk.call(&who, bad.call).await, Err(DeskError::NotFound)));
        assert!(desk.alarms().iter().any(|alarm| alarm.kind == AlarmKind::EntriesLost), "somebody is told");
    }

    async fn what_the_network_says_of_the_caller_is_cut_where_it_enters(house) {
        let (desk, rina) = (&house.desk, operator("Rina"));
        let long = ArrivedCall { name: Some(format!("Si\u{7}ti {}", "x".repeat(500))), ..arrived(&"6".repeat(100), clock::now()) };
        desk.journal().record(Entry::Arrived(long.clone()));
        desk.journal().flush().await;
        let detail = desk.call(&rina, long.call).await.unwrap();
        let report = detail.report.unwrap();
        let (number, name) = (detail.call.number.unwrap(), detail.call.name.unwrap());
        assert_eq!((number.len(), name.len()), (64, 200));
        assert!(name.starts_with("Siti "));
        assert_eq!((&report.fields.caller_number, &report.fields.caller_name), (&number, &name));
        assert_eq!(detail.timeline[0].data["number"], number.as_str());
    }

    async fn the_last_operator_goes_on_being_known_when_the_fallback_answers(house) {
        let (desk, rina) = (&house.desk, operator("Rina"));
        let call = house.answered_by(&rina).await;
        desk.journal().record(Entry::FallbackAnswered { call: call.call, at: clock::now() });
        desk.journal().flush().await;
        assert_eq!(desk.call(&rina, call.call).await.unwrap().call.operator, Some(rina.user));
        assert!(desk.report(&rina, call.report).await.is_ok());
    }

    async fn looking_at_anothers_call_and_looking_for_a_number_are_written_down(house) {
        let (desk, rina, budi, dewi) = (&house.desk, operator("Rina"), operator("Budi"), supervisor());
        let call = house.answered_by(&rina).await;
        desk.call(&rina, call.call).await.unwrap();
        desk.report(&rina, call.report).await.unwrap();
        desk.calls(&rina, CallQuery::default()).await.unwrap();
        assert!(desk.audit_entries(&head(), None, 10).await.unwrap().is_empty(), "one's own work is not watched");
        desk.report(&dewi, call.report).await.unwrap();
        desk.call(&dewi, call.call).await.unwrap();
        desk.call(&budi, call.call).await.unwrap();
        for number in ["+62812000111", "+620"] {
            desk.calls(&rina, CallQuery { number: Some(number.into()), ..CallQuery::default() }).await.unwrap();
        }
        let entries = desk.audit_entries(&head(), None, 10).await.unwrap();
        let told: Vec<_> = entries.iter().rev().map(|entry| (entry.user, entry.action.as_str(), entry.subject.as_str())).collect();
        let (of_call, of_report) = (call.call.to_string(), call.report.to_string());
        let expected = [
            (dewi.user, "report.opened", of_report.as_str()),
            (dewi.user, "call.opened", &of_call),
            (budi.user, "call.opened", &of_call),
            (rina.user, "calls.searched", &of_call),
            (rina.user, "calls.searched", "none"),
        ];
        assert_eq!(told, expected);
    }

    async fn the_day_is_counted(house) {
        let (desk, rina) = (&house.desk, operator("Rina"));
        let (first, _) = house.incident_by(&rina).await;
        desk.close_report(&rina, first.report, Disposition::Normal).await.unwrap();
        let gone = house.call_from("+62817").await;
        desk.journal().record(Entry::Ended { call: gone.call, by: EndedBy::CallerBeforeAnswer, operator: None, failure: None, at: gone.at });
        let slow = house.call_from("+62818").await;
        let operator = Who { user: rina.user, name: rina.name.clone() };
        desk.journal().record(Entry::Answered { call: slow.call, operator, at: slow.at + seconds(16) });
        let yesterday = arrived("+62819", clock::now() - seconds(25 * 3600));
        desk.journal().record(Entry::Arrived(yesterday));
        desk.journal().flush().await;
        let today = desk.statistics_today(&rina).await.unwrap();
        assert_eq!((today.calls, today.answered, today.abandoned), (3, 2, 1));
        assert_eq!((today.answered_in_target, today.target_s), (1, 15));
        assert_eq!((today.incidents, today.open_calls), (1, 2));
        assert_eq!(today.by_disposition.into_iter().collect::<Vec<_>>(), [(Disposition::Normal, 1)]);
    }
}
